"""A pad is where a picture is drawn by hand, and the network says at once what it is."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from nicegui import ui
from nicegui.events import GenericEventArguments

from pellucid.studios.case import Case
from pellucid.studios.drawing import Drawing, packed
from pellucid.studios.material import Material
from pellucid.studios.raster import Raster
from pellucid.studios.selection import Selection
from pellucid.studios.view import View
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    import polars

INK = 112
"""Points along each side of the pad, as the browser sends it."""


class PadDrawing(Drawing, component="assets/pad.js"):
    """Where one draws, what the network gets of it, and what it says, by assets/pad.js."""


class Pad:
    """The pad, seen where the data are pictures.

    Parameters
    ----------
    refresh : called when something else is drawn.
    """

    def __init__(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh
        self._raster: Raster | None = None
        self._row: polars.DataFrame | None = None
        self._pixels: Any = None
        self._laid = 0  # counts rows of the data that were laid on it; of what is drawn, 0
        self._laid_before = 0
        with ui.element("div").classes("pad").props("id=pad") as self.box:
            self.drawing = PadDrawing(
                "Pad: arrow keys move the pen, Space or Enter puts it down and lifts it, "
                "Delete or Escape wipes"
            )
            self.drawing.on("ink", self._drawn)
        self.box.set_visibility(False)

    def changed(self, material: Material, raster: Raster | None) -> None:
        """Other data: other pictures, or none."""
        usable = raster is not None and isinstance(material.target, ClassTarget)
        same = self._raster is not None and raster and self._raster.shape == raster.shape
        self._raster = raster if usable else None
        self.box.set_visibility(self._raster is not None)
        if not same:
            self._row = self._pixels = None
        elif self._laid:
            self.clear()  # what was that row may be another now
        if isinstance(material.target, ClassTarget) and raster is not None:
            classes = [str(label) for label in material.target.classes]
            self.drawing.still({"classes": classes, "shape": list(raster.shape)})

    def clear(self) -> None:
        """Forget what is on it."""
        if self._row is not None:
            self._row = self._pixels = None
            self.drawing.run_method("wipe")
        self._laid = 0

    def lay(self, case: Case) -> None:
        """Put a row of the data on it, which is followed again; who draws on, draws on that."""
        if self._raster is None:
            return
        self._row, self._pixels = case.frame, np.nan_to_num(self._raster.of_rows(case.frame)[0])
        self._laid_before += 1
        self._laid = self._laid_before

    def case(self, material: Material) -> Case | None:
        """What is drawn, as if it were a row; None where nothing is."""
        row = self._row
        if row is None or self._laid:
            return None
        x = material.encoder.transform(row)
        if x.shape[1] != material.X.shape[1]:
            return None
        return Case(Selection("drawn"), row, x, material.y[:1], None)

    def measure(self, view: View) -> dict[str, Any] | None:
        """The probability of each class for what is drawn, and the pixels of it."""
        row, pixels = self._row, self._pixels
        if self._raster is None or row is None:
            return None
        p = view.predictor.predict_proba(row)[0]
        return {
            "probabilities": packed(p),
            "pixels": packed(np.clip(pixels / self._raster.full * 255, 0, 255), "uint8"),
            "laid": self._laid,
        }

    def show(self, said: dict[str, Any] | None) -> None:
        """Show it."""
        if said is not None:
            self.drawing.draw(said)

    def _drawn(self, event: GenericEventArguments) -> None:
        ink = np.frombuffer(b64decode(str(event.args), validate=True), np.uint8)
        if self._raster is None or ink.size not in (0, INK * INK):
            return
        self._laid = 0
        if not ink.any():
            self._row = self._pixels = None
        else:
            pixels = self._raster.pixels(ink.reshape(INK, INK) / 255)
            self._row, self._pixels = self._raster.frame(pixels), pixels
        self._refresh()
