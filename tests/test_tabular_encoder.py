"""What becomes of a table's columns, by hand, by naive loops and by scikit-learn's transformers."""

import datetime
import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, RobustScaler

from pellucid.tabular.encoder import Compact, Encoder, Number
from pellucid.tabular.frames import frame_of
from pellucid.tabular.moments import moments
from pellucid.tabular.preparation import Preparation, bin_edges, fit_number
from pellucid.tabular.schema import infer

NAN = float("nan")


def fitted(table, types=None, y=None, **settings):
    """The encoder that learnt from a table, and the table as its inputs."""
    frame = frame_of(table)
    y = np.zeros(frame.n_rows) if y is None else np.asarray(y)
    encoder, rows = Preparation(**settings).fit(frame, infer(frame, types), y)
    return encoder, encoder.inputs(rows)


def encoded(encoder, table):
    return encoder.inputs(encoder.compact(frame_of(table)))


def squash(z):
    return z / np.sqrt(1.0 + (z / 3.0) ** 2)


# --- numbers --------------------------------------------------------------------------------------


def test_numbers_are_centred_by_the_median_scaled_by_the_quartiles_and_squashed():
    encoder, X = fitted({"a": [0, 1, 2, 3, 100]})  # median 2, quartiles 1 and 3
    z = np.array([-1.0, -0.5, 0.0, 0.5, 49.0])
    np.testing.assert_allclose(X[:, 0], squash(z), rtol=1e-6)
    assert X[4, 0] == pytest.approx(2.9944, abs=1e-4)  # 49 / sqrt(1 + 266.8)
    assert (encoder.numbers[0].median, encoder.numbers[0].scale) == (2.0, 0.5)
    np.testing.assert_allclose(encoded(encoder, {"a": [4]}), [[squash(1.0)]], rtol=1e-6)


def test_numbers_are_scaled_as_by_scikit_learns_robust_scaler():
    x = np.random.default_rng(0).standard_t(2, (300, 3)) * [1.0, 1e6, 1e-6] + [0.0, 5.0, 7.0]
    x[::7, 1] = NAN
    _, X = fitted({name: x[:, i] for i, name in enumerate("abc")})
    z = np.nan_to_num(RobustScaler().fit_transform(x), nan=0.0)
    np.testing.assert_allclose(X[:, :3], squash(z), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(X[:, 3], np.isnan(x[:, 1]))


def test_numbers_without_an_interquartile_range_are_scaled_by_the_others():
    x = [5] * 8 + [7, 9]  # the others are 2 and 4 from 5: 3 in the middle
    encoder, X = fitted({"a": x})
    assert encoder.numbers[0].scale == pytest.approx(1 / 3)
    expected = squash(np.array([0.0] * 8 + [2 / 3, 4 / 3]))
    np.testing.assert_allclose(X[:, 0], expected, rtol=1e-6)


def test_one_number_and_gaps_become_a_mark_and_nothing_else():
    encoder, X = fitted({"a": [3, None, 3]})
    np.testing.assert_array_equal(X, [[0, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(encoded(encoder, {"a": [1000]}), [[0, 0]])


def test_missing_numbers_become_the_median_and_a_mark_if_training_had_some():
    encoder, X = fitted({"a": [1, 2, 3, None], "b": [1, 2, 3, 4]})
    assert encoder.input_names == ("a", "b", "a missing")
    np.testing.assert_array_equal(X[:, 2], [0, 0, 0, 1])
    assert X[3, 0] == X[1, 0] == 0.0
    np.testing.assert_array_equal(encoded(encoder, {"a": [2], "b": [None]}), [[0, 0, 0]])


def test_booleans_are_numbers_of_one_half_each_way():
    _, X = fitted({"a": [True, False, True, False]})
    np.testing.assert_allclose(X[:, 0], [squash(0.5), -squash(0.5)] * 2, rtol=1e-6)


def test_numbers_however_far_off_are_at_the_limit():
    encoder, _ = fitted({"a": np.arange(5.0)})
    far = encoded(encoder, {"a": [1e6, -1e6, 1e200, -1e200, 1.7e308, -1.7e308]})[:, 0]
    np.testing.assert_allclose(far, [3.0, -3.0] * 3, rtol=1e-6)


@given(arrays.arrays(float, st.integers(2, 40), elements=st.floats(-1e300, 1e300)))
def test_squashed_numbers_are_finite_within_the_limit_and_in_their_order(x):
    z = fit_number("a", "", x).squash(np.sort(x))
    assert (np.abs(z) <= 3.0 + 1e-9).all()
    assert (np.diff(z) >= 0).all()


# --- bins -----------------------------------------------------------------------------------------


def binned(edges):
    """An encoder of one number that comes as it is, with these edges."""
    schema = infer(frame_of({"a": [0.0, 1.0]}))
    return Encoder(schema, (Number("a", edges=tuple(edges)),), ())


def inputs_of(encoder, z):
    z = np.asarray(z, np.float32)[:, None]
    return encoder.inputs(Compact(z, np.empty((len(z), 0), np.int32)))


def test_bins_below_a_number_are_full_its_own_in_part_and_those_above_empty():
    X = inputs_of(binned([0.0, 1.0, 3.0]), [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, NAN])
    expected = [[0, 0], [0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [1, 1], [0, 0]]
    np.testing.assert_array_equal(X[:, 1:], expected)
    np.testing.assert_array_equal(X[:, 0], [-1, 0, 0.5, 1, 2, 3, 5, 0])


def naive(z, edges):
    """One number's piecewise-linear encoding, by the formula of Gorishniy et al., eq. 1."""
    cells = []
    for low, high in pairwise(edges):
        if z < low:
            cells.append(0.0)
        elif z >= high:
            cells.append(1.0)
        else:
            cells.append((z - low) / (high - low))
    return cells


@given(
    st.lists(st.integers(-300, 300), min_size=3, max_size=20, unique=True),
    st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=20),
)
def test_the_encoding_is_that_of_the_formula(hundredths, numbers):
    edges = np.sort(np.array(hundredths, np.float32) / 100).astype(float)
    z = np.array(numbers, np.float32)
    expected = [naive(float(x), edges) for x in z]
    np.testing.assert_allclose(inputs_of(binned(edges), z)[:, 1:], expected, atol=2e-5)


@pytest.mark.filterwarnings("ignore:Bins whose width are too small")
@given(
    arrays.arrays(np.float32, st.integers(40, 80), elements=st.integers(0, 50)), st.integers(2, 8)
)
def test_edges_are_quantiles_as_of_scikit_learns_discretizer(z, bins):
    low, high = np.quantile(z, [0.25, 0.75])
    if low == high:
        return  # other edges then: the test below
    by_them = KBinsDiscretizer(bins, strategy="quantile", quantile_method="linear", dtype=None)
    theirs = by_them.fit(z[:, None].astype(float)).bin_edges_[0]
    edges = bin_edges(z, bins)
    if len(theirs) > 2:
        np.testing.assert_allclose(edges, theirs, rtol=1e-5)
    else:
        assert edges == ()


def test_where_most_numbers_are_the_same_bins_are_for_the_others():
    z = np.r_[np.zeros(900), np.arange(1.0, 101.0)].astype(np.float32)
    assert bin_edges(z, 4) == (0.0, 1.0, 25.75, 50.5, 75.25, 100.0)  # of the others, and 0
    assert bin_edges(z[:931], 4) == ()  # 31 others make no two bins of 16
    assert bin_edges(np.zeros(100, np.float32), 4) == ()
    assert bin_edges(np.full(100, NAN, np.float32), 4) == ()


@pytest.mark.parametrize(
    ("n_columns", "n_rows", "bins", "expected"),
    [
        (1, 1000, 48, 48),
        (10, 1000, 48, 48),
        (20, 1000, 48, 24),  # as many inputs as of 10 columns
        (1, 320, 48, 20),  # 16 rows in each
        (1, 31, 48, 0),
        (1, 1000, 0, 0),
    ],
)
def test_there_are_fewer_bins_for_many_columns_and_few_rows(n_columns, n_rows, bins, expected):
    x = np.random.default_rng(0).normal(size=(n_rows, n_columns))
    encoder, X = fitted({f"x{i}": x[:, i] for i in range(n_columns)}, bins=bins)
    assert [max(0, len(number.edges) - 1) for number in encoder.numbers] == [expected] * n_columns
    assert X.shape == (n_rows, n_columns * (1 + expected))


def test_missing_numbers_are_in_the_bins_of_the_median():
    x = np.r_[np.arange(101.0), NAN]
    encoder, X = fitted({"a": x}, bins=4)
    np.testing.assert_allclose(X[101, 2:], [1, 1, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(X[101, 2:], X[50, 2:])
    assert encoder.input_names[:2] == ("a", "a missing")
    assert encoder.input_names[4] == "a > 0"


# --- categories -----------------------------------------------------------------------------------


def test_each_level_has_an_input_and_unknown_ones_have_none():
    encoder, X = fitted({"a": ["y", "x", "y", "z"]})
    assert encoder.input_names == ("a=x", "a=y", "a=z")
    np.testing.assert_array_equal(X, [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    table = {"a": ["x", "new", None, " z "]}
    expected = [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]
    np.testing.assert_array_equal(encoded(encoder, table), expected)


def test_missing_values_are_a_level_if_training_had_some():
    encoder, X = fitted({"a": ["y", None, "x", "?"]})
    assert encoder.input_names == ("a=x", "a=y", "a missing")
    np.testing.assert_array_equal(X, [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(encoded(encoder, {"a": ["new"]}), [[0, 0, 0]])


def test_levels_are_encoded_as_by_scikit_learns_one_hot_encoder():
    rng = np.random.default_rng(0)
    texts = np.array(["red", "green", "blue", "grey"])[rng.integers(0, 4, (50, 2))]
    _, X = fitted({"a": texts[:, 0], "b": texts[:, 1]})
    np.testing.assert_array_equal(X, OneHotEncoder(sparse_output=False).fit_transform(texts))


def test_numbers_as_categories_are_the_same_however_they_are_written():
    encoder, _ = fitted({"a": [1.0, 2.0, 10.0, None]}, {"a": "category"})
    assert encoder.input_names == ("a=1", "a=10", "a=2", "a missing")
    for same in ([2], [2.0], ["2"], [" 2"], [True + 1]):
        np.testing.assert_array_equal(encoded(encoder, {"a": same}), [[0, 0, 1, 0]])


def test_columns_with_values_that_are_new_are_noted():
    encoder, _ = fitted({"a": ["y", "x"], "b": ["u", "v"], "c": [1, 2]})
    notes = []
    encoder.compact(frame_of({"a": ["n", "n", "x"], "b": ["u", "v", None], "c": [1, 9, 2]}), notes)
    assert notes == ["rows whose 'a' is new: 2"]


# --- dates ----------------------------------------------------------------------------------------

DAYS = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))


@given(st.lists(DAYS, min_size=1, max_size=5))
def test_parts_of_dates_are_those_of_pythons_calendar(dates):
    parts = moments(np.array([*dates, None], "datetime64[us]"))
    begin = datetime.datetime(1970, 1, 1)
    for i, date in enumerate(dates):
        midnight = date.replace(hour=0, minute=0, second=0, microsecond=0)
        expected = {
            "year": date.year,
            "month": date.month,
            "day of week": date.weekday(),
            "hour": (date - midnight).total_seconds() / 3600,
            "days elapsed": (date - begin).total_seconds() / 86400,
        }
        assert {part: x[i] for part, x in parts.items()} == pytest.approx(expected, abs=1e-9)
    assert all(np.isnan(x[-1]) for x in parts.values())


def test_a_date_becomes_its_parts_that_vary_each_as_a_number():
    days = ["2011-01-31", "2011-02-01", "2011-02-02", "2011-02-03", None]
    encoder, X = fitted({"seen": days})
    names = ("seen month", "seen day of week", "seen days elapsed")  # not year and hour
    assert encoder.input_names == (*names, *(f"{name} missing" for name in names))
    assert encoder.numbers[1].median == 1.5  # Monday to Thursday are 0 to 3, quartiles .75 and 2.25
    np.testing.assert_allclose(X[:4, 1], squash(np.array([-1, -1 / 3, 1 / 3, 1])), rtol=1e-6)
    np.testing.assert_array_equal(X[4], [0, 0, 0, 1, 1, 1])
    same = {"seen": [datetime.date(2011, 2, 1), datetime.datetime(2011, 2, 1, 15)]}
    np.testing.assert_allclose(encoded(encoder, same)[0], X[1])


def test_dates_in_text_are_read_as_they_were_in_training():
    encoder, X = fitted({"seen": ["31.1.2011", "1.2.2011", "5.8.2012"]})
    same = {"seen": [datetime.date(2011, 1, 31)]}
    np.testing.assert_allclose(encoded(encoder, same)[0], X[0])
    said = r"'seen' holds '1/2/2012' in row 2 .*expected dates written %d\.%m\.%Y"
    with pytest.raises(ValueError, match=said):
        encoded(encoder, {"seen": ["1.2.2012", "1/2/2012"]})


# --- the whole ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed():
    rng, n = np.random.default_rng(0), 200
    x = rng.normal(size=(n, 2))
    x[::5, 1] = NAN
    return {
        "a": x[:, 0],
        "b": x[:, 1],
        "c": [["red", None, "blue"][i] for i in rng.integers(0, 3, n)],
        "d": np.datetime64("2011-01-01", "us") + rng.integers(0, 10**14, n),
        "e": [f"town {i}" for i in rng.integers(0, 60, n)],
        "f": x[:, 0] > 0,
    }


def test_inputs_come_in_a_fixed_order_and_have_names(mixed):
    encoder, X = fitted(mixed, bins=4)
    names = encoder.input_names
    assert X.shape == (200, encoder.n_inputs) == (200, len(names))
    dates = [f"d {part}" for part in ("year", "month", "day of week", "hour", "days elapsed")]
    assert list(names[:9]) == ["a", "b", *dates, "f", "e mean 0"]
    assert names[9] == "b missing"
    assert names[-3:] == ("c=blue", "c=red", "c missing")
    assert all(" > " in name for name in names[10:-3])
    assert X.dtype == np.float32


def test_an_encoder_survives_being_written_as_json(mixed):
    encoder, _ = fitted(mixed, bins=4)
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again.input_names == encoder.input_names
    assert again.to_dict() == encoder.to_dict()
    np.testing.assert_array_equal(encoded(again, mixed), encoded(encoder, mixed))


@pytest.mark.parametrize("size", [1, 7, 64, 500])
def test_inputs_made_block_by_block_are_those_of_the_whole(mixed, size):
    encoder, _ = fitted(mixed, bins=4)
    rows = encoder.compact(frame_of(mixed))
    whole = encoder.inputs(rows)
    parts = list(encoder.blocks(rows, size))
    np.testing.assert_array_equal(np.concatenate([X for _, X in parts]), whole)
    for rows_of, X in parts:
        np.testing.assert_array_equal(whole[rows_of], X)


def test_rows_of_training_are_encoded_as_new_ones_but_for_what_stands_on_targets(mixed):
    encoder, X = fitted(mixed, bins=4, y=np.random.default_rng(1).normal(size=200))
    new = encoded(encoder, mixed)
    by_target = np.array(["e mean" in name for name in encoder.input_names])
    np.testing.assert_array_equal(X[:, ~by_target], new[:, ~by_target])
    assert (X[:, 8] != new[:, 8]).any()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"n": ["oops"], "d": [None]}, "'n' holds 'oops' in row 1 .*: expected numbers"),
        ({"n": [1, np.inf], "d": [None] * 2}, "'n' holds inf in row 2 .*: expected finite numbers"),
        ({"n": [datetime.date(2011, 1, 1)], "d": [None]}, "'n' holds dates: expected numbers"),
        ({"n": ["1", "x", "y", "z"], "d": [None] * 4}, "'n' holds 'x' in row 2 "),
        ({"n": [[1]], "d": [None]}, "'n' holds neither numbers nor text: expected numbers"),
        ({"n": [1], "d": [[1]]}, "'d' holds neither numbers nor text: expected dates"),
        ({"n": [1] * 3, "d": [None, "x", "y"]}, r"'d' holds 'x' in row 2 .*: expected dates"),
        ({"n": [1], "d": [7.5]}, r"'d' holds 7\.5 in row 1.*: expected dates"),
        ({"n": [1], "d": ["soon"]}, r"'d' holds 'soon' in row 1 .*: expected dates"),
    ],
)
def test_values_of_another_kind_than_in_training_are_named(table, said):
    dates = [datetime.date(2011, 1, day) for day in (1, 2, 3)]
    encoder, _ = fitted({"n": [1, 2, 3], "d": dates})
    with pytest.raises(ValueError, match=said):
        encoded(encoder, table)
