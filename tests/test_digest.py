"""The digest: a model file changed by chance is refused, or means the same."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import pellucid
from attacks import model_files
from pellucid import Network, model_file
from pellucid.digest import digest_of

FILES = sorted((Path(__file__).parent / "data" / "format-3").glob("*.safetensors"))
EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def same_or_refused(path, good):
    """Whether a changed file is refused; one that is not says all that the good one said."""
    try:
        pellucid.load(path)
    except ValueError as error:
        return str(path) in str(error)
    tensors, header = model_file.read_tensors(path)
    others, expected = model_file.read_tensors(good)
    assert header == expected
    assert {name: (x.dtype, x.shape, x.tobytes()) for name, x in tensors.items()} == {
        name: (x.dtype, x.shape, x.tobytes()) for name, x in others.items()
    }
    return False


@EACH
def test_a_bit_or_a_byte_changed_anywhere_is_found(path, tmp_path):
    data, rng = path.read_bytes(), random.Random(path.stem)
    cases = [changed for _, changed in model_files.flipped(data, 40, seed=path.stem)]
    for _ in range(30):
        cases.append(bytearray(data))
        cases[-1][rng.randrange(len(data))] = rng.randrange(256)
    refused = 0
    for changed in cases:
        (tmp_path / "m").write_bytes(changed)
        refused += same_or_refused(tmp_path / "m", path)
    assert refused > 60  # some bytes are written over themselves


@EACH
def test_every_number_of_every_tensor_is_under_the_digest(path, tmp_path):
    """The sign of each number in turn, whether it has a say in the test vectors or none."""
    data = path.read_bytes()
    header, rest = model_files.parts(data)
    rng = random.Random(0)
    for name in header.keys() - {"__metadata__"}:
        begin, end = header[name]["data_offsets"]
        size = 8 if header[name]["dtype"] == "F64" else 4
        for place in rng.sample(range(begin, end, size), min(12, (end - begin) // size)):
            changed = bytearray(data)
            changed[len(data) - len(rest) + place + size - 1] ^= 0x80
            (tmp_path / "m").write_bytes(changed)
            with pytest.raises(ValueError, match="it has not the digest that was saved with it"):
                pellucid.load(tmp_path / "m")


def test_a_weight_that_no_test_vector_sees_is_found(tmp_path):
    network = Network([64, 100, 10], "relu", "softmax", seed=0)
    network.save(tmp_path / "m")
    data = (tmp_path / "m").read_bytes()
    start = len(data) - 8 * network.theta.size
    for place in random.Random(0).sample(range(network.theta.size), 40):
        changed = bytearray(data)
        changed[start + 8 * place + 7] ^= 0x80
        (tmp_path / "n").write_bytes(changed)
        with pytest.raises(ValueError, match="digest"):
            pellucid.load(tmp_path / "n")


def test_a_metric_that_was_changed_is_found(tmp_path):
    path = next(path for path in FILES if path.stem == "predictor-classes")
    header, rest = model_files.parts(path.read_bytes())
    about = json.loads(header["__metadata__"]["pellucid"])
    about["about"]["metrics"]["accuracy"] = 1.0
    header["__metadata__"]["pellucid"] = json.dumps(about)
    (tmp_path / "m").write_bytes(model_files.joined(header, rest))
    with pytest.raises(ValueError, match="digest"):
        pellucid.load(tmp_path / "m")


@pytest.mark.parametrize("name", ["digest", "test_vectors", "test_rows"])
@EACH
def test_a_file_without_what_proves_it_is_refused(path, tmp_path, name):
    about = model_files.inner(path.read_bytes())
    if about.pop(name, None) is None:
        assert path.stem.startswith("network")
        assert name == "test_rows"
        return
    (tmp_path / "m").write_bytes(model_files.with_inner(path.read_bytes(), about))
    with pytest.raises(ValueError, match=f"is damaged: it has no {name}"):
        pellucid.load(tmp_path / "m")


@pytest.mark.parametrize("format_version", [1, 2])
def test_files_of_older_formats_have_test_vectors_too(tmp_path, format_version):
    folder = FILES[0].parents[1] / f"format-{format_version}"
    for path in folder.glob("*.safetensors"):
        about = model_files.inner(path.read_bytes())
        del about["test_vectors"]
        (tmp_path / "m").write_bytes(model_files.with_inner(path.read_bytes(), about))
        with pytest.raises(ValueError, match="it has no test_vectors"):
            pellucid.load(tmp_path / "m")


@EACH
def test_it_is_the_one_that_the_page_on_model_files_defines(path):
    """Computed by another implementation, from the bytes alone."""
    data = path.read_bytes()
    assert model_files.inner(model_files.sealed(data)) == model_files.inner(data)
    tensors, header = model_file.read_tensors(path)
    assert header["digest"] == digest_of(header, tensors)
    assert len(header["digest"]) == 64


def test_other_programs_may_write_the_same_content_in_another_order(tmp_path):
    """It is of what a file says, and not of the order in which its JSON says it."""
    path = next(path for path in FILES if path.stem == "tabular-classes")
    _, header = model_file.read_tensors(path)
    text = json.dumps(dict(reversed(header.items())), indent=1)
    save_file(load_file(path), tmp_path / "m", metadata={"by": "Ada", "pellucid": text})
    assert not same_or_refused(tmp_path / "m", path)


def test_what_joins_the_header_is_digested_as_it_is_read(tmp_path):
    more = {"sizes": {10: (1, 2), 9: None, 2: -0.0}, "letters": "ü\U0001f600"}
    Network([2, 1], seed=0).save(tmp_path / "m", more=more)
    assert model_file.read(tmp_path / "m")[1]["more"]["sizes"]["10"] == [1, 2]
    assert np.isfinite(pellucid.load(tmp_path / "m").theta).all()
