"""A system learns a table by its library's defaults: pellucid's tabular models, and their peers.

All are handed the same pandas table, whose text columns are categories, and no choice is made for
any of them: only what a table of mixed columns needs to be taken at all is put around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pandas as pd

ALL = 1000
"""More seeds than anybody asks for."""


@dataclass(frozen=True)
class System:
    """A line of the table of systems.

    Parameters
    ----------
    title : what it is called in tables.
    package : what it is installed as.
    told : all that it is told besides the table and the seed.
    make : whether classes, the rows to train on, the seed -> what has `fit` and `predict`, and for
        classes `predict_proba`.
    most_seeds : as many are taken at the most, for one that takes its time.
    """

    title: str
    package: str
    told: str
    make: Callable[[bool, pd.DataFrame, int], Any]
    most_seeds: int = ALL

    @property
    def version(self) -> str:
        """Of the package that is installed."""
        return version(self.package)


def pellucid(classes: bool, X: pd.DataFrame, seed: int, **chosen: Any) -> Any:
    """The tabular model."""
    name = "TabularClassifier" if classes else "TabularRegressor"
    return getattr(import_module("pellucid.tabular"), name)(random_state=seed, **chosen)


def single(classes: bool, X: pd.DataFrame, seed: int) -> Any:
    """The tabular model with one network in place of a bag."""
    return pellucid(classes, X, seed, bag=1)


def lightgbm(classes: bool, X: pd.DataFrame, seed: int) -> Any:
    """LightGBM, which takes pandas's categories for what they are."""
    library = import_module("lightgbm")
    kind = library.LGBMClassifier if classes else library.LGBMRegressor
    return kind(random_state=seed, verbose=-1)


def histgb(classes: bool, X: pd.DataFrame, seed: int) -> Any:
    """Scikit-learn's boosted trees, which by default take pandas's categories too."""
    library = import_module("sklearn.ensemble")
    name = "HistGradientBoostingClassifier" if classes else "HistGradientBoostingRegressor"
    return getattr(library, name)(random_state=seed)


def mlp(classes: bool, X: pd.DataFrame, seed: int) -> Any:
    """Scikit-learn's network, with what its guide says must be done to a table before it."""
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categories = X.dtypes == "category"
    inputs = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), X.columns[~categories]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), X.columns[categories]),
    )
    if classes:
        return make_pipeline(inputs, MLPClassifier(random_state=seed))
    network = make_pipeline(inputs, MLPRegressor(random_state=seed))
    return TransformedTargetRegressor(network, transformer=StandardScaler())


def torch(classes: bool, X: pd.DataFrame, seed: int) -> Any:
    """The recipe of the tabular model, written in PyTorch."""
    return import_module("peers.torch_table").TorchTable(classes, seed)


SYSTEMS = {
    "pellucid": System("pellucid", "pellucid", "nothing", pellucid),
    "single": System("pellucid, 1 network", "pellucid", "bag=1", single),
    "lightgbm": System("LightGBM", "lightgbm", "verbose=-1, to print less", lightgbm),
    "histgb": System("HistGradientBoosting", "scikit-learn", "nothing", histgb),
    "mlp": System(
        "scikit-learn's MLP", "scikit-learn",
        "nothing; before it the mean for missing numbers, StandardScaler and OneHotEncoder, "
        "numbers to predict standardised too", mlp,
    ),
    "torch": System(
        "the recipe in PyTorch", "torch",
        "pellucid's inputs, hold-outs and settings, network after network on all cores", torch,
        most_seeds=1,
    ),
}  # fmt: skip
"""Every system by name, in the order of the tables."""

BASE = "lightgbm"
"""The system that errors are relative to."""


def load(name: str) -> str:
    """Import what a system needs, and give its version.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    needs = {"histgb": "sklearn.ensemble", "mlp": "sklearn.neural_network",
             "torch": "peers.torch_table", "lightgbm": "lightgbm"}  # fmt: skip
    import_module(needs.get(name, "pellucid.tabular"))
    return SYSTEMS[name].version
