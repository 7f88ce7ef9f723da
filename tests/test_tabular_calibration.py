"""Probabilities, intervals and sets that hold: by hand, by scipy, and counted on rows held out."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.metrics import log_loss

from pellucid import TabularClassifier, TabularRegressor
from pellucid.tables import read_table
from pellucid.tabular import calibration
from pellucid.tabular.calibration import Calibration, Residuals, rank_of, threshold

SMALL = {"min_steps": 60, "bag": 2, "hidden_layer_sizes": (16, 16), "random_state": 0}


def expected_calibration_error(p, codes, bins=10):
    """Naeini et al., 2015: how far confidence is from accuracy, in bins of equal width."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == codes
    which = np.ceil(sure * bins)
    return sum(
        np.mean(which == b) * abs(sure[which == b].mean() - right[which == b].mean())
        for b in set(which)
    )


# --- temperature and smoothing --------------------------------------------------------------------


def test_softmax_and_its_log_loss_are_scipys_and_scikit_learns():
    z = np.random.default_rng(0).normal(size=(50, 4)) * 30
    codes, weight = np.arange(50) % 4, np.linspace(0.1, 2.0, 50)
    np.testing.assert_allclose(calibration.softmax(z), softmax(z, axis=1), rtol=1e-12)
    for w in (None, weight):
        theirs = np.average(-log_softmax(z, axis=1)[np.arange(50), codes], weights=w)
        assert calibration.log_loss(z, codes, w) == pytest.approx(theirs)
    assert calibration.log_loss(np.array([[800.0, 0.0]]), np.array([1])) == 800.0


def test_three_right_of_four_and_a_row_more_of_each_class_are_four_of_six():
    z, codes = np.array([[4.0, 0.0]] * 4), np.array([0, 0, 0, 1])
    fitted = Calibration.fit(z, codes)
    assert fitted.probabilities(z)[0] == pytest.approx([4 / 6, 2 / 6], abs=1e-5)
    by_weight = Calibration.fit(z[2:], codes[2:], np.array([3.0, 1.0]))  # (2 * 3/4 + 1) of 4
    assert by_weight.probabilities(z)[0] == pytest.approx([2.5 / 4, 1.5 / 4], abs=1e-5)


def test_rows_that_all_are_right_do_not_make_certain():
    z, codes = np.array([[2.0, 0.0], [0.0, 2.0]] * 30), np.array([0, 1] * 30)
    sure = Calibration.fit(z, codes, None, label_smoothing=0.1).probabilities(100 * z)
    assert sure.min() >= 1 / (2 * 61) - 1e-12
    assert Calibration.fit(z, codes).probabilities(z)[0, 0] == pytest.approx(61 / 62, abs=1e-4)


def test_the_temperature_is_where_the_documented_loss_is_lowest():
    rng = np.random.default_rng(1)
    z = 3.0 * rng.normal(size=(500, 3))
    codes = np.array([rng.choice(3, p=softmax(row / 2.5)) for row in z])
    wanted = np.eye(3)[codes] * 500 / 503 + 1 / 503  # a row more of each class
    floor = 1 / (3 * 501)

    def loss(t):
        return -(wanted * np.log((1 - 3 * floor) * softmax(z / t, axis=1) + floor)).sum()

    t = Calibration.fit(z, codes).temperature
    assert t == pytest.approx(minimize_scalar(loss, (1.0, 5.0)).x, rel=1e-4)
    assert t == pytest.approx(2.5, rel=0.2)


def test_without_rows_nothing_is_changed():
    assert Calibration.fit(np.zeros((0, 3)), np.zeros(0, int)) == Calibration()


def test_smoothing_is_taken_back_as_it_was_given():
    q = np.array([[0.7, 0.2, 0.1], [0.98, 0.01, 0.01]])
    smoothed = 0.9 * q + 0.1 / 3
    again = Calibration(smoothing=0.1).probabilities(np.log(smoothed))
    np.testing.assert_allclose(again, q, atol=1e-12)
    sure = Calibration(smoothing=0.1, floor=0.01).probabilities(np.array([[50.0, 0.0]]))
    np.testing.assert_allclose(sure, [[0.99, 0.01]])


def test_calibration_is_the_better_of_a_temperature_with_and_without_smoothing():
    rng = np.random.default_rng(2)
    q = softmax(2.0 * rng.normal(size=(4000, 2)), axis=1)
    codes = (rng.random(4000) < q[:, 1]).astype(int)
    smoothed = np.log(0.8 * q + 0.1)
    fitted = Calibration.fit(smoothed, codes, None, label_smoothing=0.2)
    plain = Calibration.fit(smoothed, codes)
    assert plain.smoothing == 0.0
    assert fitted.smoothing in (0.05, 0.1, 0.15, 0.2)
    loss = log_loss(codes, fitted.probabilities(smoothed))
    assert loss < log_loss(codes, plain.probabilities(smoothed))
    assert loss == pytest.approx(log_loss(codes, q), abs=2e-3)
    best = minimize_scalar(lambda t: log_loss(codes, softmax(smoothed / t, axis=1)), (0.1, 1.0))
    assert plain.temperature == pytest.approx(best.x, rel=1e-2)


def test_probabilities_sum_to_one_and_are_calibrated_or_not_as_asked():
    X, y = load_breast_cancer(return_X_y=True)
    for calibrate in (True, False):
        model = TabularClassifier(**SMALL, calibrate=calibrate).fit(X, y)
        p = model.predict_proba(X)
        np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
        assert (p > 0).all()
        np.testing.assert_allclose(model.predict_log_proba(X), np.log(p))
        assert (model.predict(X) == model.classes_[p.argmax(axis=1)]).all()
        if not calibrate:
            assert (model.temperature_, model.smoothing_) == (1.0, 0.0)
            z = model._raw(X).astype(float)
            np.testing.assert_allclose(p, softmax(z, axis=2).mean(axis=0), rtol=1e-6)
        seen = ~np.isnan(model.oob_decision_function_[:, 0])
        of_seen = log_loss(y[seen], model.oob_decision_function_[seen])
        assert model.oob_log_loss_ == pytest.approx(of_seen)


def test_a_network_too_sure_of_itself_is_brought_down_to_how_often_it_is_right():
    X, y = make_classification(
        8000, 8, n_informative=4, n_redundant=0, flip_y=0.3, class_sep=0.7, random_state=0
    )
    hasty = {"learning_rate_init": 0.5, "schedule": "constant", "max_epochs": 1}
    free = {"label_smoothing": 0.0, "dropout": 0.0, "weight_decay": 0.0}
    settings = {"bag": 1, "validation_fraction": 0.5, "hidden_layer_sizes": (64, 64)}
    errors = {}
    for calibrate in (True, False):
        model = TabularClassifier(
            **settings, **hasty, **free, random_state=0, calibrate=calibrate
        ).fit(X[:2000], y[:2000])
        errors[calibrate] = expected_calibration_error(model.predict_proba(X[2000:]), y[2000:])
    assert errors[True] < 0.05
    assert errors[False] > 0.1


def test_what_smoothing_takes_away_is_given_back():
    X, y = make_classification(3000, 8, n_informative=6, class_sep=2.0, flip_y=0.0, random_state=0)
    errors = {}
    for calibrate in (True, False):
        model = TabularClassifier(**SMALL, calibrate=calibrate, label_smoothing=0.3)
        p = model.fit(X[:1000], y[:1000]).predict_proba(X[1000:])
        errors[calibrate] = expected_calibration_error(p, y[1000:])
    assert errors[False] > 0.08  # says 85 % where it is always right
    assert errors[True] < 0.03


# --- ranks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coverage", "n", "sides", "rank"),
    [(0.9, 9, 1, 9), (0.9, 19, 1, 18), (0.5, 9, 1, 5), (0.9, 19, 2, 19), (0.8, 99, 2, 90),
     (0.7, 9, 1, 7), (0.95, 1000, 1, 951)],
)  # fmt: skip
def test_of_n_scores_a_new_one_is_as_likely_in_each_place(coverage, n, sides, rank):
    assert rank_of(coverage, n, sides) == rank


@pytest.mark.parametrize(
    ("coverage", "n", "sides", "most"),
    [(0.9, 8, 1, "0.889"), (0.9, 18, 2, "0.895"), (0.99, 50, 1, "0.98"), (0.5, 0, 1, "0")],
)
def test_too_few_rows_for_a_coverage_are_told_what_they_allow(coverage, n, sides, most):
    said = f"coverage is {coverage} and {n} rows were held out: that many allow for at most {most};"
    with pytest.raises(ValueError, match=said):
        rank_of(coverage, n, sides)


@pytest.mark.parametrize("coverage", [0.0, 1.0, 90, -0.1, float("nan")])
def test_a_coverage_is_a_part_of_all(coverage):
    with pytest.raises(ValueError, match=f"coverage is {coverage}: expected a number between 0"):
        rank_of(coverage, 100)


def test_models_pass_on_what_so_few_rows_allow():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40.0)
    numbers = TabularRegressor(**SMALL).fit(X, y)  # 2 networks hold 10 rows out, each
    with pytest.raises(ValueError, match=r"coverage is 0\.95 and 20 rows .* at most 0\.905; ask"):
        numbers.predict_interval(X, 0.95)
    assert numbers.predict_interval(X, 0.9).shape == (40, 2)
    classes = TabularClassifier(**SMALL).fit(X, y > 20)
    with pytest.raises(ValueError, match=r"coverage is 0\.99 and 20 rows .* at most 0\.952; ask"):
        classes.predict_set(X, 0.99)


# --- sets -----------------------------------------------------------------------------------------


def test_a_set_holds_all_classes_as_likely_as_the_right_one_mostly_was():
    of_right = np.array([0.9, 0.2, 0.8, 0.5, 0.6, 0.7, 0.3, 0.4, 0.95])
    assert threshold(of_right, 0.5) == 0.6  # the 5th of 9 from above
    assert threshold(of_right, 0.9) == 0.2  # the 9th: all
    with pytest.raises(ValueError, match=r"at most 0\.9;"):
        threshold(of_right, 0.95)


def test_the_likeliest_class_is_always_in_the_set():
    X, y = load_breast_cancer(return_X_y=True)
    model = TabularClassifier(**SMALL).fit(X, y)
    among = model.predict_set(X, 0.3)
    assert among.shape == (569, 2)
    assert among.any(axis=1).all()
    assert (among[np.arange(569), model.predict_proba(X).argmax(axis=1)]).all()
    wider = model.predict_set(X, 0.99)
    assert (wider >= among).all()


# --- intervals ------------------------------------------------------------------------------------


def test_of_few_rows_an_interval_reaches_from_the_least_to_the_largest_error():
    off = np.array([-3.0, 1.0, 0.0, 2.0, -1.0] * 3 + [0.5] * 4)
    residuals = Residuals.of(np.arange(19.0), np.arange(19.0) + off)
    np.testing.assert_allclose(residuals.interval(np.array([100.0]), 0.9), [[97.0, 102.0]])


@pytest.mark.parametrize("n", [19, 50, 150])
def test_intervals_of_few_rows_hold_as_often_as_they_say(n):
    """Counted over many draws of the rows held out and one new row each."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(4000):
        predicted, y = rng.normal(size=n + 1), rng.standard_t(3, size=n + 1)
        low, high = Residuals.of(predicted[1:], y[1:]).interval(predicted[:1], 0.9)[0]
        held += low <= y[0] <= high
    assert held / 4000 == pytest.approx(0.9, abs=0.02)


def test_intervals_are_as_wide_as_errors_are_there():
    rng = np.random.default_rng(0)

    def draw(n):
        predicted = rng.uniform(0, 10, n)
        return predicted, predicted + (0.1 + predicted) * rng.normal(size=n)

    residuals, (predicted, y) = Residuals.of(*draw(4000)), draw(20_000)
    interval = residuals.interval(predicted, 0.8)
    inside = (interval[:, 0] <= y) & (y <= interval[:, 1])
    assert inside.mean() == pytest.approx(0.8, abs=0.02)
    width = np.diff(interval)[:, 0]
    for low in range(1, 9):
        here = (predicted >= low) & (predicted < low + 1)
        assert inside[here].mean() == pytest.approx(0.8, abs=0.06)
        assert width[here].mean() == pytest.approx(2 * 1.2816 * (low + 0.6), rel=0.15)


def test_errors_that_lean_to_one_side_give_intervals_that_do():
    rng = np.random.default_rng(0)
    predicted, off = rng.normal(size=5000), rng.exponential(size=5000)
    low, high = Residuals.of(predicted, predicted + off).interval(np.zeros(1), 0.8)[0]
    assert low == pytest.approx(-np.log(0.9), abs=0.1)
    assert high == pytest.approx(-np.log(0.1), abs=0.2)


def test_errors_are_made_smaller_by_what_a_mean_is_better():
    rng = np.random.default_rng(0)
    predicted = rng.normal(size=3000)
    off = 2.0 * rng.normal(size=3000)  # of variance 4, of which 3 will not be there
    plain = Residuals.of(predicted, predicted + off)
    less = Residuals.of(predicted, predicted + off, np.full(3000, 3.0))
    np.testing.assert_allclose(less.off.std(), 1.0, rtol=0.03)
    np.testing.assert_allclose(less.predicted, plain.predicted)
    none = Residuals.of(predicted, predicted, np.full(3000, 3.0))
    assert not none.off.any()


def test_errors_kept_are_so_many_at_the_most():
    residuals = Residuals.of(np.arange(50_000.0)[::-1], np.zeros(50_000))
    assert len(residuals.off) == calibration.MOST
    assert (residuals.predicted[0], residuals.predicted[-1]) == (0.0, 49_999.0)


def test_wider_coverage_is_a_wider_interval_around_the_prediction():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    model = TabularRegressor(**SMALL).fit(X, X[:, 0] + rng.normal(size=400))
    bounds = [model.predict_interval(X, coverage) for coverage in (0.5, 0.8, 0.9, 0.95)]
    for narrow, wide in pairwise(bounds):
        assert (np.diff(wide) > np.diff(narrow)).all()
    inside = (bounds[2][:, 0] <= model.predict(X)) & (model.predict(X) <= bounds[2][:, 1])
    assert inside.all()


# --- coverage on real tables ----------------------------------------------------------------------

FEW = {"min_steps": 300, "bag": 4, "hidden_layer_sizes": (64, 64), "random_state": 0}
REAL = {
    "california-housing.csv.gz": ("median_house_value", []),
    "bike-hourly.csv.gz": ("cnt", ["instant", "casual", "registered"]),
}


@pytest.mark.parametrize("file", REAL)
def test_intervals_hold_on_rows_of_real_tables_within_two_points(tabular, file):
    target, left_out = REAL[file]
    frame = read_table(tabular / file).frame.drop(left_out)
    frame = frame.sample(fraction=1.0, shuffle=True, seed=0)
    model = TabularRegressor(**FEW).fit(frame[:3000], target)
    y, new = frame[3000:][target].to_numpy(), frame[3000:].drop(target)
    for coverage in (0.8, 0.9):
        low, high = model.predict_interval(new, coverage).T
        assert np.mean((low <= y) & (y <= high)) == pytest.approx(coverage, abs=0.02)
    low, high = model.predict_interval(new, 0.8).T
    assert (high - low).mean() < 0.8 * 2 * 1.2816 * y.std()  # and say more than the mean does


def test_sets_hold_the_class_of_rows_of_a_real_table_within_two_points(tabular):
    frame = read_table(tabular / "adult.data.gz").frame.sample(fraction=1.0, shuffle=True, seed=0)
    model = TabularClassifier(**FEW).fit(frame[:3000], "column_15")
    new = frame[3000:].drop("column_15")
    codes = np.searchsorted(model.classes_, frame[3000:]["column_15"].to_numpy())
    rows = np.arange(len(codes))
    for coverage in (0.9, 0.95):
        among = model.predict_set(new, coverage)
        assert among[rows, codes].mean() == pytest.approx(coverage, abs=0.02)
        assert 1.0 < among.sum(axis=1).mean() < 1.5
    assert expected_calibration_error(model.predict_proba(new), codes) < 0.03
