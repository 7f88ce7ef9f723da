"""Networks of PyTorch's become pellucid's: in memory, and by way of the ONNX files it writes."""

import io
from collections import OrderedDict
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import pellucid
from pellucid import from_onnx, from_torch, import_model

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

UNITS = {
    "identity": nn.Identity,
    "relu": lambda: nn.ReLU(inplace=True),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "swish": nn.SiLU,
    "gelu": nn.GELU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "mish": nn.Mish,
    "softplus": nn.Softplus,
    "leaky_relu": nn.LeakyReLU,
    "softmax": lambda: nn.Softmax(dim=-1),
}


def test_every_activation_that_pytorch_has_a_layer_for_is_known():
    assert set(UNITS) == set(pellucid.ACTIVATIONS) - {"exp"}


@st.composite
def modules(draw):
    """A Sequential, some of it nested, and the names of its activations."""
    torch.manual_seed(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(1, 30), min_size=2, max_size=5))
    parts, units = [nn.Flatten()] if draw(st.booleans()) else [], []
    for n_in, n_out in pairwise(sizes):
        unit = draw(st.sampled_from([u for u in UNITS if n_out > 1 or u != "softmax"]))
        block = [nn.Linear(n_in, n_out, bias=draw(st.booleans())), UNITS[unit](), nn.Dropout(0.3)]
        parts += [nn.Sequential(*block)] if draw(st.booleans()) else block
        units.append(unit)
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    return nn.Sequential(*parts).to(dtype).eval(), units, sizes


def linears(module):
    return [part for part in module.modules() if isinstance(part, nn.Linear)]


def assert_same(network, module, units, rtol=1e-6):
    layers = linears(module)
    assert [layer.activation.name for layer in network.architecture.layers] == units
    for W, b, theirs in zip(network.weights, network.biases, layers, strict=True):
        np.testing.assert_array_equal(W, theirs.weight.detach().numpy().T)
        assert W.dtype == theirs.weight.detach().numpy().dtype
        assert (b is None) == (theirs.bias is None)
        if b is not None:
            np.testing.assert_array_equal(b, theirs.bias.detach().numpy())
    X = torch.randn(50, layers[0].in_features, dtype=layers[0].weight.dtype) * 3
    with torch.no_grad():
        expected = module(X).numpy()
    largest = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(network.predict(X.numpy()), expected, rtol=0, atol=1e-6 * largest)


@settings(max_examples=150)
@given(modules())
def test_a_sequential_is_the_same_network(drawn):
    module, units, _ = drawn
    before = {name: value.clone() for name, value in module.state_dict().items()}
    network = from_torch(module)
    assert_same(network, module, units)
    network.theta = np.zeros_like(network.theta)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@settings(max_examples=40)
@given(modules(), st.sampled_from([9, 11, 13, 17, 20]))
def test_the_onnx_file_that_pytorch_writes_is_the_same_network(drawn, opset):
    module, units, sizes = drawn
    file = io.BytesIO()
    rows = torch.zeros(2, sizes[0], dtype=linears(module)[0].weight.dtype)
    torch.onnx.export(module, (rows,), file, dynamo=False, opset_version=opset)
    assert_same(from_onnx(file.getvalue()), module, units)


def test_what_a_part_is_called_is_what_messages_call_it():
    named = OrderedDict(body=nn.Sequential(nn.Linear(4, 3), nn.ReLU()), norm=nn.BatchNorm1d(3))
    with pytest.raises(ValueError, match=r"part 'norm' \(BatchNorm1d\): .*; fold it into"):
        from_torch(nn.Sequential(named))
    with pytest.raises(ValueError, match=r"part '0.1' \(PReLU\)"):
        from_torch(nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.PReLU())))


class Linear(nn.Linear):
    """A class of one's own by PyTorch's name."""

    def forward(self, x):
        return 2 * super().forward(x)


def hooked():
    part = nn.Linear(2, 2)
    part.register_forward_hook(lambda module, x, y: 2 * y)
    return part


def replaced():
    part = nn.Linear(2, 2)
    part.forward = lambda x: x
    return part


def with_nan():
    part = nn.Linear(2, 2)
    nn.init.constant_(part.weight, torch.nan)
    return part


LINEAR = nn.Linear(2, 2)
MISFITS = [
    (lambda: [nn.Conv2d(1, 1, 1)], r"part '0' \(Conv2d\): pellucid has dense layers and activ"),
    (lambda: [LINEAR, nn.LSTM(2, 2)], r"part '1' \(LSTM\): pellucid has dense"),
    (lambda: [LINEAR, nn.LogSoftmax(1)], r"part '1' \(LogSoftmax\): .*; put Softmax in its place"),
    (lambda: [LINEAR, nn.LeakyReLU(0.2)], r"'1' \(LeakyReLU\): it has negative_slope=0.2 and .*01"),
    (lambda: [LINEAR, nn.ELU(2.0)], r"part '1' \(ELU\): it has alpha=2.0 and pellucid's elu al"),
    (lambda: [LINEAR, nn.GELU("tanh")], r"part '1' \(GELU\): it has approximate='tanh' and"),
    (lambda: [LINEAR, nn.Softplus(2.0)], r"part '1' \(Softplus\): it has beta=2.0"),
    (lambda: [LINEAR, nn.Softplus(threshold=5)], r"part '1' \(Softplus\): it has threshold=5"),
    (lambda: [LINEAR, nn.Softmax(0)], r"part '1' \(Softmax\): it has dim=0 and"),
    (lambda: [nn.Linear(2, 1), nn.Softmax(1)], r"part '1' \(Softmax\): softmax over 1 output"),
    (lambda: [LINEAR, nn.ReLU(), nn.Tanh()], r"part '2' \(Tanh\): a second activation after part"),
    (lambda: [nn.ReLU(), LINEAR], r"part '0' \(ReLU\): an activation before the first dense layer"),
    (lambda: [LINEAR, nn.Linear(3, 2)], r"part '1' \(Linear\): it takes 3 numbers .* is given 2"),
    (lambda: [LINEAR, nn.Flatten(0)], r"part '1' \(Flatten\): it does not keep rows apart"),
    (lambda: [LINEAR.half()], r"part '0' \(Linear\): its weights are torch.float16"),
    (lambda: [nn.Linear(2, 2), nn.Linear(2, 2).double()], r"part '1' .*: its weights are float64"),
    (lambda: [nn.Linear(2, 2, device="meta")], r"part '0' \(Linear\): .* 'meta' and has no num"),
    (lambda: [nn.LazyLinear(2)], r"part '0' \(LazyLinear\): pellucid has dense layers"),
    (lambda: [Linear(2, 2)], r"part '0' \(Linear\): pellucid has dense layers"),
    (lambda: [hooked()], r"part '0' \(Linear\): it has a hook"),
    (lambda: [replaced()], r"part '0' \(Linear\): it has a hook"),
    (lambda: [with_nan()], r"part '0' \(Linear\): its weights hold NaN or inf"),
    (lambda: [nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))], r"\(ParametrizedLinear\)"),
    (lambda: [nn.Identity()], "there is no dense layer in it"),
    (list, "there is no dense layer in it"),
]


@pytest.mark.parametrize(("parts", "message"), MISFITS)
def test_what_does_not_fit_is_named(parts, message):
    with pytest.raises(ValueError, match=message):
        from_torch(nn.Sequential(*parts()))


def test_a_sequential_may_be_hooked_too():
    module = nn.Sequential(nn.Linear(2, 2))
    module.register_forward_pre_hook(lambda module, x: None)
    with pytest.raises(ValueError, match="the module: it has a hook"):
        from_torch(module)


def test_dropout_in_training_mode_is_noted():
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 1))
    with pytest.warns(UserWarning, match=r"part '2' \(Dropout\) is in training mode"):
        network = from_torch(module)
    assert_same(network, module.eval(), ["relu", "identity"])


def test_one_layer_alone_is_a_network_and_two_in_a_row_have_nothing_between():
    assert str(from_torch(nn.Linear(4, 2)).architecture) == "4 -> 2 identity"
    two = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    assert_same(from_torch(two), two, ["identity", "identity"])


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)


def test_what_is_given_finds_its_way_in():
    module = nn.Sequential(nn.Linear(4, 2))
    np.testing.assert_array_equal(import_model(module).theta, from_torch(module).theta)
    with pytest.raises(ValueError, match=r"the module: pellucid has dense layers"):
        import_model(Own())
    with pytest.raises(TypeError, match=r"module is a list: expected a torch\.nn\.Sequential"):
        from_torch([module])
    with pytest.raises(TypeError, match="source is a list"):
        import_model([module])
    with pytest.raises(TypeError, match="module is a Tensor"):
        import_model(torch.zeros(2))


def test_a_file_of_pytorchs_is_refused_for_what_it_is(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(nn.Sequential(nn.Linear(4, 2)), path)
    with pytest.raises(ValueError, match="is a file of PyTorch's: reading it would run code"):
        import_model(path)
