"""A listing is a program as the text of a Python script: what this model needs, and no more."""

from __future__ import annotations

import numpy as np

from pellucid.export import passages
from pellucid.export.constants import Constants, Fields, fields_of, is_plain, is_scaled
from pellucid.export.heading import heading
from pellucid.export.program import CATEGORY, DATE, NUMBER, PARTS, Classes, Program

READERS = {NUMBER: "numbers", CATEGORY: "codes", DATE: "dates"}
"""What reads a column of each kind."""


def listing(program: Program, name: str = "model.py") -> str:
    """The script, in a file that is called `name`.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.export.translation import translate
    >>> text = listing(translate(Network([2, 3, 1], "tanh", seed=0)).program)
    >>> print(text[text.index("def network"):text.index("def tanh")].strip())
    def network(x):
        \"\"\"2 inputs -> 3 tanh -> 1.\"\"\"
        a1 = tanh(x @ W1 + b1)
        return a1 @ W2 + b2
    """
    constants = Constants(program)
    beginning = f"{heading(program, name)}\n\n{_imports(program, constants)}"
    parts = [
        beginning,
        *_answers(program, constants),
        *_encoding(program),
        *_network(program, constants),
        *_reading(program, constants),
        constants.text(),
        passages.START,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


# --- the beginning ------------------------------------------------------------------------------


def _imports(program: Program, constants: Constants) -> str:
    kinds = {column.kind for column in program.columns}
    used = {layer.activation for layer in program.networks[0]}
    names = ["base64"] * (not constants.readable) + ["csv"] + ["math"] * ("gelu" in used) + ["os"]
    names += ["re"] * (NUMBER in kinds) + ["sys"]
    lines = [f"import {name}" for name in names]
    lines += ["from datetime import datetime"] * (DATE in kinds)
    return "\n".join([*lines, "", "import numpy as np"])


def _section(title: str) -> str:
    return f"# --- {title} ".ljust(88, "-")


# --- what it answers ----------------------------------------------------------------------------


def _answers(program: Program, constants: Constants) -> list[str]:
    given = "rows" if program.matrix else "table"
    k, n = len(program.networks[0][-1].b), len(program.networks)
    body = _answer_body(program, k)
    encoded = f"numbers({given})" if _takes_numbers_as_they_are(program) else f"encode({given})"
    classes = isinstance(program.answer, Classes)
    function = ("probabilities" if classes else "in_units") if body else ""
    if n > 1:
        each = f"{function}(network(x, weights))" if function else "network(x, weights)"
        lines = [
            f"    x = {encoded}",
            f"    found = [{each} for weights in NETWORKS]",
        ]
        how = "np.mean(found, axis=0)"
    else:
        of_one = f"network({encoded}{', NETWORKS[0]' if constants.as_list else ''})"
        lines, how = [], f"{function}({of_one})" if function else of_one
    mean = f", the mean of what {n} networks say" if n > 1 else ""
    if isinstance(program.answer, Classes):
        shape = f"(n, {len(program.answer.labels)})"
        made = [
            _function(
                f"predict({given})",
                "The likeliest label of each row.",
                [f"    return [LABELS[i] for i in predict_proba({given}).argmax(axis=1)]"],
            ),
            _function(
                f"predict_proba({given})",
                f"The probability of each label {shape}{mean}.",
                [*lines, f"    return {how}"],
            ),
        ]
    else:
        noun, shape, one = ("number", "(n,)", "[:, 0]") if k == 1 else ("numbers", f"(n, {k})", "")
        what = f"The {noun} predicted for each row {shape}{mean}."
        made = [_function(f"predict({given})", what, [*lines, f"    return {how}{one}"])]
    if body:
        what = (
            "What a network's outputs say of each label, as probabilities."
            if classes
            else "What a network's outputs stand for, in units of what is predicted."
        )
        made.append(_function(f"{function}(a)", what, body))
    return made


def _function(head: str, what: str, lines: list[str]) -> str:
    return "\n".join([f"def {head}:", f'    """{what}"""', *lines])


def _answer_body(program: Program, k: int) -> list[str]:
    """The lines that make answers of outputs a (n, k), if there is anything to do."""
    answer, single = program.answer, program.dtype == np.float32
    if isinstance(answer, Classes):
        lines = ["    p = a.astype(float)"] if single else []
        if k == 1:
            one = "p" if single else "a"
            lines.append(f"    p = np.hstack([1 - {one}, {one}])")
            k = 2
        if answer.smoothing:
            p = "p" if lines else "a"
            lines += [
                "    # labels were smoothed in training, which is taken back",
                f"    p = np.maximum({p} - {answer.smoothing!r} / {k}, 0)",
                "    p = p / p.sum(axis=1, keepdims=True)",
            ]
        p = "p" if lines else "a"
        if answer.floor:
            lines.append("    # none is 0, however sure the network is")
            return [*lines, f"    return (1 - {k} * {answer.floor!r}) * {p} + {answer.floor!r}"]
        if len(lines) == 1:
            return [lines[0].replace("p = ", "return ", 1)]
        return [*lines, "    return p"] if lines else []
    text = "a.astype(float)" if single else "a"
    if np.isfinite([answer.low, answer.high]).any():
        text = f"np.clip({text}, LOW, HIGH)"
    if is_scaled(answer):
        text += " * SCALE + SHIFT"
    return [f"    return {text}"] if text != "a" else []


# --- inputs -------------------------------------------------------------------------------------


def _takes_numbers_as_they_are(program: Program) -> bool:
    return program.matrix and is_plain(program) and program.dtype != np.float32


def _encoding(program: Program) -> list[str]:
    if _takes_numbers_as_they_are(program):
        return []
    title = _section("from columns to inputs")
    cast = ".astype(np.float32)" if program.dtype == np.float32 else ""
    if program.matrix:
        scaled = "numbers(rows)" if is_plain(program) else "(numbers(rows) - CENTER) * FACTOR"
        text = f"({scaled}){cast}" if cast and " " in scaled else scaled + cast
        return [
            title,
            _function(
                "encode(rows)",
                f"Rows of numbers -> inputs (n, {program.n_inputs}).",
                [f"    return {text}"],
            ),
        ]
    kinds = {column.kind for column in program.columns}
    lines = ["    table = columns(table)"]
    if len(kinds) == 1:
        lines += [f"    x = {{name: {READERS[kinds.pop()]}(table, name) for name in COLUMNS}}"]
    else:
        lines += ["    x = {name: read_as(table, name) for name, read_as in COLUMNS.items()}"]
    groups = []
    by_code = any(number.by_code for number in program.numbers)
    fields = fields_of(program)
    if program.numbers:
        groups.append("z")
        lines += _numbers_lines(program, by_code)
    if program.marked:
        groups.append("missing")
        lines += [
            "    # 1 where a value is missing",
            "    missing = [np.isnan(x[name]) for name in MARKED]",
        ]
    if program.cells:
        groups.append("cells")
        lines += [
            "    # the same as the networks have it, once more: as cells that fill up from 0 to 1",
            f"    z = np.array(z){cast}",
            "    cells = np.clip((z[CELL_OF] - CELL_LOW) * CELL_SLOPE, 0, 1)",
        ]
    if program.categories:
        groups.append("levels")
        lines += [
            "    # 1 for what a text is, 0 for all that it might be",
            "    levels = [x[name] == code for name, n in ONE_HOT.items() for code in range(n)]",
        ]
    stacked = groups[0] if len(groups) == 1 else f"[{', '.join(f'*{group}' for group in groups)}]"
    if groups == ["levels"] and not cast:
        cast = ".astype(float)"
    lines.append(f"    return np.column_stack({stacked}){cast}")
    made = [
        title,
        _function("encode(table)", f"Columns by name -> inputs (n, {program.n_inputs}).", lines),
    ]
    if fields.names or fields.limit or fields.absent is not None:
        made.append(_scaled(fields))
    if parts := [part for part in PARTS if any(part == n.part for n in program.numbers)]:
        made.append(_part_of(parts))
    return made


def _numbers_lines(program: Program, by_code: bool) -> list[str]:
    fields = fields_of(program)
    scales = bool(fields.names) or bool(fields.limit) or fields.absent is not None
    how = ", *how" if fields.names else ""
    comment = "    # numbers, brought to about the same size" if scales else ""
    one = f"scaled(x[name]{how})" if scales else "x[name]"
    looked_up = "np.array(BY_CODE[i])[x[name]]"
    if by_code and all(number.by_code for number in program.numbers):
        comment = "    # the mean of what was to be predicted, by what a text is"
        line = f"    z = [{looked_up} for i, name in enumerate(NUMBERS)]"
    elif by_code:
        comment = "    # numbers, brought to about the same size; those of a text are looked up"
        names = f"(name{how})" if how else "name"
        return [
            comment,
            "    z = [",
            f"        {looked_up} if i in BY_CODE else {one}",
            f"        for i, {names} in enumerate(NUMBERS)",
            "    ]",
        ]
    else:
        line = f"    z = [{one} for name{how} in NUMBERS]"
    return [comment, line] if comment else [line]


def _scaled(fields: Fields) -> str:
    lines = []
    what = []
    if "part" in fields.names:
        lines += ["    if part:", "        x = part_of(x, part)"]
    z = "x"
    if "center" in fields.names:
        lines.append("    z = (x - center) * factor")
        what, z = ["(x - center) * factor"], "z"
    limit = "limit" if "limit" in fields.names else fields.limit
    if limit:
        lines.append(f"    z = {z} / np.hypot(1, {z} / {limit})")
        what, z = [*what, f"bent to lie within +-{limit}"], "z"
    absent = "absent" if "absent" in fields.names else fields.absent
    if absent is None:
        lines.append(f"    return {z}")
    else:
        lines.append(f"    return np.where(np.isnan(x), {absent}, {z})")
        shown = absent if isinstance(absent, str) else f"{absent:.3g}"
        what.append(f"{shown} where there is none")
    said = ", ".join(what)
    return _function(
        f"scaled({', '.join(['x', *fields.names])})", f"{said[0].upper()}{said[1:]}.", lines
    )


def _part_of(parts: list[str]) -> str:
    lines = []
    text = " ".join(passages.PARTS[part] for part in parts)
    for name, unit in (("days", "D"), ("months", "M"), ("years", "Y")):
        if name in text:
            lines.append(f'    {name} = dates.astype("datetime64[{unit}]")')
    lines.append("    parts = {")
    lines += [f'        "{part}": {passages.PARTS[part]},' for part in parts]
    lines += ["    }", "    return np.where(np.isnat(dates), np.nan, parts[part])"]
    return _function(
        "part_of(dates, part)", "A part of dates (n,), NaN where there is none.", lines
    )


# --- the network --------------------------------------------------------------------------------


def _network(program: Program, constants: Constants) -> list[str]:
    layers = program.networks[0]
    made = [_section("the network")]
    steps = [f"{program.n_inputs} inputs"]
    for layer in layers:
        name = "" if layer.activation == "identity" else f" {layer.activation}"
        steps.append(f"{len(layer.b)}{name}")
    said = " -> ".join(steps)
    what = f'    """{said}."""' if len(said) <= 76 else '    """Layer after layer."""'
    head = "def network(x, weights):" if constants.as_list else "def network(x):"
    lines = [head, what]
    if constants.in_a_loop:
        lines += [
            "    for (W, b), activation in zip(weights, ACTIVATIONS):",
            "        x = activation(x @ W + b)",
            "    return x",
        ]
    else:
        if constants.as_list:
            lines.append(f"    {constants.unpacked} = weights")
        a = "x"
        for i, layer in enumerate(layers, 1):
            z = f"{a} @ W{i} + b{i}"
            value = z if layer.activation == "identity" else f"{layer.activation}({z})"
            a = f"a{i}"
            lines.append(f"    return {value}" if i == len(layers) else f"    {a} = {value}")
    made.append("\n".join(lines))
    used = [layer.activation for layer in layers]
    if "swish" in used:
        used.append("sigmoid")
    made += [
        text
        for name, text in passages.ACTIVATIONS.items()
        if name in used and (name != "identity" or constants.in_a_loop)
    ]
    if not constants.readable:
        made.append(constants.reader)
    return made


# --- reading ------------------------------------------------------------------------------------


def _reading(program: Program, constants: Constants) -> list[str]:
    columns = program.columns
    kinds = {column.kind for column in columns}
    gaps = any(column.gaps for column in columns)
    boolean = any(column.boolean for column in columns)
    made = [_section("reading a table")]
    if program.matrix:
        made.append(passages.ROWS.replace("@N@", str(len(columns))))
    else:
        made.append(passages.COLUMNS)
    if NUMBER in kinds:
        none = ", NaN where there is none" if gaps else ""
        if not program.matrix:
            made.append(passages.NUMBERS.replace("@GAPS@", none))
        special = passages.GAPS * gaps + passages.BOOLEAN * boolean
        lenient = passages.LENIENT if any(column.lenient for column in columns) else ""
        made.append(
            passages.NUMBER.replace("@GAPS@", none)
            .replace("@SPECIAL@", special.replace("\n\n", "\n").rstrip("\n"))
            .replace("@LENIENT@", lenient.rstrip("\n"))
            .replace("@WANTED@", (passages.WANTED * boolean).rstrip("\n"))
            .replace("@EXPECTED@", "{wanted}" if boolean else "a number")
        )
    if CATEGORY in kinds:
        same = "\n    known |= SAME.get(name, {})" if Constants.same(program) else ""
        made.append(passages.CODES.replace("@SAME@", same))
    if DATE in kinds:
        written = any(column.date_format for column in columns)
        made += [passages.DATES, passages.DATE_WRITTEN if written else passages.DATE_ISO]
        made.append(passages.ISO)
    if constants.knows_gaps or boolean:
        made.append(passages.TEXT)
    classes = isinstance(program.answer, Classes)
    main = passages.MAIN.replace("@ANSWERS@", "predict_proba" if classes else "predict")
    written_out = passages.PRINT_CLASSES if classes else passages.PRINT_NUMBERS
    read = passages.READ_MATRIX if program.matrix else passages.READ
    if any(column.name != column.name.strip() for column in columns):
        read = read.replace("[name.strip() for name in lines[0]]", "lines[0]")
    made += [
        read,
        main.replace("@PRINT@", written_out.strip("\n")),
    ]
    return made
