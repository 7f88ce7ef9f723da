"""The PyTorch version of the recipe, which is benchmarked beside it, is the recipe."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from torch.nn import functional

from peers.torch_table import Net, TorchTable, outputs, train
from pellucid import datasets
from pellucid.engines import engine
from pellucid.tabular import TabularClassifier, TabularRegressor
from pellucid.tabular.calibration import log_loss
from pellucid.tabular.encoder import Compact
from pellucid.tabular.frames import frame_of
from pellucid.tabular.member import Data, Recipe, Training
from pellucid.tabular.preparation import Preparation
from pellucid.tabular.schema import infer
from table_study import MEMBERS, Embedded, Shared


def rmse(z, y):
    return float(np.sqrt(np.mean((z - y) ** 2)))


LOSSES = {
    True: (lambda z, y: functional.cross_entropy(z, y, label_smoothing=0.1),
           lambda z, rows: log_loss(z, rows.y.argmax(axis=1))),
    False: (lambda z, y: 0.5 * functional.mse_loss(z, y), lambda z, rows: rmse(z, rows.y)),
}  # fmt: skip


@pytest.mark.parametrize("classes", [True, False])
def test_the_same_first_weights_and_orders_lead_to_the_same_network(classes):
    table = datasets.load("wine" if classes else "diabetes")
    recipe = Recipe(
        classes, (16, 8), "selu" if classes else "mish", 0.0, weight_decay=0.5, min_steps=60,
        learning_rate=0.02,
    )  # fmt: skip
    frame = frame_of(np.asarray(table.X, np.float64))
    codes = table.y if classes else None
    plain = (table.y - table.y.mean()) / table.y.std() if codes is None else codes
    encoder, rows = Preparation(bins=8).fit(frame, infer(frame), plain)
    y = np.eye(3, dtype=np.float32)[codes] if classes else plain.astype(np.float32)[:, None]
    objective = recipe.objective(encoder.n_inputs, y.shape[1])
    held = np.arange(0, len(y), 4)
    loss_of, judge = LOSSES[classes]
    ours = Training(
        recipe, objective, engine("reference", 1, objective), encoder, Data(rows, y, None), judge
    ).member(held, np.random.SeedSequence(3))

    drawn, ordered, _ = (np.random.default_rng(s) for s in np.random.SeedSequence(3).spawn(3))
    net = Net(encoder.n_inputs, y.shape[1], recipe)
    first = objective.layout.named(objective.layout.draw(drawn).astype(np.float32))
    arrays = [torch.from_numpy(array.T.copy()) for array in first.values()]
    with torch.no_grad():
        for parameter, array in zip(net.parameters(), arrays, strict=True):
            parameter.copy_(array)
    inside = np.setdiff1d(np.arange(len(y)), held)
    X = torch.from_numpy(encoder.inputs(Compact(rows.numbers, rows.codes)))
    Y = torch.from_numpy(codes if classes else y)
    held_rows = Data(rows, y, None).take(held)
    orders = iter(lambda: torch.from_numpy(ordered.permutation(len(inside))), None)
    train(net, net.groups(recipe), loss_of, lambda z: judge(z, held_rows), recipe, X[inside],
          Y[inside], X[held], orders)  # fmt: skip
    assert ours.best_epoch > 1
    np.testing.assert_allclose(outputs(net, X[held]), ours.output, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("classes", "model"), [(True, TabularClassifier), (False, TabularRegressor)]
)
def test_its_settings_are_the_defaults_but_for_ending_early(classes, model):
    assert TorchTable(classes).recipe() == model(early_stopping=False)._recipe()


RECIPE = Recipe(True, (5, 4))


def test_networks_that_share_weights_are_as_many_networks_side_by_side():
    torch.manual_seed(0)
    shared, X = Shared(6, 3, RECIPE), torch.randn(7, 6)
    torch.nn.init.normal_(shared.heads)
    torch.nn.init.normal_(shared.head_biases)
    found = outputs(shared, X)
    assert found.shape == (MEMBERS, 7, 3)
    assert (found.std(axis=0) > 1e-3).all()
    for k in range(MEMBERS):
        one = Net(6, 3, RECIPE)
        with torch.no_grad():
            one.scale.copy_(shared.scale[k, 0])
            one.hidden.load_state_dict(shared.hidden.state_dict())
            one.output.weight.copy_(shared.heads[k].T)
            one.output.bias.copy_(shared.head_biases[k, 0])
        np.testing.assert_allclose(outputs(one, X), found[k], rtol=1e-5, atol=1e-6)


def test_an_embedded_level_is_its_point_among_the_inputs():
    torch.manual_seed(0)
    net = Embedded(5, 2, RECIPE, [slice(2, 5)])  # two numbers, then a column of three levels
    torch.nn.init.normal_(net.output.weight)
    X = torch.cat([torch.randn(3, 2), torch.eye(3)], dim=1)
    direct = Net(2 + 8, 2, RECIPE)
    direct.load_state_dict({k: v for k, v in net.state_dict().items() if "points" not in k})
    looked_up = torch.cat([X[:, :2], net.points[0]], dim=1).detach()
    np.testing.assert_allclose(outputs(net, X), outputs(direct, looked_up), rtol=1e-6)


@pytest.mark.parametrize("net", [Net(5, 2, RECIPE), Shared(5, 2, RECIPE),
                                 Embedded(5, 2, RECIPE, [slice(2, 5)])])  # fmt: skip
def test_every_parameter_is_trained_once(net):
    moved = [id(p) for group in net.groups(RECIPE) for p in group["params"]]
    assert sorted(moved) == sorted(map(id, net.parameters()))
