"""Checking a model is checking its file, then each engine against the reference, then gradients."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.engines import available
from pellucid.engines import engine as engine_named
from pellucid.engines.native import why_not
from pellucid.gradient_check import GradientCheck, check_gradient
from pellucid.model import Network
from pellucid.model_check.file_checks import FINITE, check_file, check_finite
from pellucid.model_check.result import FAILED, NONE, OK, Check, ModelCheck
from pellucid.subject import Subject, subject_of

ENGINES_ALLOWED = {"float32": 1e-5, "float64": 1e-12}
"""How far an engine may be from the reference, in parts of the largest number of each array,
or of 1."""

WHAT = ("outputs", "loss", "gradient")


def check(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    rows: int = 32,
    tolerance: float = 1e-5,
    seed: int = 0,
) -> ModelCheck:
    """Check all that can be proven of a model, and say what was measured.

    Of a file: that it can be read, its digest, the test vectors and test rows that it carries. Of
    any model: that its weights are finite; that each engine gives the reference's outputs, loss and
    gradient; and that the gradient of each layer is that of the loss, by central differences in
    float64 (see `check_gradient`). Of a bag each network is checked, and the worst told.

    Parameters
    ----------
    model : any fitted model of pellucid's, or the path of a model file.
    X, y : rows and their answers, as the model's `fit` takes them; by default random ones.
    rows : the most that are used, evenly spaced in X.
    tolerance : the relative difference that is taken for an error of the gradient.
    seed : of random rows, and of the directions in which parameters are moved.

    Returns
    -------
    A table; `passed` says whether nothing failed. A damaged file is told in it, and no error.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        If there is no such file, the model is none, or X and y do not fit it.

    Examples
    --------
    >>> result = check(Network([3, 4, 2], "tanh", "softmax", seed=0))
    >>> result.passed, result.checks[-1].name
    (True, 'gradient of layer2.b')
    """
    checks, subject = opened(model)
    if subject is None:
        checks += [
            Check.skipped(name, "there is no model") for name in (*_engine_names(), "gradient")
        ]
        return ModelCheck(os.fspath(model), tuple(checks))
    inputs, targets, on = _rows(subject, X, y, rows, seed)
    about = f"{subject.kind}, {_shape(subject)}, on {on}"
    if X is not None and y is None:
        checks.append(Check.skipped("answers", "the rows have none: random ones stand in"))
    if any(c.name == FINITE and c.verdict == FAILED for c in checks):
        names = [*_engine_names(), "gradient"]
        checks += [Check.skipped(name, "weights are not finite") for name in names]
        return ModelCheck(about, tuple(checks))
    checks += _engines(subject, inputs, targets)
    checks += _gradients(subject, inputs, targets, tolerance, seed)
    return ModelCheck(about, tuple(checks))


def opened(model: Any) -> tuple[list[Check], Subject | None]:
    """What is to be said of a model without any rows, and the model if there is one."""
    if isinstance(model, str | os.PathLike):
        return check_file(model)
    subject = subject_of(model)
    thetas = [to_numpy(network.theta) for network in subject.networks]
    return [check_finite({"theta": np.concatenate(thetas)})], subject


def _shape(subject: Subject) -> str:
    network, n = subject.network, len(subject.networks)
    several = f"{n} networks of " if n > 1 else ""
    return f"{several}{network.architecture}, {network.loss.name}"


def _rows(
    subject: Subject, X: Any, y: Any, rows: int, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Inputs (n, n_inputs) and targets (n, n_outputs), and what they are in words."""
    rng = np.random.default_rng(seed)
    if X is None:
        if y is not None:
            raise ValueError("y is given and X is not: give the rows whose answers these are")
        n = rows
        inputs = rng.normal(size=(n, len(subject.inputs)))
        return inputs, random_targets(subject.network, n, rng), f"{n} random rows"
    inputs = subject.encode(X)
    if not len(inputs):
        raise ValueError("X has no rows: give a few")
    some = np.unique(np.linspace(0, len(inputs) - 1, min(rows, len(inputs))).round().astype(int))
    said = f"{len(some)} rows" if len(some) == len(inputs) else f"{len(some)} of {len(inputs)} rows"
    if y is None:
        targets = random_targets(subject.network, len(some), rng)
        return inputs[some], targets, f"{said} with random answers"
    targets = subject.encode_targets(y)
    if len(targets) != len(inputs):
        raise ValueError(f"X has {len(inputs)} rows and y has {len(targets)}: expected as many")
    return inputs[some], targets[some], said


def random_targets(network: Network, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Random targets (rows, n_outputs) of the kind that the loss takes."""
    k = network.architecture.n_outputs
    if network.loss.normalised:
        return np.eye(k)[rng.integers(k, size=rows)]
    if network.loss.target_high == 1.0:
        return rng.integers(2, size=(rows, k)).astype(float)
    if network.loss.target_low == 0.0:
        return rng.poisson(2.0, size=(rows, k)).astype(float)
    return rng.normal(size=(rows, k))


def _engine_names() -> list[str]:
    return [f"{what}, {name}" for name in available() if name != "reference" for what in WHAT]


def _engines(subject: Subject, inputs: np.ndarray, targets: np.ndarray) -> list[Check]:
    """Outputs, loss and gradient of each engine against the reference's, of the worst network."""
    others = [name for name in available() if name != "reference"]
    if not others:
        return [Check.skipped("engines", "the reference is the only one here")]
    checks = []
    for name in others:
        why = why_not(subject.network.objective) if name == "native" else None
        if why:
            checks += [Check.skipped(f"{what}, {name}", why) for what in WHAT]
            continue
        found = np.array([_off(network, name, inputs, targets) for network in subject.networks])
        allowed = ENGINES_ALLOWED[to_numpy(subject.network.theta).dtype.name]
        for what, off in zip(WHAT, found.T, strict=True):
            worst = int(off.argmax())
            of = f"network {worst + 1}" if len(found) > 1 and not off[worst] <= allowed else ""
            checks.append(Check.of(f"{what}, {name}", float(off[worst]), allowed, of))
    return checks


def _off(
    network: Network, name: str, inputs: np.ndarray, targets: np.ndarray
) -> tuple[float, float, float]:
    """How far an engine's outputs, loss and gradient are from the reference's."""
    theta = to_numpy(network.theta)
    X, y, w = Network.like(network, dtype=theta.dtype.name).samples(inputs, targets)
    objective, layout = network.objective, network.layout
    mine, reference = engine_named(name), engine_named("reference")
    with np.errstate(all="ignore"):
        outputs = (e.forward(layout, theta, X) for e in (mine, reference))
        losses, gradients = zip(
            *(e.value_and_gradient(objective, theta, X, y, w) for e in (mine, reference)),
            strict=True,
        )
        return _relative(*outputs), _relative(*losses), _relative(*gradients)


def _relative(found: Any, expected: Any) -> float:
    """The largest difference in parts of the largest number, or of 1 if all are smaller."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    largest = float(np.abs(expected).max(initial=1.0))
    return float(np.abs(found - expected).max(initial=0.0)) / largest


def _gradients(
    subject: Subject, inputs: np.ndarray, targets: np.ndarray, tolerance: float, seed: int
) -> list[Check]:
    """The gradient of each segment of theta, of the worst network."""
    found = [
        check_gradient(network, inputs, targets, tolerance=tolerance, seed=seed)
        for network in subject.networks
    ]
    checks = [_gradient(found, i, tolerance) for i in range(len(found[0].segments))]
    if all(c.verdict == NONE for c in checks):
        checks.append(
            Check.failed("gradient", "it is zero everywhere: take other rows, or other weights")
        )
    return checks


def _gradient(found: Sequence[GradientCheck], i: int, tolerance: float) -> Check:
    """What is to be said of a segment: the worst that any network has."""
    order = {"WRONG": 2, "ok": 1, "zero": 0}
    segments = [one.segments[i] for one in found]
    at = max(range(len(segments)), key=lambda k: (order[segments[k].verdict], segments[k].error))
    segment = segments[at]
    name = f"gradient of {segment.name}"
    if segment.verdict == "zero":
        return Check.skipped(name, "it is zero")
    wrong = segment.verdict == "WRONG"
    of = f"network {at + 1}, " if len(found) > 1 else ""
    remark = f"{of}{segment.at}" if wrong else ""
    return Check(name, segment.error, tolerance, FAILED if wrong else OK, remark)
