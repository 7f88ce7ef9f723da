"""A value of a column is read as a number, a date or text, however the table holds it."""

from __future__ import annotations

import datetime
import decimal
from numbers import Real
from typing import Any

import numpy as np

from pellucid.delimited import MISSING
from pellucid.delimited import NUMBER as A_NUMBER
from pellucid.tabular.frames import BOOLEAN, DATE, NUMBER, OTHER, Values

TRUTHS = {"true": 1.0, "false": 0.0}
"""How booleans are written as text, in small letters or not."""


def is_missing(item: Any) -> bool:
    """Whether a value stands for none.

    Examples
    --------
    >>> [is_missing(item) for item in (None, " ", "?", "NA", "no")]
    [True, True, True, True, False]
    """
    return item is None or (isinstance(item, str) and item.strip() in MISSING)


def as_number(item: Any) -> float | None:
    """A finite number, or text that is one, as a float; else None.

    Examples
    --------
    >>> as_number(" 1.5 "), as_number("1e3"), as_number("inf"), as_number("A1")
    (1.5, 1000.0, None, None)
    """
    if isinstance(item, str):
        text = item.strip()
        item = float(text) if A_NUMBER.fullmatch(text) and "," not in text else None
    if not isinstance(item, Real | decimal.Decimal | np.bool_):
        return None
    try:
        number = float(item)
    except OverflowError:  # of a whole number with hundreds of digits
        return None
    return number if np.isfinite(number) else None


def as_date(item: Any, date_format: str = "") -> datetime.datetime | None:
    """A moment written in a format, without its zone; None if it is written otherwise.

    Examples
    --------
    >>> as_date("2011-01-31 15:00"), as_date("31.1.2011", "%d.%m.%Y"), as_date("20110131")
    (datetime.datetime(2011, 1, 31, 15, 0), datetime.datetime(2011, 1, 31, 0, 0), None)
    """
    if isinstance(item, datetime.datetime):
        return item.replace(tzinfo=None)
    if isinstance(item, datetime.date):
        return datetime.datetime(item.year, item.month, item.day)
    if not isinstance(item, str):
        return None
    text = item.strip()
    try:
        if date_format:
            return datetime.datetime.strptime(text, date_format)
        if "-" not in text[1:]:  # a number rather
            return None
        return datetime.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def as_truth(item: Any) -> float | None:
    """1 for true, 0 for false, as text or not; else None.

    Examples
    --------
    >>> as_truth(" TRUE"), as_truth(False), as_truth("no"), as_truth(1)
    (1.0, 0.0, None, None)
    """
    if isinstance(item, str):
        return TRUTHS.get(item.strip().casefold())
    return float(item) if isinstance(item, bool | np.bool_) else None


def numbers_of(values: Values, name: str, lenient: bool = False, boolean: bool = False) -> Any:
    """A column as float64 (n,) with NaN where it has no value; text is parsed.

    Parameters
    ----------
    lenient : whether what is no number counts as missing.
    boolean : whether "true" and "false" are numbers, 1 and 0.

    Raises
    ------
    ValueError
        If a value is infinite, or, unless `lenient`, no number; the first row of them is named.
    """
    if values.kind in (NUMBER, BOOLEAN):
        if np.isinf(values.items).any():
            row = int(np.isinf(values.items).argmax())
            raise ValueError(
                f"column {name!r} holds {values.items[row]} in row {row + 1} (counted from 1): "
                "expected finite numbers, or NaN where there is none"
            )
        return values.items
    if values.kind in (DATE, OTHER):
        what = "dates" if values.kind == DATE else "neither numbers nor text"
        raise ValueError(f"column {name!r} holds {what}: expected numbers")
    parsed: dict[Any, float] = {}
    for item in dict.fromkeys(values.items):  # in their order
        number = np.nan if is_missing(item) else as_number(item)
        if number is None and boolean:
            number = as_truth(item)
        if number is None:
            if not lenient:
                row = values.items.index(item)
                raise ValueError(
                    f"column {name!r} holds {item!r} in row {row + 1} (counted from 1): expected "
                    + ("true or false, 1 or 0" if boolean else "numbers")
                )
            number = np.nan
        parsed[item] = number
    return np.array([parsed[item] for item in values.items], np.float64)


def dates_of(values: Values, name: str, date_format: str = "") -> Any:
    """A column as datetime64[us] (n,) with NaT where it has no value; text is parsed.

    Raises
    ------
    ValueError
        If a value is no date; the first row of them is named.
    """
    if values.kind == DATE:
        return values.items
    if values.kind in (NUMBER, BOOLEAN):
        if np.isnan(values.items).all():
            return np.full(len(values.items), "NaT", "datetime64[us]")
        row = int((~np.isnan(values.items)).argmax())
        raise ValueError(
            f"column {name!r} holds {values.items[row]:g} in row {row + 1}: expected dates"
        )
    if values.kind == OTHER:
        raise ValueError(f"column {name!r} holds neither numbers nor text: expected dates")
    parsed: dict[Any, Any] = {}
    for item in dict.fromkeys(values.items):
        parsed[item] = None if is_missing(item) else as_date(item, date_format)
        if parsed[item] is None and not is_missing(item):
            raise ValueError(
                f"column {name!r} holds {item!r} in row {values.items.index(item) + 1} (counted "
                f"from 1): expected dates {as_read(date_format)}"
            )
    return np.array([parsed[item] for item in values.items], "datetime64[us]")


def as_read(date_format: str) -> str:
    """How dates are written, for a message."""
    return f"written {date_format}" if date_format else "such as 2011-01-31 or 2011-01-31 15:00"


def texts_of(values: Values) -> list[str | None]:
    """A column as text without blanks around it, None where it has no value; 1.0 becomes "1"."""
    if values.kind == DATE:
        return [None if v is None else v.isoformat(" ") for v in values.items.tolist()]
    if values.kind == BOOLEAN:
        names = {0.0: "False", 1.0: "True"}
        return [names.get(v) for v in values.items.tolist()]
    items = values.items.tolist() if values.kind == NUMBER else values.items
    plain = {item: as_text(item) for item in set(items)}
    return [plain[item] for item in items] if values.kind != NUMBER else [as_text(v) for v in items]


def as_text(item: Any) -> str | None:
    """One value as text.

    Examples
    --------
    >>> as_text(1.0), as_text(" a "), as_text("?"), as_text(float("nan"))
    ('1', 'a', None, None)
    """
    if isinstance(item, str):
        text = item.strip()
        return None if text in MISSING else text
    if item is None or item != item:
        return None
    if isinstance(item, float | np.floating) and float(item).is_integer():
        return str(int(item))
    return str(item)
