"""Splits are complete, disjoint, stratified and repeatable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.splitting import split_rows

SHARES = st.floats(0.0, 0.49)


CLASSES = st.integers(0, 8)


LABELS = st.lists(CLASSES, max_size=25) | st.lists(CLASSES, min_size=20, max_size=200)


@given(LABELS, SHARES, SHARES, st.integers(0, 5), st.booleans())
def test_rows_are_shared_out(labels, validation, test, seed, stratified):
    n, labels = len(labels), np.array(labels, dtype=int)
    given_labels = labels if stratified else None
    parts = split_rows(n, given_labels, validation, test, seed)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(n))
    assert all((np.diff(part) > 0).all() for part in parts)
    again = split_rows(n, given_labels, validation, test, seed)
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))
    train, held, tested = parts
    if n < 20:
        assert len(train) == n
    elif stratified:
        assert set(labels[train]) == set(labels)
        for label, rows in zip(*np.unique(labels, return_counts=True), strict=True):
            counts = [(labels[part] == label).sum() for part in (tested, held)]
            assert counts[0] <= rows * test + 1
            assert counts[1] <= rows * validation + 1
            if rows * (1 - test - validation) >= 3:  # nothing had to be left for training
                assert counts[0] > rows * test - 1
                assert counts[1] > rows * validation - 1
    else:
        assert abs(len(tested) - n * test) <= 0.5
        assert abs(len(held) - n * validation) <= 0.5


def test_strata_keep_their_proportions():
    labels = np.repeat(["rare", "common"], [100, 900])
    parts = split_rows(1000, labels, seed=3)
    assert [len(part) for part in parts] == [700, 150, 150]
    assert [int((labels[part] == "rare").sum()) for part in parts] == [70, 15, 15]


def test_the_largest_remainders_round_up():
    labels = np.repeat([0, 1], [33, 67])  # 15 % of them: 4.95 and 10.05
    assert np.bincount(labels[split_rows(100, labels)[2]]).tolist() == [5, 10]


def test_a_row_of_each_class_stays_in_training():
    labels = np.repeat(np.arange(10), 2)  # 45 % of 20 rows twice: nine classes would give both
    train, *_ = split_rows(20, labels, 0.45, 0.45)
    assert np.bincount(labels[train]).tolist() == [1] * 9 + [2]


def test_splits_differ_by_seed():
    assert (split_rows(100, seed=0)[2] != split_rows(100, seed=1)[2]).any()


@pytest.mark.parametrize("shares", [(-0.1, 0.1), (0.5, 0.5), (0.1, np.nan)])
def test_shares_that_make_no_sense(shares):
    with pytest.raises(ValueError, match="expected at least 0 each"):
        split_rows(100, None, *shares)


def test_labels_of_another_length():
    with pytest.raises(ValueError, match=r"labels have shape \(3,\): expected one for each of 100"):
        split_rows(100, [1, 2, 3])
