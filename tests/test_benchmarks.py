"""The benchmarks compare like with like, name who is missing, and print what they measured."""

import doctest
import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(FOLDER))  # its modules are a program's, and no package's

import parity  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
from data import work_of  # noqa: E402
from peers import PEERS  # noqa: E402
from process import MissingPeerError, PeerFailedError, Process  # noqa: E402
from rows import FULL_MNIST, ROWS, Row, rows_named  # noqa: E402
from work import NotOfferedError, Work, loss_of  # noqa: E402

TINY = Row(
    "tiny", (64, 5, 10), 32, rows=96, peers=("pellucid", "sklearn"),
    must_reach={"sklearn": 2.0, "torch": 3.0}, must_share=0.5,
)  # fmt: skip
CALL = Row("tiny call", (64, 5, 10), 0, rows=1, flat=True, peers=("pellucid", "sklearn"),
           must_take_under=3e-6, tolerance=1e-5)  # fmt: skip


@pytest.fixture(scope="module")
def results():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "import_seconds", at_once)
        return run.run([TINY, CALL], ["pellucid", "sklearn"], rounds=2, seconds=1e-3)


def at_once(modules, runs):
    """Instead of import times, which take their time."""
    return dict.fromkeys(modules, 0.1)


def test_pellucid_and_scikit_learn_run_a_row_and_agree(results):
    assert results["failures"] == []
    assert set(results["peers"]) == {"pellucid", "sklearn", "numpy"}
    train, call = results["rows"]
    assert train["parity"]["difference"] < 1e-5
    assert call["parity"]["difference"] < 1e-6
    counted = {a["counted"] for a in train["parity"]["losses"].values()}
    assert all(0.0 < loss < 5.0 for loss in counted)
    assert [m["peer"] for m in train["measures"]] == ["pellucid", "sklearn"]
    for done in results["rows"]:
        for measure in done["measures"]:
            assert len(measure["seconds"]) == 2
            assert min(measure["seconds"]) > 0.0
    assert min(train["peaks"]) > 0.0


def test_a_planted_wrong_result_is_found_and_named(tmp_path):
    work, _ = work_of(TINY)
    right, wrong = tmp_path / "right.npz", tmp_path / "wrong.npz"
    work.save(right)
    replace(work, learning_rate=2e-3).save(wrong)
    ask = {"trains": True, "rows": 96}
    with Process("pellucid", [run.cpus()[-1]]) as process:
        a = process.ask("parity", path=str(right), **ask)
        b = process.ask("parity", path=str(wrong), **ask)
    assert parity.check("tiny", {"a": a, "b": a}, 1e-9) == 0.0
    with pytest.raises(parity.ParityError, match=r"tiny: losses of the last epoch .* median: c"):
        parity.check("tiny", {"a": a, "b": a, "c": b}, TINY.tolerance)


@pytest.mark.parametrize("loss", [2.1, float("nan"), float("inf")])
def test_a_loss_that_is_no_number_or_another_agrees_with_none(loss):
    answers = {"a": {"loss": 2.0, "counted": None}, "b": {"loss": 2.0}, "odd": {"loss": loss}}
    with pytest.raises(parity.ParityError, match="from the median: odd"):
        parity.check("row", answers, 1e-2)


def test_a_run_whose_libraries_disagree_ends_with_1_and_writes_nothing(
    tmp_path, monkeypatch, capsys
):
    def disagree(row, answers, tolerance):
        raise parity.ParityError(f"{row}: sklearn is off")

    monkeypatch.setattr(run, "check", disagree)
    monkeypatch.setattr(run, "ROWS", [TINY])
    target = tmp_path / "results.json"
    words = ["--only", "tiny", "--peers", "sklearn", "--quick", "--json", str(target)]
    monkeypatch.setattr(run, "import_seconds", at_once)
    assert run.main(words) == 1
    assert "FAILED  tiny: sklearn is off" in capsys.readouterr().out
    assert not target.exists()


def test_a_missing_peer_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr(run, "import_seconds", at_once)
    nowhere = "/nowhere/bin/python"
    row = replace(CALL, peers=("pellucid", "torch"), must_reach={"torch": 1.0})
    results = run.run([row], ["pellucid", "torch"], {"torch": nowhere}, rounds=1, seconds=1e-3)
    assert "pip install torch" in results["missing"]["torch"]
    assert any(line.startswith("MISSING  torch: ") for line in report.heading(results))
    (claim,) = [c for c in report.claims(results) if c.what == "torch"]
    assert (claim.value, claim.asked, claim.verdict) == ("-", ">= 1x", "not measured")
    assert "torch is missing" in report.page(results)


def test_a_library_that_is_not_installed_says_so(tmp_path):
    (tmp_path / "jax.py").write_text("raise ImportError('no jax here')")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(MissingPeerError, match="no jax here"):
            Process("jax", [run.cpus()[-1]])


def test_work_that_a_library_cannot_do_is_told_from_a_failure(tmp_path):
    path = tmp_path / "work.npz"
    work_of(rows_named("exam")[0])[0].save(path)
    with Process("sklearn", [run.cpus()[-1]]) as process:
        answer = process.ask("parity", path=str(path), trains=True, rows=3)
        assert answer == {"not_offered": "no sigmoid output with squared_error"}
        with pytest.raises(PeerFailedError, match="sklearn could not parity: FileNotFoundError"):
            process.ask("parity", path=str(tmp_path / "none.npz"), trains=True, rows=3)


def test_the_tables_say_what_the_json_says(results):
    again = json.loads(json.dumps(results))
    assert report.page(again) == report.page(results)
    made = {
        "rounds": 3,
        "machine": {"processor": "P", "cores": 1, "vector_sets": [], "system": "S", "python": "3",
                    "load": 0.0, "pinned": True},
        "peers": {"pellucid": {"title": "pellucid", "version": "1", "import_seconds": 0.01},
                  "sklearn": {"title": "scikit-learn", "version": "2", "import_seconds": 0.5}},
        "missing": {},
        "failures": [],
        "rows": [
            again["rows"][0]
            | {
                "flops": 2_400_000,
                "peaks": [90.0, 100.0],
                "measures": [
                    {"peer": "pellucid", "cores": 1, "first_call": 0.0,
                     "seconds": [3e-5, 4e-5, 5e-5]},
                    {"peer": "sklearn", "cores": 1, "first_call": 0.25,
                     "seconds": [6e-5, 10e-5, 20e-5]},
                ],
            }
        ],
    }  # fmt: skip
    ratios, times, libraries, same = report.tables(made)
    assert list(ratios.rows) == [
        ("tiny", "scikit-learn", "2.5x", "2 .. 4", ">= 2x", "yes"),
        ("", "pellucid's share of the sgemm peak", "60%", "48% .. 80%", ">= 50%", "yes"),
    ]
    assert times.rows == [
        ("tiny; 1 step", "40 us (30 us .. 50 us)", "100 us (60 us .. 200 us)"),
    ]
    assert libraries.rows[1] == ("scikit-learn", "2", "500 ms", "250 ms .. 250 ms")
    assert same.rows[0][:3] == ("tiny", "scikit-learn's digits", "pellucid, sklearn")
    page = report.page(made)
    assert "| tiny | scikit-learn | 2.5x | 2 .. 4 | >= 2x | yes |" in page
    assert "2.5x" in report.as_text(ratios)


def test_a_claim_that_is_missed_says_so(results):
    row = results["rows"][1]
    slow = [{"peer": "pellucid", "cores": 1, "seconds": [1e-3, 1e-3], "first_call": 0.0}]
    (claim,) = report.claims(results | {"rows": [row | {"measures": slow}]})
    assert (claim.value, claim.asked, claim.verdict) == ("1 ms", "< 3 us", "NO")


def test_every_row_is_whole_batches_of_known_peers_and_has_a_name_of_its_own():
    rows = [*ROWS, FULL_MNIST]
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert set(row.must_reach) <= set(row.peers) <= set(PEERS)
        assert row.peers[0] == "pellucid"
        if row.trains and not row.epochs:
            assert row.rows % row.batch == row.quick_rows % row.batch == 0
    assert {name for name in PEERS if not (FOLDER / "peers" / f"{name}.py").exists()} == set()


def test_flops_count_three_products_a_layer_and_two_in_the_first():
    by_hand = 2 * 32 * (2 * 64 * 100 + 3 * 100 * 10)
    assert rows_named("64-100-10, batch 32")[0].flops == by_hand


def test_work_comes_back_from_its_file_as_it_was(tmp_path):
    work, _ = work_of(TINY)
    work.save(tmp_path / "work.npz")
    again = Work.load(tmp_path / "work.npz")
    assert (again.sizes, again.loss, again.batch) == (work.sizes, work.loss, work.batch)
    for name in ("X", "Y"):
        np.testing.assert_array_equal(getattr(again, name), getattr(work, name))
    assert again.X.dtype == np.float32
    assert [W.shape for W in again.weights] == [(64, 5), (5, 10)]
    assert len(again.biases) == 2
    assert again.X_test is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--python torch", "expected PEER=PATH"),
        ("--python tensorflow=x", "expected PEER=PATH"),
        ("--peers tensorflow", "no peer is called 'tensorflow'"),
        ("--only cats", "no row has 'cats' in its name"),
        ("--rounds 0", "expected a number above 0"),
    ],
)
def test_a_command_line_that_means_nothing_is_refused(words, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        run.arguments(words.split())
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_losses_are_counted_as_the_library_defines_them():
    rng = np.random.default_rng(0)
    a, y = rng.dirichlet(np.ones(3), 5), np.eye(3)[[0, 1, 2, 0, 1]]
    from pellucid import LOSSES

    for name in ("cross_entropy", "squared_error"):
        assert loss_of(a, y, name) == pytest.approx(float(LOSSES[name]().value(a, y).mean()))
    with pytest.raises(ValueError, match="differ in shape"):
        loss_of(a, y[:, :2], "squared_error")


def test_fann_is_compared_in_online_learning_alone():
    from peers.fann import Fann

    work, _ = work_of(TINY)
    with pytest.raises(NotOfferedError, match="online"):
        Fann.model(object.__new__(Fann), work)


@pytest.mark.parametrize(
    "name", ["data", "imports", "machine", "parity", "report", "rows", "run", "work", "worker"]
)
def test_the_examples_of_a_module_run(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
