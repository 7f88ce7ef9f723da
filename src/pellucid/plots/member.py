"""A member is one of the networks whose answers a model averages; of most models there is one."""

from __future__ import annotations

from pellucid.model import Network
from pellucid.subject import Subject


def member_of(subject: Subject, number: int | None = None) -> Network:
    """The network of that number, from 1; the first, if none is given.

    Raises
    ------
    ValueError
        If there is no such network.

    Examples
    --------
    >>> from pellucid.subject import subject_of
    >>> subject = subject_of(Network([2, 1]))
    >>> member_of(subject, 2)
    Traceback (most recent call last):
    ValueError: network is 2: the model has 1, counted from 1
    """
    n = len(subject.networks)
    if number is not None and not 1 <= number <= n:
        raise ValueError(f"network is {number}: the model has {n}, counted from 1")
    return subject.networks[(number or 1) - 1]
