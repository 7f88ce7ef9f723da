"""Intake is how a request's body is read: no more of it, and for no longer, than the limits say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from pellucid.serving.limits import Limits
from pellucid.serving.refusals import CLOSE, LATER, Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

PATIENCE = 4
"""So many times what a body may have is read and thrown away, since a client that is cut off while
it sends does not get to see why."""


class Intake:
    """Reads bodies, and knows how many bytes it holds.

    Parameters
    ----------
    limits : of one body, of all, and of time.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.held = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """A request's body, counted for as long as it is worked on.

        Raises
        ------
        Refusal
            If it is too large or too slow, or all bodies together are too large.
        """
        most, parts = self._limits.body_bytes, bytearray()
        too_large = Refusal(
            413, f"the body has more than {most} bytes: send fewer rows at once", headers=CLOSE
        )
        declared = int(request.headers.get("content-length", 0))
        if declared > PATIENCE * most or (declared > most and "expect" in request.headers):
            raise too_large
        size = 0
        try:
            async with asyncio.timeout(self._limits.seconds):
                async for part in request.stream():
                    size += len(part)
                    if size > PATIENCE * most:
                        raise too_large
                    if size > most:
                        continue
                    if self.held + len(part) > self._limits.held_bytes:
                        raise Refusal(
                            503, "too many requests at once: ask again in a while",
                            headers=CLOSE | LATER,
                        )  # fmt: skip
                    parts += part
                    self.held += len(part)
            if size > most:
                raise too_large
            yield bytes(parts)
        except TimeoutError:
            raise Refusal(
                408, f"the body did not come within {self._limits.seconds:g} s", headers=CLOSE
            ) from None
        except ClientDisconnect:
            raise Refusal(400, "the client has gone", headers=CLOSE) from None
        finally:
            self.held -= len(parts)
