"""An attribution's result: how much each column did for an answer, to read, to draw, to go on with.

Of several rows the text shows the mean size of each column's part; `result[i]` is that of one row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.attribution.bars import Line, added_up, as_table, decimals, shortened, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LINES = 12
"""Columns that the text shows, the sum of the rest among them."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each column of each row did for one answer.

    Parameters
    ----------
    method : "integrated_gradients", "gradient_x_input" or "gradient".
    of : "probability" or "score" of a class, or "number".
    columns : of the table that the model takes.
    values : (n, n_columns) what each did; of "gradient", the slope in the column's own unit.
    rows : (n, n_columns) what the columns hold.
    explained : (n,) the class or the target whose answer it is.
    outputs, baseline_outputs : (n,) that answer of the row, and of the baseline.
    baseline : what the row is compared with, in words.
    baseline_inputs : (n, n_inputs) the baseline as the networks get it.
    unit : what the numbers are of, in words.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.attribution import attribute
    >>> network = Network([2, 1])
    >>> network.theta = [3.0, -1.0, 0.5]
    >>> found = attribute(network, [2.0, 1.0])
    >>> found.values.round(9).tolist(), float(found.baseline_outputs[0]), float(found.outputs[0])
    ([[6.0, -1.0]], 0.5, 5.5)
    """

    method: str
    of: str
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    rows: NDArray[Any]
    explained: tuple[Any, ...]
    outputs: NDArray[np.float64]
    baseline_outputs: NDArray[np.float64]
    baseline: str
    baseline_inputs: NDArray[np.float64]
    unit: str

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, row: int) -> Attribution:
        """That of one row alone."""
        i = range(len(self))[row]
        one = slice(i, i + 1)
        return replace(
            self, values=self.values[one], rows=self.rows[one], explained=self.explained[one],
            outputs=self.outputs[one], baseline_outputs=self.baseline_outputs[one],
            baseline_inputs=self.baseline_inputs[one],
        )  # fmt: skip

    @property
    def sums(self) -> NDArray[np.float64]:
        """(n,) what all columns of a row did."""
        total: NDArray[np.float64] = self.values.sum(axis=1)
        return total

    @property
    def gaps(self) -> NDArray[np.float64]:
        """(n,) by how much the sum is off the answer less the baseline's: 0 if it is complete."""
        return self.sums - (self.outputs - self.baseline_outputs)

    def text(self, most: int = MOST_LINES) -> str:
        """Bars by column, the largest first, in lines of 80 characters at the most."""
        if not len(self):
            return f"{self._title()}: no rows"
        return "\n".join([*self._head(most), written(*self._lines(most))])

    def _lines(self, most: int) -> tuple[list[Line], int]:
        """What is shown, and with how many decimals."""
        if len(self) != 1:
            sizes = np.abs(self.values).mean(axis=0)
            places = decimals(float(sizes.max(initial=0.0)))
            total = round(float(sizes.sum()) * 10**places)
            return added_up(self.columns, sizes.tolist(), total, places, most), places
        names = [
            f"{shortened(name, 22)} = {shown(value)}"
            for name, value in zip(self.columns, self.rows[0], strict=True)
        ]
        if self.method == "gradient":
            return self._slopes(names, self.values[0], most)
        output, start = float(self.outputs[0]), float(self.baseline_outputs[0])
        places = decimals(max(abs(output), abs(start), *np.abs(self.values[0]), 0.0))
        answer, begins = (round(value * 10**places) for value in (output, start))
        gap = round(float(self.gaps[0]) * 10**places)
        lines = added_up(names, self.values[0].tolist(), answer - begins + gap, places, most)
        lines.append(Line("sum of the columns", answer - begins + gap, False))
        lines.append(Line("baseline", begins, False, self.baseline))
        if gap:
            lines.append(Line("left out", -gap, False, "since slopes change on the way"))
        lines.append(Line(self._answer_name(0), answer, False))
        return lines, places

    def _slopes(
        self, names: list[str], slopes: NDArray[np.float64], most: int
    ) -> tuple[list[Line], int]:
        """The steepest ones: of columns with units of their own there is no sum."""
        places = decimals(float(np.abs(slopes).max(initial=0.0)))
        order = np.argsort(-np.abs(slopes), kind="stable")[:most]
        return [Line(names[i], round(float(slopes[i]) * 10**places)) for i in order], places

    def _head(self, most: int) -> list[str]:
        if len(self) != 1:
            return [self._title(), f"mean size of each column's part in {len(self)} rows"]
        if self.method == "gradient":
            n = min(len(self.columns), most)
            said = f"the {n} steepest of {len(self.columns)} columns, by a column's own unit"
            return [self._title(), said]
        return [self._title()]

    def _title(self) -> str:
        what = "slope of" if self.method == "gradient" else "why"
        how = self.method.replace("_", " ")
        if len(self) == 1:
            return f"{what} {self._answer_name(0)} = {self.outputs[0]:.6g} ({how})"
        return f"{what} {self.of} of {self._subject_name()} ({how})"

    def _subject_name(self) -> str:
        names = {str(name) for name in self.explained}
        return names.pop() if len(names) == 1 else "the class predicted"

    def _answer_name(self, i: int) -> str:
        name = shortened(str(self.explained[i]), 20)
        return f"{self.of} of {name}" if self.of != "number" else name

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from pellucid.page import fragment

        title, *more = (escape(line) for line in self._head(2 * MOST_LINES))
        head = f"<p><b>{title}</b></p>" + "".join(f"<p>{line}</p>" for line in more)
        table = as_table(*self._lines(2 * MOST_LINES)) if len(self) else ""
        return fragment(f'<div class="card">{head}<div class="scroll">{table}</div></div>')

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "method": self.method,
            "of": self.of,
            "unit": self.unit,
            "baseline": self.baseline,
            "columns": list(self.columns),
            "rows": [
                {
                    "explained": plain(self.explained[i]),
                    "output": float(self.outputs[i]),
                    "baseline_output": float(self.baseline_outputs[i]),
                    "gap": float(self.gaps[i]),
                    "holds": [plain(value) for value in self.rows[i].tolist()],
                    "values": self.values[i].tolist(),
                }
                for i in range(len(self))
            ],
        }


def plain(value: Any) -> Any:
    """A value as JSON has it: None for NaN, text for what is neither number nor truth."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and value != value:
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def shown(value: Any) -> str:
    """What a column holds, in a few characters."""
    value = plain(value)
    if value is None:
        return "(none)"
    return f"{value:.6g}" if isinstance(value, float) else shortened(str(value), 18)
