"""A standing is where a run is at one moment; a mark is what was recorded of one epoch of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Theta: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True)
class Mark:
    """What was recorded at the end of an epoch; epoch 0 is the start.

    Parameters
    ----------
    epoch, steps : how far.
    theta : (P,) the weights there.
    loss : training loss: of epoch 0 that of all rows, later the mean over the epoch's batches.
    test_loss, score, test_score : without penalty; accuracy, or R2. NaN where there are no rows.
    """

    epoch: int
    steps: int
    theta: Theta
    loss: float
    test_loss: float
    score: float
    test_score: float


@dataclass(frozen=True)
class Standing:
    """Where a run stands, all of one moment.

    Parameters
    ----------
    epoch, steps, steps_an_epoch : finished epochs, steps taken, and steps that one has.
    playing : whether it goes on by itself.
    ended : why it goes on no more, or "".
    theta : (P,) the weights now.
    mark : the last that was recorded.
    steps_a_second : of late; 0 when it is not playing.
    """

    epoch: int
    steps: int
    steps_an_epoch: int
    playing: bool
    ended: str
    theta: Theta
    mark: Mark
    steps_a_second: float
