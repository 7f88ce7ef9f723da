"""The images of the data are shown that the network gets wrong, and some that are just right."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
from nicegui.events import GenericEventArguments

from pellucid.studios.drawing import Drawing, packed
from pellucid.studios.gallery import MOST_ASKED, RIGHT, WRONG, Gallery
from pellucid.studios.material import Material
from pellucid.studios.panels.panel import Panel
from pellucid.studios.raster import Raster
from pellucid.studios.run import Run
from pellucid.studios.selection import Selection
from pellucid.studios.view import View
from pellucid.targets import ClassTarget

_keys = count(1)


class ImagesDrawing(Drawing, component="../assets/images.js"):
    """Images with what they are and what is said of them, laid out by assets/images.js."""


class Images(Panel):
    """The gallery of the test rows; of the training rows where there are none.

    The browser keeps the images that it has, and asks for those that it lacks: while the network
    trains, hardly more than numbers are sent.
    """

    def build(self) -> None:
        """The drawing."""
        self._last: tuple[Run, Gallery, bool] | None = None
        self._of: tuple[int, Material, Raster] | None = None  # what the browser was told of
        self.drawing = ImagesDrawing("Images that it gets wrong, and some that it gets right")
        self.drawing.classes("images")
        self.drawing.on("pick", lambda event: self.page.select(Selection.read(str(event.args))))
        self.drawing.on("lacks", self._send)

    def changed(self) -> None:
        """Other data: other images and classes."""
        material, raster = self.session.material, self.session.raster
        if raster is None or (self._of is not None and self._of[1] is material):
            return
        key = next(_keys)
        self._of = key, material, raster
        rows = len(_rows(material)[0])
        self.drawing.still({
            "key": key, "kind": _kind(material), "wrong": WRONG, "right": RIGHT, "rows": rows,
            "classes": [str(label) for label in _target(material).classes],
            "shape": list(raster.shape),
        })  # fmt: skip

    def measure(self, view: View) -> Any:
        """Which images are wrong now, each in its place."""
        X, y = _rows(view.material)
        output = view.predict(X[:MOST_ASKED])
        playing, before = view.standing.playing, None
        if self._last is not None and self._last[0] is view.run:
            _, before, moving = self._last
            if moving and not playing:
                before = None  # at rest they are in order
        gallery = Gallery.of_rows(
            _target(view.material), output, y[:MOST_ASKED], before, steady=playing
        )
        self._last = view.run, gallery, playing
        return {
            "rows": packed(gallery.rows, "int32"),
            "true": packed(gallery.true, "int16"),
            "said": packed(gallery.said, "int16"),
            "sure": packed(gallery.sure),
            "wrong": gallery.wrong,
            "of": gallery.of,
            "picked": self.session.settings.get("pick", ""),
        }

    def show(self, measured: Any) -> None:
        """Show them."""
        self.drawing.draw(measured)

    def _send(self, event: GenericEventArguments) -> None:
        """The pixels of rows that the browser lacks."""
        if self._of is None or event.args["key"] != self._of[0]:
            return  # those of other data
        _, material, raster = self._of
        frame = material.tested if _kind(material) == "test" else material.trained
        few = min(len(frame), MOST_ASKED)
        rows = [int(row) for row in event.args["rows"][: WRONG + RIGHT] if 0 <= int(row) < few]
        pixels = np.nan_to_num(raster.of_rows(frame[rows])) / raster.full * 255
        self.drawing.run_method("take", {
            "key": event.args["key"],
            "rows": rows,
            "pixels": packed(np.clip(pixels, 0, 255).round(), "uint8"),
        })  # fmt: skip


def _kind(material: Material) -> str:
    """Of which rows: "test", or "train" where there are none."""
    return "test" if len(material.X_test) else "train"


def _rows(material: Material) -> tuple[Any, Any]:
    """Those, as the network gets them."""
    if _kind(material) == "test":
        return material.X_test, material.y_test
    return material.X, material.y


def _target(material: Material) -> ClassTarget:
    assert isinstance(material.target, ClassTarget)
    return material.target
