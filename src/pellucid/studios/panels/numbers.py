"""Numbers are what is pointed at, a unit, an edge or a row, in digits; a weight can be typed in."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui
from nicegui.events import GenericEventArguments

from pellucid.studios.drawing import Drawing
from pellucid.studios.facts import facts_of, number, parameter
from pellucid.studios.panels.panel import Panel
from pellucid.studios.selection import Selection
from pellucid.studios.view import View


class NumbersDrawing(Drawing, component="../assets/numbers.js"):
    """Facts, and lists of numbers with bars, laid out by assets/numbers.js."""


class Numbers(Panel):
    """What is pointed at, and a field for the weight, if it is one."""

    def build(self) -> None:
        """The field, and what is shown below it."""
        self._picked: Selection | None = None
        self._undo: list[tuple[int, float]] = []
        self._put: float | None = None
        with ui.element("div").classes("editor") as self.editor:
            with ui.element("label").props("for=weight"):
                self.name = ui.label("Weight")
            self.field = ui.number().props("dense outlined step=any for=weight")
            self.field.on("keydown.enter", self._type_in)
            self.set = ui.button("Set", on_click=self._type_in, color=None)
            self.set.props("flat dense no-caps id=set-weight")
            self.undo = ui.button("Undo", on_click=self._take_back, color=None)
            self.undo.props("flat dense no-caps id=undo-weight")
            self.said = ui.label().classes("said").props('id=weight-said aria-live="polite"')
        self.editor.set_visibility(False)
        self.drawing = NumbersDrawing("What is pointed at, in numbers")
        self.drawing.classes("numbers")
        self.drawing.on("pick", lambda event: self.page.select(_read(event)))

    def changed(self) -> None:
        """Another run: nothing of the old one can be taken back."""
        self._undo.clear()
        self.said.text = ""
        self.undo.set_enabled(False)

    def selected(self, selection: Selection | None) -> None:
        """Show that."""
        if selection != self._picked:
            self._put = None
            self.said.text = ""
        self._picked = selection
        self.editor.set_visibility(selection is not None and selection.kind == "edge")
        self.name.text = "Bias" if selection and selection.source < 0 else "Weight"

    def measure(self, view: View) -> Any:
        """All that there is to say of it."""
        picked = self._picked
        at = parameter(view.network, picked)
        return facts_of(view, picked), None if at is None else float(view.theta[at]), view.live

    def show(self, measured: Any) -> None:
        """Say it; the field is left alone while somebody types."""
        facts, weight, live = measured
        self.drawing.draw(facts)
        if weight is None:
            self.editor.set_visibility(False)
            return
        if self._put is None or (weight != self._put and self.field.value == readable(self._put)):
            self._put = weight
            self.field.value = readable(weight)
        self.field.set_enabled(live)
        self.set.set_enabled(live)

    async def _type_in(self) -> None:
        """Give the weight that was typed in to the run."""
        value = self.field.value
        if self._put is not None and value == readable(self._put):
            value = self._put  # as it is, to the last digit
        at = parameter(self.session.run.network, self._picked)
        if at is None or value is None or not np.isfinite(value):
            self.page.say(REFUSED)
            return
        before = await self.page.away(self._give, at, float(value))
        self._undo.append((at, before[2]))
        self._tell(f"{number(before[2])} → {number(value)}", before)

    async def _take_back(self) -> None:
        """The weight as it was before it was typed in."""
        if self._undo:
            at, value = self._undo.pop()
            before = await self.page.away(self._give, at, value)
            self._tell(f"back to {number(value)}", before)

    def _give(self, at: int, value: float) -> tuple[float, float, float]:
        """The loss before and after, and what the weight was."""
        run = self.session.run
        run.pause()
        theta = run.standing.theta
        run.set_weight(at, value)
        X, y = run.material.X[:MOST_ROWS], run.material.y[:MOST_ROWS]
        before, after = (run.objective.value(each, X, y) for each in (theta, run.standing.theta))
        return float(before), float(after), float(theta[at])

    def _tell(self, what: str, losses: tuple[float, float, float]) -> None:
        before, after, _ = losses
        self._put = None
        self.page.banner.hide(REFUSED)
        self.page.keep_address()
        self.undo.set_enabled(bool(self._undo))
        self.said.text = f"{what}; training loss {number(before)} → {number(after)}"
        self.page.refresh()


def readable(weight: float) -> float:
    """Six digits of a weight, as the field has it.

    Examples
    --------
    >>> readable(-0.3574493483202104)
    -0.357449
    """
    return float(f"{weight:.6g}")


MOST_ROWS = 10_000
"""That the loss before and after is of."""

REFUSED = "A weight is a finite number."


def _read(event: GenericEventArguments) -> Selection | None:
    return Selection.read(str(event.args))
