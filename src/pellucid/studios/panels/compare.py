"""To compare is to put runs side by side: their settings, curves and test scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from nicegui import ui

from pellucid.studios.experiment import Experiment
from pellucid.studios.facts import count
from pellucid.studios.panels.curves import CurvesDrawing, lines_of, scale_of
from pellucid.studios.panels.panel import Panel
from pellucid.studios.session import FULL, MOST_KEPT, Kept
from pellucid.studios.view import View

NOW = "this run"
COLOURS, DASHES = 6, 4
"""After so many runs a colour, or a kind of line, comes again; both together after `MOST_KEPT`."""


class Compare(Panel):
    """Runs that were kept, and the one under way, a line each; their curves over each other."""

    def build(self) -> None:
        """The button, the lines, and two drawings."""
        self._pinned = 0  # the number of the baseline
        self._shown: list[tuple[str, ...]] | None = None
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
        now = Kept.of(view.run, name=NOW)
        runs = [*self.session.kept, now]
        on_test = any(np.isfinite(run.test_loss).any() for run in runs)
        common = {"at": None, "log": False, "names": [run.name for run in runs],
                  "looks": [run.number - 1 for run in runs]}  # fmt: skip
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
        differing, baseline = _differing(runs), self._run_of(self._pinned)
        shown = [(_told(run, differing), *_line(run, baseline)) for run in runs]
        if self._shown is None or self._shown[:-1] != shown[:-1]:
            self._fill(runs, shown)
        elif self._shown != shown:
            _say(self._now, shown[-1])
        self._shown = shown
        self.loss.draw(loss)
        self.score.draw(score)

    def _fill(self, runs: Sequence[Kept], shown: Sequence[tuple[str, ...]]) -> None:
        self.lines.clear()
        with self.lines:
            with ui.element("div").classes("run head").props("role=row"):
                for words in ("", "Run", "", "Settings that differ", "Epochs", "Loss", "Test loss",
                              "Test score"):  # fmt: skip
                    ui.label(words).props("role=columnheader").classes("cell")
            for i, (run, texts) in enumerate(zip(runs, shown, strict=True)):
                self._row(i, run, texts)

    def _row(self, i: int, run: Kept, texts: Sequence[str]) -> None:
        pinned, look = 0 < run.number == self._pinned, run.number - 1
        with ui.element("div").classes("run" + (" pinned" if pinned else "")).props("role=row"):
            kind = f"of-{look % COLOURS} dashed-{look % DASHES}" if run.number else "now"
            ui.element("span").classes(f"swatch {kind}").props("role=cell")
            if run.number:
                self._name(i, run, pinned)
            else:
                ui.label(NOW).classes("cell run-name").props("role=cell")
                ui.element("div").classes("cell").props("role=cell")
            labels = [ui.label().classes(f"cell {kind}").props("role=cell")
                      for kind in ("settings", *["number"] * (len(texts) - 1))]  # fmt: skip
            _say(labels, texts)
            if not run.number:
                self._now = labels

    def _name(self, i: int, run: Kept, pinned: bool) -> None:
        """The name of a run, and its buttons, which have it in theirs."""
        number = run.number
        field = ui.input(value=run.name).classes("cell run-name")
        field.props(f'dense borderless debounce=400 maxlength=40 aria-label="Name of run {i + 1}"')
        with ui.element("div").classes("cell run-buttons").props("role=cell"):
            buttons = {
                "Baseline:": self._button("push_pin", lambda: self._pin(number), f"pin-{i}"),
                "Go back to": self._button(
                    "restart_alt", lambda: self._reload(number), f"reload-{i}"
                ),
                "Drop": self._button("close", lambda: self._drop(number), f"drop-{i}"),
            }
        buttons["Baseline:"].props(f"aria-pressed={'true' if pinned else 'false'}")

        def tell(name: str) -> None:
            _entitle(field, name)
            for words, button in buttons.items():
                button._props["aria-label"] = f"{words} {name}"
                button.update()

        tell(run.name)
        field.on_value_change(lambda event: tell(self._rename(number, event.value or "")))

    def _button(self, icon: str, done: Any, name: str) -> ui.button:
        made = ui.button(icon=icon, color=None, on_click=done)
        return made.props(f"flat round dense size=sm id={name}-run")

    def _run_of(self, number: int) -> Kept | None:
        """The run of that number, if it is kept."""
        return next((run for run in self.session.kept if run.number == number), None)

    # --- what a person does ---------------------------------------------------------------------

    def _keep(self) -> None:
        try:
            self.session.keep()
        except ValueError as error:
            self.page.say(str(error))
        else:
            self._again()

    def _pin(self, number: int) -> None:
        self._pinned = 0 if self._pinned == number else number
        self._again()

    def _drop(self, number: int) -> None:
        self.session.kept = [run for run in self.session.kept if run.number != number]
        self.page.banner.hide(FULL)
        self._again()

    def _rename(self, number: int, given: str) -> str:
        """The name that the run then has: an empty one leaves it as it is."""
        run = self._run_of(number)
        if run is None:
            return given
        name = " ".join(given.split())[:40] or run.name
        self.session.kept = [
            replace(each, name=name) if each is run else each for each in self.session.kept
        ]
        self.page.refresh()  # the curves have names at their ends
        return name

    async def _reload(self, number: int) -> None:
        """Begin the same experiment, and go to where it was: its numbers come once more."""
        run = self._run_of(number)
        if run is None:
            return
        if run.model != self.session.settings.get("model", ""):
            self.page.say("it went on from a model that is not open now: open that first")
            return
        theta = self.session.shelf.start(run.start) if run.start else None
        if run.start and theta is None:
            self.page.say("the weights that it began at are no longer here")
        elif await self.page.begin(run.experiment, theta=theta, edits=run.waypoint.edits):
            await self.page.away(self.session.run.go_to, run.waypoint)
            self.page.keep_address()

    def _again(self) -> None:
        self._shown = None
        self.page.refresh()


def _say(labels: Sequence[ui.label], texts: Sequence[str]) -> None:
    """Write the texts of a row; what has no room for its own has it as a title."""
    for label, text in zip(labels, texts, strict=True):
        label.text = text
    _entitle(labels[0], texts[0])


def _entitle(element: ui.element, title: str) -> None:
    element._props["title"] = title
    element.update()


def _told(run: Kept, differing: Sequence[str]) -> str:
    """What a run has of its own: settings, weights set by hand, steps beyond its last epoch."""
    told = [settings_of(run.experiment, differing)]
    if run.waypoint.edits:
        told.append("weights set by hand")
    if run.number and run.waypoint.step:
        told.append(f"{run.waypoint.step} steps on")
    return ", ".join(filter(None, told)) or "–"


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
        if baseline is not None and baseline.number != run.number:
            other = getattr(baseline, name)[-1]
            text += f"\n{value - other:+.2g}" if np.isfinite(other) else ""
        return text.replace("-", "−")

    return count(run.epochs[-1]), last("loss"), last("test_loss"), last("test_score")
