"""A door is one way in for every model made elsewhere: it looks at what comes, and sends it on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pellucid.importing.onnx_files import from_onnx
from pellucid.importing.skops_files import from_skops
from pellucid.importing.sources import read_source
from pellucid.importing.torch_modules import from_torch
from pellucid.model import Network

if TYPE_CHECKING:
    from pellucid.estimators import MLPClassifier, MLPRegressor

ZIP, PICKLE = b"PK\x03\x04", b"\x80"
CODE = "reading it would run code; open it with the program that made it, and give the model itself"


def import_model(source: Any, output: str | None = None) -> Network | MLPClassifier | MLPRegressor:
    """The model of pellucid's that a model made elsewhere is, with the same numbers.

    Parameters
    ----------
    source : a fitted MLPClassifier or MLPRegressor of scikit-learn's, a `torch.nn.Sequential`, or
        the path or bytes of an ONNX or skops file. What a file is its content tells, not its name.
    output : of an ONNX file, the tensor that is the network's answer; see `from_onnx`.

    Returns
    -------
    Network, MLPClassifier or MLPRegressor
        As `from_torch`, `from_onnx`, `from_sklearn` and `from_skops` give it.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        If it cannot be a model of pellucid's; the first part that does not fit is named.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    >>> theirs = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0).fit(X, y)
    >>> import_model(theirs).network_
    Network(1 -> 3 relu -> 1 identity, squared_error, 10 parameters)
      layer1  W (1, 3)  b (3,)       6
      layer2  W (3, 1)  b (1,)       4
    """
    if isinstance(source, str | os.PathLike | bytes | bytearray | memoryview):
        return _from_file(source, output)
    if output is not None:
        raise ValueError(f"output is {output!r}: only an ONNX file has tensors by name")
    modules = {kind.__module__.partition(".")[0] for kind in type(source).__mro__}
    if "torch" in modules:
        return from_torch(source)
    if "sklearn" in modules:
        from pellucid.estimators import from_sklearn

        return from_sklearn(source)
    raise TypeError(
        f"source is a {type(source).__name__}: expected an MLP estimator of scikit-learn's, a "
        "torch.nn.Sequential, or an ONNX or skops file"
    )


def _from_file(source: Any, output: str | None) -> Network | MLPClassifier | MLPRegressor:
    data, name = read_source(source)
    if is_skops(data):
        if b"/data.pkl" in data[:1000]:
            raise ValueError(f"{name} is a file of PyTorch's: {CODE}")
        if output is not None:
            raise ValueError(
                f"output is {output!r} and {name} is no ONNX file, but a zip like skops's"
            )
        return from_skops(source)
    if data.startswith(PICKLE):
        raise ValueError(f"{name} is a pickle: {CODE}")
    if data[8:10] == b'{"':
        raise ValueError(f"{name} is a safetensors file: pellucid.load opens a model of pellucid's")
    return from_onnx(source, output)


def is_skops(data: bytes) -> bool:
    """Whether a file of these bytes is a zip, as a skops file is.

    Examples
    --------
    >>> is_skops(b"PK" + bytes([3, 4, 0])), is_skops(b"onnx")
    (True, False)
    """
    return data.startswith(ZIP)
