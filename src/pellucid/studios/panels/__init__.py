"""A panel is one part of the studio's page: it makes its elements once, and is told what to show.

How to make one
---------------
1. A file here with one class that derives from `Panel` (panel.py), and its row in `PANELS` below.
   The page makes the card (in "left", "centre" and "right") or the tab (in "details") and its
   heading; a panel fills it.

       class Weights(Panel):
           def build(self) -> None:              # once, when the page is made
               self.text = ui.label()
           def changed(self) -> None:            # another run: other data, network or training
               self.text.text = ""
           def measure(self, view: View) -> Any: # off the page's thread: compute what to show
               return float(abs(view.theta).max())
           def show(self, measured: Any) -> None:  # on the page's thread: show it
               self.text.text = f"largest weight {measured:.3g}"

2. `measure` gets an immutable `View` (view.py): `view.theta` is what is shown (live, or the epoch
   that the slider is at); `view.network`, `view.predictor`, `view.subject`, `view.output` follow
   from it, and are computed once for all panels. It runs in a thread, for the panels that can be
   seen, whenever there is something new; the page keeps its share of time small by itself. `show`
   is not called where it returned None. Neither sees anything of an older run after `changed`.
3. What a panel can ask of `self.page`:
   - `await page.change(hidden=(4, 2), ...)` begins another run (errors are told in the banner);
   - `await page.begin(experiment, material, theta, edits)` begins one that is other altogether;
   - `page.say("...")` tells something;
   - `await page.away(function, ...)` waits for a function in a thread of its own, such as those of
     the run (`self.session.run`) that wait: `pause`, `forward`, `rewind`, `set_weight`;
   - `page.select(Selection(...))` points at a unit, edge or row, which all panels are told of
     (`selected`); `self.session.selection` is what is pointed at;
   - `self.session.set(name, text)` with `page.keep_address()` keeps a setting of the panel's own in
     the page's address; `self.session.settings.get(name)` finds it there when a link is opened;
   - `page.refresh()` measures and shows once more, such as after another choice of what to draw.
   The two inputs that pictures span are `self.session.plane(side)`, one for all pictures.
4. Controls come from `pellucid.studios.controls` (each with its label and one line that says what
   it does); the looks of everything are in `assets/studio.css`: no styles in Python.
5. Moving pictures are elements of their own, see `pellucid.studios.drawing` and, to copy from,
   `panels/surface.py` with `assets/surface.js`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.studios.page import Page
    from pellucid.studios.panels.panel import Panel

__all__ = ["NUMBERS", "PANELS", "PLACES", "Place"]

PLACES = ("left", "centre", "right", "details")
"""The columns of the page; "details" are tabs below the network."""

NUMBERS = ("numbers", "step")
"""The tabs that say the numbers of what is pointed at."""


@dataclass(frozen=True)
class Place:
    """Where a panel is, and what it is called.

    Parameters
    ----------
    name : in the page, as in `#panel-data`.
    place : one of `PLACES`.
    title : its heading.
    made_by : its module here and class.
    """

    name: str
    place: str
    title: str
    made_by: str

    def panel(self, page: Page) -> Panel:
        """The panel itself."""
        module, _, name = self.made_by.partition(".")
        made: Panel = getattr(import_module(f"{__name__}.{module}"), name)(page, self)
        return made


PANELS = (
    Place("data", "left", "Data", "data.Data"),
    Place("network", "left", "Network", "network.NetworkSettings"),
    Place("training", "left", "Training", "training.TrainingSettings"),
    Place("diagram", "centre", "The network", "diagram.Diagram"),
    Place("surface", "right", "What it has learnt", "learnt.Learnt"),
    Place("curves", "right", "Curves", "curves.Curves"),
    Place("outcome", "right", "Right and wrong", "outcome.Outcome"),
    Place("lessons", "details", "Lessons", "lessons.Lessons"),
    Place("numbers", "details", "Numbers", "numbers.Numbers"),
    Place("step", "details", "Step through", "step.StepThrough"),
    Place("doctor", "details", "Doctor", "doctor.Doctor"),
    Place("rows", "details", "Table", "rows.Rows"),
    Place("compare", "details", "Compare", "compare.Compare"),
    Place("take", "details", "Take along", "take.TakeAlong"),
)
"""All panels, in the order in which they are on the page."""
