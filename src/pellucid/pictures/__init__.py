"""A picture is what `pellucid plot` draws of a model: one row of a table for each kind there is."""

from pellucid.pictures.fit import numbers
from pellucid.pictures.kinds import (
    ANSWERS,
    NO_MODEL,
    NOTHING,
    PICTURES,
    ROWS,
    Picture,
    fitting,
    picture,
)
from pellucid.pictures.scene import Scene, length, taken

__all__ = [
    "ANSWERS",
    "NOTHING",
    "NO_MODEL",
    "PICTURES",
    "ROWS",
    "Picture",
    "Scene",
    "fitting",
    "length",
    "numbers",
    "picture",
    "taken",
]
