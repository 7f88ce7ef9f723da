"""A banner says one thing at the top of the page, calmly, until it is put away."""

from __future__ import annotations

from nicegui import ui


class Banner:
    """The place for messages, the newest alone; it lies over the page and moves nothing."""

    def __init__(self) -> None:
        self._box = ui.element("div").classes("banner").props("role=status aria-live=polite")
        with self._box:
            self._text = ui.label().classes("banner-text")
            close = ui.button(icon="close", on_click=self.hide)
            close.props('flat round dense size=sm aria-label="Put the message away"')
        self._box.set_visibility(False)

    def say(self, message: str, kind: str = "bad") -> None:
        """Show a message: "bad", "good" or "plain"."""
        self._text.text = message[:600]
        self._box.classes(remove="bad good plain", add=kind)
        self._box.set_visibility(True)

    def hide(self) -> None:
        """Put it away."""
        self._box.set_visibility(False)
