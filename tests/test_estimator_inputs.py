"""Odd, unusual and wrong inputs of the estimators: taken rightly, or refused with a cure."""

import warnings

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)
X_NUMBERS = X_NUMBERS * 20
ORDER = np.random.default_rng(0).permutation(150)
TRAIN, HELD = ORDER[:100], ORDER[100:]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def same(first, second):
    return all(
        np.array_equal(a, b)
        for a, b in zip(
            first.coefs_ + first.intercepts_, second.coefs_ + second.intercepts_, strict=True
        )
    )


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frozen": [5]}, "frozen names layer 5: expected whole numbers from 0 to 1"),
        ({"dropout": [0.1, 0.2]}, "dropout has 2 rates for 1 hidden layers"),
        ({"activation": "rleu"}, "'activation' parameter of MLPClassifier must be"),
        ({"solver": "newton"}, "'solver' parameter of MLPClassifier must be"),
        ({"scoring": "acuracy"}, "acuracy"),
        ({"max_time": -1}, "'max_time' parameter of MLPClassifier must be"),
        ({"n_threads": 0}, "'n_threads' parameter of MLPClassifier must be"),
        ({"class_weight": "even"}, "'class_weight' parameter of MLPClassifier must be"),
        ({"dtype": "float16"}, "'dtype' parameter of MLPClassifier must be"),
        ({"label_smoothing": 1}, "'label_smoothing' parameter of MLPClassifier must be"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_with_what_it_may_be(settings, message):
    model = MLPClassifier(**({"max_iter": 2, "early_stopping": True} | settings))
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_")


def test_wrong_validation_rows_are_refused():
    model = MLPClassifier(max_iter=2)
    with pytest.raises(ValueError, match="X_val was given without y_val"):
        model.fit(X, Y, X_val=X)
    with pytest.raises(ValueError, match="sample_weight_val was given without X_val"):
        model.fit(X, Y, sample_weight_val=np.ones(150))
    with pytest.raises(ValueError, match="3 features, but MLPClassifier is expecting 4"):
        model.fit(X, Y, X_val=X[:, :3], y_val=Y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, Y, X_val=X[:5], y_val=Y[:4])
    with pytest.raises(ValueError, match="Negative values"):
        model.fit(X, Y, -np.ones(150))
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        model.fit(X[Y < 2], Y[Y < 2], X_val=X, y_val=Y)
    with pytest.raises(ValueError, match="out of the valid range of the loss 'poisson'"):
        MLPRegressor("poisson").fit(X, X[:, 0])


def test_text_is_no_target_of_a_regressor():
    with pytest.raises(ValueError, match=r"y holds \['long'\].*use MLPClassifier"):
        MLPRegressor().fit(X, np.array(["long", "short"] * 75))


def test_a_loss_of_ones_own_is_two_functions():
    pair = (lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=1), lambda a, y: a - y)
    settings = {"max_iter": 5, "random_state": 0, "engine": "reference"}
    mine = MLPRegressor(pair, **settings).fit(X_NUMBERS, NUMBERS)
    theirs = MLPRegressor("squared_error", **settings).fit(X_NUMBERS, NUMBERS)
    np.testing.assert_allclose(mine.coefs_[0], theirs.coefs_[0], atol=1e-12)


def test_a_search_on_float32_is_done_in_double_precision():
    few, numbers = X_NUMBERS.astype(np.float32), (NUMBERS / 100).astype(np.float32)
    settings = {"solver": "lbfgs", "max_iter": 20, "random_state": 0}
    single = MLPRegressor(**settings).fit(few, numbers)
    double = MLPRegressor(**settings).fit(few.astype(float), numbers.astype(float))
    assert single.coefs_[0].dtype == np.float32
    assert single.loss_ == pytest.approx(double.loss_, rel=1e-3)
    asked = MLPRegressor(**settings, dtype="float32").fit(few, numbers)
    assert asked.loss_ != single.loss_


# --- odd combinations -----------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [("f4", "f8"), ("f8", "f4"), ("f4", "i8")])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_validation_rows_may_be_of_another_dtype(kinds, solver):
    training, held = kinds
    model = MLPClassifier((5,), solver=solver, max_iter=3)
    model.fit(X.astype(training), Y, X_val=X.astype(held), y_val=Y)
    assert model.coefs_[0].dtype == np.dtype(training)
    assert len(model.validation_scores_) == 3


def test_balanced_weights_are_those_of_the_training_rows():
    seen = []

    def scorer(estimator, X, y, sample_weight=None):
        seen.append(sample_weight)
        return 0.0

    few = np.r_[0:50, 50:75, 100:110]
    model = MLPClassifier(class_weight="balanced", early_stopping=True, scoring=scorer, max_iter=1)
    model.fit(X[few], Y[few], X_val=X[[0, 60]], y_val=Y[[0, 60]])  # no row of class 2
    np.testing.assert_allclose(seen[0], [85 / 3 / 50, 85 / 3 / 25])
    with pytest.raises(ValueError, match="expected finite weights from 0 on"):
        MLPClassifier(class_weight={0: -5, 1: 1, 2: 1}).fit(X, Y)


def test_numbers_and_words_side_by_side_are_targets():
    import pandas

    frame = pandas.DataFrame({"number": Y, "word": np.where(X[:, 0] > 0, "long", "short")})
    model = MLPClassifier((20,), max_iter=50, learning_rate_init=0.02, random_state=0)
    model.fit(X, frame)
    assert model.predict(X[:1]).tolist() == [[0, "short"]]
    assert model.score(X, frame) > 0.9
    pieces = MLPClassifier((20,), learning_rate_init=0.02, random_state=0)
    for _ in range(50):
        pieces.partial_fit(X, frame, classes=[[0, 1, 2], ["long", "short"]])
    np.testing.assert_array_equal(pieces.coefs_[0], model.coefs_[0])
    with pytest.raises(ValueError, match=r"y has shape \(150,\): expected \(150, 2\)"):
        model.score(X, Y)
    with pytest.raises(ValueError, match="expected a list with the classes of each of the 2"):
        MLPClassifier().partial_fit(X, frame, classes=[0, 1])


def test_what_a_regressor_was_made_for_does_not_change_under_way():
    model = MLPRegressor("quantile", quantile=[0.1, 0.9], max_iter=2, warm_start=True)
    model.fit(X_NUMBERS, NUMBERS)
    with pytest.raises(ValueError, match=r"quantile is \[0.5\] and the network was made with"):
        model.set_params(quantile=[0.5]).fit(X_NUMBERS, NUMBERS)


def test_a_score_that_is_no_number_ends_training_and_is_told():
    model = MLPClassifier(
        early_stopping=True, scoring=lambda *_: float("nan"), max_iter=60, n_iter_no_change=5
    )
    with pytest.warns(UserWarning, match="The validation score was no number in any of 6 epochs"):
        model.fit(X, Y)
    assert model.n_iter_ == 6


def test_other_layers_are_not_named():
    model = MLPClassifier((6, 4), max_iter=2).fit(X, Y).set_output(transform="pandas")
    assert model.transform(X).shape == (150, 4)
    with pytest.raises(ValueError, match="named for the last hidden layer"):
        model.transform(X, layer=1)
    with pytest.raises(ValueError, match="layer is 'a'"):
        model.transform(X, layer="a")


def test_callbacks_given_as_a_parameter_are_for_the_fits_of_that_parameter():
    from sklearn.model_selection import GridSearchCV

    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier(max_iter=2, callbacks=[monitor]).fit(X, Y)
    model.set_params(callbacks=[]).fit(X, Y)
    assert len(monitor.get_logs(select="all")) == 1
    search = GridSearchCV(MLPClassifier(max_iter=2, callbacks=[ProgressBar()]), {"alpha": [1.0]})
    with pytest.raises(ValueError, match="give them to the outermost one"):
        search.fit(X, Y)


def test_warnings_point_at_the_line_that_called(recwarn):
    MLPClassifier(max_iter=1, batch_size=1000).fit(X, Y)
    MLPClassifier(max_iter=1, batch_size={1: 1000}).fit(X, Y)
    MLPClassifier().partial_fit(X, Y, classes=[0, 1, 2])
    assert len(recwarn) >= 2
    assert {warning.filename for warning in recwarn} == {__file__}


def test_what_callbacks_see_is_what_the_curves_say():
    told = []
    both = np.stack([NUMBERS, 2 * NUMBERS], axis=1)
    model = MLPRegressor(max_iter=3, callbacks=[lambda e: told.append(e.history.loss[-1])])
    model.fit(X_NUMBERS, both)
    assert told == model.loss_curve_


def test_a_search_refuses_what_needs_steps():
    for settings in ({"dropout": 0.5}, {"clip_norm": 1.0}):
        with pytest.raises(ValueError, match="needs a solver that goes in steps"):
            MLPClassifier(solver="lbfgs", **settings).fit(X, Y)


def test_early_stopping_on_a_frame_is_quiet():
    import pandas

    frame = pandas.DataFrame(X, columns=list("abcd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        MLPClassifier(early_stopping=True, scoring="f1_macro", max_iter=2).fit(frame, Y)
        monitor = ScoringMonitor(scoring="accuracy")
        MLPClassifier(max_iter=2).set_callbacks(monitor).fit(frame, Y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": {"a": 3}}, "expected one from epoch 1 on"),
        ({"batch_size": {1: 2.5}}, "batch_size from epoch 1 on is 2.5"),
        ({"quantile": [[0.1, 0.9]], "loss": "quantile"}, "expected a number, or a list of numbers"),
        ({"loss": (50,)}, "The sizes of hidden layers are the second argument"),
        ({"frozen": [True]}, "frozen names layer True"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**({"max_iter": 2} | settings)).fit(X_NUMBERS, NUMBERS)
