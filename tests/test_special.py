"""Special functions against mpmath at 50 digits."""

import mpmath
import numpy as np
import pytest

from pellucid.special import erfc, log_sum_exp, sigmoid, softplus, x_log_y, x_over_y

mpmath.mp.dps = 50


def exact(function, points):
    """Float64 nearest to what mpmath says of each point."""
    return np.array([float(function(mpmath.mpf(float(p)))) for p in points])


def quiet():
    return np.errstate(over="raise", invalid="raise", divide="raise")


@pytest.mark.parametrize(("low", "high", "rtol"), [(-30, 6, 1e-14), (6, 26, 2e-13)])
def test_erfc_equals_mpmath_with_its_tail(low, high, rtol):
    x = np.linspace(low, high, 321)
    with quiet():
        np.testing.assert_allclose(erfc(x), exact(mpmath.erfc, x), rtol=rtol, atol=0)


def test_erfc_and_its_reflection_add_up_to_two():
    x = np.linspace(-30, 30, 301)
    np.testing.assert_allclose(erfc(x) + erfc(-x), 2.0, rtol=1e-15)


def test_erfc_of_huge_numbers_is_zero_or_two_without_a_warning():
    with quiet():
        assert erfc(np.array([-800.0, 800.0])).tolist() == [2.0, 0.0]


def test_softplus_equals_mpmath_from_minus_700_to_800():
    x = np.concatenate([np.linspace(-40, 40, 161), [-700.0, 100.0, 700.0, 800.0]])
    with quiet():
        ours = softplus(x)
    np.testing.assert_allclose(
        ours, exact(lambda z: mpmath.log1p(mpmath.exp(z)), x), rtol=1e-15, atol=0
    )


def test_sigmoid_equals_mpmath_from_minus_700_to_800():
    x = np.concatenate([np.linspace(-40, 40, 161), [-700.0, 100.0, 700.0, 800.0]])
    with quiet():
        ours = sigmoid(x)
    np.testing.assert_allclose(
        ours, exact(lambda z: 1 / (1 + mpmath.exp(-z)), x), rtol=1e-15, atol=0
    )


def test_sigmoid_at_minus_800_is_zero_and_its_mirror_is_one():
    with quiet():
        assert sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("shift", [-800.0, 0.0, 800.0])
def test_log_sum_exp_moves_along_with_its_row(shift):
    z = np.array([[0.0, 1.0, 2.0], [-3.0, 5.0, 5.0]])
    expected = [[float(mpmath.log(sum(mpmath.exp(mpmath.mpf(v)) for v in row)))] for row in z]
    with quiet():
        ours = log_sum_exp(z + shift)
    np.testing.assert_allclose(ours, np.array(expected) + shift, rtol=1e-15)


def test_log_sum_exp_of_far_apart_numbers_is_the_larger():
    with quiet():
        assert log_sum_exp(np.array([[-800.0, 800.0]])).tolist() == [[800.0]]


def test_zero_times_log_zero_and_zero_over_zero_are_zero():
    zero, one = np.zeros(1), np.ones(1)
    with quiet():
        assert x_log_y(zero, zero).tolist() == [0.0]
        assert x_over_y(zero, zero).tolist() == [0.0]
        assert x_log_y(one, 2 * one).tolist() == [float(mpmath.log(2))]
        assert x_over_y(3 * one, 2 * one).tolist() == [1.5]


@pytest.mark.parametrize("function", [erfc, softplus, sigmoid, log_sum_exp])
def test_float32_stays_float32(function):
    assert function(np.array([[-2.0, 0.0, 2.0]], dtype=np.float32)).dtype == np.float32
