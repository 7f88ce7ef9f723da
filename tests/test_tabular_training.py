"""How the networks of a bag are made and trained: the same bits, and each part of the recipe."""

from math import sqrt

import numpy as np
import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.schedules import schedule
from pellucid.tabular import member
from pellucid.tabular.bag import parts_held_out
from pellucid.tabular.member import Recipe, raw

SMALL = {"min_steps": 60, "bag": 2, "hidden_layer_sizes": (16, 16), "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
TABLE = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "kind": np.where(X[:, 2] > 0, "up", "down")}
NUMBERS = X[:, 0] + np.abs(X[:, 1]) + 0.1 * RNG.normal(size=200)
CLASSES = np.where(NUMBERS > 1, "much", np.where(NUMBERS > 0.3, "some", "little"))
BOTH = pytest.mark.parametrize(
    ("kind", "y"), [(TabularClassifier, CLASSES), (TabularRegressor, NUMBERS)]
)


def thetas(model):
    return [one.theta for one in model._bag.members]


def same(first, second):
    return all(
        np.array_equal(a, b) for a, b in zip(thetas(first), thetas(second), strict=True)
    ) and np.array_equal(first._raw(TABLE), second._raw(TABLE))


# --- the same bits --------------------------------------------------------------------------------


@BOTH
def test_one_seed_gives_the_same_bits_in_any_number_of_threads(kind, y):
    model = kind(**SMALL, n_jobs=1).fit(TABLE, y)
    for n_jobs in (2, 3, -1, None):
        assert same(model, kind(**SMALL, n_jobs=n_jobs).fit(TABLE, y))
    assert same(model, model.fit(TABLE, y))
    state = np.random.RandomState(0)
    assert same(model, kind(**SMALL | {"random_state": state}).fit(TABLE, y))
    assert not same(model, kind(**SMALL | {"random_state": state}).fit(TABLE, y))
    assert not same(model, kind(**SMALL | {"random_state": 1}).fit(TABLE, y))
    first, second = thetas(model)
    assert (first != second).any()


@BOTH
def test_inputs_made_in_blocks_train_to_the_same_bits(kind, y, monkeypatch):
    whole = kind(**SMALL, batch_size=16).fit(TABLE, y)
    monkeypatch.setattr(member, "KEPT", 0)
    for block in (1, 2000):  # one step a block, and several
        monkeypatch.setattr(member, "BLOCK", block)
        blocks = kind(**SMALL, batch_size=16).fit(TABLE, y)
        assert same(whole, blocks)
        np.testing.assert_allclose(
            [one.losses for one in blocks._bag.members],
            [one.losses for one in whole._bag.members], rtol=1e-6,
        )  # fmt: skip


@BOTH
def test_the_reference_engine_learns_nearly_the_same(kind, y):
    native = kind(**SMALL, engine="native").fit(TABLE, y)
    reference = kind(**SMALL, engine="reference").fit(TABLE, y)
    np.testing.assert_allclose(reference._raw(TABLE), native._raw(TABLE), atol=1e-3)
    assert reference.oob_score_ == pytest.approx(native.oob_score_, abs=0.02)


@BOTH
def test_rows_of_no_weight_might_as_well_not_be_there(kind, y):
    rng = np.random.default_rng(1)
    kept = rng.random(200) < 0.7
    weight = np.where(kept, rng.uniform(0.5, 2.0, 200), 0.0)
    weighted = kind(**SMALL).fit(TABLE, y, weight)
    some = {name: column[kept] for name, column in TABLE.items()}
    assert same(weighted, kind(**SMALL).fit(some, y[kept], weight[kept]))
    assert not same(weighted, kind(**SMALL).fit(some, y[kept]))


# --- the recipe -----------------------------------------------------------------------------------


def test_rates_and_decay_of_each_part_are_those_of_the_recipe():
    layout = Recipe(classes=True, hidden_layer_sizes=(64, 25)).objective(9, 4).layout
    kinds = [type(layer).__name__ for layer in layout.architecture.layers]
    assert kinds == ["Scale", "Dense", "Dense", "Dense"]
    assert [layer.activation.name for layer in layout.architecture.layers] == [
        "identity", "selu", "selu", "softmax",
    ]  # fmt: skip
    segments = {s.name: s for s in layout.segments}
    rates = {name: segment.learning_rate for name, segment in segments.items()}
    assert rates == pytest.approx(
        {
            "layer1.s": 6.0,
            "layer2.W": 1 / 3, "layer2.b": 0.1,
            "layer3.W": 1 / 8, "layer3.b": 0.1,
            "layer4.W": 1 / 5, "layer4.b": 0.1,
        }
    )  # fmt: skip
    for name, segment in segments.items():  # a step takes the same part of all weights
        part = segment.learning_rate * segment.decay
        assert part == pytest.approx(1.0 if name.endswith("W") else 0.0)


def test_weights_and_biases_are_drawn_as_the_recipe_says_and_the_output_is_zero():
    layout = Recipe(classes=False, hidden_layer_sizes=(400, 300)).objective(100, 1).layout
    arrays = layout.named(layout.draw(np.random.default_rng(0)))
    np.testing.assert_array_equal(arrays["layer1.s"], np.ones(100))
    for number, fan_in in ((2, 100), (3, 400)):
        W, b = arrays[f"layer{number}.W"], arrays[f"layer{number}.b"]
        assert W.std() * sqrt(fan_in) == pytest.approx(1.0, abs=0.02)
        assert W.mean() * sqrt(fan_in) == pytest.approx(0.0, abs=0.02)
        assert b.std() == pytest.approx(1.0, abs=0.1)
        assert b.mean() == pytest.approx(0.0, abs=0.15)
    assert not arrays["layer4.W"].any()
    assert not arrays["layer4.b"].any()


def test_a_raw_output_is_that_before_softmax():
    objective = Recipe(classes=True, hidden_layer_sizes=(5,)).objective(3, 2)
    layers = raw(objective.layout).architecture.layers
    assert [layer.activation.name for layer in layers] == ["identity", "selu", "identity"]
    assert raw(objective.layout).size == objective.layout.size


@pytest.mark.parametrize(
    ("rows", "batch", "epochs"),
    [
        (2, 2, 256),  # 2500 epochs of one step, but 256 at the most
        (100, 16, 256),  # 7 steps an epoch
        (150, 16, 250),  # 10 steps an epoch
        (1000, 64, 157),  # 16 steps an epoch
        (7500, 256, 84),  # 30 steps an epoch
        (1_000_000, 256, 1),
    ],
)
def test_epochs_are_as_many_as_make_2500_steps(rows, batch, epochs):
    recipe = Recipe(classes=True)
    assert (recipe.batch(rows), recipe.epochs(rows)) == (batch, epochs)
    assert Recipe(classes=True, batch_size=5000).batch(rows) == min(5000, rows)


def test_defaults_are_the_recipe():
    for kind, activation, rate, dropout, decay in (
        (TabularClassifier, "selu", 0.04, 0.15, 0.02),
        (TabularRegressor, "mish", 0.07, 0.0, 0.0),
    ):
        model = kind()
        recipe = model._recipe()
        assert (recipe.activation, recipe.learning_rate) == (activation, rate)
        assert (recipe.dropout, recipe.weight_decay) == (dropout, decay)
        assert recipe.hidden_layer_sizes == (256, 256, 256)
        assert (recipe.schedule, recipe.min_steps, recipe.max_epochs) == ("coslog4", 2500, 256)
        assert (model.bag, model.validation_fraction, model.bins) == (4, "auto", 48)
    assert TabularClassifier().label_smoothing == 0.1


def test_the_schedule_is_asked_at_each_step_for_the_part_of_training_behind_it():
    asked = []

    def noted(t):
        asked.append(t)
        return 1.0

    settings = SMALL | {"bag": 1, "batch_size": 50, "min_steps": 15}
    TabularRegressor(**settings, schedule=noted).fit(TABLE, NUMBERS)
    # 150 rows to train on, three steps an epoch, five epochs
    np.testing.assert_allclose(asked, np.arange(15) / 15, atol=1e-12)


def test_a_rate_of_zero_leaves_a_network_as_it_was_drawn_and_its_answer_the_mean():
    model = TabularRegressor(**SMALL, schedule=lambda t: 0.0).fit(TABLE, NUMBERS)
    np.testing.assert_allclose(model.predict(TABLE), np.full(200, NUMBERS.mean()), rtol=1e-6)
    spread = np.sqrt(np.mean((NUMBERS - NUMBERS.mean())[~np.isnan(model.oob_prediction_)] ** 2))
    assert model.oob_rmse_ == pytest.approx(spread)
    classes = TabularClassifier(**SMALL, schedule=lambda t: 0.0).fit(TABLE, CLASSES)
    np.testing.assert_allclose(classes.predict_proba(TABLE), np.full((200, 3), 1 / 3), rtol=1e-6)
    np.testing.assert_allclose(classes.leaderboard_["log_loss"], np.log(3.0), rtol=1e-6)
    by_name = TabularRegressor(**SMALL, schedule="coslog4").fit(TABLE, NUMBERS)
    assert same(
        by_name, TabularRegressor(**SMALL, schedule=schedule("coslog4")).fit(TABLE, NUMBERS)
    )


def test_predictions_stay_within_the_targets_of_training():
    model = TabularRegressor(**SMALL | {"min_steps": 300}).fit(TABLE, NUMBERS)
    assert model.target_range_ == (NUMBERS.min(), NUMBERS.max())
    far = {name: np.array([-1e6, 1e6]) for name in "abc"} | {"kind": ["up", "down"]}
    low, high = model.target_range_
    assert ((model.predict(far) >= low - 1e-12) & (model.predict(far) <= high + 1e-12)).all()
    assert ((model.oob_prediction_ >= low - 1e-12) | np.isnan(model.oob_prediction_)).all()


# --- the rows held out ----------------------------------------------------------------------------


@pytest.mark.parametrize(("members", "share", "folds"), [(4, 0.25, 4), (3, 0.5, 2), (5, 0.2, 5)])
def test_networks_hold_rows_out_in_turns(members, share, folds):
    parts = parts_held_out(40, members, share, None, seed=0)
    assert [len(part) for part in parts] == [40 // folds] * members
    for i, part in enumerate(parts):
        np.testing.assert_array_equal(part, parts[i % folds])  # all had their turn
    assert sorted(np.concatenate(parts[:folds])) == list(range(40))[: members * 40 // folds]


def test_classes_are_shared_out_evenly_and_a_single_row_is_never_held_out():
    codes = np.repeat([0, 1, 2], [32, 7, 1])
    parts = parts_held_out(40, 4, 0.25, codes, seed=0)
    counts = np.array([np.bincount(codes[part], minlength=3) for part in parts])
    np.testing.assert_array_equal(counts[:, 0], 8)
    assert sorted(counts[:, 1]) == [1, 2, 2, 2]
    assert not counts[:, 2].any()


def test_of_fewer_than_eight_rows_none_is_held_out():
    assert [len(part) for part in parts_held_out(7, 3, 0.25, None, seed=0)] == [0, 0, 0]
    assert [len(part) for part in parts_held_out(8, 3, 0.25, None, seed=0)] == [2, 2, 2]


@BOTH
def test_the_leaderboard_tells_the_loss_on_rows_that_each_network_has_not_seen(kind, y):
    model = kind(**SMALL | {"bag": 4, "early_stopping": False}).fit(TABLE, y)
    board = model.leaderboard_
    losses = board["rmse" if kind is TabularRegressor else "log_loss"]
    assert (np.diff(losses) >= 0).all()
    assert sorted(board["member"]) == [1, 2, 3, 4]
    assert board["rows_held_out"].tolist() == [50] * 4
    assert board["epochs"].tolist() == [6] * 4  # of 10 steps: 16 rows each of 150
    assert board["steps"].tolist() == [60] * 4
    assert set(board["stopped"]) == {"all epochs done"}
    if kind is TabularRegressor:
        assert model.oob_rmse_**2 == pytest.approx(np.mean(losses**2), rel=1e-5)
        off = model.oob_prediction_ - y
        assert model.oob_score_ == pytest.approx(1 - np.mean(off**2) / y.var(), rel=1e-9)
    else:
        named = model.classes_[model.oob_decision_function_.argmax(axis=1)]
        assert model.oob_score_ == np.mean(named == y)


def test_the_weights_kept_are_those_of_the_best_epoch():
    told = []
    model = TabularRegressor(**SMALL | {"bag": 1, "min_steps": 200}, callbacks=[told.append])
    model.fit(TABLE, NUMBERS)
    losses = np.array([step.held_out_loss for step in told])
    assert model.leaderboard_["best_epoch"].tolist() == [losses.argmin() + 1]
    assert model.leaderboard_["rmse"][0] == losses.min()
    held_out = ~np.isnan(model.oob_prediction_)
    assert held_out.sum() == 50
    np.testing.assert_allclose(model.predict(TABLE)[held_out], model.oob_prediction_[held_out])
    off = model.predict(TABLE)[held_out] - NUMBERS[held_out]
    assert np.sqrt(np.mean(off**2)) == pytest.approx(losses.min(), rel=1e-5)


def test_training_ends_with_a_cycle_of_the_schedule_that_brought_nothing_better():
    rng = np.random.default_rng(0)
    table, noise = {"x": rng.normal(size=200)}, rng.normal(size=200)  # nothing to learn
    settings = SMALL | {"bag": 4, "min_steps": 2000, "max_epochs": 60}
    whole = TabularRegressor(**settings, early_stopping=False).fit(table, noise)
    model = TabularRegressor(**settings).fit(table, noise)
    rests = [np.ceil(60 * (2**k - 1) / 15) for k in (1, 2, 3, 4)]  # where the rate has fallen to 0
    for mine, other in zip(model._seen, whole._seen, strict=True):
        assert other.stopped == "all epochs done"
        assert mine.held_out_losses == other.held_out_losses[: mine.epochs]
        at = rests.index(mine.epochs)
        losses = np.array(other.held_out_losses)
        before = losses[: int(rests[at - 1])].min()
        if mine.stopped == "no better for a whole cycle of the schedule":
            assert losses[int(rests[at - 1]) : int(rests[at])].min() >= before
        else:
            assert at == 3
    assert "no better for a whole cycle of the schedule" in {m.stopped for m in model._seen}


def test_other_schedules_have_no_cycles_to_end_with():
    y = np.random.default_rng(0).normal(size=200)
    model = TabularRegressor(**SMALL | {"schedule": "cosine"}).fit(TABLE, y)
    assert set(model.leaderboard_["stopped"]) == {"all epochs done"}
