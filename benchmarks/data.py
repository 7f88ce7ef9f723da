"""The data of a row: real digits where there are some, else random numbers of the same shape."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np

from pellucid import Network, datasets
from pellucid.idx import read_idx_pair
from rows import Row
from work import Array, Work

ROOT = Path(__file__).resolve().parents[1]


def mnist_folder() -> Path:
    """Where MNIST's files are looked for."""
    return Path(os.environ.get("PELLUCID_DATA", ROOT.parent / "shared" / "data")) / "mnist"


@cache
def mnist(part: str) -> tuple[Array, Array] | None:
    """Images (n, 784) from 0 to 1 and classes (n,) of "train" or "t10k"; None: no such files."""
    for end in ("", ".gz"):
        path = mnist_folder() / f"{part}-images-idx3-ubyte{end}"
        if path.exists():
            images, labels = read_idx_pair(path)
            return images.astype(np.float32) / np.float32(255), labels.astype(np.int64)
    return None


@cache
def digits() -> tuple[Array, Array] | None:
    """Scikit-learn's digits (1797, 64) from 0 to 1 and their classes; None: it is not there."""
    try:
        table = datasets.load("digits")
    except ImportError:
        return None
    return (table.X / 16).astype(np.float32), table.y


def samples(n_inputs: int, n: int) -> tuple[Array, Array, str]:
    """X (n, n_inputs), classes (n,) and what they are; real rows are repeated if too few."""
    found = digits() if n_inputs == 64 else mnist("train") if n_inputs == 784 else None
    if found is None:
        rng = np.random.default_rng(0)
        X = rng.random((n, n_inputs), dtype=np.float32)
        return X, rng.integers(0, 10, n), f"random rows of {n_inputs} numbers"
    chosen = np.arange(n) % len(found[0])
    name = "scikit-learn's digits" if n_inputs == 64 else "MNIST"
    return found[0][chosen], found[1][chosen], name


def work_of(row: Row, quick: bool = False) -> tuple[Work, str]:
    """What the libraries are handed for a row, and the name of its data."""
    X_test = Y_test = None
    if row.sizes[0] == 2:
        exam = datasets.load("exam")
        X, Y, name = exam.X / exam.X.max(axis=0), exam.y[:, None] / 100, "three students"
        draw = np.random.RandomState(0)  # the system's own first weights
        weights = [draw.randn(*shape) for shape in zip(row.sizes, row.sizes[1:], strict=False)]
        biases = []
    else:
        X, classes, name = samples(row.sizes[0], (quick and row.quick_rows) or row.rows)
        Y = np.eye(row.sizes[-1])[classes]
        network = Network(row.sizes, row.hidden, row.output, row.loss, bias=row.bias, seed=0)
        weights = network.weights
        biases = [b for b in network.biases if b is not None]
    if row.must_score:
        test = mnist("t10k")
        if name != "MNIST" or test is None:
            raise FileNotFoundError(
                f"no MNIST in {mnist_folder()}: set PELLUCID_DATA to the folder that has mnist/"
            )
        X_test, Y_test = test[0], np.eye(10)[test[1]]
    as_row = row.dtype
    return Work(
        row.sizes,
        row.hidden,
        row.output,
        row.loss,
        row.solver,
        row.learning_rate,
        row.batch or 1,
        X.astype(as_row)[0] if row.flat else X.astype(as_row),
        Y.astype(as_row),
        [W.astype(as_row) for W in weights],
        [b.astype(as_row) for b in biases],
        X_test,
        Y_test,
    ), name
