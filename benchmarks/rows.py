"""A row of the benchmark is one piece of work, who does it, and what is asked of pellucid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

EVERYBODY = ("pellucid", "sklearn", "torch", "jax")


@dataclass(frozen=True)
class Row:
    """One piece of work.

    Parameters
    ----------
    name : what the tables call it.
    sizes : units of the inputs, of each hidden layer and of the output; 64 inputs are the digits,
        784 are MNIST, 2 are the exam.
    batch : rows a training step; 0 for prediction.
    rows, quick_rows : rows of data, in full and with --quick (0: the same); whole batches.
    peers : who does it.
    must_reach : by peer, how many times its time pellucid's must go into.
    must_take_under : seconds that pellucid may take for `per`.
    must_share : the part of the measured sgemm peak that the arithmetic must reach, on one core.
    must_gain : how many times faster all cores must be than one; 0: it is run on one alone.
    must_score : the accuracy on the test rows.
    per : steps (or predictions) that the printed time is for.
    epochs : for a run of a fixed length; 0: as many as the time for a repeat holds.
    tolerance : relative difference up to which final losses agree. scikit-learn adds Adam's epsilon
        to the root before its bias is taken out, which others do not: that alone is about 0.001.
    parity_batches : batches in each of the two epochs after which losses are compared.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    rows: int
    quick_rows: int = 0
    hidden: str = "relu"
    output: str = "softmax"
    loss: str = "cross_entropy"
    solver: str = "adam"
    learning_rate: float = 1e-3
    bias: bool = True
    dtype: str = "float32"
    flat: bool = False
    peers: tuple[str, ...] = EVERYBODY
    must_reach: Mapping[str, float] = field(default_factory=dict)
    must_take_under: float = 0.0
    must_share: float = 0.0
    must_gain: float = 0.0
    must_score: float = 0.0
    per: int = 1
    epochs: int = 0
    tolerance: float = 5e-3
    parity_batches: int = 32

    @property
    def trains(self) -> bool:
        """Whether it trains; else it predicts."""
        return self.batch > 0

    @property
    def unit(self) -> str:
        """What the printed time is the time of."""
        if self.epochs:
            return f"{self.epochs} epochs"
        if not self.trains:
            return "1 call"
        return "1 step" if self.per == 1 else f"{self.per:,} steps".replace(",", " ")

    @property
    def flops(self) -> int:
        """Floating-point operations of a step's matrix products, without any padding.

        Each W takes part in three products (forward, its gradient, the gradient passed down), the
        first in two, as nothing is passed down to the data.

        Examples
        --------
        >>> Row("a small one", (2, 3, 1), batch=10, rows=10).flops
        420
        """
        products = [a * b for a, b in pairwise(self.sizes)]
        return 2 * self.batch * (3 * sum(products) - products[0])


DIGITS, MNIST = (64, 100, 10), (784, 200, 10)
ROWS = (
    Row("64-100-10, batch 1", DIGITS, 1, 512, 128, peers=(*EVERYBODY, "reference"),
        must_reach={"sklearn": 50, "jax": 2.5}),
    Row("64-100-10, batch 32", DIGITS, 32, 1792, 1792, peers=(*EVERYBODY, "reference"),
        must_reach={"sklearn": 20, "torch": 20, "jax": 2.5}, must_share=0.5),
    Row("64-100-10, batch 200", DIGITS, 200, 1600, 1600, peers=(*EVERYBODY, "reference"),
        must_reach={"sklearn": 6, "torch": 6, "jax": 1.7}),
    Row("784-100-10, batch 32", (784, 100, 10), 32, 4096, 2048,
        must_reach={"sklearn": 7, "torch": 5, "jax": 2}),
    Row("784-200-10, batch 128", MNIST, 128, 4096, 2048,
        must_reach={"sklearn": 3.3, "torch": 2.3, "jax": 1.4}, must_share=0.7, must_gain=1.6),
    Row("784-1024-1024-10, batch 256", (784, 1024, 1024, 10), 256, 2048, 1024,
        must_reach={"sklearn": 2, "torch": 1.15, "jax": 1.15}, must_share=0.75, must_gain=1.6,
        parity_batches=8),
    Row("online SGD, 64-100-10, batch 1", DIGITS, 1, 1792, 256, hidden="sigmoid",
        output="sigmoid", loss="squared_error", solver="sgd", learning_rate=0.1,
        peers=(*EVERYBODY, "fann"), must_reach={"fann": 8}, parity_batches=256),
    # The exam system adds up its three students' losses at rate 1: their mean, at rate 3.
    Row("exam, 2-3-1, full batch", (2, 3, 1), 3, 3, 3, hidden="sigmoid", output="sigmoid",
        loss="squared_error", solver="sgd", learning_rate=3.0, bias=False, dtype="float64",
        peers=(*EVERYBODY, "reference"), per=100_000, must_take_under=0.1),
    Row("predict 1 row (1, 64)", DIGITS, 0, 1, 1, must_reach={"torch": 1, "sklearn": 1},
        must_take_under=3e-6, tolerance=1e-5),
    Row("predict 1 flat row (64,)", DIGITS, 0, 1, 1, flat=True,
        must_reach={"torch": 1, "sklearn": 1}, must_take_under=3e-6, tolerance=1e-5),
    Row("predict 10 000 rows, 64-100-10", DIGITS, 0, 10_000, 10_000, must_reach={"torch": 1},
        tolerance=1e-5),
    Row("predict 10 000 rows, 784-200-10", MNIST, 0, 10_000, 10_000, must_reach={"torch": 1},
        tolerance=1e-5),
)  # fmt: skip
"""Every row, in the order of the tables. Add a row to add one."""

FULL_MNIST = Row(
    "MNIST, 784-200-10, batch 128", MNIST, 128, 60_000, 60_000, epochs=10, must_score=0.978
)
"""The real thing, for --mnist: 60 000 images, ten times, and the accuracy on 10 000 others."""


def rows_named(part: str, rows: Iterable[Row] = ROWS) -> list[Row]:
    """The rows that have `part` in their name.

    Examples
    --------
    >>> [row.name for row in rows_named("online")]
    ['online SGD, 64-100-10, batch 1']
    """
    found = [row for row in rows if part in row.name]
    if not found:
        raise ValueError(f"no row has {part!r} in its name: {', '.join(r.name for r in rows)}")
    return found
