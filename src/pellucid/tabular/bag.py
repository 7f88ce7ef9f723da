"""A bag is several networks trained on different parts of the rows, whose answers are averaged.

Each holds other rows out, in turns. On these its best epoch is chosen, and they tell how good the
bag is: for each row, by networks that have not seen it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import engine as engine_named
from pellucid.engines.processors import processors
from pellucid.objective import Objective
from pellucid.tabular.member import (
    ROWS_AT_ONCE,
    Data,
    Floats32,
    Member,
    Recipe,
    Running,
    Training,
    raw,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.tabular.encoder import Compact, Encoder
    from pellucid.tabular.resuming import Place

FEWEST_TO_HOLD_OUT = 8
"""Of fewer rows none is held out."""


ENOUGH, LARGEST_SHARE, SMALLEST_SHARE = 1000, 0.25, 0.1
"""Rows that are held out, and what part of all of them at the most and at the least."""


@dataclass(frozen=True)
class Step:
    """What a callback is told at the end of each epoch of each network."""

    member: int  # from 1
    members: int
    epoch: int  # from 1
    epochs: int  # as many as are planned
    loss: float  # of training, in this epoch
    held_out_loss: float  # log-loss or root mean squared error on the rows held out


class Bag:
    """Networks of one shape, and what gives them their inputs.

    Parameters
    ----------
    encoder : of the table.
    objective : whose layout all have.
    members : the networks.
    engine, n_jobs : who does the arithmetic, in how many threads.
    """

    def __init__(
        self,
        encoder: Encoder,
        objective: Objective,
        members: Sequence[Member],
        engine: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.objective = objective
        self.members = list(members)
        self._how = engine, n_jobs
        self._wake()

    def _wake(self) -> None:
        self._layout = raw(self.objective.layout)
        self._engine = engine_named(*self._how, self.objective)

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle keeps: nothing of single rows of training; an engine is made anew."""
        kept = {k: v for k, v in self.__dict__.items() if k not in ("_layout", "_engine")}
        return kept | {"members": [member.without_rows() for member in self.members]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._wake()

    def outputs(self, rows: Compact) -> Floats32:
        """The raw output of each network (members, n, n_outputs)."""
        n_outputs = self._layout.architecture.n_outputs
        made = np.empty((len(self.members), rows.n_rows, n_outputs), np.float32)
        for part, X in self.encoder.blocks(rows, ROWS_AT_ONCE):
            for member, output in zip(self.members, made, strict=True):
                output[part] = self._engine.forward(self._layout, member.theta, X)
        return made

    @classmethod
    def train(
        cls,
        recipe: Recipe,
        encoder: Encoder,
        data: Data,
        held_out: Sequence[NDArray[np.intp]],
        judge: Callable[[Floats32, Data], float],
        seed: int,
        *,
        engine: str = "auto",
        n_jobs: int | None = None,
        max_time: float | None = None,
        callbacks: Sequence[Callable[[Step], Any]] = (),
        like: Sequence[Member] | None = None,
        places: Sequence[Place] | None = None,
    ) -> Bag:
        """One network for each of the parts held out, side by side in threads.

        The same `seed` gives the same bits, however many threads there are.

        Parameters
        ----------
        judge : raw outputs and the rows they are of -> the loss by which epochs are chosen.
        max_time : seconds for all of them.
        like : networks with whose best epoch each shall end; None goes through and keeps the best.
        places : of each network in a checkpoint, to go on from and to keep where it stands.
        """
        objective = recipe.objective(encoder.n_inputs, data.y.shape[1])
        members = len(held_out)
        threads = min(members, n_jobs or processors())
        each = max(1, (n_jobs or processors()) // threads)
        seeds = np.random.SeedSequence(seed).spawn(members)
        stop, told = threading.Event(), threading.Lock()
        starts: list[Running | None] = [None] * members
        if places:  # all at once, so that one that is damaged is found before others go on
            layout = objective.layout
            starts = [place.recall(held_out[i], layout) for i, place in enumerate(places)]
        spent = sum(start.member.seconds for start in starts if start is not None) / threads
        begun = perf_counter() - spent

        def tell(i: int, member: Member, planned: int) -> bool:
            step = Step(
                i + 1, members, member.epochs, planned, member.losses[-1],
                member.held_out_losses[-1],
            )  # fmt: skip
            with told:
                answers = [callback(step) for callback in callbacks]
            if any(answer is True for answer in answers):
                stop.set()
            return stop.is_set()

        def work(i: int) -> Member:
            start = starts[i]
            if start is not None and start.member.stopped:
                return start.member
            limit = None
            if max_time is not None:
                waves = ceil((members - i) / threads)
                limit = max(0.0, max_time - (perf_counter() - begun)) / waves
            training = Training(
                recipe, objective, engine_named(engine, each, objective), encoder, data, judge
            )
            return training.member(
                held_out[i], seeds[i], limit, lambda member, planned: tell(i, member, planned),
                None if like is None else like[i], start, places[i].keep if places else None,
            )  # fmt: skip

        with ThreadPoolExecutor(threads) as pool:
            try:
                futures = [pool.submit(work, i) for i in range(members)]
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        made = [future.result() for future in futures]
        for place, member in zip(places or (), made, strict=False):
            place.end(member)  # only now does it count that some ended because they were told to
        return cls(encoder, objective, made, engine, n_jobs)


def share_held_out(n: int) -> float:
    """The part of n rows that is enough to choose an epoch by, and small enough to do without.

    Examples
    --------
    >>> [share_held_out(n) for n in (100, 5000, 100_000)]
    [0.25, 0.2, 0.1]
    """
    return min(LARGEST_SHARE, max(SMALLEST_SHARE, ENOUGH / n))


def parts_held_out(
    n: int, members: int, share: float | str, codes: NDArray[Any] | None, seed: int
) -> list[NDArray[np.intp]]:
    """The rows that each of so many networks holds out: other ones each, as far as they last.

    Parameters
    ----------
    share : of the rows that each holds out; "auto" as `share_held_out` says.
    codes : (n,) classes, of which each part gets as even a share as can be; a class of one row is
        never held out.

    Examples
    --------
    >>> parts = parts_held_out(12, 4, 0.25, np.repeat([0, 1], [4, 8]), seed=0)
    >>> [len(part) for part in parts], sorted(np.concatenate(parts).tolist()) == list(range(12))
    ([3, 3, 3, 3], True)
    """
    share = share_held_out(n) if isinstance(share, str) else share
    none = np.zeros(0, np.intp)
    if n < FEWEST_TO_HOLD_OUT:
        return [none] * members
    order = np.random.default_rng(seed).permutation(n)
    if codes is not None:
        single = np.bincount(codes)[codes] == 1
        order = order[~single[order]]
        order = order[np.argsort(codes[order], kind="stable")]
    folds = max(2, round(1 / share))
    return [np.sort(order[i % folds :: folds]) for i in range(members)]
