"""A drawing is a picture that the browser draws, from compact numbers that it is sent.

    class Surface(Drawing, component="assets/surface.js"): ...

    surface.still({"names": ["x1", "x2"], ...})           # when the data are other
    surface.draw({"grid": packed(values, "uint8"), ...})  # at the page's own pace

and in assets/surface.js, with what assets/index.js has for all drawings:

    import { drawing, unpacked } from "pellucid-studio";
    export default drawing({ paint({ context, width, height, payload, still, colours }) { ... } });

Only the newest payload is ever sent: the next one waits until the browser has drawn the last, so
that a slow browser, or a tab that nobody sees, gets fewer pictures and never a queue of them.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from nicegui import ui
from nicegui.events import GenericEventArguments


class Drawing(ui.element, esm={"pellucid-studio": "assets"}):
    """What the parts of the page that move derive from.

    Parameters
    ----------
    label : what is drawn, in words, for those who do not see it.
    """

    def __init__(self, label: str) -> None:
        super().__init__()
        self._props["label"] = label
        self._classes.append("drawing")
        self._ready = False
        self._next: dict[str, Any] | None = None
        self._last: dict[str, Any] | None = None
        self.on("mounted", self._on_mounted, [])
        self.on("drawn", self._on_drawn, [])

    def draw(self, payload: dict[str, Any]) -> None:
        """Draw this; what has not been sent yet is forgotten."""
        self._last = payload
        if self._ready:
            self._ready = False
            self.run_method("draw", payload)
        else:
            self._next = payload

    def still(self, payload: dict[str, Any]) -> None:
        """What it draws that changes seldom, such as axes and points; sent once."""
        self._props["still"] = payload
        self.update()

    def _on_mounted(self, _: GenericEventArguments) -> None:
        """It is in the browser, perhaps once more: whatever it had is to be sent again."""
        self._ready = True
        if (payload := self._next or self._last) is not None:
            self._next = None
            self.draw(payload)

    def _on_drawn(self, _: GenericEventArguments) -> None:
        self._ready = True
        if self._next is not None:
            payload, self._next = self._next, None
            self.draw(payload)


def packed(values: Any, kind: str = "float32") -> dict[str, Any]:
    """An array as its bytes, which `unpacked` of assets/index.js makes a typed array of again.

    Parameters
    ----------
    kind : "uint8", "int16", "int32" or "float32".

    Examples
    --------
    >>> packed([[1, 2], [3, 255]], "uint8")
    {'kind': 'uint8', 'shape': [2, 2], 'bytes': 'AQID/w=='}
    """
    with np.errstate(over="ignore"):  # what is beyond float32 is infinite there
        array = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return {
        "kind": kind,
        "shape": list(array.shape),
        "bytes": b64encode(array.tobytes()).decode(),
    }
