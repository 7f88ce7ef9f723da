"""Test vectors are inputs with the outputs they gave: a loaded network must give them again.

Test rows are the same for a model of tables, or of any inputs that it prepares: rows as `predict`
takes them, with the answers they gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

TOLERANCE = {"float32": 1e-4, "float64": 1e-6}
"""How far answers may be off, in parts of their size. Engines add up in different orders, which is
some 1e-15 in float64, 1e-6 in float32, more where much cancels; another model is off by more."""


def make_vectors(layout: Layout, theta: Array) -> dict[str, list[list[float]]]:
    """A few rows of inputs, always the same, and the outputs of the network at theta (P,)."""
    inputs = np.random.default_rng(0).normal(size=(ROWS, layout.architecture.n_inputs)).round(3)
    return {"inputs": inputs.tolist(), "outputs": _outputs(layout, theta, inputs).tolist()}


def refuse_other_outputs(layout: Layout, theta: Array, vectors: Mapping[str, Any]) -> None:
    """Raise ValueError if the network does not give the outputs that it gave when it was saved."""
    try:
        inputs, saved = (_matrix(vectors[name]) for name in ("inputs", "outputs"))
        found = _outputs(layout, theta, inputs)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the model file's test vectors are damaged: {error}") from error
    if found.shape != saved.shape or not np.allclose(found, saved, rtol=1e-6, atol=1e-9):
        raise ValueError("the model file is damaged: its test vectors do not come out as saved")


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
    try:
        given, expected = fields.mapping(saved)["rows"], _matrix(saved["answers"])
        columns = list(given.values()) if isinstance(given, dict) else [fields.sequence(given)]
        for column in columns:
            fields.sequence(column, len(expected))
        found = _plain(answers(given))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"the model file's test rows are damaged: {error}") from error
    tolerance = TOLERANCE[np.dtype(dtype).name]
    usual = float(np.median(np.abs(expected))) if expected.size else 0.0
    if found.shape != expected.shape or not np.allclose(
        found, expected, rtol=tolerance, atol=tolerance * usual
    ):
        raise ValueError("the model file is damaged: its test rows do not come out as saved")


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
