"""What tests share: repeatable draws of hypothesis, the real data, the command line, a table."""

import csv
import json
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from pellucid import ENGINES, model
from pellucid.engines import engine

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the larger real data, which is not part of the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set PELLUCID_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def tabular(real_data) -> Path:
    """The folder of real tables."""
    return real_data / "tabular"


@pytest.fixture(scope="session")
def mnist(real_data) -> Path:
    """The folder of MNIST's four files."""
    return real_data / "mnist"


@pytest.fixture(params=ENGINES)
def each_engine(request, monkeypatch):
    """Lets a test run once with each engine where it names none.

    The native one leaves to the reference what it cannot do, as ever.
    """

    def named(name="auto", *others, **more):
        chosen = "reference" if (name, request.param) == ("auto", "reference") else name
        return engine(chosen, *others, **more)

    monkeypatch.setattr(model, "engine_named", named)
    return request.param


class Result:
    """What a command left behind."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Runs the command line in an empty folder; a single argument is a whole line of words."""
    from pellucid.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        words = arguments[0].split() if len(arguments) == 1 else [str(a) for a in arguments]
        with pytest.raises(SystemExit) as exit_:
            main(words)
        captured = capsys.readouterr()
        return Result(exit_.value.code, captured.out, captured.err)

    return run


class Server:
    """`pellucid serve` in a process of its own, at a free port."""

    def __init__(self, model, *options):
        words = [sys.executable, "-m", "pellucid", "serve", model, "--port", 0, *options]
        self.process = subprocess.Popen(
            [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = self.process.stdout.readline()
        assert " at http" in self.said, self.process.stderr.read()
        self.url = self.said.split(" at ")[1].split()[0]
        self.port = int(self.url.rpartition(":")[2])

    def end(self):
        """The exit code, and what was said on the way out."""
        try:
            out, err = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
        return self.process.returncode, out, err

    @property
    def megabytes(self):
        """Memory that it holds."""
        words = ["ps", "-o", "rss=", "-p", str(self.process.pid)]
        return int(subprocess.check_output(words)) / 1024


@pytest.fixture(scope="module")
def serve():
    """Serves a model file until the module's tests are done; must end well and say nothing."""
    servers = []

    def started(*arguments):
        servers.append(Server(*arguments))
        return servers[-1]

    yield started
    running = [server for server in servers if server.process.poll() is None]
    for server in running:
        server.process.send_signal(signal.SIGTERM)
    assert [server.end() for server in running] == [(0, "", "")] * len(running)


@pytest.fixture(scope="session")
def installed():
    """Runs code with pellucid as it is installed in a folder, whatever else is installed here.

    -S, since the hook of an editable installation would be asked before the folder.
    """

    def printed(folder, code):
        packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        return subprocess.run(
            [sys.executable, "-S", "-c", code], cwd=folder.parent, check=True,
            env={"PYTHONPATH": os.pathsep.join([str(folder), *packages])},
            capture_output=True, text=True,
        ).stdout  # fmt: skip

    return printed


@pytest.fixture(scope="session")
def browser():
    """A browser to open pages in, one for all tests of a process."""
    from browser import Browser

    opened = Browser()
    yield opened
    opened.close()


@pytest.fixture
def table(tmp_path):
    """A small mixed table with gaps, in which `kind` follows from `length` and `colour`."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(120):
        colour = ["red", "green", "blue"][i % 3]
        length = rng.normal()
        kind = "big" if length + (colour == "red") > 0.3 else "small"
        price = 10 * length + 5 * (colour == "red") + 100
        shown = "" if i % 11 == 0 else f"{length:.4f}"
        rows.append([shown, colour, f"{price:.3f}", kind])
    path = tmp_path / "things.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["length", "colour", "price", "kind"], *rows])
    return path


@pytest.fixture(scope="session")
def studios():
    """Starts studios, each in a process of its own; all end with the tests."""
    from studio_tab import Studio

    started = []

    def start(*words):
        started.append(Studio(*words))
        return started[-1]

    yield start
    for studio in started:
        if studio.process.poll() is None:
            assert studio.end() == (0, "", "")


@pytest.fixture(scope="session")
def studio(studios):
    """A studio for all tests that open pages of it, and do it no harm."""
    return studios()


@pytest.fixture
def tab(browser, studio):
    """Opens the studio's page at an address; its console stays empty, and it asks nobody else."""
    from studio_tab import Tab

    yield lambda query="", **window: Tab(browser, studio, query, **window)
    assert browser.console == []
    assert [url for url in browser.requests if f"127.0.0.1:{studio.port}/" not in url] == []
    browser.open("about:blank")


NOTEBOOK = """
import sys, pellucid
window = pellucid.studio("circles")
print(window._repr_html_(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def notebook_window():
    """What a notebook's cell shows, of a process that goes on as a notebook's does."""
    words = [sys.executable, "-c", NOTEBOOK]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline()
    process.communicate(timeout=60)
