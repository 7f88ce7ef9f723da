"""A shelf holds what addresses name by digest, for all tabs: tables, models, first weights."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING

from pellucid.studios.continuing import Opened
from pellucid.studios.drawn import START, DrawnPoints
from pellucid.studios.standing import Theta
from pellucid.tables import Table

if TYPE_CHECKING:
    import polars

MOST_TABLES, MOST_MODELS, MOST_BYTES = 16, 16, 512 * 2**20
"""What is kept; beyond any, what was not asked for the longest goes."""

MOST_STARTS = 64
"""Sets of weights to begin at, of which the oldest goes."""


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
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._starts: OrderedDict[str, Theta] = OrderedDict()
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
        """The table, if it is here; of drawn points that are in their name, always."""
        if digest.startswith(START):
            return DrawnPoints.read(digest).table()
        with self._lock:
            if digest not in self._held:
                return None
            self._held.move_to_end(digest)
            return self._held[digest][0]

    def name(self, digest: str) -> str:
        """What the table is called; the digest itself where it is not here."""
        if digest.startswith(START):
            return "drawn points"
        with self._lock:
            return self._held[digest][1] if digest in self._held else digest

    def put_model(self, opened: Opened) -> str:
        """Keep a model that was opened; its digest."""
        with self._lock:
            self._opened[opened.digest] = opened
            self._opened.move_to_end(opened.digest)
            while len(self._opened) > MOST_MODELS:
                self._opened.popitem(last=False)
        return opened.digest

    def model(self, digest: str) -> Opened | None:
        """The model, if it is here."""
        with self._lock:
            return self._opened.get(digest)

    def put_start(self, theta: Theta) -> str:
        """Keep weights to begin at; their digest."""
        digest = sha256(theta.tobytes()).hexdigest()[:16]
        with self._lock:
            self._starts[digest] = theta
            while len(self._starts) > MOST_STARTS:
                self._starts.popitem(last=False)
        return digest

    def start(self, digest: str) -> Theta | None:
        """Those weights, if they are here."""
        with self._lock:
            return self._starts.get(digest)


def _digest(frame: polars.DataFrame) -> str:
    made = sha256(repr(frame.schema).encode())
    made.update(frame.hash_rows(seed=0).to_numpy().tobytes())
    return f"table-{made.hexdigest()[:16]}"
