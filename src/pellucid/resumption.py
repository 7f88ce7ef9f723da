"""Resumption is going on from a checkpoint to the very end that training would have had anyway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.checkpoint import Checkpoint
from pellucid.engines import State
from pellucid.generators import generator_of, whole_state_of
from pellucid.history import History
from pellucid.journal import Journal
from pellucid.solvers import SOLVERS
from pellucid.watch import Best, Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

Contents: TypeAlias = "tuple[dict[str, Any], dict[str, NDArray[Any]]]"
"""Plain data and arrays, as a checkpoint holds them."""

CURVES = [f.name for f in fields(History) if f.type == "list[float]"]
"""The columns of a history."""

BY_CHANCE = ("seed", "random_state")
"""What is not compared where nobody has chosen it, and it is None."""


class Mark(NamedTuple):
    """Where training stands at the end of an epoch. Arrays are replaced, never written into."""

    epochs: int
    state: State
    best: Best
    best_epoch: int | None
    stopped: str
    beside: Callable[[], Contents]


class Beside(Protocol):
    """What is to be kept beside training itself."""

    def mark(self) -> Callable[[], Contents]:
        """What gives it later as it is now."""

    def take(self, header: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> None:
        """Be what it was; ValueError, KeyError or TypeError if these are damaged."""


class Chance:
    """The generators of a training, by name. Those whose seed is another are replaced."""

    def __init__(self, generators: dict[str, np.random.Generator]) -> None:
        self.generators = generators

    def mark(self) -> Callable[[], Contents]:
        """What gives their states as they are now."""
        states = {name: whole_state_of(rng) for name, rng in self.generators.items()}
        return lambda: (states, {})

    def take(self, header: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> None:
        """Draw what comes after these states."""
        for name, rng in self.generators.items():
            self.generators[name] = generator_of(header[name], rng)


class Resumption:
    """Writes where training stands to a checkpoint, and takes training back to there.

    Parameters
    ----------
    checkpoint : the file.
    kind : what it is that can be gone on with, such as "Network.train".
    of : what is trained, on what, and how: plain data, which must be the same on resuming.
    beside : what else is to be kept; it is taken to where training goes on at once.
    hints : by a name of `of`, what to say where it is not the same.

    Raises
    ------
    ValueError
        If the file is damaged, or is the checkpoint of another training.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        kind: str,
        of: Mapping[str, Any],
        beside: Beside,
        hints: Mapping[str, str] | None = None,
    ) -> None:
        self.checkpoint, self.kind, self._beside = checkpoint, kind, beside
        self.of = of = {**checkpoint.of, **of}
        self.journal: Journal | None = None
        self._mark: Mark | None = None
        self._saved = checkpoint.read(kind)
        if self._saved is not None:
            with checkpoint.reading():
                then = dict(self._saved[0]["of"])
            unknown = {n for n in BY_CHANCE if then.get(n) is None or of.get(n) is None}
            then, now = ({n: v for n, v in d.items() if n not in unknown} for d in (then, of))
            checkpoint.refuse_other(then, now, hints)
            header, tensors = self._saved
            own = {n[7:]: array for n, array in tensors.items() if n.startswith("beside.")}
            with checkpoint.reading():
                beside.take(dict(header["beside"]), own)

    def mark(self, state: State, watch: Watch) -> None:
        """Remember where training stands at an epoch's end, unless its weights overflowed there."""
        history, xp = watch.history, namespace(state.theta)
        if not bool(xp.all(xp.isfinite(state.theta))):
            return
        self._mark = Mark(
            len(history), replace(state, moments=dict(state.moments)), copy(watch.best),
            history.best_epoch, history.stopped, self._beside.mark(),
        )  # fmt: skip

    def write_if_due(self, history: History) -> None:
        """Write what was marked last if it is time to."""
        if self.checkpoint.due(len(history)):
            self.write(history)

    def write(self, history: History) -> None:
        """Write what was marked last, unless it is written."""
        if self._mark is None:
            return
        mark = self._mark
        state, best, (beside, arrays) = mark.state, mark.best, mark.beside()
        counts = {name: m for name, m in state.moments.items() if not np.ndim(m)}
        vectors = {f"moments.{n}": m for n, m in state.moments.items() if n not in counts}
        vectors |= {"theta": state.theta, "before": state.before, "best.theta": best.theta}
        curves = {f"history.{name}": getattr(history, name)[: mark.epochs] for name in CURVES}
        tensors = {name: to_numpy(vector) for name, vector in vectors.items() if vector is not None}
        tensors |= {name: np.array(curve, np.float64) for name, curve in curves.items()}
        tensors |= {"best.loss": np.array([best.loss, best.bar])}
        tensors |= {f"beside.{name}": array for name, array in arrays.items()}
        if self.journal is not None:
            tensors |= self.journal.tensors()
        header = {
            "of": self.of, "beside": beside, "epochs": mark.epochs, "steps": state.steps,
            "moments": counts, "unimproved": best.unimproved, "best_epoch": mark.best_epoch,
            "stopped": mark.stopped,
        }  # fmt: skip
        self.checkpoint.write(self.kind, header, tensors)
        self._mark = None  # not before: an interrupt may come

    def go_on(self, state: State, watch: Watch) -> None:
        """Take training to where the checkpoint says, if there is one to go on from.

        Raises
        ------
        ValueError
            If the file does not fit the network, more epochs are done than shall be, or an
            optimizer remembers what no checkpoint can hold.
        """
        for name, moment in state.moments.items():
            if isinstance(moment, bool | int | float):
                continue
            if getattr(moment, "shape", None) != state.theta.shape:
                raise ValueError(
                    f"a checkpoint cannot hold {name!r} of the optimizer's state, which is a "
                    f"{type(moment).__name__}: expected arrays of theta's shape, and numbers"
                )
        searching = watch.settings.solver in SOLVERS
        self.journal = Journal(to_numpy(state.theta)) if searching else None
        if self._saved is None:
            return
        with self.checkpoint.reading():
            header, tensors = self._saved
            epochs, like = int(header["epochs"]), state.theta
            if searching:
                self.journal = Journal.of(tensors, to_numpy(like))
            state.theta = vector("theta", tensors, like)
            state.before = vector("before", tensors, like) if "before" in tensors else None
            state.moments = {
                name: vector(f"moments.{name}", tensors, like, finite=False)
                if np.ndim(moment) else type(moment)(header["moments"][name])
                for name, moment in state.moments.items()
            }  # fmt: skip
            state.steps = int(header["steps"])
            watch.best.loss, watch.best.bar = tensors["best.loss"].tolist()
            watch.best.unimproved = int(header["unimproved"])
            if "best.theta" in tensors:
                watch.best.theta = vector("best.theta", tensors, like)
            watch.history = _history(header, tensors, epochs)
        if epochs > watch.settings.epochs:
            raise ValueError(
                f"{str(self.checkpoint.path)!r} is from after epoch {epochs}, and no more than "
                f"{watch.settings.epochs} are asked for: ask for {epochs} or more"
            )
        watch.sound_theta = watch.last_theta = state.theta
        watch.start = perf_counter() - watch.history.duration


def vector(
    name: str, tensors: Mapping[str, NDArray[Any]], like: Array, finite: bool = True
) -> Array:
    """A tensor of theta's shape, as an array of its library."""
    array = tensors[name]
    if array.shape != tuple(like.shape) or array.dtype.kind != "f":
        raise ValueError(f"{name} is {array.dtype} {array.shape} for {like.shape[0]} parameters")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or inf")
    return array_like(array, like, getattr(namespace(like), array.dtype.name))


def _history(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], epochs: int
) -> History:
    curves = {name: tensors[f"history.{name}"] for name in CURVES}
    for name, curve in curves.items():
        if curve.shape != (epochs,) and (curve.shape != (0,) or name == "loss"):
            raise ValueError(f"history.{name} is {curve.shape} for {epochs} epochs")
    best = header["best_epoch"]
    return History(
        **{name: curve.tolist() for name, curve in curves.items()},
        best_epoch=None if best is None else int(best),
        stopped=str(header["stopped"]),
    )
