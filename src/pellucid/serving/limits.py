"""Limits are what a server spends on a client at the most, so that something is left for others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is refused beyond.

    Parameters
    ----------
    body_bytes : of one request.
    rows : of one request, and of one forward pass.
    seconds : for a client to send its header, for it to send its body, and for the answer.
    requests : that may wait for a forward pass.
    connections : open at once.

    Examples
    --------
    >>> Limits(rows=0)
    Traceback (most recent call last):
    ValueError: rows is 0: expected a number above 0
    """

    body_bytes: int = 8 * 2**20
    rows: int = 10_000
    seconds: float = 30.0
    requests: int = 256
    connections: int = 1024

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < float("inf"):
                raise ValueError(f"{name} is {value}: expected a number above 0")

    @property
    def held_bytes(self) -> int:
        """Of the bodies of all requests together."""
        return 4 * self.body_bytes

    @property
    def waiting_rows(self) -> int:
        """Of all requests that wait for a forward pass."""
        return 4 * self.rows

    @property
    def header_bytes(self) -> int:
        """Of a request's line and headers."""
        return 16 * 2**10


def bytes_for_people(n: int) -> str:
    """A number of bytes in the largest unit that it has one of.

    Examples
    --------
    >>> bytes_for_people(8 * 2**20), bytes_for_people(10_485), bytes_for_people(12)
    ('8 MiB', '10.2 KiB', '12 bytes')
    """
    for unit, size in (("MiB", 2**20), ("KiB", 2**10)):
        if n >= size:
            return f"{n / size:.{1 if n % size else 0}f} {unit}"
    return f"{n} bytes"
