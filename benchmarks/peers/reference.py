"""pellucid's reference engine: what the same calls take in plain NumPy, overhead and all."""

from __future__ import annotations

from peers.pellucid import Pellucid


def start(threads: int | None) -> Pellucid:
    """The reference engine; its threads are those of NumPy's BLAS."""
    return Pellucid("reference", threads)
