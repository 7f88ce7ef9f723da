"""The HTML form of an explanation."""

from __future__ import annotations

from html import escape

from pellucid.explanation.form import Explanation
from pellucid.explanation.text import text


def html(explanation: Explanation) -> str:
    """A page of its own."""
    return f"<!doctype html><meta charset=utf-8>{fragment_of(explanation)}"


def fragment_of(explanation: Explanation) -> str:
    """What a notebook shows."""
    return f"<pre>{escape(text(explanation))}</pre>"
