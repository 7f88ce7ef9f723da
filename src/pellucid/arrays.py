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


def array_like(values: Any, like: Array, dtype: Any = None) -> Array:
    """Values as an array of the library and on the device of `like`, in its dtype or another.

    Examples
    --------
    >>> array_like([1, 2], np.zeros(1, "float32")).dtype.name
    'float32'
    """
    if isinstance(like, np.ndarray | np.generic):
        return np.asarray(values, dtype or like.dtype)
    xp = namespace(like)
    return xp.asarray(to_numpy(values), dtype=dtype or like.dtype, device=like.device)


def like_given(values: np.ndarray, given: Array) -> Array:
    """NumPy values, in the library and on the device of `given` if they are numbers.

    Examples
    --------
    >>> like_given(np.array(["a"]), np.zeros(1)).tolist()
    ['a']
    """
    if isinstance(given, np.ndarray) or values.dtype.kind not in "biuf":
        return values
    return namespace(given).asarray(values, device=given.device)


def to_numpy(array: Array) -> np.ndarray:
    """The numbers as a NumPy array, fetched from wherever they are.

    Examples
    --------
    >>> to_numpy([1.5, 2.0])
    array([1.5, 2. ])
    """
    if isinstance(array, np.ndarray) or not hasattr(array, "device"):
        return np.asarray(array)
    if hasattr(array, "get"):  # CuPy's own way home
        return np.asarray(array.get())
    if hasattr(array, "cpu"):  # PyTorch's
        return np.asarray(array.detach().cpu())
    if hasattr(array, "to_device"):  # the standard's: to where NumPy can read it, as a rule
        home = namespace(array).__array_namespace_info__().default_device()
        return np.asarray(array if array.device == home else array.to_device(home))
    return np.asarray(array)
