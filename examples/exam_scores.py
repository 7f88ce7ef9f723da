"""Exam scores from hours studied and hours slept: a network small enough to follow every number.

Three students, a network 2 -> 3 -> 1 with sigmoid units and no bias, full batch, rate 1, half the
squared error summed over the students.

    python examples/exam_scores.py           1 000 updates, a second
    python examples/exam_scores.py --full    10 000 for every seed, and 100 000 for one
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from pellucid import Network, Scaler, datasets, print_loss

# Mean squared loss after 1, 10, 100, 1 000 and 10 000 updates, for weights drawn by
# numpy.random.seed(s), W1 = randn(2, 3), W2 = randn(3, 1).
CLAIMED = {
    0: (2.74164990e-2, 2.24631774e-3, 2.53116322e-4, 2.14547201e-4, 3.66813510e-5),
    1: (4.83370742e-2, 8.97500641e-3, 6.09834952e-4, 3.55736056e-4, 5.08651431e-5),
    42: (7.89286691e-3, 1.99156313e-3, 2.09750660e-4, 1.77377503e-4, 4.14887486e-5),
    123: (5.66876387e-2, 6.86980476e-3, 1.25350776e-4, 7.18994652e-5, 3.83381313e-7),
}


def new_network(seed: int) -> Network:
    network = Network(
        [2, 3, 1], "sigmoid", "sigmoid", "squared_error", reduction="sum", bias=False
    )
    draw = np.random.RandomState(seed)
    network.weights = [draw.randn(2, 3), draw.randn(3, 1)]
    return network


def main(full: bool = False) -> bool:
    exam = datasets.load("exam")
    hours = Scaler.maximum(exam.X)  # remembers the students' maxima, 3 h and 9 h
    marks = Scaler.by(100)
    X, y = hours.transform(exam.X), marks.transform(exam.y).reshape(-1, 1)

    print("By hand, with round weights, for 2 hours of study and 9 of sleep:\n")
    by_hand = Network([2, 3, 1], "sigmoid", "sigmoid", bias=False)
    by_hand.weights = [[[0.2, 0.6, 0.1], [0.8, 0.7, 0.7]], [[0.4], [0.5], [0.9]]]
    print(by_hand.explain([2, 9], digits=9))
    trace = by_hand.trace([2, 9])
    met = [
        claim("S(7.5)", trace.a[0][0, 1], 0.999447221, 5e-10),
        claim("worked output", trace.output[0, 0], 0.857926, 5e-7),
    ]

    print("\nUntrained (seed 0), then trained with 1 000 updates:")
    network = new_network(seed=0)
    untrained = marks.inverse(network.predict(X))
    met.append(claim("mean squared loss before training", mean_square(network, X, y),
                     0.04864408481709518, 1e-12))  # fmt: skip
    network.train(
        X, y, epochs=1000, batch_size="full", solver="sgd", learning_rate=1.0,
        callbacks=[print_loss(every=200)],
    )  # fmt: skip
    trained = marks.inverse(network.predict(X))
    print("studied  slept  score  untrained  trained")
    for (studied, slept), score, before, after in zip(
        exam.X, exam.y, untrained[:, 0], trained[:, 0], strict=True
    ):
        print(f"{studied:>5} h {slept:>4} h  {score:>5}  {before:>9.2f}  {after:>7.2f}")

    print("\nOne more student, 4 h and 8 h, on the scale that was learnt from the others:")
    new = hours.transform([4, 8])
    print(f"  scaled to {new.round(4).tolist()}: {marks.inverse(network.predict(new))[0]:.2f}")
    own = Scaler.maximum([[4, 8]]).transform([4, 8])  # 4 / 4 and 8 / 8: the question is lost
    print(f"  by its own maximum it would be {own.tolist()}, that is, 3 h and 9 h: a different question")

    print("\nThe same step once more, backward pass and update written out:\n")
    print(network.explain(X[0], y[0], learning_rate=1.0))

    with tempfile.TemporaryDirectory() as folder:
        network.save_text(folder)
        again = new_network(seed=1)
        again.load_text(folder)
        files = sorted(path.name for path in Path(folder).iterdir())
        same = np.array_equal(again.theta, network.theta)
        print(f"\nSaved as text in {', '.join(files)}; read back the same: {same}")
        met.append(same)
    return all(met)
