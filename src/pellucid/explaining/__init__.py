"""To explain a model is to follow one row through it: columns, network, loss, update and answer."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from pellucid.columns import listed
from pellucid.counts import refuse_unless_count
from pellucid.explaining.answer import answer_section
from pellucid.explaining.inputs import inputs_section
from pellucid.explaining.names import output_names
from pellucid.explaining.target import target_section
from pellucid.explaining.verdict import with_verdict
from pellucid.explanation.choosing import LIMITS, Limits
from pellucid.explanation.form import Explanation
from pellucid.explanation.step import LEARNING_RATE, step_of
from pellucid.sparse import dense
from pellucid.subject import Subject, subject_of
from pellucid.subject.base import polars_of
from pellucid.subject.tables import table_of, typed

__all__ = ["explain"]


def explain(
    model: Any,
    x: Any,
    y: Any = None,
    learning_rate: float | None = LEARNING_RATE,
    digits: int = 4,
    terms: int | None = LIMITS.terms,
    units: int | None = LIMITS.units,
    network: int = 1,
    backward: bool = True,
) -> Explanation:
    """One row through a fitted model, each number written out with where it comes from.

    With a target the loss follows, how the error goes back through the layers, each gradient, and
    the update of each weight by plain gradient descent.

    Parameters
    ----------
    model : a fitted model of any kind, or the path of a model file.
    x : one row, as the model's `predict` takes it, or its values in a list or a dict.
    y : its target: a class or a number, in the target's own unit.
    learning_rate : of the update; None leaves it out.
    digits : significant digits to print.
    terms : of a sum to show at the most, the sum of the rest being one of them; None shows all.
    units : of a layer to show at the most, and numbers of an array, the line that counts the rest
        being one of them; None shows all.
    network : of a bag, which network, counted from 1.
    backward : whether the way back is written if there is a target; if not, one line says how the
        answer compares with it.

    Returns
    -------
    Explanation
        Print it; `to_markdown`, `to_html` and `to_dict` give its other forms.

    Raises
    ------
    TypeError, ValueError
        If the model cannot be looked into, x is not one row of its columns, or y not a target.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 1], output_activation="sigmoid", bias=False)
    >>> network.weights = [[[0.2], [-0.3]]]
    >>> print(explain(network, [2, 1], 1))
    Network 2 -> 1 sigmoid (no bias), binary_cross_entropy
    <BLANKLINE>
    layer1: z = x W,  a = sigmoid(z)
      z1 = (2 * 0.2) + (1 * -0.3) = 0.1
      a1 = sigmoid(0.1) = 0.525
    <BLANKLINE>
    answer
      p("0") = 1 - a1 = 1 - 0.525 = 0.475
      p("1") = a1 = 0.525
      y = "1", with 52.5 %
    <BLANKLINE>
    loss: binary_cross_entropy: loss = -(sum of y * log(a) + (1 - y) * log(1 - a))
      loss = -log(a1) = -log(0.525) = 0.6444
    <BLANKLINE>
    layer1, backward: dz = a - y,  dW = x^T dz
      dz1 = a1 - y1 = 0.525 - 1 = -0.475
      dlayer1.W[1,1] = x1 * dz1 = 2 * -0.475 = -0.95
      dlayer1.W[2,1] = x2 * dz1 = 1 * -0.475 = -0.475
    <BLANKLINE>
    update by gradient descent, rate 0.1: new = old - rate * gradient
      new layer1.W[1,1] = 0.2 - 0.1 * -0.95 = 0.295
      new layer1.W[2,1] = -0.3 - 0.1 * -0.475 = -0.2525
    """
    subject = subject_of(model)
    refuse_unless_count("digits", digits)
    _refuse_unless_rate(learning_rate)
    of, limits = _network(subject, network), Limits.of(terms, units)
    if isinstance(x, str):
        raise TypeError(f"x is {x!r}: expected one row, its values in a list or a dict")
    x = _as_table(x, subject) if subject.takes_tables else x
    encoded = subject.encode(x)
    if len(encoded) != 1:
        raise ValueError(f"explain takes one row, not {len(encoded)}: pick one, such as X[:1]")
    if isinstance(of.theta, np.ndarray):  # in the type that the model reckons in
        encoded = encoded.astype(of.theta.dtype)
    row = dense(of._inputs(encoded))
    asked = None if y is None else _asked(subject, of, encoded, y)
    verdict = asked is not None and not backward
    theta, names = of._theta_like(row), output_names(subject)
    step = step_of(
        of.objective, theta, row, asked if backward else None, learning_rate, limits, names
    )
    sections = [*inputs_section(subject, x, step, limits)]
    at = len(sections) + len(of.architecture.layers)
    sections += step.sections
    answer = answer_section(subject, x, step, network, limits, digits)
    if verdict:
        answer = with_verdict(answer, subject, x, y, asked, digits)
    target = target_section(subject, y, step) if asked is not None and backward else []
    sections[at:at] = [*answer, *target]
    return Explanation(_title(subject, network), tuple(sections), digits)


def _refuse_unless_rate(rate: Any) -> None:
    if rate is None:
        return
    if not isinstance(rate, Real) or not 0.0 <= float(rate) < float("inf"):
        raise ValueError(f"learning_rate is {rate!r}: expected a finite number from 0 on, or None")


def _asked(subject: Subject, of: Any, encoded: Any, y: Any) -> Any:
    """(1, n_outputs) what is asked of the network for y."""
    with np.errstate(over="ignore"):
        asked = subject.encode_targets(_one_target(subject, y))
        finite = np.isfinite(np.asarray(asked).astype(encoded.dtype)).all()
    if not finite:
        raise ValueError(
            f"the target is {y!r}: expected finite numbers, no larger than the network's "
            f"{encoded.dtype} can hold"
        )
    return of.samples(encoded, asked)[1]


def _title(subject: Subject, network: int) -> str:
    net = subject.networks[network - 1]
    many = len(subject.networks)
    which = f", network {network} of {many}" if many > 1 else ""
    return f"{subject.kind} {net.architecture}, {net.loss.name}{which}"


def _network(subject: Subject, number: int) -> Any:
    refuse_unless_count("network", number)
    if not 1 <= number <= len(subject.networks):
        many = len(subject.networks)
        has = "one network" if many == 1 else f"networks 1 to {many}"
        raise ValueError(f"network is {number}: the model has {has}")
    return subject.networks[number - 1]


def _as_table(x: Any, subject: Subject) -> Any:
    """A row as a table whose columns have names: its values may be in a list."""
    if isinstance(x, Mapping) or hasattr(x, "columns"):
        return polars_of(x)
    rows = np.asarray(x, dtype=object)
    if rows.ndim == 2 and len(rows) == 1:
        rows = rows[0]
    if rows.shape != (len(subject.columns),):
        raise ValueError(
            f"the row has shape {rows.shape} and the model takes {len(subject.columns)} columns: "
            f"{listed(subject.columns)}"
        )
    missing = [c for c, value in zip(subject.taken, rows.tolist(), strict=True) if value is None]
    empty = typed({column.name: [None] for column in missing}, missing)
    return table_of(rows, subject.columns).with_columns(empty.get_columns())


def _one_target(subject: Subject, y: Any) -> Any:
    """y (1,), a class by its label or by that as text; or as it is, if it is several numbers."""
    if np.ndim(y) == 1 and len(y) == 1:
        y = y[0]
    if np.ndim(y):
        return np.atleast_2d(np.asarray(y)) if np.ndim(y) == 1 else y
    if subject.classes is None:
        try:
            value = float(y)
        except (TypeError, ValueError):
            raise ValueError(f"the target is {y!r}: expected a number") from None
        if not np.isfinite(value):
            raise ValueError(f"the target is {y!r}: expected a finite number")
        return np.array([value])
    if not subject.exclusive:
        raise ValueError(f"the target is {y!r}: this model takes one for each of several")
    for label in subject.classes:
        if label == y or str(label) == str(y):
            return np.array([label])
    if subject.kind == "Network" and subject.network.architecture.n_outputs == 1:
        return np.array([float(y)])  # a probability
    raise ValueError(f"the target is {y!r}: expected one of {listed(subject.classes)}")
