"""The two sides of the comparison: the same call on both libraries, and all that came of it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from sklearn import datasets, neural_network

import pellucid

SKLEARN, PELLUCID = "scikit-learn", "pellucid"
LIBRARIES: dict[str, Any] = {SKLEARN: neural_network, PELLUCID: pellucid}


@dataclass
class Outcome:
    """What came of a call: a value or an error, warnings as (category, message), and prints."""

    value: Any
    error: BaseException | None
    warnings: list[tuple[str, str]]
    printed: str
    shown: str  # on stderr


def outcome(call: Callable[[], Any]) -> Outcome:
    """What comes of a call, nothing of it seen or heard outside."""
    value, error, out, err = None, None, io.StringIO(), io.StringIO()
    with warnings.catch_warnings(record=True) as heard, redirect_stdout(out), redirect_stderr(err):
        warnings.simplefilter("always")
        with np.errstate(all="ignore"):
            try:
                value = call()
            except Exception as caught:
                error = caught
    told = [(warning.category.__name__, str(warning.message)) for warning in heard]
    return Outcome(value, error, told, out.getvalue(), err.getvalue())


def on_both(call: Callable[[Any], Any]) -> tuple[Outcome, Outcome]:
    """What comes of a call that is handed a library: scikit-learn's side, pellucid's side."""
    theirs, ours = (outcome(partial(call, library)) for library in LIBRARIES.values())
    return theirs, ours


def fitted(call: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The values of such a call; an error is raised on."""
    both = on_both(call)
    for side in both:
        if side.error is not None:
            raise side.error
    return both[0].value, both[1].value


def fit(
    kind: str, settings: dict[str, Any], X: Any, y: Any, sample_weight: Any = None, times: int = 1
) -> Callable[[Any], Any]:
    """A call for `on_both`: the estimator of that kind, fitted, more than once if asked."""

    def call(library: Any) -> Any:
        model = getattr(library, kind)(**settings)
        for _ in range(times):
            model.fit(X, y, sample_weight=sample_weight)
        return model

    return call


@cache
def data(name: str) -> tuple[Any, Any]:
    """X (150, 6) and y: "two classes", "three classes", "labels", "numbers", "counts" and so on."""
    classes: dict[str, Any] = {"n_samples": 150, "n_features": 6, "random_state": 0}
    if name == "labels":
        X, y = datasets.make_multilabel_classification(**classes, n_classes=4)
        return X / 10, y
    if name.endswith("classes"):
        n_classes = {"two classes": 2, "three classes": 3}[name]
        return tuple(datasets.make_classification(**classes, n_informative=4, n_classes=n_classes))
    n_targets = {"three numbers": 3, "ten numbers": 10}.get(name, 1)
    X, y = datasets.make_regression(**classes, n_targets=n_targets, noise=5.0)
    y = y / y.std(axis=0)
    if name == "counts":
        y = np.random.RandomState(0).poisson(np.exp(y / 2))
    return X, y


@cache
def weights() -> Any:
    """Sample weights (150,) from 0.2 to 2."""
    return np.random.RandomState(1).uniform(0.2, 2.0, 150)


def shown(settings: dict[str, Any]) -> str:
    """Settings as they are written in a call.

    Examples
    --------
    >>> shown({"solver": "sgd", "momentum": 0.5})
    'solver="sgd", momentum=0.5'
    """
    return ", ".join(f"{k}={v!r}".replace("'", '"') for k, v in settings.items())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""A table in Markdown; bars in cells are escaped.

    Examples
    --------
    >>> print(table(["a", "b"], [["1", "x | y"]]))
    | a | b |
    |---|---|
    | 1 | x \| y |
    """
    lines = [header, *rows]
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"a row has {len(line)} cells, expected {len(header)}: {line}")
    body = [
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    ]
    return "\n".join([body[0], "|" + "---|" * len(header), *body[1:]])
