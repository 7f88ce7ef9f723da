"""Query and train: an online network whose parts can be taken out and replaced.

Weights from U(-0.5, 0.5), no biases, sigmoid units, half the squared error, one pattern a step at
rate 0.3. Learns scikit-learn's digits with 64 -> 100 -> 10; `mnist.py` goes on from here.

    python examples/query_and_train.py
"""

import argparse
import sys

import numpy as np
from scipy.special import expit
from sklearn.model_selection import train_test_split

from pellucid import (
    Activation,
    GradientCheck,
    History,
    Network,
    Scaler,
    check_gradient,
    datasets,
    one_hot,
)

# An activation is two functions; here SciPy's expit, and what it does on the way back.
EXPIT = Activation("expit", expit, lambda da, z, a: da * a * (1.0 - a))


def new_network(inputs: int, hidden: int, outputs: int, seed: int = 0) -> Network:
    return Network(
        [inputs, hidden, outputs],
        hidden_activation=EXPIT,
        output_activation=EXPIT,
        loss="squared_error",
        reduction="sum",
        bias=False,
        initializer="uniform",
        seed=seed,
    )


def accuracy(network: Network, X: np.ndarray, classes: np.ndarray) -> float:
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


def main() -> bool:
    print("Query and train, with plain lists:")
    network = new_network(3, 3, 3)
    print(network)
    print("  one input    ", network.predict([1.0, 0.5, -1.5]).round(4).tolist())
    print("  two inputs   ", network.predict([[1.0, 0.5, -1.5], [0.0, 0.0, 1.0]]).round(4).tolist())
    for _ in range(3):
        error = network.train_step([1.0, 0.5, -1.5], [0.9, 0.1, 0.1], learning_rate=0.3)
        print(f"  train: error {error:.6f} before the step")

    print(
        "\nThree ways to get backpropagation wrong, and what a check of the gradient says to each:"
    )
    met = find_faults()

    print("\nDigits, 64 -> 100 -> 10:")
    digits = datasets.load("digits")
    X = Scaler.shared_maximum(digits.X).transform(digits.X)
    X_train, X_test, y_train, y_test = train_test_split(
        X, digits.y, test_size=0.25, stratify=digits.y, random_state=0
    )
    network = new_network(64, 100, 10)
    print(network)
    for epochs, total, claimed in ((5, 5, 0.95), (45, 50, 0.97)):
        history = train_online(network, X_train, one_hot(y_train, 10), epochs)
        print(f"  {total} epochs: {history}")
        met.append(claim("test accuracy", accuracy(network, X_test, y_test), claimed))

    return all(met)


def train_online(network: Network, X: np.ndarray, T: np.ndarray, epochs: int) -> History:
    return network.train(X, T, epochs=epochs, batch_size=1, solver="sgd", learning_rate=0.3)


def find_faults() -> list[bool]:
    """Plant three faults seen in published code in a gradient, one by one, and look for them."""
    square = new_network(3, 3, 3)
    digits = datasets.load("digits")
    X, T = digits.X[:50] / 16, one_hot(digits.y[:50], 10)
    network = new_network(64, 100, 10)
    hidden, output = network.trace(X).a
    error = output - T
    dz = error * output * (1.0 - output)  # right, for the output layer
    hidden_error = error @ network.weights[1].T  # no dz in it: the output's derivative is missing
    gradient = network.loss_and_gradient(X, T)[1]
    right = network.per_layer(gradient)

    x, t = [[1.0, 0.5, -1.5]], [[0.9, 0.1, 0.1]]
    turned = square.loss_and_gradient(x, t)[1]
    for array in square.per_layer(turned).values():
        array[...] = array.T.copy()
    met = [names("weights turned round", check_gradient(square, x, t, gradient=turned),
                 "layer1.W", "layer2.W")]  # fmt: skip
    print("    their shapes fit where all layers are equally large, and only there")

    wrong = gradient.copy()
    update = network.per_layer(wrong)["layer2.W"]
    update[...] = -hidden_error.T @ dz  # should be hidden.T @ dz
    found = check_gradient(network, X, T, gradient=wrong)
    met.append(names("hidden errors in place of hidden outputs", found, "layer2.W"))
    lengths = np.linalg.norm(update) * np.linalg.norm(right["layer2.W"])
    cosine = np.sum(update * right["layer2.W"]) / lengths
    print(f"    it points away from the gradient: cosine {cosine:.3f} (mean of 20 seeds: -.17)")

    wrong = gradient.copy()
    update = network.per_layer(wrong)["layer1.W"]
    update[...] = X.T @ (hidden_error * hidden * (1.0 - hidden))  # should be from dz
    found = check_gradient(network, X, T, gradient=wrong)
    met.append(names("hidden delta without the output's derivative", found, "layer1.W"))
    ratio = np.linalg.norm(update) / np.linalg.norm(right["layer1.W"])
    print(f"    it is {ratio:.1f} times too long (4.0 to 4.3 between layers of three units)")
    return met


def names(fault: str, check: GradientCheck, *segments: str) -> bool:
    met = check.wrong == list(segments)
    print(f"  {fault}: {check.verdict}" + ("" if met else ": NOT WHAT WAS PLANTED"))
    return met


def claim(what: str, reached: float, at_least: float) -> bool:
    met = reached >= at_least
    print(f"  {what} {reached:.4f}, claim at least {at_least:g}: {'met' if met else 'MISSED'}")
    return met


if __name__ == "__main__":
    argparse.ArgumentParser(description="A network to query and to train.").parse_args()
    sys.exit(0 if main() else 1)
