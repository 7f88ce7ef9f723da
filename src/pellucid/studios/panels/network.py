"""The network panel shapes the network: its layers, their units and activations, its output."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from pellucid.activations import ACTIVATIONS
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.studios.controls import Choice, Switch, called, or_default
from pellucid.studios.experiment import MOST_LAYERS, MOST_UNITS
from pellucid.studios.panels.panel import Panel


class NetworkSettings(Panel):
    """The layers, one line each, and what is common to them."""

    def build(self) -> None:
        """Its controls."""
        page = self.page
        self._rows: list[tuple[ui.number, ui.select]] = []
        self.layers = ui.element("div").classes("layers")
        self.add = ui.button("Add a layer", icon="add", on_click=self._add)
        self.add.props("flat dense no-caps id=add-layer")
        hidden = [name for name in ACTIVATIONS if name != "softmax"]
        self._activations = {name: called(name) for name in hidden}
        self.output = Choice(
            "Output", "Turns the last sums into an answer.", [],
            lambda name: page.change(output=name),
        )  # fmt: skip
        self.loss = Choice(
            "Loss", "What training makes small.", [], lambda name: page.change(loss=name)
        )
        self.initializer = Choice(
            "First weights", "How the weights begin, by chance.", [],
            lambda name: page.change(initializer=name),
        )  # fmt: skip
        self.bias = Switch(
            "Biases", "A number of its own that each unit adds.", lambda on: page.change(bias=on)
        )

    def changed(self) -> None:
        """A line for each layer, and what the task suggests."""
        experiment, network = self.session.experiment, self.session.run.network
        if len(self._rows) != len(experiment.hidden):
            self.layers.clear()
            with self.layers:
                self._rows = [self._layer(i) for i in range(len(experiment.hidden))]
        for (size, kind), units, name in zip(
            self._rows, experiment.hidden, experiment.activation, strict=True
        ):
            size.value, kind.value = units, name
        self.add.set_enabled(len(experiment.hidden) < MOST_LAYERS)
        output, loss = network.architecture.layers[-1].activation.name, network.objective.loss.name
        for control, table, chosen, suits, what in (
            (self.output, ACTIVATIONS, experiment.output, output, "the task"),
            (self.loss, LOSSES, experiment.loss, loss, "the task"),
            (self.initializer, INITIALIZERS, experiment.initializer, "", "the activation"),
        ):
            title = chosen or f"{suits or 'auto'}: what suits {what}"
            control.offer(or_default(table, chosen, suits), chosen, title)
        self.bias.put(experiment.bias)

    def _layer(self, i: int) -> tuple[ui.number, ui.select]:
        """The line of one layer: its units and its activation."""
        with ui.element("div").classes("layer").props(f'role=group aria-label="Layer {i + 1}"'):
            ui.label(f"{i + 1}").classes("layer-name")
            size = ui.number(min=1, max=MOST_UNITS, precision=0)
            size.props("dense outlined debounce=500 suffix=units")
            size.props(f'aria-label="Units of layer {i + 1}"')
            size.on_value_change(lambda event: self._resize(i, event.value))
            kind = ui.select(self._activations).props("dense outlined options-dense")
            kind.props(f'aria-label="Activation of layer {i + 1}"')
            kind.on_value_change(lambda event: self._activate(i, event.value))
            drop = ui.button(icon="close", color=None, on_click=lambda: self._drop(i))
            drop.props(f'flat round dense size=sm aria-label="Take layer {i + 1} out"')
        return size, kind

    async def _add(self) -> None:
        e = self.session.experiment
        units, name = (e.hidden[-1], e.activation[-1]) if e.hidden else (4, "tanh")
        await self.page.change(hidden=(*e.hidden, units), activation=(*e.activation, name))

    async def _drop(self, i: int) -> None:
        e = self.session.experiment
        await self.page.change(
            hidden=e.hidden[:i] + e.hidden[i + 1 :],
            activation=e.activation[:i] + e.activation[i + 1 :],
        )

    async def _resize(self, i: int, units: Any) -> None:
        e = self.session.experiment
        if units is not None and i < len(e.hidden) and int(units) != e.hidden[i]:
            await self.page.change(hidden=(*e.hidden[:i], int(units), *e.hidden[i + 1 :]))

    async def _activate(self, i: int, name: Any) -> None:
        e = self.session.experiment
        if i < len(e.hidden) and name not in (None, e.activation[i]):
            await self.page.change(activation=(*e.activation[:i], name, *e.activation[i + 1 :]))
