"""ONNX files, run by onnxruntime: the model's own answers on real rows, whatever the model."""

import json
import sys
from dataclasses import replace
from functools import cache
from warnings import catch_warnings, simplefilter

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
)
from pellucid.encoding import TableEncoding
from pellucid.export import FORMS, translate
from pellucid.export import onnx as onnx_file
from pellucid.tables import Table, read_table

QUICK = {"min_steps": 60, "max_time": 2.0, "bag": 2, "random_state": 0}
TARGETS = {"adult": "column_15", "california": "median_house_value", "bike": "cnt"}
FILES = {
    "adult": "adult.data.gz", "california": "california-housing.csv.gz",
    "bike": "bike-hourly.csv.gz",
}  # fmt: skip
EVERY = [
    "digits estimator", "digits predictor", "adult bag", "adult predictor", "adult pipeline",
    "california bag", "california predictor", "bike bag", "bike predictor",
]  # fmt: skip
ROWS = 1000


def fitted(kind, name, folder):
    """A model of real rows, the first 1 000 of them without the answers, and their classes."""
    if name == "digits":
        digits = datasets.load("digits")
        frame = pl.DataFrame(digits.X, schema=[f"pixel {i}" for i in range(64)])
        if kind == "estimator":
            return MLPClassifier(max_iter=15, random_state=0).fit(digits.X / 16, digits.y), (
                digits.X[:ROWS] / 16
            )
        frame, target = frame.with_columns(kind=pl.Series(digits.y).cast(pl.String)), "kind"
    else:
        frame, target = read_table(folder / FILES[name]).frame[:3000], TARGETS[name]
        frame = frame.drop("casual", "registered", strict=False)
    X = frame.drop(target)
    if kind == "predictor":
        fit = Predictor.fit(Table(frame), target, Recipe(settings={"epochs": 3}))
        return fit.predictor, X[:ROWS]
    if kind == "pipeline":
        model = make_pipeline(TableEncoding(), MLPClassifier(max_iter=5, random_state=0))
        return model.fit(X, frame[target].to_numpy()), X[:ROWS]
    model = TabularClassifier if name == "adult" else TabularRegressor
    return model(**QUICK).fit(frame, target), X[:ROWS]


@pytest.fixture(scope="module")
def real(tabular):
    """Real models by name, with rows for them; each is made once."""

    @cache
    def made(which):
        name, kind = which.split()
        with catch_warnings():
            simplefilter("ignore", ConvergenceWarning)
            return fitted(kind, name, tabular)

    return made


def own_answers(model, X):
    """The model's probabilities, or numbers (n, k), and its labels."""
    if hasattr(model, "classes_") or getattr(model, "task", "") == "classification":
        return model.predict_proba(X), list(model.predict(X))
    return np.asarray(model.predict(X), float).reshape(len(X), -1), None


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def column_for(one, column):
    """A column of a table (n, 1), as who has never heard of pellucid would hand it over."""
    if one.type == "tensor(string)":
        texts = column.cast(pl.String).str.strip_chars().fill_null("").to_list()
        return np.array(texts, object)[:, None]
    if column.dtype == pl.String:
        column = column.str.to_datetime("%m/%d/%y").dt.epoch("us") / 86.4e9
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()[:, None]


def feed(run, X):
    inputs = run.get_inputs()
    if inputs[0].name == "X":
        kind = np.float32 if inputs[0].type == "tensor(float)" else np.float64
        return {"X": np.asarray(X, kind)}
    return {one.name: column_for(one, X[one.name]) for one in inputs}


def agrees(found, own, labels, names):
    """To 1e-6: probabilities as they are, numbers as a part of the largest."""
    answers = dict(zip(names, found, strict=True))
    if labels is None:
        largest = max(1.0, np.abs(own).max())
        np.testing.assert_allclose(answers["prediction"], own, rtol=0, atol=1e-6 * largest)
    else:
        np.testing.assert_allclose(answers["probabilities"], own, rtol=0, atol=1e-6)
        top = np.sort(own, axis=1)[:, -2:]
        clear = top[:, 1] - top[:, 0] > 1e-5
        assert clear.sum() > 0.9 * len(own)
        assert answers["label"][clear].tolist() == np.array(labels)[clear].tolist()


# --- the same answers ---------------------------------------------------------------------------


@pytest.mark.parametrize("which", EVERY)
def test_onnxruntime_gives_the_models_answers_on_real_rows(real, tmp_path, which):
    model, X = real(which)
    made = FORMS["onnx"](model, tmp_path / "m.onnx")
    assert made.difference <= 1e-6
    assert made.size == (tmp_path / "m.onnx").stat().st_size
    run = session(tmp_path / "m.onnx")
    names = [one.name for one in run.get_outputs()]
    assert len(X) == ROWS
    agrees(run.run(None, feed(run, X)), *own_answers(model, X), names)


@pytest.mark.parametrize("which", ["adult bag", "bike bag", "digits estimator"])
def test_so_does_the_reference_of_the_standard_itself(real, tmp_path, which):
    model, X = real(which)
    FORMS["onnx"](model, tmp_path / "m.onnx")
    run = session(tmp_path / "m.onnx")
    reference = ReferenceEvaluator(str(tmp_path / "m.onnx"))
    found = reference.run(None, feed(run, X[:50]))
    agrees(found, *own_answers(model, X[:50]), reference.output_names)


@pytest.mark.parametrize("which", ["adult bag", "bike predictor"])
def test_no_row_one_and_many_are_the_same_rows(real, tmp_path, which):
    model, X = real(which)
    FORMS["onnx"](model, tmp_path / "m.onnx")
    run = session(tmp_path / "m.onnx")
    *_, all_of_them = run.run(None, feed(run, X))
    *_, none = run.run(None, feed(run, X[:0]))
    assert none.shape == (0, all_of_them.shape[1])
    for i in (0, 7):
        *_, one = run.run(None, feed(run, X[i : i + 1]))
        np.testing.assert_allclose(one[0], all_of_them[i], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*pellucid.ACTIVATIONS])
def test_every_activation_is_the_same_in_float_and_in_double(tmp_path, name, dtype):
    scale = 0.05 if name == "exp" else 1.0
    network = Network([4, 8, 6, 2], [name, "tanh"], "softmax", seed=0, dtype=dtype)
    network.theta[...] *= scale
    FORMS["onnx"](network, tmp_path / "m.onnx")
    run = session(tmp_path / "m.onnx")
    X = np.random.default_rng(1).normal(size=(1000, 4)).astype(dtype) * 3
    label, found = run.run(None, {"X": X})
    assert found.dtype == dtype
    np.testing.assert_allclose(found, network.predict(X), rtol=0, atol=1e-6)
    assert label.tolist() == found.argmax(axis=1).tolist()
    if dtype == "float64":
        np.testing.assert_allclose(found, network.predict(X), rtol=0, atol=1e-14)


sizes = st.lists(st.integers(1, 9), min_size=2, max_size=4)
activations = st.sampled_from([name for name in pellucid.ACTIVATIONS if name != "exp"])
ends = st.sampled_from(["identity", "sigmoid", "softmax", "tanh", "softplus"])


@settings(max_examples=40)
@given(sizes, activations, ends, st.sampled_from(["float32", "float64"]), st.booleans(), st.data())
def test_any_network_gives_what_it_gives(tmp_path_factory, sizes, hidden, end, dtype, scaled, data):
    if end == "softmax":
        sizes = [*sizes[:-1], sizes[-1] + 1]
    network = Network(
        sizes, hidden, end, seed=data.draw(st.integers(0, 99)), dtype=dtype, scale_inputs=scaled,
        bias=data.draw(st.booleans()),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("any") / "m.onnx"
    FORMS["onnx"](network, path)
    X = np.random.default_rng(0).normal(size=(20, sizes[0])).astype(dtype)
    *_, found = session(path).run(None, {"X": X})
    own = network.predict(X)
    if end == "sigmoid" and sizes[-1] == 1:
        own = np.hstack([1 - own, own])
    np.testing.assert_allclose(found, own, rtol=1e-6, atol=1e-6)


def test_a_classifier_of_two_and_a_regressor_of_several(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    several = MLPRegressor(max_iter=400, tol=0.1, random_state=0, target_scaling="standard")
    several.fit(X, X[:, :2] * [1.0, 1e4] + [0.0, 1e5])
    two = make_pipeline(StandardScaler(), MLPClassifier(max_iter=400, tol=0.1, random_state=0))
    two.fit(X * 1e3 + 1e6, X[:, 0] > 0)
    for model, given_, shape in ((several, X, [2]), (two, X * 1e3 + 1e6, [])):
        FORMS["onnx"](model, tmp_path / "m.onnx")
        run = session(tmp_path / "m.onnx")
        names = [one.name for one in run.get_outputs()]
        assert run.get_outputs()[0].shape == ["rows", *shape]
        agrees(run.run(None, feed(run, given_)), *own_answers(model, given_), names)


# --- tables as they come ------------------------------------------------------------------------


ODD = ["a b", "quo\"te's", "é中", "class", "a.b", "a_b", "label", "probabilities", "X",
       "constant_0", "Gemm_3", "", "tab\tbed"]  # fmt: skip


@pytest.mark.parametrize("simple", [True, False], ids=["predictor", "bag"])
def test_columns_may_be_called_anything(tmp_path, simple):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(200, len(ODD)))
    X = pl.DataFrame(dict(zip(ODD, numbers.T, strict=True)))
    X = X.with_columns(
        pl.Series("class", ["rgb"[i % 3] for i in range(200)]), a_b=pl.col("a_b") > 0
    )
    y = np.where(numbers[:, 0] + numbers[:, 1] > 0, "ja", "nein")
    frame = X.with_columns(y=pl.Series(y))
    if simple:
        model = Predictor.fit(Table(frame), "y", Recipe(settings={"epochs": 3})).predictor
    else:
        model = TabularClassifier(**QUICK).fit(X, y)
    FORMS["onnx"](model, tmp_path / "m.onnx")
    run = session(tmp_path / "m.onnx")
    names = [one.name for one in run.get_inputs()]
    assert sorted(names) == sorted(name or "column 12" for name in ODD)
    assert [one.name for one in run.get_outputs()] == ["label_", "probabilities_"]
    fed = feed(run, X.rename({"": "column 12"}))
    agrees(run.run(None, fed), *own_answers(model, X), ["label", "probabilities"])


def test_what_is_missing_and_what_is_new_is_taken_as_the_model_takes_it(tmp_path):
    rng = np.random.default_rng(0)
    n = 400
    x = rng.normal(size=n)
    table = {
        "x": np.where(np.arange(n) % 7 == 0, np.nan, x),
        "hue": [None if i % 13 == 0 else "rgb"[i % 3] for i in range(n)],
        "place": [None if i % 29 == 0 else f"p{i % 90}" for i in range(n)],  # target-encoded
        "wet": rng.integers(2, size=n).astype(bool),
        "day": [f"20{i % 30:02d}-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:30"
                for i in range(n)],
    }  # fmt: skip
    model = TabularRegressor(**QUICK, bins=8).fit(table, x + table["wet"])
    FORMS["onnx"](model, tmp_path / "m.onnx")
    run = session(tmp_path / "m.onnx")
    assert {one.name: one.type for one in run.get_inputs()} == {
        "x": "tensor(double)", "hue": "tensor(string)", "place": "tensor(string)",
        "wet": "tensor(double)", "day": "tensor(double)",
    }  # fmt: skip
    days = ["1999-12-31 23:59:59", "2000-02-29 00:00", "1969-07-20 20:17:40", "2400-03-01 12:00"]
    since = np.array(days, "datetime64[s]").astype(float) / 86_400
    x = [np.nan, 1e6, -1e300, 0.0, 0.5]
    hue, place = (None, "g", "violet", "r", "b"), (None, "p3", "nowhere", "p89", "p0")
    new = {"x": x, "hue": hue, "place": place, "wet": [True, False, None, True, False],
           "day": [*days, None]}  # fmt: skip
    columns = {
        "x": np.array(x)[:, None],
        "hue": np.array([text or "" for text in hue], object)[:, None],
        "place": np.array([text or "" for text in place], object)[:, None],
        "wet": np.array([[1.0], [0.0], [np.nan], [1.0], [0.0]]),
        "day": np.array([*since, np.nan])[:, None],
    }
    (found,) = run.run(None, columns)
    own = model.predict(pl.DataFrame(new))
    np.testing.assert_allclose(found[:, 0], own, rtol=0, atol=1e-6 * max(1, np.abs(own).max()))


def test_an_input_that_rises_within_a_hair_gives_what_the_model_gives(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(2, size=600) * 3e3 + 1e5 + rng.normal(size=600) * 1e-2
    model = TabularRegressor(**QUICK, bins=48).fit({"x": x, "y": rng.normal(size=600)}, np.sin(x))
    program = translate(model).program
    assert max(cell.slope for cell in program.cells) > 1e4
    FORMS["onnx"](model, tmp_path / "m.onnx")
    new = {"x": rng.permutation(x), "y": rng.normal(size=600)}
    (found,) = session(tmp_path / "m.onnx").run(None, {k: v[:, None] for k, v in new.items()})
    np.testing.assert_allclose(found[:, 0], model.predict(new), rtol=0, atol=1e-6)


def test_tables_of_text_alone_and_of_dates_alone(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    text = {"a": [f"p{i % 50}" for i in range(300)], "b": [None, "x", "y"] * 100}
    days = {"day": (rng.integers(0, 9000, 300)).astype("datetime64[D]")}
    FORMS["onnx"](model := TabularRegressor(**QUICK).fit(text, y), tmp_path / "m.onnx")
    given_ = {k: np.array([v or "" for v in column], object)[:, None] for k, column in text.items()}
    (found,) = session(tmp_path / "m.onnx").run(None, given_)
    np.testing.assert_allclose(found[:, 0], model.predict(text), rtol=0, atol=1e-6)
    FORMS["onnx"](model := TabularRegressor(**QUICK).fit(days, y), tmp_path / "m.onnx")
    (found,) = session(tmp_path / "m.onnx").run(None, {"day": days["day"].astype(float)[:, None]})
    np.testing.assert_allclose(found[:, 0], model.predict(days), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([3, -1, 2], "int64"), ([True, False], "bool"), (["é", "", "a b"], "string"),
        ([1.0, 2.0], "double"), (np.array([3, 1], np.uint8), "int64"),
    ],
    ids=["int", "bool", "text", "float", "uint8"],
)  # fmt: skip
def test_labels_are_of_the_type_of_the_classes(tmp_path, labels, kind):
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.array(labels)[np.arange(60) % len(labels)]
    model = TabularClassifier(**QUICK).fit(X, y)
    FORMS["onnx"](model, tmp_path / "m.onnx")
    run = session(tmp_path / "m.onnx")
    label, probabilities = run.get_outputs()
    assert (label.type, label.shape) == (f"tensor({kind})", ["rows"])
    assert (probabilities.type, probabilities.shape) == ("tensor(double)", ["rows", len(labels)])
    found = run.run(None, {one.name: X[:, [i]] for i, one in enumerate(run.get_inputs())}
                    if len(run.get_inputs()) > 1 else {"X": X})  # fmt: skip
    assert found[0].tolist() == model.predict(X).tolist()


# --- the file -----------------------------------------------------------------------------------


def test_the_file_says_what_it_is(real, tmp_path):
    model, X = real("adult predictor")
    FORMS["onnx"](model, tmp_path / "m.onnx")
    file = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(file, full_check=True)
    assert {one.domain: one.version for one in file.opset_import} == {"": 13, "ai.onnx.ml": 2}
    assert file.ir_version == 7
    assert (file.producer_name, file.producer_version) == ("pellucid", pellucid.__version__)
    assert {node.domain for node in file.graph.node} == {"", "ai.onnx.ml"}
    known = {one.key: one.value for one in file.metadata_props}
    assert known["made_by"] == f"pellucid {pellucid.__version__}"
    assert (known["model"], known["task"]) == ("Predictor", "classification")
    assert (known["target"], known["opset"], known["format"]) == ("column_15", "13", "1")
    assert json.loads(known["classes"]) == ["<=50K", ">50K"]
    assert json.loads(known["outputs"]) == ["label", "probabilities"]
    assert json.loads(known["metrics"]) == model.about["metrics"]
    columns = json.loads(known["columns"])
    assert [column["name"] for column in columns] == X.columns
    assert [column["kind"] for column in columns[:2]] == ["number", "category"]
    assert "column_15" in file.doc_string
    assert "NaN where there is none" in file.doc_string
    meta = session(tmp_path / "m.onnx").get_modelmeta()
    assert meta.custom_metadata_map == known
    assert meta.description == file.doc_string


def test_the_same_model_is_the_same_bytes_and_no_node_for_each_level(real, tmp_path):
    model, _ = real("adult bag")
    for name in ("a.onnx", "b.onnx"):
        FORMS["onnx"](model, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert len(onnx.load(tmp_path / "a.onnx").graph.node) < 100


def test_networks_in_double_are_half_as_large_in_float(real, tmp_path):
    model, X = real("digits estimator")
    double = FORMS["onnx"](model, tmp_path / "double.onnx")
    single = FORMS["onnx"](model, tmp_path / "single.onnx", dtype="float32")
    assert double.difference < 1e-13
    assert 1e-13 < single.difference <= 1e-5
    assert single.size < 0.55 * double.size
    run = session(tmp_path / "single.onnx")
    _, found = run.run(None, {"X": X.astype(np.float32)})
    np.testing.assert_allclose(found, model.predict_proba(X), rtol=0, atol=1e-5)


# --- what is refused ----------------------------------------------------------------------------


def test_a_file_that_would_not_give_the_models_answers_is_never_written(real, tmp_path):
    translation = translate(real("adult bag")[0])
    program = translation.program
    first, *rest = program.networks[0]
    bent = replace(first, W=first.W * np.float32(1.001))
    wrong = replace(program, networks=((bent, *rest), *program.networks[1:]))
    with pytest.raises(ValueError, match=r"ONNX export is .* off the model's answers .* nothing"):
        FORMS["onnx"](replace(translation, program=wrong), tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_nor_is_one_whose_labels_are_others(tmp_path, monkeypatch):
    labels = onnx_file._labels
    monkeypatch.setattr(onnx_file, "_labels", lambda classes: labels(classes)[::-1])
    with pytest.raises(ValueError, match="labels are not the likeliest: nothing is written"):
        FORMS["onnx"](Network([2, 3, 2], "tanh", "softmax", seed=0), tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    network = Network([2, 3, 2], "tanh", "softmax", seed=0)
    with pytest.raises(ValueError, match='"float32" or "float64", not \'int8\''):
        FORMS["onnx"](network, tmp_path / "m.onnx", dtype="int8")
    with pytest.raises(FileNotFoundError, match="no folder"):
        FORMS["onnx"](network, tmp_path / "none" / "m.onnx")
    translation = translate(network)
    for labels in ((1, "a"), (True, 1), (2**70, 1), (b"a", b"b")):
        answer = replace(translation.program.answer, labels=labels)
        odd = replace(translation, program=replace(translation.program, answer=answer))
        with pytest.raises(ValueError, match="cannot be labels in ONNX: expected text, numbers"):
            FORMS["onnx"](odd, tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_the_packages_it_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"needs onnxruntime: pip install 'pellucid\[onnx\]'"):
        FORMS["onnx"](Network([2, 1], seed=0), tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


# --- the command --------------------------------------------------------------------------------


def test_the_command_writes_it_and_says_how_well_it_agrees(run, table, tmp_path):
    run("train", table, "--bag", 2, "--max-time", 0.2, "--out", "m.safetensors")
    result = run("export", "m.safetensors", "--onnx", "m.onnx")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("m.onnx  ")
    assert "off on 64 rows, opset 13, networks float32" in result.out
    model = pellucid.load("m.safetensors")
    X = read_table(table).frame.drop("kind")
    ready = session("m.onnx")
    agrees(ready.run(None, feed(ready, X)), *own_answers(model, X), ["label", "probabilities"])


def test_the_command_makes_networks_smaller_if_asked(run):
    run("train", "digits", "--epochs", 2, "--out", "m.safetensors")
    as_they_are = run("export", "m.safetensors", "--onnx", "a.onnx")
    smaller = run("export", "m.safetensors", "--onnx", "b.onnx", "--float32")
    assert "opset 13, networks float64" in as_they_are.out
    assert "opset 13, networks float32" in smaller.out
    types = [session(name).get_inputs()[0].type for name in ("a.onnx", "b.onnx")]
    assert types == ["tensor(double)"] * 2  # of named columns, whatever networks are in


def test_the_command_refuses_in_one_line(run, monkeypatch):
    Network([2, 3, 1], seed=0).save("m.safetensors")
    refused = run("export", "m.safetensors", "--float32", "--json", "m.json")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--float32 is for --onnx" in refused.err
    monkeypatch.setitem(sys.modules, "onnx", None)
    refused = run("export", "m.safetensors", "--onnx", "m.onnx")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "needs onnx: pip install 'pellucid[onnx]'" in refused.err
