"""Text weights: files a person can read, that give back the very same numbers."""

import numpy as np
import pytest

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


def test_one_file_an_array_named_after_it_with_its_shape_on_top(tmp_path):
    network().save_text(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "layer1.s.txt", "layer2.W.txt", "layer3.W.txt", "layer3.b.txt",
    ]  # fmt: skip
    text = (tmp_path / "layer2.W.txt").read_text().splitlines()
    assert text[0] == "# shape 3 4"
    assert [len(line.split()) for line in text[1:]] == [4, 4, 4]


def test_the_exact_text_of_a_small_file(tmp_path):
    write_text(tmp_path, {"W": np.array([[0.5, -1.0], [2.0, 0.25]]), "b": np.array([3.0])})
    assert (tmp_path / "W.txt").read_text() == "# shape 2 2\n0.5 -1\n2 0.25\n"
    assert (tmp_path / "b.txt").read_text() == "# shape 1\n3\n"


def test_a_folder_is_made_where_there_is_none(tmp_path):
    network().save_text(tmp_path / "a" / "b")
    network().load_text(tmp_path / "a" / "b")


def test_weights_of_another_network_are_refused_with_both_shapes_and_nothing_is_changed(tmp_path):
    Network([3, 5, 2], seed=0).save_text(tmp_path)
    other = Network([3, 4, 2], seed=0)
    before = other.theta.copy()
    with pytest.raises(ValueError, match=r"layer1.W.txt.*\(3, 5\) and the network needs \(3, 4\)"):
        other.load_text(tmp_path)
    assert np.array_equal(other.theta, before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5 -1\n2 0.25\n", "does not begin with '# shape"),
        ("# shape 2 3\n0.5 -1\n2 0.25\n", r"holds shape \(2, 3\)"),
        ("# shape 2 2\n0.5 -1\n2\n", "number of columns|holds shape"),
        ("# shape 2 2\n0.5 -1 2\n", r"holds shape \(2, 2\)"),
        ("# shape 2 2\n0.5 red\n2 0.25\n", "red"),
    ],
)
def test_damaged_text_is_refused(tmp_path, text, message):
    (tmp_path / "W.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_text(tmp_path, {"W": (2, 2)})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"layer1\.s\.txt"):
        network().load_text(tmp_path)
