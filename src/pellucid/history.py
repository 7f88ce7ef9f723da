"""A history is what training left behind: one line an epoch, and why it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

CURVES = ("loss", "penalty", "validation_loss", "validation_score", "learning_rate")
"""What a file keeps of a history; seconds are others in each training, and files are not."""

MOST_KEPT = 10_000
"""Epochs of which a file keeps the curves; those of a longer training are left out."""

TENSOR = "history"
"""What the curves are called in a file, a row each."""


@dataclass
class History:
    """Curves with one item an epoch, in the order the epochs were run.

    Parameters
    ----------
    loss : the mean over the epoch's batches, each at the theta it found.
    penalty : the part of L2 and L1 in that.
    validation_loss : the loss on the validation data after the epoch, without penalty.
    validation_score : what `metric` said of the validation data after the epoch.
    learning_rate : at the epoch's last step.
    seconds : since training began.
    best_epoch : the epoch (from 1) of the lowest validation loss.
    stopped : why training ended, in a few words.
    status : SciPy's, of a full-batch solver: 0 where it found a minimum.
    solver : the name of the one that trained; "" where it is not known.

    Examples
    --------
    >>> history = History(loss=[0.9, 0.4], seconds=[0.1, 0.2], learning_rate=[0.1, 0.1])
    >>> history.stopped = "all epochs done"
    >>> history
    History(2 epochs, loss 0.9 -> 0.4, 0.20 s, all epochs done)
    """

    loss: list[float] = field(default_factory=list)
    penalty: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    stopped: str = ""
    status: int | None = None
    solver: str = ""

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def duration(self) -> float:
        """Seconds from the beginning to the end of the last finished epoch."""
        return self.seconds[-1] if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON or a data frame."""
        return asdict(self)

    def __repr__(self) -> str:
        parts = [f"{len(self)} epoch" + ("s" if len(self) != 1 else "")]
        if self.loss:
            parts.append(f"loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}")
        if self.validation_loss:
            best = f", best in epoch {self.best_epoch}" if self.best_epoch else ""
            parts.append(f"validation loss {self.validation_loss[-1]:.4g}{best}")
        if self.seconds:
            parts.append(f"{self.duration:.2f} s")
        if self.stopped:
            parts.append(self.stopped)
        return f"History({', '.join(parts)})"


def to_file(history: History | None) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    """What a model file says of a history: fields for the header, and the curves as a tensor.

    Nothing, if there is none or it is too long. A curve that is not finite throughout is left out.
    """
    if history is None or not 0 < len(history) <= MOST_KEPT:
        return {}, {}
    whole = {name: np.array(getattr(history, name), np.float64) for name in CURVES}
    kept = {k: v for k, v in whole.items() if len(v) == len(history) and np.isfinite(v).all()}
    if not kept:
        return {}, {}
    about = {"names": [*kept], "best_epoch": history.best_epoch, "stopped": history.stopped}
    if history.solver:
        about["solver"] = history.solver
    return {"curves": about}, {TENSOR: np.array([*kept.values()])}


def from_file(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]] | None
) -> History | None:
    """The history of a model file, without seconds; None if it has none.

    Raises
    ------
    ValueError
        If fields and tensor do not make one.
    """
    if "curves" not in header or TENSOR not in (tensors or {}):
        return None
    about, rows = fields.mapping(header["curves"]), (tensors or {})[TENSOR]
    names = [fields.choice(name, CURVES) for name in fields.sequence(about["names"])]
    if rows.ndim != 2 or len(rows) != len(names) or len({*names}) < len(names):
        raise ValueError(f"the curves have {len(names)} names for shape {rows.shape}")
    best = about["best_epoch"]
    return History(
        **dict(zip(names, rows.tolist(), strict=True)),
        best_epoch=None if best is None else fields.whole(best, 1, rows.shape[1]),
        stopped=fields.text(about["stopped"]),
        solver=fields.text(about.get("solver", "")),
    )
