"""A batch is the rows of several requests that go through one forward pass together.

While one pass runs in a thread, the next batch gathers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from pellucid.serving.answering import Answers
from pellucid.serving.limits import Limits
from pellucid.serving.refusals import LATER, Refusal
from pellucid.serving.rows import RequestRows, joined


class _Asked(NamedTuple):
    rows: RequestRows
    answers: asyncio.Future[Answers]


class Batcher:
    """Answers requests, as many at once as wait.

    Parameters
    ----------
    compute : rows -> their answers.
    limits : of rows in a pass, and of what may wait.

    Examples
    --------
    >>> batcher = Batcher(lambda rows: Answers(2 * rows.columns["x"]), Limits())
    >>> async def ask(*numbers):
    ...     running = asyncio.create_task(batcher.run())
    ...     rows = [RequestRows({"x": np.array([number])}, 1) for number in numbers]
    ...     answers = await asyncio.gather(*map(batcher.ask, rows))
    ...     running.cancel()
    ...     return [answer.predictions.tolist() for answer in answers]
    >>> asyncio.run(ask(1.0, 2.0, 3.0))
    [[2.0], [4.0], [6.0]]
    >>> batcher.requests, batcher.passes
    (3, 1)
    """

    def __init__(self, compute: Callable[[RequestRows], Answers], limits: Limits) -> None:
        self._compute = compute
        self._limits = limits
        self._waiting: deque[_Asked] = deque()
        self._rows_waiting = 0
        self._more = asyncio.Event()
        self.requests = self.passes = self.rows = 0

    async def ask(self, rows: RequestRows) -> Answers:
        """The answers to some rows.

        Raises
        ------
        Refusal
            If too much waits already, or the model cannot answer.
        """
        full = len(self._waiting) >= self._limits.requests
        if full or (self._waiting and self._rows_waiting + rows.n > self._limits.waiting_rows):
            raise Refusal(503, "too many requests wait: ask again in a while", headers=LATER)
        asked = _Asked(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._rows_waiting += rows.n
        self.requests += 1
        self._more.set()
        return await asked.answers

    async def run(self) -> None:
        """Answer for ever."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "forward pass") as thread:
            while True:
                await self._more.wait()
                batch = self._gather()
                parts = [asked.rows for asked in batch]
                for asked, made in zip(
                    batch, await loop.run_in_executor(thread, self._answer, parts), strict=True
                ):
                    if asked.answers.done():  # whoever asked has given up
                        continue
                    if isinstance(made, Exception):
                        asked.answers.set_exception(made)
                    else:
                        asked.answers.set_result(made)

    def _gather(self) -> list[_Asked]:
        """The first of those who wait, as many as go into one pass."""
        batch: list[_Asked] = []
        n = 0
        while self._waiting and (not batch or n + self._waiting[0].rows.n <= self._limits.rows):
            asked = self._waiting.popleft()
            self._rows_waiting -= asked.rows.n
            if not asked.answers.done():
                batch.append(asked)
                n += asked.rows.n
        if not self._waiting:
            self._more.clear()
        return batch

    def _answer(self, parts: Sequence[RequestRows]) -> list[Answers | Exception]:
        """The answers to each part, or what is wrong with it."""
        if not parts:
            return []
        try:
            rows = joined(parts)
            with np.errstate(all="ignore"):  # what is not finite is found below
                answers = self._compute(rows)
            self.passes += 1
            self.rows += rows.n
        except Exception as error:
            if len(parts) > 1:  # one part is to blame: the others shall not suffer for it
                return [made for part in parts for made in self._answer([part])]
            if isinstance(error, MemoryError):
                return [Refusal(503, "not enough memory: send fewer rows at once", headers=LATER)]
            refused = isinstance(error, ValueError)
            return [Refusal(422, " ".join(str(error).split())) if refused else error]
        made: list[Answers | Exception] = []
        first = 0
        for part in parts:
            try:
                made.append(answers.part(slice(first, first + part.n)))
            except Refusal as refusal:
                made.append(refusal)
            first += part.n
        return made
