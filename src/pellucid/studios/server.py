"""A server shows studios at an address: a process has one, and each tab its session."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pellucid.studios.guard import Guard
from pellucid.studios.shelf import Shelf

if TYPE_CHECKING:
    import uvicorn

GRACE = 2
"""Seconds that the server waits for what is under way when it is told to stop."""

KEPT = 60.0
"""Seconds in which a tab that lost its connection may come back to its run."""


class Server:
    """The page at a socket, guarded by a token.

    Parameters
    ----------
    sock : that listens already.
    address, loopback : of that socket, and whether this machine alone can reach it.
    """

    def __init__(self, sock: socket.socket, address: str, loopback: bool) -> None:
        self.shelf = Shelf()
        self.token = secrets.token_urlsafe(24)
        self._sock = sock
        self._address = address
        self._warm_up = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
        app = _application(self.shelf, self._warm_up)
        guarded = Guard(app, self.token, sock.getsockname()[1], loopback=loopback)
        self._server = _uvicorn(guarded)

    def url(self, query: str = "") -> str:
        """The address to open, of an experiment if one is given."""
        return f"{self._address}/?token={self.token}" + (f"&{query}" if query else "")

    def url_within(self, query: str = "") -> str:
        """The same for a frame of another page, which gets no cookies."""
        return f"{self._address}/{self.token}/" + (f"?{query}" if query else "")

    def run(self, announce: Callable[[], None]) -> None:
        """Serve until a Ctrl-C or SIGTERM comes."""
        from pellucid.serving.server import ended_by_signals

        with ended_by_signals(self._server):
            self._warm_up.start()
            announce()
            self._server.run(sockets=[self._sock])

    def start(self) -> None:
        """Serve in a thread of its own, until the process ends."""
        self._warm_up.start()
        threading.Thread(
            target=self._server.run, args=([self._sock],), name="studio", daemon=True
        ).start()


def refuse_without_nicegui() -> None:
    """Say what to install, where it is not."""
    for name in ("nicegui", "uvicorn"):
        if find_spec(name) is None:
            raise ValueError(f"the studio needs {name}: pip install 'pellucid[studio]'")


def _application(shelf: Shelf, warm_up: threading.Thread) -> Any:
    """The page as an ASGI application; NiceGUI has one for the whole process."""
    from fastapi import FastAPI
    from nicegui import ui

    from pellucid.studios.page import Page
    from pellucid.studios.session import Session

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @ui.page("/", response_timeout=120, reconnect_timeout=KEPT)
    async def studio() -> None:
        await asyncio.to_thread(warm_up.join)
        address = ui.context.client.request.url.query
        session = await asyncio.to_thread(Session, shelf, address)
        Page(session)

    ui.run_with(
        app,
        title="pellucid studio",
        favicon="data:,",
        dark=None,
        language="en-GB",
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
    )
    return app


def _uvicorn(app: Any) -> uvicorn.Server:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            lifespan="on",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws_max_size=2 * 2**20,
            timeout_graceful_shutdown=GRACE,
        )
    )


def _warm_up() -> None:
    """Import what the first page needs, before it is asked for, and in one thread alone."""
    from pellucid.studios.session import Session

    with suppress(Exception):  # what fails here fails again with the page, where it is told
        Session(Shelf()).close()
