"""How much time goes to anything but arithmetic: tiny networks, where overhead is all there is.

Run it with `make bench`. Each figure is the median of several runs, beside scikit-learn's in the
same run. Machines are noisy: the ratios say more than the seconds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable
from time import perf_counter

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from pellucid import Network, datasets

RUNS = 5


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median time of `work`, in seconds."""
    times = []
    for _ in range(runs):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return statistics.median(times)


def exam_steps(n: int = 10_000) -> tuple[float, float]:
    """Seconds for a full-batch step of the 2-3-1 exam network: ours, scikit-learn's."""
    exam = datasets.load("exam")
    X, y = exam.X / exam.X.max(axis=0), exam.y / 100

    def ours() -> None:
        network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", bias=False, seed=0)
        network.train(X, y, epochs=n, batch_size="full", solver="sgd", learning_rate=1.0)

    def theirs() -> None:
        MLPRegressor(
            hidden_layer_sizes=(3,), activation="logistic", solver="sgd", momentum=0.0,
            batch_size=3, max_iter=n // 10, n_iter_no_change=n, random_state=0,
        ).fit(X, y)  # fmt: skip

    return seconds(ours) / n, seconds(theirs) / (n // 10)


def digits_steps(batch_size: int, epochs: int) -> tuple[float, float]:
    """Seconds for a step of 64-100-10 with Adam on the digits: ours, scikit-learn's."""
    digits = datasets.load("digits")
    X, steps = digits.X / 16, epochs * -(-len(digits.y) // batch_size)

    def ours() -> None:
        network = Network([64, 100, 10], "relu", "softmax", alpha=1e-4, seed=0)
        network.train(X, digits.y, epochs=epochs, batch_size=batch_size)

    def theirs() -> None:
        MLPClassifier(batch_size=batch_size, max_iter=epochs, random_state=0).fit(X, digits.y)

    return seconds(ours, 3) / steps, seconds(theirs, 3) / steps


def interpreter(code: str) -> float:
    """Seconds for a new interpreter that runs `code`."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True), 11)


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"NumPy {np.__version__}, medians; microseconds a step")
    print(f"{'network, batch':<28}{'pellucid':>10}{'scikit-learn':>14}{'ratio':>8}")
    for name, (ours, theirs) in {
        "exam 2-3-1, full (3 rows)": exam_steps(),
        "digits 64-100-10, 1": digits_steps(1, 1),
        "digits 64-100-10, 32": digits_steps(32, 10),
        "digits 64-100-10, 200": digits_steps(200, 30),
    }.items():
        print(f"{name:<28}{ours * 1e6:>10.1f}{theirs * 1e6:>14.1f}{theirs / ours:>8.2f}")
    bare, numpy_, pellucid_ = (interpreter(c) for c in ("pass", "import numpy", "import pellucid"))
    print(
        f"import pellucid: {1e3 * (pellucid_ - bare):.0f} ms on top of the interpreter, "
        f"of which NumPy {1e3 * (numpy_ - bare):.0f} ms"
    )


if __name__ == "__main__":
    main()
