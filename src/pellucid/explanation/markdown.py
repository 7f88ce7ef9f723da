"""The Markdown form of an explanation."""

from __future__ import annotations

from pellucid.explanation.form import Explanation
from pellucid.explanation.text import text


def markdown(explanation: Explanation) -> str:
    """All of it."""
    return f"```\n{text(explanation)}\n```\n"
