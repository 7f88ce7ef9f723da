"""Resuming a bag is going on with each of its networks where it stood, as a checkpoint tells.

They are trained side by side, and each hands over where it stands at the end of each of its epochs.
When it is time, what is newest of all of them goes into the one file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.checkpoint import Checkpoint
from pellucid.engines import State
from pellucid.engines import engine as engine_named
from pellucid.fingerprints import described, fingerprint
from pellucid.generators import set_state, state_of
from pellucid.layout import Layout
from pellucid.tabular.frames import OTHER, Frame, Values
from pellucid.tabular.member import Data, Member, Recipe, Running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.tabular.encoder import Encoder

STAGES = TRAINING, REFIT = "training", "refit"
"""A network is trained, and if that is asked for once more, on all rows."""

MAY_DIFFER = (
    "checkpoint", "checkpoint_epochs", "checkpoint_seconds", "resume", "n_jobs", "verbose",
    "callbacks", "max_time",
)  # fmt: skip
"""Parameters that another try may have others of."""

FIGURES: dict[str, type] = {
    "best_epoch": int, "planned": int, "steps": int, "seconds": float, "stopped": str, "rest": int
}  # fmt: skip
"""Of a member, beside its arrays."""

MOMENTS = "mean", "square"
"""What AdamW remembers of gradients, beside a count."""

MOST_NAMED = 4
"""Columns with other values, of which there may be hundreds."""


class Standing(NamedTuple):
    """Where a network stands: figures, which are plain data, and arrays by name."""

    figures: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    @classmethod
    def of_member(cls, member: Member) -> Standing:
        """One whose training has ended."""
        losses = np.array([member.losses, member.held_out_losses])  # (2, epochs)
        return cls(
            {name: getattr(member, name) for name in FIGURES},
            {"best": member.theta, "output": member.output, "losses": losses},
        )

    @classmethod
    def of(cls, running: Running) -> Standing:
        """One that is in training, which writes into nothing of this as it goes on."""
        figures, arrays = cls.of_member(running.member)
        if not figures["stopped"]:
            moments = running.state.moments
            draws = [state_of(generator) for generator in running.draws]
            figures |= {"time": running.time, "draws": draws, "t": moments["t"]}
            arrays |= {"theta": running.state.theta}
            arrays |= {name: moments[name] for name in MOMENTS}
        return cls(figures, arrays)

    @property
    def done(self) -> bool:
        """Whether its training has ended."""
        return bool(self.figures["stopped"])

    def running(self, held_out: NDArray[np.intp], layout: Layout) -> Running:
        """The member of these standings, a network of a layout, with the rows that it holds out."""
        figures = {name: kind(self.figures[name]) for name, kind in FIGURES.items()}
        epochs = self.arrays["losses"].shape[-1]
        losses, held_out_losses = self._array("losses", (2, epochs), np.float64).tolist()
        if not 0 <= figures["best_epoch"] <= epochs:
            raise ValueError(f"{figures['best_epoch']} of {epochs} epochs was the best")
        rows = len(held_out) if figures["best_epoch"] else 0
        best = self._array("best", (layout.size,))
        output = self._array("output", (rows, layout.architecture.n_outputs))
        member = Member(best, held_out, output, losses, held_out_losses, **figures)
        draws = np.random.default_rng(0), np.random.default_rng(0)
        if self.done:
            return Running(member, State(best, {}, member.steps), draws)
        for generator, state in zip(draws, self.figures["draws"], strict=True):
            set_state(generator, state)
        theta, *moments = (self._array(name, (layout.size,)) for name in ("theta", *MOMENTS))
        remembered = {**dict(zip(MOMENTS, moments, strict=True)), "t": int(self.figures["t"])}
        state = State(theta, remembered, member.steps)
        return Running(member, state, draws, float(self.figures["time"]))

    def _array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> NDArray[Any]:
        """One of the arrays, if it is as it must be."""
        array = self.arrays[name]
        if array.shape != shape or array.dtype != dtype:
            expected = f"{np.dtype(dtype)} {shape}"
            raise ValueError(f"{name} is {array.dtype} {array.shape}: expected {expected}")
        return array


class Place:
    """That of one network in the checkpoint of its bag."""

    def __init__(self, checkpoint: BagCheckpoint, name: str) -> None:
        self._checkpoint, self._name = checkpoint, name

    def recall(self, held_out: NDArray[np.intp], layout: Layout) -> Running | None:
        """Where it stood; None before its first epoch has ended."""
        known = self._checkpoint.standings.get(self._name)
        if known is None:
            return None
        with self._checkpoint.file.reading():
            return known.running(held_out, layout)

    def keep(self, running: Running) -> None:
        """Hand over where a member in training stands."""
        self._checkpoint.keep(self._name, Standing.of(running), running.member.epochs)

    def end(self, member: Member) -> None:
        """Hand over a member whose training has ended."""
        self._checkpoint.keep(self._name, Standing.of_member(member))


class BagCheckpoint:
    """Where the networks of a bag stand, which goes into a file.

    Parameters
    ----------
    file : which, how often, and whether to go on from it.
    kind : the function whose training it is.

    Raises
    ------
    ValueError
        If it is to be gone on from, and cannot be read.
    """

    def __init__(self, file: Checkpoint, kind: str) -> None:
        self.file, self._kind = file, kind
        self.standings: dict[str, Standing] = {}  # by stage and number
        self._training: dict[str, Any] = {}
        self._lock, self._is_written = threading.Lock(), False
        found = file.read(kind)
        self.resumed = found is not None
        if found is None:
            return
        header, tensors = found
        with file.reading():
            self._training = {**header["training"]}
            for name, figures in header["standings"].items():
                arrays = {
                    key.removeprefix(f"{name}."): array
                    for key, array in tensors.items()
                    if key.startswith(f"{name}.")
                }
                self.standings[name] = Standing({**figures}, arrays)

    def seed(self, drawn: int, random_state: Any) -> int:
        """What all randomness comes from: unless it was given, that of the fit to go on with."""
        if not self.resumed or isinstance(random_state, Integral):
            return drawn
        with self.file.reading():
            return int(self._training["seed"])

    def begin(self, training: dict[str, Any]) -> None:
        """Say what is trained, by `training_of`; ValueError if the file is of something else."""
        training = json.loads(json.dumps(training))  # as it is read
        if self.resumed:
            for part in (
                "settings",
                "target",
                "table",
                "values",
                "encoded",
            ):  # what most is to be told of
                with self.file.reading():
                    saved, now = dict(self._training[part]), training[part]
                    others = [k for k in {**saved, **now} if saved.get(k) != now.get(k)]
                some = others if part == "settings" else others[:MOST_NAMED]
                self.file.refuse_other(
                    {name: saved.get(name) for name in some}, {name: now.get(name) for name in some}
                )
        self._training, self._is_written = training, self.resumed
        if not self.resumed:
            self._write()  # with the seed; and if that cannot be, it is better known at once

    def places(self, members: int) -> dict[str, list[Place]]:
        """Those of so many networks, by stage."""
        numbers = range(1, members + 1)
        return {stage: [Place(self, f"{stage} {i}") for i in numbers] for stage in STAGES}

    def keep(self, name: str, standing: Standing, epoch: int | None = None) -> None:
        """Note where a network stands; after some epochs it is time to write the file."""
        with self._lock:
            known = self.standings.get(name)
            if known is not None and known.figures == standing.figures:
                return  # it was done, and is handed over again
            self.standings[name], self._is_written = standing, False
            if epoch is not None and self.file.due(epoch):
                self._write()

    def _write(self) -> None:
        header = {
            "training": self._training,
            "standings": {name: standing.figures for name, standing in self.standings.items()},
        }
        tensors = {
            f"{name}.{key}": array
            for name, standing in self.standings.items()
            for key, array in standing.arrays.items()
        }
        self.file.write(self._kind, header, tensors)
        self._is_written = True

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        """However training ended, nothing of it is lost."""
        with self._lock:
            if not self._is_written:
                self._write()

    def told(self, members: int, refit: bool) -> str:
        """For a person: how far the fit had come that is gone on with, if there is one."""
        if not self.resumed:
            return f"no checkpoint in {self.file.path} yet: training begins"
        done = [name for name, standing in self.standings.items() if standing.done]
        counts = {stage: sum(name.startswith(stage) for name in done) for stage in STAGES}
        text = f"resumed: {counts[TRAINING]} of {members} networks done"
        if refit:
            text += f", and {counts[REFIT]} once more on all rows"
        begun = len(self.standings) - len(done)
        return f"{text}, {begun} in training" if begun else text


def training_of(
    parameters: Mapping[str, Any],
    recipe: Recipe,
    table: tuple[Frame, NDArray[Any], NDArray[Any] | None, str | None],
    encoded: tuple[Encoder, Data],
    engine: str,
    seed: int,
) -> dict[str, Any]:
    """What tells a training from others that lead to other bits.

    Parameters
    ----------
    table : its columns, the target, the weights of its rows, and the target's name.
    encoded : what became of that, by what encoder.
    """
    frame, y, weight, target = table
    encoder, data = encoded
    settings = {k: described(v) for k, v in parameters.items() if k not in MAY_DIFFER}
    settings["hidden_layer_sizes"] = described(recipe.hidden_layer_sizes)
    objective = recipe.objective(encoder.n_inputs, data.y.shape[1])
    columns = {f"column {name!r}": _of_column(frame.column(name)) for name in frame.names}
    return {
        "settings": {**settings, "engine": engine_named(engine, None, objective).name},
        "target": {"target": target},
        "table": {"rows": frame.n_rows, "columns": list(frame.names)},
        "values": {**columns, "target": _of_items(y), "sample_weight": fingerprint(weight)},
        "encoded": {
            "encoder": _of_items([json.dumps(encoder.to_dict())]),
            "encoded numbers": fingerprint(data.rows.numbers),
            "encoded categories": fingerprint(data.rows.codes),
            "encoded target": fingerprint(data.y),
            "weights of rows": fingerprint(data.weight),
        },
        "seed": seed,
    }


def _of_column(values: Values) -> Any:
    """What tells a column from others; objects of kinds that are not learnt from do not count."""
    return values.kind if values.kind == OTHER else _of_items(values.items)


def _of_items(items: Any) -> dict[str, Any] | None:
    if isinstance(items, np.ndarray) and items.dtype != object:
        return fingerprint(items)
    text = repr(list(items)).encode("utf-8", "surrogatepass")
    found = fingerprint(np.frombuffer(text, np.uint8)) or {}
    return {**found, "shape": [len(items)], "dtype": "|O"}
