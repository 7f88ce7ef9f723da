"""What the estimators do beyond scikit-learn's, held against hand-worked numbers and identities."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
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


# --- weights --------------------------------------------------------------------------------------


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


# --- validation -----------------------------------------------------------------------------------


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


# --- the network ----------------------------------------------------------------------------------


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
    from pellucid.estimators.hyperparameters import solver_of

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.train(
            X, np.eye(3)[Y], epochs=6, shuffle=False, learning_rate=0.001,
            solver=solver_of(start), **({"batch_size": 150} | for_train),
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


# --- targets --------------------------------------------------------------------------------------


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
