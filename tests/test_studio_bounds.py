"""What a studio may take: memory over a long run, with a page that draws on and on."""

import gc
import subprocess
import sys
import time
import tracemalloc

import numpy as np

from pellucid.studios.experiment import MOST_UNITS, Experiment
from pellucid.studios.recording import MOST_BYTES, MOST_RECORDED
from pellucid.studios.run import Run
from studio_tab import PATIENCE, Tab

LONG = Experiment("moons", hidden=(16,), batch_size=50, epochs=10_000)


def test_memory_over_ten_thousand_recorded_epochs_stays_within_the_bound():
    with Run(LONG) as run:
        run.speed = 1e9  # at any finite speed each epoch is recorded, until there are too many
        run.forward(epochs=10)
        gc.collect()
        tracemalloc.start()
        most, held = 0, []
        for _ in range(10):
            run.forward(epochs=1000)
            marks = run.marks
            most = max(most, len(marks))
            held.append(sum(mark.theta.nbytes for mark in marks))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert run.standing.epoch == 10_000
        assert run.standing.ended == "all epochs done"
        assert MOST_RECORDED // 4 < most <= MOST_RECORDED + 1
        assert max(held) <= MOST_BYTES
        # What is kept of an epoch besides its weights is a few numbers, and the curve has one each.
        assert grown < MOST_RECORDED * (run.start.nbytes + 1000) + 10_000 * 40
        epochs = [mark.epoch for mark in run.marks]
        assert epochs[0] == 0
        assert epochs[-1] == 10_000
        assert np.diff(epochs).max() <= 10_000 / (MOST_RECORDED / 4)  # and none far from the next


def test_the_weights_of_large_networks_are_kept_within_the_same_bytes():
    large = Experiment("xor", hidden=(MOST_UNITS, 512), activation=("relu", "relu"), epochs=40)
    with Run(large) as run:
        run.forward(epochs=40)
        assert run.standing.epoch == 40
        assert 8 <= len(run.marks) < 40
        assert sum(mark.theta.nbytes for mark in run.marks) <= MOST_BYTES


# --- in a browser ---------------------------------------------------------------------------------


def rss(studio):
    """Bytes of memory that its process has."""
    with open(f"/proc/{studio.process.pid}/status") as file:
        return 1024 * int(next(line for line in file if line.startswith("VmRSS")).split()[1])


COUNT = """
window.drawn = 0;
let last = null;
const look = () => {
    const drawing = document.querySelector(".panel-curves .drawing");
    const payload = getElement(Number(drawing.id.slice(1)))?.payload;
    if (payload !== last) { last = payload; window.drawn += 1; }
    requestAnimationFrame(look);
};
look();
"""


WATCHED = """
import gc, sys
from pellucid.studios import server
server.KEPT = 0.5  # of the minute in which a tab may come back
import pellucid
from pellucid.studios.material import Material
from pellucid.studios.session import Session

print(pellucid.studio("circles").url, flush=True)
for _ in sys.stdin:
    gc.collect()
    print(sum(isinstance(each, (Session, Material)) for each in gc.get_objects()), flush=True)
"""


def test_of_a_tab_that_was_closed_nothing_is_left(browser):
    words = [sys.executable, "-c", WATCHED]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def held():
        process.stdin.write("\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    try:
        url = process.stdout.readline()
        browser.open(url)
        end = time.monotonic() + PATIENCE
        while not browser.driver.find_elements("css selector", "#epoch"):
            assert time.monotonic() < end, "no page"
        browser.driver.find_element("id", "one-epoch").click()
        time.sleep(1)
        assert held() >= 2  # a session and its data
        browser.open("about:blank")
        end = time.monotonic() + PATIENCE
        while held():
            assert time.monotonic() < end, "a closed tab is still there"
            time.sleep(0.2)
    finally:
        process.communicate(timeout=60)


def test_a_page_draws_on_and_on_while_it_trains_and_memory_does_not_grow(browser, studio):
    tab = Tab(browser, studio, "hidden=16&activation=tanh&batch_size=5&epochs=100000")
    tab.script(COUNT)
    tab.click("play")
    tab.wait(lambda: tab.epoch > 1000, "an epoch")
    before, first = rss(studio), tab.script("return window.drawn")
    tab.wait(lambda: tab.script("return window.drawn") >= first + 30, "thirty pictures")
    assert tab.is_playing  # the pictures came while it trained
    tab.wait(lambda: tab.epoch > 11_000, "ten thousand more epochs")
    assert rss(studio) - before < MOST_BYTES
    assert browser.console == []
    browser.open("about:blank")
