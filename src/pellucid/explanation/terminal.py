"""The terminal form of an explanation: its text, with colours. Needs rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.explanation.form import Explanation
from pellucid.explanation.text import printed_lines

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {"title": "bold", "heading": "bold cyan", "line": "", "note": "dim", "blank": ""}


def styled(explanation: Explanation) -> Text:
    """For `rich.print`: letter for letter what `print` shows."""
    from rich.text import Text

    lines = []
    for printed in printed_lines(explanation):
        line = Text(printed.text, STYLES[printed.kind])
        line.stylize("green", *printed.result)
        lines.append(line)
    return Text("\n").join(lines)
