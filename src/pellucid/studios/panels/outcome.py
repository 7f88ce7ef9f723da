"""The outcome is which answers are right: a confusion matrix, or predicted against true."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui

from pellucid.predictor import class_numbers
from pellucid.studios.drawing import Drawing, packed
from pellucid.studios.panels.panel import Panel
from pellucid.studios.view import View
from pellucid.targets import ClassTarget

MOST_POINTS = 500
"""Rows of predicted against true that are drawn."""

MOST_COUNTED = 30
"""Classes whose counts can be read; with more the picture has colours alone."""


class OutcomeDrawing(Drawing, component="../assets/outcome.js"):
    """Counts by true and predicted class, or points, drawn by assets/outcome.js."""


class Outcome(Panel):
    """The test rows' outcome; the training rows' where there are none, or where that is chosen."""

    def build(self) -> None:
        """The drawing, and of which rows."""
        self.rows = ui.toggle({"test": "test rows", "training": "training rows"}, value="test",
                              on_change=self._chosen)  # fmt: skip
        self.rows.props('dense no-caps unelevated aria-label="Of which rows"').classes("toggle")
        with ui.element("div").classes("outcome-scroll"):
            self.drawing = OutcomeDrawing("True classes against predicted ones").classes("outcome")

    def changed(self) -> None:
        """Without test rows there are the training rows alone."""
        tested = len(self.session.material.X_test) > 0
        self.rows.set_enabled(tested)
        self.rows.value = self._wanted() if tested else "training"
        target = self.session.material.target
        classes = target.classes if isinstance(target, ClassTarget) else ()
        k, letters = len(classes), max((len(str(label)) for label in classes), default=0)
        self.drawing.style(f"--classes: {k}; --letters: {min(letters, 12)}")
        self.drawing.classes(**{"add" if k > MOST_COUNTED else "remove": "many"})

    def measure(self, view: View) -> Any:
        """Counts, or pairs."""
        m, target = view.material, view.material.target
        tested = len(m.X_test) > 0 and self._wanted() == "test"
        output, y = (view.test_output, m.y_test) if tested else (view.output, m.y)
        y = y[: len(output)]
        if isinstance(target, ClassTarget):
            k = len(target.classes)
            pairs = class_numbers(y) * k + class_numbers(output)
            counts = np.bincount(pairs, minlength=k * k)
            return {
                "classes": [str(label) for label in target.classes],
                "counts": packed(counts, "int32"),
            }
        true, said = target.decode(y)[:MOST_POINTS], target.decode(output)[:MOST_POINTS]
        return {"points": packed(np.column_stack([true, said])), "target": m.target_name}

    def show(self, measured: Any) -> None:
        """Draw it."""
        self.drawing.draw(measured)

    def _wanted(self) -> str:
        return "training" if self.session.settings.get("rows") == "training" else "test"

    def _chosen(self) -> None:
        if len(self.session.material.X_test) and self.rows.value != self._wanted():
            self.session.set("rows", "training" if self.rows.value == "training" else "")
            self.page.keep_address()
            self.page.refresh()
