"""A window shows a studio within a notebook."""

from __future__ import annotations

import threading
from html import escape
from typing import Any

from pellucid.studios.opening import opened
from pellucid.studios.server import Server, refuse_without_nicegui

_server: Server | None = None
_lock = threading.Lock()


class Window:
    """A studio of this process; a notebook shows it where this is the last line of a cell.

    Parameters
    ----------
    model_or_data : what it begins with.
    height : in pixels, of what a notebook shows.
    """

    def __init__(self, model_or_data: Any = None, height: int = 900) -> None:
        server = _running()
        query = opened(model_or_data, server.shelf)
        self.url = server.url(query)
        self.height = height
        self._within = server.url_within(query)

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{escape(self._within)}" title="pellucid studio" width="100%" '
            f'height="{self.height}" style="border: 0; border-radius: 8px"></iframe>'
        )

    def __repr__(self) -> str:
        return f"studio at {self.url}"


def _running() -> Server:
    """The server of this process, which begins with its first window."""
    from pellucid.serving.server import address_of, listen

    global _server
    refuse_without_nicegui()
    with _lock:
        if _server is None:
            sock = listen("127.0.0.1", 0)
            _server = Server(sock, *address_of(sock))
            _server.start()
        return _server
