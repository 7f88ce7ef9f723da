"""Encoders by hand, against scikit-learn's, and on the real tables."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pellucid.columns import MOST_LEVELS
from pellucid.preprocessing import TableEncoder
from pellucid.tables import read_table
from pellucid.targets import ClassTarget


def through_json(part):
    """What a model file does to it."""
    return type(part).from_dict(json.loads(json.dumps(part.to_dict(), allow_nan=False)))


PEOPLE = pl.DataFrame(
    {
        "age": [20, None, 40, 60],
        "work": ["b", "a", None, "b"],
        "member": [True, False, False, True],
        "weight": [1.0, 2.0, 3.0, float("nan")],
    }
)


def test_a_table_by_hand():
    encoder = TableEncoder.fit(PEOPLE, scaling="maximum")
    assert encoder.feature_names == (
        "age",
        "age missing",
        "work=a",
        "work=b",
        "work missing",
        "member=false",
        "member=true",
        "weight",
        "weight missing",
    )
    third = 1 / 3
    assert encoder.transform(PEOPLE) == pytest.approx(
        np.array(
            [
                [third, 0, 0, 1, 0, 0, 1, third, 0],
                [2 * third, 1, 1, 0, 0, 1, 0, 2 * third, 0],
                [2 * third, 0, 0, 0, 1, 1, 0, 1.0, 0],
                [1.0, 0, 0, 1, 0, 0, 1, 2 * third, 1],
            ]
        )
    )
    assert encoder.notes == ("missing numbers are marked and get the median: 'age', 'weight'",)


def test_as_scikit_learn_does(tabular):
    frame = read_table(tabular / "california-housing.csv.gz").frame.drop("median_house_value")
    train, other = frame[::2], frame[1::2]
    encoder = TableEncoder.fit(train)
    numeric, text = frame.columns[:-1], frame.columns[-1:]
    peer = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(range(8))),
        (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), [8]),
    ).fit(train.to_numpy())
    for part in (train, other):
        X = encoder.transform(part)
        flag = encoder.feature_names.index("total_bedrooms missing")
        assert np.delete(X, flag, axis=1) == pytest.approx(
            peer.transform(part.to_numpy()), abs=1e-9
        )
        assert X[:, flag].sum() == part["total_bedrooms"].null_count() > 0
    levels = [f"{text[0]}={level}" for level in sorted(train[text[0]].unique())]
    assert [name for name in encoder.feature_names if "=" in name] == levels
    assert set(numeric) < set(encoder.feature_names)


def test_only_training_rows_are_learnt_from():
    encoder = TableEncoder.fit(PEOPLE[:2].drop("member"))
    X = encoder.transform(PEOPLE)
    assert encoder.feature_names == ("age", "age missing", "work=a", "work=b", "weight")
    assert X[2].tolist() == [20.0, 0.0, 0.0, 0.0, 3.0]  # no missing work in training: zeros
    assert X[3, -1] == 0.0  # a missing weight is the median of 1 and 2, their mean


@pytest.mark.parametrize("scaling", ["standard", "maximum", "shared_maximum", "none"])
def test_saved_and_read_again(scaling):
    encoder = TableEncoder.fit(PEOPLE, scaling=scaling)
    again = through_json(encoder)
    assert (again.transform(PEOPLE) == encoder.transform(PEOPLE)).all()
    for part in ("columns", "scaling", "dropped", "notes", "feature_names"):
        assert getattr(again, part) == getattr(encoder, part)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "damaged"),
        ({"scaler": {"shift": [0, 0, 0], "scale": [1, 1, 1]}}, "3 numbers for 2 columns"),
        ({"scaler": {"shift": [0, 0], "scale": [1, 0]}}, "scale of 0"),
        (
            {"columns": [{"name": "a", "median": float("nan"), "marks_missing": False}]},
            "nan where a number was expected",
        ),
        ({"columns": [{"name": "a"}]}, "damaged"),
        ({"columns": [{"name": "a", "levels": ["x", "x"], "marks_missing": False}]}, "damaged"),
        ({"columns": 3}, "damaged"),
    ],
)
def test_a_damaged_model_is_refused(change, message):
    fields = TableEncoder.fit(PEOPLE).to_dict() | change
    with pytest.raises(ValueError, match=message):
        TableEncoder.from_dict(fields)


def test_a_model_with_a_part_missing_is_refused():
    fields = TableEncoder.fit(PEOPLE).to_dict()
    for part in fields:
        with pytest.raises(ValueError, match=rf"damaged.*{part}"):
            TableEncoder.from_dict({key: fields[key] for key in fields if key != part})


def test_columns_of_no_use():
    n = 60
    frame = pl.DataFrame(
        {
            "same": [5] * n,
            "one": ["x"] * n,
            "void": pl.Series([None] * n, dtype=pl.String),
            "nan": [float("nan")] * n,
            "name": [f"p{i}" for i in range(n)],
            "x": range(n),
        }
    )
    encoder = TableEncoder.fit(frame)
    assert encoder.feature_names == ("x",)
    assert dict(encoder.dropped) == {
        "same": "the same in every row",
        "one": "the same in every row",
        "void": "every value is missing",
        "nan": "every value is missing",
        "name": "nearly every value is different",
    }
    assert "not used, the same in every row: 'same', 'one'" in encoder.notes
    with pytest.raises(ValueError, match="no column is of use"):
        TableEncoder.fit(frame.drop("x"))
    with pytest.raises(ValueError, match="no rows"):
        TableEncoder.fit(frame[:0])
    with pytest.raises(ValueError, match="unknown scaling 'standrd': did you mean standard"):
        TableEncoder.fit(frame, "standrd")


def test_few_rows_of_different_text_are_kept():
    frame = pl.DataFrame({"name": [f"p{i}" for i in range(50)]})
    assert len(TableEncoder.fit(frame).feature_names) == 50


def test_pixels_stay_in_place():
    frame = pl.DataFrame({"a": [0, 0], "b": [0, 255], "c": [7, 7]}).cast(pl.UInt8)
    encoder = TableEncoder.fit(frame, scaling="shared_maximum")
    assert encoder.transform(frame).tolist() == [[0, 0, 7 / 255], [0, 1, 7 / 255]]


def test_the_most_frequent_levels_are_kept():
    values = [f"v{i:03}" for i in range(MOST_LEVELS + 2)]
    frame = pl.DataFrame({"kind": values + values[2:] + values[1:2] * 2 + ["v101"]})
    encoder = TableEncoder.fit(frame)
    kept = {name.removeprefix("kind=") for name in encoder.feature_names}
    # v000 comes once and v002 .. v100 twice: of these, the last by name gives way.
    assert kept == set(values) - {"v000", "v100"}
    assert list(encoder.feature_names) == sorted(encoder.feature_names)
    assert "102 different values: the 100 most frequent" in encoder.notes[0]
    assert encoder.transform(frame[:1]).sum() == 0


def test_columns_are_found_by_name():
    encoder = TableEncoder.fit(PEOPLE)
    X = encoder.transform(PEOPLE)
    shuffled = PEOPLE.select("weight", pl.lit("more").alias("other"), "work", "member", "age")
    assert (encoder.transform(shuffled) == X).all()
    with pytest.raises(ValueError, match="no column 'weight': did you mean weigth"):
        encoder.transform(PEOPLE.rename({"weight": "weigth"}))


def test_numbers_that_arrive_as_text():
    encoder = TableEncoder.fit(PEOPLE)
    as_text = PEOPLE.with_columns(pl.Series("age", [" 20", "?", "40.0", "6e1"]))
    assert (encoder.transform(as_text) == encoder.transform(PEOPLE)).all()
    with pytest.raises(ValueError, match="column 'age' holds 'old' in row 3: expected finite"):
        encoder.transform(PEOPLE.with_columns(pl.Series("age", ["1", None, "old", "x"])))


@pytest.mark.parametrize(
    "values", [[1.0, float("nan"), float("-inf"), 2.0], ["1", "2", "-inf", ""]]
)
def test_infinite_numbers_are_refused(values):
    frame = PEOPLE.with_columns(pl.Series("weight", values))
    encoder = TableEncoder.fit(PEOPLE)
    with pytest.raises(ValueError, match=r"column 'weight' holds '?-inf'? in row 3"):
        encoder.transform(frame)
    if frame["weight"].dtype.is_numeric():
        with pytest.raises(ValueError, match="column 'weight' holds -inf in row 3"):
            TableEncoder.fit(frame)


@pytest.mark.parametrize(
    ("levels", "arriving", "expected"),
    [
        (["1", "2", "x"], [2, 1, 3], [1, 0, None]),
        (["1", "2", "x"], [2.0, 1.0, 1.5], [1, 0, None]),
        (["1.0", "2.0", "x"], [2, 1, 3], [1, 0, None]),
        (["01", "2", "x"], ["01", "1", " 2 "], [0, None, 1]),
        (["False", "True"], [True, False, None], [1, 0, None]),
        (["false", "true"], ["TRUE", "False", "maybe"], [1, 0, None]),
        (["false", "true", "x"], ["TRUE", "false", "x"], [None, 0, 2]),
        (["a", "b"], ["B", "b", "?"], [None, 1, None]),
    ],
)
def test_text_that_arrives_otherwise(levels, arriving, expected):
    encoder = TableEncoder.fit(pl.DataFrame({"c": levels * 2}))
    X = encoder.transform(pl.DataFrame({"c": arriving}))
    found = [int(row.argmax()) if row.any() else None for row in X]
    assert found == expected


def test_categories_are_text():
    frame = pl.DataFrame({"c": pl.Series(["b", "a", "b"], dtype=pl.Categorical)})
    assert TableEncoder.fit(frame).feature_names == ("c=a", "c=b")


def test_as_many_rows_as_you_like():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.normal(size=10_001), "t": rng.choice(["u", "v"], 10_001)})
    X = TableEncoder.fit(frame).transform(frame)
    assert X[:, 0] == pytest.approx(StandardScaler().fit_transform(frame[["a"]].to_numpy())[:, 0])
    assert (X[:, 1] == (frame["t"] == "u").to_numpy()).all()
    assert TableEncoder.fit(frame).transform(frame[:0]).shape == (0, 3)


def test_adult_from_end_to_end(tabular):
    train, test = (read_table(tabular / f"adult.{part}.gz").frame for part in ("data", "test"))
    encoder = through_json(TableEncoder.fit(train.drop("column_15")))
    X, X_test = encoder.transform(train), encoder.transform(test)
    # The set's own description: 6 continuous columns, 8 of 8, 16, 7, 14, 6, 5, 2 and 41 values,
    # of which three are also missing in some rows.
    assert X.shape == (32_561, 6 + (8 + 16 + 7 + 14 + 6 + 5 + 2 + 41) + 3)
    assert X_test.shape == (16_281, X.shape[1])
    assert np.isfinite(X).all()
    assert X[:, 0].std() == pytest.approx(1.0)
    assert encoder.notes == ()
    target, notes = ClassTarget.fit(train["column_15"]), []
    assert target.encode(train["column_15"]).mean() == pytest.approx(0.2408, abs=5e-5)
    assert target.encode(test["column_15"], notes).mean() == pytest.approx(0.2362, abs=5e-5)
    assert len(notes) == 1
