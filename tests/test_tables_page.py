"""What the guide of tabular models says of defaults, messages and numbers is so."""

import inspect
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.delimited import MISSING
from pellucid.tabular.calibration import rank_of
from pellucid.tabular.member import Recipe
from pellucid.tabular.schema import KINDS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "tables.md").read_text()
QUICK = {"bag": 1, "min_steps": 5, "random_state": 0}


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its first two lines."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize(("estimator", "place"), [(TabularClassifier, 1), (TabularRegressor, 2)])
def test_the_recipe_is_the_defaults_of_the_classes(estimator, place):
    said = {row[0].strip("`"): row[place] for row in rows_under("The recipe")}
    defaults = {
        name: f"`{parameter.default!r}`"
        for name, parameter in inspect.signature(estimator).parameters.items()
    }
    assert {name: default for name, default in said.items() if default != "-"} == defaults


def test_each_part_of_the_recipe_says_why():
    assert all(len(row) == 4 and len(row[3]) > 20 for row in rows_under("The recipe"))


def test_the_kinds_of_columns_are_those_there_are():
    kinds = [row[1] for row in rows_under("What a column is taken for, and how to overrule it")]
    assert [kind.split("`")[1] for kind in kinds] == list(KINDS)


def test_what_counts_as_missing_is_listed():
    listed = re.search(r"counts as missing: empty, (.*?)\. If", PAGE, re.DOTALL)
    assert listed
    assert {"", *re.findall(r"`(.*?)`", listed[1])} == set(MISSING)


def test_steps_are_about_as_many_from_a_few_hundred_rows_to_hundreds_of_thousands():
    def steps(n):
        return Recipe(True).epochs(n) * np.ceil(n / Recipe(True).batch(n))

    for n in (200, 1000, 10_000, 100_000, 600_000):
        assert 2000 <= steps(n) <= 5000
    assert Recipe(True).epochs(int(0.9 * 690_000)) == 2
    assert Recipe(True).epochs(int(0.9 * 712_000)) == 1


def test_rows_that_nine_in_ten_need():
    assert rank_of(0.9, 19, sides=2) == 19
    assert rank_of(0.9, 9) == 9
    for n, sides in ((18, 2), (8, 1)):
        with pytest.raises(ValueError, match="ask for less"):
            rank_of(0.9, n, sides)


def fit(estimator=TabularRegressor, target="price", lazy=False, kinds=None, **columns):
    table = {
        "area": [30.0, 40.0, 50.0, 60.0] * 5,
        "sold": ["1.3.2021", "14.3.2021"] * 10,
        "price": [100.0, 130.0, 120.0, 200.5] * 5,
    } | columns
    table = {name: column for name, column in table.items() if column is not None}
    X = pl.DataFrame(table, strict=False).lazy() if lazy else table
    return estimator(column_types=kinds, **QUICK).fit(X, target)


def twice():
    array = np.tile([30.0, 40.0, 100.0, 110.0], 5).reshape(-1, 2)
    import pandas

    return TabularRegressor(**QUICK).fit(
        pandas.DataFrame(array, columns=["area", "area"]), [1] * 10
    )


def third(value, column):
    return [*column[:2], value, *column[3:]] * (20 // len(column))


AREA, PRICE = [30.0, 40.0, 50.0, 60.0], [100.0, 130.0, 120.0, 200.0]
REFUSED = {
    "numbers and text in one column": lambda: fit(area=third("large", AREA)),
    "an infinite number": lambda: fit(area=third(np.inf, AREA)),
    "the target has gaps": lambda: fit(price=third(None, PRICE * 5)),
    "the target is no column": lambda: fit(target="prise"),
    "a target of text for a regressor": lambda: fit(price=third("much", list("1234"))),
    "a target of fractions for a classifier": lambda: fit(TabularClassifier),
    "one class only": lambda: fit(TabularClassifier, price=["yes"] * 20),
    "more than 1 000 classes": lambda: TabularClassifier(**QUICK).fit(
        {"area": np.arange(1001.0)}, [f"class {i}" for i in range(1001)]
    ),
    "a type for a column that is not there": lambda: fit(kinds={"aera": "number"}),
    "a kind that there is not": lambda: fit(kinds={"area": "numeric"}),
    "two columns of one name": twice,
    "columns of different lengths": lambda: fit(area=AREA),
    "nothing to learn from": lambda: fit(area=[30.0] * 20, sold=None),
    "a lazy table": lambda: fit(lazy=True),
    "in prediction: a column is missing": lambda: fit(sold=None).predict({"built": [1990]}),
    "in prediction: text in a column of numbers": lambda: fit(sold=None).predict(
        {"area": ["large"]}
    ),
    "in prediction: dates written otherwise": lambda: fit().predict(
        {"area": [30.0], "sold": ["1/2/2021"]}
    ),
    "more certainty than the rows allow": lambda: fit(sold=None).predict_interval(
        {"area": [30.0]}, 0.99
    ),
}


def test_no_refusal_of_the_guide_is_untried():
    assert [row[0] for row in rows_under("What is refused, and the cure")] == list(REFUSED)


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_said_as_the_guide_has_it(what):
    said = {row[0]: row[1] for row in rows_under("What is refused, and the cure")}[what]
    parts = [re.escape(part) for part in said.strip("`").split("...")]
    with pytest.raises((ValueError, TypeError)) as caught:
        REFUSED[what]()
    assert re.fullmatch(".*".join(parts), str(caught.value)), str(caught.value)
