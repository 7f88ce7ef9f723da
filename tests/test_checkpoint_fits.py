"""A fit that was stopped and resumed ends as a quiet one, or is refused, the difference named."""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from attacks.checkpoints import contents, put
from pellucid import MLPClassifier, MLPRegressor, Network
from pellucid.training import DivergenceWarning

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:240] / 16.0, LABELS[:240]
WEIGHTS = np.random.default_rng(0).uniform(0.0, 2.0, 240)


def stop_at(epoch):
    return [lambda event: event.epoch >= epoch]


class TroubleError(Exception):
    """Something that goes wrong in a callback."""


def trouble_at(epoch):
    def callback(event):
        if event.epoch == epoch:
            raise TroubleError

    return [callback]


FITS = {
    "adam": {},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "adamw": {"solver": "adamw"},
    "rmsprop": {"solver": "rmsprop"},
    "lbfgs": {"solver": "lbfgs"},
    "conjugate gradient": {"solver": "conjugate_gradient"},
    "dropout": {"dropout": 0.2},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.2, "n_iter_no_change": 1},
    "no better": {"tol": 10.0, "n_iter_no_change": 8},
    "early stopping": {"early_stopping": True, "learning_rate_init": 0.02},
    "stopped early": {"early_stopping": True, "scoring": "loss", "learning_rate_init": 0.05},
    "scored": {"early_stopping": True, "scoring": "balanced_accuracy"},
    "cosine": {"learning_rate": "cosine"},
    "a schedule of its own": {"learning_rate": lambda t: 1.0 - t, "schedule_iter": 40},
    "batches by epoch": {"batch_size": {1: 32, 5: 100, 15: 240}},
    "penalties": {"alpha": 0.1, "l1": 0.01, "clip_norm": 0.5},
    "smoothing": {"label_smoothing": 0.1, "class_weight": "balanced"},
    "in order": {"shuffle": False},
    "float32": {"dtype": "float32"},
    "frozen": {"frozen": [0]},
}


def fitted(path=None, kind=MLPClassifier, rows=X, **settings):
    given = {"random_state": 3, "max_iter": 20, "n_iter_no_change": 5, "tol": 0.0} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = kind(hidden_layer_sizes=(12,), checkpoint=path, **given)
        return model.fit(rows, LABELS, WEIGHTS)


def assert_same_fit(resumed, quiet):
    """All that it has learnt and seen is the same."""
    a, b = vars(resumed), vars(quiet)
    assert set(a) == set(b)
    for name in ("n_iter_", "t_", "stopped_", "loss_curve_", "validation_scores_", "best_loss_",
                 "best_validation_score_", "validation_loss_curve_", "best_validation_loss_",
                 "best_iter_", "loss_"):  # fmt: skip
        np.testing.assert_equal(a[name], b[name])
    assert resumed.network_.theta.tobytes() == quiet.network_.theta.tobytes()
    assert resumed._course.state.theta.tobytes() == quiet._course.state.theta.tobytes()
    ours, theirs = resumed.history_, quiet.history_
    assert list(ours) == list(theirs)
    for name in set(ours) - {"seconds"}:
        np.testing.assert_array_equal(ours[name], theirs[name])
    drawn = [deepcopy(model._course.random_state).uniform() for model in (resumed, quiet)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("name", FITS)
def test_a_fit_that_was_stopped_ends_as_a_quiet_one(name, tmp_path, each_engine):
    settings, path = FITS[name], tmp_path / "run.ckpt"
    quiet = fitted(**settings)
    assert quiet.n_iter_ > 5
    fitted(path, callbacks=stop_at(2), **settings)
    with pytest.raises(TroubleError):
        fitted(path, callbacks=trouble_at(5), resume=True, **settings)
    assert_same_fit(fitted(path, resume=True, **settings), quiet)
    again = fitted(path, callbacks=trouble_at(quiet.n_iter_), resume=True, **settings)
    assert_same_fit(again, quiet)  # at once: nobody is told of an epoch


@pytest.mark.parametrize("random_state", [None, "an instance"])
def test_a_fit_by_chance_goes_on_too(random_state, tmp_path):
    """Then the first weights and the rows held out are those of the fit that was begun."""
    path, settings = tmp_path / "run.ckpt", {"early_stopping": True, "dropout": 0.1}
    numpys_own, state = np.random.mtrand._rand, np.random.RandomState(11).get_state()

    def chance():
        generator = np.random.RandomState()
        generator.set_state(state)
        return generator

    given, other = None, None
    if random_state is None:
        numpys_own.set_state(state)
    else:
        given, other = chance(), chance()  # as in another process
    fitted(path, callbacks=stop_at(4), random_state=given, **settings)
    resumed = fitted(path, resume=True, random_state=other, **settings)
    assert_same_fit(resumed, fitted(random_state=chance(), **settings))
    assert (resumed._course.random_state is other) == (other is not None)
    assert resumed._course.random_state is not numpys_own


@pytest.mark.parametrize("name", ["adam", "sgd", "invscaling", "adaptive", "lbfgs"])
def test_a_fit_may_go_on_for_longer_than_was_planned(name, tmp_path):
    path = tmp_path / "run.ckpt"
    fitted(path, **FITS[name] | {"max_iter": 6})
    assert_same_fit(fitted(path, resume=True, **FITS[name]), fitted(**FITS[name]))


def test_a_schedule_whose_end_was_said_may_go_on_for_longer(tmp_path):
    path, settings = tmp_path / "run.ckpt", {"learning_rate": "coslog4", "schedule_iter": 20}
    fitted(path, max_iter=6, **settings)
    assert_same_fit(fitted(path, resume=True, **settings), fitted(**settings))


def test_a_regressor_and_sparse_rows_go_on(tmp_path):
    path = tmp_path / "run.ckpt"
    settings = {"kind": MLPRegressor, "rows": csr_array(X), "target_scaling": "standard"}
    fitted(path, callbacks=stop_at(5), **settings)
    assert_same_fit(fitted(path, resume=True, **settings), fitted(**settings))


@pytest.mark.parametrize("far", [0.42, 0.5])
def test_a_fit_that_diverges_goes_back_to_the_same_best_weights(far, tmp_path):
    def rate(t):
        return 1e300 if t >= far else 10.0

    settings = {"learning_rate": rate, "early_stopping": True, "max_iter": 10, "batch_size": 20}

    def diverging(path=None, **more):
        with pytest.warns(DivergenceWarning, match="the best weights before are kept"):
            return fitted(path, **settings, **more)

    quiet, path = diverging(), tmp_path / "run.ckpt"
    for epoch in (1, 4):
        fitted(path, callbacks=stop_at(epoch), **settings)
        assert_same_fit(diverging(path, resume=True), quiet)
        assert_same_fit(diverging(path, resume=True), quiet)


def test_weights_that_were_set_are_where_a_resumed_fit_began(tmp_path):
    def begun(path=None, **more):
        model = MLPClassifier((12,), random_state=0, max_iter=8, checkpoint=path, **more)
        model.initialize(X, LABELS)
        model.coefs_ = [0.5 * W for W in model.coefs_]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(X, LABELS)

    path = tmp_path / "run.ckpt"
    begun(path, callbacks=stop_at(3))
    assert_same_fit(begun(path, resume=True), begun())


# --- what is refused ------------------------------------------------------------------------------


def quick(path, **settings):
    """A short fit that is resumed."""
    given = {"max_iter": 4, "resume": True, "random_state": 0, "n_iter_no_change": 10}
    return fitted(path, **given | settings)


def test_a_fit_is_refused_what_is_another(tmp_path):
    path = tmp_path / "run.ckpt"
    quick(path)
    for other, difference in (
        ({"alpha": 1.0}, "alpha was 0.0001 and is 1.0"),
        ({"random_state": 1}, "random_state was 0 and is 1"),
        ({"activation": "tanh"}, "activation was 'relu' and is 'tanh'"),
        ({"n_iter_no_change": np.inf}, "n_iter_no_change was 10 and is 'inf'"),
        ({"label_smoothing": 0.1}, "label_smoothing was 0.0 and is 0.1"),
        ({"class_weight": {3: 2.0}}, "class_weight was None and is {'3': 2.0}"),
        ({"dtype": "float32"}, "dtype was 'float64' and is 'float32'"),
        ({"learning_rate": "cosine"}, "learning_rate was 'constant' and is {'name': 'cosine'"),
        ({"scoring": max}, "scoring was None and is 'builtins.max'"),
    ):
        with pytest.raises(ValueError, match="checkpoint of another training") as error:
            quick(path, **other)
        assert difference in str(error.value)
    Network([2, 1]).train([[1.0, 2.0]], [1.0], checkpoint=tmp_path / "network.ckpt")
    with pytest.raises(
        ValueError, match=r"checkpoint of 'Network\.train' and this is 'MLPClassifier\.fit'"
    ):
        quick(tmp_path / "network.ckpt")


def test_a_generator_is_told_by_the_state_it_was_given_in(tmp_path):
    path, quiet = tmp_path / "run.ckpt", fitted(random_state=np.random.RandomState(0))
    generator = np.random.RandomState(0)
    fitted(path, callbacks=stop_at(2), random_state=generator)
    for other in (np.random.RandomState(7), 7, 0):
        with pytest.raises(ValueError, match=r"random_state was 'a RandomState of hash .* and is "):
            fitted(path, resume=True, random_state=other)
    with pytest.raises(TroubleError):  # the very same is drawn from by now, and goes on
        fitted(path, resume=True, random_state=generator, callbacks=trouble_at(4))
    assert_same_fit(fitted(path, resume=True, random_state=generator), quiet)
    fitted(path, callbacks=stop_at(2), random_state=0)
    with pytest.raises(ValueError, match="random_state was 0 and is 'a RandomState of hash "):
        fitted(path, resume=True, random_state=np.random.RandomState(0))


def test_a_generator_that_begins_anew_is_told_by_its_state_then(tmp_path):
    path, generator = tmp_path / "run.ckpt", np.random.RandomState(0)
    fitted(path, callbacks=stop_at(2), random_state=generator)
    path.unlink()
    fitted(path, callbacks=stop_at(2), random_state=generator, resume=True)
    fitted(path, random_state=generator, resume=True)
    with pytest.raises(ValueError, match="random_state was 'a RandomState of hash "):
        fitted(path, random_state=np.random.RandomState(0), resume=True)


@pytest.mark.parametrize("several", [False, True])
def test_classes_of_other_names_are_other_data(several, tmp_path):
    def fit(names, **more):
        y = np.array(names)[LABELS % 2]
        y = np.array([y, y], object).T if several else y
        model = MLPClassifier((4,), max_iter=2, random_state=0, checkpoint=tmp_path / "c", **more)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(X, y)

    fit(["no", "yes"])
    fit(["no", "yes"], resume=True)
    with pytest.raises(ValueError, match=r"classes(\[0\])?\[1\] was 'yes' and is 'wahr'"):
        fit(["no", "wahr"], resume=True)


def test_columns_of_other_names_are_other_data(tmp_path):
    import polars

    def fit(names, **more):
        table = polars.DataFrame(dict(zip(names, X[:, 20:22].T, strict=True)))
        quick(tmp_path / "run.ckpt", rows=table, **more)

    fit("ab")
    with pytest.raises(ValueError, match=r"columns\[1\] was 'b' and is 'c'\. "):
        fit("ac")
    with pytest.raises(ValueError, match=r"columns was \['a', 'b'\] and is None"):
        quick(tmp_path / "run.ckpt", rows=X[:, 20:22])


def test_a_schedules_end_can_only_be_moved_if_it_was_said(tmp_path):
    path = tmp_path / "run.ckpt"
    quick(path, learning_rate="cosine")
    with pytest.raises(ValueError, match=r"learning_rate.epochs was 4 and is 9 \(its epochs are"):
        quick(path, learning_rate="cosine", max_iter=9)
    quick(path, learning_rate="cosine", max_iter=4, schedule_iter=4)


def test_a_fits_checkpoint_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    quick(path, early_stopping=True, dropout=0.1)
    header, tensors = contents(path)
    beside = header["beside"]
    for more, other in (
        ({"random_state": 5}, {}), ({"rate": -1.0}, {}), ({"epochs": 3}, {}), ({"rate": "x"}, {}),
        ({"dropout": {"state": {}, "seed": None}}, {}), ({"curves": ["nothing"]}, {}),
        ({}, {"beside.order": np.full(216, 10**9)}), ({}, {"beside.order": -np.arange(216)}),
        ({}, {"beside.divided.0": np.arange(7)}), ({}, {"beside.best_theta": np.zeros(2)}),
        ({}, {"beside.divided.1": np.full(24, 10**12)}), ({}, {"beside.best": np.zeros(0)}),
        ({}, {"beside.order": np.zeros((216, 2), np.int64)}),
        ({}, {"beside.order": np.arange(216.0) + 0.5}),
    ):  # fmt: skip
        put(path, header | {"beside": beside | more}, tensors | other)
        with pytest.raises(ValueError, match="is no checkpoint, or damaged: "):
            quick(path, early_stopping=True, dropout=0.1)


def test_a_fit_that_is_refused_leaves_the_estimator_as_it_was(tmp_path):
    model = quick(tmp_path / "run.ckpt")
    before = model.network_.theta.tobytes()
    model.set_params(alpha=1.0)
    with pytest.raises(ValueError, match="alpha was"):
        model.fit(X, LABELS)
    assert model.network_.theta.tobytes() == before


def test_warm_starts_and_partial_fits_have_no_checkpoint(tmp_path):
    path = tmp_path / "run.ckpt"
    with pytest.raises(ValueError, match="warm_start is True: a checkpoint is of one fit from its"):
        quick(path, warm_start=True)
    with pytest.raises(ValueError, match="partial_fit takes one epoch: a checkpoint is of one fit"):
        MLPClassifier(checkpoint=path).partial_fit(X, LABELS, classes=range(10))
    with pytest.raises(ValueError, match="resume=True needs checkpoint"):
        MLPClassifier(resume=True).fit(X, LABELS)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("checkpoint", 5), ("checkpoint_epochs", 0), ("checkpoint_seconds", 0), ("resume", "yes")],
)
def test_an_estimators_parameters_are_checked_as_scikit_learn_checks_them(name, wrong):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of MLPClassifier must be"):
        MLPClassifier(**{"checkpoint": "a"} | {name: wrong}).fit(X, LABELS)


def test_a_clone_keeps_the_file_and_a_fitted_model_that_is_sent_elsewhere_does_not(tmp_path):
    path = tmp_path / "run.ckpt"
    ours = {"checkpoint": path, "checkpoint_epochs": 2, "checkpoint_seconds": 9.0, "resume": True}
    fresh = MLPClassifier((5,), max_iter=2, **ours)
    for model in (clone(fresh), pickle.loads(pickle.dumps(fresh))):
        assert {name: model.get_params()[name] for name in ours} == ours
    model = quick(path, checkpoint_epochs=2)
    sent = pickle.loads(pickle.dumps(model))
    assert (sent.checkpoint, sent.checkpoint_epochs, sent.resume) == (None, None, False)
    assert (model.checkpoint, model.checkpoint_epochs, model.resume) == (path, 2, True)
    assert str(path).encode() not in pickle.dumps(model)


def test_a_random_state_that_numpy_cannot_set_is_refused_at_once(tmp_path):
    odd = np.random.RandomState(np.random.PCG64(0))
    with pytest.raises(ValueError, match="NumPy cannot set the state of a RandomState of PCG64"):
        quick(tmp_path / "run.ckpt", random_state=odd)
