"""The doctor looks for what goes wrong with a training, and says what helps."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class Doctor(Panel):
    """Findings, as they appear."""

    def build(self) -> None:
        """A place kept."""
        ui.label("Findings appear here as the network trains.").classes("muted")
