"""The check passes models of every kind, and names what is wrong of files and models that are."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as saved
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from attacks.model_files import inner, parts, sealed, with_inner
from pellucid import (
    ENGINES,
    Activation,
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
    save,
)
from pellucid.engines import NativeEngine, available
from pellucid.model_check import check
from pellucid.tables import Table, read_table

FILES = sorted((Path(__file__).parent / "data").glob("format-*/*.safetensors"))
SMALL = {"hidden_layer_sizes": (32, 32), "bag": 2, "min_steps": 100, "max_epochs": 4}


@pytest.fixture(scope="module")
def digits():
    data = datasets.load("digits")
    return np.asarray(data.X, float) / 16.0, np.asarray(data.y, int)


@pytest.fixture(scope="module")
def adult(tabular):
    return read_table(tabular / "adult.data.gz").frame[:2500]


@pytest.fixture(scope="module")
def california(tabular):
    return read_table(tabular / "california-housing.csv.gz").frame[:2500]


@pytest.fixture(scope="module")
def models(digits, adult, california):
    """Kind -> a trained model, and rows with answers as it takes them."""
    X, y = digits
    network = Network([64, 16, 10], "relu", "softmax", seed=0)
    network.train(X[:500], y[:500], epochs=3)
    early = {"early_stopping": True, "random_state": 0, "learning_rate_init": 0.02}
    classifier = MLPClassifier((16,), **early).fit(X[:500], y[:500])
    price = "median_house_value"
    whole = california.drop_nulls()
    features = whole.drop("ocean_proximity", price).to_numpy().astype(float)
    prices = whole[price].to_numpy().astype(float)
    regressor = make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(16,), target_scaling="standard", **early)
    ).fit(features, prices)
    table = Table(adult, "adult")
    predictor = Predictor.fit(table, "column_15", Recipe(settings={"epochs": 2})).predictor
    bag = TabularClassifier(**SMALL, random_state=0).fit(adult, "column_15")
    numbers_bag = TabularRegressor(**SMALL, random_state=0).fit(california, price)
    labels = adult["column_15"].to_numpy()
    without = adult.drop("column_15")
    return {
        "Network": (network, X, y),
        "MLPClassifier": (classifier, X, y),
        "Pipeline": (regressor, features, prices),
        "Predictor": (predictor, without, labels),
        "TabularClassifier": (bag, without, labels),
        "TabularRegressor": (numbers_bag, california.drop(price), california[price].to_numpy()),
    }


KINDS = (
    "Network", "MLPClassifier", "Pipeline", "Predictor", "TabularClassifier", "TabularRegressor",
)  # fmt: skip
IN_A_FILE = ["file", "finite weights", "digest", "test vectors", "model", "test rows"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_each_kind_and_its_file_pass_on_real_rows(kind, models, tmp_path):
    model, X, y = models[kind]
    result = check(model, X, y, rows=12)
    assert result.passed, str(result)
    verdicts = {c.name: c for c in result.checks}
    assert verdicts["finite weights"].verdict == "ok"
    for name in available()[:-1]:
        for what in ("outputs", "loss", "gradient"):
            assert verdicts[f"{what}, {name}"].verdict == "ok"
    layers = [c for c in result.checks if c.name.startswith("gradient of ")]
    assert len(layers) >= 4
    assert sum(c.verdict == "ok" and c.measured > 0.0 for c in layers) >= 4
    assert f"12 of {len(y)} rows" in result.about
    save(model, tmp_path / "model.safetensors")
    of_file = check(tmp_path / "model.safetensors", X, y, rows=12)
    assert of_file.passed, str(of_file)
    assert [c.name for c in of_file.checks[:6]] == IN_A_FILE
    assert {c.verdict for c in of_file.checks[:5]} == {"ok"}
    assert of_file.checks[6:] == result.checks[1:]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_files_of_every_format_pass(path):
    result = check(path, rows=4)
    assert result.passed, str(result)
    digest = next(c for c in result.checks if c.name == "digest")
    assert digest.verdict == ("ok" if path.parent.name == "format-3" else "not done")


@pytest.fixture
def good(models, tmp_path):
    """The bytes of a Predictor's file, and what writes others to a path."""
    save(models["Predictor"][0], tmp_path / "good.safetensors")

    def written(data):
        path = tmp_path / "bad.safetensors"
        path.write_bytes(data)
        return path

    return (tmp_path / "good.safetensors").read_bytes(), written


def test_a_flipped_bit_anywhere_is_found(good):
    data, written = good
    rng = np.random.default_rng(0)
    for at in (3, *rng.integers(8, len(data), size=15)):
        changed = bytearray(data)
        changed[at] ^= 1 << int(rng.integers(8))
        result = check(written(changed), rows=2)
        assert not result.passed, at
        if result.checks[0].verdict == "ok":
            assert "digest" in result.wrong


def test_a_weight_that_is_nan_is_found_though_the_digest_is_right(good):
    data, written = good
    header = parts(data)[0]["__metadata__"]
    theta = tensors_of(data)["theta"].copy()
    theta[7], theta[9] = np.nan, -np.inf
    result = check(written(sealed(saved(tensors_of(data) | {"theta": theta}, header))))
    (finite,) = [c for c in result.checks if c.name == "finite weights"]
    assert (finite.verdict, finite.measured) == ("FAILED", 2)
    assert "digest" not in result.wrong
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_model_in_memory_with_nan_fails_and_is_asked_no_more(models):
    network = Network.like(models["Network"][0])
    network.weights[0][3, 3] = np.nan
    result = check(network, *models["Network"][1:])
    assert result.wrong == ["finite weights"]
    assert {c.verdict for c in result.checks[1:]} == {"not done"}


@pytest.mark.parametrize("size", [1e-3, 1e-1])
def test_other_weights_under_a_right_digest_give_other_test_vectors(good, size):
    data, written = good
    header, tensors = parts(data)[0]["__metadata__"], tensors_of(data)
    tensors["theta"] = tensors["theta"] * (1.0 + size)
    result = check(written(sealed(saved(tensors, header))))
    assert result.wrong == ["test vectors", "model"]
    vectors = next(c for c in result.checks if c.name == "test vectors")
    assert vectors.measured > 100.0 * vectors.allowed


def test_another_table_under_a_right_digest_gives_other_test_rows(good):
    data, written = good
    about = inner(data)
    scale = about["table"]["encoder"]["scaler"]["scale"]
    scale[0] = 1.5 * scale[0]
    result = check(written(with_inner(data, about)))
    assert result.wrong == ["test rows"]
    rows = next(c for c in result.checks if c.name == "test rows")
    assert rows.measured > rows.allowed


def test_another_temperature_of_a_bag_gives_other_test_rows(models, tmp_path):
    path = tmp_path / "bag.safetensors"
    save(models["TabularClassifier"][0], path)
    about = inner(path.read_bytes())
    about["tabular"]["calibration"]["temperature"] *= 1.1
    path.write_bytes(with_inner(path.read_bytes(), about))
    assert check(path).wrong == ["test rows"]


def test_a_description_that_makes_no_model_is_found(good):
    data, written = good
    about = inner(data)
    about["table"]["target_name"] = 3
    result = check(written(with_inner(data, about)))
    assert result.wrong == ["model"]
    assert "3" in next(c for c in result.checks if c.name == "model").remark


def test_a_gradient_that_is_wrong_is_found_by_its_layers(digits):
    X, y = digits
    tanh = Activation("mine", np.tanh, lambda da, z, a: da * (1.0 - a))  # a, not its square
    network = Network([64, 12, 8, 10], ["relu", tanh], "softmax", seed=0)
    result = check(network, X, y)
    assert result.wrong == [
        "gradient of layer1.W", "gradient of layer1.b", "gradient of layer2.W",
        "gradient of layer2.b",
    ]  # fmt: skip
    own = [c for c in result.checks if c.name.endswith(", native")]
    assert all(c.verdict == "not done" and "of your own" in c.remark for c in own)


def test_an_engine_that_is_off_by_a_billionth_is_found(models, monkeypatch):
    class Off(NativeEngine):
        def value_and_gradient(self, *arguments):
            value, gradient = super().value_and_gradient(*arguments)
            return value, gradient * (1.0 + 1e-9) + 1e-9

    monkeypatch.setitem(ENGINES, "native", Off)
    model, X, y = models["Network"]
    assert check(model, X, y).wrong == ["gradient, native"]


def test_of_a_bag_the_network_that_is_wrong_is_named(models, monkeypatch):
    model, X, y = models["TabularClassifier"]

    class Off(NativeEngine):
        def forward(self, layout, theta, X):
            wrong = np.array_equal(theta, model._bag.members[1].theta)
            return super().forward(layout, theta, X) + (1e-3 if wrong else 0.0)

    monkeypatch.setitem(ENGINES, "native", Off)
    result = check(model, X, y, rows=4)
    assert result.wrong == ["outputs, native"]
    assert next(c for c in result.checks if c.name in result.wrong).remark == "network 2"


def test_a_gradient_of_zeros_is_no_pass():
    dead = Network([3, 2, 1], "relu", bias=False)
    dead.weights = [-np.ones((3, 2)), np.zeros((2, 1))]
    assert check(dead, np.ones((4, 3)), np.zeros(4)).wrong == ["gradient"]


def test_rows_and_answers_that_do_not_fit_are_refused(models):
    model, X, y = models["Network"]
    with pytest.raises(ValueError, match="4 rows and y has 3"):
        check(model, X[:4], y[:3])
    with pytest.raises(ValueError, match="y is given and X is not"):
        check(model, None, y)
    with pytest.raises(ValueError, match="no rows"):
        check(model, X[:0], y[:0])
    with pytest.raises(FileNotFoundError):
        check("nowhere.safetensors")


def test_it_is_text_html_and_plain_data(models):
    model, X, y = models["Network"]
    result = check(model, X, y)
    lines = str(result).splitlines()
    assert len(lines) == len(result.checks) + 3
    assert lines[-1].startswith("ok: ")
    html = result._repr_html_()
    assert html.count("<tr>") == len(result.checks) + 1
    assert json.loads(json.dumps(result.to_dict()))["passed"]


# --- on the command line ------------------------------------------------------------------------


def test_the_command_checks_a_model_on_data(run, models, adult):
    save(models["Predictor"][0], "model.safetensors")
    adult[:300].write_csv("adult.csv")
    result = run("check", "model.safetensors", "--data", "adult.csv", "--json")
    assert result.code == 0
    assert result.json["passed"]
    assert result.json["about"].endswith("on 32 of 300 rows")
    assert {"digest", "test rows", "gradient of layer1.W"} <= {
        c["name"] for c in result.json["checks"]
    }
    data = bytearray(Path("model.safetensors").read_bytes())
    data[-100] ^= 1
    Path("bad.safetensors").write_bytes(data)
    for more in ((), ("--data", "adult.csv")):
        result = run("check", "bad.safetensors", *more)
        assert (result.code, result.err) == (1, "")
        assert result.out.splitlines()[-1].startswith("FAILED: ")
        assert "digest" in result.out.splitlines()[-1]
    Path("cut.safetensors").write_bytes(data[:5000])
    result = run("check", "cut.safetensors", "--data", "adult.csv", "--json")
    assert result.code == 1
    assert result.json["verdict"] == "FAILED: file"
    left = {c["name"] for c in result.json["checks"] if c["verdict"] == "not done"}
    assert {"digest", "outputs, native", "gradient, native", "gradient"} <= left


def test_that_answers_are_random_is_said(run, models, adult):
    save(models["Predictor"][0], "model.safetensors")
    adult[:50].rename({"column_15": "colum_15"}).write_csv("mistyped.csv")
    result = run("check", "model.safetensors", "--data", "mistyped.csv")
    assert result.code == 0
    assert result.err == (
        "note: 'mistyped.csv' has no column 'column_15': random answers stand in\n"
    )
    (line,) = [line for line in result.out.splitlines() if line.startswith("answers ")]
    assert line.endswith("not done: the rows have none: random ones stand in")
    assert result.out.splitlines()[-1].endswith(", 1 not done")


def test_a_model_that_cannot_be_checked_as_asked_is_refused(run, models):
    save(models["Network"][0], "n.safetensors")
    for words in (
        ("check", "nowhere.safetensors"), ("check", "n.safetensors", "--target", "y"),
        ("check", "3-2", "--data", "iris"), ("check", "n.safetensors", "--data", "iris"),
    ):  # fmt: skip
        result = run(*words)
        assert (result.code, result.out) == (2, ""), words
        assert len(result.err.splitlines()) == 1


def test_a_bare_network_is_checked_on_data_with_its_answers(run):
    network = Network([64, 8, 10], "tanh", "softmax", seed=0)
    network.weights = [network.weights[0] / 16.0, network.weights[1]]
    network.save("n.safetensors")
    result = run("check", "n.safetensors", "--data", "digits")
    assert result.code == 0, result.out
    assert "on 32 of 1797 rows\n" in result.out
