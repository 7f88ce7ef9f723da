import numpy as np
import pytest

from pellucid import Network, compare

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(40, 1))
Y = np.sin(3 * X)


def candidates():
    return {h: Network([1, h, 1], "tanh", seed=0) for h in (1, 8)}


def test_more_units_win_where_they_are_needed_on_given_data_and_by_folds():
    held_out = np.linspace(-1, 1, 50).reshape(-1, 1)
    given = compare(candidates(), X, Y, validation_data=(held_out, np.sin(3 * held_out)),
                    solver="lbfgs")  # fmt: skip
    folded = compare(candidates(), X, Y, folds=4, solver="lbfgs")
    assert given.best == folded.best == 8
    assert [c.parameters for c in given.candidates] == [4, 25]


def test_the_figures_are_those_of_training_by_hand():
    network = Network([1, 3, 1], "tanh", seed=5, alpha=0.1)
    (row,) = compare({"a": network}, X, Y, validation_data=(X[:5], Y[:5]), epochs=7).candidates
    by_hand = Network([1, 3, 1], "tanh", seed=5, alpha=0.1)
    by_hand.train(X, Y, epochs=7)
    assert row.training_loss == pytest.approx(0.5 * np.mean((by_hand.predict(X) - Y) ** 2))
    assert row.validation_loss == pytest.approx(
        0.5 * np.mean((by_hand.predict(X[:5]) - Y[:5]) ** 2)
    )


def test_every_row_is_held_out_exactly_once():
    seen = []

    def metric(output, y):
        seen.extend(y.ravel().tolist())
        return 0.0

    compare({"a": Network([1, 1], seed=0)}, X, Y, folds=3, metric=metric, epochs=1)
    assert sorted(seen) == sorted(Y.ravel().tolist())


def test_the_networks_are_left_as_they_came():
    networks = candidates()
    before = {label: network.theta.copy() for label, network in networks.items()}
    compare(networks, X, Y, folds=2, epochs=3)
    for label, network in networks.items():
        assert np.array_equal(network.theta, before[label])
        assert network.history is None


def test_a_metric_decides_when_there_is_one():
    networks = candidates()
    by_score = compare(networks, X, Y, folds=2, epochs=2, metric=lambda output, y: -output.std())
    scores = {c.label: c.score for c in by_score.candidates}
    assert by_score.best == max(scores, key=scores.get)
    assert "score" in str(by_score)


def test_negative_scores_can_win():
    scores = iter([-5.0, -1.0])
    result = compare(candidates(), X, Y, validation_data=(X, Y), epochs=1,
                     metric=lambda output, y: next(scores))  # fmt: skip
    assert result.best == 8


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="no networks"):
        compare({}, X, Y)
    with pytest.raises(ValueError, match="folds is 41"):
        compare(candidates(), X, Y, folds=41)


def test_the_table_marks_the_best():
    text = str(compare(candidates(), X, Y, folds=2, solver="lbfgs"))
    assert next(line for line in text.splitlines() if "<- best" in line).startswith("8 ")
