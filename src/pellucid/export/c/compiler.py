"""A compiler, if there is one, tries a header out: with a small program that answers rows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.export.c.header import Header
from pellucid.export.program import CATEGORY, Classes, Floats

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror")
"""What a header is compiled with."""

LONGEST_CELL = 8191
"""Bytes of a text that the small program reads."""

PATIENCE = 300
"""Seconds that a compiler, or the small program, may take."""


def find_compiler() -> list[str] | None:
    """The command of a C compiler: that of CC in the environment, or the first that is there."""
    asked = shlex.split(os.environ.get("CC", ""))
    if asked:
        return asked if shutil.which(asked[0]) else None
    return next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), None)


def run(
    header: Header,
    columns: Mapping[str, Any],
    folder: Path,
    command: Sequence[str],
    options: Sequence[str] = (*STRICT, "-O1"),
) -> Floats:
    """The answers (n, k) of a header, compiled in a folder, to columns as programs take them.

    Raises
    ------
    ValueError
        If the header does not compile, or the program that has it ends with an error.
    """
    (folder / f"{header.prefix}.h").write_text(header.text(), encoding="utf-8")
    (folder / "main.c").write_text(_main(header), encoding="utf-8")
    _call([*command, *options, "main.c", "-o", "rows", "-lm"], folder, "compiled")
    answered = _call(["./rows"], folder, "run", _written(header, columns))
    rows = np.array([[float(v) for v in line.split()] for line in answered.decode().splitlines()])
    if isinstance(header.program.answer, Classes):
        rows, best = rows[:, :-1], rows[:, -1]
        if (rows.argmax(axis=1) != best).any():
            raise ValueError(f"{header.prefix}_predict is not the likeliest class: not written")
    return rows


def object_bytes(header: Header, folder: Path, command: Sequence[str]) -> int | None:
    """Bytes of code and constants of an object file for this machine, if `size` is there to ask."""
    if not shutil.which("size"):
        return None
    p, given = header.prefix, header.inputs.parameter
    many = header.n_outputs > 1 and not isinstance(header.program.answer, Classes)
    type_ = "int" if isinstance(header.program.answer, Classes) else "double"
    more, kind = (", double *y", "void") if many else ("", type_)
    call = f"{p}_predict({header.inputs.argument}{', y' if many else ''})"
    (folder / "object.c").write_text(
        f'#include "{p}.h"\n{kind} answer({given}{more});\n'
        f"{kind} answer({given}{more})\n{{\n    {'' if many else 'return '}{call};\n}}\n"
    )
    _call([*command, "-std=c99", "-Os", "-c", "object.c"], folder, "compiled")
    counted = _call(["size", "object.o"], folder, "measured").decode().splitlines()
    found = re.match(r"\s*(\d+)\s+(\d+)\s", counted[-1])
    return int(found[1]) + int(found[2]) if found else None


def _call(words: Sequence[str], folder: Path, done: str, given: bytes | None = None) -> bytes:
    try:
        made = subprocess.run(
            words, cwd=folder, input=given, capture_output=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"the C header could not be {done} in {PATIENCE} s: nothing is written"
        ) from error
    if made.returncode:
        said = made.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        errors = [line for line in said if "error" in line.lower()] or said
        raise ValueError(
            f"the C header could not be {done} with {words[0]}: {errors[0]}; nothing is written "
            "(CC in the environment names another C99 compiler)"
        )
    return made.stdout


def _main(header: Header) -> str:
    """A program that reads rows and prints the answer to each on a line."""
    p, P, program = header.prefix, header.prefix.upper(), header.program
    reads = []
    for i, (column, field) in enumerate(zip(program.columns, header.inputs.fields, strict=True)):
        if column.kind == CATEGORY:
            reads += [
                '        if (scanf("%d:", &length) != 1) return 1;',
                "        bytes = (size_t)length;",
                f"        if (fread(text[{i}], 1, bytes, stdin) != bytes) return 1;",
                f"        text[{i}][length] = 0;",
                f"        row.{field} = text[{i}];",
            ]
        else:
            to = f"x[{i}]" if program.matrix else f"row.{field}"
            reads.append(f'        if (scanf("%lf", &{to}) != 1) return 1;')
    given = "x" if program.matrix else "&row"
    classes = isinstance(program.answer, Classes)
    if classes:
        calls = [f"        {p}_predict_proba({given}, y);"]
    elif header.n_outputs == 1:
        calls = [f"        y[0] = {p}_predict({given});"]
    else:
        calls = [f"        {p}_predict({given}, y);"]
    declared = f"double x[{P}_COLUMNS];" if program.matrix else f"{p}_row row;"
    has_text = any(column.kind == CATEGORY for column in program.columns)
    return "\n".join([
        "#include <stdio.h>", f'#include "{p}.h"', "", "int main(void)", "{",
        f"    static char text[{P}_COLUMNS][{LONGEST_CELL + 1}];" if has_text else "",
        "    int length = 0;", "    size_t bytes;" if has_text else "",
        f"    {declared}", f"    double y[{header.n_outputs}];", "",
        '    while (scanf(" %d", &length) == 1) {', *reads, *calls,
        f"        for (int k = 0; k < {header.n_outputs}; k++) {{",
        '            printf("%.17g ", y[k]);', "        }",
        f'        printf("%d\\n", {p}_predict({given}));' if classes else '        printf("\\n");',
        "    }", "    return 0;", "}", "",
    ])  # fmt: skip


def _written(header: Header, columns: Mapping[str, Any]) -> bytes:
    """Rows as the program reads them: 1 before each, and lengths before texts."""
    cells: list[list[bytes]] = []
    for column in header.program.columns:
        items = columns[column.name]
        if column.kind == CATEGORY:
            texts = [text.encode() for text in items]
            cells.append([b"%d:%s" % (len(text), text) for text in texts])
        else:
            cells.append([repr(float(x)).encode() for x in items])
    return b"\n".join(b" ".join((b"1", *row)) for row in zip(*cells, strict=True)) + b"\n"
