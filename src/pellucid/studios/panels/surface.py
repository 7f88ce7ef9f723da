"""The surface is what the network says of every point of two inputs, with the data on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui

from pellucid.predictor import class_numbers
from pellucid.studios.controls import Choice
from pellucid.studios.drawing import Drawing, packed
from pellucid.studios.legend import Legend, of_surface
from pellucid.studios.material import Material
from pellucid.studios.panels.panel import Panel
from pellucid.studios.plane import Plane, spanning
from pellucid.studios.selection import Selection
from pellucid.studios.view import View
from pellucid.targets import ClassTarget

MOST_POINTS = 400
"""Rows of training, and of test, that are drawn."""


class SurfaceDrawing(Drawing, component="../assets/surface.js"):
    """A map of outputs between two axes, with points on it, drawn by assets/surface.js."""


class Surface(Panel):
    """The map, and which two inputs it spans."""

    def build(self) -> None:
        """What its colours mean, the drawing, and its two choices."""
        self.legend = Legend("What is drawn of the data")
        self.drawing = SurfaceDrawing("What the network says between two inputs, and the data")
        self.drawing.classes("square")
        self.drawing.on("pick", lambda event: self.page.select(Selection.read(str(event.args))))
        with ui.element("div").classes("pair"):
            self.x = Choice("Across", "The input from left to right.", [], self._choose_x)
            self.y = Choice("Up", "From below; the rest stay at their middle.", [],
                            self._choose_y)  # fmt: skip

    def changed(self) -> None:
        """Other data have other inputs, ranges and points."""
        names = spanning(self.session.material)
        plane = self.session.plane()
        across, up = plane.names if plane else ("", "")
        self.legend.say(of_surface(self.session.material))
        self.x.offer(names, across)
        self.y.offer(names, up)
        if plane is not None:
            self.drawing.still(_still(self.session.material, plane))

    def measure(self, view: View) -> Any:
        """What the network says on the grid."""
        picked = self.session.settings.get("pick", "")
        return _measured(view, view.plane) | {"picked": picked} if view.plane else None

    def show(self, measured: Any) -> None:
        """Draw it."""
        self.drawing.draw(measured)

    def _choose_x(self, name: str) -> None:
        self._choose("x", name)

    def _choose_y(self, name: str) -> None:
        self._choose("y", name)

    def _choose(self, axis: str, name: str) -> None:
        self.session.set(axis, name)
        self.changed()
        self.page.keep_address()
        self.page.refresh()


def _measured(view: View, plane: Plane) -> dict[str, Any]:
    """The newest grid: bytes of a probability, of classes and how sure, or of values."""
    output = view.predict(plane.X)
    target, made = view.material.target, {"side": plane.side}
    if isinstance(target, ClassTarget):
        if output.shape[1] == 1:
            return made | {"kind": "two", "values": packed(_bytes(output[:, 0]), "uint8")}
        sure = output.max(axis=1)
        return made | {
            "kind": "several",
            "classes": packed(class_numbers(output), "uint8"),
            "values": packed(_bytes(sure), "uint8"),
        }
    values = target.decode(output).astype(float)
    known = np.asarray(view.material.trained[view.material.target_name], float)
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    parts = (values - low) / (high - low or 1.0)
    return made | {"kind": "values", "values": packed(_bytes(parts), "uint8")}


def _still(material: Material, plane: Plane) -> dict[str, Any]:
    """What stays as long as the data do: axes, classes, points."""
    target = material.target
    classes = isinstance(target, ClassTarget)
    points = []
    for frame, y in ((material.trained, material.y), (material.tested, material.y_test)):
        few = frame.head(MOST_POINTS)
        at = np.column_stack([np.asarray(few[name].cast(float), float) for name in plane.names])
        if classes:
            of = class_numbers(y[: len(few)]).astype(float)
        else:
            of = np.asarray(few[material.target_name].cast(float), float)
        points.append(packed(np.column_stack([at, of]), "float32"))
    known = material.trained[material.target_name]
    made: dict[str, Any] = {
        "names": list(plane.names), "ranges": [list(each) for each in plane.ranges],
        "points": points, "target": material.target_name,
    }  # fmt: skip
    if isinstance(target, ClassTarget):
        return made | {"classes": [str(label) for label in target.classes]}
    return made | {"low": float(known.min()), "high": float(known.max())}  # type: ignore[arg-type]


def _bytes(parts: Any) -> Any:
    """Parts of 1 as 0 to 255; what is no number is in the middle."""
    return np.clip(np.nan_to_num(parts, nan=0.5) * 255, 0, 255).round()
