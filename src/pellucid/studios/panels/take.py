"""To take along is to download what was made: the model, its code, its report, its picture."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class TakeAlong(Panel):
    """Downloads."""

    def build(self) -> None:
        """A place kept."""
        ui.label("The model file, ONNX, C, a script, a report, a picture.").classes("muted")
