"""The diagram is the network drawn: units, edges by weight, and what each unit responds to."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from pellucid.studios.case import Case
from pellucid.studios.drawing import Drawing
from pellucid.studios.legend import Legend, of_network
from pellucid.studios.pad import Pad
from pellucid.studios.panels import NUMBERS
from pellucid.studios.panels.panel import Panel
from pellucid.studios.selection import Selection
from pellucid.studios.sketch import Sketch
from pellucid.studios.view import View


class NetworkDrawing(Drawing, component="../assets/diagram.js"):
    """Units and edges, drawn by assets/diagram.js."""

    def point_at(self, picked: str) -> None:
        """Mark a unit, an edge or a row, by its text."""
        self._props["picked"] = picked
        self.update()


class Diagram(Panel):
    """The network, drawn; of data that are pictures, with a pad to draw one more."""

    def build(self) -> None:
        """The drawing, what its marks mean, and the pad below it."""
        self.elsewhere = ui.button("Its numbers are in Numbers", color=None,
                                   on_click=lambda: self.page.show_tab("numbers"))  # fmt: skip
        self.elsewhere.props("flat dense no-caps id=to-numbers").classes("to-numbers")
        with ui.element("div").classes("network-scroll"):
            self.drawing = NetworkDrawing("The network: its units and the weights between them")
            self.drawing.classes("network-drawing")
        self.drawing.on("pick", self._pick)
        self.drawing.on("more", self._more)
        self.legend = Legend("What is drawn of the network")
        self.pad = Pad(self.page.refresh)

    def changed(self) -> None:
        """Another network: its columns, and whether there is something to draw on."""
        run = self.session.run
        self._run = run
        self.raster = self.session.raster
        self._sketch_anew()
        self.legend.say(of_network(self.sketch, self.session.plane()))
        self.pad.changed(run.material, self.raster)

    def selected(self, selection: Selection | None) -> None:
        """Show the unit that is pointed at, and follow the row."""
        if selection is not None and selection.kind in ("train", "test"):
            self.session.set("row", str(selection))
            self.pad.lay(Case.of(self.session.material, str(selection)))
        elif selection is not None:
            self._bring_in(selection)
        self.drawing.point_at("" if selection is None else str(selection))
        self._tell_where()

    def measure(self, view: View) -> Any:
        """Weights, and the responses to the plane or to the row that is followed."""
        sketch = self.sketch
        if view.run is not self._run:
            return None
        case = self.pad.case(view.material) or Case.of(view.material, view.row)
        frame = sketch.frame(view.network, view.material, view.plane, case)
        plane = view.plane if sketch.raster is None else None
        if plane is not None:
            frame["at"] = [
                (float(case.frame[name].cast(float)[0] or 0.0) - low) / (high - low)
                for name, (low, high) in zip(plane.names, plane.ranges, strict=True)
            ]
        return frame, of_network(sketch, plane), self.pad.measure(view)

    def show(self, measured: Any) -> None:
        """Draw it."""
        frame, marks, said = measured
        self.drawing.draw(frame)
        self.legend.say(marks)
        self.pad.show(said)
        self._tell_where()

    def _tell_where(self) -> None:
        """Where the numbers of what is pointed at are, if another tab is open."""
        elsewhere = self.session.selection is not None and self.page.tab not in NUMBERS
        self.elsewhere.set_visibility(elsewhere)

    def _sketch_anew(self) -> None:
        starts = {}
        for pair in self.session.settings.get("units", "").split("_"):
            column, _, start = pair.partition("-")
            if column.isdecimal() and start.isdecimal() and len(pair) < 12:
                starts[int(column)] = int(start)
        run = self.session.run
        self.sketch = Sketch.of(run.network, self.raster, starts)
        self.drawing.still(self.sketch.still(run.material, run.network))
        self.drawing.style(f"--columns: {len(self.sketch.units)}")

    def _begin_at(self, column: int, start: int) -> None:
        """Draw the units of a column from that one on."""
        starts = {i: units.start for i, units in enumerate(self.sketch.units)} | {column: start}
        kept = "_".join(f"{i}-{first}" for i, first in starts.items() if first)
        self.session.set("units", kept)
        self._sketch_anew()

    def _bring_in(self, selection: Selection) -> None:
        """Have a unit that is pointed at among those that are drawn."""
        wanted = [(selection.layer, selection.unit)]
        if selection.kind == "edge" and selection.source >= 0:
            wanted.append((selection.layer - 1, selection.source))
        for column, unit in wanted:
            if column >= len(self.sketch.sizes) or (column == 0 and self.sketch.raster):
                continue
            if unit not in self.sketch.units[column] and unit < self.sketch.sizes[column]:
                self._begin_at(column, unit)

    def _pick(self, event: GenericEventArguments) -> None:
        self.page.select(Selection.read(str(event.args)))

    def _more(self, event: GenericEventArguments) -> None:
        """The next units of a wide layer; after the last ones the first."""
        column = int(event.args)
        if 0 <= column < len(self.sketch.units):
            units, size = self.sketch.units[column], self.sketch.sizes[column]
            self._begin_at(column, 0 if units.stop >= size else units.stop)
            self.page.keep_address()
            self.page.refresh()
