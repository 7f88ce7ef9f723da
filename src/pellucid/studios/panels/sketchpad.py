"""A sketch pad is where points are drawn with the mouse, class by class, to be learnt."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from pellucid.studios.drawing import Drawing
from pellucid.studios.drawn import CLASSES, MOST, START, DrawnPoints
from pellucid.studios.legend import class_colour

if TYPE_CHECKING:
    from pellucid.studios.page import Page

DRAWN = "drawn points"
"""What a table of points is called that an address has no room for."""

MOST_UNDONE = 50
"""Strokes that can be taken back."""


class Pad(Drawing, component="../assets/sketchpad.js"):
    """The pad itself, drawn by assets/sketchpad.js."""


class SketchPad:
    """The dialog with the pad, its classes and its eraser, and the button that opens it.

    Parameters
    ----------
    page : that it is on.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._places: list[tuple[float, float, int]] = []
        self._before: list[list[tuple[float, float, int]]] = []
        self._chosen, self._erasing = 0, False
        with (
            ui.dialog() as self._dialog,
            ui.element("div").classes("card dialog sketch") as self._card,
        ):
            self._dialog.props('aria-label="Draw points" no-backdrop-dismiss')
            self._build()
        draw = ui.button("Draw", icon="draw", color=None, on_click=self._open).classes("giving")
        with draw.props("flat dense no-caps id=draw"):
            ui.tooltip("Points in the plane, with the mouse")

    def _build(self) -> None:
        with ui.element("div").classes("dialog-head"):
            with ui.element("h2"):
                ui.label("Draw points")
            self._count = ui.label().classes("muted").props("id=drawn-count aria-live=polite")
        with ui.element("div").classes("pad-tools").props('role="toolbar" aria-label="Pad"'):
            self._tools: dict[str, ui.button] = {}
            for k, name in enumerate(CLASSES):
                self._tool(name, f"class-{name}", f"Class {name}", lambda k=k: self._take(k))
            self._tool("Eraser", "erase", "Eraser", self._erase)
            ui.element("div").classes("grow")
            for name, icon, label, done in (
                ("undo", "undo", "Undo", self._undo), ("clear", "delete", "Clear", self._clear),
            ):  # fmt: skip
                button = ui.button(icon=icon, color=None, on_click=done)
                with button.props(f'flat round dense id=pad-{name} aria-label="{label}"'):
                    ui.tooltip(label)
        label = "Pad: click or drag to draw points; arrow keys move, Enter draws"
        self._pad = Pad(label).classes("sketchpad").props("id=sketchpad").on("stroke", self._stroke)
        ui.label(
            "Click for a point, drag for a trail of them. Arrow keys and Enter do too."
        ).classes("hint")
        with ui.element("div").classes("dialog-foot"):
            ui.button("Cancel", color=None, on_click=self._dialog.close).props("flat no-caps")
            learn = ui.button("Learn these", color=None, on_click=self._learn)
            self._ready = learn.props("flat no-caps id=learn-drawn").classes("main-button")

    def _tool(self, text: str, name: str, label: str, done: Any) -> ui.button:
        tool = ui.button(text, color=None, on_click=done)
        tool.props(f'flat dense no-caps id=pad-{name} aria-label="{label}"').classes("pad-tool")
        self._tools[name] = tool
        return tool

    # --- what a person does ---------------------------------------------------------------------

    def _open(self) -> None:
        session = self.page.session
        data = session.experiment.data
        if data.startswith(START):
            self._places = DrawnPoints.read(data).places()
        elif session.data_name == DRAWN and (table := session.shelf.get(data)) is not None:
            self._places = [(x, y, CLASSES.index(k)) for x, y, k in table.frame.rows()]
        self._before = []
        self._show()
        self._dialog.open()

    def _stroke(self, event: GenericEventArguments) -> None:
        """A trail that was drawn, or rubbed out."""
        trail = [(float(x), float(y)) for x, y in event.args["points"][:MOST]]
        self._remember()
        if self._erasing:
            reach = min(float(event.args["reach"]), 0.5)
            self._places = [
                place for place in self._places
                if all(hypot(place[0] - x, place[1] - y) >= reach for x, y in trail)
            ]  # fmt: skip
        else:
            drawn = [(x, y, self._chosen) for x, y in trail]
            self._places = (self._places + drawn)[:MOST]
        self._show()

    def _take(self, k: int) -> None:
        self._chosen, self._erasing = k, False
        self._show()

    def _erase(self) -> None:
        self._erasing = not self._erasing
        self._show()

    def _undo(self) -> None:
        if self._before:
            self._places = self._before.pop()
        self._show()

    def _clear(self) -> None:
        self._remember()
        self._places = []
        self._show()

    def _remember(self) -> None:
        self._before = [*self._before, self._places][-MOST_UNDONE:]

    async def _learn(self) -> None:
        sketch = DrawnPoints.of(self._places)
        try:
            table = sketch.table()
        except ValueError as error:
            self.page.say(str(error))
            return
        name = sketch.name if sketch.fits else self.page.session.shelf.put(table, DRAWN)
        if await self.page.change(
            data=name, target="", features=(), noise=None, output="", loss=""
        ):
            self._dialog.close()

    def _show(self) -> None:
        n, classes = len(self._places), len({k for _, _, k in self._places})
        full = f" (there is room for {MOST:,})" if n >= MOST else ""
        self._count.text = ("1 point" if n == 1 else f"{n} points") + full
        self._ready.set_enabled(classes > 1)
        for name, tool in self._tools.items():
            pressed = self._erasing if name == "erase" else (
                not self._erasing and name == f"class-{CLASSES[self._chosen]}"
            )  # fmt: skip
            tool.props(f"aria-pressed={'true' if pressed else 'false'}")
        series = self._colours()
        for k, name in enumerate(CLASSES):
            self._tools[f"class-{name}"].classes(replace=f"pad-tool pad-class {series[k]}")
        self._pad.still({"points": self._places, "chosen": self._chosen, "erasing": self._erasing,
                         "series": [int(name[-1]) for name in series]})  # fmt: skip

    def _colours(self) -> list[str]:
        """Of each class the colour that it will have once it is learnt, with the one chosen now."""
        used = {k for _, _, k in self._places} | {self._chosen}
        order = [*sorted(used), *(k for k in range(len(CLASSES)) if k not in used)]
        two = len(used) < 3
        places = {k: place for place, k in enumerate(order)}
        return [class_colour(places[k], 2 if two and places[k] < 2 else len(CLASSES))
                for k in range(len(CLASSES))]  # fmt: skip
