"""Tables of names: what is found, and what is said when nothing is."""

import pytest

from pellucid import ACTIVATIONS, ENGINES, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES, SOLVERS
from pellucid.activations import activation
from pellucid.engines import available, engine
from pellucid.initializers import initializer
from pellucid.losses import loss
from pellucid.optimizers import optimizer
from pellucid.registry import look_up, near
from pellucid.schedules import schedule

LOOK_UPS = [
    (activation, ACTIVATIONS, "tahn", "tanh"),
    (loss, LOSSES, "cross_entropi", "cross_entropy"),
    (optimizer, OPTIMIZERS, "adamm", "adam"),
    (initializer, INITIALIZERS, "he_norml", "he_normal"),
    (schedule, SCHEDULES, "cosin", "cosine"),
    (engine, ENGINES, "referense", "reference"),
]


def test_a_row_is_found_by_its_name_and_by_its_alias():
    assert look_up("b", {"a": 1, "b": 2}, "letter") == 2
    assert look_up("beta", {"a": 1, "b": 2}, "letter", {"beta": "b"}) == 2


@pytest.mark.parametrize(("look", "table", "typed", "meant"), LOOK_UPS)
def test_a_mistyped_name_gets_the_near_one_and_all_known(look, table, typed, meant):
    with pytest.raises(ValueError, match=f"{typed!r}: did you mean {meant}") as error:
        look(typed)
    assert "\n" not in str(error.value)
    for name in table:
        assert name in str(error.value)


@pytest.mark.parametrize(("look", "table"), [(row[0], row[1]) for row in LOOK_UPS])
def test_a_name_like_no_other_gets_the_whole_list(look, table):
    with pytest.raises(ValueError, match="'zzzzzz': known: ") as error:
        look("zzzzzz")
    for name in table:
        assert name in str(error.value)


def test_near_names_come_before_the_list():
    assert near("relv", ["relu", "tanh"]) == "did you mean relu? Known: relu, tanh"
    assert near("layer1.w", ["layer1.W"]).endswith("Known: layer1.W")  # as they are spelt
    assert near("zzz", ["relu", "tanh"]) == "known: relu, tanh"


def test_the_tables_hold_what_the_field_expects():
    assert {
        "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "softplus",
        "swish", "mish", "softmax",
    } <= set(ACTIVATIONS)  # fmt: skip
    assert set(LOSSES) == {
        "squared_error", "absolute_error", "huber", "quantile", "poisson", "binary_cross_entropy",
        "cross_entropy",
    }  # fmt: skip
    assert set(OPTIMIZERS) == {"sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"}
    assert set(SOLVERS) == {"conjugate_gradient", "lbfgs"}
    assert {
        "constant", "inverse_scaling", "step", "cosine", "warm_up", "coslog4",
    } <= set(SCHEDULES)  # fmt: skip
    assert "reference" in available()


@pytest.mark.parametrize("table", [ACTIVATIONS, OPTIMIZERS, LOSSES])
def test_every_row_knows_its_own_name(table):
    for name, row in table.items():
        made = row if table is ACTIVATIONS else row()
        assert made.name == name
