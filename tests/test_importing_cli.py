"""`pellucid import` and `import_model`: one way in, and nothing written that is not right."""

import pickle
import zipfile

import numpy as np
import onnx
import pytest
import skops.io
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

import pellucid
from pellucid import Network, import_model

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def classifier():
    return MLPClassifier((10,), max_iter=20, random_state=0).fit(X, NAMES)


@pytest.fixture
def onnx_file(classifier, tmp_path):
    """What a converter makes of the classifier."""
    path = tmp_path / "model.onnx"
    tensors, nodes, x = [], [], "x"
    pairs = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    for i, (pair, unit) in enumerate(zip(pairs, ["Relu", "Softmax"], strict=True)):
        tensors += [
            numpy_helper.from_array(array.astype("float32"), f"{name}{i}")
            for name, array in zip("Wb", pair, strict=True)
        ]
        nodes += [
            helper.make_node("MatMul", [x, f"W{i}"], [f"p{i}"], f"product{i}"),
            helper.make_node("Add", [f"p{i}", f"b{i}"], [f"z{i}"], f"sum{i}"),
            helper.make_node(unit, [f"z{i}"], [x := f"a{i}"], f"unit{i}"),
        ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
            for name, size in (("x", 4), ("a1", 3))]  # fmt: skip
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], tensors)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def test_an_onnx_file_becomes_a_model_file(run, onnx_file, classifier):
    result = run("import", onnx_file, "--out", "iris.safetensors")
    assert (result.code, result.err) == (0, "")
    head, difference, wrote = result.out.splitlines()
    assert head == "Network(4 -> 10 relu -> 3 softmax, cross_entropy, 83 parameters)"
    assert difference.startswith("on 256 random rows at most ")
    assert difference.endswith(" from what the file itself gives")
    assert float(difference.split()[6]) < 1e-6
    assert wrote == "wrote iris.safetensors"
    loaded = pellucid.load("iris.safetensors")
    np.testing.assert_allclose(loaded.predict(X), classifier.predict_proba(X), atol=1e-6)


def test_another_tensor_may_be_the_answer(run, onnx_file):
    assert run("import", onnx_file, "--output", "z1").code == 0
    raw = Network.load("model.safetensors")
    assert str(raw.architecture) == "4 -> 10 relu -> 3 identity"


def test_a_skops_file_becomes_a_model_file(run, classifier, tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(classifier, path)
    result = run("import", path, "--out", "iris.safetensors")
    assert (result.code, result.err) == (0, "")
    assert "Network(4 -> 10 relu -> 3 softmax" in result.out
    assert "from what the file itself gives" in result.out
    assert run("info", "iris.safetensors").code == 0
    loaded = pellucid.load("iris.safetensors")
    assert isinstance(loaded, pellucid.MLPClassifier)
    assert loaded.predict(X).tolist() == classifier.predict(X).tolist()


def assert_refused(result, *words):
    assert result.code == 2
    assert result.out == ""
    line = result.err.strip()
    assert line.startswith("pellucid: ")
    assert "\n" not in line
    for word in words:
        assert word in line, (word, line)


def test_what_is_refused_leaves_no_file(run, onnx_file, classifier, tmp_path):
    assert_refused(run("import", "nothing.onnx"), "nothing.onnx")
    assert_refused(run("import", onnx_file, "--out", onnx_file), "is read")
    assert_refused(run("import", onnx_file, "--output", "z9"), "'z9'", "z1")
    model = onnx.load(onnx_file)
    model.graph.node[2].op_type = "Round"
    onnx.save(model, tmp_path / "other.onnx")
    assert_refused(run("import", tmp_path / "other.onnx"), "node 'unit0' (Round)", "dense layers")
    pipe = tmp_path / "pipe.skops"
    skops.io.dump(make_pipeline(classifier), pipe)
    assert_refused(run("import", pipe), "sklearn.pipeline.Pipeline", "last step")
    skops.io.dump(classifier, pipe)
    assert_refused(run("import", pipe, "--output", "y"), "output", "ONNX")
    (tmp_path / "pickled.skops").write_bytes(pickle.dumps(classifier))
    assert_refused(run("import", tmp_path / "pickled.skops"), "is a pickle", "run code")
    (tmp_path / "text.onnx").write_text("not a network")
    assert_refused(run("import", tmp_path / "text.onnx"), "text.onnx", "not an ONNX file")
    assert not (tmp_path / "model.safetensors").exists()


def test_one_door_takes_estimators_and_files(classifier, onnx_file, tmp_path):
    ours = import_model(classifier)
    assert isinstance(ours, pellucid.MLPClassifier)
    data = skops.io.dumps(classifier)
    np.testing.assert_array_equal(import_model(data).coefs_[0], ours.coefs_[0])
    from_file, from_bytes = import_model(onnx_file), import_model(onnx_file.read_bytes())
    np.testing.assert_array_equal(from_file.theta, from_bytes.theta)
    assert isinstance(import_model(str(onnx_file)), Network)
    assert import_model(onnx_file, output="z0").architecture.n_outputs == 10


def test_the_door_says_what_it_is_that_does_not_fit(classifier, tmp_path):
    with pytest.raises(
        TypeError, match=r"model is a Pipeline: .* \(of a pipeline, its last step\)"
    ):
        import_model(make_pipeline(classifier))
    with pytest.raises(TypeError, match="model is a LogisticRegression"):
        import_model(LogisticRegression())
    with pytest.raises(TypeError, match="source is a dict: expected an MLP estimator"):
        import_model({})
    with pytest.raises(ValueError, match="output is 'y': only an ONNX file has tensors"):
        import_model(classifier, output="y")
    path = tmp_path / "model.safetensors"
    Network([2, 1]).save(path)
    with pytest.raises(ValueError, match=r"is a safetensors file: pellucid\.load opens"):
        import_model(path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("readme", "nothing here")
    with pytest.raises(ValueError, match=r"other.zip' is a zip, but not a skops file"):
        import_model(tmp_path / "other.zip")
    for protocol in range(6):
        (tmp_path / "p").write_bytes(pickle.dumps(classifier, protocol=protocol))
        with pytest.raises(ValueError, match=r"is a pickle|is not an ONNX file"):
            import_model(tmp_path / "p")


def test_counts_keep_their_exponential_output():
    model = MLPRegressor("poisson", (5,), solver="lbfgs", max_iter=5, random_state=0).fit(X, Y)
    ours = import_model(skops.io.dumps(model))
    assert ours.network_.architecture.output_activation.name == "exp"
    np.testing.assert_allclose(ours.predict(X), model.predict(X), rtol=1e-6)
