"""A digest is a short text that is another one as soon as a bit of a model file is another.

It is against damage, not against forgers: whoever changes a file can write its digest anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pellucid.safetensors_file import DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray


def digest_of(header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    """BLAKE2b, 32 bytes in hex, of a header without its `digest`, and of tensors by name.

    Parameters
    ----------
    header : plain data as it is read from JSON.
    tensors : of float32 or float64.

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
        kind, dtype = next(k for k in DTYPES.items() if k[1] == array.dtype.newbyteorder("<"))
        state.update(json.dumps([name, kind, list(array.shape)]).encode())
        state.update(array.astype(dtype, copy=False).tobytes())
    return state.hexdigest()
