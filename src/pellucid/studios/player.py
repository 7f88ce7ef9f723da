"""The player is the page's header: what is trained, the buttons that do it, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from pellucid.studios.controls import Range
from pellucid.studios.facts import count
from pellucid.studios.speed import SPEEDS, speed_of

if TYPE_CHECKING:
    from pellucid.studios.page import Page
    from pellucid.studios.view import View


class Player:
    """Play, pause, step, rewind; the epoch slider; speed and seed.

    Parameters
    ----------
    page : that it is the header of.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        with ui.element("header").classes("header"):
            with ui.element("div").classes("header-row about"):
                with ui.element("h1"):
                    ui.label("pellucid studio")
                with ui.element("div").classes("saying") as self.saying:
                    self.words = ui.label().classes("words").props("id=words")
                theme = ui.button(icon="contrast", color=None).props("flat round dense id=theme")
                theme.props('aria-label="Light or dark"')
                theme.on("click", js_handler="() => pellucid.turnTheme()")
                with theme:
                    ui.tooltip("Light or dark")
            with (
                ui.element("div")
                .classes("header-row play")
                .props('role="toolbar" aria-label="Training"')
            ):
                self._buttons()
                self._slider()
                self._settings()

    def _buttons(self) -> None:
        def button(
            name: str, icon: str, label: str, key: str, done: Any, word: str = ""
        ) -> tuple[ui.button, ui.tooltip]:
            made = ui.button(icon=icon, color=None, on_click=done).classes(f"player {name}")
            made.props(f'{"no-caps" if word else "round"} flat id={name} aria-label="{label}"')
            made.props(f'aria-keyshortcuts="{key}"')
            with made:
                if word:
                    ui.label(word).classes("word")
                return made, ui.tooltip(f"{label} ({key})")

        button("rewind", "skip_previous", "Rewind to the start", "R", self._rewind)
        self.play, self._play_tip = button("play", "play_arrow", "Play", "Space", self._play)
        button("one-step", "navigate_next", "One step: one batch", "S", self._one_step, "step")
        button(
            "one-epoch", "skip_next", "One epoch: all batches once", "E", self._one_epoch, "epoch"
        )

    def _slider(self) -> None:
        with ui.element("div").classes("epoch"):
            self.epoch = ui.label("0").classes("epoch-number").props("id=epoch")
            self.of = ui.label().classes("muted epoch-of")
        self.slider = Range("Epoch that is shown", 0, 1, 1, moved=self._slid)
        self.slider.classes("timeline").props("id=timeline")
        self.live = ui.button("live", color=None, on_click=self._live).classes("live")
        self.live.props("flat dense no-caps id=live")
        with self.live:
            ui.tooltip("Follow the newest epoch")

    def _settings(self) -> None:
        self.pace = ui.label("").classes("pace muted").props("id=pace")
        chosen = self.page.session.settings.get("speed", "")
        speed = ui.select(
            SPEEDS, value=chosen if chosen in SPEEDS else "", on_change=self._speeded
        ).classes("speed")
        speed.props('dense borderless options-dense for=speed aria-label="Speed at the most"')
        self.seed = ui.number(min=0, max=2**32 - 1, precision=0, on_change=self._seeded)
        self.seed.props(
            'dense outlined debounce=600 for=seed prefix=seed aria-label="Seed of all chance"'
        ).classes("seed")

    # --- what a person does ---------------------------------------------------------------------

    async def _play(self) -> None:
        run = self.page.session.run
        if run.standing.playing:
            await self.page.away(run.pause)
            self.page.keep_address()
        elif not self._is_at_its_end():
            self.page.session.shown = None
            run.play()

    async def _one_step(self) -> None:
        await self._forward(steps=1)

    async def _one_epoch(self) -> None:
        await self._forward(epochs=1)

    async def _forward(self, **far: int) -> None:
        if not self._is_at_its_end():
            self.page.session.shown = None
            await self.page.away(self.page.session.run.forward, **far)
            self.page.keep_address()

    def _is_at_its_end(self) -> bool:
        """Whether the run goes no further; says so, and what to do."""
        run = self.page.session.run
        ended, epochs = run.standing.ended, run.experiment.epochs
        if ended == "all epochs done":
            self.page.say(
                f"All {count(epochs)} epochs are done: rewind, or ask for more of them.",
                "plain", ("Rewind", "rewind"),
            )  # fmt: skip
        elif ended:
            self.page.say(
                f"The run goes no further, it has {ended}: rewind, or change something.",
                button=("Rewind", "rewind"),
            )
        return bool(ended)

    async def _rewind(self) -> None:
        self.page.session.shown = None
        await self.page.away(self.page.session.run.rewind)
        self.page.keep_address()

    def _live(self) -> None:
        self.page.session.shown = None
        self.page.keep_address()

    def _slid(self, value: float) -> None:
        epoch, session = int(value), self.page.session
        session.shown = None if epoch >= session.run.standing.epoch else epoch
        if not session.run.standing.playing:
            self.page.keep_address()

    def _speeded(self, event: ValueChangeEventArguments[Any]) -> None:
        self.page.session.set("speed", str(event.value))
        self._set_speed()
        self.page.keep_address()

    def _set_speed(self) -> None:
        run, name = self.page.session.run, self.page.session.settings.get("speed", "")
        done = run.standing.epoch
        run.speed = speed_of(name, run.experiment.epochs, run.steps_an_epoch, done)

    async def _seeded(self, event: ValueChangeEventArguments[Any]) -> None:
        if event.value is not None and int(event.value) != self.page.session.experiment.seed:
            await self.page.change(seed=int(event.value))

    # --- what it shows --------------------------------------------------------------------------

    def changed(self) -> None:
        """Another run: its words, and the speed that was asked for."""
        session = self.page.session
        self._set_speed()
        material, experiment = session.material, session.experiment
        sizes = [material.X.shape[1], *experiment.hidden, material.y.shape[1]]
        self.words.text = (
            f"{session.data_name}: {count(len(material.X))} rows to train on, "
            f"{count(len(material.X_test))} to test on. "
            f"Predicts {material.target_name} by {' – '.join(map(str, sizes))} units."
        )
        self.seed.value = experiment.seed
        self.of.text = f"of {count(experiment.epochs)}"

    def show(self, view: View) -> None:
        """Where the run stands."""
        standing = view.standing
        self._set_speed()  # that which is easy to watch rises
        icon, does = ("pause", "Pause") if standing.playing else ("play_arrow", "Play")
        self.play.props(f"icon={icon} aria-label={does}")
        self._play_tip.text = f"{does} (Space)"
        self.epoch.text = count(view.epoch)
        within = standing.steps % standing.steps_an_epoch
        more = f" + {within}/{standing.steps_an_epoch} steps" if within and view.live else ""
        self.of.text = f"of {count(view.experiment.epochs)}{more}"
        last = max(standing.epoch, 1)
        self.slider.put(view.epoch, last)
        self.live.classes(**{"add" if view.live else "remove": "on"})
        self.live.props(f"aria-pressed={'true' if view.live else 'false'}")
        rate = standing.steps_a_second
        self.pace.text = f"{count(rate)} steps/s" if rate else ""
