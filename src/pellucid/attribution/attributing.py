"""Attributing goes from a row's encoded inputs to its columns: slopes, and integrals of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.attribution.answer import Answer, Floats, Places, Reading
from pellucid.attribution.baselines import given_baseline, usual_baseline
from pellucid.attribution.columns import held, own_slopes, summed
from pellucid.attribution.path import integrate
from pellucid.attribution.result import Attribution
from pellucid.registry import near
from pellucid.subject import Subject, subject_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS = ("integrated_gradients", "gradient_x_input", "gradient")
PROBABILITY, SCORE, NUMBER = "probability", "score", "number"


def attribute(
    model: Any,
    X: Any,
    method: str = "integrated_gradients",
    baseline: Any = None,
    output: Any = None,
    of: str = PROBABILITY,
) -> Attribution:
    """Share out one answer for each row among the columns of the table.

    "integrated_gradients" adds up the slope of the answer on the straight line from a baseline to
    the row, in the space of the networks' inputs (Sundararajan, Taly and Yan, Axiomatic attribution
    for deep networks, 2017). What the columns did then adds up to the answer less the baseline's,
    to 1e-6 of it or of 1, whichever is larger. "gradient_x_input" takes the slope at the row alone,
    times how far the row is from the baseline. "gradient" is that slope itself, in the answer's
    unit by the column's own; a category has none, and gets that of the inputs it sets.

    The levels of a category are summed, and so are a number, its mark for missing values and the
    cells of its range, the parts of a date. Of a bag it is the mean over its networks. All of it
    is reckoned in float64, in less than a second a row for most models.

    Parameters
    ----------
    model : any fitted model of pellucid's, or the path of a model file.
    X : rows, as the model's `predict` takes them; one flat row is taken too.
    method : one of those three.
    baseline : one row to compare with, or as many as X has. By default each number is what stands
        in for a missing one, the median of training; where the model knows none, 0 as the network
        gets it, which after standard scaling is the mean; of columns as they are it may be far from
        any row, and one of your own tells more. Each category is one that training did not have.
    output : the label of the class to explain, or the place of a number from 0. By default it is
        the class that is predicted for each row, and the only number.
    of : "probability" of that class, or its "score", the sum z that the last layer activates, of
        which probabilities near 0 and 1 do not squash the differences. Numbers are what they are,
        in the target's own unit.

    Raises
    ------
    TypeError, ValueError
        If the model is none, X does not fit it, or an option is none of these.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 4, 3], "tanh", "softmax", seed=0)
    >>> found = attribute(network, [[1.0, 2.0], [0.5, -1.0]], output=2)
    >>> found.values.shape, bool(abs(found.gaps).max() < 1e-6)
    ((2, 2), True)
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}: {near(method, METHODS)}")
    if of not in (PROBABILITY, SCORE):
        raise ValueError(f"of is {of!r}: expected 'probability' or 'score'")
    subject = subject_of(model)
    x = _finite(subject, subject.encode(X), "X")
    x0, words = _baseline(subject, baseline, len(x))
    which, explained = _chosen(subject, X, output, len(x))
    reading = Reading.of(subject, score=of == SCORE)
    answers = [Answer(network.layout, network.theta, reading) for network in subject.networks]
    parts = []
    for answer in answers:
        if method == "integrated_gradients":
            parts.append(integrate(answer, x0, x, which))
        else:
            slope = answer.to_inputs(answer.values_and_gradients(answer.first(x), which)[1])
            parts.append(slope * (own_slopes(subject, x) if method == "gradient" else x - x0))
    kind = of if subject.classes is not None else NUMBER
    return Attribution(
        method, kind, subject.columns, summed(subject, np.mean(parts, axis=0)), held(subject, X),
        explained, _mean(answers, x, which), _mean(answers, x0, which), words, x0,
        _unit(kind, method),
    )  # fmt: skip


def _mean(answers: Sequence[Answer], x: Floats, which: Places) -> Floats:
    """The model's answer (n,): the mean of its networks'."""
    of_each = [answer.values(answer.first(x), which) for answer in answers]
    mean: Floats = np.mean(of_each, axis=0)
    return mean


def _finite(subject: Subject, x: Floats, name: str) -> Floats:
    """Inputs (n, n_inputs), if none is NaN or infinite."""
    for row, i in np.argwhere(~np.isfinite(x))[:1]:
        column = subject.columns[subject.inputs[i].column]
        raise ValueError(
            f"{name} holds {x[row, i]} in row {row + 1}, column {column!r}: expected finite numbers"
        )
    return x


def _baseline(subject: Subject, baseline: Any, n: int) -> tuple[Floats, str]:
    if baseline is None:
        x0, words = usual_baseline(subject)
    else:
        x0, words = _finite(subject, given_baseline(subject, baseline, n), "baseline"), "as given"
    return np.broadcast_to(x0, (n, x0.shape[1])), words


def _chosen(
    subject: Subject, X: Any, output: Any, n: int
) -> tuple[NDArray[np.intp], tuple[Any, ...]]:
    """The place (n,) of the answer of each row that is explained, and what it is called."""
    if subject.classes is None:
        k = subject.answers_of([np.zeros((1, subject.network.architecture.n_outputs))]).size
        if output is None and k > 1:
            raise ValueError(
                f"the model predicts {k} numbers: say which to explain, output=0 to {k - 1}"
            )
        place = _place(output or 0, k)
        name = subject.target_name if k == 1 else f"{subject.target_name}{place + 1}"
        return np.full(n, place), (name,) * n
    if output is None:
        which = subject.answers(X).argmax(axis=1) if n else np.zeros(0, np.intp)
        return which, tuple(subject.classes[i] for i in which)
    same = [i for i, label in enumerate(subject.classes) if label == output]
    same = same or [i for i, label in enumerate(subject.classes) if str(label) == str(output)]
    if not same:
        from pellucid.columns import listed

        raise ValueError(
            f"output is {output!r}, which is no class: expected one of "
            f"{listed([str(label) for label in subject.classes])}"
        )
    return np.full(n, same[0]), (subject.classes[same[0]],) * n


def _place(output: Any, k: int) -> int:
    try:
        place = int(output)
    except (TypeError, ValueError):
        place = -1
    if not 0 <= place < k:
        expected = "0, the only number" if k == 1 else f"the place of a number, 0 to {k - 1}"
        raise ValueError(f"output is {output!r}: expected {expected}")
    return place


def _unit(kind: str, method: str) -> str:
    unit = "the target's own unit" if kind == NUMBER else kind
    return f"{unit}, by the column's own unit" if method == "gradient" else unit
