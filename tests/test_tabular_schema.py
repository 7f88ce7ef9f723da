"""What a column holds is told from its values, or from what the user says of it."""

import datetime

import numpy as np
import pandas
import pytest

from pellucid import TableWarning, TabularClassifier, TabularRegressor
from pellucid.tabular import Column, Schema
from pellucid.tabular.frames import frame_of
from pellucid.tabular.schema import infer

SMALL = {"min_steps": 10, "bag": 2, "hidden_layer_sizes": (4,), "random_state": 0}
DAY = datetime.date(2011, 1, 31)


def kind_of(values, kind=None):
    return infer(frame_of({"a": values}), kind and {"a": kind})["a"]


# --- told from the values -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "missing", "distinct"),
    [
        ([1, 2, None], "number", 1, None),
        (["1", " 2.5", "1e3", "?"], "number", 1, None),
        ([1, "2", "-"], "number", 1, None),
        (["3", "-4", ".5", "+6."], "number", 0, None),
        ([True, None, False], "boolean", 1, None),
        (["True", "FALSE", "NA"], "boolean", 1, None),
        ([True, "?", False], "boolean", 1, None),
        (["red", "blue", " red", "N/A", None], "category", 2, 2),
        (["1", "2", "x"], "category", 0, 3),
        (["yes", None], "category", 1, 1),
        (["inf", "1"], "category", 0, 2),
        (["1,5", "2,5"], "category", 0, 2),
        ([DAY, None, DAY + datetime.timedelta(1)], "date", 1, None),
        ([DAY, "?", DAY + datetime.timedelta(1)], "date", 1, None),
        (["2011-01-31", "2011-02-01", ""], "date", 1, None),
    ],
)
def test_values_say_what_a_column_is(values, kind, missing, distinct):
    column = kind_of(values)
    assert (column.kind, column.missing, column.distinct) == (kind, missing, distinct)


@pytest.mark.parametrize("values", [["01", "02", "10"], ["007", "12", None], ["-05", "3", "4"]])
def test_numbers_with_zeros_before_them_are_names_such_as_of_places(values):
    assert kind_of(values).kind == "category"
    assert kind_of(["0", "0.5", "-0.25", "10"]).kind == "number"


@pytest.mark.parametrize(
    ("texts", "date_format"),
    [
        (["2011-01-31", "2011-02-01"], ""),
        (["2011-01-31 15:30", "2011-02-01 00:00:05"], ""),
        (["2011-01-31T15:30:00.25", "2011-02-01"], ""),
        (["2011-01-31T15:30+01:00", "2011-02-01T00:00Z"], ""),
        (["2011/01/31", "2011/02/01"], "%Y/%m/%d"),
        (["31.01.2011", "1.2.2011"], "%d.%m.%Y"),
        (["31.01.11", "1.2.11"], "%d.%m.%y"),
        (["01/31/2011", "02/01/2011"], "%m/%d/%Y"),
        (["31/01/2011", "01/02/2011"], "%d/%m/%Y"),
        (["1/31/11", "2/1/11"], "%m/%d/%y"),
        (["31-01-2011", "01-02-2011"], "%d-%m-%Y"),
        (["01-31-2011", "02-01-2011"], "%m-%d-%Y"),
        (["1/31/2011 15:30", "2/1/2011 00:00"], "%m/%d/%Y %H:%M"),
        (["31.1.2011 15:30", "1.2.2011 00:00"], "%d.%m.%Y %H:%M"),
    ],
)
def test_dates_in_text_are_read_in_the_one_format_that_fits_all(texts, date_format):
    column = kind_of([*texts, None])
    assert (column.kind, column.date_format, column.missing) == ("date", date_format, 1)
    assert column.note == f"read from text as {date_format or 'ISO 8601'}"


@pytest.mark.parametrize(
    "texts", [["1/2/2011", "3/4/2011"], ["01-02-2011", "03-04-2011"], ["1/2/11", "12/12/11"]]
)
def test_dates_that_may_be_of_two_formats_stay_categories(texts):
    assert kind_of(texts).kind == "category"
    same_either_way = ["1/1/2011", "12/12/2011"]
    assert kind_of(same_either_way).kind == "date"


@pytest.mark.parametrize("texts", [["2011-01-31", "soon"], ["2011-13-01", "2011-01-01"], ["2011"]])
def test_text_of_which_not_all_is_dates_is_none(texts):
    assert kind_of([*texts, None]).kind != "date"


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([3, 3, 3], "the same in every row"),
        ([True, True, True], "the same in every row"),
        (["x", "x ", "x"], "the same in every row"),
        ([DAY, DAY, DAY], "the same in every row"),
        ([None, float("nan"), None], "every value is missing"),
        (["?", "", None], "every value is missing"),
        ([pandas.NaT, pandas.NaT, None], "every value is missing"),
        ([[1], [2], [3]], "holds neither numbers, text nor dates"),
        ([datetime.time(1), datetime.time(2)], "holds neither numbers, text nor dates"),
        ([1j, 2j, 3j], "holds neither numbers, text nor dates"),
        ([f"person {i}" for i in range(51)], "nearly every value is different"),
    ],
)
def test_columns_that_say_nothing_are_ignored_and_why(values, note):
    column = kind_of(values)
    assert (column.kind, column.note) == ("ignored", note)
    assert infer(frame_of({"a": values})).used == ()


def test_names_are_told_from_categories_by_how_many_are_different():
    assert kind_of([f"person {i}" for i in range(50)]).kind == "category"  # too few to say
    nine_in_ten = [f"person {i % 90}" for i in range(100)]
    assert kind_of(nine_in_ten).kind == "category"
    assert kind_of([*nine_in_ten[:-1], "one more"]).kind == "ignored"
    assert kind_of([f"person {i}" for i in range(51)], "category").kind == "category"
    assert kind_of([f"{i}.5" for i in range(100)]).kind == "number"


def test_one_value_and_gaps_say_which_rows_have_gaps():
    assert kind_of([3, None, 3]).kind == "number"
    assert kind_of(["x", None, "x"]).kind == "category"


# --- mixed types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, 2, "oops", None, "no"], r"'a' holds text among numbers: 'oops' in row 3 "),
        ([None, "x", "y", 4], r"'a' holds numbers among text: 4 in row 4 "),
        ([*map(str, range(100)), "many"], r"text among numbers: 'many' in row 101 "),
        ([*map(str, range(100)), "inf"], r"text among numbers: 'inf' in row 101 "),
        ([1, 2, True], r"booleans among numbers: True in row 3 "),
        ([DAY, DAY, "soon"], r"text among dates: 'soon' in row 3 "),
        ([DAY, DAY, 7], r"numbers among dates: 7 in row 3 "),
    ],
)
def test_columns_of_mixed_types_are_refused_with_the_first_row_of_the_rarer(values, said):
    with pytest.raises(ValueError, match=said) as error:
        kind_of(values)
    assert "column_types={'a': 'number'} takes what is no number for missing" in str(error.value)
    assert "{'a': 'category'} takes all of it for text" in str(error.value)


def test_what_is_said_of_a_mixed_column_cures_it():
    values = [1, 2, "oops", None, DAY]
    number = kind_of(values, "number")
    assert (number.kind, number.missing) == ("number", 3)
    assert number.note == "2 values that are no numbers count as missing"
    category = kind_of(values, "category")
    assert (category.kind, category.missing, category.distinct) == ("category", 1, 4)
    assert kind_of(["2011-01-31", DAY + datetime.timedelta(1)], "date").kind == "date"


# --- told by the user -----------------------------------------------------------------------------


def test_what_the_user_says_goes_before_what_the_values_say():
    assert kind_of([1, 2, 2], "category").distinct == 2
    assert kind_of(["01", "02", "x"], "number").missing == 1
    assert kind_of([1, 2], "ignored") == Column("a", "ignored", note="as asked")
    assert kind_of([1, 0], "boolean").kind == "boolean"
    assert kind_of(["2011-01-31", None], "category").kind == "category"
    assert kind_of(["yes", "no"], "number").note.startswith("2 values that are no numbers")
    assert kind_of(pandas.Series(["1/31/11", "2/1/11"], dtype="category"), "date").kind == "date"


@pytest.mark.parametrize(
    ("values", "types", "said"),
    [
        ([1], {"b": "number"}, "column_types has 'b': known: a"),
        ([1], {"aa": "number"}, r"column_types has 'aa': did you mean a\?"),
        ([1], {"a": "nummer"}, r"has 'a' as 'nummer': did you mean number\? Known: number, bool"),
        ([1], {"a": 3}, "has 'a' as 3: known: number, boolean, category, date, ignored"),
        (["soon"], {"a": "date"}, r"'soon' in row 1 .*expected dates such as 2011-01-31"),
        ([2011], {"a": "date"}, "holds 2011 in row 1.*: expected dates"),
        ([DAY], {"a": "number"}, "holds dates: expected numbers"),
        ([[1]], {"a": "category"}, "holds neither numbers, text nor dates: make it one of these"),
    ],
)
def test_what_the_user_says_must_be_possible(values, types, said):
    with pytest.raises(ValueError, match=said):
        infer(frame_of({"a": values}), types)


# --- how it is shown ------------------------------------------------------------------------------


@pytest.fixture
def shown():
    table = {
        "age": [36, None, 41],
        "job": ["poet", "clerk", "poet"],
        "born <in>": ["1/31/11", "2/1/11", "?"],
        "n": [1, 1, 1],
    }
    return infer(frame_of(table))


def test_a_schema_is_printed_as_a_table(shown):
    assert str(shown) == repr(shown) == (
        "column     kind      missing  distinct  note\n"
        "age        number          1\n"
        "job        category        0         2\n"
        "born <in>  date            1            read from text as %m/%d/%y\n"
        "n          ignored         0            the same in every row"
    )  # fmt: skip


def test_a_schema_in_a_notebook_is_a_table_with_its_text_made_safe(shown):
    html = shown._repr_html_()
    assert html.startswith("<table><thead><tr><th>column</th><th>kind</th>")
    assert "<td>born &lt;in&gt;</td>" in html
    assert "<in>" not in html
    assert html.count("<tr>") == 5


def test_a_schema_is_a_sequence_of_columns_by_name(shown):
    assert len(shown) == 4
    assert [column.name for column in shown.used] == ["age", "job", "born <in>"]
    assert shown["job"] == Column("job", "category", 0, 2)
    with pytest.raises(KeyError, match=r"no column 'jab': did you mean job\?"):
        shown["jab"]
    assert Schema.from_dict(shown.to_dict()) == shown


# --- the target among the columns -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("copy", "y"),
    [
        ([0, 1] * 10, [0, 1] * 10),
        ([0.0, 1.0] * 10, np.array([0, 1] * 10)),
        (["no", "yes "] * 10, ["no", "yes"] * 10),
        ([False, True] * 10, [False, True] * 10),
        (["False", "True"] * 10, ["False", "True"] * 10),
        (["0", "1"] * 10, [0, 1] * 10),
    ],
)
def test_a_column_that_is_the_target_again_is_left_out_with_a_warning(copy, y):
    table = {"x": np.arange(20.0), "copy": copy}
    with pytest.warns(TableWarning, match="'copy' equals the target in every row and is not used"):
        model = TabularClassifier(**SMALL).fit(table, y)
    assert model.schema_["copy"].note == "the same as the target in every row"
    assert "not used, the same as the target in every row: 'copy'" in model.notes_
    assert model.predict({"x": [1.0]}).shape == (1,)  # and need not be there any more


def test_a_copy_of_the_target_is_kept_when_asked_for_or_when_there_is_nothing_else():
    y = [0, 1] * 10
    table = {"x": np.arange(20.0), "copy": y}
    model = TabularClassifier(**SMALL, column_types={"copy": "number"}).fit(table, y)
    assert model.schema_["copy"].kind == "number"
    alone = TabularClassifier(**SMALL).fit({"copy": y, "same": [1] * 20}, y)
    assert [column.name for column in alone.schema_.used] == ["copy"]
    with pytest.warns(TableWarning, match="'first'"):
        both = TabularClassifier(**SMALL).fit({"first": y, "second": y}, y)
    assert [column.name for column in both.schema_.used] == ["second"]


def test_a_column_that_nearly_is_the_target_is_kept():
    y = np.arange(20.0)
    table = {"x": y[::-1], "off": np.r_[y[:-1], 0.0], "gap": np.r_[y[:-1], np.nan]}
    model = TabularRegressor(**SMALL).fit(table, y)
    assert [column.name for column in model.schema_.used] == ["x", "off", "gap"]


def test_notes_say_what_was_left_out_and_nothing_left_is_an_error():
    table = {"x": np.arange(20.0), "n": [1] * 20, "m": [2] * 20, "gone": [None] * 20}
    model = TabularRegressor(**SMALL).fit(table, np.arange(20.0)[::-1])
    assert model.notes_ == (
        "not used, the same in every row: 'n', 'm'",
        "not used, every value is missing: 'gone'",
    )
    said = "no column is of use to learn from: not used, the same in every row: 'n'"
    with pytest.raises(ValueError, match=said):
        TabularRegressor(**SMALL).fit({"n": [1] * 20}, np.arange(20.0))
