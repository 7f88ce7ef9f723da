"""Labels are what a model calls its classes; each has a place among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.columns import listed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def places_of(labels: ArrayLike, classes: Sequence[Any]) -> NDArray[np.intp]:
    """The place (n,) of each label among the classes; as text, if that is all that agrees.

    Examples
    --------
    >>> places_of(["1", "0"], [0, 1]).tolist()
    [1, 0]
    """
    known = {str(label): i for i, label in enumerate(classes)}
    known |= {label: i for i, label in enumerate(classes)}
    values = np.asarray(labels)
    if values.ndim == 2 and values.shape[1] == len(classes) > 1:
        one_hot: NDArray[np.intp] = values.argmax(axis=1)
        return one_hot
    given = values.ravel().tolist()
    found = [known.get(label, known.get(str(label))) for label in given]
    if None in found:
        unknown = given[found.index(None)]
        raise ValueError(f"y holds {unknown!r}: expected one of {listed(classes)}")
    return np.array(found, dtype=np.intp)
