"""Two moons by conjugate gradient: a cost and its gradient as functions of one flat vector.

200 points, a network 2 -> 3 -> 2 with sigmoid units, cross-entropy for each output and an L2
penalty of strength lambda on the weights, minimised by SciPy. Then what lambda, the hidden size,
the depth and the activation do, with pictures.

    python examples/moons.py [--out FOLDER]     leaves moons_hidden.png and moons_lambda.png
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import make_moons

from pellucid import Network, classification_report, compare, datasets, one_hot, plots

TRAIN = datasets.load("moons")
VALIDATION, TEST = (datasets.load("moons", n=n, seed=s) for n, s in ((1000, 2), (10_000, 1)))
X, Y = TRAIN.X, one_hot(TRAIN.y, 2)
CG = "conjugate_gradient"
GRADIENT = (0.02317802, 0.02129201, -0.00038387, 0.00409083)  # its first four numbers
MINIMA = {1e-4: 0.12335727, 1e-3: 0.1341964116, 1e-2: 0.16415898, 1e-1: 0.31877790, 1: 0.75919367}
LAMBDAS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)
HELD_OUT = {1e-3: 0.9488, 1e-2: 0.9635, 1.0: 0.8640}


def draw(stream: np.random.RandomState, reseed: bool, hidden: int = 3) -> list[np.ndarray]:
    """First weights from U(-e, e): for each layer (n_out, 1 + n_in) rows, the bias in front.

    The published run seeds anew before each layer, so its layers begin with the same numbers.
    """
    layers = []
    for n_in, n_out in ((2, hidden), (hidden, 2)):
        if reseed:
            stream.seed(0)
        e = np.sqrt(6) / np.sqrt(n_in + n_out)
        layers.append(stream.uniform(-e, e, (n_out, 1 + n_in)))
    return layers


def network_of(rows: list[np.ndarray], lambda_: float) -> Network:
    sizes = [2, len(rows[0]), 2]
    network = Network(sizes, "sigmoid", "sigmoid", "binary_cross_entropy", alpha=lambda_)
    network.weights = [layer[:, 1:].T for layer in rows]
    network.biases = [layer[:, 0] for layer in rows]
    return network


def accuracy(network: Network, data: datasets.Dataset = TRAIN) -> float:
    return float(np.mean(network.predict(data.X).argmax(axis=1) == data.y))


def main(out: str = ".") -> bool:
    met = [
        claim("first point", X[0, 0], 0.7434611761955393),
        claim("sum", X.sum(), 148.958066829133),
    ]

    print("\nAs printed, both layers drawn after the same seed:")
    start = draw(np.random.RandomState(0), reseed=True)
    network = network_of(start, 0.001)
    print(network)
    cost, gradient = network.loss_and_gradient(X, Y)
    layer = network.per_layer(gradient)
    rows = [np.column_stack([layer[f"layer{i}.b"], layer[f"layer{i}.W"].T]) for i in (1, 2)]
    unrolled = np.concatenate([row.ravel() for row in rows])
    met += [claim("cost", cost, 1.448985856485707), claim("accuracy", accuracy(network), 0.55)]
    met += [claim("gradient", *pair) for pair in zip(unrolled[:4], GRADIENT, strict=True)]
    met.append(claim("gradient, last", unrolled[-1], 0.07544085))
    for solver in (CG, "lbfgs"):
        network = network_of(start, 0.001)
        print(f"  {solver}: {network.train(X, Y, solver=solver, epochs=5000)}")
        met.append(claim("cost", network.loss_and_gradient(X, Y)[0], MINIMA[1e-3], 1e-4))
        met.append(claim("accuracy", accuracy(network), 0.98))
    print(classification_report(TRAIN.y, network.predict(X), ["upper", "lower"]))

    print("\nBoth layers drawn from the stream that made the points:")
    stream = np.random.RandomState(0)
    make_moons(200, noise=0.2, random_state=stream)
    network = network_of(draw(stream, reseed=False), 0.001)
    met.append(claim("cost", network.loss_and_gradient(X, Y)[0], 1.4188957149744459))
    met.append(claim("accuracy", accuracy(network), 0.50))
    network.train(X, Y, solver=CG, epochs=5000)
    met.append(claim("cost", network.loss_and_gradient(X, Y)[0], 0.1324182531, 1e-4))
    met.append(claim("accuracy", accuracy(network), 0.98))

    print("\nMinimum by lambda, from the first start:")
    for lambda_, claimed in MINIMA.items():
        network = network_of(start, lambda_)
        # At the smallest lambda there are two basins near each other, and L-BFGS keeps to one.
        network.train(X, Y, solver="lbfgs" if lambda_ == 1e-4 else CG, epochs=5000)
        cost = network.loss_and_gradient(X, Y)[0]
        met.append(claim(f"lambda {lambda_:g}", cost, claimed, 1e-4))

    print("\nHidden 20: lambda chosen on 1 000 other points, the choice tested on 10 000 more:")
    start = draw(np.random.RandomState(0), reseed=True, hidden=20)
    lambdas = {lambda_: network_of(start, lambda_) for lambda_ in (1e-4, 1e-3, 1e-2, 1e-1, 1.0)}
    validation = (VALIDATION.X, one_hot(VALIDATION.y, 2))
    search = compare(lambdas, X, Y, validation_data=validation, solver=CG, epochs=1000)
    print(search)
    met.append(claim("lambda chosen", search.best, 0.01))
    strip = plots.regularisation_strip(lambdas=LAMBDAS, solver="lbfgs", epochs=2000)
    print(f"Accuracy by lambda, the same start:\n{strip}")
    for lambda_, claimed in HELD_OUT.items():
        test = strip.accuracies[LAMBDAS.index(lambda_)][1]
        met.append(claim(f"test accuracy, lambda {lambda_:g}", test, claimed, 0.002))
    strip.save(Path(out) / "moons_lambda.png")

    print("\nSizes, depths, an activation, and softmax for outputs that are probabilities:")
    variants = {
        f"hidden {' + '.join(map(str, hidden))}, {f}, {output}": Network(
            [2, *hidden, 2], f, output, alpha=0.01, seed=0
        )
        for hidden in ([1], [3], [5], [20], [50], [5, 5], [5, 5, 5])
        for f, output in (("sigmoid", "sigmoid"), ("tanh", "softmax"))
    }
    print(
        compare(
            variants,
            X,
            Y,
            validation_data=validation,
            metric=agreement,
            solver=CG,
            epochs=300,
        )
    )
    comparison = plots.moons_comparison(solver="lbfgs")
    print(f"Accuracy by hidden size, lambda 0.001:\n{comparison}")
    met.append(claim("accuracy, hidden 3", comparison.accuracies[2][0], 0.98))
    comparison.save(Path(out) / "moons_hidden.png")
    print("pictures: moons_lambda.png, moons_hidden.png")
    return all(met)


def agreement(output: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(output.argmax(axis=1) == y.argmax(axis=1)))


def claim(what: str, reached: float, claimed: float, within: float = 1e-8) -> bool:
    met = bool(abs(reached - claimed) <= within)
    verdict = "met" if met else "MISSED"
    print(f"  {what} {reached:.10g}, claim {claimed:.10g} to within {within:g}: {verdict}")
    return met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Two moons, by conjugate gradient.")
    parser.add_argument("--out", default=".", help="folder for the pictures")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
