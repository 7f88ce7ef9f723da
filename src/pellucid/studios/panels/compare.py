"""To compare is to put runs side by side: their settings, curves and test scores."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class Compare(Panel):
    """Runs, side by side."""

    def build(self) -> None:
        """A place kept."""
        ui.label("Keep runs to put them side by side.").classes("muted")
