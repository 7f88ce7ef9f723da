"""A bag that was interrupted goes on to the same bits: by errors, by Ctrl-C, by being killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from attacks.checkpoints import contents, put
from pellucid import TabularClassifier, TabularRegressor
from pellucid.tables import read_table
from pellucid.tabular import member

SMALL = {"hidden_layer_sizes": (12, 12), "min_steps": 150, "bag": 3, "random_state": 0}
ROWS = 600


@pytest.fixture(scope="module")
def people(tabular):
    """Columns of adult, with its own weights of rows, and whether they earn more than 50 000."""
    frame = read_table(tabular / "adult.data.gz").frame.head(ROWS)
    columns = {name: frame[name].to_list() for name in frame.columns}
    weights = np.array(columns.pop("column_3"), float)
    return columns, columns.pop("column_15"), weights / weights.mean()


@pytest.fixture(scope="module")
def bikes(tabular):
    """Columns of bike-hourly, weights that fall with age, and how many bicycles were rented."""
    frame = read_table(tabular / "bike-hourly.csv.gz").frame.gather_every(29).head(ROWS)
    columns = {name: frame[name].to_list() for name in frame.columns}
    for name in ("instant", "casual", "registered"):
        del columns[name]
    return columns, columns.pop("cnt"), np.linspace(0.2, 2.0, ROWS)


@pytest.fixture(params=[TabularClassifier, TabularRegressor])
def kind(request):
    return request.param


@pytest.fixture
def rows(kind, request):
    return request.getfixturevalue("people" if kind is TabularClassifier else "bikes")


class CutError(Exception):
    """Training is cut off."""


def cut_at(k, seen=None):
    """A callback that raises when it is called for the k-th time."""
    told = []

    def cut(step):
        told.append(step)
        if seen is not None:
            seen.append((step.member, step.epoch))
        if len(told) == k:
            raise CutError

    return cut


def interrupted(model, X, y, weight, path, every=4):
    """Fit by fits that are cut off after ever so many epochs, until one comes to its end."""
    for cuts in range(1000):
        model.set_params(checkpoint=path, checkpoint_epochs=1, resume=cuts > 0)
        model.set_params(callbacks=[cut_at(1 + cuts % every)])
        try:
            model.fit(X, y, weight)
        except CutError:
            continue
        return model, cuts
    raise AssertionError("it never came to an end")


def refuse_different(model, quiet, X, folder):
    """Fail unless two models are the same to the bit in everything but the time they took."""
    names = ["predict", *(["predict_proba"] if hasattr(quiet, "predict_proba") else [])]
    for name in names:
        np.testing.assert_array_equal(getattr(model, name)(X), getattr(quiet, name)(X))
    assert model.leaderboard_.keys() == quiet.leaderboard_.keys()
    for name, column in quiet.leaderboard_.items():
        if name != "seconds":
            np.testing.assert_array_equal(model.leaderboard_[name], column)
    for name in vars(quiet):
        if name.startswith("oob_") or name in ("temperature_", "smoothing_", "target_range_"):
            np.testing.assert_array_equal(getattr(model, name), getattr(quiet, name))
    for ours, theirs in zip(model._seen, quiet._seen, strict=True):
        np.testing.assert_array_equal(ours.losses, theirs.losses)
        np.testing.assert_array_equal(ours.held_out_losses, theirs.held_out_losses)
        np.testing.assert_array_equal(ours.held_out, theirs.held_out)
    assert saved(model, folder) == saved(quiet, folder)


def saved(model, folder):
    path = folder / "compared.safetensors"
    model.save(path)
    return path.read_bytes()


# --- the same bits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "weighted"),
    [
        ({}, False),
        ({"refit": True, "n_jobs": 1}, True),
        ({"bag": 1, "n_jobs": 2, "early_stopping": False}, False),
        ({"bag": 1, "refit": True, "dropout": 0.3, "min_steps": 400}, True),
        ({"n_jobs": 2, "batch_size": 50, "schedule": "cosine", "weight_decay": 0.3}, True),
        ({"engine": "reference", "bag": 2, "min_steps": 120, "hidden_layer_sizes": [5]}, False),
    ],
)
def test_fits_that_are_cut_off_end_with_the_bits_of_a_quiet_one(
    kind, rows, settings, weighted, tmp_path
):
    X, y, weight = rows
    weight = weight if weighted else None
    quiet = kind(**SMALL | settings).fit(X, y, weight)
    path = tmp_path / "bag.ckpt"
    model, cuts = interrupted(kind(**SMALL | settings), X, y, weight, path)
    assert cuts > 2
    refuse_different(model, quiet, X, tmp_path)
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith("ckpt")] == ["bag.ckpt"]


def test_a_network_that_would_end_with_a_cycle_does_so_when_it_was_cut_off_too(people, tmp_path):
    X, y, _ = people
    settings = SMALL | {"min_steps": 900, "bag": 2, "dropout": 0.0, "hidden_layer_sizes": (32, 32)}
    quiet = TabularClassifier(**settings).fit(X, y)
    why = "no better for a whole cycle of the schedule"
    assert why in quiet.leaderboard_["stopped"]
    model, _ = interrupted(TabularClassifier(**settings), X, y, None, tmp_path / "c.ckpt", 11)
    refuse_different(model, quiet, X, tmp_path)


def test_rows_of_no_weight_a_column_for_dates_and_the_target_by_name(bikes, tmp_path):
    X, y, weight = bikes
    table = X | {"rented": y}
    weight = np.where(np.arange(ROWS) % 3 == 0, 0.0, weight)
    quiet = TabularRegressor(**SMALL).fit(table, "rented", weight)
    model = TabularRegressor(**SMALL)
    model, _ = interrupted(model, table, "rented", weight, tmp_path / "c.ckpt", 9)
    refuse_different(model, quiet, X, tmp_path)


def test_inputs_made_in_blocks_go_on_to_the_same_bits(people, tmp_path, monkeypatch):
    X, y, _ = people
    monkeypatch.setattr(member, "KEPT", 0)
    monkeypatch.setattr(member, "BLOCK", 2000)
    quiet = TabularClassifier(**SMALL).fit(X, y)
    model, cuts = interrupted(TabularClassifier(**SMALL), X, y, None, tmp_path / "c.ckpt")
    assert cuts > 2
    refuse_different(model, quiet, X, tmp_path)


def test_a_bag_that_holds_no_rows_out_goes_on_too(kind, rows, tmp_path):
    X, y, _ = rows
    some, y = {name: column[4:11] for name, column in X.items()}, y[4:11]
    settings = SMALL | {"bag": 2, "min_steps": 40}
    quiet = kind(**settings).fit(some, y)
    model, _ = interrupted(kind(**settings), some, y, None, tmp_path / "c.ckpt", 20)
    np.testing.assert_array_equal(model._raw(some), quiet._raw(some))
    assert saved(model, tmp_path) == saved(quiet, tmp_path)


def test_a_network_that_diverges_later_does_so_when_it_was_cut_off_too(bikes, tmp_path):
    X, y, _ = bikes
    settings = SMALL | {"bag": 1, "schedule": wild}
    quiet = TabularRegressor(**settings).fit(X, y)
    assert quiet.leaderboard_["stopped"].tolist() == ["diverged"]
    assert quiet.leaderboard_["best_epoch"][0] > 2
    model, cuts = interrupted(TabularRegressor(**settings), X, y, None, tmp_path / "c.ckpt", 2)
    assert cuts > 2
    refuse_different(model, quiet, X, tmp_path)


def test_networks_that_diverge_at_once_are_lost_when_it_was_cut_off_too(bikes, tmp_path):
    X, y, _ = bikes
    settings = SMALL | {"learning_rate_init": 1e30, "n_jobs": 1}
    settings |= {"checkpoint": tmp_path / "c.ckpt", "resume": True}
    seen = []
    with pytest.raises(CutError):
        TabularRegressor(**settings, callbacks=[cut_at(2, seen)]).fit(X, y)
    for _ in range(2):  # when one is left to train, and when none is
        with pytest.raises(ValueError, match="training diverged in the first epoch"):
            TabularRegressor(**settings, callbacks=[cut_at(0, seen)]).fit(X, y)
    assert seen == [(1, 1), (2, 1), (3, 1)]


def wild(t):
    return 0.5 if t < 0.8 else 1e30


# --- what is kept, and when -----------------------------------------------------------------------


def test_a_checkpoint_changes_nothing_and_a_whole_one_gives_the_same_model_at_once(
    kind, rows, tmp_path
):
    X, y, _ = rows
    quiet = kind(**SMALL, refit=True).fit(X, y)
    path, seen = tmp_path / "c.ckpt", []
    settings = SMALL | {"refit": True, "checkpoint": path}
    model = kind(**settings).fit(X, y)  # there was time for no writing but that at the end
    refuse_different(model, quiet, X, tmp_path)
    again = kind(**settings, resume=True, callbacks=[seen.append]).fit(X, y)
    refuse_different(again, quiet, X, tmp_path)
    assert seen == []
    np.testing.assert_array_equal(again.leaderboard_["seconds"], model.leaderboard_["seconds"])


def test_resuming_without_a_file_begins_anew(kind, rows, tmp_path):
    X, y, _ = rows
    path = tmp_path / "new.ckpt"
    model = kind(**SMALL, checkpoint=path, resume=True).fit(X, y)
    refuse_different(model, kind(**SMALL).fit(X, y), X, tmp_path)
    assert path.is_file()


def test_without_resume_a_fit_begins_anew_whatever_the_file_holds(people, tmp_path):
    X, y, _ = people
    path, seen = tmp_path / "c.ckpt", []
    settings = SMALL | {"checkpoint": path, "checkpoint_epochs": 1, "n_jobs": 1}
    with pytest.raises(CutError):
        TabularClassifier(**settings, callbacks=[cut_at(5)]).fit(X, y)
    with pytest.raises(CutError):
        TabularClassifier(**settings, callbacks=[cut_at(2, seen)]).fit(X, y)
    assert seen[:2] == [(1, 1), (1, 2)]


def test_no_epoch_is_trained_twice(people, tmp_path):
    X, y, _ = people
    quiet = TabularClassifier(**SMALL, refit=True).fit(X, y)
    seen = []
    settings = SMALL | {"checkpoint": tmp_path / "c.ckpt", "refit": True, "resume": True}
    settings |= {"checkpoint_seconds": 1000.0}  # what counts is what an error makes it write
    for k in (4, 9, 1, 3):
        with pytest.raises(CutError):
            TabularClassifier(**settings, callbacks=[cut_at(k, seen)]).fit(X, y)
    model = TabularClassifier(**settings, callbacks=[cut_at(0, seen)]).fit(X, y)
    refuse_different(model, quiet, X, tmp_path)
    epochs = [member.epochs for member in quiet._seen]
    again = [member.epochs for member in quiet._bag.members]
    told = [(i, k) for i, n in enumerate(epochs, 1) for k in range(1, n + 1)]
    told += [(i, k) for i, n in enumerate(again, 1) for k in range(1, n + 1)]
    assert sorted(seen) == sorted(told)


def test_every_k_epochs_of_a_network_is_as_often_as_was_asked_for(people, tmp_path):
    X, y, _ = people
    path, written = tmp_path / "c.ckpt", []

    def note(step):
        written.append((step.epoch, path.stat().st_ino))

    settings = SMALL | {"bag": 1, "early_stopping": False, "checkpoint": path}
    TabularClassifier(**settings, checkpoint_epochs=3, callbacks=[note]).fit(X, y)
    epochs, files = zip(*written, strict=True)
    assert epochs == tuple(range(1, 11))
    assert [k for k in epochs[1:] if files[k - 1] != files[k - 2]] == [3, 6, 9]


def test_what_may_differ_is_let_through(people, tmp_path):
    X, y, _ = people
    quiet = TabularClassifier(**SMALL).fit(X, y)
    settings = SMALL | {"checkpoint": tmp_path / "c.ckpt", "resume": True}
    with pytest.raises(CutError):
        TabularClassifier(**settings, n_jobs=1, callbacks=[cut_at(7)]).fit(X, y)
    more = {"n_jobs": 2, "verbose": 2, "checkpoint_epochs": 2, "max_time": 3600.0}
    model = TabularClassifier(**settings | more).fit(X, y)
    for name, column in quiet.leaderboard_.items():
        if name != "seconds":
            np.testing.assert_array_equal(model.leaderboard_[name], column)
    np.testing.assert_array_equal(model.predict_proba(X), quiet.predict_proba(X))


def test_an_unseeded_fit_goes_on_with_the_seed_that_was_drawn(kind, rows, tmp_path):
    X, y, _ = rows
    path = tmp_path / "c.ckpt"
    settings = SMALL | {"random_state": None, "checkpoint": path, "resume": True}
    settings |= {"early_stopping": False}  # or some seeds come to their end before they are cut off
    with pytest.raises(CutError):
        kind(**settings, callbacks=[cut_at(7)]).fit(X, y)
    between = path.read_bytes()
    models = []
    for k in (3, 5):
        path.write_bytes(between)
        with pytest.raises(CutError):
            kind(**settings, callbacks=[cut_at(k)]).fit(X, y)
        models.append(kind(**settings).fit(X, y))
    refuse_different(*models, X, tmp_path)
    assert saved(kind(**settings | {"checkpoint": None, "resume": False}).fit(X, y), tmp_path) != (
        saved(models[0], tmp_path)
    )


def test_a_seed_drawn_from_a_generator_is_that_of_the_fit_which_was_cut_off(people, tmp_path):
    X, y, _ = people
    plain = SMALL | {"random_state": np.random.RandomState(5)}
    quiet = TabularClassifier(**plain).fit(X, y)
    settings = plain | {"checkpoint": tmp_path / "c.ckpt", "resume": True}
    state = np.random.RandomState(5)  # which is drawn from in each fit
    with pytest.raises(CutError):
        TabularClassifier(**settings | {"random_state": state}, callbacks=[cut_at(7)]).fit(X, y)
    for other in (np.random.RandomState(7), 5):
        with pytest.raises(
            ValueError, match=r"random_state was 'a RandomState of hash .*' and is "
        ):
            TabularClassifier(**settings | {"random_state": other}).fit(X, y)
    model = TabularClassifier(**settings | {"random_state": state}).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), quiet.predict_proba(X))


def test_under_a_time_limit_it_goes_on_with_the_time_that_is_left(bikes, tmp_path):
    X, y, _ = bikes
    settings = SMALL | {"min_steps": 10**9, "max_epochs": 10**6, "early_stopping": False}
    settings |= {"max_time": 0.5, "checkpoint": tmp_path / "c.ckpt", "resume": True}
    first, then = [], []
    with pytest.raises(CutError):
        TabularRegressor(**settings, callbacks=[cut_at(4, first)]).fit(X, y)
    model = TabularRegressor(**settings, callbacks=[cut_at(0, then)]).fit(X, y)
    assert not {*first} & {*then}
    assert set(model.leaderboard_["stopped"]) == {"max_time is over"}
    assert np.isfinite(model.predict(X)).all()
    again = TabularRegressor(**settings).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_a_stop_by_a_callback_is_an_end(people, tmp_path):
    X, y, _ = people
    settings = SMALL | {"checkpoint": tmp_path / "c.ckpt", "resume": True}
    model = TabularClassifier(**settings, callbacks=[lambda step: step.epoch == 2]).fit(X, y)
    again = TabularClassifier(**settings).fit(X, y)
    refuse_different(again, model, X, tmp_path)
    assert "a callback said so" in again.leaderboard_["stopped"]


def test_ctrl_c_leaves_where_all_networks_stood(kind, rows, tmp_path):
    X, y, _ = rows
    path = tmp_path / "c.ckpt"
    small = SMALL | {"min_steps": 1500, "n_jobs": 2, "early_stopping": False}
    settings = small | {"checkpoint": path, "resume": True}
    first, then = set(), set()

    def press(step):
        first.add((step.member, step.epoch))
        if len(first) == 30:  # when all threads are at work
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        kind(**settings, callbacks=[press]).fit(X, y)
    follow = [lambda step: then.add((step.member, step.epoch))]
    model = kind(**settings, callbacks=follow).fit(X, y)
    assert first
    assert then
    assert not first & then
    refuse_different(model, kind(**small).fit(X, y), X, tmp_path)


# --- what is refused ------------------------------------------------------------------------------


def other_values(X, name):
    return X | {name: [*X[name][1:], X[name][0]]}


def without(X, name):
    return {other: column for other, column in X.items() if other != name}


REFUSED = {
    "min_steps was 150 and is 160": {"min_steps": 160},
    "random_state was 0 and is 1": {"random_state": 1},
    "random_state was 0 and is None": {"random_state": None},
    "bag was 3 and is 2": {"bag": 2},
    "refit was False and is True": {"refit": True},
    r"hidden_layer_sizes\[1\] was 12 and is 13": {"hidden_layer_sizes": (12, 13)},
    "schedule was 'coslog4' and is 'test_tabular_checkpoint.wild'": {"schedule": wild},
    "dropout was 0.15 and is 0.2": {"dropout": 0.2},
    "validation_fraction was 'auto' and is 0.25": {"validation_fraction": 0.25},
    "column_types was None and is {'column_1': 'category'}": {
        "column_types": {"column_1": "category"}
    },
    "early_stopping was True and is False": {"early_stopping": False},
    "class_weight was None and is 'balanced'": {"class_weight": "balanced"},
    "label_smoothing was 0.1 and is 0.0": {"label_smoothing": 0.0},
    "engine was 'native' and is 'reference'": {"engine": "reference"},
    "min_steps was 150 and is 160; refit was False and is True": {"min_steps": 160, "refit": True},
}
REFUSED_ROWS = {
    "column 'column_1' holds other values": lambda X, y, w: (other_values(X, "column_1"), y, w),
    "column 'column_10' holds other values": lambda X, y, w: (other_values(X, "column_10"), y, w),
    "target holds other values": lambda X, y, w: (X, [*y[1:], y[0]], w),
    "sample_weight holds other values": lambda X, y, w: (X, y, w * 2.0),
    r"sample_weight was float64 .600,?. and is None": lambda X, y, w: (X, y, None),
    "rows was 600 and is 599": lambda X, y, w: (
        {name: column[1:] for name, column in X.items()}, y[1:], w[1:],
    ),
    r"columns\[0\] was 'column_1' and is 'age'": lambda X, y, w: (
        {"age" if name == "column_1" else name: column for name, column in X.items()}, y, w,
    ),
    "columns was .* and is ": lambda X, y, w: (without(X, "column_4"), y, w),
}  # fmt: skip


@pytest.fixture(scope="module")
def begun(people, tmp_path_factory):
    """A fit that was cut off: what it was of, and its checkpoint."""
    path = tmp_path_factory.mktemp("begun") / "run.ckpt"
    with pytest.raises(CutError):
        TabularClassifier(**SMALL, checkpoint=path, callbacks=[cut_at(7)]).fit(*people)
    return path


def resumed(begun, folder, rows, settings=None):
    """Go on with a copy of it, which is then looked at: it must be as it was."""
    path, before = folder / "run.ckpt", begun.read_bytes()
    path.write_bytes(before)
    try:
        model = TabularClassifier(**SMALL | (settings or {}), checkpoint=path, resume=True)
        return model.fit(*rows)
    except ValueError:
        assert path.read_bytes() == before
        raise


@pytest.mark.parametrize("said", REFUSED)
def test_other_settings_are_refused_and_named(said, begun, people, tmp_path):
    with pytest.raises(ValueError, match=f"the checkpoint of another training: {said}. "):
        resumed(begun, tmp_path, people, REFUSED[said])


@pytest.mark.parametrize("said", REFUSED_ROWS)
def test_other_rows_are_refused_and_named(said, begun, people, tmp_path):
    with pytest.raises(ValueError, match=f"the checkpoint of another training: {said}"):
        resumed(begun, tmp_path, REFUSED_ROWS[said](*people))


def test_another_target_is_named(people, tmp_path):
    X, y, _ = people
    settings = SMALL | {"checkpoint": tmp_path / "c.ckpt", "resume": True}
    with pytest.raises(CutError):
        TabularClassifier(**settings, callbacks=[cut_at(2)]).fit(X | {"income": y}, "income")
    said = r"another training: target was 'income' and is 'column_10'\. Resume"
    with pytest.raises(ValueError, match=said):
        TabularClassifier(**settings).fit(X | {"income": y}, "column_10")
    renamed = [f"{label}!" for label in y]
    with pytest.raises(ValueError, match=r"another training: target holds other values"):
        TabularClassifier(**settings).fit(X | {"income": renamed}, "income")


def test_of_many_other_columns_some_are_named(begun, people, tmp_path):
    X, y, weight = people
    other = {name: [*column[1:], column[0]] for name, column in X.items()}
    with pytest.raises(ValueError, match="column 'column_1' holds other values; ") as caught:
        resumed(begun, tmp_path, (other, y, weight))
    assert str(caught.value).count("other values") == 4


def test_one_seed_is_not_taken_for_another_that_was_drawn(people, tmp_path):
    settings = SMALL | {"checkpoint": tmp_path / "c.ckpt", "random_state": None}
    with pytest.raises(CutError):
        TabularClassifier(**settings, callbacks=[cut_at(1)]).fit(*people)
    with pytest.raises(ValueError, match="random_state was None and is 3"):
        TabularClassifier(**settings | {"random_state": 3}, resume=True).fit(*people)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"resume": True}, "resume=True needs checkpoint"),
        ({"checkpoint_epochs": 3}, "checkpoint_epochs needs checkpoint"),
        ({"checkpoint_seconds": 3.0}, "checkpoint_seconds needs checkpoint"),
        ({"checkpoint": "c", "checkpoint_epochs": 0}, "'checkpoint_epochs' parameter"),
        ({"checkpoint": "c", "checkpoint_seconds": 0.0}, "'checkpoint_seconds' parameter"),
        ({"checkpoint": 3}, "'checkpoint' parameter"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(given, said, people):
    with pytest.raises(ValueError, match=said):
        TabularClassifier(**SMALL, **given).fit(*people)


def test_a_place_where_nothing_can_be_written_is_refused_before_training(people, tmp_path):
    told = []
    for path in (tmp_path, tmp_path / "nowhere" / "run.ckpt"):
        with pytest.raises(OSError, match="cannot write to"):
            TabularClassifier(**SMALL, checkpoint=path, callbacks=[told.append]).fit(*people)
    assert told == []


def test_a_folder_that_goes_away_is_warned_of_and_training_goes_on(people, tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()

    def vanish(step):
        if folder.exists():
            shutil.rmtree(folder)

    settings = SMALL | {"checkpoint": folder / "run.ckpt", "bag": 1, "callbacks": [vanish]}
    with pytest.warns(UserWarning, match="no checkpoint could be written .* training goes on"):
        model = TabularClassifier(**settings).fit(*people)
    refuse_different(
        model, TabularClassifier(**SMALL | {"bag": 1}).fit(*people), people[0], tmp_path
    )


# --- damaged --------------------------------------------------------------------------------------


def test_a_checkpoint_cut_off_anywhere_is_refused(begun, people, tmp_path):
    whole = begun.read_bytes()
    for size in (0, 1, 8, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"cut.* is no checkpoint, or damaged"):
            resumed(tmp_path / "cut", tmp_path, people)


def test_the_checkpoint_of_another_kind_of_training_and_a_model_are_refused(
    begun, people, tmp_path
):
    (header, tensors) = contents(begun)
    other = tmp_path / "other"
    put(other, header | {"kind": "TabularRegressor.fit"}, tensors)
    said = "'TabularRegressor.fit' and this is 'TabularClassifier.fit': give each training a file"
    with pytest.raises(ValueError, match=said):
        resumed(other, tmp_path, people)
    TabularClassifier(**SMALL).fit(*people).save(other)
    with pytest.raises(ValueError, match="is a safetensors file, but not a checkpoint"):
        resumed(other, tmp_path, people)


def changed_figure(name, value):
    def change(header, tensors):
        for figures in header["standings"].values():
            figures[name] = value

    return change


def changed_arrays(name, change_of):
    def change(header, tensors):
        for key in tensors:
            if key.endswith(f".{name}"):
                tensors[key] = np.ascontiguousarray(change_of(tensors[key]))

    return change


def forgotten(name):
    def change(header, tensors):
        for key in [*tensors]:
            if key.endswith(f".{name}"):
                del tensors[key]

    return change


DAMAGED = {
    "no standings": lambda header, tensors: header.pop("standings"),
    "standings that are none": lambda header, tensors: header.update(standings=[1, 2]),
    "figures that are none": lambda header, tensors: header["standings"].update(refit=3),
    "no training": lambda header, tensors: header.pop("training"),
    "training that is none": lambda header, tensors: header.update(training="long"),
    "no settings": lambda header, tensors: header["training"].pop("settings"),
    "values that are none": lambda header, tensors: header["training"].update(values=[1]),
    "draws of nobody": changed_figure("draws", [{}, {}]),
    "draws of too few": changed_figure("draws", []),
    "a time that is none": changed_figure("time", "late"),
    "seconds that are none": changed_figure("seconds", None),
    "a best epoch to come": changed_figure("best_epoch", 1000),
    "a best epoch before the first": changed_figure("best_epoch", -3),
    "counts of nothing": changed_figure("t", None),
    "a number of steps that is none": changed_figure("steps", None),
    "fewer parameters": changed_arrays("best", lambda a: a[:-1]),
    "more parameters": changed_arrays("theta", lambda a: np.append(a, a)),
    "moments of another shape": changed_arrays("mean", lambda a: a[None]),
    "outputs of fewer rows": changed_arrays("output", lambda a: a[1:]),
    "outputs of fewer classes": changed_arrays("output", lambda a: a[:, :1]),
    "losses of one kind": changed_arrays("losses", lambda a: a[:1]),
    "losses that are one number": changed_arrays("losses", lambda a: a[0, 0]),
    "weights in other numbers": changed_arrays("theta", lambda a: a.astype(np.float64)),
    "no weights": forgotten("theta"),
    "no best weights": forgotten("best"),
    "no moments": forgotten("square"),
    "no losses": forgotten("losses"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_contents_that_make_no_sense_are_refused(what, begun, people, tmp_path):
    header, tensors = contents(begun)
    DAMAGED[what](header, tensors)
    path = tmp_path / "damaged"
    put(path, header, tensors)
    with pytest.raises(ValueError, match=r"is no checkpoint, or damaged: .* Delete it"):
        resumed(path, tmp_path, people)


def test_the_same_contents_written_by_another_program_are_gone_on_with(begun, people, tmp_path):
    path = tmp_path / "same"
    put(path, *contents(begun))
    model = resumed(path, tmp_path, people)
    refuse_different(model, TabularClassifier(**SMALL).fit(*people), people[0], tmp_path)


# --- killed ---------------------------------------------------------------------------------------

KILL = """
import json, os, pickle, random, signal, sys, time
from pathlib import Path
from pellucid import TabularClassifier, TabularRegressor
from pellucid.digest import digest_of

kind, settings, X, y, weight, kills = pickle.loads(Path("what.pickle").read_bytes())
kind = {"classifier": TabularClassifier, "regressor": TabularRegressor}[kind]
random.seed(0)
killed = rounds = 0

def fit(speak):
    callback = [lambda step: os.write(speak, b"e") and None]
    model = kind(**settings, checkpoint="run.ckpt", checkpoint_epochs=1, resume=True,
                 callbacks=callback)
    os.write(speak, b"b")
    model.fit(X, y, weight)
    os.write(speak, b"f")
    model.save(f"{rounds}.safetensors")

while killed < kills or not Path(f"{rounds}.safetensors").exists():
    if Path(f"{rounds}.safetensors").exists():  # it came to its end before it was killed enough
        rounds += 1
        os.unlink("run.ckpt")
    told, speak = os.pipe()
    child = os.fork()
    if child == 0:  # what was imported needs no importing any more
        os.close(told)
        try:
            fit(speak)
        finally:
            os._exit(0)
    os.close(speak)
    if killed < kills:
        for _ in range(random.choice([1, 2, 2, 3])):  # before the first epoch, or after one or two
            os.read(told, 1)
        time.sleep(random.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    fitted = b"f" in os.read(told, 1 << 16)
    os.close(told)
    killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and not fitted
print(json.dumps({"killed": killed, "rounds": rounds + 1}))
"""


def test_a_fit_that_is_killed_fifty_times_ends_with_the_bits_of_a_quiet_one(kind, rows, tmp_path):
    import pickle

    X, y, weight = rows
    name = "classifier" if kind is TabularClassifier else "regressor"
    settings = SMALL | {"min_steps": 1600, "refit": True, "n_jobs": 2, "early_stopping": False}
    what = pickle.dumps((name, settings, X, y, weight, 50))
    (tmp_path / "what.pickle").write_bytes(what)
    done = subprocess.run(
        [sys.executable, "-c", KILL], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    made = json.loads(done.stdout)
    assert made["killed"] >= 50, done.stderr
    quiet = saved(kind(**settings).fit(X, y, weight), tmp_path)
    for i in range(made["rounds"]):
        assert (tmp_path / f"{i}.safetensors").read_bytes() == quiet


# --- the command line -----------------------------------------------------------------------------

HERE = [sys.executable, "-m", "pellucid"]
TRAIN = ("train", "people.csv", "--bag", "3", "--seed", "1", "--checkpoint", "run.ckpt")


@pytest.fixture
def people_file(people, tmp_path):
    import polars

    X, y, _ = people
    path = tmp_path / "people.csv"
    some = {name: X[name] for name in ("column_1", "column_4", "column_6", "column_13")}
    polars.DataFrame(some | {"income": y}).head(300).write_csv(path)
    return path


def test_a_command_that_is_killed_again_and_again_writes_the_file_of_a_quiet_one(people_file):
    folder = people_file.parent
    words = [*HERE, *TRAIN, "--checkpoint-epochs", "4", "--resume"]
    path, killed = folder / "run.ckpt", 0
    for epochs in (1, 12, 30):
        process = subprocess.Popen(
            words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and epochs_in(path) < epochs:
            time.sleep(0.01)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
    assert killed == 3
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0
    assert "resumed: " in done.stderr
    again = (folder / "model.safetensors").read_bytes()
    words = [*HERE, "train", "people.csv", "--bag", "3", "--seed", "1", "-q"]
    subprocess.run(words, cwd=folder, check=True)
    assert (folder / "model.safetensors").read_bytes() == again


def epochs_in(path):
    """That a checkpoint holds of all networks."""
    if not path.exists():
        return 0
    return sum(
        array.shape[1] for name, array in contents(path)[1].items() if name.endswith(".losses")
    )


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_says_how_to_go_on_and_then_it_does(sent, code, people_file):
    folder = people_file.parent
    words = [*HERE, *TRAIN, "--checkpoint-epochs", "4"]
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while epochs_in(folder / "run.ckpt") < 5:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sent)
    process.send_signal(sent)  # an impatient person, or cluster
    _, err = process.communicate()
    assert process.returncode == code
    assert err.splitlines()[-1] == (
        "pellucid: interrupted: where training stood is in run.ckpt; the same command with "
        "--resume goes on"
    )
    assert "Traceback" not in err
    assert sorted(p.name for p in folder.iterdir()) == ["people.csv", "run.ckpt"]
    done = subprocess.run(
        [*words, "--resume", "--json"], cwd=folder, capture_output=True, check=True
    )
    made = json.loads(done.stdout)
    quiet = subprocess.run(
        [*HERE, "train", "people.csv", "--bag", "3", "--seed", "1", "--json", "--out", "quiet"],
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    assert made["metrics"] == json.loads(quiet.stdout)["metrics"]
    assert (folder / "quiet").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_whole_checkpoint_of_the_command_line_gives_the_model_and_the_picture_at_once(
    run, people_file
):
    quick = (*TRAIN, "--max-time", 0.3, "--plot", "p.png")
    first = run(*quick, "--resume")
    assert first.code == 0
    assert "note: no checkpoint in run.ckpt yet: training begins\n" in first.err
    model, picture = (people_file.parent / name for name in ("model.safetensors", "p.png"))
    before = model.read_bytes(), picture.read_bytes()
    model.unlink()
    picture.unlink()
    again = run(*quick, "--resume")
    assert again.code == 0
    assert "note: resumed: 3 of 3 networks done\n" in again.err
    assert (model.read_bytes(), picture.read_bytes()) == before


def test_the_command_line_refuses_what_is_another_training_in_one_line(run, people_file):
    quick = ("--max-time", 0.2)
    assert run(*TRAIN, *quick).code == 0
    for more, said in (
        (("--seed", 2), "random_state was 1 and is 2"),
        (("--bag", 2), "bag was 3 and is 2"),
        (("--column-type", "column_1=category"), "column_types was None and is"),
        (("--engine", "reference"), "engine was 'native' and is 'reference'"),
    ):
        result = run(*TRAIN, *quick, *more, "--resume")
        assert result.code == 2
        last = result.err.splitlines()[-1]
        assert "pellucid: 'run.ckpt' is the checkpoint of another training: " in last
        assert said in last
