"""scikit-learn's contract of the tabular models: its own checks, and its tools around them."""

import json
import os
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas
import pytest
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from pellucid import TabularClassifier, TabularRegressor

SMALL = {"min_steps": 60, "bag": 2, "hidden_layer_sizes": (16,), "random_state": 0}
RNG = np.random.default_rng(0)
N = 240
TABLE = pandas.DataFrame(
    {
        "a": RNG.normal(size=N),
        "b": RNG.normal(size=N),
        "kind": np.array(["up", "down", None], object)[RNG.integers(0, 3, N)],
        "day": np.datetime64("2011-01-01", "us") + RNG.integers(0, 10**14, N),
    }
)
NUMBERS = 2 * TABLE["a"] + (TABLE["kind"] == "up") + 0.1 * RNG.normal(size=N)
CLASSES = np.where(NUMBERS > 1, "much", np.where(NUMBERS > -0.5, "some", "little"))
BOTH = pytest.mark.parametrize(
    ("kind", "y"), [(TabularClassifier, CLASSES), (TabularRegressor, NUMBERS)]
)

CHECKS = """
import json, sys, warnings
warnings.simplefilter("ignore")
from sklearn.utils.estimator_checks import check_estimator
import pellucid
made = getattr(pellucid, sys.argv[1])(min_steps=60, bag=2, hidden_layer_sizes=(32,))
failing = {
    "check_sample_weight_equivalence_on_dense_data":
        "rows are held out and bins are made, so a row that is there twice is not one of weight 2"
}
rows = check_estimator(made, on_fail=None, on_skip=None, expected_failed_checks=failing)
print(json.dumps([[r["check_name"], r["status"], repr(r["exception"])] for r in rows]))
"""


@pytest.mark.parametrize("kind", ["TabularClassifier", "TabularRegressor"])
def test_scikit_learns_checks_all_pass_but_that_of_repeated_rows(kind):
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, kind],
        env=os.environ | {"SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = json.loads(done.stdout)
    passed = {name for name, status, _ in rows if status == "passed"}
    assert len(passed) > 50
    assert {"check_estimators_pickle", "check_n_features_in", "check_methods_subset_invariance",
            "check_fit_idempotent", "check_dict_unchanged"} <= passed  # fmt: skip
    others = {name: why for name, status, why in rows if status not in ("passed", "xfail")}
    assert all("SkipTest(" in why for why in others.values()), others
    assert set(others) <= {"check_array_api_input"}
    assert [name for name, status, _ in rows if status == "xfail"] == [
        "check_sample_weight_equivalence_on_dense_data"
    ]


def test_its_tags_say_what_a_table_may_hold():
    for model in (TabularClassifier(), TabularRegressor()):
        tags = model.__sklearn_tags__()
        assert (tags.input_tags.allow_nan, tags.input_tags.string) == (True, True)
        assert (tags.input_tags.sparse, tags.target_tags.required) == (False, True)
        assert not hasattr(model, "set_output")  # nothing is transformed
    assert is_classifier(TabularClassifier())
    assert is_regressor(TabularRegressor())


# --- its tools ------------------------------------------------------------------------------------


@BOTH
def test_in_a_pipeline_with_and_without_other_transformers(kind, y):
    plain = kind(**SMALL).fit(TABLE, y)
    same = make_pipeline(FunctionTransformer(), kind(**SMALL)).fit(TABLE, y)
    assert (same.predict(TABLE) == plain.predict(TABLE)).all()
    numeric = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [("numbers", numeric, ["a", "b"])], remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    model = make_pipeline(columns, kind(**SMALL)).fit(TABLE, y)
    assert model[-1].feature_names_in_.tolist() == ["a", "b", "kind", "day"]
    assert model.score(TABLE, y) == pytest.approx(plain.score(TABLE, y), abs=0.05)


def test_a_grid_search_over_the_bag_and_the_bins():
    grid = {"bag": [1, 2], "bins": [0, 8]}
    found = []
    for n_jobs in (1, 2):
        with joblib.parallel_config(backend="threading"):
            search = GridSearchCV(TabularRegressor(**SMALL), grid, cv=2, n_jobs=n_jobs)
            found.append(search.fit(TABLE, NUMBERS))
    first, second = (search.cv_results_["mean_test_score"] for search in found)
    np.testing.assert_array_equal(first, second)
    assert len(set(first)) == 4
    assert found[0].best_estimator_.get_params()["bag"] == found[0].best_params_["bag"]
    assert found[0].predict(TABLE).shape == (N,)


@BOTH
def test_clones_and_parameters(kind, y):
    model = kind(**SMALL, column_types={"a": "number"}, bins=5)
    assert clone(model).get_params() == model.get_params()
    model.set_params(bag=1, dropout=0.1)
    assert repr(model).startswith(f"{kind.__name__}(bag=1, bins=5, column_types=")
    fitted = clone(model).fit(TABLE, y)
    assert not hasattr(clone(fitted), "schema_")
    with pytest.raises(TypeError, match="positional"):
        kind(4)


def test_others_take_it_as_one_of_theirs():
    both = VotingClassifier(
        [("one", TabularClassifier(**SMALL)), ("two", TabularClassifier(**SMALL, bins=4))],
        voting="soft",
    ).fit(TABLE, CLASSES)
    assert both.score(TABLE, CLASSES) > 0.8
    numbers = TABLE[["a", "b"]]
    stacked = StackingRegressor(
        [("net", TabularRegressor(**SMALL)), ("line", LinearRegression())], cv=2
    ).fit(numbers, NUMBERS)
    assert stacked.score(numbers, NUMBERS) > 0.8
    scaled = TransformedTargetRegressor(TabularRegressor(**SMALL), transformer=StandardScaler())
    assert scaled.fit(numbers, NUMBERS).score(numbers, NUMBERS) > 0.8
    assert cross_val_score(TabularClassifier(**SMALL), TABLE, CLASSES, cv=3).min() > 0.6


# --- pickles --------------------------------------------------------------------------------------


@BOTH
def test_pickles_predict_the_same_and_hold_no_rows_of_training(kind, y, tmp_path):
    n = 3000
    rng = np.random.default_rng(1)
    table = pandas.DataFrame(
        {"a": rng.normal(size=n), "who": [f"Person number {i}" for i in range(n)],
         "kind": rng.choice(["up", "down"], n)}
    )  # fmt: skip
    target = table["a"].to_numpy() + rng.normal(size=n)
    target = target if kind is TabularRegressor else target > 0
    model = kind(**SMALL, refit=True, bins=0).fit(table, target)
    data = pickle.dumps(model)
    again = pickle.loads(data)
    assert (again.predict(table) == model.predict(table)).all()
    assert str(again.schema_) == str(model.schema_)
    assert len(data) < 15_000 + 30 * n  # two small networks, and what is told of rows held out
    assert b"Person number" not in data
    for i in range(5, 100, 7):
        value = table["a"].to_numpy()[i : i + 1]
        assert value.tobytes() not in data
        assert value.astype(np.float32).tobytes() not in data
        assert kind is TabularClassifier or target[i : i + 1].tobytes() not in data
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    assert (loaded.predict(table[:9]) == model.predict(table[:9])).all()
    assert (
        loaded.set_params(n_jobs=1, engine="reference").fit(table, target).predict(table[:1]).shape
    )


# --- weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["balanced", {"much": 3.0, "some": 0.5, "little": 1.0}])
def test_class_weights_are_sample_weights(weights):
    by_class = TabularClassifier(**SMALL, class_weight=weights).fit(TABLE, CLASSES)
    of_rows = compute_sample_weight(weights, CLASSES)
    by_row = TabularClassifier(**SMALL).fit(TABLE, CLASSES, of_rows)
    np.testing.assert_array_equal(by_class.predict_proba(TABLE), by_row.predict_proba(TABLE))
    plain = TabularClassifier(**SMALL).fit(TABLE, CLASSES)
    assert (by_class.predict_proba(TABLE) != plain.predict_proba(TABLE)).any()
    own = np.random.default_rng(1).uniform(0.5, 2.0, N)
    both = TabularClassifier(**SMALL, class_weight=weights).fit(TABLE, CLASSES, own)
    times = TabularClassifier(**SMALL).fit(TABLE, CLASSES, own * of_rows)
    np.testing.assert_array_equal(both.predict_proba(TABLE), times.predict_proba(TABLE))


@BOTH
def test_weights_count_in_scores_on_rows_held_out(kind, y):
    weight = np.random.default_rng(1).uniform(0.1, 2.0, N)
    model = kind(**SMALL | {"bag": 4}).fit(TABLE, y, weight)
    if kind is TabularRegressor:
        off = (model.oob_prediction_ - y) ** 2
        assert model.oob_rmse_ == pytest.approx(np.sqrt(np.average(off, weights=weight)))
    else:
        right = model.classes_[model.oob_decision_function_.argmax(axis=1)] == y
        assert model.oob_score_ == pytest.approx(np.average(right, weights=weight))


def test_a_row_of_much_weight_is_followed():
    x, y = {"x": [0.0, 1.0] * 100}, np.array([0.0, 0.0, 1.0, 1.0] * 50)  # a half everywhere
    weight = np.where((np.arange(200) % 2 == 0) & (y == 1), 9.0, 1.0)  # 9 in 10 at x = 0
    model = TabularRegressor(**SMALL | {"min_steps": 300}).fit(x, y, weight)
    assert model.predict({"x": [0.0, 1.0]}) == pytest.approx([0.9, 0.5], abs=0.1)


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (-np.ones(N), "Negative values in data passed to `sample_weight`"),
        (np.zeros(N), "Sample weights must contain at least one non-zero number"),
        (np.ones(3), r"sample_weight\.shape == \(3,\), expected \(240,\)"),
        (np.full(N, np.nan), "Input sample_weight contains NaN"),
    ],
)
def test_weights_that_are_none_are_refused(weight, said):
    with pytest.raises(ValueError, match=said):
        TabularRegressor(**SMALL).fit(TABLE, NUMBERS, weight)


def test_weights_of_classes_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match=r"The classes, \['little', 'some'\], are not in class_w"):
        TabularClassifier(**SMALL, class_weight={"much": 1, "none": 2}).fit(TABLE, CLASSES)


def test_weights_are_routed():
    weight = np.linspace(0.1, 1.0, N)
    with sklearn.config_context(enable_metadata_routing=True):
        model = TabularRegressor(**SMALL)
        asked = clone(model).set_fit_request(sample_weight=True)
        asked.set_score_request(sample_weight=True)
        settings = {"cv": 2, "return_estimator": True}
        routed = cross_validate(asked, TABLE, NUMBERS, params={"sample_weight": weight}, **settings)
        not_asked = clone(model).set_fit_request(sample_weight=False)
        not_asked.set_score_request(sample_weight=False)
        plain = cross_validate(not_asked, TABLE, NUMBERS, **settings)
        piped = make_pipeline(FunctionTransformer(), asked)
        piped.fit(TABLE, NUMBERS, sample_weight=weight)
    assert (routed["test_score"] != plain["test_score"]).all()
    half = np.arange(N) < N // 2  # the first fold tests the first half
    by_hand = clone(model).fit(TABLE[~half], NUMBERS[~half], weight[~half])
    np.testing.assert_array_equal(routed["estimator"][0].predict(TABLE), by_hand.predict(TABLE))
    assert routed["test_score"][0] == by_hand.score(TABLE[half], NUMBERS[half], weight[half])


# --- what matters ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    return TabularRegressor(**SMALL | {"min_steps": 400}).fit(TABLE, NUMBERS)


def test_partial_dependence_follows_what_made_the_target(fitted):
    made = partial_dependence(fitted, TABLE, ["a"], grid_resolution=5)
    (a,), (average,) = made["grid_values"], made["average"]
    slope, _ = np.polyfit(a, average, 1)
    assert slope == pytest.approx(2.0, abs=0.2)
    kinds = TABLE.fillna({"kind": "down"})
    made = partial_dependence(fitted, kinds, ["kind"], categorical_features=["kind"])
    by_kind = dict(zip(made["grid_values"][0], made["average"][0], strict=True))
    assert by_kind["up"] - by_kind["down"] == pytest.approx(1.0, abs=0.25)


def test_shuffling_a_column_shows_how_much_it_matters(fitted):
    theirs = permutation_importance(fitted, TABLE, NUMBERS, n_repeats=4, random_state=0)
    mine = fitted.permutation_importance(TABLE, NUMBERS, n_repeats=4, random_state=0)
    assert mine["column"][:2].tolist() == ["a", "kind"]
    assert set(mine["column"]) == set(TABLE)
    places = [list(TABLE).index(name) for name in mine["column"]]
    np.testing.assert_allclose(mine["importance"], theirs.importances_mean[places], atol=0.15)
    assert mine["importance"][0] > 1.0
    assert np.abs(mine["importance"][2:]).max() < 0.05
    assert (np.diff(mine["importance"]) <= 0).all()
    frame = pandas.DataFrame(mine)
    assert list(frame) == ["column", "importance", "std"]


def test_importance_takes_the_target_by_name_a_scoring_and_weights(fitted):
    whole = TABLE.assign(target=NUMBERS)
    by_name = fitted.permutation_importance(whole, "target", random_state=0)
    default = fitted.permutation_importance(whole, random_state=0)  # called so in training too
    beside = fitted.permutation_importance(TABLE, NUMBERS, random_state=0)
    for other in (default, beside):
        np.testing.assert_array_equal(by_name["importance"], other["importance"])
    weight = np.where(TABLE["kind"] == "up", 1.0, 0.0)  # then it is the same in all rows that count
    of_error = fitted.permutation_importance(
        TABLE, NUMBERS, scoring="neg_mean_absolute_error", sample_weight=weight, random_state=0
    )
    assert of_error["column"][0] == "a"
    rounds = fitted.permutation_importance(TABLE, NUMBERS, n_repeats=1, random_state=0)
    assert not rounds["std"].any()
