"""Every kind of fitted model goes into one file and comes back the same, to the bit."""

import json
import subprocess
import sys

import joblib
import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

import pellucid
from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
    model_file,
)
from pellucid.encoding import TableEncoding

QUICK = {"hidden_layer_sizes": (7, 5), "max_iter": 6, "random_state": 0}
IRIS, KIND = load_iris(return_X_y=True)
WORDS = np.array(["setosa", "versicolor", "virginica"])[KIND]
SICK, PROGRESS = load_diabetes(return_X_y=True)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::pellucid.ScaleWarning"
)


def there_and_back(model, path):
    """The model that is read again, of which another file would have the same bytes."""
    pellucid.save(model, path)
    loaded = pellucid.load(path)
    assert type(loaded) is type(model)
    pellucid.save(loaded, path.with_suffix(".again"))
    assert path.read_bytes() == path.with_suffix(".again").read_bytes()
    return loaded


def same(one, other):
    """Whether two answers are the same to the bit, of one dtype and shape."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if one.dtype == object:
        return one.tolist() == other.tolist()
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


TARGETS = {
    "words": WORDS,
    "two words": np.where(KIND == 0, "no", "yes"),
    "wide words": np.where(KIND == 0, "no", "yes").astype("U20"),
    "objects": WORDS.astype(object),
    "numbers": KIND + 3,
    "small numbers": (KIND * 2).astype(np.int8),
    "fractions of no part": KIND.astype(np.float32),
    "truth": KIND == 1,
    "any number at once": np.column_stack([KIND == 0, KIND < 2, IRIS[:, 0] > 5.8]).astype(int),
    "several targets": np.column_stack([KIND, IRIS[:, 0].round().astype(int)]),
    "several of words": np.column_stack([WORDS, np.where(KIND, "a", "b")]),
    "words and numbers": np.array(list(zip(WORDS.tolist(), KIND.tolist(), strict=True)), object),
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_classifier_comes_back_the_same(tmp_path, target):
    y = TARGETS[target]
    model = MLPClassifier(**QUICK, label_smoothing=0.1).fit(IRIS, y)
    loaded = there_and_back(model, tmp_path / "m")
    for question in ("predict", "predict_proba", "predict_log_proba"):
        assert same(getattr(model, question)(IRIS), getattr(loaded, question)(IRIS))
    assert same(model.classes_, loaded.classes_)
    assert loaded.score(IRIS, y) == model.score(IRIS, y)
    assert [W.tobytes() for W in loaded.coefs_] == [W.tobytes() for W in model.coefs_]
    assert loaded.n_features_in_ == 4
    assert (loaded.n_layers_, loaded.n_outputs_) == (model.n_layers_, model.n_outputs_)
    assert loaded.out_activation_ == model.out_activation_


REGRESSORS = {
    "one number": ({}, PROGRESS),
    "two": ({}, np.column_stack([PROGRESS, SICK[:, 0]])),
    "whole numbers": ({"loss": "poisson"}, PROGRESS.astype(int)),
    "scaled": ({"target_scaling": "standard", "loss": "huber", "huber_delta": 0.5}, PROGRESS),
    "two scaled": ({"target_scaling": "maximum"}, np.column_stack([PROGRESS, PROGRESS**2])),
    "a quantile": ({"loss": "quantile", "quantile": 0.3}, PROGRESS),
    "quantiles": (
        {"loss": "quantile", "quantile": [0.9, 0.1, 0.5], "target_scaling": "standard"}, PROGRESS
    ),
    "quantiles of two": (
        {"loss": "quantile", "quantile": (0.1, 0.9)}, np.column_stack([PROGRESS, SICK[:, 0]])
    ),
    "absolute": ({"loss": "absolute_error", "activation": ["tanh", "gelu"]}, PROGRESS),
    "a loss": ({"loss": pellucid.LOSSES["huber"](2.0), "frozen": [0], "l1": 0.1}, PROGRESS),
    "a wide scale": ({"n_iter_no_change": np.inf, "batch_size": {1: 16, 3: 64}}, PROGRESS),
}  # fmt: skip


@pytest.mark.parametrize("kind", REGRESSORS)
def test_a_regressor_comes_back_the_same(tmp_path, kind):
    parameters, y = REGRESSORS[kind]
    model = MLPRegressor(**(QUICK | parameters)).fit(SICK, y)
    loaded = there_and_back(model, tmp_path / "m")
    assert same(model.predict(SICK), loaded.predict(SICK))
    assert same(model.input_gradient(SICK[:5]), loaded.input_gradient(SICK[:5]))
    assert loaded.score(SICK, y) == model.score(SICK, y)
    mine, its = model.get_params(), loaded.get_params()
    if kind == "a loss":
        assert its.pop("loss").to_dict() == mine.pop("loss").to_dict()
    assert its == mine
    segments = model.network_.objective.to_dict()
    assert loaded.network_.objective.to_dict() == segments


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_keep_their_precision(tmp_path, dtype):
    X = IRIS.astype(dtype)
    model = MLPClassifier(**QUICK, dtype=dtype).fit(X, WORDS)
    loaded = there_and_back(model, tmp_path / "m")
    assert loaded.coefs_[0].dtype == dtype
    assert same(model.predict_proba(X), loaded.predict_proba(X))


def test_what_was_seen_in_training_is_kept(tmp_path):
    model = MLPClassifier(**QUICK, early_stopping=True, tol=0.0).fit(IRIS, WORDS)
    loaded = there_and_back(model, tmp_path / "m")
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "best_iter_", "best_validation_score_",
                 "best_validation_loss_", "stopped_", "loss_curve_", "validation_scores_",
                 "validation_loss_curve_"):  # fmt: skip
        assert getattr(loaded, name) == getattr(model, name), name
    assert {*model.history_} - {*loaded.history_} == {"seconds"}
    _, header = model_file.read(tmp_path / "m")
    assert header["estimator"]["seen"]["best_validation_score_"] == model.best_validation_score_
    assert header["versions"].keys() == {"pellucid", "numpy", "scikit-learn"}


def test_who_trained_and_who_watched_is_no_part_of_a_model(tmp_path):
    chosen = {"engine": "reference", "n_threads": 1, "verbose": 0, "callbacks": [lambda e: None]}
    for name, more in (("a", {}), ("b", chosen)):
        MLPClassifier(**QUICK, **more).fit(IRIS, WORDS).save(tmp_path / name)
    one, other = (model_file.read(tmp_path / name)[1]["estimator"] for name in "ab")
    assert one["parameters"] == other["parameters"]
    assert not {*chosen} & {*one["parameters"]}
    loaded = pellucid.load(tmp_path / "b")
    assert (loaded.engine, loaded.callbacks, loaded.n_threads) == ("auto", (), None)


def test_parameters_that_are_code_are_as_by_default(tmp_path):
    model = MLPClassifier(
        **QUICK | {"random_state": np.random.RandomState(0)}, learning_rate=lambda t: 1.0 - t
    ).fit(IRIS, WORDS)
    model.save(tmp_path / "m")
    loaded = pellucid.load(tmp_path / "m")
    assert same(loaded.predict_proba(IRIS), model.predict_proba(IRIS))
    assert (loaded.learning_rate, loaded.random_state) == ("constant", None)


def test_columns_keep_their_names(tmp_path):
    frame = pl.DataFrame(IRIS, schema=["a", "b", "c", "d"])
    for model in (MLPClassifier(**QUICK), make_pipeline(MinMaxScaler(), MLPClassifier(**QUICK))):
        model.fit(frame, WORDS)
        loaded = there_and_back(model, tmp_path / "m")
        assert loaded.feature_names_in_.tolist() == ["a", "b", "c", "d"]
        assert same(loaded.predict_proba(frame), model.predict_proba(frame))
        with pytest.raises(ValueError, match="feature names should match"):
            loaded.predict(frame.rename({"a": "z"}))


def test_training_may_go_on_from_the_weights(tmp_path):
    model = MLPClassifier(**QUICK, warm_start=True).fit(IRIS, WORDS)
    loaded = there_and_back(model, tmp_path / "m")
    before = loaded.loss_
    assert loaded.fit(IRIS, WORDS).loss_ < before
    assert loaded.partial_fit(IRIS, WORDS).predict(IRIS).shape == (150,)


# --- pipelines ----------------------------------------------------------------------------------

SCALERS = {
    "standard": StandardScaler(),
    "centred": StandardScaler(with_std=False),
    "sized": StandardScaler(with_mean=False),
    "least and greatest": MinMaxScaler(feature_range=(-1, 2), clip=True),
    "greatest": MaxAbsScaler(),
    "robust": RobustScaler(quantile_range=(10.0, 80.0), unit_variance=True),
    "no spread": RobustScaler(with_scaling=False),
}


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pipeline_of_a_scaler_comes_back_the_same(tmp_path, scaler, dtype):
    X = SICK.astype(dtype)
    model = make_pipeline(SCALERS[scaler], MLPRegressor(**QUICK)).fit(X, PROGRESS)
    loaded = there_and_back(model, tmp_path / "m")
    assert same(model.predict(X), loaded.predict(X))
    assert loaded[0].get_params() == model[0].get_params()
    assert list(loaded.named_steps) == list(model.named_steps)
    assert loaded[0].partial_fit(X) if hasattr(loaded[0], "partial_fit") else loaded[0].fit(X)


def flowers():
    frame = datasets.load("iris").table().frame
    row = pl.int_range(pl.len())
    return frame.with_columns(
        pl.when(row % 7 > 0).then(pl.col("species")).alias("species"),
        pl.when(row % 5 > 0).then(pl.col("sepal width (cm)")).alias("sepal width (cm)"),
    )


def test_a_pipeline_as_tune_makes_it_comes_back_the_same(tmp_path):
    table = flowers()
    y = (table["petal width (cm)"] > 1.0).to_numpy()
    X = table.drop("petal width (cm)")
    tuning = pellucid.tune(
        X, y, {"alpha": [0.01, 1.0]}, folds=2, seed=0,
        estimator=make_pipeline(TableEncoding("maximum"), MLPClassifier(**QUICK)),
    )  # fmt: skip
    model = tuning.best_estimator
    loaded = there_and_back(model, tmp_path / "m")
    assert same(model.predict_proba(X), loaded.predict_proba(X))
    assert loaded.classes_.tolist() == [False, True]
    assert loaded[0].get_params() == {"scaling": "maximum"}
    more = make_pipeline(TableEncoding(), StandardScaler(), MLPRegressor(**QUICK))
    more.fit(X, table["petal width (cm)"].to_numpy())
    assert same(more.predict(X), there_and_back(more, tmp_path / "n").predict(X))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (make_pipeline(PCA(2), MLPRegressor(**QUICK)), "step 'pca' is a PCA, which no model file"),
        (Pipeline([("first", StandardScaler())]),
         r"step 'first' is a sklearn\.\S+\.StandardScaler: .* that end in .* of pellucid's"),
        (make_pipeline(StandardScaler(), neural_network.MLPRegressor(max_iter=3)),
         r"step 'mlpregressor' is a sklearn\.neural_network\.\S+: .* of pellucid's"),
        (MLPRegressor(**QUICK, activation=[(np.sin, lambda da, z, a: da)] * 2),
         "activation 'sin' is your own code"),
        (MLPRegressor(**QUICK, loss=(lambda a, y: ((a - y) ** 2).sum(1), lambda a, y: 2 * (a - y))),
         "loss '<lambda>' is your own code"),
    ],
)  # fmt: skip
def test_what_no_file_of_data_can_hold_is_refused_by_name(tmp_path, model, message):
    model.fit(SICK, PROGRESS)
    with pytest.raises(ValueError, match=message):
        pellucid.save(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nothing", [None, "passthrough"])
@pytest.mark.parametrize("scaler", [None, StandardScaler()])
def test_steps_that_do_nothing_are_left_out(tmp_path, nothing, scaler):
    model = Pipeline([("no", nothing), ("scaler", scaler), ("mlp", MLPRegressor(**QUICK))])
    model.fit(SICK, PROGRESS)
    loaded = there_and_back(model, tmp_path / "m")
    assert list(loaded.named_steps) == (["scaler", "mlp"] if scaler else ["mlp"])
    assert same(loaded.predict(SICK), model.predict(SICK))


def test_a_step_of_ones_own_with_a_known_name_is_refused(tmp_path):
    own = type("StandardScaler", (StandardScaler,), {"__module__": "mine"})
    model = make_pipeline(own(), MLPRegressor(**QUICK)).fit(SICK, PROGRESS)
    with pytest.raises(ValueError, match="step 'standardscaler' is a StandardScaler, which no"):
        pellucid.save(model, tmp_path / "m")


def test_what_is_no_model_or_not_fitted_is_refused(tmp_path):
    for model, message in (
        (PCA(), r"a sklearn\.\S+\.PCA is no model that can be saved: expected a Network"),
        (None, "a builtins.NoneType is no model that can be saved"),
        (neural_network.MLPClassifier(), r"a sklearn\.neural_network\.\S+\.MLPClassifier is no "
         r"model .* pellucid\.from_sklearn makes a pellucid\.MLPClassifier of it"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=message):
            pellucid.save(model, tmp_path / "m")
    for model in (MLPClassifier(), make_pipeline(StandardScaler(), MLPClassifier())):
        with pytest.raises(ValueError, match="not fitted"):
            pellucid.save(model, tmp_path / "m")


# --- all kinds ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def every_kind():
    """A small model of each kind, and rows to predict."""
    table, small = flowers(), {"bag": 2, "min_steps": 20, "random_state": 0, "bins": 4}
    X = table.drop("petal width (cm)")
    recipe = Recipe(hidden=(4,), settings={"epochs": 3, "batch_size": 16})
    predictor = Predictor.fit(datasets.load("iris").table(), recipe=recipe).predictor
    width = table["petal width (cm)"].to_numpy()
    return {
        "Network": (Network([4, 3, 2], "tanh", "softmax", seed=0), IRIS),
        "Predictor": (predictor, datasets.load("iris").table().frame),
        "TabularClassifier": (TabularClassifier(**small).fit(X, width > 1.0), X),
        "TabularRegressor": (TabularRegressor(**small).fit(X, width), X),
        "MLPClassifier": (MLPClassifier(**QUICK).fit(IRIS, WORDS), IRIS),
        "MLPRegressor": (MLPRegressor(**QUICK).fit(SICK, PROGRESS), SICK),
        "Pipeline": (make_pipeline(TableEncoding(), MLPRegressor(**QUICK)).fit(X, width), X),
    }


KINDS = ["Network", "Predictor", "TabularClassifier", "TabularRegressor", "MLPClassifier",
         "MLPRegressor", "Pipeline"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_load_gives_the_kind_that_was_saved(every_kind, tmp_path, kind):
    model, X = every_kind[kind]
    loaded = there_and_back(model, tmp_path / "m")
    assert model_file.kind(model_file.read(tmp_path / "m")[1]) == kind
    assert same(model.predict(X), loaded.predict(X))
    pellucid.save(model, tmp_path / "n", remark="by Ada")
    assert model_file.read(tmp_path / "n")[1]["remark"] == "by Ada"


def changed_at(about, path, change):
    """A copy of a header in which one value is another."""
    changed = json.loads(json.dumps(about))
    *way, last = path
    node = changed
    for key in way:
        node = node[key]
    node[last] = change(node[last])
    return changed


PREPARING = {"median", "scale", "shift", "levels", "mean", "std", "temperature", "smoothing"}
"""What in a header has a say in answers before or after the network has."""


def prepared(node, path=()):
    """The path to every number, and every level, that goes by one of these names."""
    if isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from prepared(item, (*path, key))
    elif isinstance(node, float | str) and PREPARING & {*path[-2:]}:
        yield path


def another(value):
    """What is off by a tenth, or another word."""
    return value + "!" if isinstance(value, str) else 1.1 * value + 0.1


@pytest.mark.parametrize("kind", KINDS[1:])
def test_changed_numbers_do_not_give_the_answers_that_the_file_says(every_kind, tmp_path, kind):
    """The digest is that of the changed file here: the test rows and vectors have to tell."""
    model, _ = every_kind[kind]
    pellucid.save(model, tmp_path / "m")
    tensors, header = model_file.read_tensors(tmp_path / "m")
    rest = {name: tensor for name, tensor in tensors.items() if name != "theta"}

    def refused(theta, header):
        model_file.write(tmp_path / "n", theta, header, rest)
        with pytest.raises(ValueError, match=r"cannot read '.*n': .*") as error:
            pellucid.load(tmp_path / "n")
        return str(error.value)

    theta = tensors["theta"]
    answers = [["test_rows", "answers", 0, 0], ["test_vectors", "outputs", 0, 0]]
    if kind.startswith("Tabular"):
        answers[1].append(0)
    for path in answers:
        assert "do not come out as saved" in refused(theta, changed_at(header, path, another))
    assert "do not come out as saved" in refused(np.append(theta[:-1], another(theta[-1])), header)
    places = [path for path in prepared(header) if path[0] in ("table", "tabular", "steps")]
    assert len(places) > 4 or kind.startswith("MLP")
    for path in places:
        refused(theta, changed_at(header, path, another))


def test_a_model_that_could_not_be_loaded_does_not_overwrite_one_that_can(tmp_path):
    """With a name longer than a reader takes for one, which nothing else would find."""
    model = MLPClassifier(**QUICK).fit(IRIS, WORDS)
    model.save(tmp_path / "m")
    before = (tmp_path / "m").read_bytes()
    with pytest.raises(ValueError, match=r"the model could not be loaded again: .* was expected"):
        pellucid.save(Pipeline([("n" * 10_001, model)]), tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == before


def test_the_same_model_has_the_same_bytes_in_every_process(every_kind, tmp_path):
    """Whatever order sets of text are in there."""
    for kind, (model, _) in every_kind.items():
        pellucid.save(model, tmp_path / kind)
    code = (
        "import pellucid, sys\n"
        "for path in sys.argv[2:]: pellucid.save(pellucid.load(path), path + sys.argv[1])"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, seed, *(tmp_path / kind for kind in every_kind)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, check=True,
        )  # fmt: skip
        for kind in every_kind:
            assert (tmp_path / f"{kind}{seed}").read_bytes() == (tmp_path / kind).read_bytes()


def test_each_loader_says_what_it_found_instead_of_what_it_reads(every_kind, tmp_path):
    pellucid.save(every_kind["Pipeline"][0], tmp_path / "m")
    with pytest.raises(ValueError, match=r"holds a Pipeline: read it with pellucid\.load"):
        Predictor.load(tmp_path / "m")


def test_one_file_is_small_beside_what_was_learnt_from(tmp_path):
    X, y = load_digits(return_X_y=True)
    model = MLPClassifier((16,), max_iter=3, random_state=0, dtype="float32").fit(X / 16, y)
    model.save(tmp_path / "m")
    joblib.dump(model, tmp_path / "pickle")
    numbers = sum(W.nbytes for W in [*model.coefs_, *model.intercepts_])
    assert (tmp_path / "m").stat().st_size < numbers + 12_000
    # A pickle has the optimizer's moments and row orders only where training is to go on.
    assert (tmp_path / "pickle").stat().st_size < numbers + 12_000
    again = joblib.load(tmp_path / "pickle")
    assert same(again.predict_proba(X / 16), model.predict_proba(X / 16))


# --- training that goes on ----------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_go_on_as_if_the_network_had_never_been_saved(tmp_path, solver, dtype):
    X, Y = SICK[:32].astype(dtype), PROGRESS[:32, None].astype(dtype) / 300
    network = Network([10, 6, 1], "tanh", dtype=dtype, seed=0)
    for _ in range(5):
        network.train_step(X, Y, 0.01, solver)
    network.save(tmp_path / "m", optimizer_state=True)
    loaded = pellucid.load(tmp_path / "m")
    for _ in range(5):
        assert network.train_step(X, Y, 0.01, solver) == loaded.train_step(X, Y, 0.01, solver)
    assert same(network.theta, loaded.theta)
    names = {*load_file(tmp_path / "m")} - {"theta"}
    assert names == {"optimizer." + name for name in {
        "sgd": [], "momentum": ["velocity"], "nesterov": ["velocity"], "rmsprop": ["square"],
        "adam": ["mean", "square"], "adamw": ["mean", "square"],
    }[solver]}  # fmt: skip


def test_an_optimizer_state_that_is_none_is_said_so(tmp_path):
    network = Network([10, 1], seed=0)
    with pytest.raises(ValueError, match="no optimizer state: it is what train_step gathers"):
        network.save(tmp_path / "m", optimizer_state=True)
    network.train_step(SICK[:5], PROGRESS[:5, None], 0.01, "adam")
    network.save(tmp_path / "m", optimizer_state=True)
    tensors, header = model_file.read_tensors(tmp_path / "m")
    for change in (
        {"name": "momentum"}, {"counts": {}}, {"counts": {"t": -1}}, {"steps": None},
        {"parameters": {"beta_1": 2.0}}, {"parameters": {"gamma": 2.0}}, {"name": []},
    ):  # fmt: skip
        damaged = json.loads(json.dumps(header))
        damaged["optimizer"] |= change
        others = {name: tensor for name, tensor in tensors.items() if name != "theta"}
        model_file.write(tmp_path / "n", tensors["theta"], damaged, others)
        with pytest.raises(ValueError, match="cannot read"):
            pellucid.load(tmp_path / "n")


@pytest.mark.parametrize("target", ["words", "two words", "numbers", "any number at once"])
def test_what_came_from_scikit_learn_is_saved_too(tmp_path, target):
    theirs = neural_network.MLPClassifier(**QUICK).fit(IRIS, TARGETS[target])
    model = pellucid.from_sklearn(theirs)
    loaded = there_and_back(model, tmp_path / "m")
    assert same(loaded.predict_proba(IRIS), model.predict_proba(IRIS))
    assert loaded.predict(IRIS).tolist() == theirs.predict(IRIS).tolist()
    assert loaded.to_sklearn().predict(IRIS).tolist() == theirs.predict(IRIS).tolist()
