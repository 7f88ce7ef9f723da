"""A search by cross-validation: scikit-learn's own figures, test rows kept apart, threads."""

import _thread
import signal
import threading
import warnings

import joblib
import numpy as np
import polars
import pytest
from scipy import sparse, stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_iris, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

import pellucid.encoding
from pellucid import MLPClassifier, MLPRegressor, Tuning, tune
from pellucid.engines.processors import processors
from pellucid.ranges import values

IRIS = load_iris(return_X_y=True)
FOLDS = StratifiedKFold(3, shuffle=True, random_state=1)


def network(**more):
    settings = {"hidden_layer_sizes": 4, "solver": "lbfgs", "max_iter": 30, "random_state": 0}
    return MLPClassifier(**(settings | more))


def pipeline(**more):
    return make_pipeline(StandardScaler(), network(**more))


class Spy(ClassifierMixin, BaseEstimator):
    """Says 1 with probability `share`, and writes down the row numbers it was shown in column 0."""

    seen = ()

    def __init__(self, share=0.5, fails=False):
        self.share, self.fails = share, fails

    def fit(self, X, y):
        self.seen.append(("fit", {*X[:, 0].tolist()}))
        if self.fails:
            raise RuntimeError("no such luck")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        if not hasattr(self, "classes_"):
            raise NotFittedError
        self.seen.append(("predict", {*X[:, 0].tolist()}))
        return self.classes_[(np.arange(len(X)) % 10 < 10 * self.share).astype(int)]


@pytest.fixture
def numbered(monkeypatch):
    """50 rows whose first column is their number, 20 of class 1, and a spy that has seen none."""
    monkeypatch.setattr(Spy, "seen", [])
    return np.arange(50.0).reshape(-1, 1), np.repeat([0, 1], [30, 20])


# --- the same as by hand ------------------------------------------------------------------------


@pytest.mark.parametrize("draws", [None, 4])
def test_it_gives_what_scikit_learns_own_search_gives(draws):
    grid = {"mlpclassifier__alpha": [0.01, 0.1, 1.0], "mlpclassifier__hidden_layer_sizes": [2, 4]}
    given = {"estimator": pipeline(), "cv": FOLDS, "return_train_score": True}
    if draws is None:
        by_hand = GridSearchCV(param_grid=grid, **given)
    else:
        by_hand = RandomizedSearchCV(
            param_distributions=grid, n_iter=draws, random_state=5, **given
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_hand.fit(*IRIS)
    tuning = tune(
        *IRIS, {"alpha": "0.01:1:log", "hidden_layer_sizes": "2;4"}, estimator=pipeline(),
        folds=FOLDS, test=None, n_candidates=draws, seed=5,
    )  # fmt: skip
    results = by_hand.cv_results_
    assert tuning.table["training_score"].tolist() == results["mean_train_score"].tolist()
    assert tuning.table["validation_score"].tolist() == results["mean_test_score"].tolist()
    assert tuning.table["validation_std"].tolist() == results["std_test_score"].tolist()
    alphas = [s["mlpclassifier__alpha"] for s in results["params"]]
    assert tuning.table["alpha"].tolist() == alphas
    assert tuning.best_parameters["alpha"] == by_hand.best_params_["mlpclassifier__alpha"]
    assert tuning.validation_score == by_hand.best_score_
    assert tuning.test_score is None
    expected = by_hand.best_estimator_.predict_proba(IRIS[0])
    assert np.array_equal(tuning.best_estimator.predict_proba(IRIS[0]), expected)
    assert np.array_equal(tuning.search.predict_proba(IRIS[0]), expected)
    assert tuning.search.score(*IRIS) == by_hand.score(*IRIS)


@pytest.mark.parametrize("model", [network(), network(solver="adam", dropout=0.2)])
def test_threads_give_the_same_bits_as_one_after_the_other(model):
    alone, *others = (
        tune(*IRIS, {"alpha": [0.01, 0.1, 1.0]}, estimator=model, folds=3, n_jobs=n)
        for n in (1, 2, 3)
    )
    for other in others:
        for name in set(alone.table) - {"seconds"}:
            assert np.array_equal(alone.table[name], other.table[name])
        for ours, theirs in zip(
            alone.best_estimator.coefs_, other.best_estimator.coefs_, strict=True
        ):
            assert np.array_equal(ours, theirs)
        assert (alone.test_score, alone.notes) == (other.test_score, other.notes)


# --- what was never looked at -------------------------------------------------------------------


def test_the_test_rows_are_seen_once_and_last(numbered):
    tuning = tune(*numbered, {"share": [0.2, 0.4]}, estimator=Spy(), folds=5)
    assert tuning.rows == {"search": 40, "test": 10}
    *search, refit, test = Spy.seen
    assert (test[0], len(test[1])) == ("predict", 10)
    assert sum(row >= 30 for row in test[1]) == 4  # of class 1, as 20 are of 50
    assert not any(rows & test[1] for _, rows in search)
    assert len(search) == 2 * 5 * 3  # fitted, scored on rows held out, scored on those fitted
    assert refit == ("fit", {*range(50)} - test[1])


def test_test_rows_of_ones_own_leave_all_others_for_the_search(numbered):
    X, y = numbered
    tuning = tune(X, y, {"share": [0.2, 0.4]}, estimator=Spy(), test_data=(X + 100, y))
    assert Spy.seen[-1] == ("predict", {*range(100, 150)})
    assert tuning.rows == {"search": 50, "test": 50}
    assert Spy.seen[-2] == ("fit", {*range(50)})


@pytest.mark.parametrize("nothing", [0, None])
def test_nothing_held_out_is_said(numbered, nothing):
    tuning = tune(*numbered, {"share": [0.2, 0.4]}, estimator=Spy(), test=nothing)
    assert (tuning.test_score, tuning.rows["test"]) == (None, 0)
    assert "no rows were held out" in str(tuning)


def test_a_table_is_encoded_by_the_rows_of_each_fit_alone(monkeypatch):
    fitted = []

    class Noting(pellucid.encoding.TableEncoder):
        @classmethod
        def fit(cls, frame, *more):
            fitted.append({*frame["number"].to_list()})
            return super().fit(frame, *more)

    monkeypatch.setattr(pellucid.encoding, "TableEncoder", Noting)
    rng = np.random.default_rng(0)
    hue = rng.choice(["red", "blue"], 60)
    table = polars.DataFrame({"hue": hue, "number": [None, *range(1, 60)], "y": hue == "red"})
    tuning = tune(table.drop("y"), table["y"], {"alpha": [0.1, 1.0], "max_iter": [200]}, folds=3)
    assert [len(rows) for rows in fitted] == [32] * 6 + [48]
    assert tuning.test_score == 1.0
    assert len({frozenset(rows) for rows in fitted}) == 4


# --- the worked system --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1])
def test_the_moons_get_a_lambda_of_about_a_hundredth_and_beat_a_thousandth(seed):
    np.random.seed(0)  # noqa: NPY002  (as the system does)
    moons = make_moons(200, noise=0.2)
    assert moons[0].sum() == pytest.approx(148.95806682913354, rel=1e-14)
    model = MLPClassifier(20, activation="logistic", solver="lbfgs", max_iter=500)
    tuning = tune(
        *moons, {"alpha": "1e-5:1:log"}, estimator=model, seed=seed,
        test_data=make_moons(10_000, noise=0.2, random_state=1),
    )  # fmt: skip
    assert 0.003 <= tuning.best_parameters["alpha"] <= 0.03
    assert tuning.test_score > 0.9488  # held out, of 0.001
    assert tuning.test_score == pytest.approx(0.9635, abs=0.006)  # of 0.01
    training = tuning.table["training_score"]
    assert training[0] > 0.99  # learnt by heart
    assert training[-1] < 0.9  # and not at all
    (best,) = (line for line in str(tuning).splitlines() if line.endswith("<- best"))
    assert best.split()[0] == "0.01"


# --- many fits at once --------------------------------------------------------------------------


class Meeting(Spy):
    """A fit that ends only when another is under way."""

    barrier = threading.Barrier(2, timeout=30)

    def fit(self, X, y):
        if threading.current_thread() is not threading.main_thread():
            self.barrier.wait()
        return super().fit(X, y)


def test_fits_run_at_once_in_this_process(numbered):
    tuning = tune(*numbered, {"share": [0.2, 0.4]}, estimator=Meeting(), folds=2, n_jobs=2)
    assert tuning.notes == ()
    assert tuning.test_score is not None


def threads_of(estimator, X, y):
    return float(estimator.n_threads or 0)


def test_a_fit_has_one_thread_and_the_best_is_fitted_with_as_many_as_were_asked_for():
    tuning = tune(*IRIS, {"alpha": [0.1, 1.0]}, estimator=network(n_threads=3), scoring=threads_of)
    assert tuning.table["validation_score"].tolist() == [1.0, 1.0]
    assert tuning.test_score == 3.0
    assert tuning.best_estimator.get_params() == network(n_threads=3, alpha=0.1).get_params()
    assert tuning.search.estimator.get_params() == network(n_threads=3).get_params()
    assert tuning.score_name == "threads_of"


def test_the_libraries_threads_are_as_before():
    before = threadpool_info()
    tune(*IRIS, {"alpha": [0.1, 1.0]}, estimator=network(), n_jobs=4)
    assert threadpool_info() == before


def processors_of(estimator, X, y):
    return processors()


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_scikit_learns_own_search_at_two_jobs_takes_no_more_processors_than_there_are(backend):
    search = GridSearchCV(network(), {"alpha": [0.1, 1.0]}, cv=FOLDS, n_jobs=2, refit=False,
                          scoring=processors_of)  # fmt: skip
    alone = GridSearchCV(network(), {"alpha": [0.1, 1.0]}, cv=FOLDS, n_jobs=2)
    with joblib.parallel_config(backend=backend), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(*IRIS)
        alone.fit(*IRIS)
    most = 1 if backend == "threading" else max(1, joblib.cpu_count() // 2)
    assert search.cv_results_["mean_test_score"].max() <= most
    tuning = tune(*IRIS, {"alpha": [0.1, 1.0]}, estimator=network(), folds=FOLDS, test=None)
    assert (
        tuning.table["validation_score"].tolist() == alone.cv_results_["mean_test_score"].tolist()
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_the_search_and_leaves_no_thread_behind(jobs):
    epochs = []

    def interrupt(event):
        epochs.append(event.epoch)
        if len(epochs) == 5:
            _thread.interrupt_main()

    threads = threading.active_count()
    model = network(solver="adam", max_iter=10**6, n_iter_no_change=10**6, callbacks=[interrupt])
    with pytest.raises(KeyboardInterrupt):
        tune(*IRIS, {"alpha": [0.1, 1.0]}, estimator=model, n_jobs=jobs)
    assert threading.active_count() <= threads  # those of others may have ended meanwhile
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# --- what goes wrong in fits --------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_fits_that_end_too_soon_are_one_note_and_no_warning(jobs):
    filters = list(warnings.filters)
    model = network(solver="adam", max_iter=2)
    tuning = tune(*IRIS, {"alpha": [0.1, 1.0]}, estimator=model, folds=3, n_jobs=jobs)
    assert list(warnings.filters) == filters
    assert len(tuning.notes) == 2
    assert tuning.notes[0].startswith("6 of 6 fits ended before convergence")
    assert "Maximum iterations (2)" in tuning.notes[0]
    assert tuning.notes[1].startswith("the best setting, fitted to all rows, ended before")
    assert str(tuning).count("note: ") == 2


def test_a_setting_that_fails_is_the_worst_and_why_is_told(numbered):
    tuning = tune(*numbered, {"fails": [True, False]}, estimator=Spy(), folds=4)
    assert tuning.notes == (
        "4 of 8 fits failed, and their settings count as the worst: no such luck",
    )
    assert tuning.best_parameters == {"fails": False}
    assert np.isnan(tuning.table["validation_score"]).tolist() == [True, False]


def test_where_every_fit_fails_the_reason_is_one_line(numbered):
    with pytest.raises(ValueError, match=r"^every fit failed: no such luck$"):
        tune(*numbered, {"share": [0.1, 0.2]}, estimator=Spy(fails=True))


# --- what is taken ------------------------------------------------------------------------------


def test_the_estimator_follows_from_the_target():
    X, y = load_diabetes(return_X_y=True)
    numbers = tune(X, y, {"alpha": [0.1, 1.0], "max_iter": [20]}, folds=3)
    assert isinstance(numbers.best_estimator[-1], MLPRegressor)
    assert isinstance(numbers.search.cv, KFold)
    assert numbers.score_name == "R2"
    classes = tune(*IRIS, {"alpha": [0.1, 1.0], "max_iter": [20]}, folds=3)
    assert isinstance(classes.best_estimator[-1], MLPClassifier)
    assert classes.best_estimator[-1].random_state == 0
    forced = tune(*IRIS, {"alpha": [0.1, 1.0], "max_iter": [5]}, folds=3, task="regression")
    assert isinstance(forced.best_estimator[-1], MLPRegressor)
    text = tune(IRIS[0], np.array(["a", "b", "c"])[IRIS[1]], {"max_iter": [5, 6]}, folds=3)
    assert isinstance(text.best_estimator[-1], MLPClassifier)


def test_sparse_rows_and_lists_are_taken_too():
    dense = tune(IRIS[0].tolist(), IRIS[1].tolist(), {"max_iter": [5, 6]}, folds=3)
    assert dense.rows == {"search": 120, "test": 30}
    spread = tune(sparse.csr_array(IRIS[0]), IRIS[1], {"max_iter": [5, 6]}, folds=3)
    assert spread.rows == {"search": 120, "test": 30}


def test_several_targets_are_taken():
    X, y = load_diabetes(return_X_y=True)
    both = tune(X, np.column_stack([y, -y]), {"max_iter": [5, 6]}, folds=3)
    assert isinstance(both.best_estimator[-1], MLPRegressor)
    labels = np.column_stack([y > 100, y > 200]).astype(int)
    several = tune(X, labels, {"max_iter": [5, 6]}, folds=3)
    assert isinstance(several.best_estimator[-1], MLPClassifier)


def test_a_distribution_is_drawn_from():
    tuning = tune(*IRIS, {"alpha": stats.loguniform(1e-3, 1)}, estimator=network(), n_candidates=3)
    assert len({*tuning.table["alpha"]}) == 3
    assert tuning.table["alpha"].min() > 1e-3


def test_another_librarys_estimator_is_searched_as_well():
    tuning = tune(*IRIS, {"C": "0.01:100:log"}, estimator=LogisticRegression(max_iter=1000))
    assert tuning.table["C"].tolist() == [0.01, 0.1, 1.0, 10.0, 100.0]
    assert tuning.test_score > 0.9


def test_the_table_is_as_it_is_read():
    tuning = tune(*IRIS, {"hidden_layer_sizes": [(4, 3), 2], "alpha": [0.1]}, estimator=network())
    assert isinstance(tuning, Tuning)
    assert tuning.table["hidden_layer_sizes"].tolist() == [(4, 3), 2]
    assert (tuning.table["seconds"] > 0).all()
    head, names, first, second, test = str(tuning).splitlines()[:5]
    assert head == "accuracy, mean over 5 folds of 120 rows:"
    assert names.split() == [
        "hidden_layer_sizes", "alpha", "training", "validation", "+-", "seconds"
    ]  # fmt: skip
    assert first.split()[:2] == ["4,3", "0.1"]
    assert [first, second][tuning.search.best_index_].endswith("<- best")
    assert test == f"accuracy on the 30 test rows: {tuning.test_score:.4f}"


# --- values and refusals ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-5:1:log", [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]),
        ("1:1e-2:log", [1.0, 0.1, 0.01]),
        ("1e-5:1:log:11", [float(f"{10 ** (-5 + k / 2):.12g}") for k in range(11)]),
        ("8e-3:1:log", [0.008, 0.04, 0.2, 1.0]),  # steps of at most a decade
        ("16:256:log:5", [16, 32, 64, 128, 256]),
        ("1:5", [1, 2, 3, 4, 5]),
        ("3:1", [3, 2, 1]),
        ("-1:1", [-1, 0, 1]),
        ("1:100:4", [1, 34, 67, 100]),
        ("1:10:4", [1, 4, 7, 10]),
        ("1:10:3", [1, 6, 10]),  # 5.5 is no whole number
        ("0:1:3", [0.0, 0.5, 1.0]),  # there are no three whole ones
        ("0:0.4", [0.0, 0.1, 0.2, 0.3, 0.4]),
        ("0, 1e-1:1:log ,0.1", [0, 0.1, 1.0]),
        ("7", [7]),
        ("relu, tanh", ["relu", "tanh"]),
        ("32,full", [32, "full"]),
    ],
)
def test_values_are_written_as_lists_and_ranges(text, expected):
    got = values(text)
    assert got == expected
    assert [type(value) for value in got] == [type(value) for value in expected]


def test_hidden_layers_are_separated_by_semicolons():
    name = "hidden_layer_sizes"
    assert values("10,20;50,50", name) == [(10, 20), (50, 50)]
    assert values("10:30:3; none;5", name) == [(10,), (20,), (30,), (), (5,)]
    with pytest.raises(ValueError, match="whole numbers"):
        values("10,ten", name)


@pytest.mark.parametrize(
    "text",
    ["1:", ":", "1:2:3:4", "a:b", "1:2:lin", "1:2:log:x", "1:2:log:2.5", "1:1", "0:1:log",
     "-1:1:log", "1:5:1", "1:5:0", "1:1000000000", "nan", "0:inf", "1,,2", "", "1;2", "0.1 0.2"],
)  # fmt: skip
def test_what_is_no_range_is_refused_in_a_line_that_names_it(text):
    with pytest.raises(ValueError, match="alpha") as caught:
        values(text, "alpha")
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "options", "says"),
    [
        ({"alpha": [0.1]}, {}, "one setting only"),
        ({}, {}, "one setting only"),
        ({"alpha": "0.1,1"}, {"n_candidates": 1}, "one setting only"),
        ({"alpha": []}, {}, "alpha is \\[\\]: expected a list"),
        ({"alpha": 0.1}, {}, "alpha is 0.1: expected a list"),
        ({"alpha": stats.loguniform(1e-3, 1)}, {}, "say n_candidates"),
        ({"aplha": [0.1, 1]}, {}, "did you mean alpha"),
        ({"alpha": [0.1, -1]}, {}, "'alpha' parameter of MLPClassifier .* Got -1"),
        ({"activation": "relu,tanhh"}, {}, "Got 'tanhh'"),
        ({"alpha": [0.1, 1]}, {"folds": 121}, "folds is 121: expected 2 .* 120"),
        ({"alpha": [0.1, 1]}, {"folds": 1}, "folds is 1"),
        ({"alpha": [0.1, 1]}, {"test": 1.5}, "test is 1.5"),
        ({"alpha": [0.1, 1]}, {"task": "clustering"}, "'clustering'"),
        ({"alpha": [0.1, 1]}, {"scoring": "acuracy"}, "did you mean accuracy"),
        ({"alpha": [0.1, 1], "max_iter": [2]}, {"scoring": lambda *_: {"a": 1.0}}, "several"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(parameters, options, says):
    with pytest.raises(ValueError, match=says) as caught:
        tune(*IRIS, parameters, **options)
    assert "\n" not in str(caught.value)


def test_a_target_without_differences_is_refused():
    for y in (np.ones(40), np.full(40, "same")):
        with pytest.raises(ValueError, match="the same in every row"):
            tune(np.arange(40.0).reshape(-1, 1), y, {"alpha": [0.1, 1.0]})
    with pytest.raises(ValueError, match=r"y has shape \(3,\)"):
        tune(*([*IRIS][:1]), np.zeros(3), {"alpha": [0.1, 1.0]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": [{"alpha": [1.0]}]}, "expected values by name"),
        ({"n_jobs": 0}, "n_jobs is 0: expected a whole number from 1 on"),
        ({"n_candidates": 0}, "n_candidates is 0: expected a whole number from 1 on"),
        ({"folds": "5"}, "folds is '5': expected how many"),
    ],
    ids=str,
)
def test_what_is_no_search_is_refused(changes, message):
    rows = np.linspace(-1, 1, 40).reshape(-1, 2)
    given = {"X": rows, "y": (rows[:, 0] > 0).astype(int), "parameters": {"alpha": [0.1, 1.0]}}
    with pytest.raises(ValueError, match=message):
        tune(**(given | changes))


def test_a_pandas_frame_with_text_is_pointed_to_polars():
    import pandas

    frame = pandas.DataFrame({"a": ["x", "y"] * 20, "b": np.arange(40.0)})
    with pytest.raises(ValueError, match=r"polars.from_pandas\(X\)"):
        tune(frame, [0, 1] * 20, {"alpha": [0.1, 1.0]})


def test_settings_that_tie_are_told():
    rows = np.linspace(-1, 1, 40).reshape(-1, 2)
    model = MLPClassifier((), solver="lbfgs", max_iter=5)
    tuning = tune(rows, rows[:, 0] > 0, {"max_fun": [500, 501]}, estimator=model, folds=2)
    assert "2 settings share the best score: the first of them is taken" in str(tuning)
