"""An examination looks for every disease in one case, and says what it found."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.diagnosis.case import CALLS, Case, NotMeasured, part_of
from pellucid.diagnosis.diseases import DISEASES, FIRST
from pellucid.diagnosis.finding import Diagnosis, Finding
from pellucid.diagnosis.trained import trained_of
from pellucid.optimizers import Optimizer
from pellucid.registry import near
from pellucid.subject import subject_of

ORDER = ("error", "warning")


def doctor(
    model: Any,
    X: Any,
    y: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    learning_rate: float | None = None,
    solver: str | Optimizer | None = None,
    seed: int = 0,
    words: str = "",
) -> Diagnosis:
    """What is wrong with a fitted model, and what to change.

    Each finding has what was measured, the limit it is held against, and a cure; `docs/doctor.md`
    lists them all. The model is looked at and never changed.

    Parameters
    ----------
    model : any fitted model of pellucid's, or the path of a model file.
    X, y : the rows that it was trained on, as it takes them.
    X_test, y_test : rows that it was not trained on; what needs them is not looked for without.
    learning_rate, solver : that it was trained with, as `Network.train` takes them; by default what
        the model remembers. Where it does not remember its solver, as in older files, what is said
        of the rate must hold for adam and for sgd.
    seed : of the rows and weights that are drawn to measure on.
    words : how cures say what to change: "network", "estimator", "command" or "page", the studio's;
        by default as this kind of model is told.

    Returns
    -------
    Diagnosis
        Its `findings`, and `healthy` if there are none.

    Raises
    ------
    TypeError, ValueError
        If it is no fitted model, or the rows are not such as it takes.

    Examples
    --------
    A sigmoid gives numbers from 0 to 1, and these sums go up to 2:

    >>> from pellucid import Network, datasets
    >>> sums = datasets.load("sums", n=200)
    >>> network = Network([2, 8, 1], "tanh", "sigmoid", "squared_error", seed=0)
    >>> history = network.train(sums.X, sums.y, epochs=60, learning_rate=0.01)
    >>> diagnosis = doctor(network, sums.X, sums.y)
    >>> diagnosis.healthy, diagnosis.findings[0].name, diagnosis.findings[0].cure
    (False, 'unreachable targets', "output_activation='identity', or scale the targets into ...
    """
    subject = subject_of(model)
    if words and words not in CALLS:
        raise ValueError(f"words is {words!r}: {near(words, CALLS)}")
    if (X_test is None) != (y_test is None):
        there, missing = ("X_test", "y_test") if y_test is None else ("y_test", "X_test")
        raise ValueError(f"{there} was given without {missing}: give both, or neither")
    rows = part_of(subject, X, y)
    test = None if X_test is None else part_of(subject, X_test, y_test)
    case = Case(subject, rows, test, trained_of(subject, len(rows.X), learning_rate, solver), seed,
                words)  # fmt: skip
    findings: list[Finding] = []
    examined: list[str] = []
    skipped: dict[str, str] = {}
    for name, disease in DISEASES.items():
        if name != FIRST and not case.is_finite:
            skipped[name] = "no answer of the network is a number"
            continue
        explained = [cause for cause in disease.unless if cause in case.found]
        if explained:
            skipped[name] = f"{explained[0]} would explain it"
            continue
        try:
            with warnings.catch_warnings(), np.errstate(over="ignore"):
                warnings.simplefilter("ignore")
                signs = list(disease.look(case, disease.limit))
        except NotMeasured as why:
            skipped[name] = str(why)
            continue
        examined.append(name)
        case.found |= {name} if signs else set()
        findings += [
            Finding(name, disease.severity, s.where, s.message, s.measured, disease.limit, s.cure)
            for s in signs
        ]
    if "nothing learned" in case.found:  # a rate that keeps it from learning is no mere warning
        findings = [replace(f, severity="error") if f.name == "rate too high" else f
                    for f in findings]  # fmt: skip
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    several = f"{len(subject.networks)} networks of " if len(subject.networks) > 1 else ""
    called = f"{subject.kind} ({several}{case.network.architecture})"
    n_test = 0 if test is None else len(test.X)
    return Diagnosis(tuple(findings), called, len(rows.X), n_test, tuple(examined), skipped)
