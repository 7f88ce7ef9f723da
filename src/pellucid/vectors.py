"""Test vectors are inputs with the outputs they gave: a loaded network must give them again.

Test rows are the same for a model of tables, or of any inputs that it prepares: rows as `predict`
takes them, with the answers they gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields
from pellucid.arrays import Array, to_numpy
from pellucid.layout import Layout
from pellucid.network import forward

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 2

MOST_ROWS = 100
"""More are refused: what a file asks to be computed is bounded too."""

OUTPUTS_TOLERANCE = 1e-6
"""How far outputs may be off, in parts of their size and 0.001."""

TOLERANCE = {"float32": 1e-4, "float64": 1e-6}
"""How far answers may be off, in parts of their size. Engines add up in different orders, which is
some 1e-15 in float64, 1e-6 in float32, more where much cancels; another model is off by more."""


class OtherAnswersError(ValueError):
    """A model file whose network, or model, gives other answers than when it was saved.

    Parameters
    ----------
    what : "test vectors" or "test rows".
    off : how far they are off, as `outputs_off` and `answers_off` say.
    """

    def __init__(self, what: str, off: float) -> None:
        super().__init__(f"the model file is damaged: its {what} do not come out as saved")
        self.what, self.off = what, off


def make_vectors(layout: Layout, theta: Array) -> dict[str, list[list[float]]]:
    """A few rows of inputs, always the same, and the outputs of the network at theta (P,)."""
    inputs = np.random.default_rng(0).normal(size=(ROWS, layout.architecture.n_inputs)).round(3)
    return {"inputs": inputs.tolist(), "outputs": _outputs(layout, theta, inputs).tolist()}


def refuse_other_outputs(layout: Layout, theta: Array, vectors: Mapping[str, Any]) -> None:
    """Raise ValueError if the network does not give the outputs that it gave when it was saved."""
    off = outputs_off(layout, theta, vectors)
    if not off <= OUTPUTS_TOLERANCE:
        raise OtherAnswersError("test vectors", off)


def outputs_off(layout: Layout, theta: Array, vectors: Mapping[str, Any]) -> float:
    """How far the outputs of a network are from those it gave, in parts of these and 0.001.

    Raises
    ------
    ValueError
        If there are none, or of another shape.
    """
    try:
        inputs, saved = (_matrix(vectors[name]) for name in ("inputs", "outputs"))
        found = _outputs(layout, theta, inputs)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the model file's test vectors are damaged: {error}") from error
    return _off(found, saved, 1e-3)


def make_rows(rows: Any, answers: Callable[[Any], NDArray[Any]]) -> dict[str, Any]:
    """Rows of input as plain data, and the answers (n, k) that they give."""
    return {"rows": rows, "answers": _plain(answers(rows)).tolist()}


def refuse_other_answers(
    saved: Any, answers: Callable[[Any], NDArray[Any]], dtype: Any = np.float64
) -> None:
    """Raise ValueError if rows do not give the answers that they gave when the model was saved.

    Parameters
    ----------
    saved : what `make_rows` gave.
    answers : what it was given.
    dtype : in which the model computes.
    """
    off = answers_off(saved, answers)
    if not off <= TOLERANCE[np.dtype(dtype).name]:
        raise OtherAnswersError("test rows", off)


def answers_off(saved: Any, answers: Callable[[Any], NDArray[Any]]) -> float:
    """How far the answers are from those that were saved, in parts of these and their median.

    Parameters
    ----------
    saved, answers : as `refuse_other_answers` takes them.

    Raises
    ------
    ValueError
        If there are no answers, or none can be given.
    """
    try:
        given, expected = fields.mapping(saved)["rows"], _matrix(saved["answers"])
        columns = list(given.values()) if isinstance(given, dict) else [fields.sequence(given)]
        for column in columns:
            fields.sequence(column, len(expected))
        found = _plain(answers(given))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"the model file's test rows are damaged: {error}") from error
    return _off(found, expected, float(np.median(np.abs(expected))) if expected.size else 0.0)


def _off(found: NDArray[Any], expected: NDArray[Any], usual: float) -> float:
    """The largest difference in parts of a number's size and the usual size; infinite if none."""
    if found.shape != expected.shape:
        return inf
    with np.errstate(all="ignore"):  # a file may say any numbers
        difference, size = np.abs(found - expected), np.abs(expected) + usual
        parts = np.divide(difference, size, out=np.zeros_like(size), where=size > 0.0)
    parts[(size == 0.0) & (difference > 0.0)] = inf
    return float(parts.max(initial=0.0))


def _matrix(rows: Any) -> NDArray[np.float64]:
    """A few rows of numbers (n, k), from lists."""
    if not 0 < len(fields.sequence(rows)) <= MOST_ROWS:
        raise ValueError(f"{len(rows)} rows: expected up to {MOST_ROWS}")
    k = len(fields.sequence(rows[0]))
    return np.array([fields.numbers(fields.sequence(row, k)) for row in rows], np.float64)


def _plain(answers: NDArray[Any]) -> NDArray[np.float64]:
    """Answers (n,) or (n, ...) as (n, k) numbers; what overflows is a large one."""
    numbers = np.asarray(answers, np.float64)
    return np.nan_to_num(numbers.reshape(len(numbers), -1))


def _outputs(layout: Layout, theta: Array, inputs: np.ndarray) -> np.ndarray:
    """(n, n_outputs) in float64, whatever theta is kept in; what overflows is a large number."""
    with np.errstate(all="ignore"):
        theta = to_numpy(theta).astype(np.float64)
        return np.asarray(np.nan_to_num(forward(layout, theta, inputs).output))
