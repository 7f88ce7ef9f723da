"""Curves are losses and scores over the epochs, of training and of test.

The training loss is known of every epoch; the rest of those that were recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nicegui import ui

from pellucid.studios.drawing import Drawing, packed
from pellucid.studios.panels.panel import Panel
from pellucid.studios.view import View

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MOST_SHOWN = 600
"""Points of a curve: more than that a picture so wide cannot show."""


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
        """The curves so far, no more of their points than can be seen."""
        marks = view.run.marks
        losses = np.concatenate([[marks[0].loss], view.run.losses])
        epochs = [mark.epoch for mark in marks]
        recorded = {
            name: (epochs, [getattr(mark, name) for mark in marks])
            for name in ("test_loss", "score", "test_score")
        }
        at = None if view.live else view.epoch
        log = self.session.settings.get("log") == "yes"
        common = {"at": at, "names": ["training", "test"]}
        curve = np.arange(len(losses)), losses
        loss = common | lines_of(curve, recorded["test_loss"]) | {"log": log}
        score = common | lines_of(recorded["score"], recorded["test_score"]) | {"log": False}
        return loss, score | scale_of(view.material.task, recorded["score"][1])

    def show(self, measured: Any) -> None:
        """Draw them."""
        loss, score = measured
        self.loss.draw(loss)
        self.score.draw(score)

    def _turned(self) -> None:
        self.session.set("log", "yes" if self.log.value else "")
        self.page.keep_address()
        self.page.refresh()


def lines_of(*curves: tuple[ArrayLike, ArrayLike]) -> dict[str, Any]:
    """Curves as what assets/curves.js draws: of each the epochs, and the values there.

    Parameters
    ----------
    curves : epochs and values of each, as many of one as of the other.
    """
    thinned = [_thinned(np.asarray(epochs), np.asarray(values)) for epochs, values in curves]
    return {
        "epochs": [packed(epochs, "int32") for epochs, _ in thinned],
        "lines": [packed(values) for _, values in thinned],
    }


def scale_of(task: str, scores: ArrayLike) -> dict[str, Any]:
    """The axis of scores: an R2 far below 0 is as bad as -1, and hides nothing of the others."""
    if task == "classification":
        return {"range": [0, 1], "percent": True}
    return {"range": [-1 if (np.asarray(scores) < 0).any() else 0, 1]}


def _thinned(epochs: Any, values: Any) -> tuple[Any, Any]:
    """The first and last points, and between them the extremes of parts that a pixel shows."""
    n = len(values)
    if n <= MOST_SHOWN:
        return epochs, values
    size = -(-n // (MOST_SHOWN // 2 - 1))
    starts = np.arange(0, n, size)
    parts = np.pad(values, (0, len(starts) * size - n), "edge").reshape(-1, size)
    places = np.concatenate([starts + parts.argmin(1), starts + parts.argmax(1)])
    some = np.unique([0, n - 1, *np.minimum(places, n - 1)])
    return epochs[some], values[some]
