"""Stepping through is to follow one row forward and backward, with all its arithmetic."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class StepThrough(Panel):
    """One row's arithmetic."""

    def build(self) -> None:
        """A place kept."""
        ui.label("One row, forward and backward.").classes("muted")
