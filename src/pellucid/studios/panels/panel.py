"""What every panel is; see `pellucid.studios.panels` for how one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.studios.page import Page
    from pellucid.studios.panels import Place
    from pellucid.studios.selection import Selection
    from pellucid.studios.session import Session
    from pellucid.studios.view import View


class Panel:
    """One part of a page.

    Parameters
    ----------
    page : that it is a part of.
    place : where.
    """

    always = False
    """Whether it is measured, and shown what it measured, even while its tab is not seen."""

    def __init__(self, page: Page, place: Place) -> None:
        self.page = page
        self.place = place

    @property
    def session(self) -> Session:
        """What the tab works on."""
        return self.page.session

    def build(self) -> None:
        """Make its elements; called once, within its card or tab."""

    def changed(self) -> None:
        """The session has another run: show its settings, forget what was of the old one."""

    def selected(self, selection: Selection | None) -> None:
        """A person has pointed at a unit, an edge or a row, in whichever panel; None: none."""

    def measure(self, view: View) -> Any:
        """What to show, computed in a thread of its own; None shows nothing new."""

    def show(self, measured: Any) -> None:
        """Show what was measured."""
