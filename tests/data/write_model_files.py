"""Writes a small model of each kind in today's format, with rows of input and the answers to them.

    python tests/data/write_model_files.py FOLDER [--overwrite]

Run once for each format version, before the next comes: the files stay for ever, and
`tests/test_old_files.py` holds every later release to them. Only where a format has not been
released may its files be overwritten.
"""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
    model_file,
    save,
)
from pellucid.encoding import TableEncoding
from pellucid.tables import Table

QUICK = {"epochs": 30, "batch_size": 32}
SMALL = {"hidden_layer_sizes": (8,), "min_steps": 60, "bag": 2, "bins": 4, "random_state": 0}


def irises():
    """150 irises, with gaps in two columns and a day and a truth made up for each."""
    frame = datasets.load("iris").table().frame.rename(lambda name: name.removesuffix(" (cm)"))
    row = pl.int_range(pl.len())
    return frame.with_columns(
        pl.when(row % 13 > 0).then(pl.col("sepal width")).alias("sepal width"),
        pl.when(row % 17 > 0).then(pl.col("species")).alias("kind"),
        pl.format("2011-{}-{}", 1 + row % 12, 1 + row % 28).str.replace_all(r"-(\d)\b", "-0$1")
        .alias("day"),
        (row % 3 == 1).alias("wet"),
    )  # fmt: skip


def rows_of(frame):
    """Rows to predict, one of them with values that training has not seen."""
    return frame[::37].to_dict(as_series=False)


def networks():
    rows = [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [-0.25, 3.0, 1e-3]]
    made = {
        "network": Network([3, 5, 4, 2], ["tanh", "gelu"], "softmax", seed=1),
        "network-float32": Network(
            [3, 4, 1], "swish", "exp", loss="poisson", scale_inputs=True, bias=[True, False],
            alpha=0.1, segments={"layer2.W": {"frozen": True}}, dtype="float32", seed=2,
        ),
    }  # fmt: skip
    for name, network in made.items():
        yield name, network, rows, {"predict": network.predict(rows).tolist()}


def predictors():
    for name, drop, target in (
        ("predictor-classes", "kind", "species"), ("predictor-numbers", "species", "petal width")
    ):  # fmt: skip
        frame = irises().drop(drop, "day")
        model = Predictor.fit(
            Table(frame), target, Recipe(hidden=(6,), seed=0, settings=QUICK)
        ).predictor
        rows = rows_of(frame.drop(target))
        if "kind" in rows:
            rows["kind"][1] = "unheard of"
        new = pl.DataFrame(rows)
        answers = {"predict": model.predict(new).tolist()}
        if "classes" in name:
            answers["predict_proba"] = model.predict_proba(new).tolist()
        yield name, model, rows, answers


def bags():
    frame = irises()
    for name, kind, drop, target in (
        ("tabular-classes", TabularClassifier, "kind", "species"),
        ("tabular-numbers", TabularRegressor, "species", "petal width"),
    ):
        table = frame.drop(drop)
        model = kind(**SMALL).fit(table, target)
        rows = rows_of(table.drop(target))
        if "kind" in rows:
            rows["kind"][1] = "unheard of"
        answers = {"predict": model.predict(rows).tolist()}
        if "classes" in name:
            answers["predict_proba"] = model.predict_proba(rows).tolist()
            answers["predict_set"] = model.predict_set(rows).tolist()
        else:
            answers["predict_interval"] = model.predict_interval(rows).tolist()
        yield name, model, rows, answers


def estimators():
    frame = irises().drop("kind", "day", "wet")
    table = irises().drop("species", "day")
    X, y = frame.drop("species", "sepal width").to_numpy(), frame["species"].to_numpy()
    numbers = {"hidden_layer_sizes": (6,), "solver": "lbfgs", "max_iter": 30, "random_state": 0}
    several = np.column_stack([y, np.where(X[:, 0] > 6.0, "long", "short")])
    truths = np.column_stack([y == "setosa", y != "virginica"]).astype(int)
    quantiles = {"loss": "quantile", "quantile": [0.1, 0.9], "target_scaling": "standard"}
    for name, model, rows, target in (
        ("estimator-classes", MLPClassifier(**numbers), X, y),
        ("estimator-several-targets", MLPClassifier(**numbers), X, several),
        ("estimator-labels", MLPClassifier(**numbers, dtype="float32"), X, truths),
        ("estimator-numbers", MLPRegressor(**numbers), X[:, :2], X[:, 2]),
        ("estimator-quantiles", MLPRegressor(**numbers, **quantiles), X[:, :2], X[:, 2]),
        ("pipeline-standard", make_pipeline(StandardScaler(), MLPClassifier(**numbers)), X, y),
        ("pipeline-others", make_pipeline(
            RobustScaler(), MinMaxScaler(clip=True), MaxAbsScaler(), MLPRegressor(**numbers)
        ), X[:, :2], X[:, 2]),
        ("pipeline-table", make_pipeline(TableEncoding(), MLPRegressor(**numbers)),
         table.drop("petal width"), table["petal width"].to_numpy()),
    ):  # fmt: skip
        model.fit(rows, target)
        is_table = isinstance(rows, pl.DataFrame)
        new = rows_of(rows) if is_table else rows[::37].tolist()
        asked = pl.DataFrame(new) if is_table else new
        answers = {"predict": np.asarray(model.predict(asked)).tolist()}
        if hasattr(model, "predict_proba"):
            found = model.predict_proba(asked)
            found = np.hstack(found) if isinstance(found, list) else found
            answers["predict_proba"] = found.tolist()
        yield name, model, new, answers


def main(folder, overwrite=False):
    """Each goes to the folder of today's format, `format-3` or a later one."""
    target = folder / f"format-{model_file.FORMAT_VERSION}"
    if target.exists() and not overwrite:
        sys.exit(f"{target} is there: with --overwrite it is written anew")
    target.mkdir(parents=True, exist_ok=True)
    for maker in (networks, predictors, bags, estimators):
        for name, model, rows, answers in maker():
            path = target / f"{name}.safetensors"
            save(model, path)
            text = json.dumps({"rows": rows, "answers": answers})
            path.with_suffix(".json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--overwrite" in sys.argv[2:])
