"""An array holds the numbers: NumPy's, or any library's that follows the Array API standard."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""An array of any library that follows the Array API standard; shapes stand in the comments."""


def namespace(array: Array) -> Any:
    """The module whose functions work on `array`: `numpy`, or that of another array library.

    PyTorch and CuPy arrays do not carry the standard themselves; array-api-compat
    (`pip install "pellucid[arrays]"`) speaks it for them and is loaded only then.

    Examples
    --------
    >>> namespace(np.zeros(3)).__name__
    'numpy'
    """
    if isinstance(array, np.ndarray | np.generic):
        return np
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    import array_api_compat

    return array_api_compat.array_namespace(array)
