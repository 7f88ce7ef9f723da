"""The third worked system, exam scores: its oracle, and its faults put right."""

import numpy as np
import pytest

from pellucid import (
    Network,
    Scaler,
)

EXAM = {
    0: (2.74164990e-2, 2.24631774e-3, 2.53116322e-4, 2.14547201e-4, 3.66813510e-5),
    1: (4.83370742e-2, 8.97500641e-3, 6.09834952e-4, 3.55736056e-4, 5.08651431e-5),
    42: (7.89286691e-3, 1.99156313e-3, 2.09750660e-4, 1.77377503e-4, 4.14887486e-5),
    123: (5.66876387e-2, 6.86980476e-3, 1.25350776e-4, 7.18994652e-5, 3.83381313e-7),
}


HOURS, SCORES = Scaler.maximum([[2, 9], [1, 5], [3, 6]]), Scaler.by(100)


X_EXAM, Y_EXAM = HOURS.transform([[2, 9], [1, 5], [3, 6]]), SCORES.transform([[92], [86], [89]])


def exam_network(seed):
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", reduction="sum", bias=False)
    stream = np.random.RandomState(seed)
    network.weights = [stream.randn(2, 3), stream.randn(3, 1)]
    return network


def exam_loss(network):
    return float(np.mean((network.predict(X_EXAM) - Y_EXAM) ** 2))


def test_exam_before_training():
    network = exam_network(0)
    assert exam_loss(network) == pytest.approx(0.04864408481709518, rel=1e-12)
    outputs = network.predict(X_EXAM)[:, 0]
    assert outputs == pytest.approx([0.677271173, 0.658701272, 0.674375805], abs=1e-9)


@pytest.mark.parametrize("seed", EXAM)
def test_exam_after_1_10_100_1000_and_10000_updates(seed):
    network, done = exam_network(seed), 0
    for updates, expected in zip((1, 10, 100, 1000, 10_000), EXAM[seed], strict=True):
        network.train(
            X_EXAM, Y_EXAM, epochs=updates - done, batch_size="full", solver="sgd",
            learning_rate=1.0,
        )  # fmt: skip
        done = updates
        assert exam_loss(network) == pytest.approx(expected, rel=1e-8 if updates <= 1000 else 1e-6)


def test_fault_a_new_student_comes_on_the_scale_of_the_others():
    assert HOURS.transform([4, 8]) == pytest.approx([4 / 3, 8 / 9], rel=1e-15)
    own = Scaler.maximum([[4, 8]]).transform([4, 8])
    assert HOURS.inverse(own).tolist() == [3.0, 9.0]  # a question that nobody asked
    network = exam_network(0)
    assert network.predict(HOURS.transform([4, 8])) != pytest.approx(network.predict(own), rel=1e-3)
    assert SCORES.inverse(SCORES.transform([92.0])).tolist() == [92.0]


def test_fault_the_worked_sigmoid_values():
    network = Network([2, 3, 1], "sigmoid", "sigmoid", bias=False)
    network.weights = [[[0.2, 0.6, 0.1], [0.8, 0.7, 0.7]], [[0.4], [0.5], [0.9]]]
    trace = network.trace([2, 9])
    assert trace.z[0] == pytest.approx(np.array([[7.6, 7.5, 6.5]]), rel=1e-14)
    assert trace.a[0][0, 1] == pytest.approx(0.999447221, abs=1e-9)
    assert trace.output[0, 0] == pytest.approx(0.857926, abs=1e-6)
    text = str(network.explain([2, 9]))
    assert "(2 * 0.2) + (9 * 0.8) = 7.6" in text
    assert "sigmoid(7.6) = 0.9995" in text


def test_text_weights_load_again_with_their_shapes(tmp_path):
    network, again = exam_network(0), exam_network(1)
    network.save_text(tmp_path)
    again.load_text(tmp_path)
    assert np.array_equal(again.theta, network.theta)
    assert (tmp_path / "layer1.txt").read_text().startswith("# W, shape 2 3\n")
