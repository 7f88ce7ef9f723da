"""A refusal is an answer that says what was wrong with a request, and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = 60
"""Characters of a value that a message repeats."""

CLOSE = {"connection": "close"}
"""What is answered to a client whose body is not read to its end."""

LATER = {"retry-after": "1"}
"""Seconds after which a busy server may be asked again."""


class Refusal(Exception):  # noqa: N818
    """What ends a request without an answer.

    Parameters
    ----------
    status : of HTTP: 400 where the bytes cannot be read, 422 where their sense is wrong, and so on.
    message : the value, what was expected, and the cure.
    row, column : where it is; rows are counted from 1.
    headers : of the response.

    Examples
    --------
    >>> Refusal(422, "it is no number", row=2, column="age").to_dict()
    {'error': {'status': 422, 'message': 'it is no number', 'row': 2, 'column': 'age'}}
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.row = row
        self.column = column
        self.headers = dict(headers or {})

    def to_dict(self) -> dict[str, Any]:
        """The document that is answered."""
        error: dict[str, Any] = {"status": self.status, "message": str(self)}
        places = {"row": self.row, "column": self.column}
        return {"error": error | {k: v for k, v in places.items() if v is not None}}


def shown(value: Any) -> str:
    """A value for a message, a long one cut.

    Examples
    --------
    >>> shown(39), shown("x" * 100)[-6:], shown([[]]), shown(None)
    ('39', 'xxx...', 'a list', 'null')
    """
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value[: SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= SHOWN + 2 else text[:SHOWN] + "..."


def listed(names: list[str]) -> str:
    """Names for a message, a long list cut."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(shown, names[:5])) + more
