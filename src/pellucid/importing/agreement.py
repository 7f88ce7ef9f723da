"""Agreement is two models' answers to the same random rows, which must be the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.model import Network

ROWS = 256
TOLERANCE = 1e-6
"""The largest difference allowed, beside 1 or the largest answer if that is larger."""


def rows_for(n_inputs: int, dtype: Any, seed: int = 0) -> np.ndarray:
    """Rows (n, n_inputs) drawn from the normal distribution, always the same."""
    return np.random.default_rng(seed).normal(size=(ROWS, n_inputs)).astype(dtype)


def refuse_difference(
    found: np.ndarray, expected: np.ndarray, name: str, rounding: float = 0.0
) -> float:
    """The largest difference of two models' answers; ValueError if it is too large.

    Rounding is how far answers are off by themselves; two models may differ by a few times that.

    Examples
    --------
    >>> refuse_difference(np.array([1.0]), np.array([1.0]), "model.onnx")
    0.0
    """
    if found.shape != expected.shape or not np.isfinite(expected).all():
        raise ValueError(
            f"{name} gives answers of shape {expected.shape}, which must be finite, and the "
            f"network made from it {found.shape}"
        )
    difference = float(np.abs(found - expected).max(initial=0.0))
    at_most = TOLERANCE * max(1.0, float(np.abs(expected).max(initial=0.0)))
    at_most = max(at_most, 4 * rounding)
    if not difference <= at_most:
        raise ValueError(
            f"the network made from {name} is off by {difference:.2g}: at most {at_most:.2g} is "
            "allowed"
        )
    return difference


def check_onnx(data: bytes, network: Network, name: str, output: str | None = None) -> float:
    """The largest difference between a network and the ONNX file it was made from, run by itself.

    onnxruntime runs the nodes that lead to the output; for those that it lacks in the file's type
    of number, such as Mish in double precision, onnx's own reference evaluator does.

    Raises
    ------
    ValueError
        If they differ by more than 1e-6, and by more than float32 rounds off.
    """
    import onnxruntime
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator
    from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as Lacking

    from pellucid.importing.graph import read_graph
    from pellucid.importing.onnx_files import KNOWN

    graph = read_graph(data, name, output, KNOWN)
    kind = graph.model.graph.input[0].type.tensor_type.elem_type
    dtype = helper.tensor_dtype_to_np_dtype(kind or TensorProto.FLOAT)
    X = rows_for(network.architecture.n_inputs, dtype)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session: Any = onnxruntime.InferenceSession(
            graph.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Lacking:
        session = ReferenceEvaluator(graph.model)
    (expected,) = session.run([graph.output], {graph.input: X})
    found = np.asarray(network.predict(X))
    exact = np.asarray(Network.like(network, "float64").predict(X.astype(np.float64)))
    with np.errstate(all="ignore"):  # overflow, which is refused below
        rounding = float(np.abs(found - exact).max())
    rounding = rounding if np.isfinite(rounding) else 0.0
    return refuse_difference(found, np.asarray(expected), name, rounding)
