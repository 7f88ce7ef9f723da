"""The lessons' panel shows the tours, sets them up, and sees what was done."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from pellucid.studios.lessons import LESSONS, Lesson, lesson
from pellucid.studios.panels.panel import Panel
from pellucid.studios.view import View


class Lessons(Panel):
    """The guided tours: a list, and the one that is open.

    The address has which is open (`lesson`), what of it was done (`done`), and those that were
    gone through (`learnt`).
    """

    always = True

    def build(self) -> None:
        """The list; the open one is made anew when another is chosen."""
        self._items: dict[str, Any] = {}
        self._marks: list[ui.icon] = []
        self._open: Lesson | None = None
        with ui.element("div").classes("lessons"):
            with ui.element("nav").classes("lesson-list").props('aria-label="Lessons"'):
                for each in LESSONS:
                    self._item(each)
            self.body = ui.element("div").classes("lesson")
        self._show(lesson(self.session.settings.get("lesson", "")))

    def _item(self, each: Lesson) -> None:
        button = ui.button(color=None, on_click=partial(self._choose, each))
        button.props(f"flat no-caps align=left id=lesson-{each.name}").classes("lesson-item")
        with button:
            icon = ui.icon("radio_button_unchecked")
            ui.label(each.title)
        self._items[each.name] = button, icon

    # --- what a person does ---------------------------------------------------------------------

    def _choose(self, each: Lesson) -> None:
        if each is not self._open:
            self.session.set("lesson", each.name)
            self.session.set("done", "")
            self._show(each)
            self.page.keep_address()
            self.page.refresh()

    async def _set_up(self, each: Lesson, changes: Mapping[str, Any]) -> None:
        await self.page.begin(each.experiment.changed(**changes))

    # --- what it shows --------------------------------------------------------------------------

    def _show(self, each: Lesson | None) -> None:
        self._open = each
        for name, (button, _) in self._items.items():
            chosen = each is not None and name == each.name
            button.classes(**{"add" if chosen else "remove": "on"})
            button.props(f"aria-current={'true' if chosen else 'false'}")
        self.body.clear()
        with self.body:
            if each is None:
                with ui.element("div").classes("lesson-welcome muted"):
                    ui.label(
                        "Seven short tours. Each opens a prepared network, asks a question, and "
                        "sees by the network itself when you have found the answer."
                    )
                    with ui.element("dl"):
                        for one in LESSONS:
                            _asked(one)
            else:
                self._tour(each)
        self._tick(self._done())

    def _tour(self, each: Lesson) -> None:
        with ui.element("h3"):
            ui.label(each.title)
        ui.label(each.story).classes("lesson-story")
        ui.label(each.question).classes("lesson-question")
        begin = ui.button("Set it up", icon="science", color=None,
                          on_click=partial(self._set_up, each, {}))  # fmt: skip
        begin.props("flat no-caps id=lesson-begin").classes("lesson-begin")
        self._marks = []
        with ui.element("ol").classes("lesson-tasks"):
            for task in each.tasks:
                with ui.element("li"):
                    mark = ui.icon("radio_button_unchecked").props("role=img aria-hidden=false")
                    self._marks.append(mark)
                    ui.label(task.text)
        self.reading = ui.label().classes("lesson-reading").props("role=status id=lesson-reading")
        with ui.element("div").classes("lesson-tries").props('role=group aria-label="To try"'):
            ui.label("Try").classes("muted")
            for label, changes in each.tries.items():
                chip = ui.button(label, color=None, on_click=partial(self._set_up, each, changes))
                chip.props("flat dense no-caps").classes("lesson-try")
        self.answer = ui.label(each.answer).classes("lesson-answer").props("id=lesson-answer")

    def measure(self, view: View) -> Any:
        """What the run shows as done, and the numbers that matter."""
        each = self._open
        if each is None:
            return None
        of_it = view.experiment.data == each.experiment.data
        return each, each.done(view), each.reading(view) if of_it else ""

    def show(self, measured: tuple[Lesson, set[int], str]) -> None:
        """Tick what is done; when all is, tell the answer."""
        each, done, reading = measured
        if each is not self._open:  # another was chosen meanwhile
            return
        self.reading.text = reading or "Set it up to begin."
        before = self._done()
        if not done <= before:
            self.session.set("done", "".join(map(str, sorted(before | done))))
            learnt = self._learnt()
            if len(before | done) == len(each.tasks) and each.name not in learnt:
                self.session.set("learnt", " ".join([*learnt, each.name]))
            self.page.keep_address()
        self._tick(before | done)

    def _tick(self, done: set[int]) -> None:
        each, learnt = self._open, self._learnt()
        titles = {each.name: each.title for each in LESSONS}
        for name, (button, icon) in self._items.items():
            icon.name = "check_circle" if name in learnt else "radio_button_unchecked"
            icon.classes(**{"add" if name in learnt else "remove": "done"})
            done_too = ", done" if name in learnt else ""
            button.props(f'aria-label="{titles[name]}{done_too}"')
        if each is None:
            return
        for place, icon in enumerate(self._marks):
            icon.name = "check_circle" if place in done else "radio_button_unchecked"
            icon.classes(**{"add" if place in done else "remove": "done"})
            icon.props(f'aria-label="{"Done" if place in done else "To do"}"')
        all_done = len(done) == len(each.tasks)
        self.answer.classes(**{"add" if all_done else "remove": "told"})
        self.answer.props(f"aria-hidden={'false' if all_done else 'true'}")

    def _done(self) -> set[int]:
        """The places of the open lesson's tasks that were done."""
        text = self.session.settings.get("done", "")
        most = len(self._open.tasks) if self._open else 0
        return {place for place in range(most) if str(place) in text}

    def _learnt(self) -> list[str]:
        known = self.session.settings.get("learnt", "").split()
        return [each.name for each in LESSONS if each.name in known]


def _asked(each: Lesson) -> None:
    """What a lesson asks, for who has not chosen one yet."""
    with ui.element("dt"):
        ui.label(each.title)
    with ui.element("dd"):
        ui.label(each.question)
