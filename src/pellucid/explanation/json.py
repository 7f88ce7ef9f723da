"""The JSON form of an explanation: every line with its calculation as a tree, in full precision."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from pellucid.explanation.expression import Symbol, Value
from pellucid.explanation.form import Explanation, Line, Omitted
from pellucid.explanation.text import line_text


def plain_data(explanation: Explanation) -> dict[str, Any]:
    """Dicts, lists, texts and numbers, as `json.dumps` takes them.

    A part of a calculation is {"is": "sum", "terms": [...]}, and so on; a value is
    {"number": 0.5, "symbol": "x1", "from": "layer1.a[1]"}.
    """
    return {
        "title": explanation.title,
        "digits": explanation.digits,
        "sections": [
            {
                "key": section.key,
                "part": section.part,
                "title": section.title,
                "equations": [equation._asdict() for equation in section.equations],
                "lines": [_line(line, explanation.digits) for line in section.lines],
            }
            for section in explanation.sections
        ],
    }


def _line(line: Line | Omitted, digits: int) -> dict[str, Any]:
    if isinstance(line, Omitted):
        return {"omitted": line.n, "what": line.what}
    made: dict[str, Any] = {"key": line.of.key, "symbol": line.of.plain, "value": line.value}
    if line.numbers is not None:
        made["calculation"] = _tree(line.numbers)
    made |= {name: getattr(line, name) for name in ("label", "note") if getattr(line, name)}
    return made | {"text": line_text(line, digits)}


def _tree(item: Any) -> Any:
    """An expression, or a tuple of them, or what it is made of, as plain data."""
    if isinstance(item, tuple):
        return [_tree(part) for part in item]
    if isinstance(item, Symbol):
        return item.plain
    if isinstance(item, Value):
        made: dict[str, Any] = {"number": item.number}
        return made | ({"symbol": item.symbol.plain, "from": item.key} if item.symbol else {})
    if is_dataclass(item):
        parts = {field.name: _tree(getattr(item, field.name)) for field in fields(item)}
        return {"is": type(item).__name__.lower()} | parts
    return item
