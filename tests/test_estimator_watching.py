"""What is told while the estimators train, and what can be seen inside them afterwards."""

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

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


# --- time and progress ----------------------------------------------------------------------------


def test_max_time_ends_it_and_says_so():
    model = MLPClassifier(max_time=1e-6, max_iter=500).fit(X, Y)
    assert (model.n_iter_, model.stopped_) == (1, "1e-06 s are over")


def test_functions_are_told_and_may_stop():
    told = []

    def stop_at_three(event):
        told.append((event.epoch, event.epochs, event.history.loss[-1]))
        return event.epoch == 3

    model = MLPClassifier(max_iter=10, callbacks=[stop_at_three]).fit(X, Y)
    assert [t[:2] for t in told] == [(1, 10), (2, 10), (3, 10)]
    assert [t[2] for t in told] == model.loss_curve_
    assert model.stopped_ == "a callback said so"


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_scikit_learns_callbacks_follow_it(solver, capsys):
    monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    model = MLPClassifier(solver=solver, max_iter=4, random_state=0)
    model.set_callbacks(monitor, ProgressBar())
    model.fit(X, Y)
    assert "MLPClassifier - fit" in capsys.readouterr().out
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["task_id"] for row in rows] == [0, 1, 2, 3]
    assert rows[-1]["accuracy"] == pytest.approx(model.score(X, Y))
    assert rows[-1]["neg_log_loss"] == pytest.approx(-log_loss(Y, model.predict_proba(X)))
    given = MLPClassifier(solver=solver, max_iter=2, callbacks=[ScoringMonitor(scoring="accuracy")])
    given.fit(X, Y).fit(X, Y)
    assert len(given.callbacks[0].get_logs(select="all")) == 2


def test_a_protocol_callback_may_stop_it():
    class Stop:
        seen = ()

        def setup(self, estimator, context):
            self.seen = []

        def teardown(self, estimator, context):
            self.seen.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.seen.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            self.seen.append(f"end {context.task_name}")
            return context.task_name == "epoch" and fitted_estimator.predict(X[:1]).shape == (1,)

    stop = Stop()
    model = MLPClassifier(max_iter=9).set_callbacks(stop).fit(X, Y)
    assert model.n_iter_ == 1
    assert stop.seen == ["begin fit", "begin epoch", "end epoch", "end fit", "teardown"]


def test_a_callback_of_ones_own_that_fails_leaves_nothing_half_done():
    def fails(event):
        raise RuntimeError("mine")

    model = MLPClassifier(max_iter=3, callbacks=[fails])
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_")
    assert not any(name.endswith("_") for name in vars(model))


def test_verbose_shows_a_bar_or_lines(capsys):
    MLPClassifier(max_iter=3, verbose=1).fit(X, Y, X_val=X, y_val=Y)
    shown = capsys.readouterr().err
    assert "3/3 epochs loss" in shown
    assert "val" in shown
    assert "score" in shown
    assert "left" in shown
    MLPClassifier(max_iter=3, verbose=2, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out
    assert "Iteration 1, loss = " in lines
    assert "Validation score: " in lines


def test_the_history_is_a_table():
    import pandas

    model = MLPClassifier(max_iter=4).fit(X, Y, X_val=X, y_val=Y)
    table = pandas.DataFrame(model.history_)
    assert table["epoch"].tolist() == [1, 2, 3, 4]
    assert table["loss"].tolist() == model.loss_curve_
    assert {"validation_loss", "validation_score", "learning_rate", "seconds"} <= set(table)
    assert (np.diff(table["seconds"]) > 0).all()


def test_the_advice_depends_on_what_was_seen():
    def advice(**settings):
        with pytest.warns(ConvergenceWarning) as caught:
            MLPRegressor(hidden_layer_sizes=(20,), random_state=0, **settings).fit(
                X_NUMBERS, NUMBERS
            )
        return str(caught[0].message)

    slow = advice(max_iter=30)
    assert "still falling: raise max_iter or learning_rate_init (it was 0.001). Targets" in slow
    assert "Targets" not in advice(max_iter=30, target_scaling="standard")
    assert "lower learning_rate_init" in advice(
        max_iter=60, learning_rate_init=0.8, tol=0.0, n_iter_no_change=100
    )
    with pytest.warns(ConvergenceWarning, match="standardise"):
        MLPClassifier(max_iter=5).fit(X * 1000, Y)


# --- looking inside -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_hidden_activations_are_the_layers_own(engine):
    model = MLPClassifier((7, 5), "tanh", max_iter=3, random_state=0, engine=engine).fit(X, Y)
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    second = np.tanh(first @ model.coefs_[1] + model.intercepts_[1])
    np.testing.assert_allclose(model.transform(X, layer=1), first, atol=1e-12)
    np.testing.assert_allclose(model.transform(X), second, atol=1e-12)
    np.testing.assert_allclose(model.transform(X, -1), model.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(model.transform(X, 0), X)
    with pytest.raises(ValueError, match=r"layer is 9: expected 0 \(the input\) to 3"):
        model.transform(X, 9)


def test_the_input_gradient_is_what_differences_say():
    model = MLPClassifier((7,), "tanh", max_iter=3, random_state=0).fit(X, Y)
    gradient = model.input_gradient(X[:5])
    assert gradient.shape == (5, 3, 4)
    step = 1e-6
    for j in range(4):
        ahead, behind = X[:5].copy(), X[:5].copy()
        ahead[:, j] += step
        behind[:, j] -= step
        slope = (model.predict_proba(ahead) - model.predict_proba(behind)) / (2 * step)
        np.testing.assert_allclose(gradient[:, :, j], slope, atol=1e-8)
    scaled = MLPRegressor(
        hidden_layer_sizes=(5,), activation="tanh", max_iter=3, target_scaling="standard"
    ).fit(X_NUMBERS, NUMBERS)
    ahead = X_NUMBERS[:5].copy()
    ahead[:, 2] += step
    slope = (scaled.predict(ahead) - scaled.predict(X_NUMBERS[:5])) / step
    np.testing.assert_allclose(scaled.input_gradient(X_NUMBERS[:5])[:, 2], slope, atol=1e-3)
