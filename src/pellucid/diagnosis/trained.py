"""Trained is what is known of how a model was trained, wherever it is kept."""

from __future__ import annotations

from math import ceil
from typing import Any

from pellucid.diagnosis.case import Trained
from pellucid.history import History
from pellucid.optimizers import OPTIMIZERS, Optimizer, optimizer
from pellucid.settings import AUTO_BATCH
from pellucid.solvers import SOLVERS
from pellucid.subject import Subject

AUTO_ESTIMATOR_BATCH = 200
"""What batch_size "auto" means to an estimator."""

LIKELY = ("adam", "sgd")
"""Solvers for which something must hold, where it is not known which was used: in older files."""


def trained_of(
    subject: Subject, n_rows: int, learning_rate: float | None, solver: str | Optimizer | None
) -> Trained:
    """What a model remembers of its training, and what is said of it here.

    Parameters
    ----------
    n_rows : that it was trained on, held-out ones included.
    learning_rate, solver : what is said, which counts for more.
    """
    model = subject.model
    model = model[-1] if subject.kind == "Pipeline" else model
    if hasattr(model, "network_"):
        known = _of_estimator(model, n_rows)
    elif subject.kind == "Predictor":
        known = _of_predictor(model.about, subject.history)
    elif subject.kind == "Network":
        rates = [] if subject.history is None else subject.history.learning_rate
        rate = rates[0] if rates and rates[0] else None
        searched = bool(rates) and not rates[0]
        known = Trained(rate, () if searched else _solvers(subject.history), AUTO_BATCH)
    else:
        known = Trained()
    solvers = known.solvers if solver is None else _steps(solver)
    rate = learning_rate or known.learning_rate
    if rate is None and solver is not None and solvers:
        rate = optimizer(solver).learning_rate
    return Trained(rate, solvers, known.batch_size, known.early_stopping, known.validation_rows)


def _steps(solver: str | Optimizer) -> tuple[Any, ...]:
    """The solver, unless it is one without a rate."""
    return () if isinstance(solver, str) and solver in SOLVERS else (solver,)


def _solvers(history: History | None) -> tuple[Any, ...]:
    """The solver that a history tells of, or the likely ones."""
    name = "" if history is None else history.solver
    return (name,) if name in OPTIMIZERS else () if name in SOLVERS else LIKELY


def _of_estimator(model: Any, n_rows: int) -> Trained:
    from pellucid.estimators.hyperparameters import SEARCHING, solver_of

    size = model.batch_size
    if size == "auto" or not isinstance(size, int | str):
        size = AUTO_ESTIMATOR_BATCH
    held = ceil(model.validation_fraction * n_rows) if model.early_stopping else None
    solvers = () if model.solver in SEARCHING else (solver_of(model),)
    return Trained(model.learning_rate_init, solvers, size, model.early_stopping, held)


def _of_predictor(about: Any, history: History | None) -> Trained:
    """What `Predictor.fit` entered, which a model file may have in another form, or not at all."""
    training = about.get("training") if isinstance(about, dict) else None
    settings = training.get("settings") if isinstance(training, dict) else None
    if not isinstance(settings, dict):
        return Trained()
    early, size = bool(settings.get("early_stopping", False)), settings.get("batch_size")
    rows = about.get("rows")
    held = rows.get("validation") if isinstance(rows, dict) else None
    solvers = _solvers(history)
    rate = history.learning_rate[0] if history is not None and history.learning_rate else None
    if settings.get("solver") is not None:
        solvers = (settings["solver"],) if settings["solver"] in OPTIMIZERS else ()
        given = settings.get("learning_rate")
        if not rate and solvers:
            known = isinstance(given, int | float) and given > 0
            rate = given if known else optimizer(solvers[0]).learning_rate
    return Trained(
        rate or None,
        solvers,
        size if (isinstance(size, int) and size > 0) or size == "full" else AUTO_BATCH,
        early,
        held if isinstance(held, int) else None,
    )
