"""A date is days since the beginning of 1970 to a program, and text in some format to people."""

from __future__ import annotations

from datetime import datetime, timedelta

EPOCH, DAY = datetime(1970, 1, 1), timedelta(days=1)

FIRST, LAST = -354285.0, 2932896.0
"""Of the years 1000 and 9999, between which all formats can write dates."""


def text_of(days: float, date_format: str = "") -> str:
    """A date as text, "" for NaN; `date_format` is `datetime.strftime`'s, or "" for ISO 8601.

    Examples
    --------
    >>> text_of(15005.645833333334), text_of(15005.0, "%d.%m.%Y")
    ('2011-01-31 15:30:00', '31.01.2011')
    """
    if days != days:
        return ""
    date = EPOCH + timedelta(days=days)
    return date.strftime(date_format) if date_format else date.isoformat(" ")


def days_of(text: str, date_format: str = "") -> float:
    """The inverse of `text_of`, as far as the format goes; ValueError if it is written otherwise.

    Examples
    --------
    >>> days_of("2011-01-31 15:30:00"), days_of("31.1.11", "%d.%m.%y"), days_of("")
    (15005.645833333334, 15005.0, nan)
    """
    if not text:
        return float("nan")
    parsed = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(text)
    return (parsed.replace(tzinfo=None) - EPOCH) / DAY
