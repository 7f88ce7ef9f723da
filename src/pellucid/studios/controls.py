"""A control is what a person sets one thing with: a label, a field, and a line on what it does.

Each calls `changed` with the new value when a person sets it, and not when the page does (`put`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from itertools import count
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments, ValueChangeEventArguments

Changed = Callable[[Any], Awaitable[Any] | None]

_numbers = count(1)


class Control:
    """A field with its label and its line.

    Parameters
    ----------
    label, hint : what it sets, and in one line what that does.
    changed : called with a value that a person has set; may be a coroutine function.
    """

    def __init__(self, label: str, hint: str, changed: Changed) -> None:
        self.name = label
        self._changed = changed
        self._put: Any = None
        self._id = f"control-{next(_numbers)}"
        with ui.element("div").classes("control") as self.row:
            with ui.element("div").classes("control-row"):
                self.label = ui.element("label").props(f"for={self._id}")
                with self.label:
                    ui.label(label)
                self.field = self._make()
            self.hint = ui.label(hint).classes("hint").props(f"id={self._id}-hint")
        self.field.props(f"for={self._id} aria-describedby={self._id}-hint")

    def _make(self) -> Any:
        raise NotImplementedError

    def put(self, value: Any) -> None:
        """Show a value that no person has set here."""
        self._put = value
        self.field.value = value

    def entitle(self, title: str) -> None:
        """What it says in full, where a pointer rests."""
        if self.row._props.get("title") != title:
            self.row._props["title"] = title
            self.row.update()

    def enable(self, enabled: bool) -> None:
        """Whether it can be set."""
        self.field.set_enabled(enabled)

    def _told(self, event: ValueChangeEventArguments[Any]) -> Any:
        value = event.value
        if value is None or value == self._put:
            return None
        self._put = value
        return self._changed(value)


class Choice(Control):
    """One of several, by name; `options` are names, or what each value is called."""

    def __init__(
        self,
        label: str,
        hint: str,
        options: Iterable[Any] | Mapping[Any, str],
        changed: Changed,
        *,
        several: bool = False,
    ) -> None:
        self._options = dict(options) if isinstance(options, Mapping) else list(options)
        self._several = several
        super().__init__(label, hint, changed)

    def _make(self) -> Any:
        made = ui.select(self._options, on_change=self._told, multiple=self._several)
        return made.props("dense outlined options-dense").classes("field")

    def offer(
        self, options: Iterable[Any] | Mapping[Any, str], value: Any, title: str = ""
    ) -> None:
        """Other options, the one that is chosen, and what it is in full, where a pointer rests."""
        self._put = value
        self.entitle(title)
        given = dict(options) if isinstance(options, Mapping) else list(options)
        self.field.set_options(given, value=value)


class Number(Control):
    """A number that is typed in."""

    def __init__(
        self, label: str, hint: str, changed: Changed, *,
        low: float, high: float, step: float | None = None, whole: bool = False,
    ) -> None:  # fmt: skip
        self._low, self._high, self._step, self._whole = low, high, step, whole
        super().__init__(label, hint, changed)

    def _make(self) -> Any:
        made = ui.number(
            min=self._low, max=self._high, step=self._step or (1 if self._whole else None),
            precision=0 if self._whole else None, on_change=self._told,
        )  # fmt: skip
        return made.props("dense outlined debounce=500 step=any").classes("field")

    def _told(self, event: ValueChangeEventArguments[Any]) -> Any:
        if event.value is not None and self._whole:
            event.value = int(event.value)
        return super()._told(event)


class Range(ui.element):
    """The browser's own slider, which keys move too.

    Parameters
    ----------
    label : its name, for those who do not see it.
    low, high, step : of its values.
    moved, let_go : called with the value while it moves, and when it is let go.
    """

    def __init__(
        self, label: str, low: float, high: float, step: float, *,
        moved: Changed | None = None, let_go: Changed | None = None,
    ) -> None:  # fmt: skip
        super().__init__("input")
        self.props(f'type=range min={low} max={high} step={step} aria-label="{label}"')
        self._classes.append("range")
        for event, tell in (("input", moved), ("change", let_go)):
            if tell is not None:
                self.on(event, partial(_tell, tell),
                        js_handler="(event) => emit(Number(event.target.value))")  # fmt: skip

    def put(self, value: float, high: float | None = None) -> None:
        """Show a value, and another end."""
        new = {"value": value} | ({} if high is None else {"max": high})
        if any(self._props.get(name) != now for name, now in new.items()):
            self._props.update(new)
            self.update()


def _tell(tell: Changed, event: GenericEventArguments) -> Any:
    return tell(float(event.args))


class Slide(Control):
    """A number between two, by a slider; told when it is let go."""

    readout: ui.label

    def __init__(
        self, label: str, hint: str, changed: Changed, *,
        low: float, high: float, step: float, shown: Callable[[float], str],
    ) -> None:  # fmt: skip
        self._low, self._high, self._step, self._shown = low, high, step, shown
        super().__init__(label, hint, changed)

    def _make(self) -> Any:
        made = Range(
            self.name, self._low, self._high, self._step, moved=self._move, let_go=self._let_go
        )
        self.readout = ui.label(self._shown(self._low)).classes("readout")
        return made.classes("field")

    def put(self, value: Any) -> None:
        """Show a value that no person has set here."""
        self._put = value
        self.field.put(value)
        self._move(value)

    def enable(self, enabled: bool) -> None:
        """Whether it can be set."""
        self.field.props("" if enabled else "disabled", remove="disabled" if enabled else "")

    def _move(self, value: float) -> None:
        self.readout.set_text(self._shown(value))

    def _let_go(self, value: float) -> Any:
        if value == self._put:
            return None
        self._put = value
        return self._changed(value)


CALLED = {
    "binary_cross_entropy": "log loss",
    "cross_entropy": "cross-entropy",
    "shared_maximum": "shared max",
}
"""What people call a few names of pellucid's that say it otherwise, or at length."""


def called(name: str) -> str:
    """A name of pellucid's as a field shows it, where there is little room.

    Examples
    --------
    >>> called("leaky_relu"), called("binary_cross_entropy")
    ('leaky relu', 'log loss')
    """
    return CALLED.get(name, name.replace("_", " "))


def or_default(names: Iterable[str], chosen: str, suits: str) -> dict[str, str]:
    """The options of a choice whose "" leaves it to pellucid, which then takes what `suits`.

    Parameters
    ----------
    chosen : what is chosen now; where that is something, what would suit is not known.

    Examples
    --------
    >>> or_default(["mean", "total_sum"], "", "mean")
    {'': 'mean · auto', 'mean': 'mean', 'total_sum': 'total sum'}
    """
    suggested = "auto" if chosen or not suits else f"{called(suits)} · auto"
    return {"": suggested, **{name: called(name) for name in (*names, chosen) if name}}


class Switch(Control):
    """On or off."""

    def _make(self) -> Any:
        made = ui.switch(on_change=self._told).props(f'dense aria-label="{self.name}"')
        return made.classes("field switch")
