"""A page is what one tab shows of its session, at its own pace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, TypeVar

from nicegui import ui

from pellucid.studios.banner import Banner
from pellucid.studios.colours import colours
from pellucid.studios.continuing import Opened
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material
from pellucid.studios.panels import NUMBERS, PANELS
from pellucid.studios.panels.giving import waits_for
from pellucid.studios.panels.panel import Panel
from pellucid.studios.player import Player
from pellucid.studios.run import Run
from pellucid.studios.selection import Selection
from pellucid.studios.session import Session
from pellucid.studios.view import View
from pellucid.studios.waypoint import Edit

ASSETS = Path(__file__).parent / "assets"

OFTEN = 0.15
"""Seconds from one look at the run to the next, at the least."""

GONE = 3.0
"""Seconds without a connection, after which a run is paused until the tab comes back."""

SHARE, SHARE_AT_LEISURE = 0.02, 0.12
"""Of the time, at the most, that each panel computes while a run plays, for the engine's sake; the
second where the run has time, since it is to be watched."""

Made = TypeVar("Made")


class Page:
    """The page of a session: header, panels, and what keeps them up to date.

    Parameters
    ----------
    session : what the tab works on.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._pool = ThreadPoolExecutor(3, "page")
        self._seen: Any = None
        self._looks = 0  # how often a panel has asked to be looked at again
        self._run = session.run
        self._told = self._failed = ""
        self._resting: Run | None = None  # that was paused because nobody looked
        self._due: dict[str, float] = {}  # when a panel may be drawn again, by its name
        ui.add_css(colours() + (ASSETS / "studio.css").read_text("utf-8"))
        ui.add_head_html(f"<script>{(ASSETS / 'page.js').read_text('utf-8')}</script>")
        self.client = ui.context.client
        self.client.on_disconnect(self._leave)
        self.client.on_connect(self._come_back)
        self.client.on_delete(self.close)
        self.client.on_exception(lambda error: self.say(f"{error}"))
        with ui.element("div").classes("studio") as self.root:
            self.player = Player(self)
            with self.player.saying:
                self.banner = Banner()
            self.panels = self._build()
        for panel in self.panels:
            panel.changed()
            panel.selected(session.selection)
        self.player.changed()
        if session.message:
            self.say(session.message)
        else:
            self.say_what_is_waited_for()
        self.timer = ui.timer(OFTEN, self._tick)
        if session.wanted:
            ui.timer(0, self._go_to_wanted, once=True)

    def _build(self) -> list[Panel]:
        made = [place.panel(self) for place in PANELS]
        with ui.element("div").classes("house"):  # within the main that NiceGUI makes
            for column in ("left", "centre", "right"):
                with ui.element("div").classes(f"column {column}"):
                    for panel in made:
                        if panel.place.place == column:
                            self._card(panel)
            self._details([panel for panel in made if panel.place.place == "details"])
        return made

    def _card(self, panel: Panel) -> None:
        name = f"panel-{panel.place.name}"
        section = ui.element("section").classes(f"card {name}")
        with section.props(f"id={name} aria-labelledby={name}-title"):
            with ui.element("h2").props(f"id={name}-title"):
                ui.label(panel.place.title)
            with ui.element("div").classes("card-body"):
                panel.build()

    def _details(self, panels: list[Panel]) -> None:
        with ui.element("section").classes("card details").props("id=details aria-label=Details"):
            with ui.tabs() as self._tabs:
                look = "dense no-caps align=left inline-label outside-arrows mobile-arrows"
                self._tabs.props(f"{look} aria-label=Details")
                for panel in panels:
                    ui.tab(panel.place.name, panel.place.title)
            chosen = self.session.settings.get("tab", "")
            names = [panel.place.name for panel in panels]
            first = chosen if chosen in names else names[0]
            with ui.tab_panels(self._tabs, value=first, animated=False, keep_alive=True) as shown:
                for panel in panels:
                    with ui.tab_panel(panel.place.name) as around:
                        around.props(f"id=panel-{panel.place.name}")
                        around.props(f'aria-label="{panel.place.title}"')
                        panel.build()
            shown.on_value_change(lambda event: self._open(event.value, names[0]))

    def show_tab(self, name: str) -> None:
        """Open a tab of the details, such as "rows"."""
        self._tabs.set_value(name)

    @property
    def tab(self) -> str:
        """Which tab of the details is open."""
        return str(self._tabs.value)

    def _show_numbers(self) -> None:
        """Open what says the numbers of a selection, unless a lesson is under way; bring it in."""
        learning = self.tab == "lessons" and self.session.settings.get("lesson")
        if learning:
            return
        if self.tab not in NUMBERS:
            self.show_tab("numbers")
        self.client.run_javascript("pellucid.reveal('details')")

    def _open(self, name: str, first: str) -> None:
        self.session.set("tab", "" if name == first else name)
        self.keep_address()
        self.refresh()

    # --- what panels ask of it ------------------------------------------------------------------

    async def change(self, *, keep_weights: bool = False, **changes: Any) -> bool:
        """Begin another run, with some of the experiment other; whether that was possible."""
        return await self._begin(self.session.change, keep_weights=keep_weights, **changes)

    async def begin(
        self, experiment: Experiment, material: Material | None = None, theta: Any = None,
        edits: Sequence[Edit] = (),
    ) -> bool:  # fmt: skip
        """Begin the run of another experiment, as `Session.begin`; whether that was possible."""
        return await self._begin(self.session.begin, experiment, material, theta, edits)

    async def open(self, opened: Opened) -> bool:
        """Go on with a model, as `Session.open`; whether that was possible."""
        return await self._begin(self.session.open, opened)

    async def _begin(self, how: Callable[..., None], *arguments: Any, **options: Any) -> bool:
        self.root.classes(add="busy")
        try:
            await self.away(how, *arguments, **options)
        except (ValueError, TypeError, MemoryError, OSError) as error:
            self.say(str(error))
            self._tell_changed()  # the controls go back to what there is
            return False
        finally:
            self.root.classes(remove="busy")
        self.banner.hide()
        self._tell_changed()
        return True

    async def away(self, work: Callable[..., Made], *arguments: Any, **options: Any) -> Made:
        """Do what waits or computes in a thread of its own, and come back with what it gave."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(work, *arguments, **options))

    def say(self, message: str, kind: str = "bad", button: tuple[str, str] | None = None) -> None:
        """Tell something in the banner, as `Banner.say`."""
        self.banner.say(message, kind, button)

    def say_what_is_waited_for(self) -> None:
        """Where a model was opened that has no data yet, which it takes."""
        if self.session.waiting is not None:
            self.say(waits_for(self.session.waiting), "plain", ("Open data", "open-file"))

    def select(self, selection: Selection | None) -> None:
        """Point at a unit, an edge or a row, for all panels; None at nothing."""
        self.session.set("pick", "" if selection is None else str(selection))
        if selection is not None:
            self._show_numbers()
        for panel in self.panels:
            panel.selected(selection)
        self.keep_address()
        self.refresh()

    def refresh(self) -> None:
        """Measure and show once more, although nothing was trained."""
        self._looks += 1

    def keep_address(self) -> None:
        """Have the tab's address say all of this."""
        if not self.client.is_deleted:
            query = json.dumps(self.session.address())
            self.client.run_javascript(f"pellucid.keepAddress({query})")

    # --- its own pace ---------------------------------------------------------------------------

    async def _tick(self) -> None:
        """Show whatever is new; what cannot be shown is told once, until something changes."""
        try:
            await self._look()
        except Exception as error:
            told = str(error) or type(error).__name__
            if told != self._failed and not self.client.is_deleted:
                self.say(f"This cannot be shown: {told}")
            self._failed = told

    async def _look(self) -> None:
        """Look at the run, and show whatever is new; nothing while nobody is there to see it."""
        if not self.client.has_socket_connection:
            return
        if self.session.run is not self._run:
            self._tell_changed()
        view = self.session.view()
        s = view.standing
        seen = (id(view.run), s.steps, s.playing, s.ended, id(view.theta), view.epoch, view.live,
                self._looks)  # fmt: skip
        if seen == self._seen:
            return
        began = perf_counter()
        self.player.show(view)
        panels = [panel for panel in self.panels if self._is_due(panel, began, s.playing)]
        measured = await self.away(_measure, panels, view)
        if self.session.run is not view.run or self.client.is_deleted:
            return  # another run has begun meanwhile, or the tab is gone
        share = SHARE_AT_LEISURE if view.run.has_time else SHARE
        for panel, (what, error, seconds) in zip(panels, measured, strict=True):
            self._due[panel.place.name] = began + seconds / share
            if error:
                self.say(f"{panel.place.title}: {error}")
            elif what is not None:
                panel.show(what)
        self._tell_end(view)
        self._seen = seen

    def _is_due(self, panel: Panel, now: float, playing: bool) -> bool:
        """Whether it can be seen, and has let the engine work long enough since it was drawn."""
        hidden = panel.place.place == "details" and panel.place.name != self._tabs.value
        if hidden and not panel.always:
            return False
        return not playing or now >= self._due.get(panel.place.name, 0.0)

    def _tell_changed(self) -> None:
        if self.client.is_deleted:
            return
        self._run, self._seen, self._told, self._failed = self.session.run, None, "", ""
        self.session.set("pick", "")
        self.player.changed()
        for panel in self.panels:
            panel.changed()
            panel.selected(None)
        self.keep_address()

    def _tell_end(self, view: View) -> None:
        """Say once why a run has ended, if it was not by having done what was asked."""
        ended = view.standing.ended
        if ended == self._told:
            return
        if ended == "diverged":
            self.say(
                f"The training diverged in epoch {view.standing.epoch}: its numbers grew beyond "
                "all bounds. Rewind, and take a smaller learning rate.",
                button=("Rewind", "rewind"),
            )
        elif ended.startswith("failed"):
            self.say(f"The run has {ended}")
        elif not ended:
            self.banner.hide()
        self._told = ended
        if ended:
            self.keep_address()

    async def _go_to_wanted(self) -> None:
        """As far as the address asked for; it can be paused on the way."""
        await self.away(self.session.run.go_to, self.session.wanted)
        self.keep_address()

    # --- its end --------------------------------------------------------------------------------

    async def _leave(self) -> None:
        """Pause what plays for nobody, where the tab does not come back at once."""
        await asyncio.sleep(GONE)
        run = self.session.run
        if not self.client.has_socket_connection and run.standing.playing:
            self._resting = run
            await self.away(run.pause)

    def _come_back(self) -> None:
        """Go on with what was paused meanwhile."""
        run, self._resting = self._resting, None
        if run is not None and run is self.session.run:
            run.play()

    async def close(self) -> None:
        """End the run: the tab is gone."""
        await asyncio.get_running_loop().run_in_executor(None, self.session.close)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _measure(panels: list[Panel], view: View) -> list[tuple[Any, str, float]]:
    """What each panel has to show, what went wrong, seconds of processor; one fails alone."""
    made: list[tuple[Any, str, float]] = []
    for panel in panels:
        began, what, error = thread_time(), None, ""
        try:
            what = panel.measure(view)
        except Exception as failure:
            error = str(failure) or type(failure).__name__
        made.append((what, error, thread_time() - began))
    return made
