"""To open is to make of whatever a person names what a studio's first page begins with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pellucid import datasets
from pellucid.registry import near
from pellucid.saving import load
from pellucid.studios.continuing import Opened
from pellucid.studios.given import is_model
from pellucid.studios.shelf import Shelf
from pellucid.tables import Table, read_table


def opened(what: Any, shelf: Shelf) -> str:
    """The query of the page's address.

    Parameters
    ----------
    what : a built-in set by name, the path of a file of data or of a model, a frame, a fitted
        model, or None.
    shelf : where a table or a model is put.

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
        path = Path(what)
        if path.is_file() and is_model(path.read_bytes()):
            return urlencode({"model": shelf.put_model(Opened.of(load(path), path.name))})
        if not path.exists() and isinstance(what, str) and not path.suffix:
            raise ValueError(
                f"there is no file {what!r} and no such built-in set: "
                f"{near(what, datasets.DATASETS)}"
            )
        return urlencode({"data": shelf.put(read_table(path), path.name)})
    if type(what).__module__.startswith("pellucid.") or type(what).__name__ == "Pipeline":
        return urlencode({"model": shelf.put_model(Opened.of(what, type(what).__name__))})
    return urlencode({"data": shelf.put(_table(what))})


def _table(frame: Any) -> Table:
    """A frame of any library's."""
    from pellucid.subject.base import polars_of

    try:
        return Table(polars_of(frame))
    except TypeError:
        raise TypeError(
            f"{type(frame).__name__} cannot be opened: expected the name of a built-in set, a "
            "path, a frame, or a fitted model"
        ) from None
