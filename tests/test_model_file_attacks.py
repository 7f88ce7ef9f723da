"""Whatever a file holds, loading it is one clear error or a model: no crash, hang or flood."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load

import pellucid
from attacks import model_files
from pellucid.model_file import read_tensors

FOLDER = Path(__file__).parent / "data"
GOOD = {
    f"{path.parent.name}/{path.stem}": path.read_bytes()
    for path in sorted(FOLDER.glob("format-*/*.safetensors"))
}
NETWORK = GOOD["format-1/network"]
EACH_KIND = [
    "format-1/network-float32", "format-3/predictor-classes", "format-3/predictor-numbers",
    "format-3/tabular-classes", "format-3/tabular-numbers", "format-3/estimator-several-targets",
    "format-3/estimator-labels", "format-3/estimator-quantiles", "format-3/pipeline-others",
    "format-3/pipeline-table",
]  # fmt: skip


def answer(folder, data):
    """What loading a file of these bytes gives: None for a refusal."""
    path = folder / "m.safetensors"
    path.write_bytes(data)
    return model_files.answer(path)


def refused(folder, cases):
    """How many there are, all refused; what is not is named."""
    found = [(what, answer(folder, data)) for what, data in cases]
    assert [what for what, model in found if model is not None] == []
    return len(found)


# --- one by one -----------------------------------------------------------------------------------


def test_the_files_that_are_attacked_are_good(tmp_path):
    assert len(GOOD) > 15
    for name, data in GOOD.items():
        assert answer(tmp_path, data) is not None, name


def test_other_files_are_refused(tmp_path):
    assert refused(tmp_path, model_files.other_files()) > 15


@pytest.mark.parametrize("name", ["format-1/network", "format-3/tabular-classes"])
def test_a_file_cut_at_any_byte_is_refused(tmp_path, name):
    data = GOOD[name]
    cases = list(model_files.truncated(data))
    if name != "format-1/network":  # all of which would take a while
        cases = random.Random(0).sample(cases, 500)
    assert refused(tmp_path, cases) == len(cases)
    assert refused(tmp_path, model_files.lengthened(data)) == 4
    assert refused(tmp_path, model_files.header_lengths(data)) > 10


@pytest.mark.parametrize("name", ["format-1/network", "format-3/predictor-classes"])
def test_a_header_that_lies_about_its_tensors_is_refused(tmp_path, name):
    harmless = "20 000 tensors of nothing"
    cases = [case for case in model_files.lies(GOOD[name]) if case[0] != harmless]
    assert refused(tmp_path, cases) > 70


@pytest.mark.parametrize("name", EACH_KIND)
def test_tensors_of_other_numbers_are_refused_or_do_no_harm(tmp_path, name):
    for what, data in model_files.other_numbers(GOOD[name]):
        loaded = answer(tmp_path, data)
        sort, _, how = what.partition(": ")
        mine = sort in ("theta", "no theta") and how != "flat"
        if mine or how in ("NaN", "inf", "-inf", "int64", "int8", "float16", "bool", "deep"):
            assert loaded is None, what


def test_a_description_that_is_no_json_is_refused(tmp_path):
    assert refused(tmp_path, model_files.texts(NETWORK)) > 25


@pytest.mark.parametrize("name", ["format-1/network", "format-3/tabular-numbers"])
def test_a_description_of_too_much_is_refused(tmp_path, name):
    unread = "test_rows of many rows"  # of a network, in which nothing looks for them
    cases = [case for case in model_files.sizes(GOOD[name]) if case[0] != unread]
    assert refused(tmp_path, cases) > 5


@pytest.mark.parametrize("name", EACH_KIND)
def test_another_value_anywhere_in_the_description_is_refused_or_does_no_harm(tmp_path, name):
    cases = list(model_files.wrong_values(GOOD[name]))
    cases = random.Random(0).sample(cases, 120)
    loaded = [answer(tmp_path, data) for _, data in cases]
    assert sum(model is None for model in loaded) > 40


def test_a_newer_format_is_told_from_a_damaged_file(tmp_path):
    about = model_files.inner(NETWORK) | {
        "format_version": 4, "versions": {"pellucid": "9.9.9"}, "architecture": "of another kind"
    }  # fmt: skip
    header, rest = model_files.parts(model_files.with_inner(NETWORK, about))
    header["theta"]["dtype"] = "I4"
    (tmp_path / "m").write_bytes(model_files.joined(header, rest))
    with pytest.raises(ValueError, match=r"version 4 .* up to 3.* pellucid 9\.9\.9, which reads"):
        pellucid.load(tmp_path / "m")


# --- what is no file ------------------------------------------------------------------------------


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    kind = socket.socket(socket.AF_UNIX)
    with contextlib.closing(kind), contextlib.chdir(tmp_path):
        kind.bind("socket")
        for name in ("fifo", "folder", "socket", "/dev/zero", "/dev/null", "/dev/stdin"):
            with pytest.raises(ValueError, match="is not a file"):
                pellucid.load(name)
        for name in ("none", "nowhere", "none/none", "fifo/none"):
            with pytest.raises(FileNotFoundError, match="no model file"):
                pellucid.load(name)
        with pytest.raises(OSError, match="symbolic links"):
            pellucid.load("loop")


# --- memory ---------------------------------------------------------------------------------------

MEASURED = """
import resource, sys, time
import numpy, pellucid, pellucid.estimators, pellucid.tabular.saving, pellucid.pipelines
from attacks.model_files import answer

for path in sys.argv[1:3]:
    answer(path)  # all that is ever imported has been
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 2**30, taken + 2**30))
for path in sys.argv[3:]:
    assert answer(path) is None, path
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_no_file_floods_the_memory(tmp_path):
    """With a gigabyte to spare, and half of it never used."""
    cases = [*model_files.bombs(NETWORK)]
    cases += (case for case in model_files.lies(NETWORK) if "0, 1" in case[0])
    cases += model_files.sizes(GOOD["format-3/tabular-numbers"])
    about = model_files.inner(GOOD["format-3/tabular-classes"])
    numbers = {"source": "kind", "levels": [], "marks_missing": False, "means": "probabilities"}
    about["tabular"]["encoder"]["categories"] = [numbers] * 50_000
    asked = model_files.with_inner(GOOD["format-3/tabular-classes"], about)
    cases.append(("one tensor for all", asked))
    paths = []
    for i, (_, data) in enumerate(cases):
        paths.append(tmp_path / f"{i}")
        paths[-1].write_bytes(data)
    huge = tmp_path / "huge"  # a terabyte of nothing, of which the header says as much
    text = json.dumps({
        "__metadata__": {"pellucid": json.dumps(model_files.inner(NETWORK))},
        "theta": {"dtype": "F64", "shape": [2**37], "data_offsets": [0, 2**40]},
    }).encode()  # fmt: skip
    with huge.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        with contextlib.suppress(OSError):
            file.truncate(8 + len(text) + 2**40)
    good = [
        FOLDER / "format-3" / f"{name}.safetensors"
        for name in ("tabular-classes", "pipeline-table")
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *good, *paths, huge], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) < 512, f"{done.stdout} MB"


# --- by chance ------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(
        model_files.HOSTILE
    ) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("attacks")


@pytest.mark.parametrize("name", EACH_KIND)
@settings(max_examples=40)
@given(data=st.data())
def test_descriptions_changed_by_chance(folder, name, data):
    about = model_files.inner(GOOD[name])
    where = [place for place in model_files.places(about, most=8) if place]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(where))
        value = data.draw(VALUES | st.just(...))
        with contextlib.suppress(LookupError, TypeError):  # it is no longer there
            about = model_files.changed_at(about, place, value)
    answer(folder, model_files.with_inner(GOOD[name], about))


@settings(max_examples=300)
@given(data=st.data())
def test_bytes_changed_by_chance(folder, data):
    good = GOOD[data.draw(st.sampled_from(sorted(GOOD)))]
    start = data.draw(st.integers(0, len(good)))
    stop = data.draw(st.integers(start, min(len(good), start + 40)))
    answer(folder, good[:start] + data.draw(st.binary(max_size=40)) + good[stop:])


@settings(max_examples=200)
@given(
    tensors=st.dictionaries(
        st.sampled_from(["theta", "a", "b"]),
        st.tuples(
            st.sampled_from(["F32", "F64", "F16", "I64"]),
            st.lists(st.integers(0, 4), max_size=3),
            st.lists(st.integers(-1, 5).map(lambda n: 8 * n), min_size=2, max_size=2),
        ),
        max_size=3,
    ),
    size=st.integers(0, 5),
)
def test_what_is_read_is_what_the_format_allows(folder, tensors, size):
    """Whatever this reader takes, that of safetensors takes too, and finds the same in it."""
    header = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        for name, (dtype, shape, offsets) in tensors.items()
    }
    metadata = {"__metadata__": {"pellucid": '{"format_version": 1}'}}
    data = model_files.joined(metadata | header, bytes(8 * size))
    (folder / "m").write_bytes(data)
    try:
        mine, _ = read_tensors(folder / "m")
    except ValueError:
        return
    theirs = load(data)
    assert mine.keys() == theirs.keys()
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)


def test_a_file_that_safetensors_refuses_is_refused(folder):
    for what, data in model_files.lies(NETWORK):
        with contextlib.suppress(SafetensorError, ValueError, TypeError, AttributeError, KeyError):
            load(data)
            continue
        assert answer(folder, data) is None, what
