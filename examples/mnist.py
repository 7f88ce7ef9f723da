"""MNIST: 60 000 handwritten digits of 28 x 28 pixels, from the four files they are published in.

One hidden layer of 200: by a tuned recipe in some seconds, and with --full by that of
`query_and_train.py` too (sigmoid units, half the squared error, one image a step at rate 0.3).

    python examples/mnist.py [FOLDER]          the folder of the four IDX files, gzip or not
    python examples/mnist.py --full [FOLDER]   both recipes, some minutes
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from pellucid import History, Network, one_hot, print_loss
from pellucid.idx import read_idx_pair


def accuracy(network: Network, X: np.ndarray, classes: np.ndarray) -> float:
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


def tuned(X: np.ndarray, classes: np.ndarray) -> tuple[Network, History]:
    network = Network([784, 200, 10], "relu", "softmax", seed=0)
    history = network.train(
        X,
        classes,
        epochs=10,
        batch_size=128,
        solver="adam",
        learning_rate=0.002,
        schedule="cosine",
        dropout=0.2,
        callbacks=[print_loss()],
    )
    return network, history


def online(X: np.ndarray, classes: np.ndarray) -> tuple[Network, History]:
    network = Network(
        [784, 200, 10],
        "sigmoid",
        "sigmoid",
        "squared_error",
        reduction="sum",
        bias=False,
        initializer="uniform",
        seed=0,
    )
    history = network.train(
        X,
        one_hot(classes, 10),
        epochs=4,
        batch_size=1,
        solver="sgd",
        learning_rate=0.3,
        schedule="cosine",
        callbacks=[print_loss()],
    )
    return network, history


def main(folder: Path, full: bool = False) -> bool:
    if not folder.is_dir():
        print(f"no folder {folder}: name the one that holds MNIST's four IDX files")
        return False
    X_train, y_train = read_idx_pair(folder / "train-images-idx3-ubyte.gz")
    X_test, y_test = read_idx_pair(folder / "t10k-images-idx3-ubyte.gz")
    X_train, X_test = (np.divide(X, 255, dtype=np.float32) for X in (X_train, X_test))
    recipes = {"relu, softmax, batches of 128, Adam, dropout 0.2": (tuned, 0.98)}
    if full:
        recipes["sigmoid, squared error, one image a step"] = (online, 0.97)
    met = []
    for name, (recipe, claimed) in recipes.items():
        print(f"{name}, 784 -> 200 -> 10, {len(X_train)} images:")
        network, history = recipe(X_train, y_train)
        print(f"  trained in {history.duration:.0f} s")
        met.append(claim("test accuracy", accuracy(network, X_test, y_test), claimed))
    return all(met)


def claim(what: str, reached: float, at_least: float) -> bool:
    met = reached >= at_least
    print(f"  {what} {reached:.4f}, claim at least {at_least:g}: {'met' if met else 'MISSED'}")
    return met


def beside() -> Path:
    """PELLUCID_DATA, or the data folder beside the checkout."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("PELLUCID_DATA", shared)) / "mnist"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="MNIST, by two recipes.")
    parser.add_argument("--full", action="store_true", help="the online recipe too")
    parser.add_argument("folder", nargs="?", type=Path, default=beside(), help="of the four files")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
