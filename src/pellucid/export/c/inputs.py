"""The inputs part of a header: a row as C has it, and what makes a network's inputs of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pellucid.export.c import code
from pellucid.export.c.arrays import Constants, literal
from pellucid.export.c.names import names, remark, string
from pellucid.export.program import CATEGORY, DATE, Column, Number, Program

SHOWN = 3
"""Levels that a comment shows."""

ALL_SHOWN = 24
"""Columns that the example sets, at most."""


class Inputs:
    """Writes what takes a row in.

    Parameters
    ----------
    program : whose columns and inputs they are.
    prefix : of all names.
    constants : where tables are counted.
    """

    def __init__(self, program: Program, prefix: str, constants: Constants) -> None:
        self.program, self.prefix, self.constants = program, prefix, constants
        self.fields = names(column.name for column in program.columns)
        self.categories = [i for i, c in enumerate(program.columns) if c.kind == CATEGORY]
        self.none = self._ways_to_write_none()
        self.has_dates = any(column.kind == DATE for column in program.columns)

    @property
    def has_gaps(self) -> bool:
        """Whether numbers may be missing."""
        return not self._as_matrix or any(number.absent for number in self.program.numbers)

    @property
    def parameter(self) -> str:
        """What functions take, as C declares it."""
        p = self.prefix
        return (
            f"const double x[{p.upper()}_COLUMNS]" if self.program.matrix else f"const {p}_row *row"
        )

    @property
    def argument(self) -> str:
        """What they hand on."""
        return "x" if self.program.matrix else "row"

    # --- the row --------------------------------------------------------------------------------

    def row(self) -> str:
        """The type of a row, and one where everything is missing; of a matrix, what it holds."""
        p, columns = self.prefix, self.program.columns
        if self.program.matrix:
            nan = "one that is missing is NAN" if self.has_gaps else "a NAN makes the answer NAN"
            return f"/* An array of {len(columns)} numbers; {nan}. */\n"
        declared = [
            (f"const char *{field};" if column.kind == CATEGORY else f"double {field};")
            for field, column in zip(self.fields, columns, strict=True)
        ]
        wide = max(map(len, declared))
        lines = []
        for field, text, column in zip(self.fields, declared, columns, strict=True):
            note = self._note(field, column)
            lines.append(f"    {text:<{wide}} /* {note} */" if note else f"    {text}")
        empty = [
            f"    row.{field} = {'NULL' if column.kind == CATEGORY else '(double)NAN'};"
            for field, column in zip(self.fields, columns, strict=True)
        ]
        return "\n".join([
            '/* A row. A number that is missing is NAN; a text that is missing is NULL or "". */',
            "typedef struct {", *lines, f"}} {p}_row;", "",
            "/* A row where everything is missing, to be filled in. */",
            f"static inline {p}_row {p}_row_missing(void)", "{", f"    {p}_row row;", "",
            *empty, "    return row;", "}", "",
        ])  # fmt: skip

    def _note(self, field: str, column: Column) -> str:
        parts = [] if field == column.name else [f'"{remark(column.name, 24)}"']
        if column.kind == DATE:
            parts.append("days since the beginning of 1970")
        if column.kind == CATEGORY:
            shown = ", ".join(f'"{remark(level, 14)}"' for level in column.levels[:SHOWN])
            more = len(column.levels) - SHOWN
            parts.append(shown + (f" or {more} more" if more > 0 else ""))
        return ": ".join(part for part in parts if part)

    def example(self) -> list[str]:
        """Lines of C that make up a row."""
        p = self.prefix
        if self.program.matrix:
            n = len(self.program.columns)
            values = ", ".join("0.5" for _ in range(n)) if n <= 8 else "0.5, 0.25"
            rest = "" if n <= 8 else " // and so on"
            return [f"double x[{p.upper()}_COLUMNS] = {{{values}}};{rest}"]
        lines = [f"{p}_row row = {p}_row_missing();"]
        for place, field in list(enumerate(self.fields))[:ALL_SHOWN]:
            lines.append(f"row.{field} = {self._example_value(place)};")
        if left := len(self.fields[ALL_SHOWN:]):
            lines.append(f"// {left} more are missing as long as they are not set")
        return lines

    def _example_value(self, place: int) -> str:
        column = self.program.columns[place]
        if column.kind == CATEGORY:
            short = [level for level in column.levels if len(string(level)) < 48] or [""]
            return in_remark(short[0])
        own = [
            n for n in self.program.numbers if n.column == place and n.part in ("", "days elapsed")
        ]
        middle = own[0].shift if own else 0.0
        if column.kind == DATE:
            day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=round(24 * middle))
            return f"{self.prefix}_days({day.year}, {day.month}, {day.day}, {float(day.hour)})"
        return literal("double", f"{middle:.4g}")

    # --- preprocessing --------------------------------------------------------------------------

    def pieces(self) -> Iterator[str]:
        """The tables, and the functions that make inputs of a row with them."""
        yield from self._tables()
        for piece in self._functions():
            yield code.renamed(piece, self.prefix)
        yield self._inputs()

    def _tables(self) -> Iterator[str]:
        p, program = self.prefix, self.program
        if self.categories:
            yield code.renamed(code.LEVELS, p)
            if self.none:
                yield (
                    "/* What else stands for a text that is missing. */\n"
                    + self.constants.levels(f"{p}_level", f"{p}_none", dict.fromkeys(self.none, 0))
                )
            for place in self.categories:
                if codes := self._codes(place):
                    table = self.constants.levels(f"{p}_level", self._levels(place), codes)
                    yield f'/* "{remark(program.columns[place].name)}" */\n{table}'
        kind = self._kind
        for i, number in enumerate(program.numbers):
            if number.by_code:
                column = program.columns[number.column]
                about = f'/* "{remark(column.name)}" as a number, for each code. */\n'
                yield about + self.constants.numbers(kind, f"{p}_z{i}", number.by_code)
        if program.cells:
            lines = [
                f"{cell.number}, {literal(kind, cell.low)}, {literal(kind, cell.slope)}"
                for cell in program.cells
            ]
            yield code.renamed(code.CELL, p)
            yield self.constants.structures(
                f"{p}_cell",
                f"{p}_cells",
                f"{p.upper()}_CELLS",
                lines,
                12 if kind == "float" else 24,
            )
        if self._by_arrays:
            numbers = program.numbers
            for name in ("shift", "factor", "absent")[: 3 if self.has_gaps else 2]:
                values = [getattr(number, name) for number in numbers]
                yield self.constants.numbers("double", f"{p}_{name}", values)

    def _functions(self) -> Iterator[str]:
        numbers = [number for number in self.program.numbers if not number.by_code]
        if self.has_dates:
            yield code.DATES
        if any(not number.limit for number in numbers) and self.has_gaps:
            yield code.NUMBER
        if any(number.limit for number in numbers):
            yield code.SQUASHED
        if self.categories:
            yield code.find(len(self.none))
        if self.program.categories:
            yield code.ONE_HOT

    def _inputs(self) -> str:
        p, program = self.prefix, self.program
        lines: list[str] = []
        if self._as_matrix:
            shifted = f"(x[i] - {p}_shift[i]) * {p}_factor[i]" if self._by_arrays else "x[i]"
            if self.has_gaps:
                shifted = f"{p}_number(x[i], {p}_shift[i], {p}_factor[i], {p}_absent[i])"
            lines = [
                f"    for (int i = 0; i < {p.upper()}_INPUTS; i++) {{",
                f"        z[i] = ({p}_real)({shifted});",
                "    }",
            ]
        else:
            lines += ["    /* numbers */"] if program.numbers else []
            lines += [f"    z[{i}] = {self._z(i, n)};" for i, n in enumerate(program.numbers)]
        at = len(program.numbers)
        if program.marked:
            lines += ["    /* whether they are missing */"]
            for i, place in enumerate(program.marked):
                lines.append(f"    z[{at + i}] = ({p}_real)(isnan({self._given(place)}) ? 1 : 0);")
        at += len(program.marked)
        if program.cells:
            lines += [
                "    /* their piecewise-linear encoding */",
                f"    for (int i = 0; i < {p.upper()}_CELLS; i++) {{",
                f"        z[{at} + i] = {p}_rise({p}_cells[i], z);",
                "    }",
            ]
        at += len(program.cells)
        lines += ["    /* one for each level of the categories */"] if program.categories else []
        for category in program.categories:
            width = program.width(category)
            lines.append(f"    {p}_one_hot({self._code(category[0])}, {width}, z + {at});")
            at += width
        head = f"static inline void {p}_inputs({self.parameter}, {p}_real *z)"
        return "\n".join(["/* The inputs of the networks. */", head, "{", *lines, "}", ""])

    def _z(self, i: int, number: Number) -> str:
        p = self.prefix
        if number.by_code:
            return f"({p}_real){p}_z{i}[{self._code(number.column)}]"
        x = self._given(number.column)
        if number.part and number.part != "days elapsed":
            x = f"{p}_{number.part.replace(' ', '_')}({x})"
        scale = [literal("double", v) for v in (number.shift, number.factor, number.absent)]
        limit = [literal("double", number.limit)] if number.limit else []
        function = f"{p}_squashed" if limit else f"{p}_number"
        return f"{function}({', '.join([x, *scale, *limit])})"

    def _given(self, place: int) -> str:
        return f"x[{place}]" if self.program.matrix else f"row->{self.fields[place]}"

    def _code(self, place: int) -> str:
        n = len(self.program.columns[place].levels)
        known = len(self._codes(place))
        table = self._levels(place) if known else "NULL"
        return f"{self.prefix}_code({self._given(place)}, {table}, {known}, {n})"

    def _levels(self, place: int) -> str:
        return f"{self.prefix}_levels_{self.fields[place]}"

    def _codes(self, place: int) -> dict[str, int]:
        """What a column's texts stand for, less what stands for none in all of them."""
        codes = self.program.columns[place].codes
        return {text: value for text, value in codes.items() if text and text not in self.none}

    def _ways_to_write_none(self) -> set[str]:
        every = [
            {text for text, value in c.codes.items() if value == len(c.levels) and text}
            for c in self.program.columns
            if c.kind == CATEGORY
        ]
        return set.intersection(*every) if every else set()

    @property
    def _kind(self) -> str:
        return "float" if self.program.dtype.itemsize == 4 else "double"

    @property
    def _as_matrix(self) -> bool:
        """Whether inputs are the columns of a matrix in their order, each scaled at most."""
        program = self.program
        plain = all(
            number.column == i and not (number.part or number.limit or number.by_code)
            for i, number in enumerate(program.numbers)
        )
        return program.matrix and plain and len(program.numbers) == program.n_inputs

    @property
    def _by_arrays(self) -> bool:
        scales: set[Any] = {(n.shift, n.factor, n.absent) for n in self.program.numbers}
        return self._as_matrix and scales != {(0.0, 1.0, 0.0)}


def in_remark(text: str) -> str:
    """A string of C's that may stand inside a comment."""
    return string(text).replace("*/", '*" "/').replace("/*", '/" "*')
