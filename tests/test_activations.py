"""Activations against independent formulas at 50 digits, their backward rules against calculus."""

import mpmath
import numpy as np
import pytest

from pellucid import ACTIVATIONS, Activation
from pellucid.activations import activation

mp = mpmath.mp
mp.dps = 50

# The definitions in the papers' own form, none of it shared with the package.
FORMULAS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": lambda z: (mp.exp(2 * z) - 1) / (mp.exp(2 * z) + 1),
    "relu": lambda z: max(z, mp.mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else z * mp.mpf(0.01),
    "elu": lambda z: z if z > 0 else mp.expm1(z),
    "selu": lambda z: selu_scale() * (z if z > 0 else selu_alpha() * mp.expm1(z)),
    "gelu": lambda z: z * mp.erfc(-z / mp.sqrt(2)) / 2,
    "softplus": lambda z: mp.log1p(mp.exp(z)),
    "swish": lambda z: z / (1 + mp.exp(-z)),
    "mish": lambda z: z * mp.tanh(mp.log1p(mp.exp(z))),
    "exp": mp.exp,
}
SOFT_TAIL = ["sigmoid", "gelu", "softplus", "swish", "mish", "exp"]
RISING = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "exp"]


def selu_alpha():
    """Klambauer et al. (2017), eq. 14, from the error function."""
    return -mp.sqrt(2 / mp.pi) / (mp.erfc(1 / mp.sqrt(2)) * mp.exp(mp.mpf(1) / 2) - 1)


def selu_scale():
    e, pi = mp.e, mp.pi
    root2 = mp.sqrt(2)
    under = (
        2 * mp.erfc(root2) * e**2
        + pi * mp.erfc(1 / root2) ** 2 * e
        - 2 * (2 + pi) * mp.erfc(1 / root2) * mp.sqrt(e)
        + pi
        + 2
    )
    return (1 - mp.erfc(1 / root2) * mp.sqrt(e)) * mp.sqrt(2 * pi) / mp.sqrt(under)


def points(name):
    """Numbers from -800 to 800, 0 left out where there is a kink; exp overflows beyond 709."""
    z = np.concatenate(
        [np.linspace(-6.03, 6.03, 66), [-800, -300, -100, -40, -30, -20, -10],
         [10, 20, 30, 40, 100, 300, 800]]
    )  # fmt: skip
    return z[z < 700] if name == "exp" else z


def exact(function, z):
    return np.array([float(function(mp.mpf(float(v)))) for v in z])


def quiet():
    return np.errstate(over="raise", invalid="raise", divide="raise")


def test_the_formulas_here_cover_every_activation():
    assert set(FORMULAS) | {"softmax"} == set(ACTIVATIONS)


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_equals_its_formula_without_a_warning(name):
    z = points(name)
    with quiet():
        a = ACTIVATIONS[name].forward(z)
    np.testing.assert_allclose(a, exact(FORMULAS[name], z), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_backward_rule_is_the_derivative(name):
    z = points(name)
    with quiet():
        f = ACTIVATIONS[name]
        a = f.forward(z)
        slope = f.backward(np.ones_like(z), z, a)
    expected = exact(lambda v: mp.diff(FORMULAS[name], v), z)
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", SOFT_TAIL)
@pytest.mark.parametrize("z", [-5.0, -10.0, -20.0, -30.0])
def test_the_left_tail_keeps_its_relative_accuracy(name, z):
    f, at = ACTIVATIONS[name], np.array([z])
    a = f.forward(at)
    slope = f.backward(np.ones(1), at, a)
    np.testing.assert_allclose(a, exact(FORMULAS[name], at), rtol=1e-12, atol=0)
    expected = exact(lambda v: mp.diff(FORMULAS[name], v), at)
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=0)


def test_gelu_at_minus_10_and_minus_30_are_the_published_tail_values():
    # z times the normal distribution function: Phi(-10) = 7.6198530241605e-24.
    a = ACTIVATIONS["gelu"].forward(np.array([-10.0, -30.0]))
    np.testing.assert_allclose(a, [-7.6198530241605e-23, -30 * 4.906713927148187e-198], rtol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_backward_rule_is_linear_in_da(name):
    z = np.linspace(-3.1, 3.1, 12)
    f = ACTIVATIONS[name]
    a, da = f.forward(z), np.linspace(-2, 5, 12)
    slope = f.backward(np.ones_like(z), z, a)
    np.testing.assert_allclose(f.backward(da, z, a), da * slope, rtol=1e-14)


@pytest.mark.parametrize("name", RISING)
def test_most_activations_never_fall(name):
    z = np.linspace(-50, 50, 2001)
    assert np.all(np.diff(ACTIVATIONS[name].forward(z)) >= 0)


@pytest.mark.parametrize(
    ("name", "at_minus_800", "at_zero", "at_800"),
    [
        ("identity", -800.0, 0.0, 800.0),
        ("sigmoid", 0.0, 0.5, 1.0),
        ("tanh", -1.0, 0.0, 1.0),
        ("relu", 0.0, 0.0, 800.0),
        ("leaky_relu", -8.0, 0.0, 800.0),
        ("elu", -1.0, 0.0, 800.0),
        ("gelu", 0.0, 0.0, 800.0),
        ("softplus", 0.0, np.log(2), 800.0),
        ("swish", 0.0, 0.0, 800.0),
        ("mish", 0.0, 0.0, 800.0),
    ],
)
def test_limits_are_reached_without_overflow(name, at_minus_800, at_zero, at_800):
    with quiet():
        a = ACTIVATIONS[name].forward(np.array([-800.0, 0.0, 800.0]))
    np.testing.assert_allclose(a, [at_minus_800, at_zero, at_800], rtol=1e-15, atol=1e-300)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_low_and_high_are_true_bounds_and_tight(name):
    f = ACTIVATIONS[name]
    z = np.linspace(-60, 60, 24001)
    z = np.stack([z, z[::-1]], axis=1)  # (n, 2), so that softmax has something to compare
    a = f.forward(z)
    assert a.min() >= f.low
    assert a.max() <= f.high
    if np.isfinite(f.low):
        assert a.min() - f.low < 0.01
    if np.isfinite(f.high):
        assert f.high - a.max() < 0.01


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_in_is_dtype_out(name, dtype):
    f = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 12, dtype=dtype).reshape(3, 4)
    a = f.forward(z)
    assert a.dtype == dtype
    assert f.backward(np.ones_like(a), z, a).dtype == dtype


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu"])
def test_the_left_hand_slope_is_taken_at_the_kink(name):
    f, zero = ACTIVATIONS[name], np.zeros(1)
    left = {"relu": 0.0, "leaky_relu": 0.01, "elu": 1.0, "selu": 1.7580993408473766}
    np.testing.assert_allclose(f.backward(np.ones(1), zero, f.forward(zero)), left[name])


def test_softmax_equals_its_formula_row_by_row():
    z = np.array([[1.0, 2.0, 3.0], [-800.0, 0.0, 800.0], [800.0, 800.0, 800.0], [-5.0, 0.5, 0.0]])
    with quiet():
        a = ACTIVATIONS["softmax"].forward(z)
    for row, out in zip(z, a, strict=True):
        e = [mp.exp(mp.mpf(float(v))) for v in row]
        np.testing.assert_allclose(out, [float(v / sum(e)) for v in e], rtol=1e-14, atol=1e-300)


def test_softmax_rows_add_up_to_one_and_ignore_a_common_shift():
    z = np.random.default_rng(0).normal(0, 5, (20, 7))
    softmax = ACTIVATIONS["softmax"].forward
    np.testing.assert_allclose(softmax(z).sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(softmax(z + 700.0), softmax(z), rtol=1e-11)


def test_softmax_backward_is_the_jacobian_diag_a_minus_a_a_transposed():
    rng = np.random.default_rng(1)
    z, da = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    f = ACTIVATIONS["softmax"]
    a = f.forward(z)
    expected = [(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(a, da, strict=True)]
    np.testing.assert_allclose(f.backward(da, z, a), expected, rtol=1e-12, atol=1e-15)


def test_softmax_of_two_is_the_sigmoid_of_the_difference():
    z = np.random.default_rng(2).normal(0, 3, (9, 2))
    first = ACTIVATIONS["softmax"].forward(z)[:, 0]
    np.testing.assert_allclose(first, ACTIVATIONS["sigmoid"].forward(z[:, 0] - z[:, 1]), rtol=1e-14)


def test_selu_keeps_mean_zero_and_variance_one_of_a_normal_signal():
    scale, alpha = selu_scale(), selu_alpha()
    assert float(scale) == 1.0507009873554805
    assert float(alpha) == 1.6732632423543772
    z, weight = np.polynomial.hermite_e.hermegauss(180)
    weight = weight / weight.sum()
    a = ACTIVATIONS["selu"].forward(z)
    # The kink at 0 limits this quadrature to about three digits.
    assert abs(weight @ a) < 2e-3
    assert abs(weight @ a**2 - 1) < 2e-3


@pytest.mark.parametrize(
    ("alias", "name"), [("logistic", "sigmoid"), ("linear", "identity"), ("silu", "swish")]
)
def test_other_libraries_names_are_understood(alias, name):
    assert activation(alias) is ACTIVATIONS[name]


def test_an_unknown_name_lists_the_known_and_the_nearest():
    with pytest.raises(ValueError, match="unknown activation 'sigmod': did you mean sigmoid") as e:
        activation("sigmod")
    assert all(name in str(e.value) for name in ACTIVATIONS)


@pytest.mark.parametrize("wrong", [3, None, ("relu", "relu"), (np.sin,)])
def test_what_is_no_activation_is_refused_with_what_would_be(wrong):
    with pytest.raises(TypeError, match="a name, an Activation or a pair"):
        activation(wrong)


def test_a_pair_of_functions_is_an_activation():
    def sine(z):
        return np.sin(z)

    f = activation((sine, lambda da, z, a: da * np.cos(z)))
    assert isinstance(f, Activation)
    assert f.name == "sine"
    assert activation(f) is f
