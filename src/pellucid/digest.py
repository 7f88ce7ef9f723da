"""A digest is a short text that is another one as soon as a bit of a file is another.

It is against damage, not against forgers: whoever changes a file can write its digest anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = {
    "float32": "F32", "float64": "F64", "int64": "I64", "uint64": "U64", "uint32": "U32",
    "uint8": "U8",
}  # fmt: skip
"""What safetensors calls the types of NumPy's that files hold."""


def digest_of(header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    """BLAKE2b, 32 bytes in hex, of a header without its `digest`, and of tensors by name.

    Parameters
    ----------
    header : plain data as it is read from JSON.
    tensors : by name.

    Examples
    --------
    >>> import numpy as np
    >>> digest_of({"alpha": 0.0}, {"theta": np.zeros(3)})[:16]
    '81026420d95cadbf'
    >>> digest_of({"alpha": 0.0}, {"theta": -np.zeros(3)})[:16]
    '2b03a390cab8be4c'
    """
    entries = {name: value for name, value in header.items() if name != "digest"}
    state = blake2b(json.dumps(entries, sort_keys=True).encode(), digest_size=32)
    for name, array in sorted(tensors.items()):
        kind = KINDS.get(array.dtype.name, array.dtype.name)
        state.update(json.dumps([name, kind, list(array.shape)]).encode())
        state.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return state.hexdigest()
