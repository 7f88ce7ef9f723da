"""Categories of many levels are encoded by the target, as scikit-learn does it."""

import numpy as np
import pytest
from sklearn.model_selection import KFold
from sklearn.preprocessing import RobustScaler, TargetEncoder

from pellucid import TabularRegressor
from pellucid.tabular.frames import frame_of
from pellucid.tabular.preparation import Preparation
from pellucid.tabular.schema import infer

SEED, N = 3, 400
RNG = np.random.default_rng(0)
TOWN = np.array([None if i == 40 else f"town {i}" for i in RNG.integers(0, 41, N)], object)
LENGTH = np.array([len(str(town)) for town in TOWN])
TARGETS = {
    "numbers": RNG.normal(size=N) + LENGTH,
    "two classes": RNG.integers(0, 2, N),
    "three classes": RNG.integers(0, 3, N),
}


def fitted(town, y):
    frame = frame_of({"town": town})
    return Preparation(seed=SEED).fit(frame, infer(frame), y)


def theirs(y):
    kind = "continuous" if y.dtype.kind == "f" else "auto"
    return TargetEncoder(
        target_type=kind, cv=KFold(5, shuffle=True, random_state=SEED), categories="auto"
    )


def squash(z):
    return z / np.sqrt(1.0 + (z / 3.0) ** 2)


@pytest.mark.parametrize("name", TARGETS)
def test_training_rows_are_encoded_by_the_targets_of_others_and_new_ones_by_all(name):
    y = TARGETS[name]
    encoder, rows = fitted(TOWN, y)
    by_them = theirs(y)
    crossed = by_them.fit_transform(TOWN[:, None], y)  # (n, k)
    scaler = RobustScaler().fit(crossed)
    assert rows.numbers.shape == crossed.shape
    np.testing.assert_allclose(rows.numbers, squash(scaler.transform(crossed)), atol=1e-5)
    new = np.array(["town 3", "town 39", None, "town 3", "a new one"], object)
    expected = squash(scaler.transform(by_them.transform(new[:, None])))
    compact = encoder.compact(frame_of({"town": new}))
    np.testing.assert_allclose(compact.numbers, expected, atol=1e-5)
    np.testing.assert_array_equal(encoder.inputs(compact), compact.numbers)


@pytest.mark.parametrize(
    ("name", "parts"), [("numbers", 1), ("two classes", 1), ("three classes", 3)]
)
def test_there_is_a_mean_a_class_if_there_are_more_than_two(name, parts):
    encoder, _ = fitted(TOWN, TARGETS[name])
    assert encoder.input_names == tuple(f"town mean {j}" for j in range(parts))


def test_no_row_is_encoded_by_its_own_target():
    y = TARGETS["numbers"]
    encoder, rows = fitted(TOWN, y)

    def means(encoder, rows):  # before they are squashed
        (number,) = encoder.numbers
        z = rows.numbers[:, 0].astype(float)
        return z / np.sqrt(1.0 - (z / 3.0) ** 2) / number.scale + number.median

    before = means(encoder, rows)
    for row in (0, 7, 150):
        other = y.copy()
        other[row] += 50.0
        after = means(*fitted(TOWN, other))
        assert after[row] == pytest.approx(before[row], abs=1e-4)
        same_town = (TOWN[row] == TOWN) & (np.arange(N) != row)
        assert np.abs(after - before)[same_town].max() > 0.5


def test_levels_are_encoded_by_the_target_only_where_there_are_many():
    levels = np.array([f"level {i:02}" for i in range(31)])[np.arange(310) % 31]
    y = np.arange(310.0)
    assert len(fitted(levels, y)[0].input_names) == 1
    assert len(fitted(levels[levels != "level 30"], y[:300])[0].input_names) == 30
    frame = frame_of({"town": levels})
    encoder, _ = Preparation(most_levels=31).fit(frame, infer(frame), y)
    assert len(encoder.input_names) == 31


def test_many_levels_that_say_nothing_teach_nothing():
    """With a row's own target among its inputs, the network would learn to read it off there."""
    rng = np.random.default_rng(5)
    level = np.array([f"level {i}" for i in rng.integers(0, 150, 600)])
    y = rng.normal(size=600)
    model = TabularRegressor(bag=2, min_steps=200, hidden_layer_sizes=(32,), random_state=0)
    model.fit({"level": level}, y)
    assert model.oob_score_ < 0.05
    assert model.predict({"level": level}).std() < 0.4


def test_many_levels_that_say_much_teach_it():
    rng = np.random.default_rng(5)
    code, offset = rng.integers(0, 100, 1000), rng.normal(size=100)
    y = offset[code] + 0.1 * rng.normal(size=1000)
    model = TabularRegressor(bag=2, min_steps=300, hidden_layer_sizes=(32,), random_state=0)
    model.fit({"level": [f"level {i}" for i in code]}, y)
    assert model.oob_score_ > 0.9
    known, unknown = model.predict({"level": ["level 7", "never seen"]})
    assert known == pytest.approx(offset[7], abs=0.4)
    assert unknown == pytest.approx(y.mean(), abs=0.4)
