"""The application is what a server runs: it says what answers a request, and what refuses it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pellucid.serving.answering import Answerer, answerer_of
from pellucid.serving.batching import Batcher
from pellucid.serving.hosts import HOST, is_own
from pellucid.serving.intake import Intake
from pellucid.serving.limits import Limits
from pellucid.serving.openapi import document
from pellucid.serving.page import HOST_HERE, page
from pellucid.serving.refusals import CLOSE, LATER, Refusal, shown
from pellucid.serving.rows import RequestRows, read_csv, read_json
from pellucid.serving.writing import to_csv, to_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

JSON, CSV, HTML = "application/json", "text/csv", "text/html"

READERS = {JSON: read_json, CSV: read_csv}
"""How a body is read, by its Content-Type."""

LARGE_BODY, MANY_ROWS = 64 * 2**10, 200
"""What is read and written in a thread, so that others need not wait for it."""

SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
}
"""A browser shall take nothing for what it is not, and load nothing from elsewhere."""

Made = TypeVar("Made")


def application(model: Any, limits: Limits | None = None, *, loopback: bool = False) -> Starlette:
    """The ASGI application that answers from a model, for uvicorn or any other server.

    Parameters
    ----------
    model : whatever `pellucid.load` gives.
    limits : what is refused beyond.
    loopback : whether it is served to this machine alone; who asks under another name than the
        machine's own is then refused.

    Examples
    --------
    >>> from pellucid import Network
    >>> sorted(route.path for route in application(Network([2, 1])).routes)
    ['/', '/docs', '/health', '/openapi.json', '/predict', '/schema']
    """
    endpoints = Endpoints(answerer_of(model), limits or Limits())
    get: dict[str, Any] = {"methods": ["GET"]}
    app = Starlette(
        routes=[
            Route("/", endpoints.home, **get),
            Route("/predict", endpoints.predict, methods=["POST"]),
            Route("/schema", endpoints.schema, **get),
            Route("/health", endpoints.health, **get),
            Route("/openapi.json", endpoints.openapi, **get),
            Route("/docs", endpoints.docs, **get),
        ],
        exception_handlers={
            Refusal: _refused, HTTPException: _unknown, Exception: _failed,
        },
        lifespan=endpoints.lifespan,
        middleware=[Middleware(OwnName)] if loopback else [],
    )  # fmt: skip
    app.router.redirect_slashes = False
    return app


class Endpoints:
    """What is asked of a server.

    Parameters
    ----------
    answerer : of the model.
    limits : what is refused beyond.
    """

    def __init__(self, answerer: Answerer, limits: Limits) -> None:
        self._answerer = answerer
        self._limits = limits
        self._intake = Intake(limits)
        self._batcher = Batcher(answerer.compute, limits)
        self._openapi = json.dumps(document(answerer, limits)).encode()
        self._page = page(answerer, limits)
        about = answerer.to_dict() | {"limits": {"bytes": limits.body_bytes, "rows": limits.rows}}
        self._schema = json.dumps(about).encode()

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Batches are computed for as long as this lasts."""
        running = asyncio.create_task(self._batcher.run())
        with ThreadPoolExecutor(1, "reader") as self._thread:  # one large body at a time
            yield
        running.cancel()

    async def predict(self, request: Request) -> Response:
        """POST /predict: rows in, answers out."""
        kind = _content_type(request)
        coverage = self._coverage(request)
        async with self._intake.body(request) as body:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    return await self._answered(request, kind, body, coverage)
            except TimeoutError:
                message = f"no answer within {self._limits.seconds:g} s: send fewer rows at once"
                raise Refusal(503, message, headers=LATER) from None

    async def _answered(
        self, request: Request, kind: str, body: bytes, coverage: float | None
    ) -> Response:
        rows: RequestRows = await self._aside(
            len(body) > LARGE_BODY, READERS[kind], body, self._answerer, self._limits.rows
        )
        answers = await self._batcher.ask(rows)

        def written() -> tuple[bytes, str]:
            intervals = None
            if coverage is not None and self._answerer.interval is not None:
                try:
                    intervals = self._answerer.interval(answers.predictions, coverage)
                except ValueError as error:  # too few rows were held out to be so sure
                    raise Refusal(422, str(error)) from None
            if _wants_csv(request.headers.get("accept", "")):
                return to_csv(self._answerer, answers, intervals), CSV
            return to_json(self._answerer, answers, rows.notes, intervals), JSON

        return _response(*await self._aside(rows.n > MANY_ROWS, written))

    async def _aside(self, long: bool, work: Callable[..., Made], *arguments: Any) -> Made:
        """What a function gives, from a thread of its own if it takes long."""
        if not long:
            return work(*arguments)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _coverage(self, request: Request) -> float | None:
        """The part of rows for which an interval shall hold, if one is asked for."""
        for name in request.query_params:
            if name != "interval":
                known = "none" if self._answerer.interval is None else "interval=0.9, say"
                raise Refusal(422, f"there is no parameter {shown(name)}: expected {known}")
        given = request.query_params.getlist("interval")
        if not given:
            return None
        if self._answerer.interval is None:
            raise Refusal(422, "this model knows of no intervals: leave out interval")
        try:
            coverage = float(given[0])
        except ValueError:
            coverage = 0.0
        if len(given) > 1 or not 0.0 < coverage < 1.0:
            what = " and ".join(map(shown, given[:2]))
            raise Refusal(422, f"interval is {what}: expected one number between 0 and 1")
        return coverage

    async def schema(self, request: Request) -> Response:
        """GET /schema: which columns are needed, and what is predicted."""
        return _response(self._schema)

    async def health(self, request: Request) -> Response:
        """GET /health: that it runs, and how much it has done."""
        batcher = self._batcher
        done = {"requests": batcher.requests, "passes": batcher.passes, "rows": batcher.rows}
        return _response(json.dumps({"status": "ok"} | done).encode())

    async def openapi(self, request: Request) -> Response:
        """GET /openapi.json: all of this in the form that other programs read."""
        return _response(self._openapi)

    async def docs(self, request: Request) -> Response:
        """GET /docs: all of this for people."""
        host = request.headers.get("host", "")
        shown_page = self._page.replace(HOST_HERE, host if HOST.fullmatch(host) else "localhost")
        return _response(shown_page.encode(), f"{HTML}; charset=utf-8")

    async def home(self, request: Request) -> Response:
        """GET /: to the page for people."""
        return RedirectResponse("docs", 307, SAFE)


class OwnName:
    """Refuses who asks a server of this machine alone under another name than the machine's own.

    A page of a browser here could else make its own name lead here, and read what is answered.

    Parameters
    ----------
    app : what answers the others.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 421."""
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else "localhost"
        if is_own(host):
            await self._app(scope, receive, send)
            return
        what = f"the Host is {shown(host) if host else 'missing'}"
        refusal = Refusal(421, f"{what}: expected localhost, 127.0.0.1 or [::1]", headers=CLOSE)
        await _answer(refusal)(scope, receive, send)


def _content_type(request: Request) -> str:
    """Of the body; Refusal if there is no reader for it."""
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    charset = [p.partition("=")[2].strip(' "') for p in parameters if "charset" in p]
    if kind.strip() not in READERS:
        what = shown(kind.strip()) if kind else "missing"
        raise Refusal(415, f"the Content-Type is {what}: expected {' or '.join(READERS)}")
    if charset and charset[0] not in ("utf-8", "utf8", "us-ascii"):
        raise Refusal(415, f"the charset is {shown(charset[0])}: expected utf-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "the body is packed (Content-Encoding): send it as it is")
    return kind.strip()


def _wants_csv(accept: str) -> bool:
    """Whether CSV comes first among the kinds that are there."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    return next((kind for kind in kinds if kind in (JSON, CSV)), JSON) == CSV


def _response(content: bytes, kind: str = JSON, status: int = 200, **headers: str) -> Response:
    kind = f"{kind}; charset=utf-8" if kind == CSV else kind
    return Response(content, status, SAFE | {"content-type": kind} | headers)


def _refused(request: Request, refusal: Any) -> Response:
    return _answer(refusal)


def _answer(refusal: Refusal) -> Response:
    return _response(
        json.dumps(refusal.to_dict()).encode(), JSON, refusal.status, **refusal.headers
    )


def _unknown(request: Request, error: Any) -> Response:
    """What Starlette refuses: a path or a method that there is not."""
    refusal = Refusal(
        error.status_code,
        f"{HTTPStatus(error.status_code).phrase}: {request.method} {shown(request.url.path)}. "
        "GET /docs says what there is",
        headers=error.headers,
    )
    return _answer(refusal)


def _failed(request: Request, error: Exception) -> Response:
    """A fault of ours; what it was is in the log."""
    return _answer(Refusal(500, "the server made a mistake: its log says which"))
