"""A banner says one thing at the top of the page, calmly, until it is put away."""

from __future__ import annotations

from nicegui import ui

PRESSES = "(event) => document.getElementById(event.currentTarget.dataset.presses).click()"


class Banner:
    """The place for messages, the newest alone; it takes no room of its own and moves nothing."""

    def __init__(self) -> None:
        self._box = ui.element("div").classes("banner").props("role=status aria-live=polite")
        with self._box:
            self._text = ui.label().classes("banner-text")
            self._button = ui.button(color=None).props("flat dense no-caps id=banner-button")
            self._button.classes("banner-button").on("click", js_handler=PRESSES)
            close = ui.button(icon="close", color=None, on_click=self.hide)
            close.props('flat round dense size=sm aria-label="Put the message away"')
        self._box.set_visibility(False)

    def say(self, message: str, kind: str = "bad", button: tuple[str, str] | None = None) -> None:
        """Show a message.

        Parameters
        ----------
        kind : "bad", "good" or "plain".
        button : what a button beside it says, and the id of that button of the page which it
            presses; by default there is none.
        """
        self._text.text = message[:600]
        self._box.classes(remove="bad good plain", add=kind)
        self._button.set_visibility(button is not None)
        if button is not None:
            self._button.text, presses = button
            self._button.props(f"data-presses={presses}")
        self._box.set_visibility(True)

    def hide(self, message: str = "") -> None:
        """Put it away; or that message alone, where it is the one that is shown."""
        if not message or self._text.text == message:
            self._box.set_visibility(False)
