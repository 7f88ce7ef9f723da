"""What is learnt is seen in answers between two inputs; of images, in those that are got wrong."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from pellucid.studios.panels.images import Images
from pellucid.studios.panels.panel import Panel
from pellucid.studios.panels.surface import Surface
from pellucid.studios.view import View
from pellucid.targets import ClassTarget


class Learnt(Panel):
    """The surface; of data that are images the images, and the surface for who wants it."""

    def build(self) -> None:
        """Which of the two, seen where there is a choice, and room for it."""
        chosen = "plane" if self.session.settings.get("learnt") == "plane" else "images"
        self.choice = ui.toggle({"images": "images", "plane": "two inputs"}, value=chosen,
                                on_change=self._chosen)  # fmt: skip
        self.choice.props('dense no-caps unelevated aria-label="What is shown of it"')
        self.choice.classes("toggle")
        self.room = ui.element("div").classes("learnt")
        self.part: Panel | None = None

    def changed(self) -> None:
        """Other data may be images, or none."""
        are_images = self.session.raster is not None and isinstance(
            self.session.material.target, ClassTarget
        )
        self.choice.set_visibility(are_images)
        made_by = Images if are_images and self.choice.value == "images" else Surface
        if type(self.part) is not made_by:
            self.part = made_by(self.page, self.place)
            self.room.clear()
            with self.room:
                self.part.build()
        self.part.changed()

    def measure(self, view: View) -> Any:
        """What the one that is seen shows."""
        part = self.part
        measured = None if part is None else part.measure(view)
        return None if measured is None else (part, measured)

    def show(self, measured: tuple[Panel, Any]) -> None:
        """Show it, unless there is another meanwhile."""
        part, what = measured
        if part is self.part:
            part.show(what)

    def _chosen(self) -> None:
        self.session.set("learnt", "plane" if self.choice.value == "plane" else "")
        self.changed()
        self.page.keep_address()
        self.page.refresh()
