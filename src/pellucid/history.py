"""A history is what training left behind: one line an epoch, and why it stopped."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


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
