"""A legend says in words, beside their marks, what the colours and shapes of a picture mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui

from pellucid.studios.facts import number
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    from pellucid.studios.material import Material
    from pellucid.studios.plane import Plane
    from pellucid.studios.sketch import Sketch

COLOURS = 6
"""Of classes; those after them have the same ones again, in another shape."""

MOST_CLASSES = 24
"""That are named; of more, how many there are."""

Marks = Sequence[tuple[str, str]]
"""The look of each mark, as assets/studio.css has it, and its words."""


class Legend(ui.element):
    """Marks and words in a line, which breaks between them alone.

    Parameters
    ----------
    label : of which picture.
    """

    def __init__(self, label: str) -> None:
        super().__init__("ul")
        self.props(f'aria-label="{label}"').classes("legend")
        self._marks: list[tuple[str, str]] = []

    def say(self, marks: Marks) -> None:
        """Show these, if they are others than before."""
        if list(marks) == self._marks:
            return
        self._marks = list(marks)
        self.clear()
        with self:
            for look, words in marks:
                with ui.element("li").classes(look):
                    ui.label(words).props["title"] = words


def of_network(sketch: Sketch, plane: Plane | None) -> Marks:
    """What edges, dots and the pictures in the units mean."""
    marks = [("edge positive", "positive"), ("edge negative", "negative"),
             ("edge thick", "thicker: larger"), ("bias", "bias")]  # fmt: skip
    if sketch.raster is not None:
        if len(sketch.units) > 2:
            marks.append(("response", "layer 1: its weights on the image"))
        return [*marks, ("response", "colour: the response to the image")]
    if plane is None:
        return [*marks, ("response", "colour: the response to the row that is followed")]
    return [*marks, ("response", f"picture: response over {plane.names[0]}, {plane.names[1]}")]


def of_surface(material: Material) -> Marks:
    """Whose colours are whose, and which points are trained on."""
    points = "filled: training, open: test" if len(material.X_test) else "points: training"
    if not isinstance(material.target, ClassTarget):
        known = np.asarray(material.trained[material.target_name], float)
        low, high = float(np.nanmin(known)), float(np.nanmax(known))
        return [("", f"{material.target_name} {number(low)}"), ("ramp", number(high)),
                ("points", points)]  # fmt: skip
    names = [str(label) for label in material.target.classes]
    marks: list[tuple[str, str]] = [
        (f"dot shape-{i // COLOURS % 3} {class_colour(i, len(names))}", name)
        for i, name in enumerate(names[:MOST_CLASSES])
    ]
    if len(names) > MOST_CLASSES:
        marks.append(("", f"and {len(names) - MOST_CLASSES} more"))
    return [*marks, ("points", points)]


def class_colour(i: int, classes: int) -> str:
    """The colour of a class; of two the second is as all that is positive, as in index.js.

    Examples
    --------
    >>> [class_colour(i, 2) for i in range(2)], [class_colour(i, 3) for i in range(3)]
    (['series-1', 'series-0'], ['series-0', 'series-1', 'series-2'])
    """
    return f"series-{1 - i if classes == 2 else i % COLOURS}"
