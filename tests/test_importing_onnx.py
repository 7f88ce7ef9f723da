"""ONNX files become networks: the same numbers, onnxruntime's answers, and nothing half-read."""

import io
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import pellucid
from pellucid import from_onnx
from pellucid.importing.agreement import check_onnx
from pellucid.importing.expressions import OPERATORS

FLOATS = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


def node(kind, inputs, outputs, **settings):
    return helper.make_node(kind, inputs, outputs, f"{kind}_{outputs[0]}", **settings)


def constant(name, value, dtype):
    return node("Constant", [], [name], value=numpy_helper.from_array(np.array(value, dtype)))


def whole(nodes, tensors, dtype="float32", outputs=("y",), opset=17, shape=("n", "k")):
    """An ONNX file's bytes."""
    kind = FLOATS[dtype]
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("x", kind, shape)],
        [o if not isinstance(o, str) else helper.make_tensor_value_info(o, kind, ["n", "m"])
         for o in outputs],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in tensors.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return model.SerializeToString()


def their_answer(data, X, output=None):
    """What onnxruntime says or, where it lacks an operator in this type, ONNX's own reference."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        session = ReferenceEvaluator(onnx.load_from_string(data))
    return session.run([output] if output else None, {"x": X})[0]


def single(kind, **settings):
    return lambda x, y, dtype: [node(kind, [x], [y], **settings)]


def silu(x, y, dtype):
    return [node("Sigmoid", [x], [f"{y}s"]), node("Mul", [x, f"{y}s"], [y])]


def swapped_silu(x, y, dtype):
    return [node("Sigmoid", [x], [f"{y}s"]), node("Mul", [f"{y}s", x], [y])]


def mish(x, y, dtype):
    return [node("Softplus", [x], [f"{y}p"]), node("Tanh", [f"{y}p"], [f"{y}t"]),
            node("Mul", [x, f"{y}t"], [y])]  # fmt: skip


def gelu(x, y, dtype):
    return [
        constant(f"{y}r", np.sqrt(2), dtype), constant(f"{y}1", 1, dtype),
        constant(f"{y}h", 0.5, dtype), node("Div", [x, f"{y}r"], [f"{y}d"]),
        node("Erf", [f"{y}d"], [f"{y}e"]), node("Add", [f"{y}e", f"{y}1"], [f"{y}a"]),
        node("Mul", [x, f"{y}a"], [f"{y}m"]), node("Mul", [f"{y}m", f"{y}h"], [y]),
    ]  # fmt: skip


def other_gelu(x, y, dtype):
    return [
        constant(f"{y}r", [1 / np.sqrt(2)], dtype), constant(f"{y}1", [1], dtype),
        constant(f"{y}h", [0.5], dtype), node("Mul", [f"{y}r", x], [f"{y}d"]),
        node("Erf", [f"{y}d"], [f"{y}e"]), node("Add", [f"{y}1", f"{y}e"], [f"{y}a"]),
        node("Mul", [f"{y}a", f"{y}h"], [f"{y}m"]), node("Mul", [x, f"{y}m"], [y]),
    ]  # fmt: skip


UNITS = {
    "identity": [single("Identity")],
    "relu": [single("Relu")],
    "tanh": [single("Tanh")],
    "sigmoid": [single("Sigmoid")],
    "elu": [single("Elu"), single("Elu", alpha=1.0)],
    "selu": [single("Selu")],
    "leaky_relu": [single("LeakyRelu"), single("LeakyRelu", alpha=0.01)],
    "softplus": [single("Softplus")],
    "softmax": [single("Softmax"), single("Softmax", axis=1)],
    "exp": [single("Exp")],
    "gelu": [gelu, other_gelu, single("Gelu")],
    "swish": [silu, swapped_silu],
    "mish": [mish, single("Mish")],
}


def test_every_activation_has_a_form_in_onnx():
    assert set(UNITS) == set(pellucid.ACTIVATIONS)


def gemm(draw, x, z, W, b, tensors):
    turned = draw(st.booleans())
    tensors[f"{z}W"] = W.T.copy() if turned else W
    names = [x, f"{z}W"]
    if b is not None:
        names.append(f"{z}b")
        tensors[f"{z}b"] = b.reshape(1, -1) if draw(st.booleans()) else b
    return [node("Gemm", names, [z], transB=int(turned))]


def product_and_sum(draw, x, z, W, b, tensors):
    tensors[f"{z}W"] = W.T.copy() if (turned := draw(st.booleans())) else W
    nodes = [node("Transpose", [f"{z}W"], [f"{z}T"], perm=[1, 0])] if turned else []
    nodes.append(node("MatMul", [x, f"{z}T" if turned else f"{z}W"], [z if b is None else f"{z}p"]))
    if b is not None:
        tensors[f"{z}b"] = b
        pair = [f"{z}p", f"{z}b"]
        nodes.append(node("Add", pair if draw(st.booleans()) else pair[::-1], [z]))
    return nodes


IDLE = [
    single("Identity"),
    lambda x, y, dtype: [node("Dropout", [x], [y])],
    lambda x, y, dtype: [node("Flatten", [x], [y], axis=1)],
    lambda x, y, dtype: [node("Cast", [x], [y], to=FLOATS[dtype])],
]


@st.composite
def networks(draw):
    """An ONNX file, and the layers that it was made of."""
    dtype = draw(st.sampled_from(["float32", "float64"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(1, 7), min_size=2, max_size=5))
    nodes, tensors, layers, x = [], {}, [], "x"
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        if draw(st.booleans()):
            nodes += draw(st.sampled_from(IDLE))(x, f"i{i}", dtype)
            x = f"i{i}"
        W = (rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)).astype(dtype)
        b = rng.normal(size=n_out).astype(dtype) if draw(st.booleans()) else None
        nodes += draw(st.sampled_from([gemm, product_and_sum]))(draw, x, f"z{i}", W, b, tensors)
        known = [name for name in UNITS if n_out > 1 or name != "softmax"]
        unit = draw(st.sampled_from(known))
        nodes += draw(st.sampled_from(UNITS[unit]))(f"z{i}", f"a{i}", dtype)
        layers.append((W, b, unit))
        x = f"a{i}"
    nodes[-1].output[0] = "y"
    return whole(nodes, tensors, dtype, opset=20), layers, dtype


@settings(max_examples=150)
@given(networks())
def test_a_chain_is_the_network_that_onnxruntime_runs(drawn):
    data, layers, dtype = drawn
    network = from_onnx(data)
    assert network.theta.dtype == dtype
    for i, (W, b, unit) in enumerate(layers):
        np.testing.assert_array_equal(network.weights[i], W)
        assert (network.biases[i] is None) == (b is None)
        if b is not None:
            np.testing.assert_array_equal(network.biases[i], b)
        assert network.architecture.layers[i].activation.name == unit
    X = np.random.default_rng(1).normal(size=(20, network.architecture.n_inputs)).astype(dtype)
    with np.errstate(over="ignore"):
        theirs = their_answer(data, X)
        largest = max(1.0, np.abs(theirs).max())
        np.testing.assert_allclose(network.predict(X), theirs, rtol=0, atol=1e-6 * largest)


W32, W64 = np.eye(3, 2, dtype="float32") + 0.5, np.eye(3, 2) + 0.5
DENSE = node("MatMul", ["x", "W"], ["z"])


def test_operators_with_factors_are_applied_once():
    X = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    scaled = node("Gemm", ["x", "W", "b"], ["y"], alpha=0.5, beta=3.0)
    data = whole([scaled], {"W": W32, "b": np.array([1.0, 2.0], "float32")})
    np.testing.assert_allclose(from_onnx(data).predict(X), their_answer(data, X), atol=1e-6)
    one = whole([node("Gemm", ["x", "W", "b"], ["y"])], {"W": W32, "b": np.float32(2.0)})
    assert from_onnx(one).biases[0].tolist() == [2.0, 2.0]
    np.testing.assert_allclose(from_onnx(one).predict(X), their_answer(one, X), atol=1e-6)


def test_softmax_is_along_the_row_by_default_in_old_and_new_files():
    for opset, axis in ((11, None), (13, None), (11, 1), (13, -1)):
        settings = {} if axis is None else {"axis": axis}
        data = whole([DENSE, node("Softmax", ["z"], ["y"], **settings)], {"W": W32}, opset=opset)
        assert from_onnx(data).architecture.output_activation.name == "softmax"


def test_an_image_is_taken_as_the_row_of_its_pixels():
    W = np.random.default_rng(0).normal(size=(12, 2)).astype("float32")
    for flat in (
        [node("Flatten", ["x"], ["f"])],
        [constant("s", [-1, 12], "int64"), node("Reshape", ["x", "s"], ["f"])],
    ):
        data = whole([*flat, node("MatMul", ["f", "W"], ["y"])], {"W": W}, shape=("n", 1, 3, 4))
        images = np.random.default_rng(1).normal(size=(5, 1, 3, 4)).astype("float32")
        ours = from_onnx(data).predict(images.reshape(5, -1))
        np.testing.assert_allclose(ours, their_answer(data, images), atol=1e-6)
        assert check_onnx(data, from_onnx(data), "a file") < 1e-6


def as_converters_write_a_classifier(zipped):
    """What a converter of scikit-learn's classifiers makes: probabilities, then labels of them."""
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["n"])
    nodes = [
        node("MatMul", ["x", "W"], ["m"]), node("Add", ["m", "b"], ["z"]),
        node("Softmax", ["z"], ["probabilities"]),
        node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]  # fmt: skip
    outputs = [label, "probabilities"]
    if zipped:
        of_floats = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
        by_class = helper.make_map_type_proto(TensorProto.INT64, of_floats)
        sequence = helper.make_sequence_type_proto(by_class)
        outputs = [label, helper.make_value_info("maps", sequence)]
        settings = {"domain": "ai.onnx.ml", "classlabels_int64s": [0, 1]}
        nodes.append(helper.make_node("ZipMap", ["probabilities"], ["maps"], "zip", **settings))
    return whole(nodes, {"W": W32, "b": np.ones(2, "float32")}, outputs=outputs)


def test_labels_beside_probabilities_are_left_alone():
    network = from_onnx(as_converters_write_a_classifier(zipped=False))
    assert str(network.architecture) == "3 -> 2 softmax"
    zipped = as_converters_write_a_classifier(zipped=True)
    assert str(from_onnx(zipped, output="probabilities").architecture) == "3 -> 2 softmax"
    assert str(from_onnx(zipped, output="z").architecture) == "3 -> 2 identity"
    with pytest.raises(ValueError, match="0 outputs of floats, among 'label', 'maps': name the"):
        from_onnx(zipped)
    with pytest.raises(ValueError, match="no tensor 'probabilties': did you mean probabilities"):
        from_onnx(zipped, output="probabilties")
    with pytest.raises(ValueError, match=r"node 'zip' \(ZipMap\): its domain is 'ai.onnx.ml'"):
        from_onnx(zipped, output="maps")


def inner_function(data):
    """The same file, whose Relu is a function of its own."""
    model = onnx.load_from_string(data)
    body = [helper.make_node("Neg", ["a"], ["b"])]
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("", "Relu", ["a"], ["b"], body, opsets))
    return model.SerializeToString()


def elsewhere(data):
    """The same file, with its weights in another one."""
    model = onnx.load_from_string(data)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/hostname"
    return model.SerializeToString()


def of_type(data, kind):
    model = onnx.load_from_string(data)
    tensor = model.graph.initializer[0]
    tensor.CopyFrom(helper.make_tensor("W", kind, [3, 2], np.ones(6)))
    return model.SerializeToString()


RELU = node("Relu", ["z"], ["y"])
W = {"W": W32}
BRANCH = {"W": W32, "V": np.eye(2, dtype="float32")}
MISFITS = {
    r"node 'Conv_y' \(Conv\): pellucid has dense layers and activations; of ONNX's":
        whole([node("Conv", ["x", "W"], ["y"])], W),
    r"node 'HardSwish_y' \(HardSwish\): pellucid has":
        whole([DENSE, node("HardSwish", ["z"], ["y"])], W),
    r"node 'LogSoftmax_y' \(LogSoftmax\): pellucid has":
        whole([DENSE, node("LogSoftmax", ["z"], ["y"])], W),
    r"node 'LeakyRelu_y' \(LeakyRelu\), alpha 0.2.*: with what leads to it, it is no activation":
        whole([DENSE, node("LeakyRelu", ["z"], ["y"], alpha=0.2)], W),
    r"node 'Elu_y' \(Elu\), alpha 2.0": whole([DENSE, node("Elu", ["z"], ["y"], alpha=2.0)], W),
    r"node 'Gelu_y' \(Gelu\), approximate b'tanh'":
        whole([DENSE, node("Gelu", ["z"], ["y"], approximate="tanh")], W, opset=20),
    r"node 'Softmax_y' \(Softmax\): it runs along axis 0":
        whole([DENSE, node("Softmax", ["z"], ["y"], axis=0)], W),
    r"node 'Softmax_y' \(Softmax\): softmax over 1 output":
        whole([DENSE, node("Softmax", ["z"], ["y"])], {"W": W32[:, :1]}),
    r"node 'Tanh_y' \(Tanh\): with what leads to it, it is no activation":
        whole([DENSE, node("Relu", ["z"], ["a"]), node("Tanh", ["a"], ["y"])], W),
    r"node 'Relu_a' \(Relu\): an activation before the first dense layer":
        whole([node("Relu", ["x"], ["a"]), node("MatMul", ["a", "W"], ["y"])], W),
    r"node 'Add_y' \(Add\): it joins branches":
        whole([DENSE, node("Relu", ["z"], ["a"]), node("MatMul", ["a", "V"], ["c"]),
               node("Add", ["c", "a"], ["y"])], BRANCH),
    r"node 'Sigmoid_s' \(Sigmoid\): it joins branches":  # one branch with biases and one without
        whole([DENSE, node("Add", ["z", "b"], ["u"]), node("Sigmoid", ["z"], ["s"]),
               node("Add", ["u", "s"], ["w"]), node("Relu", ["w"], ["y"])],
              W | {"b": np.ones(2, "float32")}),
    r"node 'MatMul_d' \(MatMul\): it joins branches":
        whole([DENSE, node("MatMul", ["z", "V"], ["c"]), node("MatMul", ["z", "V"], ["d"]),
               node("Add", ["c", "d"], ["y"])], BRANCH),
    r"node 'MatMul_y' \(MatMul\): its input 2 is not constant":
        whole([DENSE, node("MatMul", ["z", "z"], ["y"])], W),
    r"node 'MatMul_y' \(MatMul\): its input 1 is not what the node before gives":
        whole([node("MatMul", ["W", "x"], ["y"])], W),
    r"node 'Mul_y' \(Mul\): it has a constant of shape \(2,\), a number a column":
        whole([DENSE, node("Mul", ["z", "c"], ["y"])], W | {"c": np.ones(2, "float32")}),
    r"node 'Gemm_y' \(Gemm\): it turns rows into columns":
        whole([node("Gemm", ["x", "W"], ["y"], transA=1)], W),
    r"node 'Gemm_y' \(Gemm\): its biases are \(3, 1\); expected \(2,\)":
        whole([node("Gemm", ["x", "W", "b"], ["y"])], W | {"b": np.ones((3, 1), "float32")}),
    r"node 'Gemm_y' \(Gemm\): its biases are \(2, 1\); expected \(2,\)":
        whole([node("Gemm", ["x", "W", "b"], ["y"])], W | {"b": np.ones((2, 1), "float32")}),
    r"node 'MatMul_y' \(MatMul\): it takes 3 numbers a row and is given 2":
        whole([DENSE, node("MatMul", ["z", "W"], ["y"])], W),
    r"node 'MatMul_y' \(MatMul\): its weights hold NaN or inf":
        whole([node("MatMul", ["x", "W"], ["y"])], {"W": W32 * np.float32("nan")}),
    r"node 'MatMul_y' \(MatMul\): its weights are float64 and those before are float32":
        whole([DENSE, node("MatMul", ["z", "V"], ["y"])], {"W": W32, "V": np.eye(2)}),
    r"tensor 'W': its numbers are FLOAT16; expected FLOAT or DOUBLE":
        of_type(whole([node("MatMul", ["x", "W"], ["y"])], W), TensorProto.FLOAT16),
    r"node 'Cast_y' \(Cast\): it casts to another type":
        whole([DENSE, node("Cast", ["z"], ["y"], to=TensorProto.INT64)], W),
    r"node 'Flatten_y' \(Flatten\): it does not keep rows apart":
        whole([DENSE, node("Flatten", ["z"], ["y"], axis=0)], W),
    r"node 'Reshape_y' \(Reshape\): it makes the shape \[-1\]":
        whole([DENSE, constant("s", [-1], "int64"), node("Reshape", ["z", "s"], ["y"])], W),
    r"node 'Reshape_f' \(Reshape\): it gives 4 numbers a row, not 3":
        whole([constant("s", [-1, 4], "int64"), node("Reshape", ["x", "s"], ["f"]),
               node("MatMul", ["f", "W"], ["y"])], W),
    r"node 'Dropout_y' \(Dropout\): it is in training mode":
        whole([DENSE, constant("r", 0.5, "float32"), constant("t", True, "bool"),
               node("Dropout", ["z", "r", "t"], ["y"])], W),
    r"node 'Transpose_y' \(Transpose\): it works on what flows":
        whole([DENSE, node("Transpose", ["z"], ["y"])], W),
    r"node 'Exp_V' \(Exp\): it works on constants alone":
        whole([node("Exp", ["W"], ["V"]), node("MatMul", ["x", "V"], ["y"])], W),
    r"tensor 'W': its numbers are in another file": elsewhere(whole([DENSE, RELU], W)),
    r"node 'Relu_y' \(Relu\): its domain is '', or the file's own":
        inner_function(whole([DENSE, RELU], W)),
    r"has opset 6, and 7 to \d+ are read": whole([DENSE, RELU], W, opset=6),
    r"has opset 999, and 7 to \d+ are read": whole([DENSE, RELU], W, opset=999),
    r"is damaged: nothing in it makes the tensor 'V'":
        whole([node("MatMul", ["x", "V"], ["y"])], W),
    r"has the inputs none: expected one": whole([node("MatMul", ["W", "W"], ["y"])], W),
    r"there is no dense layer in it": whole([node("Identity", ["x"], ["y"])], W),
}  # fmt: skip


@pytest.mark.parametrize("message", MISFITS)
def test_what_does_not_fit_is_named(message):
    with pytest.raises(ValueError, match=message) as caught:
        from_onnx(MISFITS[message])
    assert "\n" not in str(caught.value)


def test_a_tensor_is_held_against_its_bytes_before_anything_is_made():
    model = onnx.load_from_string(whole([DENSE, RELU], W))
    for dims in ([2**40, 2**20], [3, 3], [-1, 2], [2]):
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend(dims)
        with pytest.raises(ValueError, match="tensor 'W' is damaged: it should hold"):
            from_onnx(model.SerializeToString())


SMALL = whole(
    [node("Gemm", ["x", "W", "b"], ["z"]), *silu("z", "a", "float32"),
     node("MatMul", ["a", "V"], ["c"]), node("Softmax", ["c"], ["y"])],
    {"W": W32, "b": np.ones(2, "float32"), "V": np.eye(2, dtype="float32")},
)  # fmt: skip


def test_a_file_cut_off_anywhere_is_one_clear_error():
    assert from_onnx(SMALL).layout.size == 12
    for end in range(1, len(SMALL)):
        with pytest.raises(ValueError, match=r"\w") as caught:
            from_onnx(SMALL[:end])
        assert "\n" not in str(caught.value)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1,
                max_size=4))  # fmt: skip
def test_a_file_with_other_bytes_is_a_network_or_one_clear_error(changes):
    data = bytearray(SMALL)
    for place, byte in changes:
        data[place] = byte
    try:
        theta = from_onnx(bytes(data)).theta
    except ValueError as refused:
        message, theta = str(refused), np.zeros(1)
    else:
        message = "none"
    assert message
    assert "\n" not in message
    assert np.isfinite(theta).all()


@given(st.binary(max_size=200))
def test_any_bytes_are_one_clear_error(data):
    with pytest.raises(ValueError, match=r"\w"):
        from_onnx(data)


def test_what_is_no_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file '.*nothing.onnx'"):
        from_onnx(tmp_path / "nothing.onnx")
    with pytest.raises(ValueError, match="is not a file"):
        from_onnx(tmp_path)
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(ValueError, match=r"empty.onnx' is empty"):
        from_onnx(tmp_path / "empty.onnx")
    with pytest.raises(TypeError, match="source is a int"):
        from_onnx(3)
    long = tmp_path / "long.onnx"
    with long.open("wb") as file:
        file.truncate(2**29 + 1)
    with pytest.raises(ValueError, match="is longer than 536870912 bytes"):
        from_onnx(long)


def test_the_check_tells_when_a_network_is_another_one():
    network = from_onnx(SMALL)
    assert check_onnx(SMALL, network, "small.onnx") < 1e-6
    network.theta[0] += 0.1
    with pytest.raises(ValueError, match=r"made from small.onnx is off by 0.0\d+"):
        check_onnx(SMALL, network, "small.onnx")


def test_a_wide_network_in_single_precision_is_not_refused_for_its_rounding():
    rng = np.random.default_rng(0)
    tensors, nodes, x = {}, [], "x"
    for i, shape in enumerate([(3000, 2000), (2000, 1000), (1000, 1)]):
        tensors[f"W{i}"] = rng.normal(size=shape).astype("float32") / 10
        nodes.append(node("MatMul", [x, f"W{i}"], ["y" if i == 2 else f"z{i}"]))
        x = f"z{i}"
    data = whole(nodes, tensors)
    network = from_onnx(data)
    assert check_onnx(data, network, "wide.onnx") < 0.1
    tensors["W2"][0] += 0.1
    with pytest.raises(ValueError, match=r"made from wide\.onnx is off by"):
        check_onnx(whole(nodes, tensors), network, "wide.onnx")


def test_operators_that_onnxruntime_lacks_in_double_precision_are_checked_all_the_same():
    data = whole([DENSE, node("Mish", ["z"], ["y"])], {"W": W64}, "float64", opset=18)
    network = from_onnx(data)
    assert check_onnx(data, network, "mish.onnx") < 1e-12
    network.theta[0] += 0.1
    with pytest.raises(ValueError, match=r"made from mish.onnx is off by"):
        check_onnx(data, network, "mish.onnx")


def test_every_operator_of_an_expression_is_onnxs():
    z = np.linspace(-4, 4, 41).reshape(-1, 1)
    pairs = {"Add", "Sub", "Mul", "Div"}
    for kind, ours in OPERATORS.items():
        if kind == "Swish":  # newer than the evaluator
            continue
        arguments = (z, 0.5) if kind in pairs else (z + 5,) if kind == "Reciprocal" else (z,)
        names = ["x", "c"][: len(arguments)]
        tensors = {"c": np.array(0.5)} if kind in pairs else {}
        model = onnx.load(
            io.BytesIO(whole([node(kind, names, ["y"])], tensors, "float64", opset=20))
        )
        (theirs,) = ReferenceEvaluator(model).run(None, {"x": arguments[0]})
        np.testing.assert_allclose(ours(*arguments), theirs, rtol=2e-7, atol=1e-7, err_msg=kind)
