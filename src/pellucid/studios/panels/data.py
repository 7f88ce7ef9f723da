"""The data panel chooses what is learnt: a set, its columns, noise, and the rows to test on."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from pellucid import datasets
from pellucid.studios.controls import Choice, Slide
from pellucid.studios.panels.panel import Panel


class Data(Panel):
    """Which data, and how they are divided."""

    def build(self) -> None:
        """Its controls."""
        page = self.page
        self.data = Choice("Data set", "What the network learns from.", {}, self._choose)
        self.about = ui.label().classes("about-data")
        self.test = Slide(
            "Test rows", "Held back, to see how it does on new rows.",
            lambda part: page.change(test=part), low=0.0, high=0.9, step=0.05,
            shown=lambda part: f"{part:.0%}",
        )  # fmt: skip
        self.noise = Slide(
            "Noise", "Blurs the inputs; more is harder to learn.",
            lambda noise: page.change(noise=noise), low=0.0, high=1.0, step=0.05,
            shown=lambda noise: f"{noise:.2f}",
        )  # fmt: skip
        self.target = Choice("Target", "The column to predict.", [], self._aim)
        self.features = Choice(
            "Features", "The columns to learn from.", [], self._learn_from, several=True
        )

    def changed(self) -> None:
        """The controls say what the run's experiment has."""
        session, experiment, material = self.session, self.session.experiment, self.session.material
        names = {name: name for name in datasets.DATASETS}
        self.data.offer({**names, experiment.data: session.data_name}, experiment.data)
        _, about = datasets.DATASETS.get(experiment.data, (None, ""))
        self.about.text = about or f"{material.trained.height + material.tested.height} rows"
        self.test.put(experiment.test)
        self.noise.put(experiment.noise or 0.0)
        columns = list(material.columns)
        self.target.offer(columns, material.target_name)
        inputs = [name for name in columns if name != material.target_name]
        chosen = [name for name in material.trained.columns if name != material.target_name]
        self.features.offer(inputs, chosen)

    async def _choose(self, name: str) -> None:
        await self.page.change(data=name, target="", features=(), noise=None)

    async def _aim(self, name: str) -> None:
        await self.page.change(target=name, features=(), output="", loss="")

    async def _learn_from(self, names: Any) -> None:
        chosen = tuple(names)
        every = len(chosen) == len(self.session.material.columns) - 1
        await self.page.change(features=() if every else chosen)
