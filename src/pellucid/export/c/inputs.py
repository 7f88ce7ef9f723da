"""Inputs are the numbers that networks take: here the C of a row, and of what makes them of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import floor, log10
from typing import Any

from pellucid.export.c import code
from pellucid.export.c.arrays import Constants, literal
from pellucid.export.c.names import WIDTH, names, remark, statement, string
from pellucid.export.dates import FIRST, LAST, text_of
from pellucid.export.program import CATEGORY, DATE, PARTS, Cell, Column, Number, Program

SHOWN = 3
"""Levels that a comment shows, at most and if its line has room for them."""

ALL_SET, SOME_SET = 16, 3
"""Columns up to which the example sets all, and how many it sets if there are more."""

FAR = 1.0 - 1e-6
"""Part of a number's limit from which on the column's own number cannot be told any more."""


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
            note = self._note(field, column, WIDTH - wide - len("     /*  */"))
            lines.append(f"    {text:<{wide}} /* {note} */" if note else f"    {text}")
        empty = [
            f"    row.{field} = {'NULL' if column.kind == CATEGORY else 'missing'};"
            for field, column in zip(self.fields, columns, strict=True)
        ]
        numbers = len(self.categories) < len(columns)
        declared_nan = ["    const double missing = (double)NAN; /* NAN itself is a float */"]
        return "\n".join([
            '/* A row. A number that is missing is NAN; a text that is missing is NULL or "". */',
            "typedef struct {", *lines, f"}} {p}_row;", "",
            "/* A row where everything is missing, to be filled in. */",
            f"static inline {p}_row {p}_row_missing(void)", "{",
            *(declared_nan if numbers else []), f"    {p}_row row;", "",
            *empty, "    return row;", "}", "",
        ])  # fmt: skip

    def _note(self, field: str, column: Column, room: int) -> str:
        """What a field is, in so many characters if that can be."""
        named = "" if field == column.name else f'"{remark(column.name, 24)}"'
        if not column.name.strip():
            named = "of the column without a name"
        what = ""
        if column.kind == DATE:
            what = "days since the beginning of 1970"
        elif column.kind == CATEGORY:
            what = _some(column.levels, room - len(f"{named}: " if named else ""))
        elif column.boolean:
            what = "1 or 0"
        return ": ".join(part for part in (named, what) if part)

    def example(self) -> list[str]:
        """Lines of C that make up a row."""
        p = self.prefix
        if self.program.matrix:
            n = len(self.program.columns)
            values = ", ".join("0.5" for _ in range(n)) if n <= 8 else "0.5, 0.25"
            rest = "" if n <= 8 else " // and so on"
            return [f"double x[{p.upper()}_COLUMNS] = {{{values}}};{rest}"]
        lines = [f"{p}_row row = {p}_row_missing();"]
        n = len(self.fields)
        shown = n if n <= ALL_SET else SOME_SET
        for place, field in enumerate(self.fields[:shown]):
            lines.append(f"row.{field} = {self._example_value(place)};")
        if n > shown:
            lines.append(f"// and so on: {n - shown} more are missing as long as they are not set")
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
        return literal("double", round(middle) if column.boolean else f"{middle:.4g}")

    # --- what inputs are ------------------------------------------------------------------------

    def shown(self, place: int) -> str:
        """A column in a comment."""
        name = self.program.columns[place].name
        return f'"{remark(name)}"' if name.strip() else "the column without a name"

    def names(self) -> Iterator[str]:
        """What each input of a network is."""
        program = self.program
        yield from map(self._number_name, program.numbers)
        yield from (f"{self.shown(place)} is missing" for place in program.marked)
        yield from map(self.begins, program.cells)
        for place, marks_missing in program.categories:
            for level in program.columns[place].levels:
                yield f'{self.shown(place)} is "{remark(level)}"'
            if marks_missing:
                yield f"{self.shown(place)} is missing"

    def _number_name(self, number: Number) -> str:
        if not number.by_code:
            return f"{self.shown(number.column)} {number.part}".rstrip()
        same = [n for n in self.program.numbers if n.column == number.column]
        which = f" {same.index(number) + 1}" if len(same) > 1 else ""
        return f"{self.shown(number.column)} as a number{which}"

    def begins(self, cell: Cell) -> str:
        """Where a cell does, in its column's own unit: `"age" from 18 on`."""
        number = self.program.numbers[cell.number]
        is_date = number.part == PARTS[-1]
        name = self.shown(number.column) if is_date else self._number_name(number)
        return f"{name} from {_first(cell, number)} on"

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
                ways = self.constants.strings(f"{p}_none", str(len(self.none)), sorted(self.none))
                yield f"/* What else stands for a text that is missing. */\n{ways}"
            for place in self.categories:
                if codes := self._codes(place):
                    table = self.constants.levels(f"{p}_level", self._levels(place), codes)
                    yield f"/* {self.shown(place)} */\n{table}"
        kind = self._kind
        for i, number in enumerate(program.numbers):
            if number.by_code:
                levels = program.columns[number.column].levels
                table = self.constants.numbers(
                    kind,
                    self._as_number(i),
                    [[z] for z in number.by_code],
                    [*(remark(level, 40) for level in levels), "missing", "unknown"],
                    f"{p}_real",
                )
                yield f"/* {self.shown(number.column)} as a number, for each code. */\n{table}"
        if program.cells:
            yield code.renamed(code.CELL, p)
            yield self.constants.structures(
                f"{p}_cell",
                f"{p}_cells",
                f"{p.upper()}_CELLS",
                [
                    (
                        f"{cell.number}, {literal(kind, cell.low)}, {literal(kind, cell.slope)}",
                        self.begins(cell),
                    )
                    for cell in program.cells
                ],
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
            made = f"({p}_real)x[i]"
            if self._by_arrays:
                made = f"({p}_real)((x[i] - {p}_shift[i]) * {p}_factor[i])"
            if self.has_gaps:
                made = f"{p}_number(x[i], {p}_shift[i], {p}_factor[i], {p}_absent[i])"
            lines = [
                f"    for (int i = 0; i < {p.upper()}_INPUTS; i++) {{",
                statement(f"z[i] = {made};", 8),
                "    }",
            ]
        else:
            used = {number.column for number in program.numbers if number.by_code}
            used |= {place for place, _ in program.categories}
            lines += [self._code(place) for place in sorted(used)]
            lines += ["", "    /* numbers */"] if used else ["    /* numbers */"]
            lines += [
                statement(f"z[{i}] = {self._z(i, n)};") for i, n in enumerate(program.numbers)
            ]
        at = len(program.numbers)
        if program.marked:
            lines += ["    /* whether they are missing */"]
            for i, place in enumerate(program.marked):
                missing = f"isnan({self._given(place)}) ? 1 : 0"
                lines.append(statement(f"z[{at + i}] = ({p}_real)({missing});"))
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
            found = self._code_name(category[0])
            lines.append(statement(f"{p}_one_hot({found}, {width}, z + {at});"))
            at += width
        head = statement(f"static inline void {p}_inputs({self.parameter}, {p}_real *z)", 0)
        return "\n".join(["/* The inputs of the networks. */", head, "{", *lines, "}", ""])

    def _z(self, i: int, number: Number) -> str:
        p = self.prefix
        if number.by_code:
            return f"{self._as_number(i)}[{self._code_name(number.column)}]"
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
        found = f"{self.prefix}_code({self._given(place)}, {table}, {known}, {n})"
        return statement(f"const int {self._code_name(place)} = {found};")

    def _code_name(self, place: int) -> str:
        """Of a variable: as those of functions begin with the prefix, it is none of theirs."""
        made = f"{self.fields[place]}_code"
        return f"{made}_" if made.startswith(f"{self.prefix}_") else made

    def _levels(self, place: int) -> str:
        return f"{self.prefix}_{self.fields[place]}_levels"

    def _as_number(self, i: int) -> str:
        """The name of the table that has the numbers of a category's codes."""
        number = self.program.numbers[i]
        same = [n for n in self.program.numbers if n.column == number.column]
        which = f"_{same.index(number) + 1}" if len(same) > 1 else ""
        return f"{self.prefix}_{self.fields[number.column]}_as_number{which}"

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


def _some(levels: tuple[str, ...], room: int) -> str:
    """Some levels, whole, in so many characters, or how many there are."""
    quoted = [f'"{remark(level, 200)}"' for level in levels[:SHOWN]]
    for n in range(len(quoted), 0, -1):
        more = len(levels) - n
        text = ", ".join(quoted[:n]) + (f" or {more} more" if more else "")
        if len(text) <= room:
            return text
    return f"one of {len(levels)} texts" if levels else ""


def _first(cell: Cell, number: Number) -> str:
    """Where a cell begins, with as many digits as tell it from where it ends."""
    low, high = cell.low, cell.low + 1.0 / cell.slope
    if number.limit and abs(cell.low) >= FAR * number.limit:
        return "far below" if cell.low < 0 else "far above"
    if not number.by_code:
        low, high = number.inverse(low), number.inverse(high)
    if number.part == PARTS[-1]:
        day = round(min(max(low, FIRST), LAST) * 24.0) / 24.0
        return text_of(day)[: 10 if high - low >= 2.0 else 16]
    digits = 2 - floor(log10(high - low)) if high > low else 6
    return f"{round(low, digits) + 0.0:.15g}"


def in_remark(text: str) -> str:
    """A string of C's that may stand inside a comment."""
    return string(text).replace("*/", '*" "/').replace("/*", '/" "*')
