"""skops files become estimators: the same numbers, and nothing built that is not of an MLP."""

import io
import json
import pickle
import zipfile

import numpy as np
import pandas
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid
from pellucid import from_skops

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)


def answers(model, rows):
    return getattr(model, "predict_proba", model.predict)(rows)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize(
    ("solver", "dtype"), [("adam", "float32"), ("sgd", "float64"), ("lbfgs", "float64")]
)
@pytest.mark.parametrize(
    ("kind", "rows", "targets"),
    [
        (MLPClassifier, X, Y),
        (MLPClassifier, X, NAMES),
        (MLPClassifier, X, NAMES == "setosa"),
        (MLPClassifier, X, np.eye(3, dtype=int)[Y]),
        (MLPRegressor, X_NUMBERS, NUMBERS),
        (MLPRegressor, X_NUMBERS, np.stack([NUMBERS, -NUMBERS], axis=1)),
    ],
)
def test_the_estimator_is_scikit_learns(kind, rows, targets, solver, activation, dtype):
    rows = rows.astype(dtype)
    theirs = kind(
        hidden_layer_sizes=(5, 4), activation=activation, solver=solver, max_iter=4,
        learning_rate_init=1e-4, random_state=0, early_stopping=solver == "adam",
    ).fit(rows, targets)  # fmt: skip
    ours = from_skops(skops.io.dumps(theirs))
    assert type(ours) is getattr(pellucid, kind.__name__)
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
    expected = answers(theirs, rows)
    largest = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(answers(ours, rows), expected, rtol=0, atol=1e-6 * largest)
    if kind is MLPClassifier:
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


def test_what_files_may_also_hold_is_read(tmp_path):
    """Named columns, names as objects, a random state of one's own, moments, packed arrays."""
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    model = MLPClassifier((5,), random_state=np.random.RandomState(3), max_iter=3)
    model.fit(frame, np.array(NAMES, dtype=object))
    model.partial_fit(frame, NAMES)
    path = tmp_path / "model.skops"
    skops.io.dump(model, path, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    ours = from_skops(path)
    assert ours.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(ours.predict(frame), model.predict(frame))
    ours.partial_fit(frame, NAMES)  # training goes on
    assert from_skops(path.read_bytes()).n_iter_ == model.n_iter_


MODEL = MLPClassifier((3,), tol=10.0, n_iter_no_change=1, random_state=0).fit(X, Y)
FILE = skops.io.dumps(MODEL)


def remade(change=None, members=None, **settings):
    """The file with its schema changed, and more members."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(FILE)) as file, zipfile.ZipFile(made, "w", **settings) as new:
        schema = json.loads(file.read("schema.json"))
        if change is not None:
            schema = change(schema) or schema
        for name in file.namelist():
            if name not in ("schema.json", *(members or {})):
                new.writestr(name, file.read(name))
        for name, data in (members or {}).items():
            new.writestr(name, data)
        new.writestr("schema.json", schema if isinstance(schema, str) else json.dumps(schema))
    return made.getvalue()


def attribute(name, value):
    def change(schema):
        schema["content"]["content"][name] = value

    return change


def part(kind, loader, **more):
    module, _, name = kind.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def plain(value):
    return part("builtins.str", "JsonNode", content=json.dumps(value), is_json=True)


def laughs():
    """Lists of the list before, twice each: 2^60 parts."""
    inner = part("builtins.list", "ListNode", content=[plain(1)], __id__=1)
    rows = [inner]
    for i in range(2, 62):
        again = part("builtins.list", "ListNode", content=[], __id__=i - 1)
        rows.append(part("builtins.list", "ListNode", content=[again, again], __id__=i))
    return part("builtins.list", "ListNode", content=rows)


def within_itself():
    again = part("builtins.list", "ListNode", content=[], __id__=7)
    return part("builtins.list", "ListNode", content=[again], __id__=7)


def first_weights(schema):
    return schema["content"]["content"]["coefs_"]["content"][0]["file"]


with zipfile.ZipFile(io.BytesIO(FILE)) as _file:
    WEIGHTS = first_weights(json.loads(_file.read("schema.json")))


def array(values):
    made = io.BytesIO()
    np.save(made, values, allow_pickle=True)
    return made.getvalue()


def many(schema):
    repeated = part("numpy.ndarray", "NdArrayNode", type="numpy", file=WEIGHTS)
    schema["content"]["content"]["x"] = part(
        "builtins.list", "ListNode", content=[repeated] * 2_000
    )


def deep(schema):
    return '{"__class__": ' + "[" * 200_000 + "]" * 200_000 + "}"


OTHERS = {
    r"holds a sklearn.ensemble._forest.RandomForestClassifier: expected an MLPClassifier":
        skops.io.dumps(RandomForestClassifier(2).fit(X, Y)),
    r"holds a sklearn.pipeline.Pipeline: .*; save the last step of a pipeline":
        skops.io.dumps(make_pipeline(StandardScaler(), MODEL)),
    r"holds a builtins.dict: expected": skops.io.dumps({"model": MODEL}),
    r"holds a posix.system \(FunctionNode\), which no MLP estimator is made of":
        remade(attribute("x", part("posix.system", "FunctionNode"))),
    r"holds a builtins.eval \(TypeNode\)":
        remade(attribute("x", part("builtins.eval", "TypeNode"))),
    r"holds a functools.partial \(PartialNode\)":
        remade(attribute("x", part("functools.partial", "PartialNode", content={}))),
    r"holds a builtins.set \(SetNode\)":
        remade(attribute("x", part("builtins.set", "SetNode", content=[]))),
    r"holds a operator.methodcaller \(OperatorFuncNode\)":
        remade(attribute("x", part("operator.methodcaller", "OperatorFuncNode", attrs=plain(1)))),
    r"holds a os.system \(ObjectNode\)":
        remade(attribute("x", part("os.system", "ObjectNode", content=None))),
    r"holds a numpy.memmap \(NdArrayNode\)":
        remade(attribute("x", part("numpy.memmap", "NdArrayNode", type="numpy", file=WEIGHTS))),
    r"has more than 200000 parts": remade(attribute("x", laughs())),
    r"a part of it is within itself": remade(attribute("x", within_itself())),
    r"repeats its arrays to more than \d+ bytes":
        remade(many, {WEIGHTS: array(np.zeros((4, 30_000)))}),
    r"unpacks to more than \d+ bytes":
        remade(members={"zeros.npy": bytes(60_000_000)}, compression=zipfile.ZIP_DEFLATED),
    r"is a damaged skops file|or is damaged": remade(deep),
    r"is a zip, but not a skops file": b"PK\x05\x06" + bytes(18),
    r"is not a skops file, or is damaged": pickle.dumps(MODEL),
    r"holds an array of format": remade(members={WEIGHTS: b"\x93NUMPY\x09\x00" + bytes(50)}),
    r"holds a damaged array, float64 \(1099511627776, 3\)":
        remade(members={WEIGHTS: array(np.zeros((4, 3))).replace(
            b"(4, 3), }" + b" " * 12, b"(1099511627776, 3), }")}),
    r"holds a damaged array, object": remade(members={WEIGHTS: array(np.array([{}], object))}),
    r"its layers have the shapes \[\(3, 4\), \(3, 3\)\]":
        remade(members={WEIGHTS: array(MODEL.coefs_[0].T.copy())}),
    r"its weights are float64, int64":
        remade(members={WEIGHTS: array(np.ones((4, 3), "int64"))}),
    r"theta holds NaN or inf": remade(members={WEIGHTS: array(np.full((4, 3), np.nan))}),
    r"the estimator in it has not been fitted": skops.io.dumps(MLPClassifier()),
    r"is damaged, or from another release": remade(attribute("activation", plain("elsewhere"))),
    r"is off by 0.\d+: at most 1e-06": remade(attribute("out_activation_", plain("logistic"))),
}  # fmt: skip


@pytest.mark.parametrize("message", OTHERS)
def test_what_does_not_belong_is_named_before_it_is_built(message):
    with pytest.raises(ValueError, match=message) as caught:
        from_skops(OTHERS[message])
    assert "\n" not in str(caught.value)


def test_the_file_that_the_changed_ones_are_made_of_is_read():
    assert from_skops(remade()).coefs_[0].shape == (4, 3)


def test_a_file_cut_off_anywhere_is_one_clear_error():
    for end in [*range(1, len(FILE), 97), len(FILE) - 1]:
        with pytest.raises(ValueError, match=r"is not a skops file, or is damaged"):
            from_skops(FILE[:end])


with zipfile.ZipFile(io.BytesIO(FILE)) as _file:
    SCHEMA = _file.read("schema.json").decode()


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 255)), min_size=1,
                max_size=3))  # fmt: skip
def test_a_file_with_other_bytes_is_an_estimator_or_one_clear_error(changes):
    data = bytearray(FILE)
    for place, byte in changes:
        data[place] = byte
    assert_read_or_refused(bytes(data))


@settings(max_examples=250)
@given(st.integers(0, len(SCHEMA) - 1), st.sampled_from(list('0123456789"{}[],:ntrue.-_ax')))
def test_a_file_whose_schema_says_something_else_is_an_estimator_or_one_clear_error(place, letter):
    assert_read_or_refused(remade(lambda _: SCHEMA[:place] + letter + SCHEMA[place + 1 :]))


def assert_read_or_refused(data):
    try:
        first = from_skops(data).coefs_[0]
    except ValueError as refused:
        message, first = str(refused), np.zeros(1)
    else:
        message = "none"
    assert message
    assert "\n" not in message
    assert len(message) < 600
    assert np.isfinite(first).all()
