"""To open is to make of whatever a person names what a studio's first page begins with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pellucid import datasets
from pellucid.studios.shelf import Shelf
from pellucid.tables import Table, read_table


def opened(what: Any, shelf: Shelf) -> str:
    """The query of the page's address.

    Parameters
    ----------
    what : a built-in set by name, the path of a file of data, a frame, or None.
    shelf : where a table is put.

    Raises
    ------
    ValueError, FileNotFoundError
        If there is no such thing, or it cannot be read.

    Examples
    --------
    >>> opened("circles", Shelf()), opened(None, Shelf())
    ('data=circles', '')
    """
    if what is None:
        return ""
    if isinstance(what, str) and what in datasets.DATASETS:
        return urlencode({"data": what})
    if isinstance(what, str | os.PathLike):
        return urlencode({"data": shelf.put(read_table(what), Path(what).name)})
    return urlencode({"data": shelf.put(_table(what))})


def _table(frame: Any) -> Table:
    """A frame of any library's."""
    import narwhals as nw

    try:
        return Table(nw.from_native(frame, eager_only=True).to_polars())
    except TypeError:
        raise TypeError(
            f"{type(frame).__name__} cannot be opened: expected the name of a built-in set, a "
            "path, or a frame"
        ) from None
