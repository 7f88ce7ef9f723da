"""The studio is measured beside `Network.train`: what a page that is open and watches costs.

    python benchmarks/studio.py             some minutes; MNIST and moons
    python benchmarks/studio.py --quick     moons alone, short

For each set, the same network is trained in turns: by `Network.train` in a process of its own, as
`pellucid train` does, and by a studio whose page is open in Chromium, on the same machine, at full
speed. What is printed: steps a second of each, their ratio (the median of the rounds), the ratio of
steps a second of processor time, all that the studio's process does for the page included (which
says more where others work on the machine), and how often a second the page drew something new
meanwhile. Before: how long a first page takes to paint.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import numpy as np

from data import ROOT, mnist_folder
from machine import cpus, describe

sys.path.insert(0, str(ROOT / "tests"))

MNIST = "hidden=100&activation=relu&batch_size=64&learning_rate=0.001&epochs=1000&test=0.1"
MOONS = "data=moons&hidden=32,32&activation=tanh,tanh&batch_size=10&epochs=100000"

TRAINING = """
import sys
from time import perf_counter, process_time
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material
from pellucid.tables import read_table

query, path, seconds = sys.argv[1:]
experiment = Experiment.from_address(query)
material = Material.of(experiment, read_table(path) if path else None)
settings = dict(experiment.recipe().settings)
per = -(-len(material.X) // experiment.batch_size)
def train(epochs):
    network = material.network(experiment)
    began = perf_counter()
    network.train(material.X, material.y, **{**settings, "epochs": epochs})
    return perf_counter() - began
train(1)
epochs = 1
while (took := train(epochs)) < 0.3 * float(seconds):  # as many as take the seconds
    epochs *= 2
epochs = max(round(epochs * float(seconds) / took), 1)
print("ready", flush=True)
for _ in sys.stdin:
    began = process_time()
    took = train(epochs)
    print(epochs * per / took, epochs * per / (process_time() - began), flush=True)
"""

COUNT = """
window.drawn = 0;
const last = new Map();
const look = () => {
    let any = false;
    for (const element of document.querySelectorAll(".drawing")) {
        const payload = getElement(Number(element.id.slice(1)))?.payload;
        if (payload && last.get(element) !== payload) { last.set(element, payload); any = true; }
    }
    if (any) window.drawn += 1;
    requestAnimationFrame(look);
};
look();
"""


class Trainer:
    """`Network.train` on the same rows, in a process that waits for its turn."""

    def __init__(self, query: str, path: str, seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", TRAINING, query, path, str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._read()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def rate(self) -> tuple[float, float]:
        """Steps a second, in a turn, and a second of processor time."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        wall, processor = map(float, self._read().split())
        return wall, processor

    def end(self) -> None:
        """End it."""
        self.process.communicate()


def steps(tab: Any) -> tuple[float, int]:
    """When, and how many steps the page says there were; as it says them itself."""
    text = tab.text(".epoch-of").replace(" ", "").replace("\xa0", "")
    within, _, per = text.partition("+")[2].replace("steps", "").partition("/")
    done = tab.epoch + (int(within) / int(per) if per else 0.0)
    return perf_counter(), done


def watched(tab: Any, per: int, seconds: float) -> tuple[float, float, float]:
    """Steps a second, and a second of processor time, and updates, while the page plays so long."""
    tab.click("play")
    sleep(1.0)
    (began, first), before = steps(tab), tab.studio.seconds
    drawn = tab.script("return window.drawn")
    sleep(seconds)
    (ended, last), processor = steps(tab), tab.studio.seconds - before
    updates = tab.script("return window.drawn") - drawn
    tab.click("play")
    tab.wait(lambda: not tab.is_playing, "the pause")
    if not tab.epoch < 100_000:
        raise RuntimeError("the run came to its end while it was measured")
    took, done = ended - began, (last - first) * per
    return done / took, done / processor, updates / took


def compare(name: str, query: str, path: str, browser: Any, rounds: int, seconds: float) -> str:
    """A line of the table."""
    from pellucid.studios.experiment import Experiment
    from pellucid.studios.material import Material
    from pellucid.tables import read_table

    tabs = import_module("studio_tab")
    experiment = Experiment.from_address(query)
    material = Material.of(experiment, read_table(path) if path else None)
    per = -(-len(material.X) // experiment.batch_size)
    shape = " x ".join(map(str, material.X.shape))
    del material
    studio = tabs.Studio(*([path] if path else []))
    trainer = Trainer(query, path, seconds)
    try:
        given = studio.url.partition("&")[2]  # a table that was given has its digest there
        tab = tabs.Tab(browser, studio, "&".join(filter(None, (given, query))))
        tab.script(COUNT)
        rows = []
        for _ in range(rounds):
            alone, alone_processor = trainer.rate()
            page, processor, updates = watched(tab, per, seconds)
            rows.append((alone, page, page / alone, processor / alone_processor, updates))
            tab.click("rewind")
            tab.wait(lambda: tab.epoch == 0, "the start")
        alone, page, ratio, of_processor, updates = (
            median(column) for column in zip(*rows, strict=True)
        )
    finally:
        trainer.end()
        studio.end()
    spread = f"{min(row[2] for row in rows):.0%} to {max(row[2] for row in rows):.0%}"
    return (
        f"| {name}, {shape} | {alone:,.0f} | {page:,.0f} | {ratio:.0%} ({spread}) | "
        f"{of_processor:.0%} | {updates:.1f} |"
    )


def first_paint(browser: Any, times: int) -> list[float]:
    """Seconds from the address to the first paint with content, and until all is drawn."""
    tabs = import_module("studio_tab")
    studio = tabs.Studio()
    painted, drawn = [], []
    try:
        for _ in range(times):
            began = perf_counter()
            tab = tabs.Tab(browser, studio)
            drawn.append(perf_counter() - began)
            paint = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
            painted.append(float(tab.script(paint)) / 1000)
    finally:
        studio.end()
    return [painted[0], median(painted), drawn[0], median(drawn)]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="moons alone, short")
    quick = parser.parse_args().quick
    browser = import_module("browser").Browser()  # that of tests
    try:
        print(f"{describe()['processor']}, {len(cpus())} cores, load {describe()['load']}")
        first, usual, drawn, drawn_usual = first_paint(browser, 3 if quick else 7)
        print(f"first paint: {first:.2f} s for the first page, {usual:.2f} s for others")
        print(f"all drawn after: {drawn:.2f} s for the first page, {drawn_usual:.2f} s for others")
        print("| data | Network.train | page open | ratio | by processor time | updates/s |")
        print("|---|---|---|---|---|---|")
        rounds, seconds = (2, 3.0) if quick else (5, 8.0)
        print(compare("moons", MOONS, "", browser, rounds, seconds), flush=True)
        images = next(iter(sorted(mnist_folder().glob("train-images-idx3-ubyte*"))), None)
        if images is not None and not quick:
            print(compare("MNIST", MNIST, str(images), browser, rounds, seconds), flush=True)
        elif not quick:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "images.npz"
                rng = np.random.default_rng(0)
                np.savez(path, X=rng.random((60_000, 784)), y=rng.integers(0, 10, 60_000))
                print(compare("random images", MNIST, str(path), browser, rounds, seconds))
    finally:
        browser.close()


if __name__ == "__main__":
    main()
