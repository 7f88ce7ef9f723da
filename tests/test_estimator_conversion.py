"""Models convert to scikit-learn's and back: the same weights, answers and state."""

import pickle

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.linear_model import LinearRegression

import pellucid
from pellucid import MLPClassifier, MLPRegressor, Network, from_sklearn, to_sklearn

X, Y = load_iris(return_X_y=True)
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)
LABELS = make_multilabel_classification(100, 6, n_classes=3, random_state=0)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DATA = {
    "several classes": ("MLPClassifier", X, Y),
    "two names": ("MLPClassifier", X, np.where(Y == 0, "a", "b")),
    "labels": ("MLPClassifier", *LABELS),
    "numbers": ("MLPRegressor", X_NUMBERS, NUMBERS),
    "two numbers": ("MLPRegressor", X_NUMBERS, np.stack([NUMBERS, -NUMBERS], axis=1)),
    "counts": ("MLPRegressor", X_NUMBERS, NUMBERS),
}


def answers(model, rows):
    probabilities = getattr(model, "predict_proba", model.predict)
    return np.asarray(probabilities(rows), dtype=float)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("data", DATA)
def test_there_and_back(data, solver):
    kind, rows, targets = DATA[data]
    settings = {"loss": "poisson", "learning_rate_init": 1e-5} if data == "counts" else {}
    theirs = getattr(neural_network, kind)(
        hidden_layer_sizes=(7, 5), activation="logistic", solver=solver, max_iter=4,
        random_state=0, **settings,
    ).fit(rows, targets)  # fmt: skip
    ours = from_sklearn(theirs)
    assert type(ours) is getattr(pellucid, kind)
    np.testing.assert_allclose(answers(ours, rows), answers(theirs, rows), rtol=1e-12)
    assert (ours.predict(rows[:5]) == theirs.predict(rows[:5])).all() or kind == "MLPRegressor"
    back = ours.to_sklearn()
    assert back.get_params() == theirs.get_params()
    for model in (ours, back):
        for name in ("coefs_", "intercepts_"):
            for a, b in zip(getattr(model, name), getattr(theirs, name), strict=True):
                np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(answers(back, rows), answers(theirs, rows))
    public = {n: v for n, v in vars(theirs).items() if n.endswith("_") and not n.startswith("_")}
    for name, value in public.items():
        if name not in ("coefs_", "intercepts_"):
            assert np.all(getattr(back, name) == value), name


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_training_goes_on_with_the_moments(solver):
    settings = {"solver": solver, "max_iter": 5, "shuffle": False, "random_state": 0}
    theirs = neural_network.MLPClassifier((10,), **settings).fit(X, Y)
    ours, back = from_sklearn(theirs), from_sklearn(theirs).to_sklearn()
    for model in (theirs, ours, back):
        model.partial_fit(X, Y).partial_fit(X, Y)
    np.testing.assert_array_equal(back.coefs_[0], theirs.coefs_[0])
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], atol=1e-12)
    assert ours.t_ == theirs.t_


def test_ours_trained_becomes_theirs():
    ours = MLPRegressor(
        "huber", (10,), "tanh", solver="adamw", dropout=0.1, target_scaling="standard", max_iter=50,
        learning_rate="cosine", batch_size={1: 50},
    ).fit(X_NUMBERS, NUMBERS)  # fmt: skip
    theirs = ours.to_sklearn()
    np.testing.assert_allclose(theirs.predict(X_NUMBERS), ours.predict(X_NUMBERS), rtol=1e-12)
    theirs.fit(X_NUMBERS, NUMBERS)  # its parameters are such as it takes


def test_what_is_not_fitted_converts_its_parameters():
    assert from_sklearn(neural_network.MLPClassifier((3,), alpha=0.5)).alpha == 0.5
    assert not hasattr(from_sklearn(neural_network.MLPClassifier()), "coefs_")
    assert MLPClassifier((3,), "sigmoid").to_sklearn().activation == "logistic"


def test_what_scikit_learn_cannot_be_is_refused():
    with pytest.raises(ValueError, match="scikit-learn has one of identity, logistic, tanh, relu"):
        MLPClassifier(activation="mish", max_iter=2).fit(X, Y).to_sklearn()
    with pytest.raises(ValueError, match="for all hidden layers"):
        MLPClassifier((3, 3), ["tanh", "relu"], max_iter=2).fit(X, Y).to_sklearn()
    with pytest.raises(ValueError, match="several targets with classes each"):
        MLPClassifier(max_iter=2).fit(X, np.stack([Y, Y[::-1]], axis=1)).to_sklearn()
    with pytest.raises(ValueError, match="several quantiles"):
        MLPRegressor("quantile", quantile=[0.1, 0.9], max_iter=2).fit(X, Y).to_sklearn()
    with pytest.raises(TypeError, match="model is a LinearRegression"):
        from_sklearn(LinearRegression())


@pytest.mark.parametrize("data", DATA)
def test_one_that_was_kept_in_a_file_converts_too(data, tmp_path):
    kind, rows, targets = DATA[data]
    settings = {"loss": "poisson", "learning_rate_init": 1e-5} if data == "counts" else {}
    ours = getattr(pellucid, kind)(
        hidden_layer_sizes=(6,), activation="tanh", max_iter=4, random_state=0, **settings
    ).fit(rows, targets)
    path = tmp_path / "ours.pickle"
    path.write_bytes(pickle.dumps(ours))
    theirs = to_sklearn(pickle.loads(path.read_bytes()))
    assert type(theirs) is getattr(neural_network, kind)
    np.testing.assert_allclose(answers(theirs, rows), answers(ours, rows), rtol=1e-12)


def test_models_without_a_counterpart_are_refused_with_the_cure():
    bag = pellucid.TabularRegressor(bag=1, min_steps=2, hidden_layer_sizes=(3,))
    bag.fit({"a": np.arange(30.0)}, np.arange(30.0))
    for model in (Network([2, 1]), bag, LinearRegression(), MLPClassifier):
        name = type(model).__name__
        with pytest.raises(
            TypeError, match=f"model is a {name}: .* MLPClassifier and MLPRegressor"
        ):
            to_sklearn(model)


def test_early_stopping_goes_on_with_the_best_weights_of_both():
    settings = {"early_stopping": True, "warm_start": True, "max_iter": 8, "random_state": 0}
    theirs = neural_network.MLPClassifier((5,), **settings).fit(X, Y)
    ours = from_sklearn(theirs)
    assert ours.best_validation_score_ == theirs.best_validation_score_
    back = ours.to_sklearn()
    assert back.fit(X, Y).n_iter_ > 0
    ours.set_params(max_iter=2, learning_rate_init=1e-9).fit(X, Y)
    assert ours.validation_scores_[:8] == theirs.validation_scores_
    assert len(ours.history_["seconds"]) == len(ours.loss_curve_) == 10
    never_fitted = MLPClassifier(activation="linear").to_sklearn()
    assert never_fitted.activation == "identity"
