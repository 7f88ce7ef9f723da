"""To compare is to put runs side by side: their settings, curves and test scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from nicegui import ui

from pellucid.studios.experiment import Experiment
from pellucid.studios.panels.curves import CurvesDrawing, lines_of, scale_of
from pellucid.studios.panels.panel import Panel
from pellucid.studios.session import MOST_KEPT, Kept
from pellucid.studios.view import View

NOW = "this run"
COLOURS, DASHES = 6, 4
"""After so many runs a colour, or a kind of line, comes again; both together after twelve."""


class Compare(Panel):
    """Runs that were kept, and the one under way, a line each; their curves over each other."""

    def build(self) -> None:
        """The button, the lines, and two drawings."""
        self._baseline: Kept | None = None
        self._counted = 0
        self._shown: tuple[Any, ...] | None = None
        with ui.element("div").classes("compare-head"):
            keep = ui.button("Keep this run", icon="add", color=None, on_click=self._keep)
            keep.props("flat dense no-caps id=keep-run").classes("main-button")
            ui.label(
                f"Puts it beside others, up to {MOST_KEPT}. Pin one to see how far the others are "
                "from it."
            ).classes("hint")
        self.lines = ui.element("div").classes("runs").props('role=table aria-label="Runs"')
        with ui.element("div").classes("compare-curves"):
            with ui.element("div"):
                ui.label("Test loss").classes("curve-title")
                self.loss = CurvesDrawing("Test loss of all runs over the epochs").classes("curve")
            with ui.element("div"):
                self.title = ui.label("Test score").classes("curve-title")
                self.score = CurvesDrawing("Test score of all runs over the epochs")
                self.score.classes("curve")

    def changed(self) -> None:
        """Another run is the one under way."""
        self._shown = None
        self.page.refresh()

    def measure(self, view: View) -> Any:
        """The run under way as if it were kept, with the others, and their curves."""
        now = Kept.of(view.run, NOW)
        runs = [*self.session.kept, now]
        on_test = any(np.isfinite(run.test_loss).any() for run in runs)
        common = {"at": None, "runs": True, "log": False, "names": [run.name for run in runs]}
        names = ("test_loss", "test_score") if on_test else ("loss", "score")
        losses, scores = ([getattr(run, name) for run in runs] for name in names)
        epochs = [run.epochs for run in runs]
        loss = common | lines_of(*zip(epochs, losses, strict=True))
        score = common | lines_of(*zip(epochs, scores, strict=True))
        score |= scale_of(view.material.task, np.concatenate(scores))
        return runs, (loss, score)

    def show(self, measured: Any) -> None:
        """Show the lines anew where a number is another, and draw the curves."""
        runs, (loss, score) = measured
        shown = tuple(_line(run, self._baseline) for run in runs), _differing(runs)
        if self._shown is None or self._shown[0][:-1] != shown[0][:-1] or (
            self._shown[1] != shown[1]
        ):  # fmt: skip
            self._fill(runs, shown[1])
        elif self._shown != shown:
            for label, text in zip(self._now, shown[0][-1], strict=True):
                label.text = text
        self._shown = shown
        self.loss.draw(loss)
        self.score.draw(score)

    def _fill(self, runs: Sequence[Kept], differing: Sequence[str]) -> None:
        self.lines.clear()
        with self.lines:
            with ui.element("div").classes("run head").props("role=row"):
                for words in ("", "Run", "", "Settings that differ", "Epochs", "Loss", "Test loss",
                              "Test score"):  # fmt: skip
                    ui.label(words).props("role=columnheader").classes("cell")
            for i, run in enumerate(runs):
                self._row(i, run, differing, i == len(runs) - 1)

    def _row(self, i: int, run: Kept, differing: Sequence[str], is_now: bool) -> None:
        pinned = self._baseline is run
        with ui.element("div").classes("run" + (" pinned" if pinned else "")).props("role=row"):
            kind = "now" if is_now else f"of-{i % COLOURS} dashed-{i % DASHES}"
            ui.element("span").classes(f"swatch {kind}").props("role=cell")
            if is_now:
                ui.label(NOW).classes("cell run-name").props("role=cell")
            else:
                name = ui.input(value=run.name, on_change=lambda e: self._rename(i, e.value))
                name.props(f'dense borderless debounce=400 maxlength=40 aria-label="Name of run '
                           f'{i + 1}"').classes("cell run-name")  # fmt: skip
            with ui.element("div").classes("cell run-buttons").props("role=cell"):
                if not is_now:
                    self._button("push_pin", f"Baseline: {run.name}", lambda: self._pin(run),
                                 f"pin-{i}", pinned)  # fmt: skip
                    self._button("restart_alt", f"Go back to {run.name}",
                                 lambda: self._reload(run), f"reload-{i}")  # fmt: skip
                    self._button("close", f"Drop {run.name}", lambda: self._drop(run), f"drop-{i}")
            told = settings_of(run.experiment, differing)
            ui.label(told or "–").classes("cell settings").props("role=cell").tooltip(told or "–")
            labels = [ui.label(text).classes("cell number").props("role=cell")
                      for text in _line(run, self._baseline)]  # fmt: skip
            if is_now:
                self._now = labels

    def _button(
        self, icon: str, label: str, done: Any, name: str, pressed: bool | None = None
    ) -> None:
        button = ui.button(icon=icon, color=None, on_click=done).props(f"flat round dense size=sm "
                                                                     f"id={name}-run")  # fmt: skip
        button._props["aria-label"] = label
        if pressed is not None:
            button.props(f"aria-pressed={'true' if pressed else 'false'}")

    # --- what a person does ---------------------------------------------------------------------

    def _keep(self) -> None:
        self._counted += 1
        self.session.keep(f"run {self._counted}")
        self._again()

    def _pin(self, run: Kept) -> None:
        self._baseline = None if self._baseline is run else run
        self._again()

    def _drop(self, run: Kept) -> None:
        self.session.kept = [kept for kept in self.session.kept if kept is not run]
        self._again()

    def _rename(self, i: int, name: str) -> None:
        kept = self.session.kept
        renamed = replace(kept[i], name=" ".join(name.split())[:40] or kept[i].name)
        if self._baseline is kept[i]:
            self._baseline = renamed
        self.session.kept = [*kept[:i], renamed, *kept[i + 1 :]]

    async def _reload(self, run: Kept) -> None:
        """Begin the same experiment, and go to where it was: its numbers come once more."""
        if run.model != self.session.settings.get("model", ""):
            self.page.say("it went on from a model that is not open now: open that first")
            return
        theta = self.session.shelf.start(run.start) if run.start else None
        if run.start and theta is None:
            self.page.say("the weights that it began at are no longer here")
        elif await self.page.begin(run.experiment, theta=theta):
            await self.page.away(self.session.run.forward, epochs=int(run.epochs[-1]))
            self.page.keep_address()

    def _again(self) -> None:
        if self._baseline is not None and not any(
            run is self._baseline for run in self.session.kept
        ):
            self._baseline = None
        self._shown = None
        self.page.refresh()


def settings_of(experiment: Experiment, names: Sequence[str]) -> str:
    """Some of an experiment's settings, in words.

    Examples
    --------
    >>> settings_of(Experiment("iris", hidden=(8, 4), activation=("relu",) * 2), ["hidden", "seed"])
    'units 8-4, seed 0'
    """
    return ", ".join(
        f"{WORDS.get(name, name.replace('_', ' '))} {_said(getattr(experiment, name))}"
        for name in names
    )


WORDS = {"hidden": "units", "learning_rate": "rate", "test": "test part"}


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        same = len({*value}) == 1 and isinstance(value[0], str)
        return "-".join(map(str, value[:1] if same else value[:6])) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)[:24] or "as suits"


def _differing(runs: Sequence[Kept]) -> tuple[str, ...]:
    """The settings that are not the same in all runs."""
    return tuple(
        field.name for field in fields(Experiment)
        if len({getattr(run.experiment, field.name) for run in runs}) > 1
    )  # fmt: skip


def _line(run: Kept, baseline: Kept | None) -> tuple[str, ...]:
    """The numbers of a run, and how far they are from those of the baseline."""

    def last(name: str) -> str:
        value = getattr(run, name)[-1]
        if not np.isfinite(value):
            return "–"
        text = f"{value:.4g}"
        if baseline is not None and baseline is not run:
            other = getattr(baseline, name)[-1]
            text += f"\n{value - other:+.2g}" if np.isfinite(other) else ""
        return text.replace("-", "−")

    return (f"{int(run.epochs[-1]):,}".replace(",", " "), last("loss"), last("test_loss"),
            last("test_score"))  # fmt: skip
