"""Losses by hand, against mpmath where exponentials overflow, and by their identities."""

import mpmath
import numpy as np
import pytest

from pellucid import ACTIVATIONS, LOSSES, Loss
from pellucid.losses import CANONICAL_LOSS, loss

mp = mpmath.mp
mp.dps = 50

EXTREMES = [-800.0, -300.0, -100.0, -37.0, -20.0, -5.0, -0.5, 0.0, 0.5, 5.0, 20.0, 37.0, 100.0,
            300.0, 800.0]  # fmt: skip


def m(x):
    return mp.mpf(float(x))


def quiet():
    return np.errstate(over="raise", invalid="raise", divide="raise")


def column(*values):
    return np.array(values, dtype=float).reshape(-1, 1)


def assert_close_at_the_scale_of_z(ours, exact, z):
    """Equal to 1e-12 relative, or to the rounding of z itself where z cancels."""
    scale = max(1.0, float(np.max(np.abs(z))))
    np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=4 * np.finfo(float).eps * scale)


# --- hand values -------------------------------------------------------------------------------

HAND = [
    # name, parameters, a, y, value of the row, gradient of the row
    ("squared_error", {}, [3.0, 1.0], [1.0, 4.0], 6.5, [2.0, -3.0]),
    ("absolute_error", {}, [3.0, 1.0], [1.0, 4.0], 5.0, [1.0, -1.0]),
    ("absolute_error", {}, [2.0], [2.0], 0.0, [0.0]),
    ("huber", {}, [0.5, 3.0], [0.0, 0.0], 2.625, [0.5, 1.0]),
    ("huber", {"delta": 2.0}, [1.5, -3.0], [0.0, 0.0], 1.125 + 4.0, [1.5, -2.0]),
    ("quantile", {}, [3.0, 1.0], [1.0, 4.0], 2.5, [0.5, -0.5]),
    ("quantile", {"quantile": 0.9}, [0.0, 2.0], [1.0, 1.0], 1.0, [-0.9, 0.1]),
    ("quantile", {"quantile": [0.1, 0.9]}, [0.0, 0.0], [1.0, 1.0], 1.0, [-0.1, -0.9]),
    ("poisson", {}, [2.0, 1.0], [2.0, 0.0], 1.0, [0.0, 1.0]),
    ("poisson", {}, [1.0], [2.0], 2 * np.log(2) - 1, [-1.0]),
    ("binary_cross_entropy", {}, [0.5, 0.25], [1.0, 0.0], np.log(2) + np.log(4 / 3), [-2, 4 / 3]),
    ("binary_cross_entropy", {}, [1.0, 0.0], [1.0, 0.0], 0.0, [-1.0, 1.0]),
    ("cross_entropy", {}, [0.25, 0.75], [1.0, 0.0], np.log(4), [-4.0, 0.0]),
    ("cross_entropy", {}, [0.0, 1.0], [0.0, 1.0], 0.0, [0.0, -1.0]),
    ("cross_entropy", {"label_smoothing": 0.5}, [0.5, 0.5], [1.0, 0.0], np.log(2), [-1.5, -0.5]),
]


@pytest.mark.parametrize(("name", "parameters", "a", "y", "value", "gradient"), HAND)
def test_a_row_worked_by_hand(name, parameters, a, y, value, gradient):
    it = loss(name, **parameters)
    a, y = np.array([a]), np.array([y])
    with quiet():
        np.testing.assert_allclose(it.value(a, y), [value], rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(it.gradient(a, y), [gradient], rtol=1e-14, atol=1e-15)


def test_the_hand_values_cover_every_loss():
    assert {row[0] for row in HAND} == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_rows_do_not_know_of_each_other(name):
    rng = np.random.default_rng(0)
    a = ACTIVATIONS["softmax"].forward(rng.normal(size=(6, 3)))
    y = np.eye(3)[rng.integers(0, 3, 6)]
    it = LOSSES[name]()
    alone = np.concatenate([it.value(a[i : i + 1], y[i : i + 1]) for i in range(6)])
    assert it.value(a, y).shape == (6,)
    np.testing.assert_allclose(it.value(a, y), alone, rtol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_a_perfect_answer_costs_nothing(name):
    y = np.eye(3)
    with quiet():
        assert LOSSES[name]().value(y, y).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_in_is_dtype_out(name, dtype):
    it = LOSSES[name]()
    a, y = np.full((2, 2), 0.5, dtype=dtype), np.eye(2, dtype=dtype)
    assert it.value(a, y).dtype == dtype
    assert it.gradient(a, y).dtype == dtype
    if it.raw_value is not None:
        assert it.raw_value(a, y).dtype == dtype
        assert it.raw_gradient(a, y).dtype == dtype


# --- canonical pairs on the raw output ---------------------------------------------------------


@pytest.mark.parametrize("z", EXTREMES)
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_sigmoid_with_binary_cross_entropy_equals_mpmath_at_extremes(z, y):
    it = LOSSES["binary_cross_entropy"]()
    a = 1 / (1 + mp.exp(-m(z)))
    not_a = 1 / (1 + mp.exp(m(z)))
    value = -m(y) * mp.log(a) - (1 - m(y)) * mp.log(not_a)
    with quiet():
        ours = it.raw_value(column(z), column(y))[0]
        slope = it.raw_gradient(column(z), column(y))[0, 0]
    assert_close_at_the_scale_of_z(ours, float(value), z)
    assert_close_at_the_scale_of_z(slope, float(a - m(y)), 1.0)
    assert ours >= 0.0


@pytest.mark.parametrize("z", [800.0, 300.0, 100.0])
def test_a_wrong_and_certain_answer_costs_its_raw_output(z):
    it = LOSSES["binary_cross_entropy"]()
    with quiet():
        values = it.raw_value(column(z, -z, z, -z), column(0, 1, 1, 0))
    np.testing.assert_allclose(values, [z, z, 0.0, 0.0], rtol=1e-15, atol=1e-40)


SOFTMAX_ROWS = [
    [800.0, -800.0, 0.0],
    [-800.0, -800.0, -800.0],
    [800.0, 800.0, 799.0],
    [0.0, 30.0, -30.0],
    [1.0, 2.0, 3.0],
    [-300.0, 300.0, 299.5],
]


@pytest.mark.parametrize("z", SOFTMAX_ROWS)
@pytest.mark.parametrize("y", [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.5, 0.3]])
def test_softmax_with_cross_entropy_equals_mpmath_at_extremes(z, y):
    it = LOSSES["cross_entropy"]()
    e = [mp.exp(m(v)) for v in z]
    a = [v / sum(e) for v in e]
    value = -sum(m(t) * mp.log(p) for t, p in zip(y, a, strict=True))
    gradient = [float(p - m(t)) for t, p in zip(y, a, strict=True)]
    with quiet():
        ours = it.raw_value(np.array([z]), np.array([y]))[0]
        slope = it.raw_gradient(np.array([z]), np.array([y]))[0]
    assert_close_at_the_scale_of_z(ours, float(value), z)
    np.testing.assert_allclose(slope, gradient, rtol=1e-12, atol=4e-16)


@pytest.mark.parametrize("z", [-300.0, -30.0, -2.0, 0.0, 0.7, 5.0, 30.0, 300.0])
@pytest.mark.parametrize("y", [0.0, 1.0, 3.0, 20.0])
def test_exp_with_poisson_equals_mpmath(z, y):
    it = LOSSES["poisson"]()
    a = mp.exp(m(z))
    value = a - m(y) - m(y) * m(z) + (m(y) * mp.log(m(y)) if y else 0)
    with quiet():
        ours = it.raw_value(column(z), column(y))[0]
        slope = it.raw_gradient(column(z), column(y))[0, 0]
    size = max(float(a), y * abs(z), 1.0)
    np.testing.assert_allclose(ours, float(value), rtol=1e-12, atol=1e-15 * size)
    np.testing.assert_allclose(slope, float(a - m(y)), rtol=1e-12)


@pytest.mark.parametrize(("output", "name"), CANONICAL_LOSS.items())
def test_the_raw_pair_equals_the_plain_one_where_both_can_be_computed(output, name):
    rng = np.random.default_rng(3)
    z = rng.normal(0, 2, (8, 4))
    y = np.eye(4)[rng.integers(0, 4, 8)]
    it, f = LOSSES[name](), ACTIVATIONS[output]
    a = f.forward(z)
    np.testing.assert_allclose(it.raw_value(z, y), it.value(a, y), rtol=1e-12)
    through = f.backward(it.gradient(a, y), z, a)
    np.testing.assert_allclose(it.raw_gradient(z, y), through, rtol=1e-10, atol=1e-13)


def test_every_canonical_pair_points_back_at_itself():
    for output, name in CANONICAL_LOSS.items():
        assert LOSSES[name]().canonical == output


# --- label smoothing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "smoothed"),
    [
        ("binary_cross_entropy", lambda y, s: (1 - s) * y + s / 2),
        ("cross_entropy", lambda y, s: (1 - s) * y + s / y.shape[1]),
    ],
)
@pytest.mark.parametrize("amount", [0.0, 0.1, 0.9])
def test_label_smoothing_is_the_same_loss_on_softer_targets(name, smoothed, amount):
    rng = np.random.default_rng(4)
    z = rng.normal(0, 3, (5, 3))
    y = np.eye(3)[[0, 1, 2, 1, 0]]
    plain, soft = LOSSES[name](), LOSSES[name](label_smoothing=amount)
    a = ACTIVATIONS[plain.canonical].forward(z)
    target = smoothed(y, amount)
    np.testing.assert_allclose(soft.raw_value(z, y), plain.raw_value(z, target), rtol=1e-13)
    np.testing.assert_allclose(soft.raw_gradient(z, y), plain.raw_gradient(z, target), rtol=1e-12)
    np.testing.assert_allclose(soft.value(a, y), plain.value(a, target), rtol=1e-13)
    np.testing.assert_allclose(soft.gradient(a, y), plain.gradient(a, target), rtol=1e-13)


def test_smoothed_cross_entropy_mixes_in_the_loss_against_uniform_targets():
    rng = np.random.default_rng(5)
    z, y = rng.normal(size=(6, 4)), np.eye(4)[[0, 1, 2, 3, 0, 1]]
    plain, soft = LOSSES["cross_entropy"](), LOSSES["cross_entropy"](label_smoothing=0.2)
    uniform = np.full_like(y, 0.25)
    mixed = 0.8 * plain.raw_value(z, y) + 0.2 * plain.raw_value(z, uniform)
    np.testing.assert_allclose(soft.raw_value(z, y), mixed, rtol=1e-13)


def test_two_classes_by_softmax_equal_one_by_sigmoid():
    rng = np.random.default_rng(6)
    z, c = rng.normal(0, 4, (9, 1)), np.array([[0.0], [1.0]] * 4 + [[1.0]])
    pair = np.concatenate([np.zeros_like(z), z], axis=1)
    y = np.concatenate([1 - c, c], axis=1)
    ce, bce = LOSSES["cross_entropy"](), LOSSES["binary_cross_entropy"]()
    np.testing.assert_allclose(ce.raw_value(pair, y), bce.raw_value(z, c), rtol=1e-12)
    np.testing.assert_allclose(ce.raw_gradient(pair, y)[:, 1:], bce.raw_gradient(z, c), rtol=1e-12)


# --- identities of the regression losses -------------------------------------------------------


def test_a_wide_huber_is_the_squared_error_and_a_narrow_one_the_absolute():
    rng = np.random.default_rng(7)
    a, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
    np.testing.assert_allclose(
        LOSSES["huber"](delta=1e3).value(a, y), LOSSES["squared_error"]().value(a, y), rtol=1e-14
    )
    np.testing.assert_allclose(
        LOSSES["huber"](delta=1e-9).value(a, y) / 1e-9,
        LOSSES["absolute_error"]().value(a, y),
        rtol=1e-6,
    )


def test_the_median_quantile_is_half_the_absolute_error():
    rng = np.random.default_rng(8)
    a, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
    median, absolute = LOSSES["quantile"](), LOSSES["absolute_error"]()
    np.testing.assert_allclose(2 * median.value(a, y), absolute.value(a, y), rtol=1e-15)
    np.testing.assert_allclose(2 * median.gradient(a, y), absolute.gradient(a, y))


@pytest.mark.parametrize("q", [0.1, 0.25, 0.5, 0.9])
def test_the_constant_of_least_pinball_loss_is_the_quantile(q):
    y = np.random.default_rng(9).normal(size=(401, 1))
    guesses = np.linspace(-3, 3, 1201)
    it = LOSSES["quantile"](quantile=q)
    total = [it.value(np.full_like(y, g), y).sum() for g in guesses]
    assert guesses[int(np.argmin(total))] == pytest.approx(np.quantile(y, q), abs=0.02)


def test_poisson_is_least_where_the_answer_is_the_count():
    it = LOSSES["poisson"]()
    y = column(0.5, 1.0, 4.0)
    assert it.gradient(y, y).tolist() == [[0.0], [0.0], [0.0]]
    for other in (0.9 * y, 1.1 * y):
        assert np.all(it.value(other, y) > 0)


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("huber", {"delta": 0.0}, "delta is 0.0: expected a number above 0"),
        ("huber", {"delta": float("nan")}, "delta is nan"),
        ("quantile", {"quantile": 1.0}, "quantile is 1.0: expected numbers above 0 and below 1"),
        ("quantile", {"quantile": [0.5, 0.0]}, "above 0 and below 1"),
        ("quantile", {"quantile": []}, "above 0 and below 1"),
        ("cross_entropy", {"label_smoothing": 1.0}, "label_smoothing is 1.0: expected at least 0"),
        ("binary_cross_entropy", {"label_smoothing": -0.1}, "label_smoothing is -0.1"),
    ],
)
def test_an_unreasonable_setting_is_refused_with_its_range(name, parameters, message):
    with pytest.raises(ValueError, match=message):
        loss(name, **parameters)


def test_as_many_quantiles_as_outputs_are_needed():
    it = loss("quantile", quantile=[0.1, 0.5, 0.9])
    with pytest.raises(ValueError, match="3 quantiles for 2 outputs"):
        it.value(np.zeros((1, 2)), np.zeros((1, 2)))


def test_a_pair_of_functions_is_a_loss_and_other_things_are_not():
    def fourth(a, y):
        return np.sum((a - y) ** 4, axis=1)

    it = loss((fourth, lambda a, y: 4 * (a - y) ** 3))
    assert isinstance(it, Loss)
    assert it.name == "fourth"
    assert loss(it) is it
    with pytest.raises(TypeError, match="a name, a Loss or a pair"):
        loss(3)
