import json

import numpy as np
import polars as pl
import pytest

import pellucid
from pellucid import Network, Predictor, Recipe, model_file
from pellucid.splitting import split_rows
from pellucid.tables import Table, table_of

RNG = np.random.default_rng(0)
N = 200
LENGTH = RNG.normal(10, 3, N)
COLOUR = np.array(["red", "green", "blue"])[RNG.integers(3, size=N)]
KIND = np.where(LENGTH + 3 * (COLOUR == "red") > 11, "big", "small")
QUICK = Recipe(settings={"epochs": 80, "learning_rate": 0.01})


def mixed():
    lengths = [None if i % 20 == 0 else length for i, length in enumerate(LENGTH)]
    rows = list(zip(lengths, COLOUR, strict=True))
    return table_of(rows, KIND, ["length", "colour"], "kind")


def test_a_saved_predictor_gives_the_same_answers_to_the_last_bit(tmp_path):
    table = mixed()
    fit = Predictor.fit(table, "kind", QUICK)
    assert fit.report.accuracy > 0.9
    fit.predictor.save(tmp_path / "m.safetensors")
    loaded = pellucid.load(tmp_path / "m.safetensors")
    assert isinstance(loaded, Predictor)
    before, after = (p.predict_proba(table.frame) for p in (fit.predictor, loaded))
    assert before.tobytes() == after.tobytes()
    assert loaded.evaluate(table.frame).accuracy == fit.predictor.evaluate(table.frame).accuracy


def test_the_encoding_is_learnt_from_the_training_rows_alone():
    """What the held-out rows contain changes nothing in it."""
    table = mixed()
    _, validation, test = split_rows(N, KIND, QUICK.validation, QUICK.test, QUICK.seed)
    lengths = table.frame["length"].to_list()
    for row in (*validation, *test):
        lengths[row] = 1e6
    spoilt = Table(table.frame.with_columns(pl.Series("length", lengths)))
    before, after = (Predictor.fit(t, "kind", QUICK).predictor.encoder for t in (table, spoilt))
    assert before.to_dict() == after.to_dict()


def test_columns_may_come_in_another_order_with_others_between():
    fit = Predictor.fit(mixed(), "kind", QUICK)
    frame = mixed().frame
    turned = frame.select(pl.lit("?").alias("note"), "colour", "kind", "length")
    assert fit.predictor.predict(turned).tolist() == fit.predictor.predict(frame).tolist()


def test_three_classes_get_softmax_two_get_sigmoid_and_numbers_identity():
    def network(y):
        return Predictor.fit(table_of(LENGTH.reshape(-1, 1), y), recipe=QUICK).predictor.network

    assert str(network(COLOUR).architecture).endswith("3 softmax")
    assert str(network(KIND).architecture).endswith("1 sigmoid")
    assert str(network(LENGTH**2).architecture).endswith("1 identity")


def test_probabilities_of_each_row_add_up_to_1_and_the_largest_is_predicted():
    for y in (COLOUR, KIND):
        table = table_of(LENGTH.reshape(-1, 1), y)
        predictor = Predictor.fit(table, recipe=QUICK).predictor
        p = predictor.predict_proba(table.frame)
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        classes = np.array(predictor.target.classes)
        assert predictor.predict(table.frame).tolist() == classes[p.argmax(axis=1)].tolist()


def test_a_table_of_its_own_to_test_on_takes_no_rows_from_training():
    fit = Predictor.fit(mixed(), "kind", QUICK, test=mixed())
    assert fit.rows == {"train": 170, "validation": 30, "test": 200}


def test_the_rows_of_a_small_table_all_train_and_are_measured_on_as_is_said():
    fit = Predictor.fit(pellucid.datasets.load("or").table(), recipe=QUICK)
    assert (fit.rows["train"], fit.report_on) == (4, "training")
    assert any("too few" in note for note in fit.notes)


def test_the_file_says_what_it_needs_to_and_holds_no_code(tmp_path):
    Predictor.fit(mixed(), "kind", QUICK).predictor.save(tmp_path / "m.safetensors")
    _, header = model_file.read(tmp_path / "m.safetensors")
    assert header["table"]["target"]["classes"] == ["big", "small"]
    assert [c["name"] for c in header["table"]["encoder"]["columns"]] == ["length", "colour"]
    assert header["about"]["metrics"]["on"] == "test"
    assert header["loss"]["name"] == "binary_cross_entropy"
    json.dumps(header)


def test_a_damaged_table_header_is_one_clear_error(tmp_path):
    Predictor.fit(mixed(), "kind", QUICK).predictor.save(tmp_path / "m.safetensors")
    theta, header = model_file.read(tmp_path / "m.safetensors")
    header["table"] = {"encoder": {}, "target": {}}
    model_file.write(tmp_path / "m.safetensors", theta, header)
    with pytest.raises(ValueError, match="damaged"):
        pellucid.load(tmp_path / "m.safetensors")


def test_load_gives_back_a_bare_network_as_such(tmp_path):
    Network([2, 1], seed=0).save(tmp_path / "n.safetensors")
    assert isinstance(pellucid.load(tmp_path / "n.safetensors"), Network)
    with pytest.raises(ValueError, match="bare network"):
        Predictor.load(tmp_path / "n.safetensors")


def test_an_interrupt_while_choosing_alpha_keeps_the_best_so_far():
    calls = []

    def interrupt(event):
        calls.append(event.epoch)
        if len(calls) == 12:
            raise KeyboardInterrupt

    recipe = Recipe(alpha=(0.01, 0.1, 1.0), settings={"epochs": 10})
    with pytest.warns(UserWarning, match="interrupted"):
        fit = Predictor.fit(mixed(), "kind", recipe, callbacks=[interrupt])
    assert set(fit.alphas) == {0.01, 0.1}
