"""Training goes on where it ended, to the bit; what is interrupted or refused leaves no ruins."""

import os
import pickle
import signal
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, MLPRegressor

X, Y = load_digits(return_X_y=True)
X, Y = X[:500] / 16, Y[:500]
WEIGHTS = np.random.default_rng(0).uniform(0.1, 2.0, 500)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "adam": {},
    "adamw": {"solver": "adamw"},
    "rmsprop": {"solver": "rmsprop"},
    "dropout": {"dropout": 0.2},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.2, "n_iter_no_change": 1},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 100},
    "stopped early": {"early_stopping": True, "scoring": "loss", "n_iter_no_change": 100},
    "cosine": {"learning_rate": "cosine", "schedule_iter": 20},
    "coslog4": {"learning_rate": "coslog4", "schedule_iter": 20},
    "batches by epoch": {"batch_size": {1: 32, 5: 100, 15: 500}},
    "penalties": {"alpha": 0.1, "l1": 0.01, "clip_norm": 0.5},
    "smoothing": {"label_smoothing": 0.1, "class_weight": "balanced"},
    "in order": {"shuffle": False},
    "float32": {"dtype": "float32"},
    "reference": {"engine": "reference", "dropout": 0.1},
}


def assert_same(first, second):
    for a, b in zip(
        first.coefs_ + first.intercepts_, second.coefs_ + second.intercepts_, strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert first.loss_curve_ == second.loss_curve_
    assert first.validation_scores_ == second.validation_scores_
    assert first.t_ == second.t_


@pytest.mark.parametrize("name", SETTINGS)
def test_two_halves_are_the_whole(name):
    settings = {"random_state": 3, "tol": 0.0} | SETTINGS[name]
    whole = MLPClassifier((20,), max_iter=20, **settings).fit(X, Y, WEIGHTS)
    half = MLPClassifier((20,), max_iter=10, warm_start=True, **settings).fit(X, Y, WEIGHTS)
    half = pickle.loads(pickle.dumps(half))  # also in another process
    assert_same(half.fit(X, Y, WEIGHTS), whole)
    assert half.n_iter_ + 10 == whole.n_iter_
    uneven = MLPClassifier((20,), max_iter=6, warm_start=True, **settings).fit(X, Y, WEIGHTS)
    assert_same(uneven.set_params(max_iter=14).fit(X, Y, WEIGHTS), whole)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_partial_fits_are_one_fit(kind):
    settings = {"hidden_layer_sizes": (20,), "random_state": 3, "dropout": 0.1}
    whole = kind(max_iter=8, tol=0.0, **settings).fit(X, Y)
    pieces = kind(**settings)
    for _ in range(8):
        more = {"classes": range(10)} if kind is MLPClassifier else {}
        pieces.partial_fit(X, Y, **more)
        pieces = pickle.loads(pickle.dumps(pieces))
    assert_same(pieces, whole)
    assert pieces.n_iter_ == 1


def test_scikit_learns_invscaling_counts_on_from_fit_to_fit():
    model = MLPClassifier(
        (4,), solver="sgd", learning_rate="invscaling", power_t=0.25, max_iter=1, warm_start=True
    )
    model.fit(X[:4], Y[:4]).fit(X[:4], Y[:4]).fit(X[:4], Y[:4])
    np.testing.assert_allclose(
        model.history_["learning_rate"], [0.001, 0.001 / 5**0.25, 0.001 / 9**0.25]
    )


def test_lbfgs_goes_on_from_the_weights_but_with_an_empty_memory():
    """SciPy keeps its curvature pairs to itself, so the way from there is another."""
    whole = MLPClassifier((20,), solver="lbfgs", max_iter=20, random_state=0).fit(X, Y)
    half = MLPClassifier((20,), solver="lbfgs", max_iter=10, random_state=0, warm_start=True)
    first = half.fit(X, Y).loss_
    assert half.loss_curve_ == whole.loss_curve_[:10]  # the first half is the same to the bit
    assert half.fit(X, Y).loss_ < first
    assert half.loss_curve_[10:] != whole.loss_curve_[10:]
    again = MLPClassifier((20,), solver="lbfgs", max_iter=10, random_state=0, warm_start=True)
    assert again.fit(X, Y).fit(X, Y).loss_curve_ == half.loss_curve_  # and repeats itself


def test_without_warm_start_fit_begins_anew():
    model = MLPClassifier((20,), max_iter=5, random_state=0).fit(X, Y)
    first = [W.copy() for W in model.coefs_]
    model.fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], first[0])
    assert len(model.loss_curve_) == 5


def test_weights_that_somebody_set_are_where_it_goes_on_from():
    model = MLPClassifier((20,), max_iter=3, random_state=0, warm_start=True).fit(X, Y)
    model.coefs_ = [np.zeros((64, 20)), np.zeros((20, 10))]
    assert np.unique(model.predict_proba(X), axis=0).shape == (1, 10)
    frozen = model.set_params(learning_rate_init=1e-12, max_iter=1).fit(X, Y)
    np.testing.assert_allclose(frozen.coefs_[0], 0.0, atol=1e-9)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes is \[5\] and the fitted network has"):
        model.set_params(hidden_layer_sizes=(5,)).fit(X, Y)
    model.coefs_ = [np.zeros((64, 21)), np.zeros((20, 10))]
    with pytest.raises(ValueError, match=r"layer1.W has shape \(64, 20\), not \(64, 21\)"):
        model.predict(X)


# --- a start of one's own -----------------------------------------------------------------------


def test_initialize_gives_the_weights_that_fit_would_begin_with():
    model = MLPClassifier((20,), random_state=5).initialize(X, Y)
    bound = np.sqrt(6 / (64 + 20))
    assert np.abs(model.coefs_[0]).max() <= bound
    drawn = np.random.RandomState(5).uniform(-bound, bound, (64, 20))
    np.testing.assert_array_equal(model.coefs_[0], drawn)
    assert model.predict(X).shape == (500,)
    assert model.network_.weights[0] is not None
    straight = MLPClassifier((20,), random_state=5, max_iter=3).fit(X, Y)
    assert_same(model.set_params(max_iter=3).fit(X, Y), straight)
    assert_same(model.fit(X, Y), straight)  # the start was for one fit


def test_frozen_layers_keep_their_weights_and_the_others_learn():
    model = MLPClassifier((20, 10), frozen=[0], max_iter=3, random_state=0).initialize(X, Y)
    model.coefs_[0][:] = 0.01
    model.intercepts_[0] = np.full(20, 0.5)
    model.fit(X, Y)
    assert (model.coefs_[0] == 0.01).all()
    assert (model.intercepts_[0] == 0.5).all()
    assert np.ptp(model.coefs_[1]) > 0
    last = MLPClassifier((20, 10), frozen=[-1, 1], max_iter=3, random_state=0)
    before = [W.copy() for W in last.initialize(X, Y).coefs_]
    last.fit(X, Y)
    assert [np.array_equal(a, b) for a, b in zip(before, last.coefs_, strict=True)] == [
        False, True, True,
    ]  # fmt: skip


# --- interrupts, divergence, mistakes -----------------------------------------------------------


def interrupt_in_epoch(number):
    def callback(event):
        if event.epoch == number:
            os.kill(os.getpid(), signal.SIGINT)

    return callback


def test_an_interrupt_keeps_the_best_weights_and_warns():
    settings = {"learning_rate_init": 0.05, "random_state": 0, "tol": 0.0}
    model = MLPClassifier(
        (20,), max_iter=500, early_stopping=True, scoring="loss", n_iter_no_change=500,
        callbacks=[interrupt_in_epoch(30)], **settings,
    )  # fmt: skip
    with pytest.warns(UserWarning, match=r"Training interrupted by user. After 30 epochs the best"):
        model.fit(X, Y)
    assert (model.n_iter_, model.stopped_) == (30, "interrupted")
    curve = np.array(model.validation_loss_curve_)
    assert model.best_iter_ == curve.argmin() + 1 < 30
    quiet = MLPClassifier(
        (20,), max_iter=30, early_stopping=True, scoring="loss", n_iter_no_change=500, **settings
    ).fit(X, Y)
    np.testing.assert_array_equal(quiet.coefs_[0], model.coefs_[0])


def test_an_interrupt_without_validation_keeps_the_newest_weights():
    model = MLPClassifier((20,), max_iter=500, callbacks=[interrupt_in_epoch(4)], random_state=0)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X, Y)
    four = MLPClassifier((20,), max_iter=4, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], four.coefs_[0])
    assert model.predict(X).shape == (500,)


def test_divergence_is_an_error_with_what_was_seen_and_the_fit_before_stays():
    model = MLPRegressor(solver="sgd", max_iter=5, random_state=0).fit(X, Y)
    before = model.predict(X)
    model.set_params(learning_rate_init=1e6)
    with pytest.raises(ValueError, match=r"Solver produced non-finite parameter weights.*Lower"):
        model.fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), before)
    fresh = MLPRegressor(solver="sgd", learning_rate_init=1e6)
    with pytest.raises(ValueError, match="Solver produced non-finite"):
        fresh.fit(X, Y)
    assert not hasattr(fresh, "coefs_")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"X": X * np.nan}, "Input X contains NaN"),
        ({"X": X[:, :5]}, "X has 5 features, but MLPClassifier is expecting 64"),
        ({"y": Y[:-1]}, "inconsistent numbers of samples"),
        ({"sample_weight": [1.0]}, "sample_weight.shape"),
    ],
)
def test_a_mistake_leaves_the_fitted_estimator_and_its_course_as_they_were(mistake, message):
    settings = {"random_state": 0, "tol": 0.0, "warm_start": True, "dropout": 0.1}
    model = MLPClassifier((20,), max_iter=3, **settings).fit(X, Y)
    other = MLPClassifier((20,), max_iter=3, **settings).fit(X, Y)
    with pytest.raises(ValueError, match=message):
        model.fit(**({"X": X, "y": Y} | mistake))
    with pytest.raises(ValueError, match=message):
        model.partial_fit(**({"X": X, "y": Y} | mistake))
    assert_same(model, other)
    assert_same(model.fit(X, Y), other.fit(X, Y))


def test_an_error_on_the_way_leaves_the_course_as_it_was():
    settings = {"random_state": 0, "tol": 0.0, "warm_start": True}
    model = MLPClassifier((20,), max_iter=4, **settings).fit(X, Y)
    other = MLPClassifier((20,), max_iter=4, **settings).fit(X, Y)

    def fails(event):
        if event.epoch == 3:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        model.set_params(callbacks=[fails]).fit(X, Y)
    model.set_params(callbacks=[])
    assert_same(model, other)
    assert_same(model.fit(X, Y), other.fit(X, Y))


def test_early_stopping_survives_a_validation_loss_that_is_no_number():
    rows, numbers = X[:150, :4] * 50, Y[:150].astype(float)
    model = MLPRegressor(
        activation="identity", solver="sgd", learning_rate_init=1, max_iter=20,
        early_stopping=True, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(rows, numbers)
    assert any("training has stopped and the best weights before are kept" in str(w.message)
               for w in caught)  # fmt: skip
    assert not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    assert np.isfinite(model.predict(rows)).all()
    assert np.isnan(model.validation_scores_[-1])


# --- what a history and a watch keep ------------------------------------------------------------


def test_a_start_survives_a_fit_that_fails_and_a_pickle():
    def fails(event):
        raise RuntimeError("mine")

    straight = MLPClassifier((20,), random_state=5, max_iter=3).fit(X, Y)
    model = MLPClassifier((20,), random_state=5, max_iter=3, callbacks=[fails]).initialize(X, Y)
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y)
    copied = pickle.loads(pickle.dumps(model.set_params(callbacks=[])))
    assert_same(model.fit(X, Y), straight)
    assert_same(copied.fit(X, Y), straight)


def test_columns_of_the_history_stay_of_one_length():
    import pandas

    model = MLPClassifier((20,), max_iter=3, random_state=0, warm_start=True).fit(X, Y)
    model.fit(X, Y, X_val=X, y_val=Y).fit(X, Y)
    table = pandas.DataFrame(model.history_)
    assert len(table) == 9
    assert table["validation_loss"].isna().tolist() == [True] * 3 + [False] * 3 + [True] * 3
    assert MLPClassifier((20,)).initialize(X, Y).history_ == {}


def test_what_is_watched_may_change_and_is_judged_anew():
    model = MLPClassifier(
        (20,), max_iter=10, random_state=0, warm_start=True, early_stopping=True
    ).fit(X, Y)
    model.set_params(early_stopping=False, max_iter=30).fit(X, Y)
    assert model.n_iter_ == 30
    assert model.best_loss_ == min(model.loss_curve_[10:])
    assert model.best_validation_score_ is None
    model.set_params(early_stopping=True, scoring="loss", max_iter=5).fit(X, Y)
    assert model.best_validation_loss_ == min(model.validation_loss_curve_[-5:])


def test_a_shallow_copy_goes_its_own_way():
    import copy

    model = MLPClassifier((20,), max_iter=3, random_state=0, warm_start=True).fit(X, Y)
    other = copy.copy(model)
    other.fit(X, Y)
    assert (len(model.loss_curve_), len(other.loss_curve_)) == (3, 6)
    assert_same(model.fit(X, Y), other)


def even(estimator, X, y):
    return float((estimator.predict(X) % 2 == 0).mean())


def test_a_scorer_of_ones_own_goes_on_in_another_process():
    settings = {"random_state": 3, "early_stopping": True, "scoring": even, "tol": 0.0}
    whole = MLPClassifier((5,), max_iter=8, n_iter_no_change=100, **settings).fit(X, Y)
    half = MLPClassifier((5,), max_iter=4, n_iter_no_change=100, warm_start=True, **settings)
    half = pickle.loads(pickle.dumps(half.fit(X, Y)))
    assert "0x" not in str(half._course.watched)
    assert_same(half.fit(X, Y), whole)


def test_weights_stay_of_the_dtype_that_they_began_with():
    model = MLPClassifier((20,), random_state=0)
    model.partial_fit(X.astype(np.float32), Y, classes=range(10)).partial_fit(X, Y)
    assert model.coefs_[0].dtype == np.float32
