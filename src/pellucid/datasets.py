"""A dataset is a table of numbers to learn from that comes with pellucid, called by its name.

Most are scikit-learn's own, loaded when asked for (`pip install "pellucid[datasets]"`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.registry import look_up

if TYPE_CHECKING:
    from pellucid.tables import Table


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs with targets, and what is known of them.

    Parameters
    ----------
    name : a key of `DATASETS`.
    X : (n, k) inputs, as they were measured: nothing is scaled yet.
    y : (n,) whole numbers 0, 1, ... for classes, floats for regression.
    feature_names : (k,) what the columns are called.
    target_name : what `y` is called.
    task : "classification" or "regression".
    description : one line, with the source.
    class_names : what the classes are called; None if their numbers say it all.
    scaling : the name in `pellucid.scaling.SCALERS` that suits the inputs.
    target_scaling : the same for targets of regression, or a number to divide them by.

    Examples
    --------
    >>> exam = load("exam")
    >>> exam.X.tolist(), exam.y.tolist(), exam.feature_names
    ([[2.0, 9.0], [1.0, 5.0], [3.0, 6.0]], [92.0, 86.0, 89.0], ('hours studied', 'hours slept'))
    """

    name: str
    X: NDArray[np.float64]
    y: NDArray[Any]
    feature_names: tuple[str, ...]
    target_name: str
    task: str
    description: str
    class_names: tuple[str, ...] | None = None
    scaling: str = "standard"
    target_scaling: str | float = "standard"

    def table(self) -> Table:
        """The same as a table, its classes by their names; needs polars."""
        from pellucid.tables import table_of

        y = self.y if self.class_names is None else np.array(self.class_names)[self.y]
        table = table_of(self.X, y, self.feature_names, self.target_name, scaling=self.scaling)
        return replace(table, task=self.task, target_scaling=self.target_scaling)


def load(name: str, **options: Any) -> Dataset:
    """The dataset called `name`; options go to its maker.

    Raises
    ------
    ValueError
        If there is none of that name; near ones are listed.

    Examples
    --------
    >>> load("spirals", arms=2, n=100).X.shape
    (100, 2)
    >>> load("iirs")
    Traceback (most recent call last):
    ValueError: unknown dataset 'iirs': did you mean iris or digits? Known: digits, iris, wine, ...
    """
    maker, _ = look_up(name, DATASETS, "dataset")
    return maker(**options)


def digits() -> Dataset:
    """1 797 handwritten digits of 8 x 8 pixels, each 0 to 16."""
    return _of_sklearn("digits", "digit", named=False, scaling="shared_maximum")


def iris() -> Dataset:
    """150 irises of three species by four measures of their leaves."""
    return _of_sklearn("iris", "species")


def wine() -> Dataset:
    """178 wines of three growers by thirteen chemical measures."""
    return _of_sklearn("wine", "grower")


def breast_cancer() -> Dataset:
    """569 tumours, malignant or benign, by thirty measures of their cell nuclei."""
    return _of_sklearn("breast_cancer", "diagnosis")


def diabetes() -> Dataset:
    """442 patients by ten measures, and how far their diabetes went in a year."""
    return _of_sklearn("diabetes", "progression", task="regression", named=False)


def moons(n: int = 200, noise: float = 0.2, seed: int = 0) -> Dataset:
    """Two half moons, one within the reach of the other.

    Examples
    --------
    >>> moons().X[0].tolist()
    [0.7434611761955393, 0.46465632837724596]
    """
    from sklearn.datasets import make_moons

    return _of_plane("moons", "moon", *make_moons(n, noise=noise, random_state=seed))


def circles(n: int = 200, noise: float = 0.1, seed: int = 0) -> Dataset:
    """A circle of points within another."""
    from sklearn.datasets import make_circles

    X, y = make_circles(n, noise=noise, factor=0.5, random_state=seed)
    return _of_plane("circles", "circle", X, y)


def spirals(n: int = 300, arms: int = 3, noise: float = 0.03, seed: int = 0) -> Dataset:
    """Spiral arms around one centre, wound once; each is a class.

    Parameters
    ----------
    n : rows, shared out among the arms.
    arms : 2 or 3 of them.
    noise : standard deviation that is added to each coordinate; the spirals reach out to 1.
    seed : of the noise.

    Examples
    --------
    >>> np.bincount(spirals(n=300, arms=3).y).tolist()
    [100, 100, 100]
    """
    if arms not in (2, 3):
        raise ValueError(f"spirals have 2 or 3 arms, not {arms}")
    if n < arms:
        raise ValueError(f"{n} rows are too few for {arms} arms")
    y = np.arange(n) % arms
    reach = 0.05 + 0.95 * (np.arange(n) // arms) / max((n - 1) // arms, 1)  # from the centre, to 1
    angle = 2 * np.pi * (reach + y / arms)
    X = reach[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    X += np.random.default_rng(seed).normal(0.0, noise, size=X.shape)
    return _of_plane("spirals", "arm", X, y)


def exam() -> Dataset:
    """Three students: hours studied, hours slept, and the score in the exam."""
    X = np.array([[2.0, 9.0], [1.0, 5.0], [3.0, 6.0]])
    names = ("hours studied", "hours slept")
    return Dataset(
        "exam",
        X,
        np.array([92.0, 86.0, 89.0]),
        names,
        "score",
        "regression",
        DATASETS["exam"][1],
        scaling="maximum",
        target_scaling=100.0,
    )


def or_gate() -> Dataset:
    """1 if either input is."""
    return _gate("or", [0, 1, 1, 1])


def and_gate() -> Dataset:
    """1 if both inputs are."""
    return _gate("and", [0, 0, 0, 1])


def xor_gate() -> Dataset:
    """1 if the inputs differ, which no network without a hidden layer can learn."""
    return _gate("xor", [0, 1, 1, 0])


def sums(n: int = 10_000, seed: int = 4) -> Dataset:
    """Uniform pairs from 0 to 1, and their sums.

    Examples
    --------
    >>> bool((sums().y == sums().X.sum(axis=1)).all())
    True
    """
    X = np.random.RandomState(seed).rand(n, 2)
    names, line = ("x1", "x2"), DATASETS["sums"][1]
    y = X[:, 0] + X[:, 1]
    return Dataset("sums", X, y, names, "sum", "regression", line, None, "none", "none")


def _of_sklearn(
    name: str,
    target_name: str,
    task: str = "classification",
    named: bool = True,
    scaling: str = "standard",
) -> Dataset:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    return Dataset(
        name,
        np.asarray(bunch.data, np.float64),
        np.asarray(bunch.target, np.int64 if task == "classification" else np.float64),
        tuple(str(feature) for feature in bunch.feature_names),
        target_name,
        task,
        DATASETS[name][1],
        tuple(str(label) for label in bunch.target_names) if named else None,
        scaling,
    )


def _of_plane(name: str, target_name: str, X: NDArray[Any], y: NDArray[Any]) -> Dataset:
    line, names = DATASETS[name][1], ("x1", "x2")
    y = np.asarray(y, np.int64)
    return Dataset(name, X, y, names, target_name, "classification", line, None, "none")


def _gate(name: str, y: list[int]) -> Dataset:
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return _of_plane(name, "output", X, np.array(y))


DATASETS: dict[str, tuple[Callable[..., Dataset], str]] = {
    "digits": (digits, "1 797 handwritten digits of 8 x 8 pixels (UCI, by scikit-learn)"),
    "iris": (iris, "150 irises of three species (Fisher 1936, by scikit-learn)"),
    "wine": (wine, "178 wines of three growers, by their chemistry (UCI, by scikit-learn)"),
    "breast_cancer": (breast_cancer, "569 tumours, malignant or benign (UCI, by scikit-learn)"),
    "diabetes": (diabetes, "442 patients and their progress (Efron et al. 2004, by scikit-learn)"),
    "moons": (moons, "200 points on two half moons, with noise (made by scikit-learn)"),
    "circles": (circles, "200 points on a circle within another (made by scikit-learn)"),
    "spirals": (spirals, "300 points on three spiral arms (made here)"),
    "exam": (exam, "3 students: hours studied and slept -> score (a worked system)"),
    "or": (or_gate, "the four rows of the OR gate (made here)"),
    "and": (and_gate, "the four rows of the AND gate (made here)"),
    "xor": (xor_gate, "the four rows of the XOR gate (made here)"),
    "sums": (sums, "10 000 uniform pairs and their sums (a worked system)"),
}
"""The maker of every dataset by name, and one line on it. Add a row to add one."""
