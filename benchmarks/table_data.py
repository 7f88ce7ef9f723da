"""A table to learn from has columns, one of them to predict: real ones, and scikit-learn's own.

Real ones are in the folder tabular/ of `PELLUCID_DATA`, else of ../shared/data beside the checkout.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from data import ROOT

TEST_PART = 0.25
"""Of the rows of a table; of classes, the same part of each."""

ADULT = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
)  # fmt: skip
"""The columns of adult, whose files have no header."""

SUM = "casual and registered add up to the target"
ORDER = "tells which rows are of the same hours of the same day, of which some are to be predicted"


@dataclass(frozen=True)
class Table:
    """Where a table comes from, and what of it is to be predicted by what.

    Parameters
    ----------
    classes : whether the target is a class; else it is a number.
    read : gives all rows.
    drop : columns that are no inputs, and why.
    real : whether it is a file of mixed columns, and none of scikit-learn's small sets.
    """

    name: str
    target: str
    classes: bool
    read: Callable[[], pd.DataFrame]
    drop: Mapping[str, str] = field(default_factory=dict)
    real: bool = False

    def frame(self) -> pd.DataFrame:
        """All rows, without the columns that are dropped; text columns are categories.

        Raises
        ------
        FileNotFoundError
            If a file is not there; the message says where it was looked for.
        """
        frame = self.read().drop(columns=[*self.drop])
        text = frame.drop(columns=self.target).select_dtypes(exclude="number").columns
        return frame.astype(dict.fromkeys(text, "category"))


def file(name: str) -> Path:
    """The path of a real table.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    folder = Path(os.environ.get("PELLUCID_DATA", ROOT.parent / "shared" / "data")) / "tabular"
    if not (folder / name).exists():
        raise FileNotFoundError(
            f"no {name} in {folder}: set PELLUCID_DATA to the folder that has tabular/"
        )
    return folder / name


def adult() -> pd.DataFrame:
    """Both files; the second begins with a comment and has a full stop after each label."""
    read = partial(
        pd.read_csv, header=None, names=list(ADULT), skipinitialspace=True, na_values="?"
    )
    parts = [read(file("adult.data.gz")), read(file("adult.test.gz"), skiprows=1)]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(income=frame["income"].str.rstrip("."))


def bundled(name: str) -> pd.DataFrame:
    """A data set that comes with scikit-learn; its target is called target."""
    frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return frame


TABLES = {
    table.name: table
    for table in (
        Table("adult", "income", True, adult, real=True),
        Table("california", "median_house_value", False,
              lambda: pd.read_csv(file("california-housing.csv.gz")), real=True),
        Table("bike", "cnt", False, lambda: pd.read_csv(file("bike-hourly.csv.gz")),
              {"casual": SUM, "registered": SUM, "instant": ORDER, "dteday": ORDER}, real=True),
        *(Table(name, "target", name != "diabetes", partial(bundled, name))
          for name in ("digits", "iris", "wine", "breast_cancer", "diabetes")),
    )
}  # fmt: skip
"""Every table by name. Add a row to add one."""


@dataclass(frozen=True)
class Split:
    """Rows to train on and to test on: columns as pandas has them, targets (n,)."""

    X: pd.DataFrame
    y: Any
    X_test: pd.DataFrame
    y_test: Any

    def digest(self) -> str:
        """A few letters that are others if any of it is another."""
        found = hashlib.sha256()
        for part in (self.X, self.y, self.X_test, self.y_test):
            found.update(pd.util.hash_pandas_object(pd.DataFrame(part), index=False).to_numpy())
        return found.hexdigest()[:12]


def divided(table: Table, frame: pd.DataFrame, seed: int, rows: int | None) -> Split:
    """A quarter of the rows to test on, and so many of the others to train on; None: all.

    Categories have the levels that the rows to train on have, and no others.
    """
    y = frame[table.target]
    by = y if table.classes else None
    places = np.arange(len(frame))
    train, test = train_test_split(places, test_size=TEST_PART, random_state=seed, stratify=by)
    if rows is not None and rows < len(train):
        by = y.iloc[train] if table.classes else None
        train, _ = train_test_split(train, train_size=rows, random_state=seed, stratify=by)
    X = frame.drop(columns=table.target)
    inside, outside = (X.iloc[part].reset_index(drop=True) for part in (train, test))
    for name in X.columns[X.dtypes == "category"]:
        inside[name] = inside[name].cat.remove_unused_categories()
        outside[name] = outside[name].cat.set_categories(inside[name].cat.categories)
    values = y.to_numpy(dtype=object if y.dtype.kind not in "iuf" else None)
    return Split(inside, values[train], outside, values[test])
