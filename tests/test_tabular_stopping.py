"""When training ends, who is told of it, and what happens if it goes wrong."""

import warnings

import numpy as np
import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.tabular import Step

SMALL = {
    "min_steps": 60, "bag": 2, "hidden_layer_sizes": (16, 16), "random_state": 0,
    "early_stopping": False,
}  # fmt: skip
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
NUMBERS = X[:, 0] + np.abs(X[:, 1]) + 0.1 * RNG.normal(size=200)
CLASSES = np.where(NUMBERS > 1, "much", "little")
BOTH = pytest.mark.parametrize(
    ("kind", "y"), [(TabularClassifier, CLASSES), (TabularRegressor, NUMBERS)]
)


# --- time -----------------------------------------------------------------------------------------


@BOTH
def test_a_time_limit_ends_training_early_and_the_model_predicts(kind, y):
    model = kind(**SMALL | {"min_steps": 10**9}, max_time=0.01, n_jobs=1).fit(X, y)
    assert (model.leaderboard_["epochs"] < 256).all()
    assert all(why == "max_time is over" for why in model.leaderboard_["stopped"])
    assert (model.leaderboard_["best_epoch"] >= 1).all()
    assert np.isfinite(model._raw(X)).all()


def test_under_a_time_limit_the_schedule_is_drawn_together_to_its_end():
    asked = []

    def noted(t):
        asked.append(t)
        return 0.5

    TabularRegressor(**SMALL | {"bag": 1, "min_steps": 10**9}, schedule=noted, max_time=0.01).fit(
        X, NUMBERS
    )
    times = np.array(asked)
    assert (np.diff(times) > 0).all()
    last = np.diff(times)[-1]
    assert times[-1] + last == pytest.approx(1.0)  # the end of its last step is the end of all


def test_a_time_limit_that_is_not_reached_changes_nothing():
    free = TabularRegressor(**SMALL).fit(X, NUMBERS)
    limited = TabularRegressor(**SMALL, max_time=3600).fit(X, NUMBERS)
    np.testing.assert_array_equal(free.predict(X), limited.predict(X))
    assert set(limited.leaderboard_["stopped"]) == {"all epochs done"}


# --- refit and bag --------------------------------------------------------------------------------


@BOTH
def test_refitted_networks_have_seen_all_rows_for_as_many_epochs_as_were_best(kind, y):
    told = []
    model = kind(**SMALL, refit=True, callbacks=[told.append]).fit(X, y)
    plain = kind(**SMALL).fit(X, y)
    again = model._bag.members
    board = model.leaderboard_
    best = dict(zip(board["member"].tolist(), board["best_epoch"].tolist(), strict=True))
    assert [member.epochs for member in again] == [best[1], best[2]]
    assert [len(member.held_out) for member in again] == [0, 0]
    assert model.oob_score_ == plain.oob_score_  # of the networks that held rows out
    assert (model._raw(X) != plain._raw(X)).any()
    assert len(told) == model.leaderboard_["epochs"].sum() + best[1] + best[2]


def test_the_schedule_of_a_refitted_network_is_cut_off_where_the_best_epoch_ended():
    asked = []

    def noted(t):
        asked.append(t)
        return 0.5

    settings = SMALL | {"bag": 1, "batch_size": 50, "min_steps": 30}
    model = TabularRegressor(**settings, schedule=noted, refit=True).fit(X, NUMBERS)
    best = model.leaderboard_["best_epoch"][0]
    assert len(asked) == 30 + 4 * best  # 10 epochs of 3 steps for 150 rows, then 4 for 200
    of_refit = np.array(asked[30:])
    np.testing.assert_allclose(of_refit, np.arange(4 * best) / (4 * 10), atol=1e-12)


@BOTH
def test_a_bag_of_one_is_one_network(kind, y):
    model = kind(**SMALL | {"bag": 1}).fit(X, y)
    assert model._raw(X).shape[0] == 1
    assert len(model.leaderboard_["member"]) == 1
    assert np.isfinite(model.oob_score_)


@BOTH
def test_the_answer_of_a_bag_is_the_mean_of_its_networks(kind, y):
    model = kind(**SMALL | {"bag": 3}).fit(X, y)
    answer = model.predict if kind is TabularRegressor else model.predict_proba
    whole = answer(X)
    members, alone = model._bag.members, []
    for member in members:
        model._bag.members = [member]
        alone.append(answer(X))
    np.testing.assert_allclose(np.mean(alone, axis=0), whole, rtol=1e-12)


@BOTH
def test_of_few_rows_none_is_held_out_and_nothing_is_scored(kind, y):
    model = kind(**SMALL, refit=True).fit(X[:7], y[:7])
    assert model.leaderboard_["rows_held_out"].tolist() == [0, 0]
    assert np.isnan(model.oob_score_)
    assert np.isfinite(model._raw(X)).all()
    ask = model.predict_interval if kind is TabularRegressor else model.predict_set
    with pytest.raises(ValueError, match=r"coverage is 0\.9 and 0 rows were held out"):
        ask(X)


# --- callbacks ------------------------------------------------------------------------------------


def test_callbacks_are_told_of_each_epoch_of_each_network():
    told = []
    model = TabularClassifier(**SMALL, callbacks=[told.append], n_jobs=2).fit(X, CLASSES)
    assert all(isinstance(step, Step) for step in told)
    for member in (1, 2):
        of_one = [step for step in told if step.member == member]
        epochs = model.leaderboard_["epochs"][model.leaderboard_["member"] == member][0]
        assert [step.epoch for step in of_one] == list(range(1, epochs + 1))
        assert {(step.epochs, step.members) for step in of_one} == {(epochs, 2)}
        best = min(step.held_out_loss for step in of_one)
        row = model.leaderboard_["member"] == member
        assert model.leaderboard_["log_loss"][row][0] == best


def test_a_callback_that_answers_true_ends_the_training_of_all():
    seen = []

    def enough(step):
        seen.append(step)
        return len(seen) >= 3

    model = TabularRegressor(**SMALL, callbacks=[enough], n_jobs=1).fit(X, NUMBERS)
    board = model.leaderboard_
    assert set(board["stopped"]) == {"a callback said so"}
    assert dict(zip(board["member"].tolist(), board["epochs"].tolist(), strict=True)) == {
        1: 3,
        2: 1,
    }
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("answer", [None, False, 1, "yes"])
def test_only_true_itself_ends_it(answer):
    model = TabularRegressor(**SMALL, callbacks=[lambda step: answer]).fit(X, NUMBERS)
    assert set(model.leaderboard_["stopped"]) == {"all epochs done"}


def test_an_error_in_a_callback_comes_out():
    def broken(step):
        raise RuntimeError(f"in epoch {step.epoch}")

    with pytest.raises(RuntimeError, match="in epoch 1"):
        TabularRegressor(**SMALL, callbacks=[broken]).fit(X, NUMBERS)


def test_an_interrupt_ends_all_networks():
    def interrupted(step):
        if step.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TabularRegressor(**SMALL | {"min_steps": 10**9}, callbacks=[interrupted]).fit(X, NUMBERS)


# --- what is printed ------------------------------------------------------------------------------


def test_nothing_is_printed_unless_asked_for(capsys):
    TabularRegressor(**SMALL).fit(X, NUMBERS)
    assert capsys.readouterr() == ("", "")


def test_a_line_an_epoch_says_how_far_each_network_is(capsys):
    model = TabularRegressor(**SMALL, verbose=2).fit(X, NUMBERS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == model.leaderboard_["epochs"].sum() == 12
    assert sum(line.startswith("network 1 of 2, epoch 6 of 6: loss ") for line in lines) == 1


def test_a_bar_a_network_is_drawn_on_stderr(capsys):
    TabularRegressor(**SMALL, verbose=True).fit(X, NUMBERS)
    out, err = capsys.readouterr()
    assert out == ""
    assert "network 1 of 2" in err
    assert "network 2 of 2" in err


# --- what goes wrong ------------------------------------------------------------------------------


@BOTH
def test_training_that_diverges_at_once_is_an_error_that_says_what_to_do(kind, y):
    said = r"training diverged in the first epoch: .*lower learning_rate_init \(it was 1e\+30\)"
    with pytest.raises(ValueError, match=said):
        kind(**SMALL, learning_rate_init=1e30).fit(X, y)


def test_a_network_that_diverges_later_is_kept_as_it_was_before():
    settings = SMALL | {"bag": 1}
    model = TabularRegressor(**settings, schedule=lambda t: 0.5 if t < 0.5 else 1e30)
    model.fit(X, NUMBERS)
    board = model.leaderboard_
    assert board["stopped"].tolist() == ["diverged"]
    assert (board["best_epoch"][0], board["epochs"][0]) == (3, 4)
    assert model.oob_score_ > 0.5
    assert np.isfinite(model.predict(X)).all()


def test_networks_that_are_lost_are_warned_of_and_those_left_answer():
    calls = []

    def schedule(t):  # with one thread, the first network has the first six epochs of ten steps
        calls.append(t)
        return 0.5 if len(calls) <= 60 else 1e30

    model = TabularRegressor(**SMALL, n_jobs=1, schedule=schedule)
    with pytest.warns(UserWarning, match="training of 1 of 2 networks diverged"):
        model.fit(X, NUMBERS)
    assert np.isfinite(model.predict(X)).all()
    assert model.score(X, NUMBERS) > 0.5
    assert model.leaderboard_["rmse"][1] == np.inf


@BOTH
def test_nothing_is_warned_of_where_nothing_is_wrong(kind, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kind(**SMALL, verbose=False).fit(X, y).predict(X)


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    model = TabularRegressor(**SMALL).fit(X, NUMBERS)
    before, schema = model.predict(X), model.schema_

    def fail(step):
        raise RuntimeError("no more")

    model.set_params(callbacks=[fail])
    with pytest.raises(RuntimeError, match="no more"):
        model.fit({"other": X[:, 0]}, NUMBERS)
    with pytest.raises(ValueError, match="missing in 1 row"):
        model.fit({"other": X[:, 0]}, [*NUMBERS[1:], np.nan])
    assert model.schema_ is schema
    assert model.callbacks == [fail]
    assert (model.predict(X) == before).all()
