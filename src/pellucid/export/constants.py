"""Constants are what a script knows by heart: names, scales, levels and weights, as Python text."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.delimited import MISSING
from pellucid.export.program import CATEGORY, DATE, NUMBER, Classes, Number, Numbers, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL = 2000
"""With so many parameters, or fewer, they are written as digits that can be read."""

MANY = 7
"""With so many layers, or more, they are gone through in a loop."""

WIDTH = 88
"""Characters of a line."""


@dataclass(frozen=True)
class Fields:
    """What tells the numbers of a program apart, and what is the same for all.

    Parameters
    ----------
    names : what is given for each number, some of part, center, factor, limit and absent.
    limit : of all, 0 if there is none.
    absent : of all; None if none may be missing.
    """

    names: tuple[str, ...]
    limit: float = 0.0
    absent: float | None = None

    def of(self, number: Number) -> list[str]:
        """What is given for a number, as Python."""
        values = {
            "part": quoted(number.part),
            "center": digits(number.shift),
            "factor": digits(number.factor),
            "limit": digits(number.limit) if number.limit else "np.inf",
            "absent": digits(number.absent),
        }
        return [values[name] for name in self.names]


def is_plain(program: Program) -> bool:
    """Whether numbers come to the network as they are."""
    fields = fields_of(program)
    return not (fields.names or fields.limit) and fields.absent is None


def fields_of(program: Program) -> Fields:
    """What is given for each number that is not looked up."""
    own = [number for number in program.numbers if not number.by_code]
    names = ["part"] * any(number.part for number in own)
    if any((number.shift, number.factor) != (0.0, 1.0) for number in own):
        names += ["center", "factor"]
    limits = {number.limit for number in own}
    names += ["limit"] * (len(limits) > 1)
    absent = {number.absent for number in own}
    gaps = any(program.columns[number.column].gaps for number in own)
    names += ["absent"] * (gaps and len(absent) > 1)
    return Fields(
        tuple(names),
        limits.pop() if len(limits) == 1 else 0.0,
        absent.pop() if gaps and len(absent) == 1 else None,
    )


def is_scaled(answer: Numbers) -> bool:
    """Whether the networks' outputs are in other units than what is predicted."""
    return set(answer.scale) != {1.0} or set(answer.shift) != {0.0}


class Constants:
    """The constants of a program.

    Parameters
    ----------
    in_a_loop : whether layers are so many that a script goes through them in a loop.
    as_list : whether networks stand in a list, or else the arrays of the only one by their names.
    readable : whether weights are digits.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.in_a_loop = len(program.networks[0]) >= MANY
        self.as_list = self.in_a_loop or len(program.networks) > 1
        self.readable = program.n_parameters <= SMALL

    @property
    def knows_gaps(self) -> bool:
        """Whether there are ways to write that there is no value."""
        return any(column.gaps or column.kind != NUMBER for column in self.program.columns)

    @property
    def unpacked(self) -> str:
        """The arrays of a network by their names, as what a list of pairs is assigned to."""
        n = len(self.program.networks[0])
        return ", ".join(f"(W{i}, b{i})" for i in range(1, n + 1)) if n > 1 else "((W1, b1),)"

    @staticmethod
    def same(program: Program) -> dict[str, dict[str, int]]:
        """Texts beside the levels, but for those that mean none, with their codes by column."""
        found = {}
        for column in program.columns:
            more = {
                text: code
                for text, code in column.same.items()
                if not (text in MISSING and code == len(column.levels))
            }
            if more:
                found[column.name] = more
        return found

    def text(self) -> str:
        """All of them, as a block that formatters leave alone."""
        blocks = [*self._of_answer(), *self._of_columns(), *self._of_inputs(), *self._of_networks()]
        rule = "# --- what was learnt ".ljust(WIDTH, "-")
        return "\n".join([rule, "", "# fmt: off", *blocks, "# fmt: on"])

    def _of_answer(self) -> list[str]:
        answer = self.program.answer
        if isinstance(answer, Classes):
            labels = [quoted(x) if isinstance(x, str) else repr(x) for x in answer.labels]
            return [f"TARGET = {quoted(self.program.target_name)}", *filled("LABELS", labels)]
        one = len(answer.names) == 1
        names = [self.program.target_name] if one else answer.names
        blocks = filled("TARGETS", map(quoted, names))
        if np.isfinite([answer.low, answer.high]).any():
            low, high = map(_bound, (answer.low, answer.high))
            blocks.append(f"LOW, HIGH = {low}, {high}")
        if is_scaled(answer):
            for name, numbers in (("SCALE", answer.scale), ("SHIFT", answer.shift)):
                texts = list(map(digits, numbers))
                blocks += [f"{name} = {texts[0]}"] if one else _vector(name, texts)
        return blocks

    def _of_columns(self) -> list[str]:
        program = self.program
        columns = program.columns
        kinds = {column.kind for column in columns}
        readers = {NUMBER: "numbers", CATEGORY: "codes", DATE: "dates"}
        blocks: list[str] = []
        if program.matrix:
            pass
        elif len(kinds) == 1:
            blocks += filled("COLUMNS", (quoted(column.name) for column in columns))
        else:
            items = (f"{quoted(column.name)}: {readers[column.kind]}" for column in columns)
            blocks += filled("COLUMNS", items, "{", "}")
        if self.knows_gaps:
            blocks += filled("MISSING", map(quoted, MISSING), "{", "}")
        if lenient := [quoted(column.name) for column in columns if column.lenient]:
            blocks += filled("LENIENT", lenient, "{", "}")
        if boolean := [quoted(column.name) for column in columns if column.boolean]:
            blocks += filled("BOOLEAN", boolean, "{", "}")
        if any(column.date_format for column in columns):
            items = (
                f"{quoted(column.name)}: {quoted(column.date_format)}"
                for column in columns
                if column.kind == DATE
            )
            blocks += filled("DATE_FORMATS", items, "{", "}")
        levels = {c.name: list(map(quoted, c.levels)) for c in columns if c.kind == CATEGORY}
        blocks += _mapping("LEVELS", levels)
        if same := self.same(program):
            entries = {
                name: [f"{quoted(text)}: {code}" for text, code in more.items()]
                for name, more in same.items()
            }
            blocks += _mapping("SAME", entries, "{", "}")
        return blocks

    def _of_inputs(self) -> list[str]:
        program, blocks = self.program, []
        names = [quoted(column.name) for column in program.columns]
        fields = fields_of(program)
        if program.matrix:
            if not is_plain(program):
                for name, of in (("CENTER", "shift"), ("FACTOR", "factor")):
                    numbers = (digits(getattr(number, of)) for number in program.numbers)
                    blocks += _vector(name, numbers)
            return blocks
        if program.numbers and not fields.names:
            blocks += filled("NUMBERS", (names[number.column] for number in program.numbers))
        elif program.numbers:
            rows = [
                [names[n.column], *([] if n.by_code else fields.of(n))] for n in program.numbers
            ]
            blocks.append(f"NUMBERS = [  # {', '.join(['column', *fields.names])}")
            for row in rows:
                one = f"    ({', '.join(row)}{',' * (len(row) == 1)}),"
                blocks += [one] if len(one) <= WIDTH else ["    (", *_lines(row, 8), "    ),"]
            blocks.append("]")
        looked_up = {
            str(i): list(map(digits, number.by_code))
            for i, number in enumerate(program.numbers)
            if number.by_code
        }
        blocks += _mapping("BY_CODE", looked_up)
        if program.marked:
            blocks += filled("MARKED", (names[place] for place in program.marked))
        if program.cells:
            blocks += filled("CELL_OF", (str(cell.number) for cell in program.cells))
            end = f"]{self.single})[:, None]"
            for name, of in (("CELL_LOW", "low"), ("CELL_SLOPE", "slope")):
                numbers = (digits(program.dtype.type(getattr(c, of))) for c in program.cells)
                blocks += filled(name, numbers, "np.array([", end)
        if program.categories:
            widths = (f"{names[pair[0]]}: {program.width(pair)}" for pair in program.categories)
            blocks += filled("ONE_HOT", widths, "{", "}")
        return blocks

    @property
    def single(self) -> str:
        """What tells NumPy that an array is of float32, if it is."""
        return ", np.float32" if self.program.dtype == np.float32 else ""

    # --- weights --------------------------------------------------------------------------------

    @property
    def reader(self) -> str:
        """The function that makes arrays of base64."""
        size = self.program.dtype.itemsize
        return f'''def arrays(text):
    """W (n_in, n_out) and b (n_out,) of each layer: numbers of {size} bytes in base64."""
    theta = np.frombuffer(base64.b64decode(text), "<f{size}")
    layers, start = [], 0
    for n_in, n_out in zip(SIZES, SIZES[1:]):
        end = start + n_in * n_out
        W, b = theta[start:end].reshape(n_in, n_out), theta[end : end + n_out]
        layers.append((W, b))
        start = end + n_out
    return layers'''

    def _of_networks(self) -> list[str]:
        program = self.program
        single = self.single
        layers = program.networks[0]
        blocks: list[str] = []
        if self.in_a_loop:
            blocks += filled("ACTIVATIONS", (layer.activation for layer in layers))
        if not self.readable:
            sizes = [program.n_inputs, *(len(layer.b) for layer in layers)]
            blocks += filled("SIZES", map(str, sizes))
            texts = [_base64(_flat(network)) for network in program.networks]
            if self.as_list:
                texts = [f'    arrays("""\n{text}\n"""),' for text in texts]
                return [*blocks, "NETWORKS = [", *texts, "]"]
            return [*blocks, f'{self.unpacked} = arrays("""\n{texts[0]}\n""")']
        if self.as_list:
            blocks.append("NETWORKS = [")
            for network in program.networks:
                blocks.append("    [")
                for layer in network:
                    blocks += ["        (", *_array("", layer.W, single, 12)]
                    blocks += [*_array("", layer.b, single, 12), "        ),"]
                blocks.append("    ],")
            return [*blocks, "]"]
        for i, layer in enumerate(layers, 1):
            blocks += _array(f"W{i} = ", layer.W, single) + _array(f"b{i} = ", layer.b, single)
        return blocks


# --- Python text --------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A string as Python, in double quotes unless there are more of these in it.

    Examples
    --------
    >>> print(quoted("it's"), quoted('a "b"'), quoted("plain"))
    "it's" 'a "b"' "plain"
    """
    plain = repr(text)
    if plain[0] == '"' or '"' in text:
        return plain
    return f'"{plain[1:-1]}"'


def digits(number: Any) -> str:
    """A number in as few digits as give it back."""
    return str(number) if isinstance(number, np.float32) else repr(float(number))


def filled(name: str, items: Iterable[str], opening: str = "[", closing: str = "]") -> list[str]:
    """An assignment of many items: on one line, or on as few as they fit on."""
    items = list(items)
    one = f"{name} = {opening}{', '.join(items)}{closing}"
    if len(one) <= WIDTH:
        return [one]
    return [f"{name} = {opening}", *_lines(items, 4), closing]


def _vector(name: str, items: Iterable[str]) -> list[str]:
    return filled(name, items, "np.array([", "])")


def _bound(number: float) -> str:
    return digits(number) if np.isfinite(number) else "-" * (number < 0) + "np.inf"


def _lines(items: Iterable[str], indent: int) -> list[str]:
    lines, line = [], ""
    for item in items:
        if line and indent + len(line) + len(item) + 2 > WIDTH:
            lines.append(" " * indent + line)
            line = ""
        line += f"{' ' * bool(line)}{item},"
    return [*lines, " " * indent + line] if line else lines


def _mapping(
    name: str, entries: Mapping[str, list[str]], opening: str = "[", closing: str = "]"
) -> list[str]:
    """An assignment of a dict of lists, or of dicts; nothing if there are none."""
    if not entries:
        return []
    blocks = [f"{name} = {{"]
    for key, items in entries.items():
        shown = key if key.isdigit() else quoted(key)
        one = f"    {shown}: {opening}{', '.join(items)}{closing},"
        if len(one) <= WIDTH:
            blocks.append(one)
        else:
            blocks += [f"    {shown}: {opening}", *_lines(items, 8), f"    {closing},"]
    return [*blocks, "}"]


def _array(start: str, array: NDArray[Any], single: str, indent: int = 0) -> list[str]:
    """An array as rows of digits."""
    space, end = " " * indent, "," if indent else ""
    if array.ndim == 1:
        items = list(map(digits, array))
        one = f"{space}{start}np.array([{', '.join(items)}]{single}){end}"
        if len(one) <= WIDTH:
            return [one]
        return [f"{space}{start}np.array([", *_lines(items, indent + 4), f"{space}]{single}){end}"]
    lines = [f"{space}{start}np.array(["]
    for row in array:
        items = list(map(digits, row))
        one = f"{space}    [{', '.join(items)}],"
        if len(one) <= WIDTH:
            lines.append(one)
        else:
            lines += [f"{space}    [", *_lines(items, indent + 8), f"{space}    ],"]
    return [*lines, f"{space}]{single}){end}"]


def _flat(layers: Iterable[Any]) -> NDArray[Any]:
    return np.concatenate([part.ravel() for layer in layers for part in (layer.W, layer.b)])


def _base64(numbers: NDArray[Any]) -> str:
    """Numbers as bytes, the lowest first, in lines of base64."""
    little = numbers.astype(numbers.dtype.newbyteorder("<"))
    text = base64.b64encode(little.tobytes()).decode("ascii")
    return "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
