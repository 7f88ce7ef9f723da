"""The training loop: its published results, its promises, and what happens when things go wrong."""

import numpy as np
import pytest

from pellucid import OPTIMIZERS, Network

pytestmark = pytest.mark.usefixtures("each_engine")


def waves(n=40, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 2))
    return X, np.sin(3 * X[:, :1]) + X[:, 1:]


def spy_loss(seen):
    """Squared error that notes the targets of every batch it is shown."""

    def value(a, y):
        seen.append(y[:, 0].tolist())
        return 0.5 * ((a - y) ** 2).sum(axis=1)

    return value, lambda a, y: a - y


def batches_of(n, **settings):
    """The targets 0..n-1 as training met them, batch by batch."""
    seen = []
    network = Network([1, 1], loss=spy_loss(seen), seed=0)
    network.train(np.zeros((n, 1)), np.arange(n), learning_rate=1e-3, **settings)
    return seen


def trained(seed=0, **settings):
    network = Network([2, 8, 1], "tanh", seed=seed)
    network.train(*waves(), **({"epochs": 5, "batch_size": 8} | settings))
    return network


EXAM_X = np.array([[2, 9], [1, 5], [3, 6]]) / [3, 9]


EXAM_Y = np.array([[0.92], [0.86], [0.89]])


EXAM_LOSSES = {  # seed -> mean squared loss after 1, 10, 100, 1000, 10000 updates at rate 1
    0: [2.74164990e-2, 2.24631774e-3, 2.53116322e-4, 2.14547201e-4, 3.66813510e-5],
    1: [4.83370742e-2, 8.97500641e-3, 6.09834952e-4, 3.55736056e-4, 5.08651431e-5],
    42: [7.89286691e-3, 1.99156313e-3, 2.09750660e-4, 1.77377503e-4, 4.14887486e-5],
    123: [5.66876387e-2, 6.86980476e-3, 1.25350776e-4, 7.18994652e-5, 3.83381313e-7],
}


NAN = float("nan")


@pytest.mark.parametrize("seed", EXAM_LOSSES)
def test_the_exam_losses_are_those_published_after_every_number_of_updates(seed):
    rng = np.random.RandomState(seed)
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", bias=False, reduction="sum")
    network.weights = [rng.randn(2, 3), rng.randn(3, 1)]
    done, table = 0, [1, 10, 100, 1000]
    if seed == 123:
        table += [10000]
    for updates, published in zip(table, EXAM_LOSSES[seed], strict=False):
        network.train(
            EXAM_X, EXAM_Y, epochs=updates - done, batch_size="full", solver="sgd",
            learning_rate=1.0,
        )  # fmt: skip
        done = updates
        loss = np.mean((network.predict(EXAM_X) - EXAM_Y) ** 2)
        assert loss == pytest.approx(published, rel=2e-8)


def test_training_in_one_go_and_step_by_step_give_the_same_bits():
    one, other = Network([2, 3, 1], "tanh", seed=0), Network([2, 3, 1], "tanh", seed=0)
    X, y = waves(9)
    history = one.train(X, y, epochs=20, batch_size="full", solver="adam", learning_rate=0.01)
    losses = [other.train_step(X, y, learning_rate=0.01, solver="adam") for _ in range(20)]
    assert one.theta.tobytes() == other.theta.tobytes()
    assert history.loss == losses


@pytest.mark.parametrize("gate", [[0, 0, 0, 1], [0, 1, 1, 1], [0, 1, 1, 0]])
@pytest.mark.parametrize("seed", range(20))
def test_and_or_and_xor_are_learnt_from_every_seed(gate, seed):
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    network = Network([2, 3, 1], "sigmoid", "sigmoid", seed=seed)
    network.train(X, gate, epochs=600, batch_size="full", solver="momentum", learning_rate=0.2)
    assert network.predict(X).round().ravel().tolist() == gate


@pytest.mark.parametrize("batch_size", [1, 3, 4, 12, "full"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_row_is_used_exactly_once_an_epoch(batch_size, shuffle):
    seen = batches_of(12, epochs=3, batch_size=batch_size, shuffle=shuffle)
    per_epoch = len(seen) // 3
    size = 12 if batch_size == "full" else batch_size
    assert [len(batch) for batch in seen] == [size] * (12 // size) * 3
    for epoch in range(3):
        batches = seen[epoch * per_epoch : (epoch + 1) * per_epoch]
        rows = [row for batch in batches for row in batch]
        assert sorted(rows) == list(range(12))
        if not shuffle:
            assert rows == list(range(12))


def test_the_last_batch_may_be_smaller():
    seen = batches_of(10, epochs=1, batch_size=4, shuffle=False)
    assert seen == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_every_epoch_has_an_order_of_its_own():
    seen = batches_of(12, epochs=5, batch_size=1)
    orders = [tuple(row[0] for row in seen[i : i + 12]) for i in range(0, 60, 12)]
    assert len(set(orders)) == 5


def test_inputs_targets_and_weights_are_shuffled_together():
    n = 30
    X = np.arange(n)[:, None] / n
    shown = []

    def value(a, y):
        shown.append(np.column_stack([a, y]))
        return 0.5 * ((a - y) ** 2).sum(axis=1)

    network = Network([1, 1], loss=(value, lambda a, y: a - y), seed=0)
    network.theta = [1.0, 0.0]
    network.train(X, X[:, 0], epochs=2, batch_size=7, sample_weight=1 + X[:, 0])
    for pairs in shown:  # the network is the identity and its loss 0, so a is x
        np.testing.assert_array_equal(pairs[:, 0], pairs[:, 1])


def test_a_batch_size_above_n_warns_with_both_numbers_and_uses_all_rows():
    network = Network([2, 1], seed=0)
    with pytest.warns(UserWarning, match="batch_size is 100 and there are 40 rows: using 40"):
        network.train(*waves(), epochs=3, batch_size=100)
    full = Network([2, 1], seed=0)
    full.train(*waves(), epochs=3, batch_size="full")
    assert np.array_equal(network.theta, full.theta)


@pytest.mark.parametrize(("n", "sizes"), [(5, [5]), (32, [32]), (40, [32, 8])])
def test_nobody_who_names_no_batch_size_is_warned_of_it(n, sizes):
    assert [len(batch) for batch in batches_of(n, epochs=1)] == sizes


def test_a_batch_of_all_rows_takes_one_step_an_epoch():
    seen = batches_of(12, epochs=4, batch_size="full")
    assert seen == [list(range(12))] * 4


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_the_same_seed_gives_the_same_bits(solver):
    first, second = trained(solver=solver), trained(solver=solver)
    assert first.theta.tobytes() == second.theta.tobytes()
    assert first.history.loss == second.history.loss


def test_another_seed_gives_other_weights():
    assert not np.array_equal(trained(seed=1).theta, trained(seed=2).theta)


def test_a_generator_may_be_handed_in():
    first, second = (trained(seed=np.random.default_rng(3)) for _ in range(2))
    assert first.theta.tobytes() == second.theta.tobytes()
    assert first.theta.tobytes() == trained(seed=3).theta.tobytes()


def test_nothing_global_is_read_or_touched():
    np.random.seed(0)  # noqa: NPY002 - the very thing that must not matter
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = trained(dropout=0.2)
    after = np.random.get_state()[1]  # noqa: NPY002
    assert np.array_equal(before, after)
    np.random.seed(1)  # noqa: NPY002
    assert trained(dropout=0.2).theta.tobytes() == first.theta.tobytes()


def test_training_leaves_the_data_and_error_settings_as_they_were():
    X, y = waves()
    kept, kept_y, errors = X.copy(), y.copy(), np.geterr()
    trained()
    Network([2, 3, 1], seed=0).train(X, y, epochs=2)
    assert np.array_equal(X, kept)
    assert np.array_equal(y, kept_y)
    assert np.geterr() == errors


def test_weighted_rows_train_as_repeated_rows_do():
    X, y = waves(10)
    w = np.array([1, 2, 3, 1, 1, 2, 1, 1, 4, 1])
    rows = np.repeat(np.arange(10), w)
    settings = {"epochs": 30, "batch_size": "full", "solver": "sgd", "learning_rate": 0.1}
    first, second = Network([2, 5, 1], seed=0, alpha=0.1), Network([2, 5, 1], seed=0, alpha=0.1)
    first.train(X, y, sample_weight=w, **settings)
    second.train(X[rows], y[rows], **settings)
    np.testing.assert_allclose(first.theta, second.theta, rtol=1e-10)


def test_rows_of_no_weight_are_as_if_they_were_not_there():
    X, y = waves(20)
    w = np.repeat([1.0, 0.0], 10)
    settings = {"epochs": 5, "batch_size": 5, "shuffle": False, "solver": "adam"}
    first, second = Network([2, 5, 1], seed=0), Network([2, 5, 1], seed=0)
    history = first.train(X, y, sample_weight=w, **settings)
    second.train(X[:10], y[:10], **settings)
    np.testing.assert_allclose(first.theta, second.theta, rtol=1e-12)
    assert np.all(np.isfinite(history.loss))


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_frozen_segments_do_not_move_by_a_bit_and_the_others_do(solver):
    network = Network(
        [2, 4, 3, 1], "tanh", seed=0, alpha=0.5,
        segments={"layer2.W": {"frozen": True}, "*.b": {"initializer": 0.1, "frozen": True}},
    )  # fmt: skip
    before = {name: array.copy() for name, array in network.parameters.items()}
    network.train(*waves(), epochs=3, batch_size=8, solver=solver)
    for name, array in network.parameters.items():
        if name == "layer2.W" or name.endswith(".b"):
            assert np.array_equal(array, before[name])
        else:
            assert np.all(array != before[name])


def test_train_step_obeys_the_segments_too():
    network = Network([2, 3, 1], seed=1, segments={"layer1.*": {"frozen": True}})
    before = network.theta.copy()
    network.train_step(*waves(), solver="adam")
    assert np.array_equal(network.theta[:9], before[:9])
    assert not np.array_equal(network.theta[9:], before[9:])


def test_a_learning_rate_factor_multiplies_the_step_of_its_segment():
    settings = {"epochs": 1, "batch_size": "full", "solver": "sgd", "learning_rate": 0.1}
    plain = Network([2, 3, 1], "tanh", seed=0)
    factored = Network(
        [2, 3, 1], "tanh", seed=0, segments={"layer1.W": {"learning_rate": 3.0},
                                             "*.b": {"learning_rate": 0.5}},
    )  # fmt: skip
    start = plain.theta.copy()
    plain.train(*waves(), **settings)
    factored.train(*waves(), **settings)
    steps = plain.per_layer(plain.theta - start)
    scaled = factored.per_layer(factored.theta - start)
    for name, factor in (("layer1.W", 3), ("layer1.b", 0.5), ("layer2.W", 1), ("layer2.b", 0.5)):
        np.testing.assert_allclose(scaled[name], factor * steps[name], rtol=1e-12)


def test_adamw_decays_each_segment_by_its_own_factor_and_biases_not_at_all():
    network = Network(
        [1, 1, 1], "identity", seed=0,
        segments={"layer1.W": {"decay": 2.0}, "*": {"initializer": 1.0}},
    )  # fmt: skip
    rule = OPTIMIZERS["adamw"](weight_decay=0.5)
    # 0 -> 1 + 1 = 2 is right, so the gradient is 0 and the decay is alone: w *= 1 - 0.1 * 0.5 f.
    network.train([[0.0]], [2.0], epochs=1, solver=rule, learning_rate=0.1)
    np.testing.assert_allclose(network.theta, [0.9, 1.0, 0.95, 1.0], rtol=1e-14)


def test_l2_shrinks_by_its_formula_where_the_data_say_nothing():
    network = Network([1, 1], seed=0, alpha=0.5, segments={"*": {"initializer": 1.0}})
    # y is met, so dJ/dW = alpha W / n = 0.25 for 2 rows, and the bias stays.
    network.train([[0.0], [0.0]], [1.0, 1.0], epochs=1, solver="sgd", learning_rate=0.4,
                  batch_size="full")  # fmt: skip
    np.testing.assert_allclose(network.theta, [0.9, 1.0], rtol=1e-15)


def test_l1_drives_useless_weights_to_nothing_and_keeps_useful_ones():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6))
    network = Network([6, 1], l1=20.0, seed=0)
    network.train(X, 2 * X[:, :1], epochs=300, batch_size="full", solver="sgd", learning_rate=0.1,
                  schedule="cosine")  # fmt: skip
    W = network.weights[0][:, 0]
    assert W[0] > 1.5
    assert np.all(np.abs(W[1:]) < 0.01)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs is 0: expected a whole number from 1 on"),
        ({"epochs": -3}, "epochs is -3"),
        ({"epochs": 2.5}, "epochs is 2.5"),
        ({"epochs": True}, "epochs is True"),
        ({"batch_size": 0}, "batch_size is 0: expected a whole number from 1 on.*'full'"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"batch_size": NAN}, "batch_size is nan"),
        ({"batch_size": "all"}, "batch_size is 'all'"),
        ({"batch_size": None}, "batch_size is None"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0: expected a finite number above 0"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
        ({"learning_rate": NAN}, "learning_rate is nan"),
        ({"clip_norm": 0.0}, "clip_norm is 0.0"),
        ({"max_time": -1.0}, "max_time is -1.0"),
        ({"n_iter_no_change": 0}, "n_iter_no_change is 0"),
        ({"solver": "adma"}, "unknown solver 'adma': did you mean adam.*lbfgs"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin': did you mean cosine"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_before_anything_moves(settings, message):
    network = Network([2, 3, 1], seed=0)
    before = network.theta.copy()
    with pytest.raises(ValueError, match=message):
        network.train(*waves(), **settings)
    assert np.array_equal(network.theta, before)


@pytest.mark.parametrize("rate", [0.0, -1.0, NAN, float("inf")])
def test_a_single_step_refuses_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match=f"learning_rate is {rate}"):
        Network([2, 1], seed=0).train_step(*waves(), learning_rate=rate)


def test_numpys_whole_numbers_are_whole_numbers():
    network = Network([2, 1], seed=0)
    history = network.train(*waves(), epochs=np.int64(2), batch_size=np.int32(8))
    assert len(history) == 2


def test_an_optimizer_may_be_given_with_its_own_settings():
    settings = {"solver": OPTIMIZERS["momentum"](momentum=0.0), "learning_rate": 0.1}
    plain = trained(solver="sgd", learning_rate=0.1)
    np.testing.assert_allclose(trained(**settings).theta, plain.theta, rtol=1e-13)
