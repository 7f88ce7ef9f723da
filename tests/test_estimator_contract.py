"""scikit-learn's contract: its own checks, its own tests of its networks, and its tools around."""

import json
import os
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas
import pytest
import scipy.sparse
import sklearn
import sklearn.neural_network.tests.test_mlp as their_tests
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pellucid import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
Z = (X - X.mean(0)) / X.std(0)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CHECKS = """
import json, sys, warnings
warnings.simplefilter("ignore")
from sklearn.utils.estimator_checks import check_estimator
import pellucid
made = getattr(pellucid, sys.argv[1])(max_iter=100, **json.loads(sys.argv[2]))
rows = check_estimator(made, on_fail=None, on_skip=None)
print(json.dumps([[r["check_name"], r["status"], repr(r["exception"])] for r in rows]))
"""


@pytest.mark.parametrize("settings", ["{}", '{"solver": "lbfgs"}', '{"engine": "reference"}'])
@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_scikit_learns_checks_all_pass(kind, settings):
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, kind, settings],
        env=os.environ | {"SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = json.loads(done.stdout)
    passed = {name for name, status, _ in rows if status == "passed"}
    others = [(name, why) for name, status, why in rows if status != "passed"]
    assert len(passed) > 50
    assert {"check_array_api_input", "check_estimators_pickle"} <= passed
    for name, why in others:  # an array library or a device that is not here, or no such method
        of_arrays = name.startswith("check_array_api") and why.startswith("SkipTest(")
        assert of_arrays or "does not have a decision_function method" in why, (name, why)


# --- scikit-learn's own tests of its two classes ------------------------------------------------

OF_ITS_INSIDES = {
    "test_fit": "sets the weights of an estimator that was never fitted, by its private names",
    "test_gradient": "calls a private method; tests/test_gradients.py checks ours",
    "test_learning_rate_warmstart": "reads a private optimizer; test_estimator_resume.py has ours",
    "test_adaptive_learning_rate": "reads a private optimizer; test_estimator_parity.py has ours",
    "test_n_iter_no_change": "reads a private count; test_estimator_parity.py has ours",
    "test_n_iter_no_change_inf": "reads a private count; test_estimator_parity.py has ours",
}

for _name, _test in vars(their_tests).items():
    if _name.startswith("test_") and _name not in OF_ITS_INSIDES:
        globals()[f"test_of_scikit_learn_{_name[5:]}"] = _test


@pytest.fixture(autouse=True)
def _ours_in_place_of_theirs(monkeypatch):
    monkeypatch.setattr(their_tests, "MLPClassifier", MLPClassifier)
    monkeypatch.setattr(their_tests, "MLPRegressor", MLPRegressor)


@pytest.fixture
def global_random_seed():
    return 0


def test_what_is_left_out_of_scikit_learns_tests_is_there():
    assert OF_ITS_INSIDES.keys() <= vars(their_tests).keys()


# --- its tools ----------------------------------------------------------------------------------


def test_in_a_pipeline_with_a_column_transformer_on_a_data_frame():
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"]).assign(
        kind=np.where(X[:, 0] > 5.8, "long", "short")
    )
    encoder = ColumnTransformer(
        [("numbers", StandardScaler(), ["a", "b", "c", "d"]), ("kinds", OneHotEncoder(), ["kind"])]
    )
    model = make_pipeline(encoder, MLPClassifier((10,), solver="lbfgs", random_state=0))
    model.fit(frame, load_iris().target_names[Y])
    assert model.score(frame, load_iris().target_names[Y]) > 0.95
    assert model.predict(frame[:1]).tolist() == ["setosa"]


def test_a_grid_search_in_processes_in_threads_and_alone_finds_the_same():
    grid = {"alpha": [1e-3, 1.0], "hidden_layer_sizes": [(5,), (10, 5)]}
    found = []
    for n_jobs, backend in ((1, "loky"), (2, "loky"), (2, "threading")):
        search = GridSearchCV(MLPClassifier(max_iter=20, random_state=0), grid, n_jobs=n_jobs, cv=3)
        with joblib.parallel_config(backend=backend):
            found.append(search.fit(Z, Y).cv_results_["mean_test_score"].tolist())
    assert found[0] == found[1] == found[2]


def test_cross_validate_clone_and_other_meta_estimators():
    model = MLPClassifier((5,), max_iter=60, random_state=0, dropout=0.1, activation=["tanh"])
    model.set_params(learning_rate_init=0.02)
    scores = cross_validate(model, Z, Y, scoring=["accuracy", "neg_log_loss"], error_score="raise")
    assert scores["test_accuracy"].shape == (5,)
    assert clone(model).get_params() == model.get_params()
    bag = BaggingClassifier(model, n_estimators=3, random_state=0).fit(Z, Y)
    assert bag.score(Z, Y) > 0.5
    assert permutation_importance(bag, Z, Y, n_repeats=2).importances_mean.shape == (4,)
    scaled = TransformedTargetRegressor(MLPRegressor(max_iter=5), transformer=StandardScaler())
    assert scaled.fit(Z, X[:, 0]).predict(Z).shape == (150,)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_pickles_are_small_and_predict_the_same(kind, tmp_path):
    rows = np.tile(Z, (40, 1))
    settings = {"hidden_layer_sizes": (8,), "max_iter": 3, "early_stopping": True}
    model = kind(**settings, random_state=0).fit(rows, np.tile(Y, 40))
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(Z) == model.predict(Z)).all()
    assert len(pickle.dumps(model)) < 10_000  # nothing that grows with the rows
    joblib.dump(model, tmp_path / "model.joblib")
    assert (joblib.load(tmp_path / "model.joblib").predict(Z) == model.predict(Z)).all()
    again.coefs_[0][:] = 0.0
    assert (model.coefs_[0] != 0.0).all()


def test_as_a_step_before_others_with_named_columns():
    hidden = MLPClassifier((3,), max_iter=5, random_state=0).set_output(transform="pandas")
    frame = hidden.fit_transform(pandas.DataFrame(Z, columns=list("abcd")), Y)
    assert list(frame.columns) == ["mlpclassifier0", "mlpclassifier1", "mlpclassifier2"]
    assert hidden.feature_names_in_.tolist() == list("abcd")
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        hidden.predict(Z)
    with pytest.raises(ValueError, match="feature names should match"):
        hidden.predict(pandas.DataFrame(Z, columns=list("abce")))


def test_weights_and_validation_rows_are_routed():
    weights = np.linspace(0.1, 1.0, 150)
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier((5,), max_iter=3, random_state=0)
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = cross_validate(
            model, Z, Y, params={"sample_weight": weights}, return_estimator=True
        )
        plain = cross_validate(clone(model).set_fit_request(sample_weight=False)
                               .set_score_request(sample_weight=False), Z, Y,
                               return_estimator=True)  # fmt: skip
    assert (routed["estimator"][0].coefs_[0] != plain["estimator"][0].coefs_[0]).any()
    assert "X_val" in str(model.get_metadata_routing().fit.requests)


@pytest.mark.parametrize("format", ["csr", "csc", "coo"])
@pytest.mark.parametrize("make", [scipy.sparse.coo_matrix, scipy.sparse.coo_array])
def test_sparse_rows_give_the_bits_of_dense_ones(make, format):
    kept = np.where(Z > 0, Z, 0.0)
    sparse = make(kept).asformat(format)
    settings = {"max_iter": 5, "random_state": 0, "engine": "native", "early_stopping": True}
    dense = MLPClassifier(**settings).fit(kept, Y)
    model = MLPClassifier(**settings).fit(sparse, Y)
    assert (model.coefs_[0] == dense.coefs_[0]).all()
    assert (model.predict_proba(sparse) == dense.predict_proba(kept)).all()
    assert model.transform(sparse).shape == (150, 100)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_float32_in_is_float32_out(solver):
    few = Z.astype(np.float32)
    model = MLPClassifier((5,), solver=solver, max_iter=3).fit(few, Y)
    assert {a.dtype.name for a in model.coefs_ + model.intercepts_} == {"float32"}
    assert model.predict_proba(few).dtype == np.float32
    assert model.predict_proba(Z).dtype == np.float64
    assert MLPRegressor(max_iter=2).fit(few, Y).predict(few).dtype == np.float32
    as_asked = MLPClassifier((5,), max_iter=3, dtype="float32").fit(Z, Y)
    assert as_asked.coefs_[0].dtype == np.float32


ON_ANOTHER_LIBRARY = """
import warnings
warnings.simplefilter("ignore")
import array_api_strict as xp, numpy as np, sklearn
from sklearn.datasets import load_iris
import pellucid
X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
there = xp.asarray(X, device=xp.Device("device1")), xp.asarray(y, device=xp.Device("device1"))
with sklearn.config_context(array_api_dispatch=True):
    for kind, settings in (
        ("MLPClassifier", {}), ("MLPClassifier", {"early_stopping": True, "dropout": 0.1}),
        ("MLPClassifier", {"solver": "lbfgs"}), ("MLPRegressor", {"target_scaling": "standard"}),
    ):
        settings |= {"max_iter": 10, "random_state": 0}
        model = getattr(pellucid, kind)(**settings).fit(*there)
        plain = getattr(pellucid, kind)(**settings, engine="reference").fit(X, y)
        assert model.coefs_[0].device == there[0].device
        W = np.asarray(model.coefs_[0].to_device(xp.Device("CPU_DEVICE")))
        assert (W == plain.coefs_[0]).all(), kind
        assert model.predict(there[0]).device == there[0].device
        if kind == "MLPClassifier":
            assert model.predict_proba(there[0]).shape == (150, 3)
        assert model.transform(there[0]).shape == (150, 100)
print("all is well")
"""


def test_arrays_of_another_library_stay_on_their_device():
    done = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_LIBRARY],
        env=os.environ | {"SCIPY_ARRAY_API": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "all is well", done.stderr


def test_a_single_row_and_lists_are_taken():
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(Z.tolist(), Y.tolist())
    assert model.predict(Z[:1].tolist()).shape == (1,)
    assert (model.predict(np.asfortranarray(Z)) == model.predict(Z)).all()
    assert (model.predict(Z[::2]) == model.predict(Z)[::2]).all()
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.predict(Z[0])


def test_nothing_is_warned_of_when_it_converges():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier((5,), max_iter=3000, tol=1e-3, random_state=0).fit(Z, Y)
    with pytest.warns(ConvergenceWarning):
        MLPClassifier((5,), max_iter=2).fit(Z, Y)
