"""Test vectors are inputs with the outputs they gave: a loaded network must give them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.arrays import Array, to_numpy
from pellucid.layout import Layout
from pellucid.network import forward

ROWS = 2


def make_vectors(layout: Layout, theta: Array) -> dict[str, list[list[float]]]:
    """A few rows of inputs, always the same, and the outputs of the network at theta (P,)."""
    inputs = np.random.default_rng(0).normal(size=(ROWS, layout.architecture.n_inputs)).round(3)
    return {"inputs": inputs.tolist(), "outputs": _outputs(layout, theta, inputs).tolist()}


def refuse_other_outputs(layout: Layout, theta: Array, vectors: Mapping[str, Any]) -> None:
    """Raise ValueError if the network does not give the outputs that it gave when it was saved."""
    try:
        inputs, saved = (np.array(vectors[name], float) for name in ("inputs", "outputs"))
        found = _outputs(layout, theta, inputs)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the model file's test vectors are damaged: {error!r}") from error
    if found.shape != saved.shape or not np.allclose(found, saved, rtol=1e-6, atol=1e-9):
        raise ValueError("the model file is damaged: its test vectors do not come out as saved")


def _outputs(layout: Layout, theta: Array, inputs: np.ndarray) -> np.ndarray:
    """(n, n_outputs) in float64, whatever theta is kept in; what overflows is a large number."""
    with np.errstate(all="ignore"):
        theta = to_numpy(theta).astype(np.float64)
        return np.asarray(np.nan_to_num(forward(layout, theta, inputs).output))
