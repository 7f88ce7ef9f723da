"""Handwritten digits by online backpropagation: one pattern, one step.

A network of 64 inputs, 40 hidden units and 10 outputs, sigmoid everywhere, learns from half the
squared error of one pattern at a time. The bias unit sits on the input layer only.

    python examples/digits.py            three seeds, a few seconds
    python examples/digits.py --full     ten seeds, and what the learning rate does to it
"""

import argparse
import sys
import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from pellucid import (
    INITIALIZERS,
    OPTIMIZERS,
    Network,
    Scaler,
    ScaleWarning,
    classification_report,
    datasets,
    one_hot,
    print_loss,
)

NORMAL = INITIALIZERS["normal"](0.5)  # standard deviation
MOMENTUM = OPTIMIZERS["momentum"](momentum=0.8)
PUBLISHED = {0.0002: (0.238, 0.1), 0.5: (0.98, 0.01), 1.0: (0.98, 0.01)}  # by rate; to within


def new_network(hidden: int = 40, weights: Any = NORMAL, seed: int = 0) -> Network:
    return Network(
        [64, hidden, 10],
        hidden_activation="sigmoid",
        output_activation="sigmoid",
        loss="squared_error",
        reduction="sum",
        bias=[True, False],
        initializer=weights,
        seed=seed,
    )


def accuracy(network: Network, X: np.ndarray, classes: np.ndarray) -> float:
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


def split(X: np.ndarray, y: np.ndarray, seed: int) -> list[np.ndarray]:
    return list(train_test_split(X, y, test_size=0.25, random_state=seed))


def main(full: bool = False) -> bool:
    digits = datasets.load("digits")
    X = Scaler.shared_maximum(digits.X).transform(digits.X)  # pixels 0 .. 16 become 0 .. 1
    X_train, X_test, y_train, y_test = split(X, digits.y, seed=0)
    T_train = one_hot(y_train, 10)

    print("One pattern. Each step gives the error as it was before the step:")
    network = new_network()
    print(network)
    steps = [network.train_step(X_train[0], T_train[0], learning_rate=0.5) for _ in range(5)]
    print("  " + "  ".join(f"{error:.4f}" for error in steps))

    print("\nWhat cannot work says so:")
    try:
        network.predict(X_train[0, :63])
    except ValueError as error:
        print(f"  63 inputs:   {error}")
    try:
        network.train_step(X_train[0], T_train[0, :9])
    except ValueError as error:
        print(f"  9 targets:   {error}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ScaleWarning)
        new_network().train(digits.X[:50], one_hot(digits.y[:50], 10), epochs=1, batch_size=1)
    print(f"  raw pixels:  {caught[0].message}")

    print("\nEqual weights get equal gradients, so the hidden units stay one and the same unit:")
    for name, weights in (("all 0.1", 0.1), ("normal", NORMAL)):
        network = new_network(weights=weights)
        network.train(X_train, T_train, epochs=2, batch_size=1, solver="sgd", learning_rate=0.5)
        spread = np.ptp(network.weights[0], axis=1).max()
        score = accuracy(network, X_test, y_test)
        print(f"  {name:<8} units differ by up to {spread:.3f}, test accuracy {score:.3f}")

    print("\nOnline training with momentum; the error printed is that of the whole epoch:")
    scores: list[float] = []
    for seed in range(10 if full else 3):
        X_train, X_test, y_train, y_test = split(X, digits.y, seed)
        network = new_network(seed=seed)
        history = network.train(
            X_train,
            one_hot(y_train, 10),
            epochs=18,
            batch_size=1,
            solver=MOMENTUM,
            learning_rate=0.2,
            schedule="cosine",
            callbacks=[print_loss(every=6)] if seed == 0 else [],
        )
        scores.append(accuracy(network, X_test, y_test))
        if seed == 0:
            print(classification_report(y_test, network.predict(X_test)))
        seconds = history.seconds[-1]
        print(f"  seed {seed}: {scores[-1]:.4f} of {len(y_test)} test rows, in {seconds:.2f} s")

    met = [
        claim("lowest test accuracy", min(scores), 0.96),
        claim("mean test accuracy", float(np.mean(scores)), 0.97),
    ]
    if full:
        print("\nPlain steps, hidden 100, weights N(0, 1): the learning rate decides.")
        X_train, X_test, y_train, y_test = split(X, digits.y, seed=1)
        for rate, (published, within) in PUBLISHED.items():
            epochs = 300 if rate < 0.1 else 60
            network = new_network(hidden=100, weights=INITIALIZERS["normal"](1.0), seed=1)
            network.train(
                X_train,
                one_hot(y_train, 10),
                epochs=epochs,
                batch_size=1,
                solver="sgd",
                learning_rate=rate,
                callbacks=[print_loss(every=epochs // 3)],
            )
            score = accuracy(network, X_test, y_test)
            met.append(abs(score - published) <= within)
            print(f"  rate {rate:g}, {epochs} epochs: test accuracy {score:.4f}, "
                  f"published {published}: {'met' if met[-1] else 'MISSED'}")  # fmt: skip
    return all(met)


def claim(what: str, reached: float, at_least: float) -> bool:
    met = reached >= at_least
    print(f"{what} {reached:.4f}, claim at least {at_least:g}: {'met' if met else 'MISSED'}")
    return met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--full", action="store_true", help="all seeds, and the long schedules")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
