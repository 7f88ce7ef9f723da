"""Text weights: files a person can read, that give back the very same numbers."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid import Network
from pellucid.text_weights import read_text, write_text

AWKWARD = [0.1, 1 / 3, np.pi, -1e-300, 5e-324, 1.7976931348623157e308, -0.0, 1.0, 2**53 + 1.0]


def network(seed=0):
    return Network([3, 4, 2], "tanh", "softmax", scale_inputs=True, bias=[False, True], seed=seed)


def test_the_way_to_text_and_back_keeps_every_bit(tmp_path):
    first, second = network(0), network(1)
    first.theta = np.resize(AWKWARD, first.theta.size)
    first.save_text(tmp_path / "weights")
    second.load_text(tmp_path / "weights")
    assert first.theta.tobytes() == second.theta.tobytes()


def test_random_weights_survive_exactly_and_so_do_the_outputs(tmp_path):
    first, second = network(5), network(6)
    first.save_text(tmp_path)
    second.load_text(tmp_path)
    X = np.random.default_rng(0).normal(size=(9, 3))
    assert first.predict(X).tobytes() == second.predict(X).tobytes()


def test_float32_weights_survive_exactly(tmp_path):
    first = Network([3, 4, 1], dtype="float32", seed=0)
    second = Network([3, 4, 1], dtype="float32", seed=1)
    first.save_text(tmp_path)
    second.load_text(tmp_path)
    assert first.theta.tobytes() == second.theta.tobytes()


def test_one_file_a_layer_with_the_shape_above_each_array(tmp_path):
    network().save_text(tmp_path)
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == ["layer1.txt", "layer2.txt", "layer3.txt"]
    text = (tmp_path / "layer3.txt").read_text().splitlines()
    assert (text[0], text[5]) == ("# W, shape 4 2", "# b, shape 2")
    assert [len(line.split()) for line in text[1:5] + text[6:]] == [2, 2, 2, 2, 2]


def test_the_exact_text_of_a_small_file(tmp_path):
    arrays = {"W": np.array([[0.5, -1.0], [2.0, 0.25]]), "b": np.array([3.0])}
    write_text(tmp_path, {"layer1": arrays})
    expected = "# W, shape 2 2\n0.5 -1\n2 0.25\n# b, shape 1\n3\n"
    assert (tmp_path / "layer1.txt").read_text() == expected


def test_other_programs_can_read_a_layer_of_weights_alone(tmp_path):
    first = Network([3, 4, 2], bias=False, seed=0)
    first.save_text(tmp_path)
    assert np.array_equal(np.loadtxt(tmp_path / "layer1.txt"), first.weights[0])


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=6, max_size=6),
    st.sampled_from(["float32", "float64"]),
)
def test_any_numbers_survive_exactly(tmp_path_factory, numbers, dtype):
    folder = tmp_path_factory.mktemp("weights")
    first, second = (Network([2, 2], dtype=dtype, seed=s) for s in (0, 1))
    with np.errstate(over="ignore"):
        theta = np.array(numbers).astype(dtype)
    first.theta = np.nan_to_num(theta)
    first.save_text(folder)
    second.load_text(folder)
    assert first.theta.tobytes() == second.theta.tobytes()


def test_a_folder_is_made_where_there_is_none(tmp_path):
    network().save_text(tmp_path / "a" / "b")
    network().load_text(tmp_path / "a" / "b")


def test_weights_of_another_network_are_refused_with_both_shapes_and_nothing_is_changed(tmp_path):
    Network([3, 5, 2], seed=0).save_text(tmp_path)
    other = Network([3, 4, 2], seed=0)
    before = other.theta.copy()
    with pytest.raises(
        ValueError, match=r"layer1.txt.*W \(3, 5\) .* and the network needs W \(3, 4\)"
    ):
        other.load_text(tmp_path)
    assert np.array_equal(other.theta, before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5 -1\n2 0.25\n", "does not begin with a line such as '# W, shape 2 3'"),
        ("# shape 2 2\n0.5 -1\n2 0.25\n", "does not begin with a line"),
        ("# W, shape 2 3\n0.5 -1\n2 0.25\n", r"holds W \(2, 3\) and the network needs W \(2, 2\)"),
        ("# W, shape 2 2\n0.5 -1\n2\n", "has not 2 lines of 2 numbers under W"),
        ("# W, shape 2 2\n0.5 -1 2\n", "has not 2 lines of 2 numbers under W"),
        ("# W, shape 2 2\n0.5 -1\n2 0.25\n1 1\n", "has not 2 lines of 2 numbers under W"),
        ("# W, shape 2 2\n0.5 red\n2 0.25\n", "has 'red' in line 2: expected a finite number"),
        ("# W, shape 2 2\n0.5 1\n2 nan\n", "has 'nan' in line 3"),
        ("# W, shape 2 2\n0.5 1\n2 1e999\n", "has '1e999' in line 3"),
        ("# W, shape 2 2\n1 2\n3 4\n# W, shape 2 2\n1 2\n3 4\n", "has W twice, again in line 4"),
        ("# W, shape 2 2\n1 2\n3 4\n# b, shape 2\n1 2\n", r"holds W \(2, 2\) and b \(2,\)"),
        ("", "holds nothing and the network needs W"),
    ],
)
def test_damaged_text_is_refused(tmp_path, text, message):
    (tmp_path / "layer1.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_text(tmp_path, {"layer1": {"W": (2, 2)}})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# W, shape 2 2\n1 \xff\n3 4\n", "is no text in UTF-8"),
        (b"\x80\x04\x95" + bytes(100), "is no text in UTF-8"),
        (b"# W, shape " + b"9" * 5000 + b" 2\n", "does not begin with a line such as"),
        (b"# W, shape " + b"1 " * 5000 + b"x\n", "does not begin with a line such as"),
        (b"# W, shape " + b"1 " * 50 + b"\n", r"holds W \(1, 1, 1, .* and the network needs W"),
        (
            b"# W, shape 2 2\n1 2\n3 4\n# b shape 2\n",
            "has '# b shape 2' in line 4: expected numbers",
        ),
    ],
)
def test_bytes_that_are_no_such_text_are_refused_with_the_name_of_the_file(tmp_path, data, message):
    (tmp_path / "layer1.txt").write_bytes(data)
    with pytest.raises(ValueError, match=r"layer1\.txt' .*" + message) as error:
        read_text(tmp_path, {"layer1": {"W": (2, 2)}})
    assert len(str(error.value)) < 1000


def test_weights_of_a_network_of_more_layers_are_refused(tmp_path):
    Network([3, 4, 4, 2], seed=0).save_text(tmp_path)
    other = Network([3, 4, 4], seed=1)
    before = other.theta.copy()
    with pytest.raises(ValueError, match=r"layer3\.txt' is of another network: this one has 2 lay"):
        other.load_text(tmp_path)
    assert np.array_equal(other.theta, before)


def test_layers_of_an_earlier_network_are_removed_and_nothing_else(tmp_path):
    Network([3, 4, 4, 4, 2], seed=0).save_text(tmp_path)
    for name in ("layer0.txt", "layer3.csv", "layer3.txt.old", "notes.txt"):
        (tmp_path / name).write_text("mine")
    first, second = Network([3, 4, 2], seed=1), Network([3, 4, 2], seed=2)
    first.save_text(tmp_path)
    second.load_text(tmp_path)
    assert np.array_equal(first.theta, second.theta)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"layer1.txt", "layer2.txt", "layer0.txt", "layer3.csv", "layer3.txt.old",
                    "notes.txt"}  # fmt: skip


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(tmp_path, monkeypatch):
    first = network(0)
    first.save_text(tmp_path)
    before = (tmp_path / "layer1.txt").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        network(1).save_text(tmp_path)
    assert (tmp_path / "layer1.txt").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"layer1\.txt"):
        network().load_text(tmp_path)
