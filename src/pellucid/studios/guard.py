"""A guard lets those in who have the token, under the server's own name, and from its own page."""

from __future__ import annotations

from secrets import compare_digest
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from pellucid.serving.hosts import HOST, is_own

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 2**20
"""Of one request's body, such as a table that is given."""

HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""With these the browser itself loads nothing from elsewhere, and tells no one the address."""

NO_ENTRY = """<!doctype html><html lang="en"><meta charset="utf-8"><title>No entry</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; }</style>
<h1 style="font-size: 1.4rem">This studio is someone's own</h1>
<p>Open it by the whole address that <code>pellucid studio</code> printed, with its token.</p>
</body></html>"""


class Guard:
    """What stands before an application, of HTTP and of websockets alike.

    Parameters
    ----------
    app : what is guarded.
    token : known to whoever may come in: as `?token=` of an address, then as a cookie; or as the
        first part of the path, for a page within another (a notebook's), which gets no cookies.
    port : where it is served, for the cookie's name: cookies are shared by the ports of a host.
    loopback : whether it is served to this machine alone, and thus under its own names only.
    """

    def __init__(self, app: ASGIApp, token: str, port: int, *, loopback: bool) -> None:
        self._app = app
        self._token = token
        self._cookie = f"pellucid-studio-{port}"
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        by_address = self._in_address(scope)
        if not self._at_home(headers) or not (
            by_address or self._in_path(scope) or self._in_cookie(headers)
        ):
            await _refuse(scope, receive, send, 403, NO_ENTRY)
            return
        if int(headers.get("content-length") or 0) > MOST_BYTES:
            await _refuse(scope, receive, send, 413, f"more than {MOST_BYTES} bytes")
            return
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = HEADERS | ({"set-cookie": cookie} if by_address else {})
                pairs = [(key.encode(), value.encode()) for key, value in more.items()]
                message = {**message, "headers": [*message.get("headers", []), *pairs]}
            await send(message)

        await self._app(scope, _bounded(receive), answer)

    def _at_home(self, headers: dict[str, str]) -> bool:
        """Whether the request names this server, and comes from no page but its own."""
        host = headers.get("host", "")
        if HOST.fullmatch(host) is None or (self._loopback and not is_own(host)):
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc == host

    def _in_address(self, scope: Scope) -> bool:
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        return any(key == "token" and self._is(value) for key, value in query)

    def _in_path(self, scope: Scope) -> bool:
        """Whether the token is before the path; it is then taken from there."""
        first, _, _ = scope["path"].lstrip("/").partition("/")
        if not self._is(first):
            return False
        scope["root_path"] = f"{scope.get('root_path', '')}/{first}"
        return True

    def _in_cookie(self, headers: dict[str, str]) -> bool:
        # By hand: http.cookies gives up at the first that is not as it should be, and other
        # programs of this machine set theirs for all of its ports.
        pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
        return any(name == self._cookie and self._is(value) for name, _, value in pairs)

    def _is(self, given: str) -> bool:
        return compare_digest(given.encode(), self._token.encode())


def _bounded(receive: Receive) -> Receive:
    """The same, which ends a body that grows beyond what it may have."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        return {"type": "http.disconnect"} if seen > MOST_BYTES else message

    return bounded


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    kind = b"text/html; charset=utf-8" if text.startswith("<") else b"text/plain"
    head: Any = [(b"content-type", kind), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": text.encode()})
