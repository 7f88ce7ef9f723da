"""A server listens at an address and speaks HTTP with whoever comes, until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pellucid.serving.limits import Limits
from pellucid.serving.refusals import Refusal

if TYPE_CHECKING:
    from starlette.applications import Starlette

GRACE = 5
"""Seconds that answers under way are waited for when the server is told to stop."""


def listen(host: str, port: int, backlog: int = 2048) -> socket.socket:
    """A socket at an address, at which clients wait from now on.

    Raises
    ------
    ValueError
        If there is no such address, or it is in use.

    Examples
    --------
    >>> with listen("127.0.0.1", 0) as taken:
    ...     listen("127.0.0.1", taken.getsockname()[1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: port ... of '127.0.0.1' is in use: give another, or 0 for any that is free
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ValueError(f"there is no address {host!r}: {error}") from None
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            why = "is in use: give another, or 0 for any that is free"
        else:
            why = f"cannot be had: {error.strerror}"
        raise ValueError(f"port {port} of {host!r} {why}") from None
    return sock


def address_of(sock: socket.socket) -> tuple[str, bool]:
    """The URL of a listening socket, and whether this machine alone can reach it."""
    host, port = sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}", ipaddress.ip_address(host).is_loopback


def run(app: Starlette, sock: socket.socket, limits: Limits, announce: Callable[[], None]) -> None:
    """Serve until a Ctrl-C or SIGTERM comes; answers under way are finished.

    Parameters
    ----------
    announce : called when a signal ends the server well from now on.
    """
    config = uvicorn.Config(
        app,
        http=_protocol(limits),
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=limits.header_bytes,
    )
    server = uvicorn.Server(config)
    with ended_by_signals(server):
        announce()
        server.run(sockets=[sock])


@contextmanager
def ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """A signal ends the server and nothing else.

    uvicorn has handlers of its own while it runs. One that comes before would be lost, and the one
    that ended it is raised once more when it has ended.
    """

    def end(number: int, frame: Any) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _protocol(limits: Limits) -> type[asyncio.Protocol]:
    """HTTP/1.1 as uvicorn speaks it, with an end to patience."""

    class Protocol(H11Protocol):
        """Hangs up on a client whose header does not come, or that does not take its answer."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._look_again(0)

        def _look_again(self, looks: int) -> None:
            self.loop.call_later(limits.seconds, self._look, self.cycle, looks + 1)

        def _look(self, before: Any, looks: int) -> None:
            """Is the request still the one it was before, so many times?"""
            if self.transport.is_closing():
                return
            same = self.cycle is before
            idle = before is None or before.response_complete
            if same and (idle or looks > 2):  # a header has one such time; what follows has three
                self.transport.abort()
            else:
                self._look_again(looks if same else 0)

        def send_400_response(self, msg: str) -> None:
            """What is no HTTP gets a refusal, unless an answer has begun already."""
            if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.close()
                return
            refusal = Refusal(400, f"not HTTP/1.1, or with more than {limits.header_bytes} bytes "
                                   "of headers")  # fmt: skip
            body = json.dumps(refusal.to_dict()).encode()
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return Protocol
