"""The doctor's panel shows what is wrong with the network as it trains, and what helps."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import polars as pl
from nicegui import ui

from pellucid.diagnosis import DISEASES, Diagnosis, Finding, doctor
from pellucid.history import History
from pellucid.studios.panels.panel import Panel
from pellucid.studios.view import View
from pellucid.tables import find_column

MOST_ROWS, MOST_CELLS = 2000, 200_000
"""Rows, and numbers in them, that are looked at, of training and of testing: the first ones."""

SHARE, LEAST = 0.1, 1.5
"""Of the time, while the network trains, that it looks; and seconds between two looks at least."""

OF_TRAINING = (
    "rate too high", "rate too low", "stopped short", "overfitting", "overtrained",
    "nothing learned", "underfitting",
)  # fmt: skip
"""What is said of a training, and not before there was any."""


@dataclass(frozen=True, eq=False)
class Visit:
    """What was found when.

    Parameters
    ----------
    view : that was looked at.
    diagnosis : what was found; None where it could not be looked for, which `failure` says.
    """

    view: View
    diagnosis: Diagnosis | None
    failure: str = ""


class Doctor(Panel):
    """Findings, as they appear. They are looked for in a thread of their own, when it is seen."""

    def build(self) -> None:
        """The verdict, and a place for findings."""
        self._lock = threading.Lock()
        self._busy = False
        self._visit: Visit | None = None
        self._next = 0.0  # not before this moment
        self._shown: Any = None
        self.verdict = ui.label("").classes("verdict").props("role=status id=verdict")
        self.findings = ui.element("div").classes("findings")
        self.note = ui.label("").classes("muted").props("id=doctor-note")

    def changed(self) -> None:
        """What was found was of another run."""
        with self._lock:
            self._visit, self._next = None, 0.0
        self._shown = None
        self.verdict.text = "Looking …"
        self.findings.clear()
        self.note.text = ""

    def measure(self, view: View) -> Any:
        """The newest visit; begins another where that is due."""
        with self._lock:
            visit = self._visit if self._visit and self._visit.view.run is view.run else None
            calm = view.standing.playing and perf_counter() < self._next
            seen = visit is not None and _same(visit.view, view)
            if not (self._busy or calm or seen):
                self._busy = True
                threading.Thread(target=self._look, args=(view,), name="doctor").start()
        return visit

    def _look(self, view: View) -> None:
        began = perf_counter()
        try:
            visit = Visit(view, _examined(view))
        except Exception as error:  # one that cannot be looked at is told of, and no more
            visit = Visit(view, None, str(error) or type(error).__name__)
        took = perf_counter() - began
        with self._lock:
            self._busy, self._visit = False, visit
            self._next = perf_counter() + max(LEAST, took / SHARE)
        self.page.refresh()

    def show(self, visit: Visit) -> None:
        """Findings as cards; made anew only where they are others."""
        diagnosis, epoch = visit.diagnosis, visit.view.epoch
        if diagnosis is None:
            self.verdict.text = "The doctor cannot tell."
            self.note.text = visit.failure
            self.findings.clear()
            self._shown = None
            return
        findings = _told(diagnosis, epoch)
        self.verdict.text = _verdict(findings, diagnosis, epoch)
        self.verdict.classes(**{"remove" if findings else "add": "well"})
        rows, test = diagnosis.rows, diagnosis.test_rows
        self.note.text = f"Looked at in epoch {epoch}, on {rows} training rows" + (
            f" and {test} test rows." if test else "; there are no test rows."
        )
        if findings == self._shown:
            return
        self._shown = findings
        self.findings.clear()
        with self.findings:
            for finding in findings:
                _card(finding)


def _same(one: View, other: View) -> bool:
    return one.theta is other.theta and one.epoch == other.epoch


def _examined(view: View) -> Diagnosis:
    """What is wrong with the network that is shown, with the curve up to its epoch."""
    network = view.network
    network.history = History(loss=view.run.history.loss[: view.epoch])
    m, e = view.material, view.experiment
    predictor = m.predictor(network)
    predictor.about = {"training": {"settings": dict(e.recipe().settings)}}
    most = max(min(MOST_ROWS, MOST_CELLS // max(m.X.shape[1], 1)), 10)

    def samples(frame: pl.DataFrame) -> tuple[Any, Any]:
        some = frame.head(most)
        return some.drop(m.target_name), find_column(some, m.target_name)

    X, y = samples(m.trained)
    X_test, y_test = samples(m.tested) if m.tested.height else (None, None)
    return doctor(
        predictor, X, y, X_test, y_test, learning_rate=e.learning_rate, solver=e.solver,
        seed=e.seed, words="page",
    )  # fmt: skip


def _told(diagnosis: Diagnosis, epoch: int) -> tuple[Finding, ...]:
    """The findings; before the first epoch, none on the course that training has not had yet."""
    if epoch:
        return diagnosis.findings
    return tuple(f for f in diagnosis.findings if f.name not in OF_TRAINING)


def _verdict(findings: tuple[Finding, ...], diagnosis: Diagnosis, epoch: int) -> str:
    if findings:
        several = "s" if len(findings) > 1 else ""
        return f"{len(findings)} finding{several}"
    looked = len(diagnosis.examined)
    if not epoch:
        return "Nothing is wrong with the start. Play, and the doctor goes on looking."
    return f"Nothing is wrong, of {looked} things looked for."


def _card(finding: Finding) -> None:
    with ui.element("article").classes(f"finding {finding.severity}"):
        with ui.element("h3"):
            ui.label(finding.name.capitalize())
            ui.label(finding.severity).classes("severity")
        ui.label(f"{finding.message[:1].upper()}{finding.message[1:]}.")
        disease = DISEASES[finding.name]
        ui.label(f"{disease.why[:1].upper()}{disease.why[1:]}.").classes("muted")
        with ui.element("div").classes("cure"):
            ui.label("Cure")
            ui.label(finding.cure)
