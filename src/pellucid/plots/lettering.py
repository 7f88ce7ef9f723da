"""Lettering is how much room words take in a picture, reckoned without a font at hand."""

from __future__ import annotations

import unicodedata

NARROW, WIDE, WIDEST = "ijl|!.,:;'`()[]/\\ ftr-I", "w#&+<>=^~−→", "mMW@%…"
"""Letters of like width. They are those of DejaVu Sans, which is wider than most fonts."""


def width_of(words: str, size: float) -> float:
    """The width of a line of `words` in letters of that size, in the unit of the size.

    Examples
    --------
    >>> width_of("ill", 10) < width_of("own", 10) < width_of("WWW", 10)
    True
    """
    return size * sum(map(_width, words))


def shortened(words: str, room: float, size: float) -> str:
    """The same, or without its middle if there is no room: names differ at their ends.

    Examples
    --------
    >>> shortened("number of rooms", 60.0, 10)
    'numb…ms'
    """
    kept, text = len(words), words
    while width_of(text, size) > room and kept > 1:
        kept -= 1
        end = kept * 2 // 5
        text = words[: kept - end].rstrip() + "…" + words[len(words) - end :].lstrip()
    return text


def brief(value: float, digits: int = 3) -> str:
    """A number in few letters, with a true minus sign.

    Examples
    --------
    >>> [brief(v) for v in (-0.12345, 1234.6, 3e-7, 0.0)]
    ['−0.123', '1235', '3e-7', '0']
    """
    size = abs(value)
    if digits <= 4 and 10**digits <= size < 1e5:
        text = f"{value:.0f}"
    else:
        text = f"{value:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return "0" if text == "-0" else text.replace("-", "−", 1) if text[0] == "-" else text


def in_a_circle(value: float) -> str:
    """A number in four signs or so, as units of a diagram have room for.

    Examples
    --------
    >>> [in_a_circle(v) for v in (-0.905, 1e-9, 0.0, 23.456, 1234.5, 1e9)]
    ['−0.91', '0.00', '0', '23.5', '1234', '1e9']
    """
    size = abs(value)
    if not size:
        return "0"
    if size >= 9999.5:
        return brief(value, 1)
    places = 2 if size < 9.995 else 1 if size < 99.95 else 0
    text = f"{value:.{places}f}".replace("-", "−")
    return text.removeprefix("−") if not text.strip("−0.") else text


def _width(letter: str) -> float:
    """Of one letter in letters of size 1."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    for letters, width in ((NARROW, 0.4), (WIDE, 0.84), (WIDEST, 1.0)):
        if letter in letters:
            return width
    return 0.75 if letter.isupper() else 0.64
