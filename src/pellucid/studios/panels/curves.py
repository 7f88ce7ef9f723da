"""Curves are losses and scores over the epochs that were recorded, of training and of test."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui

from pellucid.studios.drawing import Drawing, packed
from pellucid.studios.panels.panel import Panel
from pellucid.studios.view import View

MOST_SHOWN = 300
"""Epochs of a curve: more than that a picture so wide cannot show."""


class CurvesDrawing(Drawing, component="../assets/curves.js"):
    """Lines over epochs, drawn by assets/curves.js."""


class Curves(Panel):
    """Loss above, accuracy or R2 below."""

    def build(self) -> None:
        """Two drawings, and whether the loss has a logarithmic scale."""
        with ui.element("div").classes("curve-head"):
            ui.label("Loss").classes("curve-title")
            self.log = ui.checkbox("logarithmic", on_change=self._turned).props("dense size=xs")
            self.log.value = self.session.settings.get("log") == "yes"
        self.loss = CurvesDrawing("Loss of training and test over the epochs").classes("curve")
        self.title = ui.label("Accuracy").classes("curve-title")
        self.score = CurvesDrawing("Score of training and test over the epochs").classes("curve")

    def changed(self) -> None:
        """The task says what the score is."""
        self.title.text = "Accuracy" if self.session.material.task == "classification" else "R²"

    def measure(self, view: View) -> Any:
        """The recorded epochs, no more of them than can be seen."""
        marks = view.run.marks
        few = marks if len(marks) <= MOST_SHOWN else [
            marks[i] for i in np.linspace(0, len(marks) - 1, MOST_SHOWN).round().astype(int)
        ]  # fmt: skip
        columns = {
            name: packed([getattr(mark, name) for mark in few])
            for name in ("loss", "test_loss", "score", "test_score")
        }
        epochs = packed([mark.epoch for mark in few], "int32")
        at = None if view.live else view.epoch
        log = self.session.settings.get("log") == "yes"
        common = {"epochs": epochs, "at": at, "names": ["training", "test"]}
        loss = common | {"lines": [columns["loss"], columns["test_loss"]], "log": log}
        score = common | {"lines": [columns["score"], columns["test_score"]], "log": False}
        if view.material.task == "classification":
            score |= {"range": [0, 1], "percent": True}
        return loss, score

    def show(self, measured: Any) -> None:
        """Draw them."""
        loss, score = measured
        self.loss.draw(loss)
        self.score.draw(score)

    def _turned(self) -> None:
        self.session.set("log", "yes" if self.log.value else "")
        self.page.keep_address()
        self.page.refresh()
