"""A table is the same table whichever library holds it, and whatever its columns are stored as."""

import datetime
import decimal
import warnings

import numpy as np
import pandas
import polars
import pyarrow
import pytest
import scipy.sparse

from pellucid import TabularClassifier
from pellucid.tabular.frames import FEW, frame_of, table_of
from pellucid.tabular.values import texts_of

SMALL = {"min_steps": 20, "bag": 2, "hidden_layer_sizes": (8,), "random_state": 0}
NAN, NAT = float("nan"), np.datetime64("NaT")
NOON = datetime.datetime(2011, 1, 31, 12)
VIENNA = "Europe/Vienna"


def column(X):
    frame = frame_of(X)
    assert len(frame.names) == 1
    values = frame.column(frame.names[0])
    return values.kind, list(values.items)


def pd(values, dtype=None):
    return pandas.DataFrame({"a": pandas.Series(values, dtype=dtype)})


def pl(values, dtype=None):
    return polars.DataFrame({"a": polars.Series(values, dtype=dtype, strict=False)})


def pa(values, dtype=None):
    return pyarrow.table({"a": pyarrow.array(values, dtype)})


# --- the same table in any shape ------------------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    """A table with numbers, text, booleans and dates, and gaps in all but the last two."""
    rng, n = np.random.default_rng(0), 60
    age = [None if i % 9 == 0 else int(v) for i, v in enumerate(rng.integers(18, 80, n))]
    return pandas.DataFrame(
        {
            "age": pandas.array(age, dtype="Int64"),
            "weight": np.where(np.arange(n) % 7 == 0, NAN, rng.normal(70, 10, n).round(3)),
            "town": [["Wien", "Graz", None, "Linz"][i % 4] for i in range(n)],
            "member": rng.random(n) < 0.5,
            "seen": np.datetime64("2011-01-01", "us") + rng.integers(0, 900, n) * 86_400_000_000,
        }
    )


@pytest.fixture(scope="module")
def shapes(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    people.to_csv(folder / "people.csv", index=False)
    people.to_csv(folder / "people.tsv", index=False, sep="\t")
    frame = polars.from_pandas(people)
    frame.write_parquet(folder / "people.parquet")
    return {
        "pandas": people,
        "polars": frame,
        "pyarrow": frame.to_arrow(),
        "dict of lists": frame.to_dict(as_series=False),
        "dict of series": {name: people[name] for name in people},
        "dict of arrays": dict(zip(people, frame.to_arrow().columns, strict=True)),
        "array": people.to_numpy(object),
        "CSV": str(folder / "people.csv"),
        "TSV": folder / "people.tsv",
        "Parquet": folder / "people.parquet",
    }


@pytest.fixture(scope="module")
def who(people):
    return np.where(people["weight"].fillna(0) > 70, "heavy", "light")


def test_a_table_in_any_shape_trains_the_same_network_and_is_predicted_the_same(shapes, who):
    made = {name: TabularClassifier(**SMALL).fit(X, who) for name, X in shapes.items()}
    expected = made["pandas"].predict_proba(shapes["pandas"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X (does not have valid|has) feature names")
        for fitted, model in made.items():
            for name, X in shapes.items():
                same = model.predict_proba(X)
                np.testing.assert_array_equal(same, expected, f"{name} by {fitted}")
    kinds = [column.kind for column in made["CSV"].schema_]
    assert kinds == ["number", "number", "category", "boolean", "date"]


@pytest.mark.parametrize("shape", ["pandas", "polars"])
def test_rows_one_by_one_are_predicted_as_all_at_once(shapes, who, shape):
    X = shapes[shape]
    model = TabularClassifier(**SMALL, column_types={"age": "category"}).fit(X, who)
    assert len(X) > FEW
    alone = np.concatenate([model.predict_proba(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_allclose(alone, model.predict_proba(X), rtol=1e-6)


def test_the_target_may_be_a_column_or_stand_beside_the_table(people, who):
    within = people.assign(who=who)
    expected = TabularClassifier(**SMALL).fit(people, who).predict_proba(people)
    beside = [
        who.tolist(), polars.Series("who", who), pyarrow.chunked_array([who]), within["who"],
        within["who"].astype("category"),
    ]  # fmt: skip
    for y in beside:
        model = TabularClassifier(**SMALL).fit(people, y)
        np.testing.assert_array_equal(model.predict_proba(people), expected)
    model = TabularClassifier(**SMALL).fit(within, "who")
    assert (model.target_name_, model.n_features_in_) == ("who", 5)
    np.testing.assert_array_equal(model.predict_proba(within), expected)  # and no word about "who"
    assert TabularClassifier(**SMALL).fit(people, within["who"]).target_name_ == "who"


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (pandas.Categorical([3, 1] * 10), [1, 3]),
        (pandas.Categorical(["b", "a"] * 10), ["a", "b"]),
        ([3.0, 1.0] * 10, [1, 3]),
        ([True, False] * 10, [False, True]),
        (["b ", "a"] * 10, ["a", "b"]),
        ([1, "b"] * 10, ["1", "b"]),
    ],
)
def test_classes_of_a_column_are_what_the_column_holds(y, classes):
    table = pandas.DataFrame({"x": np.arange(20.0), "y": y})
    model = TabularClassifier(**SMALL).fit(table, "y")
    assert model.classes_.tolist() == classes


# --- what columns are stored as -------------------------------------------------------------------

NUMBERS = {
    "integers": pd([1, 3]),
    "small unsigned ones": pl([1, 3], polars.UInt8),
    "wide ones": pl([1, 3], polars.Int128),
    "float32": pd([1, 3], "float32"),
    "float16 of pyarrow": pa([1, 3], pyarrow.float16()),
    "decimals of Python": pd([decimal.Decimal("1.0"), decimal.Decimal(3)]),
    "decimals of polars": pl([1, 3], polars.Decimal(10, 2)),
    "decimals of pyarrow": pa([1, 3], pyarrow.decimal128(10, 2)),
    "NumPy's": np.array([[1], [3]], np.uint64),
    "objects": np.array([[1], [np.float32(3)]], object),
    "sparse of pandas": pd(pandas.arrays.SparseArray([1.0, 3.0])),
    "spans of pandas": pd(pandas.to_timedelta(["1s", "3s"])),
    "spans of polars": pl([datetime.timedelta(seconds=s) for s in (1, 3)]),
    "spans of pyarrow": pa([1_000_000, 3_000_000], pyarrow.duration("us")),
    "spans of NumPy": np.array([[1000], [3000]], "m8[ms]"),
    "spans of Python": {"a": [datetime.timedelta(seconds=s) for s in (1, 3)]},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_and_spans_in_seconds_are_numbers(name):
    assert column(NUMBERS[name]) == ("number", [1.0, 3.0])


GAPS = {
    "nullable integers": pd([1, None], "Int64"),
    "pyarrow's in pandas": pd([1, None], "int64[pyarrow]"),
    "NaN": pd([1, NAN]),
    "nulls of polars": pl([1, None]),
    "wide ones of polars": pl([1, None], polars.Int128),
    "nulls of pyarrow": pa([1, None]),
    "None": {"a": [1, None]},
    "NA": np.array([[1], [pandas.NA]], object),
    "NaT": {"a": [1, pandas.NaT]},
    "NaN of NumPy": {"a": [1, np.float32("nan")]},
    "spans": pd(pandas.to_timedelta(["1s", None])),
    "spans of Python": {"a": [datetime.timedelta(seconds=1), None]},
}


@pytest.mark.parametrize("name", GAPS)
def test_whatever_says_that_there_is_no_value_becomes_nan(name):
    kind, (first, second) = column(GAPS[name])
    assert (kind, first) == ("number", 1.0)
    assert np.isnan(second)


@pytest.mark.parametrize(
    "X",
    [
        pd([True, None, False], "boolean"),
        pd([True, None, False], "bool[pyarrow]"),
        pd(np.array([True, None, False], object)),
        pl([True, None, False]),
        pa([True, None, False]),
        {"a": [True, NAN, np.bool_(False)]},
        np.array([[True], [None], [False]], object),
    ],
)
def test_booleans_may_be_missing(X):
    kind, (yes, none, no) = column(X)
    assert (kind, yes, no) == ("boolean", 1.0, 0.0)
    assert np.isnan(none)
    assert column({"a": np.array([True, False])}) == ("boolean", [1.0, 0.0])


@pytest.mark.parametrize(
    ("X", "kind", "texts"),
    [
        (pd(["x ", None, "?", "y"]), "text", ["x", None, None, "y"]),
        (pd(["x", None], "string"), "text", ["x", None]),
        (pd(["x", None], "string[pyarrow]"), "text", ["x", None]),
        (pd(["x", NAN], object), "text", ["x", None]),
        (pl(["x", None]), "text", ["x", None]),
        (pa(["x", None]), "text", ["x", None]),
        (pa(["x", None], pyarrow.large_string()), "text", ["x", None]),
        (np.array([["x"], ["y"]]), "text", ["x", "y"]),
        (np.array([[b"x"], [b"y"]]), "text", ["x", "y"]),
        (pd(pandas.Categorical(["x", None])), "category", ["x", None]),
        (pd(pandas.Categorical([1, None, 2])), "category", ["1", None, "2"]),
        (pd(pandas.Categorical([1, 2])), "category", ["1", "2"]),
        (pl(["x", None], polars.Categorical), "category", ["x", None]),
        (pl(["x", None], polars.Enum(["x"])), "category", ["x", None]),
        (pyarrow.table({"a": pyarrow.array([5, None]).dictionary_encode()}), "category",
         ["5", None]),
    ],
)  # fmt: skip
def test_text_and_categories_have_no_blanks_around_and_gaps_are_none(X, kind, texts):
    frame = frame_of(X)
    values = frame.column(frame.names[0])
    assert (values.kind, texts_of(values)) == (kind, texts)


@pytest.mark.parametrize(
    "X",
    [
        pd([NOON, None]),
        pd([NOON, None]).astype("datetime64[ns]"),
        pd([NOON, None]).apply(lambda s: s.dt.tz_localize(VIENNA)),
        pl([NOON, None]),
        pl([NOON, None], polars.Datetime("ms")),
        pl([NOON, None]).select(polars.col("a").dt.replace_time_zone(VIENNA)),
        pa([NOON, None]),
        pa([NOON.replace(hour=11), None], pyarrow.timestamp("s", VIENNA)),  # told in UTC
        {"a": [NOON, None]},
        {"a": [NOON.replace(tzinfo=datetime.UTC), pandas.NaT]},
        np.array([["2011-01-31T12"], ["NaT"]], "M8[h]"),
    ],
)
def test_moments_are_those_that_their_clock_showed(X):
    kind, (moment, none) = column(X)
    assert (kind, moment) == ("date", np.datetime64(NOON))
    assert np.isnat(none)


@pytest.mark.parametrize("make", [pd, pl, pa, lambda values: {"a": values}])
def test_days_are_moments_at_midnight(make):
    kind, (day, none) = column(make([datetime.date(2011, 1, 31), None]))
    assert (kind, day) == ("date", np.datetime64("2011-01-31T00:00"))
    assert np.isnat(none)


@pytest.mark.parametrize("make", [pd, pl, pa])
def test_lists_and_times_of_day_are_of_no_kind(make):
    assert column(make([[1], [2]]))[0] == "other"
    assert column(make([datetime.time(1, 30), None]))[0] == "other"


def test_names_that_are_numbers_become_text():
    frame = frame_of(pandas.DataFrame({0: [1.0], 1: [2.0]}))
    assert frame.names == ("0", "1")
    assert frame.column("1").items.tolist() == [2.0]
    model = TabularClassifier(**SMALL, column_types={0: "category"})
    model.fit(pandas.DataFrame({"0": [1, 2] * 10, "1": np.arange(20)}), [0, 1] * 10)
    assert model.schema_["0"].kind == "category"


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "error", "said"),
    [
        (polars.LazyFrame({"a": [1]}), TypeError, r"the table is lazy: collect\(\) it first"),
        (polars.Series([1]), ValueError, r"single column: expected 2D .*select it as one"),
        (pandas.Series([1]), ValueError, r"single column: expected 2D .*X\[\['column'\]\]"),
        (np.zeros(3), ValueError, r"1 dimensions: expected rows of columns\. Reshape your data"),
        (np.zeros((1, 1, 1)), ValueError, "3 dimensions: expected rows of columns"),
        (3, ValueError, "0 dimensions: expected rows of columns"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), ValueError,
         "columns of one name: 'a' 2 times; expected different"),
        (pandas.DataFrame([[1, 2]], columns=["1", 1]), ValueError, "'1' is the name of two"),
        (pyarrow.table([[1], [2]], names=["a", "a"]), ValueError, "one name: 'a' 2 times"),
        ({1: [1], "1": [2]}, ValueError, "'1' is the name of two columns"),
        ({"a": [1], "b": [1, 2]}, ValueError, r"different lengths: \{'a': 1, 'b': 2\}"),
        ({"a": 3}, ValueError, "column 'a' is 3: expected a list of values, one a row"),
        ({"a": "many"}, ValueError, "column 'a' is 'many': expected a list of values"),
        ({"a": np.zeros((2, 2))}, ValueError, "column 'a' has 2 dimensions: expected a list"),
        ("no-such.csv", FileNotFoundError, "no file 'no-such.csv'"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(X, error, said):
    with pytest.raises(error, match=said):
        frame_of(X)


def test_two_columns_of_one_name_are_refused_to_be_predicted():
    model = TabularClassifier(**SMALL).fit({"a": np.arange(20.0)}, [0, 1] * 10)
    twice = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ValueError, match="'a' is the name of two columns"):
        model.predict(twice)
    with pytest.raises(ValueError, match="columns of one name: 'a' 2 times"):
        model.predict(twice.loc[[0] * (FEW + 1)])


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.dok_array])
def test_sparse_matrices_are_told_to_be_made_dense(make):
    assert table_of(make(np.eye(20))) is None
    with pytest.raises(TypeError, match=r"Sparse data was passed.*\.toarray\(\)"):
        TabularClassifier(**SMALL).fit(make(np.eye(20)), [0, 1] * 10)


def test_rows_and_targets_must_be_as_many():
    with pytest.raises(ValueError, match="X has 20 rows and y 2"):
        TabularClassifier(**SMALL).fit({"a": np.arange(20.0)}, [0, 1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TabularClassifier(**SMALL).fit(np.arange(20.0)[:, None], [0, 1])
