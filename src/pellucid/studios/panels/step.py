"""Stepping through is to follow one row forward and backward, with all that is reckoned."""

from __future__ import annotations

import re
from time import monotonic
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments, ValueChangeEventArguments

from pellucid.explaining import explain
from pellucid.explanation import Explanation
from pellucid.explanation.html import fragment_of
from pellucid.studios.case import Case, rows_of
from pellucid.studios.drawing import Drawing
from pellucid.studios.facts import count
from pellucid.studios.panels.panel import Panel
from pellucid.studios.selection import Selection
from pellucid.studios.view import View

SETS = {"train": "training", "test": "test"}

EVERY = 1.0
"""Seconds, while it trains, from one explanation to the next."""

KEY = re.compile(r"(?:new )?layer(\d+)\.(d?)([A-Za-z]+)\[(\d+)(?:,(\d+))?\]", re.ASCII)


class StepsDrawing(Drawing, component="../assets/steps.js"):
    """The lines of an explanation, one of them the line that one is at, by assets/steps.js."""


class StepThrough(Panel):
    """Which row, and the arithmetic of it."""

    drawing: StepsDrawing

    def build(self) -> None:
        """The choice of the row, and the lines."""
        self._at: tuple[Any, ...] | None = None
        self._keys: list[str] = []
        self._made = 0.0
        self._case: Case | None = None
        self._setting = False
        with ui.element("div").classes("steps-bar"):
            self.set = ui.select(SETS, value="train", on_change=self._choose)
            self.set.props('dense outlined options-dense aria-label="Which rows"')
            self.row = ui.number(value=1, min=1, precision=0, on_change=self._choose)
            self.row.props('dense outlined debounce=300 for=step-row aria-label="Which row"')
            self._button("row-back", "chevron_left", "The row before", lambda: self._turn(-1))
            self._button("row-on", "chevron_right", "The next row", lambda: self._turn(1))
            self.of = ui.label().classes("place")
            ui.space()
            self._button("line-back", "keyboard_arrow_up", "The line before",
                         lambda: self.drawing.run_method("go", -1))  # fmt: skip
            self._button("line-on", "keyboard_arrow_down", "The next line",
                         lambda: self.drawing.run_method("go", 1))  # fmt: skip
            self._button("part-on", "keyboard_double_arrow_down", "The next layer",
                         lambda: self.drawing.run_method("leap"))  # fmt: skip
        self.drawing = StepsDrawing("One row forward and backward, line by line")
        self.drawing.classes("steps").on("line", self._light)

    def _button(self, name: str, icon: str, label: str, done: Any) -> None:
        button = ui.button(icon=icon, color=None, on_click=done)
        with button.props(f'flat round dense id={name} aria-label="{label}"'):
            ui.tooltip(label)

    def changed(self) -> None:
        """Other rows, perhaps."""
        self._at, self._made = None, 0.0
        self._put()

    def selected(self, selection: Selection | None) -> None:
        """A row that is pointed at is the one to follow."""
        if selection is not None and selection.kind in SETS:
            self.session.set("row", str(selection))
            self._put()

    def measure(self, view: View) -> Any:
        """The explanation; while it trains, not too often."""
        at = (id(view.run), view.theta.tobytes(), view.row)
        playing = view.standing.playing and view.live
        if at == self._at or (playing and monotonic() - self._made < EVERY):
            return None
        case = Case.of(view.material, view.row)
        made = explain(view.predictor, case.frame, case.answer,
                       learning_rate=view.experiment.learning_rate)  # fmt: skip
        self._at, self._made = at, monotonic()
        return made

    def show(self, measured: Explanation) -> None:
        """Its lines."""
        self._keys = [line.of.key for line in measured.lines]
        self.drawing.draw({"html": fragment_of(measured)})

    # --- which row ------------------------------------------------------------------------------

    def _put(self) -> None:
        material = self.session.material
        case = Case.of(material, self.session.settings.get("row", ""))
        kind, self._setting = case.place.kind, True
        self.set.value, self.row.value = kind, case.place.row + 1
        self._setting = False
        self.of.text = f"of {count(rows_of(material, kind))}"

    def _choose(self, _: ValueChangeEventArguments[Any]) -> None:
        if not self._setting and self.row.value is not None:
            self._go(str(self.set.value), int(self.row.value) - 1)

    def _turn(self, by: int) -> None:
        self._go(str(self.set.value), int(self.row.value or 1) - 1 + by)

    def _go(self, kind: str, row: int) -> None:
        rows = rows_of(self.session.material, kind)
        if not rows:
            kind, rows = "train", rows_of(self.session.material, "train")
        self.page.select(Selection(kind, row=min(max(row, 0), rows - 1)))

    def _light(self, event: GenericEventArguments) -> None:
        """Point at what the line is of, in the network."""
        line = int(event.args)
        if 0 <= line < len(self._keys):
            selection = selection_of(self._keys[line])
            if selection is not None and selection != self.session.selection:
                self.page.select(selection)


def selection_of(key: str) -> Selection | None:
    """The unit or the edge that a line of an explanation is of.

    Examples
    --------
    >>> str(selection_of("layer2.dW[3,1]")), str(selection_of("layer1.x[2]")), selection_of("loss")
    ('edge-2-3-0', 'unit-0-1', None)
    """
    found = KEY.fullmatch(key)
    if found is None:
        return None
    layer, letter, first, second = int(found[1]), found[3], int(found[4]) - 1, found[5]
    if letter == "W" and second:
        return Selection("edge", layer, int(second) - 1, first)
    if letter == "b":
        return Selection("edge", layer, first, -1)
    if letter == "x":
        return Selection("unit", layer - 1, first)
    return Selection("unit", layer, first) if letter in ("z", "a") else None
