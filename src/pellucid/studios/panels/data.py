"""The data panel chooses what is learnt: a set, its columns, noise, and the rows to test on."""

from __future__ import annotations

from nicegui import ui

from pellucid import datasets
from pellucid.scaling import SCALERS
from pellucid.studios.controls import Choice, Slide, or_default
from pellucid.studios.facts import count
from pellucid.studios.material import noise_of
from pellucid.studios.panels.giving import Giving
from pellucid.studios.panels.panel import Panel
from pellucid.studios.panels.sketchpad import SketchPad

HELD_BACK = "Held back, to see how it does on new rows."


class Data(Panel):
    """Which data, and how they are divided."""

    def build(self) -> None:
        """Its controls."""
        page = self.page
        self.data = Choice("Data set", "What the network learns from.", {}, self._choose)
        with ui.element("div").classes("ways").props('role=group aria-label="Data of your own"'):
            self.giving = Giving(page)
            self.sketch = SketchPad(page)
        self.about = ui.label().classes("about-data").props("id=about-data")
        with ui.element("div").classes("model-bar") as self.model:
            self.model_words = ui.label().classes("model-words").props("id=goes-on")
            which = ui.button("Which?", color=None, on_click=page.say_what_is_waited_for)
            self.which = which.props('flat dense no-caps aria-label="Which data it waits for"')
            leave = ui.button(icon="close", on_click=self._leave)
            leave.props('flat round dense size=sm id=leave-model aria-label="Begin anew instead"')
        self.target = Choice("Target", "", [], self._aim)
        with ui.element("div").classes("control"):
            with ui.element("div").classes("control-row"):
                ui.label("Features").classes("control-name")
                self.features = ui.label().classes("field features").props("id=features")
                choose = ui.button("Choose", color=None, on_click=lambda: page.show_tab("rows"))
                choose.props('flat dense no-caps id=choose-features aria-label="Choose features"')
            ui.label("The columns to learn from.").classes("hint")
        self.scaling = Choice(
            "Scaling", "Brings number columns to a common size.", [],
            lambda name: page.change(scaling=name),
        )  # fmt: skip
        self.test = Slide(
            "Test rows", HELD_BACK,
            lambda part: page.change(test=part), low=0.0, high=0.9, step=0.05,
            shown=lambda part: f"{part:.0%}",
        )  # fmt: skip
        self.noise = Slide(
            "Noise", "Blurs the inputs; more is harder to learn.",
            lambda noise: page.change(noise=noise), low=0.0, high=1.0, step=0.01,
            shown=lambda noise: f"{noise:.2f}",
        )  # fmt: skip

    def changed(self) -> None:
        """The controls say what the run's experiment has."""
        session, experiment, material = self.session, self.session.experiment, self.session.material
        names = {name: name for name in datasets.DATASETS}
        names |= {
            digest: name for digest, name in self.giving.tables.items()
            if session.shelf.get(digest) is not None
        }  # fmt: skip
        names[experiment.data] = session.data_name
        self.data.offer(names, experiment.data, title=session.data_name)
        _, about = datasets.DATASETS.get(experiment.data, (None, ""))
        n = material.trained.height + material.tested.height
        self.about.text = about or f"{count(n)} rows of {count(len(material.columns))} columns"
        divided = not experiment.test or len(material.X_test)
        self.test.hint.text = HELD_BACK if divided else f"All {n} rows are trained on: too few."
        self.test.put(experiment.test)
        self.noise.put(noise_of(experiment))
        aim = material.target_name
        self.target.offer(list(material.columns), aim, title=aim)
        self.target.hint.text = _kind(material.task, material.why, material.target.n_outputs)
        used = {column.name for column in material.encoder.columns}
        self.features.text = f"{len(used)} of {len(material.columns) - 1}"
        scaling, suits = experiment.scaling, material.encoder.scaling
        title = scaling or f"{suits}: what suits the data"
        self.scaling.offer(or_default(SCALERS, scaling, suits), scaling, title)
        self._show_model()

    def _show_model(self) -> None:
        session = self.session
        self.model.set_visibility(session.opened is not None or session.waiting is not None)
        if session.opened is not None:
            self.model_words.text = f"Goes on from {session.opened.name}"
        elif session.waiting is not None:
            self.model_words.text = f"{session.waiting.name} waits for its data"
        self.which.set_visibility(session.waiting is not None)
        self.model.classes(**{"remove" if session.waiting is None else "add": "waiting"})

    async def _choose(self, name: str) -> None:
        await self.page.change(data=name, target="", features=(), noise=None, output="", loss="")

    async def _aim(self, name: str) -> None:
        await self.page.change(target=name, features=(), output="", loss="")

    async def _leave(self) -> None:
        self.session.leave()
        await self.page.begin(self.session.experiment)


def _kind(task: str, why: str, n: int) -> str:
    """What is predicted, and how that was told."""
    kind = f"{max(n, 2)} classes" if task == "classification" else "A number"
    told = why.removesuffix(".")
    return f"{kind}: {told}."
