"""A run gets to an epoch by many ways, and has the very numbers there that `Predictor.fit` has."""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from time import thread_time

import numpy as np
import polars as pl
import pytest

from pellucid import Predictor
from pellucid.engines import engine
from pellucid.studios.experiment import MOST_EPOCHS, Experiment
from pellucid.studios.material import Material, table_of
from pellucid.studios.measure import Measure
from pellucid.studios.recording import MOST_BYTES, MOST_RECORDED
from pellucid.studios.run import LEAST_RECORDED, Run
from pellucid.studios.waypoint import Edit, Waypoint
from pellucid.tables import Table

SMALL = Experiment("moons", hidden=(5,), epochs=12, seed=3)
EXPERIMENTS = {
    "as by default": SMALL,
    "batches that do not come out even": SMALL.changed(batch_size=7),
    "all rows at once": SMALL.changed(batch_size=0),
    "one row at a time": Experiment("xor", hidden=(3,), batch_size=1, epochs=8),
    "two layers, each its own activation": SMALL.changed(
        hidden=(6, 4), activation=("relu", "tanh")
    ),
    "no hidden layer": SMALL.changed(hidden=(), activation=()),
    "dropout": SMALL.changed(hidden=(9, 6), activation=("relu", "relu"), dropout=0.3),
    "dropout in batches of all rows": SMALL.changed(dropout=0.5, batch_size=0),
    "momentum, cosine": SMALL.changed(solver="momentum", learning_rate=0.05, schedule="cosine"),
    "a schedule in steps": SMALL.changed(solver="sgd", schedule="step"),
    "a penalty": SMALL.changed(alpha=0.01),
    "no biases": SMALL.changed(bias=False),
    "three classes": Experiment("iris", hidden=(4,), epochs=6, seed=1),
    "numbers": Experiment("diabetes", hidden=(6,), epochs=6, seed=2),
    "two features of four": Experiment(
        "iris", features=("petal length (cm)", "sepal width (cm)"), epochs=4
    ),
    "noise in measured columns": Experiment("iris", noise=0.5, epochs=4),
    "noise in points of the plane": SMALL.changed(noise=0.4),
    "no rows to test on": SMALL.changed(test=0.0),
}


@pytest.fixture(scope="module")
def fitted():
    """What `Predictor.fit` makes of each experiment, made once."""
    made = {}

    def fit(experiment):
        if experiment not in made:
            table = table_of(experiment)
            if experiment.features:
                names = [*experiment.features, table.target or table.frame.columns[-1]]
                table = replace(table, frame=table.frame.select(names))
            made[experiment] = Predictor.fit(table, recipe=experiment.recipe()).predictor
        return made[experiment]

    return fit


def finished(run):
    """Wait until it has ended by itself."""
    while run.standing.playing:
        time.sleep(0.005)
    return run.standing


def played(run):
    run.play()
    finished(run)


def stepped(run):
    while not run.standing.ended:
        run.forward(steps=1)


def mixed(run):
    """Some of all: steps that end within an epoch, an epoch that ends it, playing at a speed."""
    run.forward(steps=3)
    run.forward(epochs=1)
    run.forward(steps=run.steps_an_epoch + 1)
    run.speed = 5.0  # by steps
    run.play()
    time.sleep(0.1)
    run.pause()
    run.speed = 400.0
    run.play()
    time.sleep(0.01)
    run.pause()
    run.speed = float("inf")
    run.forward(steps=2)
    played(run)


def rewound(run):
    run.forward(epochs=2)
    run.forward(steps=1)
    run.rewind()
    assert run.standing.epoch == run.standing.steps == 0
    assert run.standing.theta.tobytes() == run.start.tobytes()
    run.forward(epochs=run.experiment.epochs)


@pytest.mark.parametrize("way", [played, stepped, mixed, rewound])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_weights_are_those_of_predictor_fit_to_the_last_bit(name, way, fitted):
    experiment = EXPERIMENTS[name]
    with Run(experiment) as run:
        way(run)
        standing = run.standing
        assert (standing.epoch, standing.ended) == (experiment.epochs, "all epochs done")
        assert standing.theta.tobytes() == fitted(experiment).network.theta.tobytes()


def test_the_loss_of_each_epoch_is_that_of_training(fitted):
    """By steps it is a sum of slices', rounded otherwise than the sum of all batches'."""
    for name in ("as by default", "dropout", "a penalty", "numbers"):
        experiment = EXPERIMENTS[name]
        expected = fitted(experiment).network.history.loss
        for way in (played, stepped):
            with Run(experiment) as run:
                way(run)
                np.testing.assert_allclose(run.history.loss, expected, rtol=1e-12)


def test_a_table_that_was_given_is_learnt_as_fit_learns_it():
    """Text, missing values and numbers, and a target that is not the last column."""
    rng = np.random.default_rng(5)
    size = rng.normal(5, 2, 90).round(2).tolist()
    frame = pl.DataFrame(
        {
            "kind": ["big" if value > 5 else "small" for value in size],
            "size": [None if i % 9 == 0 else value for i, value in enumerate(size)],
            "colour": rng.choice(["red", "green", "blue"], 90).tolist(),
        }
    )
    experiment = Experiment("table-mine", target="kind", epochs=5, seed=7)
    fit = Predictor.fit(Table(frame), "kind", experiment.recipe())
    material = Material.of(experiment, Table(frame))
    with Run(experiment, material) as run:
        mixed(run)
        assert run.standing.theta.tobytes() == fit.predictor.network.theta.tobytes()
        own = material.predictor(run.network_at(run.standing.theta))
        expected = fit.predictor.predict_proba(frame)
        assert own.predict_proba(frame).tobytes() == expected.tobytes()


def test_an_epoch_that_was_recorded_has_the_weights_of_a_shorter_run():
    experiment = Experiment("circles", epochs=40, seed=9, schedule="constant")
    with Run(experiment) as run:
        run.forward(epochs=40)
        for epoch in (1, 17, 40):
            with Run(experiment) as another:
                another.forward(epochs=epoch)
                assert run.at(epoch).theta.tobytes() == another.standing.theta.tobytes()


def test_what_is_measured_is_what_the_predictor_measures():
    experiment = Experiment("iris", epochs=8, seed=4)
    with Run(experiment) as run:
        run.forward(epochs=8)
        mark, material = run.standing.mark, run.material
        own = material.predictor(run.network_at(mark.theta))
        assert mark.score == own.evaluate(material.trained).accuracy
        assert mark.test_score == own.evaluate(material.tested).accuracy
        probabilities = own.predict_proba(material.tested)
        of_the_true = np.log((probabilities * material.y_test).sum(axis=1))
        assert mark.test_loss == pytest.approx(-of_the_true.mean(), rel=1e-12)


def test_a_pause_comes_at_once_even_within_a_long_epoch():
    """Each epoch is 7 500 steps; those under way are few."""
    with Run(Experiment("sums", batch_size=1, epochs=1000)) as run:
        run.play()
        while run.standing.steps < 100:
            time.sleep(0.002)
        run.pause()
        steps = run.standing.steps
        assert not run.standing.playing
        assert 0 < steps < 100 * run.steps_an_epoch
        time.sleep(0.1)
        assert run.standing.steps == steps
        run.forward(steps=5)
        assert run.standing.steps == steps + 5


def test_steps_and_epochs_are_counted():
    with Run(SMALL.changed(batch_size=40)) as run:  # 150 rows: 40 + 40 + 40 + 30
        assert run.steps_an_epoch == 4
        run.forward(steps=3)
        assert (run.standing.epoch, run.standing.steps) == (0, 3)
        run.forward(steps=1)
        assert (run.standing.epoch, run.standing.steps) == (1, 4)
        run.forward(steps=2)
        run.forward(epochs=1)  # to the end of the one under way
        assert (run.standing.epoch, run.standing.steps) == (2, 8)


def test_the_speed_is_held():
    with Run(Experiment("xor", hidden=(2,), epochs=1000)) as run:
        run.speed = 50.0
        began = time.monotonic()
        run.play()
        while run.standing.epoch < 10:
            time.sleep(0.005)
        run.pause()
        assert time.monotonic() - began >= 9 / 50


def test_few_epochs_a_second_go_by_steps():
    with Run(Experiment("moons", epochs=10)) as run:
        run.speed, seen = 2.0, set()
        run.play()
        while run.standing.epoch == 0:
            seen.add(run.standing.steps)
            time.sleep(0.002)
        assert run.steps_an_epoch == 10
        assert len(seen) >= 4  # of 0, 2, 4, 6, 8


def test_at_a_speed_to_watch_every_epoch_is_recorded():
    with Run(Experiment("moons", epochs=2000)) as run:  # at full speed, every eighth
        run.speed = 150.0
        run.play()
        while run.standing.epoch < 200:
            time.sleep(0.005)
        run.pause()
        recorded = [mark.epoch for mark in run.marks]
        assert recorded == [*range(run.standing.epoch + 1)]


def test_what_cannot_keep_up_is_not_held_back_by_recording():
    with Run(Experiment("moons", epochs=20_000, batch_size=0)) as run:
        run.speed = 1e9
        played(run)
        assert not run.has_time
        assert len(run.marks) <= 1 + 50 + LEAST_RECORDED * 4


def test_closing_ends_the_thread_while_it_trains():
    before = threading.active_count()
    run = Run(Experiment("sums", batch_size=1, epochs=1000))
    run.play()
    while run.standing.steps == 0:
        time.sleep(0.002)
    run.close()
    assert threading.active_count() == before
    run.close()  # once more does nothing


@contextmanager
def others_at_work(work):
    """Two threads that do something again and again."""
    done = threading.Event()

    def again():
        while not done.is_set():
            work()

    threads = [threading.Thread(target=again) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_epochs_are_recorded_evenly_whatever_else_the_processor_has_to_do():
    def work():
        sum(range(50_000))
        time.sleep(0.01)

    with others_at_work(work), Run(Experiment("moons", epochs=1000)) as run:
        played(run)
        epochs = [mark.epoch for mark in run.marks]
        assert len(run.history.loss) == 1000
    assert epochs[:51] == [*range(51)]
    assert epochs[-1] == 1000
    assert len(epochs) >= 250
    assert np.diff(epochs).max() <= 8


def test_a_measurement_costs_what_it_has_of_the_processor_itself():
    experiment = Experiment("moons")
    material = Material.of(experiment)
    network = material.network(experiment)
    measure = Measure(material, network.objective, engine("auto", None, network.objective))
    with others_at_work(lambda: sum(range(1000))):  # and hold what Python lets one thread have
        for epoch in range(12):
            began = thread_time()
            measure.mark(epoch, epoch, network.theta, 0.0)
            assert measure.cost <= thread_time() - began
    assert measure.cost > 0


def test_ten_thousand_epochs_are_recorded_within_the_bound():
    with Run(Experiment("xor", hidden=(4,), epochs=10_000, batch_size=0)) as run:
        played(run)
        epochs = [mark.epoch for mark in run.marks]
        assert (run.standing.epoch, epochs[0], epochs[-1]) == (10_000, 0, 10_000)
        assert epochs == sorted(set(epochs))
        assert 100 <= len(epochs) <= MOST_RECORDED
        assert sum(mark.theta.nbytes for mark in run.marks) <= MOST_BYTES


def test_ten_thousand_steps_of_one_epoch_are_recorded_within_the_bound():
    with Run(Experiment("xor", hidden=(4,), epochs=10_000, batch_size=0)) as run:
        run.speed = 1e9  # each epoch is recorded
        played(run)
        assert len(run.marks) <= MOST_RECORDED
        assert run.marks[-1].epoch == 10_000


def test_large_weights_are_recorded_within_the_bytes():
    large = Experiment(
        "xor", hidden=(1024, 1024), activation=("relu", "relu"), epochs=12, batch_size=0
    )
    with Run(large) as run:
        assert run.start.nbytes > MOST_BYTES / 8
        for _ in range(12):
            run.forward(epochs=1)
        assert sum(mark.theta.nbytes for mark in run.marks) <= 9 * run.start.nbytes
        assert run.marks[0].epoch == 0
        assert run.marks[-1].epoch == 12


def test_a_run_that_diverges_says_so_and_can_begin_again():
    experiment = Experiment("diabetes", solver="sgd", learning_rate=1e3, epochs=50)
    with Run(experiment) as run:
        played(run)
        assert run.standing.ended == "diverged"
        assert np.isfinite(run.standing.theta).all()
        at = run.standing.epoch
        run.play()  # goes on no more
        assert not finished(run).playing
        assert run.standing.epoch == at
        run.rewind()
        assert (run.standing.epoch, run.standing.ended) == (0, "")
        played(run)
        assert (run.standing.epoch, run.standing.ended) == (at, "diverged")


def test_a_weight_that_is_set_is_trained_on_and_forgotten_by_going_back():
    with Run(SMALL) as run, Run(SMALL) as quiet:
        run.forward(epochs=2)
        run.set_weight(3, 7.5)
        quiet.forward(epochs=2)
        assert run.touched
        changed = quiet.standing.theta.copy()
        changed[3] = 7.5
        assert run.standing.theta.tobytes() == changed.tobytes()
        run.forward(epochs=1)
        quiet.forward(epochs=1)
        assert run.standing.theta[3] not in (7.5, quiet.standing.theta[3])
        for place, weight in ((len(run.start), 1.0), (-1, 1.0), (0, np.nan), (0, np.inf)):
            with pytest.raises(ValueError, match="cannot be set to"):
                run.set_weight(place, weight)
        run.rewind()
        assert run.standing.theta.tobytes() == run.start.tobytes()
        assert not run.touched


def test_a_weight_that_is_set_back_in_the_same_step_leaves_the_run_as_it_was():
    with Run(SMALL) as run, Run(SMALL) as quiet:
        for each in (run, quiet):
            each.forward(epochs=2)
            each.forward(steps=1)
        before = quiet.standing.theta
        run.set_weight(3, 7.5)
        run.set_weight(4, -1.0)
        run.set_weight(3, 8.5)
        run.set_weight(3, 7.5)  # what was there between is not what was there first
        assert [edit.place for edit in run.waypoint().edits] == [4, 3]
        run.set_weight(3, float(before[3]))
        assert run.touched
        run.set_weight(4, float(before[4]))
        assert run.touched is False
        assert run.waypoint() == quiet.waypoint()
        assert run.standing.theta.tobytes() == before.tobytes()
        for each in (run, quiet):
            each.forward(epochs=3)
        assert run.standing.theta.tobytes() == quiet.standing.theta.tobytes()
        run.set_weight(3, 7.5)
        run.forward(steps=1)
        run.set_weight(3, float(quiet.standing.theta[3]))  # too late: a step was taken with it
        assert len(run.waypoint().edits) == 2


@pytest.mark.parametrize("batch_size", [8, 0])
def test_a_waypoint_leads_to_the_same_numbers_by_way_of_weights_that_were_set(batch_size):
    experiment = SMALL.changed(batch_size=batch_size)
    with Run(experiment) as run:
        run.set_weight(0, 0.25)  # at the start
        run.forward(epochs=2)
        run.set_weight(1, -2.0)  # at the end of an epoch
        run.forward(steps=3)
        run.set_weight(2, 1e-3)
        run.set_weight(2, 0.5)  # the last one counts
        run.forward(epochs=4)
        run.forward(steps=1)
        run.set_weight(4, 1.0)
        there = run.waypoint()
        assert len(there.edits) == 4
        marks = {mark.epoch: mark for mark in run.marks}
        theta = run.standing.theta.tobytes()
        assert len(run.waypoint(2).edits) == 1  # what was recorded of it is from before
        early = run.at(2).theta.tobytes()
    again = Waypoint.from_texts(there.to_texts(), experiment.epochs)
    with Run(experiment, edits=again.edits) as run:
        run.go_to(again)
        assert run.standing.theta.tobytes() == theta
        assert run.waypoint() == there
        assert run.at(2).theta.tobytes() == early
        assert {mark.epoch: mark.loss for mark in run.marks} == {
            epoch: pytest.approx(mark.loss, rel=1e-12) for epoch, mark in marks.items()
        }
    with Run(experiment, edits=again.edits) as run:  # played, not stepped
        run.play()
        finished(run)
        assert run.waypoint().edits == there.edits
    with pytest.raises(ValueError, match="weight 99999 cannot be set"):
        Run(experiment, edits=[Edit(0, 99999, 1.0)])


def test_a_run_can_begin_at_other_weights():
    theta = Material.of(SMALL).network(SMALL).theta * 2
    with Run(SMALL, theta=theta) as run:
        run.forward(epochs=1)
        run.rewind()
        assert run.standing.theta.tobytes() == theta.tobytes()


class Slow(Run):
    """One whose thread loses the processor just before it goes on."""

    def _advance(self, target):
        time.sleep(0.02)
        super()._advance(target)


def test_a_pause_at_a_bad_moment_is_a_pause():
    with Slow(Experiment("exam", hidden=(3,), batch_size=1, epochs=50)) as run:
        run.forward(steps=1)
        for _ in range(10):
            run.play()
            time.sleep(0.005)
            run.pause()
            assert run.standing.ended == ""
        played(run)
        assert run.standing.ended == "all epochs done"


class Failing(Run):
    """One that fails when it is told to."""

    fails = False

    def _advance(self, target):
        if self.fails:
            raise MemoryError("too large")
        super()._advance(target)


def test_a_run_that_fails_says_so_and_can_begin_again():
    with Failing(SMALL) as run:
        run.fails = True
        run.forward(epochs=1)
        assert run.standing.ended == "failed: too large"
        run.play()  # goes on no more
        run.fails = False
        run.rewind()
        assert (run.standing.epoch, run.standing.ended) == (0, "")
        run.forward(epochs=2)
        assert run.standing.epoch == 2


def test_many_threads_may_ask_at_once():
    with Run(Experiment("moons", epochs=2000)) as run:

        def ask(seed):
            rng = np.random.default_rng(seed)
            for _ in range(15):
                match rng.integers(5):
                    case 0:
                        run.play()
                    case 1:
                        run.pause()
                    case 2:
                        run.forward(steps=2)
                    case 3:
                        run.forward(epochs=1)
                    case _:
                        run.rewind()

        threads = [threading.Thread(target=ask, args=[seed]) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        run.rewind()
        run.forward(epochs=3)
        with Run(run.experiment) as another:
            another.forward(epochs=3)
            assert run.standing.theta.tobytes() == another.standing.theta.tobytes()


def test_an_address_says_all_of_an_experiment():
    experiment = Experiment(
        "table-0123456789abcdef", target="a,b", features=("x, y", "back\\slash", "&=?"),
        noise=0.25, test=0.3, hidden=(3, 2), activation=("relu", "tanh"), bias=False,
        output="sigmoid", loss="squared_error", solver="sgd", learning_rate=0.1, batch_size=0,
        epochs=77, alpha=0.5, dropout=0.1, seed=42,
    )  # fmt: skip
    assert Experiment.from_address(experiment.to_address()) == experiment
    assert Experiment.from_address("") == Experiment()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hidden=4,x", "hidden is '4,x'"),
        ("hidden=0", "units of a hidden layer is 0"),
        ("hidden=1,1,1,1,1,1,1,1,1", "9 hidden layers"),
        ("activation=relux&hidden=3", "unknown activation 'relux'"),
        ("learning_rate=nan", "learning_rate is nan"),
        ("learning_rate=-1", "learning_rate is -1"),
        ("test=1", "test is 1"),
        ("bias=maybe", "bias is 'maybe'"),
        (f"epochs={MOST_EPOCHS + 1}", "epochs is 100001"),
        ("solver=adam2", "unknown solver"),
        ("seed=-1", "seed is -1"),
        ("hidden=4,4&activation=tanh", "1 activations for 2 hidden layers"),
    ],
)
def test_a_wrong_address_is_one_message(address, message):
    with pytest.raises(ValueError, match=r"expected|unknown") as caught:
        Experiment.from_address(address)
    assert message in str(caught.value)


def test_a_program_that_ends_while_a_run_is_playing_ends_well():
    code = """
import time
from pellucid.studios.experiment import Experiment
from pellucid.studios.run import Run

run = Run(Experiment("digits", hidden=(400, 400), activation=("tanh", "tanh"), batch_size=500))
run.play()
time.sleep(0.5)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
