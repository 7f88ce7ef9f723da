"""A file that is being written is the old one or the new one, whenever the program ends."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

import pellucid
from pellucid import Network
from pellucid.atomic import PART, write_atomically

KILLER = """
import os, random, signal, sys, time
import pellucid

folder, times = sys.argv[1], int(sys.argv[2])
path = os.path.join(folder, "m")
models = [pellucid.load(os.path.join(folder, name)) for name in "ab"]
whole = [open(os.path.join(folder, name), "rb").read() for name in "ab"]
models[0].save(path)
random.seed(0)
found, litter = [], 0
for _ in range(times):
    child = os.fork()
    if not child:
        while True:
            for model in reversed(models):
                model.save(path)
    time.sleep(random.uniform(0.0, 0.06))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    data = open(path, "rb").read()
    found.append(whole.index(data) if data in whole else -1)
    for name in os.listdir(folder):
        if name.endswith(".part"):
            litter += 1
            os.unlink(os.path.join(folder, name))
print(found, litter)
"""

FULL = """
import json, os, resource, sys
import pellucid

folder, limit = sys.argv[1], int(sys.argv[2])
path = os.path.join(folder, "m")
model = pellucid.load(os.path.join(folder, "b"))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    model.save(path)
except OSError as error:
    print(json.dumps(str(error)))
"""


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def two_models(tmp_path):
    """Files `a` and `b` of two networks of about a megabyte, which differ in every number."""
    for name, seed in (("a", 1), ("b", 2)):
        Network([300, 400, 10], seed=seed).save(tmp_path / name)
    return tmp_path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_program_killed_at_any_moment_leaves_a_whole_file(two_models):
    found, _, litter = run(KILLER, two_models, 80).strip().rpartition(" ")
    found = json.loads(found)
    assert len(found) == 80
    assert {*found} <= {0, 1}, "neither the one file nor the other"
    assert int(litter) > 0, "none was killed while it wrote"
    assert isinstance(pellucid.load(two_models / "m"), Network)


@pytest.mark.skipif(os.name != "posix", reason="needs limits on the size of files")
def test_a_full_disk_leaves_the_old_file_whole_and_no_litter(two_models):
    old = (two_models / "a").read_bytes()
    for limit in (0, 1, 100, 4096, len(old) // 2, 1_000_000):
        (two_models / "m").write_bytes(old)
        said = json.loads(run(FULL, two_models, limit))
        assert "File too large" in said
        assert (two_models / "m").read_bytes() == old
        assert sorted(path.name for path in two_models.iterdir()) == ["a", "b", "m"]


def test_the_file_and_its_name_are_forced_to_disk(tmp_path, monkeypatch):
    """In this order: else a crash of the machine could leave the new name on an empty file."""
    done, real_fsync, real_replace = [], os.fsync, os.replace

    def fsync(descriptor):
        is_folder = os.path.isdir(f"/proc/self/fd/{descriptor}")
        done.append("folder" if is_folder else "file")
        real_fsync(descriptor)

    def replace(old, new):
        assert str(old).endswith(PART)
        done.append("rename")
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_atomically(tmp_path / "m", b"data")
    assert done == ["file", "rename", "folder"]


def test_what_is_no_json_is_found_before_anything_is_written(tmp_path):
    network = Network([2, 1], seed=0)
    network.save(tmp_path / "m")
    old = (tmp_path / "m").read_bytes()
    for remark in (float("nan"), {1, 2}, np.zeros(3), "\ud800"):
        with pytest.raises((ValueError, TypeError)):
            network.save(tmp_path / "m", remark=remark)
    assert (tmp_path / "m").read_bytes() == old


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_devices_and_pipes_are_refused_and_stay(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(OSError, match="a device or a pipe"):
            write_atomically(path, b"new")
    assert (tmp_path / "pipe").is_fifo()
    assert not os.path.isfile("/dev/null")


def test_permissions_stay_as_they_were(tmp_path):
    path = tmp_path / "private"
    write_atomically(path, b"first")
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    path.chmod(0o600)
    write_atomically(path, b"second")
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_program_left_is_removed_when_it_is_old(tmp_path):
    for name, age in ((".m.0123.part", 3600), (".m.4567.part", 0), (".other.0.part", 3600)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write_atomically(tmp_path / "m", b"new")
    assert {p.name for p in tmp_path.iterdir()} == {"m", ".m.4567.part", ".other.0.part"}


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(OSError, match="names have at most 255 bytes"):
        write_atomically(tmp_path / ("m" * 300), b"new")
    write_atomically(tmp_path / ("m" * 250), b"new")
