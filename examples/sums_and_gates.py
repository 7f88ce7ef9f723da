"""Sums and gates: gradient descent in your own loop, and where its limits come from.

First the OR gate. Then x1 + x2 from 10 000 pairs, with a sigmoid network 2 -> 3 -> 1
without biases, and half the squared error summed over the rows; the same with a linear output and
biases, which can learn it. Last OR, AND and XOR from twenty different starts.

    python examples/sums_and_gates.py           2 001 steps for the sums, about five seconds
    python examples/sums_and_gates.py --full    10 000 steps
"""

import argparse
import sys

import numpy as np

from pellucid import Network, datasets

# Squared error a row after so many steps at rate 0.001.
CLAIMED = {1001: 0.089028, 2001: 0.087910, 5001: 0.087217, 10_000: 0.086921}


def new_network(W1: np.ndarray, W2: np.ndarray) -> Network:
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", reduction="sum", bias=False)
    network.weights = [W1, W2]
    return network


def main(full: bool = False) -> bool:
    print("The OR gate: a cost, and its derivative for each layer.")
    gate = datasets.load("or")
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", reduction="sum", seed=0)
    cost, gradient = network.loss_and_gradient(gate.X, gate.y)  # y (4,) is read as a column (4, 1)
    print(f"  targets {gate.y.shape}, outputs {network.predict(gate.X).shape}, cost {cost:.6f}")
    for name, derivative in network.per_layer(gradient).items():
        print(f"  {name}  {derivative.round(4).tolist()}")
    try:
        network.loss_and_gradient(gate.X, gate.y[:3])
    except ValueError as error:
        print(f"  three targets for four rows: {error}")

    print("\nSums. One stream of numbers gives the pairs, the weights, a sample and other weights.")
    sums = datasets.load("sums")
    draw = np.random.RandomState(4)
    assert np.array_equal(draw.rand(10_000, 2), sums.X)
    network = new_network(draw.randn(2, 3), draw.randn(3, 1))
    sample = draw.rand(2)
    untrained = new_network(draw.randn(2, 3), draw.randn(3, 1))
    print(network)

    first = new_network(*network.weights)
    first.train_step(sums.X, sums.y, learning_rate=0.01)
    cost = first.loss_and_gradient(sums.X, sums.y)[0]
    met = [
        claim("cost after a step at rate 0.01", cost, 955.62804742, 1e-8),
        claim("untrained, squared error a row", per_row(untrained, sums), 0.36054183, 1e-8),
    ]

    print("\nGradient descent at rate 0.001, as a loop of one's own:")
    steps = 10_000 if full else 2001
    for step in range(1, steps + 1):
        cost, gradient = network.loss_and_gradient(sums.X, sums.y)
        network.theta = network.theta - 0.001 * gradient
        if step == 1 or step % 1000 == 0:
            print(f"  step {step:>5}  cost {cost:.6f}")
        if step in CLAIMED:
            met.append(claim(f"after {step} steps", per_row(network, sums), CLAIMED[step], 5e-7))
    print("\n               untrained  trained  target")
    answers = [net.predict(sample)[0] for net in (untrained, network)]
    print(f"  of a sample  {answers[0]:>9.4f}  {answers[1]:>7.4f}  {sample.sum():>6.4f}")

    floor = np.mean(np.maximum(sums.y - 1.0, 0.0) ** 2)
    print("\nA sigmoid stays below 1 and half of the sums are above: no training gets under that.")
    met.append(claim("the floor, squared error a row", float(floor), 0.08317, 5e-6))
    print("A linear output with biases has no such floor:")
    linear = Network([2, 3, 1], "tanh", "identity", seed=0)
    print("  " + repr(linear.train(sums.X, sums.y, solver="lbfgs", epochs=200)))
    met += [
        claim("squared error a row", per_row(linear, sums), 0.0, 1e-4),
        claim("of the sample", linear.predict(sample)[0], 0.65591, 0.01),
    ]

    print(
        "\nGates: 2 -> 3 -> 1 with biases, 1 000 plain full-batch steps at rate 4, no second tries."
    )
    for name in ("or", "and", "xor"):
        gate = datasets.load(name)
        errors = []  # the largest of the four rows, for each seed
        for seed in range(20):
            network = Network([2, 3, 1], "sigmoid", "sigmoid", seed=seed)  # cross-entropy
            network.train(gate.X, gate.y, epochs=1000, batch_size="full", solver="sgd",
                          learning_rate=4.0)  # fmt: skip
            errors.append(float(np.abs(network.predict(gate.X)[:, 0] - gate.y).max()))
        solved = sum(error < 0.5 for error in errors)
        met.append(claim(f"{name}: solved, of seeds 0 .. 19", solved, 20, 0))
        print(f"    largest error of any row and seed {max(errors):.4f}")
    return all(met)


def per_row(network: Network, data: datasets.Dataset) -> float:
    return float(np.mean((network.predict(data.X)[:, 0] - data.y) ** 2))


def claim(what: str, reached: float, claimed: float, within: float) -> bool:
    met = bool(abs(reached - claimed) <= within)
    verdict = "met" if met else "MISSED"
    print(f"  {what}: {reached:.10g}, claim {claimed:.10g} to within {within:g}: {verdict}")
    return met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Sums and gates, by gradient descent.")
    parser.add_argument("--full", action="store_true", help="10 000 steps for the sums")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
