"""The native engine's own exp, tanh, log and erfc, seen from outside, against mpmath at 50 digits.

A unit is made to see a number exactly: its input weights are 0 and its bias is the number.
"""

import mpmath
import numpy as np
import pytest

from pellucid import ACTIVATIONS, Network
from pellucid.architecture import Architecture
from pellucid.engines import engine
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.objective import Objective
from test_activations import FORMULAS, points

mp = mpmath.mp
mp.dps = 50
DTYPES = {"float64": 4e-15, "float32": 2e-6}
# Where a derivative crosses 0 there is a difference of two numbers: nothing is relative to it.
SLOPES = {"float64": 4e-15, "float32": 1e-6}


def numbers(name, dtype):
    """Points of the core's test as the dtype has them, and some near 0."""
    z = np.concatenate([points(name), [1e-30, -1e-30, 1e-5, -1e-5, 0.3, -0.3]])
    if dtype == "float32" and name == "exp":
        z = z[z < 88]
    return z.astype(dtype).astype(float)


def exact(function, z):
    return np.array([float(function(mp.mpf(float(v)))) for v in z])


def seen(name, z, dtype):
    """f(z) and f'(z) of every number, by one network of as many units."""
    k = len(z)
    layout = Layout(Architecture.of([1, k, 1], name, bias=[True, False]))
    theta = np.concatenate([np.zeros(k), z, np.ones(k)]).astype(dtype)
    native = engine("native")
    first = Layout(Architecture.of([1, k], output_activation=name))
    a = native.forward(first, theta[: 2 * k], np.ones((1, 1), dtype))[0]
    # Far below its target the absolute error has the slope 1, so that db = f'(z).
    objective = Objective(layout, loss("absolute_error"))
    target = np.full((1, 1), -1e30, dtype)
    _, gradient = native.value_and_gradient(objective, theta, np.ones((1, 1), dtype), target)
    return a, gradient[k : 2 * k]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_its_formula_to_the_last_digits(name, dtype):
    z = numbers(name, dtype)
    a, slope = seen(name, z, dtype)
    assert a.dtype == slope.dtype == dtype
    tiny = float(np.finfo(dtype).tiny)  # what is smaller counts as 0
    tolerance = DTYPES[dtype]
    if name == "gelu":  # exp(-z^2 / 2) multiplies the rounding of its argument by as much
        tolerance *= np.maximum(1, np.where(z < 0, z * z / 2, 0))
    formula = exact(FORMULAS[name], z)
    assert (np.abs(a - formula) <= tolerance * np.abs(formula) + tiny).all()
    if name in ("relu", "leaky_relu"):
        z = np.where(z == 0, -1.0, z)  # as the kink is taken to be
    away = np.abs(z) > 1e-20  # of the kinks, which mpmath's derivative would straddle
    expected = exact(lambda v: mp.diff(FORMULAS[name], v, h=mp.mpf(10) ** -25), z[away])
    scale = np.maximum(1.0, np.abs(expected))
    if name == "exp":
        np.testing.assert_allclose(slope[away], expected, rtol=DTYPES[dtype], atol=tiny)
    else:
        assert (np.abs(slope[away] - expected) / scale).max() < SLOPES[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_far_out_no_number_becomes_nan_and_limits_are_those_of_the_reference(name, dtype):
    top = float(np.finfo(dtype).max)
    tiny = float(np.finfo(dtype).tiny)
    z = np.array([-top, -1e4, -800.0, -tiny, -0.0, 0.0, tiny, 800.0, 1e4, top]).astype(dtype)
    a, slope = seen(name, z, dtype)
    with np.errstate(all="ignore"):
        theirs = ACTIVATIONS[name].forward(z)
        their_slope = ACTIVATIONS[name].backward(np.ones_like(z), z, theirs)
    known = np.isfinite(their_slope)  # the reference's z * exp(-z * z) may be inf * 0
    assert not np.isnan(a).any()
    smallest = float(np.finfo(dtype).tiny)
    np.testing.assert_allclose(a, theirs, rtol=1e-5 if dtype == "float32" else 1e-13, atol=smallest)
    if np.isinf(a).any():
        assert name in ("exp", "selu")
        return  # its sum in the next layer is infinite, and the gradient is nobody's
    np.testing.assert_allclose(slope[known], their_slope[known], rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_infinities_and_nan_are_passed_on_where_the_reference_does(name, dtype):
    z = np.array([[np.nan, 1.0], [np.inf, 1.0], [-np.inf, 1.0]]).astype(dtype)
    layout = Layout(Architecture.of([1, 2], output_activation=name))
    with np.errstate(all="ignore"):
        theirs = ACTIVATIONS[name].forward(z)
    for row, expected in zip(z, theirs, strict=True):
        theta = np.concatenate([np.zeros(2, dtype), row])
        ours = engine("native").forward(layout, theta, np.ones((1, 1), dtype))[0]
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def loss_at(name, output, z, y, dtype):
    """The loss of one row whose last layer has the raw output z, and dLoss/dz."""
    k = len(z)
    layout = Layout(Architecture.of([1, k], output_activation=output))
    objective = Objective(layout, loss(name))
    theta = np.concatenate([np.zeros(k), z]).astype(dtype)
    one, y = np.ones((1, 1), dtype), np.array([y], dtype)
    value, gradient = engine("native").value_and_gradient(objective, theta, one, y)
    return value, gradient[k:]


RAW = [-800.0, -90.0, -20.0, -3.0, -1e-3, 0.0, 1e-9, 0.7, 5.0, 33.0, 88.0, 800.0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("z", RAW)
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_cross_entropy_of_two_classes_keeps_its_digits_at_any_size(z, y, dtype):
    z, y = float(np.array(z, dtype)), y
    v = mp.mpf(z)
    exact_value = float(mp.log1p(mp.exp(-abs(v))) + max(v, mp.mpf(0)) - y * v)
    exact_slope = float(1 / (1 + mp.exp(-v)) - y)
    value, slope = loss_at("binary_cross_entropy", "sigmoid", [z], [y], dtype)
    tiny = float(np.finfo(dtype).tiny)
    # log1p(e) - y z and s - y are differences: relative to their larger part.
    assert value == pytest.approx(exact_value, rel=DTYPES[dtype], abs=max(tiny, abs(y * z) * 1e-16))
    assert slope[0] == pytest.approx(
        exact_slope, rel=DTYPES[dtype], abs=max(tiny, y * SLOPES[dtype])
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gap", [0.0, 1e-3, 1.0, 20.0, 100.0, 800.0])
def test_cross_entropy_of_many_classes_keeps_its_digits_at_any_size(gap, dtype):
    z = np.array([0.5, 0.25, -gap, gap]).astype(dtype)
    exact_log = mp.log(sum(mp.exp(mp.mpf(float(v))) for v in z))
    for k in range(4):
        value, slope = loss_at("cross_entropy", "softmax", z, np.eye(4)[k], dtype)
        expected = float(exact_log - mp.mpf(float(z[k])))
        assert value == pytest.approx(expected, rel=DTYPES[dtype], abs=SLOPES[dtype])
        a = [float(mp.exp(mp.mpf(float(v)) - exact_log)) for v in z]
        np.testing.assert_allclose(slope, a - np.eye(4)[k], rtol=DTYPES[dtype], atol=SLOPES[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("y", [0.0, 1.0, 3.0, 1e6])
def test_poissons_deviance_is_its_formula(y, dtype):
    for z in (-20.0, -1.0, 0.0, 0.5, 12.0):
        v, target = mp.mpf(float(np.array(z, dtype))), mp.mpf(y)
        expected = mp.exp(v) - target - target * v + (target * mp.log(target) if y else 0)
        largest = max(mp.exp(v), target * abs(v), target * mp.log(target) if y else 0, target)
        value, slope = loss_at("poisson", "exp", [z], [y], dtype)
        assert abs(value - float(expected)) <= DTYPES[dtype] * float(largest)
        assert abs(slope[0] - float(mp.exp(v) - target)) <= DTYPES[dtype] * float(largest)


@pytest.mark.parametrize("dtype", DTYPES)
def test_logarithms_of_activated_outputs_from_the_smallest_to_the_largest(dtype):
    limits = np.finfo(dtype)
    for a in (float(limits.tiny), 1e-30, 1e-3, 0.5, 0.99, 1.0, 1.01, 1.5, 1e10, float(limits.max)):
        # J = a - y + y log(y / a) at y = 1; relu hands the number through.
        a = float(np.array(a, dtype))
        value, slope = loss_at("poisson", "relu", [a], [1.0], dtype)
        expected = float(mp.mpf(a) - 1 - mp.log(mp.mpf(a)))
        assert value == pytest.approx(expected, rel=DTYPES[dtype], abs=SLOPES[dtype])
        assert abs(slope[0] - float(1 - 1 / mp.mpf(a))) <= DTYPES[dtype] * max(1, 1 / a)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [2, 3, 15, 16, 17, 33, 100])
def test_a_softmax_adds_up_to_one_and_is_the_formula(k, dtype):
    z = np.linspace(-30, 30, k).astype(dtype)
    network = Network([1, k], output_activation="softmax", dtype=dtype, engine="native")
    network.theta = np.concatenate([np.zeros(k, dtype), z])
    a = network.predict(np.ones((1, 1), dtype))[0]
    e = [mp.exp(mp.mpf(float(v))) for v in z]
    np.testing.assert_allclose(a, [float(v / sum(e)) for v in e], rtol=10 * DTYPES[dtype])
    assert a.astype(float).sum() == pytest.approx(1, rel=DTYPES[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_too_small_to_be_normal_count_as_zero(dtype):
    network = Network([1, 1], bias=False, dtype=dtype, engine="native")
    smallest = float(np.finfo(dtype).tiny)
    network.theta = [1.0]
    for x in (smallest / 2, float(np.finfo(dtype).smallest_subnormal)):
        assert network.predict(np.full((1, 1), x, dtype)) == 0
    assert network.predict(np.full((1, 1), smallest, dtype)) == smallest
    # ... and only inside: the caller's own arithmetic is as it was.
    assert np.array(smallest, dtype) / np.array(2, dtype) > 0
