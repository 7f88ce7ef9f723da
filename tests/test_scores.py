"""Scores and their standard errors: against draws of other rows, and by hand."""

from math import isnan, nan, sqrt

import numpy as np
import pytest
from sklearn.metrics import log_loss, r2_score

from pellucid.scores import Score, as_data, board, of_classes, of_numbers, part

RNG = np.random.default_rng(0)


def resampled(score, *columns, times=2000):
    """The spread of a score over rows drawn with replacement."""
    n = len(columns[0])
    rows = (RNG.integers(n, size=n) for _ in range(times))
    return np.std([score(*(column[some] for column in columns)) for some in rows])


def test_the_errors_of_numbers_are_those_that_drawing_other_rows_gives():
    y = RNG.gamma(2.0, size=400)
    predicted = y + RNG.normal(size=400) * (0.2 + 0.3 * y)
    found = {score.name: score for score in of_numbers(y, predicted)}
    assert found["r2"].value == pytest.approx(r2_score(y, predicted))
    assert found["rmse"].value == pytest.approx(sqrt(np.mean((y - predicted) ** 2)))
    assert found["mae"].value == pytest.approx(np.mean(abs(y - predicted)))
    for score in found.values():
        places = ["r2", "rmse", "mae"].index(score.name)

        def again(*some, place=places):
            return of_numbers(*some)[place].value

        assert score.error == pytest.approx(resampled(again, y, predicted), rel=0.1)


def test_the_errors_of_classes_are_those_that_drawing_other_rows_gives():
    p = RNG.dirichlet([1, 1, 1], size=400)
    codes = np.array([RNG.choice(3, p=row) for row in p])
    accuracy, loss = of_classes(codes, p)
    assert accuracy.value == np.mean(p.argmax(axis=1) == codes)
    assert loss.value == pytest.approx(log_loss(codes, p))
    for place, score in enumerate((accuracy, loss)):
        assert score.error == pytest.approx(
            resampled(lambda *some, i=place: of_classes(*some)[i].value, codes, p), rel=0.1
        )


def test_a_few_rows_that_are_all_right_do_not_say_that_all_are():
    assert part("accuracy", np.ones(10, bool)).error > 0.05
    assert part("accuracy", np.ones(10_000, bool)).error < 0.001


def test_what_rows_are_too_few_to_tell_is_left_out():
    r2, rmse, mae = of_numbers(np.array([1.0]), np.array([3.0]))
    assert (rmse.value, mae.value) == (2.0, 2.0)
    assert all(isnan(score.error) for score in (r2, rmse, mae))
    assert (str(r2), str(rmse)) == ("-", "2")
    assert as_data([r2, rmse]) == {
        "metrics": {"r2": None, "rmse": 2.0}, "uncertainty": {"r2": None, "rmse": None}
    }  # fmt: skip
    same = of_numbers(np.full(5, 2.0), np.full(5, 2.0))
    assert [score.value for score in same[1:]] == [0.0, 0.0]
    assert isnan(same[0].value)


def test_an_impossible_probability_is_no_infinite_loss():
    _, loss = of_classes(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert loss.value == pytest.approx(-np.log(1e-15) / 2)


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (0.86123, 0.0042, "0.861 +- 0.004"), (0.86123, 0.0014, "0.8612 +- 0.0014"),
        (0.86123, 0.00196, "0.861 +- 0.002"), (-0.00001, 0.003, "0.000 +- 0.003"),
        (53912.3, 1234.0, "53900 +- 1200"), (53912.3, 5234.0, "54000 +- 5000"),
        (12.5, nan, "12.5"), (1.0, 0.0, "1"), (nan, 0.1, "-"), (3.0, 9.6, "3 +- 10"),
    ],
)  # fmt: skip
def test_decimals_are_those_that_the_error_leaves(value, error, shown):
    assert str(Score("mae", value, error)) == shown


def test_those_compared_have_as_many_decimals():
    text = board("on 3 rows", [
        ("one", [Score("r2", 0.71234, 0.0102), Score("mae", 3.0, 0.2)]),
        ("other", [Score("r2", 0.61234, 0.00021), Score("mae", 4.04)]),
    ])  # fmt: skip
    assert text.splitlines() == [
        "on 3 rows  R2              MAE", "one        0.712 +- 0.010  3.0 +- 0.2",
        "other      0.612 +- 0.000  4.04",
    ]  # fmt: skip
