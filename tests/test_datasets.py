"""The built-in sets against their published figures, and scikit-learn's."""

import numpy as np
import pytest
from sklearn import datasets as oracle

from pellucid.datasets import DATASETS, load, spirals
from pellucid.scaling import SCALERS


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_is_whole(name):
    data = load(name)
    n, k = data.X.shape
    assert data.name == name
    assert data.X.dtype == np.float64
    assert np.isfinite(data.X).all()
    assert data.y.shape == (n,)
    assert len(data.feature_names) == len(set(data.feature_names)) == k
    assert data.target_name not in data.feature_names
    assert data.scaling in SCALERS
    assert isinstance(data.target_scaling, float) or data.target_scaling in SCALERS
    assert data.description == DATASETS[name][1]
    assert "\n" not in data.description
    if data.task == "classification":
        assert data.y.dtype == np.int64
        assert np.unique(data.y).tolist() == list(range(data.y.max() + 1))
        assert data.class_names is None or len(data.class_names) == data.y.max() + 1
    else:
        assert data.task == "regression"
        assert data.y.dtype == np.float64
        assert data.class_names is None


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_is_the_same_each_time(name):
    first, second = load(name), load(name)
    assert (first.X == second.X).all()
    assert (first.y == second.y).all()


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_as_a_table(name):
    data, table = load(name), load(name).table()
    assert table.target == data.target_name
    assert table.scaling == data.scaling
    assert table.frame.columns == [*data.feature_names, data.target_name]
    assert (table.frame.drop(data.target_name).to_numpy() == data.X).all()
    labels = table.frame[data.target_name].to_list()
    if data.class_names is None:
        assert labels == data.y.tolist()
    else:
        assert labels == [data.class_names[i] for i in data.y]


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_sets_of_scikit_learn(name):
    X, y = getattr(oracle, f"load_{name}")(return_X_y=True)
    data = load(name)
    assert (data.X == X).all()
    assert (data.y == y).all()


def test_moons_of_the_worked_system():
    data = load("moons")
    assert data.X.shape == (200, 2)
    assert data.X[0].tolist() == [0.7434611761955393, 0.46465632837724596]
    assert data.X.sum() == pytest.approx(148.95806682913354, rel=1e-15)


def test_sums_of_the_worked_system():
    data = load("sums")
    assert (np.random.RandomState(4).rand(10_000, 2) == data.X).all()
    assert (data.y == data.X[:, 0] + data.X[:, 1]).all()


def test_exam_of_the_worked_system():
    data = load("exam")
    assert data.X.tolist() == [[2, 9], [1, 5], [3, 6]]
    assert data.y.tolist() == [92, 86, 89]
    assert data.target_scaling == 100.0
    assert data.scaling == "maximum"


@pytest.mark.parametrize(
    ("name", "gate"), [("or", max), ("and", min), ("xor", lambda p: sum(p) % 2)]
)
def test_gates(name, gate):
    data = load(name)
    assert [gate(pair) for pair in data.X] == data.y.tolist()
    assert len({tuple(pair) for pair in data.X}) == 4


def test_circles_lie_within_each_other():
    data = load("circles", noise=0.0)
    radius = np.hypot(*data.X.T)
    assert radius[data.y == 0] == pytest.approx(1.0)
    assert radius[data.y == 1] == pytest.approx(0.5)


@pytest.mark.parametrize("arms", [2, 3])
def test_spiral_arms_are_one_arm_turned(arms):
    data = spirals(n=60 * arms, arms=arms, noise=0.0)
    first = data.X[data.y == 0]
    for arm in range(arms):
        turn = 2 * np.pi * arm / arms
        back = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        assert data.X[data.y == arm] @ back == pytest.approx(first)
    radius = np.hypot(*first.T)
    assert (np.diff(radius) > 0).all()
    assert radius[-1] == pytest.approx(1.0)


def test_spirals_differ_by_seed_only_in_noise():
    assert (spirals(seed=1).X != spirals(seed=2).X).any()
    assert pytest.approx(spirals(seed=2).X, abs=0.3) == spirals(seed=1).X
    with pytest.raises(ValueError, match="2 or 3 arms, not 4"):
        spirals(arms=4)
    with pytest.raises(ValueError, match="2 rows are too few for 3 arms"):
        spirals(n=2)


def test_an_unknown_name_lists_near_ones():
    with pytest.raises(ValueError, match="did you mean moons"):
        load("mons")
