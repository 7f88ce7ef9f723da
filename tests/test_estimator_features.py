"""What the estimators do beyond scikit-learn's, held against hand-worked numbers and identities."""

import warnings

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, log_loss
from sklearn.utils.class_weight import compute_sample_weight

from pellucid import MLPClassifier, MLPRegressor
from pellucid.activations import ACTIVATIONS, Activation
from pellucid.estimators.numeric import Numbers

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


# --- weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["balanced", {0: 3.0, 1: 0.5, 2: 1.0}])
def test_class_weights_are_sample_weights(weights):
    few = np.r_[0:50, 50:70, 100:105]
    settings = {"max_iter": 5, "random_state": 0}
    by_class = MLPClassifier(class_weight=weights, **settings).fit(X[few], Y[few])
    of_rows = compute_sample_weight(weights, Y[few])
    assert same(by_class, MLPClassifier(**settings).fit(X[few], Y[few], of_rows))
    both = MLPClassifier(class_weight={0: 2.0, 1: 2.0, 2: 2.0}, **settings).fit(X, Y, X[:, 0] + 3)
    assert same(both, MLPClassifier(**settings).fit(X, Y, 2.0 * (X[:, 0] + 3)))


def test_weights_count_in_the_validation_score_and_loss():
    weights = np.random.default_rng(1).uniform(0.0, 2.0, 150)
    seen = MLPClassifier((5,), max_iter=4, random_state=0).fit(
        X[TRAIN], Y[TRAIN], X_val=X[HELD], y_val=Y[HELD], sample_weight_val=weights[HELD]
    )
    assert seen.validation_scores_[-1] == pytest.approx(seen.score(X[HELD], Y[HELD], weights[HELD]))
    expected = log_loss(Y[HELD], seen.predict_proba(X[HELD]), sample_weight=weights[HELD])
    assert seen.validation_loss_curve_[-1] == pytest.approx(expected)


def test_a_row_of_no_weight_might_as_well_not_be_there():
    weights = np.ones(150)
    weights[HELD] = 0.0
    settings = {"solver": "lbfgs", "max_iter": 5, "random_state": 0}
    weighted = MLPClassifier(**settings).fit(X, Y, weights)
    without = MLPClassifier(**settings).fit(X[np.sort(TRAIN)], Y[np.sort(TRAIN)])
    np.testing.assert_allclose(weighted.coefs_[0], without.coefs_[0], atol=1e-9)


# --- validation ---------------------------------------------------------------------------------


def test_rows_of_ones_own_are_measured_and_the_best_weights_come_back():
    settings = {"learning_rate_init": 0.05, "max_iter": 60, "n_iter_no_change": 5, "tol": 0.0}
    model = MLPClassifier((30,), early_stopping=True, scoring="loss", random_state=0, **settings)
    model.fit(X[TRAIN], Y[TRAIN], X_val=X[HELD], y_val=Y[HELD])
    curve = np.array(model.validation_loss_curve_)
    assert model.n_iter_ < 60
    assert model.best_iter_ == curve.argmin() + 1 == model.n_iter_ - 6
    here = log_loss(Y[HELD], model.predict_proba(X[HELD]))
    assert here == pytest.approx(curve.min()) == pytest.approx(model.best_validation_loss_)
    assert model.best_loss_ is None
    watched = MLPClassifier((30,), random_state=0, **(settings | {"max_iter": 7}))
    watched.fit(X[TRAIN], Y[TRAIN], X_val=X[HELD], y_val=Y[HELD])  # measured, and nothing more
    np.testing.assert_array_equal(watched.validation_loss_curve_, curve[:7])
    assert watched.n_iter_ == 7


def test_any_scorer_may_decide():
    model = MLPClassifier(
        early_stopping=True,
        scoring="f1_macro",
        max_iter=15,
        learning_rate_init=0.02,
        random_state=0,
    ).fit(X[TRAIN], Y[TRAIN], X_val=X[HELD], y_val=Y[HELD])
    best = f1_score(Y[HELD], model.predict(X[HELD]), average="macro")
    assert best == pytest.approx(max(model.validation_scores_))
    assert best == pytest.approx(model.best_validation_score_)
    names = []

    def scorer(estimator, X, y):
        names.append(type(estimator).__name__)
        return -float(np.abs(estimator.predict(X) - y).mean())

    MLPRegressor(early_stopping=True, scoring=scorer, max_iter=3).fit(X_NUMBERS, NUMBERS)
    assert names == ["MLPRegressor"] * 3


def test_classes_are_held_out_in_equal_parts():
    seen = []

    def scorer(estimator, X, y):
        seen.append(np.bincount(y).tolist())
        return 0.0

    MLPClassifier(
        early_stopping=True, scoring=scorer, max_iter=1, validation_fraction=0.2, random_state=0
    ).fit(X, Y)
    assert seen == [[10, 10, 10]]
    one_alone = np.where(np.arange(150) == 7, 9, Y)  # then equal parts cannot be
    MLPClassifier(early_stopping=True, max_iter=1).fit(X, one_alone)


def test_the_penalty_is_no_part_of_the_validation_loss():
    model = MLPRegressor(hidden_layer_sizes=(5,), alpha=1e3, max_iter=2, random_state=0)
    model.fit(X_NUMBERS, NUMBERS, X_val=X_NUMBERS, y_val=NUMBERS)
    expected = 0.5 * np.mean((model.predict(X_NUMBERS) - NUMBERS) ** 2)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)


# --- the network --------------------------------------------------------------------------------


def test_an_activation_a_layer_a_name_a_pair_or_an_object():
    square = Activation("square", lambda z: z * z, lambda da, z, a: 2.0 * z * da)
    pair = (lambda z: z * z, lambda da, z, a: 2.0 * z * da)
    made = [
        MLPClassifier((6, 5), chosen, max_iter=4, random_state=0).fit(X, Y)
        for chosen in (["tanh", square], ["tanh", pair], ["tanh", "relu"])
    ]
    assert same(made[0], made[1])
    assert not same(made[0], made[2])
    assert [layer.activation.name for layer in made[2].network_.architecture.layers] == [
        "tanh", "relu", "softmax",
    ]  # fmt: skip
    for name in sorted(ACTIVATIONS.keys() - {"softmax"}):
        assert MLPClassifier((4,), name, max_iter=2).fit(X, Y).predict_proba(X).shape == (150, 3)
    with pytest.raises(ValueError, match="activation has 1 items for 2 hidden layers"):
        MLPClassifier((6, 5), ["tanh"]).fit(X, Y)


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.3}, {"l1": 1.0}, {"clip_norm": 0.01}, {"label_smoothing": 0.2},
        {"solver": "adamw", "weight_decay": 10.0}, {"solver": "rmsprop"},
        {"batch_size": {1: 10, 3: 75}}, {"batch_size": "full"}, {"learning_rate": "cosine"},
        {"learning_rate": lambda t: 1.0 - t},
    ],
    ids=lambda settings: next(iter(settings)),
)  # fmt: skip
def test_each_is_the_networks_own(settings):
    """The same theta as pellucid's Network reaches with it, from the same weights and orders."""
    common = {"random_state": 0, "max_iter": 6, "shuffle": False}
    model = MLPClassifier((8,), **common, **settings).fit(X, Y)
    plain = MLPClassifier((8,), **common).fit(X, Y)
    assert same(model, plain) == (settings == {"batch_size": "full"})  # 150 rows, up to 200 a step
    if "dropout" in settings:
        return  # its draws are the estimator's own
    start = MLPClassifier((8,), **common, **settings).initialize(X, Y)
    network = start.network_
    keys = {"learning_rate": "schedule", "batch_size": "batch_size", "clip_norm": "clip_norm"}
    for_train = {keys[k]: v for k, v in settings.items() if k in keys}
    from pellucid.estimators.fitting import optimizer_of

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.train(
            X, np.eye(3)[Y], epochs=6, shuffle=False, learning_rate=0.001,
            solver=optimizer_of(start), **({"batch_size": 150} | for_train),
        )  # fmt: skip
    np.testing.assert_allclose(network.weights[0], model.coefs_[0], atol=1e-12)


def test_batch_sizes_by_epoch():
    rates = []
    model = MLPClassifier(
        batch_size={1: 50, 3: 150}, max_iter=4, random_state=0, learning_rate="cosine",
        callbacks=[lambda event: rates.append(event.history.learning_rate[-1])],
    ).fit(X, Y)  # fmt: skip
    done = np.array([2, 5, 6, 7]) / 8  # three steps an epoch, then one
    np.testing.assert_allclose(rates, 0.001 * 0.5 * (1 + np.cos(np.pi * done)))
    assert model.n_iter_ == 4
    with pytest.raises(ValueError, match="expected one from epoch 1 on"):
        MLPClassifier(batch_size={2: 50}).fit(X, Y)


def test_quantiles_are_ordered_and_cover_what_they_should():
    rng = np.random.default_rng(0)
    rows = rng.uniform(-1, 1, (4000, 1))
    noisy = rows[:, 0] + (0.2 + 0.5 * np.abs(rows[:, 0])) * rng.normal(size=4000)
    model = MLPRegressor(
        "quantile", (30,), quantile=[0.95, 0.05, 0.5], max_iter=200, random_state=0, tol=0.0,
        learning_rate_init=0.01, learning_rate="cosine", target_scaling="standard",
        n_iter_no_change=200,
    ).fit(rows[:2000], noisy[:2000])  # fmt: skip
    high, low, middle = model.predict(rows[2000:]).T
    assert (low <= middle).all()
    assert (middle <= high).all()
    for quantile, level in ((low, 0.05), (middle, 0.5), (high, 0.95)):
        assert abs((noisy[2000:] < quantile).mean() - level) < 0.03
    assert 0.0 < model.score(rows[2000:], noisy[2000:]) < 1.0
    one = MLPRegressor("quantile", (), quantile=0.9, solver="adam", max_iter=2).fit(rows, noisy)
    assert one.predict(rows).shape == (4000,)
    both = np.stack([noisy, -noisy], axis=1)
    two = MLPRegressor("quantile", (5,), quantile=[0.1, 0.9], max_iter=2).fit(rows, both)
    assert two.predict(rows).shape == (4000, 2, 2)


def test_crossed_quantiles_are_put_in_order():
    numbers = Numbers(np.zeros((1, 1)), "quantile", [0.9, 0.1, 0.5])
    assert numbers.decode(np.array([[1.0, 2.0, 3.0]])).tolist() == [[3.0, 1.0, 2.0]]


def test_the_best_constant_for_each_loss():
    """Without inputs that say anything: median, quantile, mean."""
    y = np.array([1.0, 2.0, 3.0, 4.0, 100.0] * 20)
    nothing = np.zeros((100, 1))
    for settings, best in (
        ({"loss": "absolute_error"}, 3.0),
        ({"loss": "quantile", "quantile": 0.3}, 2.0),
        ({"loss": "squared_error"}, 22.0),
        ({"loss": "poisson"}, 22.0),
        ({"loss": "huber", "huber_delta": 1.0}, 3.0),
    ):
        model = MLPRegressor(
            **settings, hidden_layer_sizes=(), alpha=0.0, learning_rate_init=0.5, tol=0.0,
            max_iter=600, learning_rate="cosine", random_state=0, n_iter_no_change=600,
        ).fit(nothing, y)  # fmt: skip
        assert model.predict(nothing[:1])[0] == pytest.approx(best, abs=0.5), settings


def test_several_targets_with_several_classes_each():
    names = load_iris().target_names
    both = np.stack([names[Y], np.where(X[:, 0] > 0, "long", "short")], axis=1)
    model = MLPClassifier((20,), solver="lbfgs", max_iter=100, random_state=0).fit(X, both)
    assert [c.tolist() for c in model.classes_] == [sorted(names), ["long", "short"]]
    assert model.predict(X).shape == (150, 2)
    assert model.score(X, both) > 0.95
    first, second = model.predict_proba(X)
    np.testing.assert_allclose(first.sum(axis=1), 1.0)
    np.testing.assert_allclose(second.sum(axis=1), 1.0)
    assert (model.predict(X)[:, 0] == model.classes_[0][first.argmax(axis=1)]).all()
    assert model.loss_ >= log_loss(both[:, 0], first, labels=sorted(names))
    with pytest.raises(ValueError, match=r"a class that was not there before"):
        model.set_params(warm_start=True).fit(X, np.char.add(both.astype(str), "?"))


# --- time and progress --------------------------------------------------------------------------


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


# --- looking inside -----------------------------------------------------------------------------


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


# --- targets ------------------------------------------------------------------------------------


def test_a_scaled_target_is_scaled_back():
    far = NUMBERS * 1e4 + 1e6
    plain = MLPRegressor(solver="lbfgs", max_iter=50, random_state=0)
    scaled = MLPRegressor(solver="lbfgs", max_iter=50, random_state=0,
                          target_scaling="standard").fit(X_NUMBERS, far)  # fmt: skip
    by_hand = plain.fit(X_NUMBERS, (far - far.mean()) / far.std())
    expected = by_hand.predict(X_NUMBERS) * far.std() + far.mean()
    np.testing.assert_allclose(scaled.predict(X_NUMBERS), expected, rtol=1e-9)
    assert scaled.loss_ == pytest.approx(by_hand.loss_)
    with pytest.raises(ValueError, match="takes counts as they are"):
        MLPRegressor("poisson", target_scaling="standard").fit(X_NUMBERS, NUMBERS)


# --- bad input ----------------------------------------------------------------------------------


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


# --- odd combinations ---------------------------------------------------------------------------


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
        with pytest.raises(ValueError, match="takes no steps to use it in"):
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
