"""A checkpoint is a file that holds where training stands, so that it can go on as if never ended.

It is a safetensors file with one metadata entry, `pellucid_checkpoint`, whose text is JSON: data
alone, no code. A digest in there tells whether all of it is as it was written.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import strict_json
from pellucid.atomic import refuse_unwritable, write_atomically
from pellucid.counts import refuse_unless_count
from pellucid.digest import digest_of
from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT_VERSION = 1
"""The only one so far."""

SECONDS = 10.0
"""Between two checkpoints, where nothing is said of how often."""

DTYPES = ("float32", "float64", "int64", "uint64", "uint32", "uint8")
"""What tensors may hold."""

MOST_NAMED = 20
"""Differences, of which there may be as many as columns."""

MOST_DIGITS = 4000
"""Of a whole number: a seed may be a long one."""

_BEGUN: dict[Path, list[tuple[np.random.RandomState, str]]] = {}
"""Generators that were given with a file in this process, and what they were named then."""


class Checkpoint:
    """Where and how often to write a checkpoint, and whether to go on from the one there is.

    Parameters
    ----------
    path : of the file. Training that is not to be resumed overwrites what is there.
    epochs : write after each so many epochs.
    seconds : write after the first epoch that ends so long after the file was last written. If
        neither is given, `SECONDS`.
    resume : go on from the file; without one, begin anew.

    Attributes
    ----------
    of : plain data beside what training itself sees that must be the same on resuming, such as the
        names of columns.

    Raises
    ------
    OSError
        If no file can be written there.
    ValueError
        If `path` is none, `epochs` is no count, `seconds` not above 0 or `resume` not a bool.

    Examples
    --------
    >>> checkpoint = Checkpoint("run.ckpt", epochs=5)
    >>> [epoch for epoch in range(1, 12) if checkpoint.due(epoch)]
    [5, 10]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        epochs: int | None = None,
        seconds: float | None = None,
        resume: bool = False,
    ) -> None:
        if epochs is not None:
            refuse_unless_count("checkpoint_epochs", epochs)
        if seconds is not None and not _is_time(seconds):
            raise ValueError(f"checkpoint_seconds is {seconds!r}: expected a finite number above 0")
        _refuse_unless_bool("resume", resume)
        self.path = _path(path)
        refuse_unwritable(self.path)
        self.epochs = epochs
        self.seconds = SECONDS if epochs is None and seconds is None else seconds
        self.resume = bool(resume)
        self.of: dict[str, Any] = {}
        self._written = perf_counter()

    @classmethod
    def asked_for(
        cls,
        path: str | os.PathLike[str] | None,
        epochs: int | None,
        seconds: float | None,
        resume: bool,
    ) -> Checkpoint | None:
        """The checkpoint that such parameters mean; None without a path.

        What is a `Checkpoint` already, of whoever calls training on behalf of others, stays one.

        Raises
        ------
        ValueError
            If there is no path, and something else is asked for.
        """
        if isinstance(path, Checkpoint):
            return path
        _refuse_unless_bool("resume", resume)
        if path is not None:
            return cls(path, epochs, seconds, resume)
        given = {
            "resume=True": resume,
            "checkpoint_epochs": epochs is not None,
            "checkpoint_seconds": seconds is not None,
        }
        for name, is_given in given.items():
            if is_given:
                raise ValueError(f"{name} needs checkpoint, the path of the file: none is given")
        return None

    def __fspath__(self) -> str:
        return str(self.path)

    def chosen(self, random_state: Any) -> int | str | None:
        """What tells the chance that somebody has chosen from another; None if nobody has.

        That is a number as it is, and a `RandomState` by the state it had when training began: a
        later one too, when the very same is given again to go on with. Call it before each
        training, and do not draw in between.
        """
        if isinstance(random_state, Integral):
            return int(random_state)
        if not isinstance(random_state, np.random.RandomState):
            return None
        path = self.path.resolve()
        if not (self.resume and path.exists()):
            _BEGUN.pop(path, None)
        begun = _BEGUN.setdefault(path, [])
        for known, name in begun:
            if known is random_state:
                return name
        state: Any = random_state.get_state(legacy=False)
        text = json.dumps(state, default=lambda array: array.tolist(), sort_keys=True)
        name = f"a RandomState of hash {blake2b(text.encode(), digest_size=8).hexdigest()}"
        begun.append((random_state, name))
        return name

    def due(self, epoch: int) -> bool:
        """Whether to write after this epoch, counted from 1."""
        by_epochs = self.epochs is not None and epoch % self.epochs == 0
        return by_epochs or (
            self.seconds is not None and perf_counter() - self._written >= self.seconds
        )

    def write(
        self, kind: str, header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]
    ) -> None:
        """Write the file, all of it or nothing; it warns if that fails, for training can go on.

        Parameters
        ----------
        kind : what it is that can be gone on with, such as "Network.train".
        header : plain data without NaN or inf.
        tensors : arrays of a dtype of `DTYPES`.
        """
        from safetensors.numpy import save

        versions = {"pellucid": __version__, "numpy": np.__version__}
        whole = {"format_version": FORMAT_VERSION, "kind": kind, "versions": versions, **header}
        arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
        whole["digest"] = digest_of(whole, arrays)
        text = json.dumps(whole, sort_keys=True, allow_nan=False)
        data = save(arrays, metadata={"pellucid_checkpoint": text})
        try:
            write_atomically(self.path, data)
        except OSError as error:
            warnings.warn(
                f"no checkpoint could be written ({error}): training goes on, and what "
                f"{str(self.path)!r} held before is still there",
                stacklevel=2,
            )
        self._written = perf_counter()

    def read(self, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        """The header and the tensors of the file; None if there is none, or it is not to resume.

        Raises
        ------
        ValueError
            If it is no checkpoint, is damaged, or one of another kind of training.
        """
        if not self.resume or not self.path.exists():
            return None
        from safetensors import SafetensorError, safe_open

        if not self.path.is_file():
            raise ValueError(f"{str(self.path)!r} is not a file: expected a checkpoint")
        try:
            with safe_open(self.path, framework="numpy") as file:
                text = (file.metadata() or {}).get("pellucid_checkpoint")
                names = file.keys() if text is not None else ()
                tensors = {name: np.array(file.get_tensor(name)) for name in names}
        except (SafetensorError, ValueError, TypeError, AttributeError) as error:
            raise ValueError(self._damaged(error)) from error
        if text is None:
            raise ValueError(f"{str(self.path)!r} is a safetensors file, but not a checkpoint")
        with self.reading():
            header = strict_json.parse(text, MOST_DIGITS)
            version, saved = int(header["format_version"]), str(header["kind"])
            for name, array in tensors.items():
                if array.dtype.name not in DTYPES:
                    raise ValueError(f"{name} holds {array.dtype}")
        if version != FORMAT_VERSION:
            raise ValueError(
                f"{str(self.path)!r} has format version {version} and this pellucid reads "
                f"{FORMAT_VERSION}: resume with the release that wrote it"
            )
        with self.reading():
            if header["digest"] != digest_of(header, tensors):
                raise ValueError("its digest is not that of its contents")
        if saved != kind:
            raise ValueError(
                f"{str(self.path)!r} is a checkpoint of {saved!r} and this is {kind!r}: give each "
                "training a file of its own"
            )
        return header, tensors

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Makes one clear ValueError of whatever goes wrong in taking a file's contents apart."""
        try:
            yield
        except (
            ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError,
            RecursionError,
        ) as error:  # fmt: skip
            raise ValueError(self._damaged(error)) from error

    def refuse_other(
        self,
        saved: Mapping[str, Any],
        now: Mapping[str, Any],
        hints: Mapping[str, str] | None = None,
    ) -> None:
        """Refuse to go on if what was trained, on what, or how, is not the same.

        Parameters
        ----------
        saved, now : plain data, and arrays by `fingerprint`; nested as one likes.
        hints : by a name in these, what to add where that differs.

        Raises
        ------
        ValueError
            If anything differs; `MOST_NAMED` differences are named, with both values.
        """
        with self.reading():
            now = json.loads(json.dumps(now))
            found = [
                difference + (f" ({hints[name]})" if hints and name in hints else "")
                for name in {**now, **saved}
                for difference in _differences(name, saved.get(name), now.get(name))
            ]
        if found:
            some, more = found[:MOST_NAMED], len(found) - MOST_NAMED
            some += [f"and {more} more"] if more > 0 else []
            differences = "".join(c if c.isprintable() else "?" for c in "; ".join(some))
            raise ValueError(
                f"{str(self.path)!r} is the checkpoint of another training: {differences}. "
                "Resume with what it was begun with, or begin anew under another name"
            )

    def _damaged(self, error: Exception) -> str:
        what = str(error) if type(error) is ValueError else repr(error)
        return f"{str(self.path)!r} is no checkpoint, or damaged: {what}. Delete it to begin anew"


def _path(path: Any) -> Path:
    """The path that is meant; else ValueError."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str) or "\0" in text:
        raise ValueError(f"checkpoint is {path!r}: expected the path of a file, as text")
    return Path(text)


def _is_time(seconds: Any) -> bool:
    is_number = isinstance(seconds, Real) and not isinstance(seconds, bool)
    return is_number and isfinite(seconds) and seconds > 0


def _refuse_unless_bool(name: str, value: Any) -> None:
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is {value!r}: expected True or False")


def _differences(name: str, saved: Any, now: Any) -> Iterator[str]:
    """A sentence on each thing that is not the same."""
    if saved == now and type(saved) is type(now):
        return
    if isinstance(saved, dict) and isinstance(now, dict):
        if "hash" in saved and "hash" in now:
            yield f"{name} {_otherwise(saved, now)}"
            return
        of_another_name = saved.get("name") != now.get("name")
        for key in ("name",) if of_another_name else {**saved, **now}:
            whole = name if key == "name" else f"{name}.{key}"
            yield from _differences(whole, saved.get(key), now.get(key))
    elif isinstance(saved, list) and isinstance(now, list) and len(saved) == len(now):
        for number, (one, other) in enumerate(zip(saved, now, strict=True)):
            yield from _differences(f"{name}[{number}]", one, other)
    elif saved != now:
        yield f"{name} was {_short(saved)} and is {_short(now)}"


def _otherwise(saved: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How one array, or one's own code, is another."""
    if {**saved, "hash": ""} == {**now, "hash": ""}:
        return "is other code of the same name" if "name" in saved else "holds other values"
    return f"was {_short(saved)} and is {_short(now)}"


def _short(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, Mapping) and "hash" in value:
        if "name" in value:
            return repr(value["name"])
        kind = "sparse " if value.get("sparse") else ""
        return f"{kind}{value.get('dtype')} {value.get('shape')}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
