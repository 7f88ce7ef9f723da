"""A shelf holds the tables that were given to a studio, by their digests, for all of its tabs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING

from pellucid.tables import Table

if TYPE_CHECKING:
    import polars

MOST_TABLES, MOST_BYTES = 16, 512 * 2**20
"""What is kept; beyond either, what was not asked for the longest goes."""


class Shelf:
    """Tables by digest: the same table is there once, and a link to it opens in any tab.

    Examples
    --------
    >>> import polars as pl
    >>> from pellucid.tables import Table
    >>> shelf = Shelf()
    >>> digest = shelf.put(Table(pl.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})), "mine.csv")
    >>> shelf.name(digest), shelf.get(digest).frame.height, shelf.get("another") is None
    ('mine.csv', 2, True)
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[Table, str]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, table: Table, name: str = "own data") -> str:
        """Keep a table; its digest, which is what `Experiment.data` then is."""
        digest = _digest(table.frame)
        with self._lock:
            self._held[digest] = table, name
            self._held.move_to_end(digest)
            while len(self._held) > 1 and (
                len(self._held) > MOST_TABLES
                or sum(held.frame.estimated_size() for held, _ in self._held.values()) > MOST_BYTES
            ):
                self._held.popitem(last=False)
        return digest

    def get(self, digest: str) -> Table | None:
        """The table, if it is here."""
        with self._lock:
            if digest not in self._held:
                return None
            self._held.move_to_end(digest)
            return self._held[digest][0]

    def name(self, digest: str) -> str:
        """What the table is called; the digest itself where it is not here."""
        with self._lock:
            return self._held[digest][1] if digest in self._held else digest


def _digest(frame: polars.DataFrame) -> str:
    made = sha256(repr(frame.schema).encode())
    made.update(frame.hash_rows(seed=0).to_numpy().tobytes())
    return f"table-{made.hexdigest()[:16]}"
