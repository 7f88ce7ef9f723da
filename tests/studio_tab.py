"""A tab of the studio in a browser: what a person does there, and what they see."""

import base64
import signal
import subprocess
import sys
import time

import numpy as np

PATIENCE = 40
"""Seconds until what is waited for has failed, on a machine that does much else."""


FULL = "speed=full"


class Studio:
    """`pellucid studio` in a process of its own, at a free port."""

    def __init__(self, *words):
        command = [sys.executable, "-m", "pellucid", "studio", "--no-browser", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = self.process.stdout.readline()
        assert self.said.startswith("studio at http"), self.process.stderr.read()
        self.url = self.said.split()[2]
        self.address, _, self.token = self.url.split("&")[0].partition("/?token=")
        self.port = int(self.address.rpartition(":")[2])

    def at(self, query=""):
        """The address of an experiment."""
        return f"{self.address}/?token={self.token}" + (f"&{query}" if query else "")

    def end(self, number=signal.SIGINT):
        """The exit code, and what was said on the way out."""
        self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
        return self.process.returncode, out, err

    @property
    def seconds(self):
        """Of processor time that it has had."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / 100

    @property
    def threads(self):
        """How many it has."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(next(line for line in file if line.startswith("Threads")).split()[1])


class Tab:
    """The page of a studio, opened: at full speed, unless the query says another."""

    def __init__(self, browser, studio, query="", **window):
        self.browser, self.driver, self.studio = browser, browser.driver, studio
        if "speed=" not in query:
            query = f"{query}&{FULL}".lstrip("&")
        browser.open(studio.at(query), **window)
        self.wait_until_shown()

    def wait_until_shown(self):
        """Until the page is connected, and has drawn."""
        self.wait(lambda: self.script("return !!window.did_handshake && !!document.querySelector("
                                      "'.panel-curves .drawing canvas')"), "the page")  # fmt: skip
        self.wait(lambda: self.payload(".panel-surface .drawing, .panel-curves .drawing"), "curves")

    def script(self, code, *arguments):
        """What a script of the page gives."""
        return self.driver.execute_script(code, *arguments)

    def wait(self, is_so, what="it"):
        """Until it is so; what it then is."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := is_so():
                return found
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come: {self.said}, {self.browser.console}")

    def click(self, name):
        """Click on the element of that id, as a person would."""
        self.driver.find_element("id", name).click()

    def choose(self, label, option):
        """Open the control of that label, and take the option of that name."""
        named = f"//label[normalize-space()={label!r}]"
        field = self.driver.find_element("xpath", named).get_attribute("for")
        self.click(field)
        item = f"//*[contains(@class, 'q-menu')]//*[@role='option'][normalize-space()={option!r}]"
        self.wait(lambda: self.driver.find_elements("xpath", item), f"{option} of {label}")[
            0
        ].click()
        self.wait(lambda: not self.driver.find_elements("css selector", ".q-menu"), "the choice")

    def text(self, selector):
        """The words of the first such element."""
        return self.script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    @property
    def epoch(self):
        """That the page shows."""
        return int(self.text("#epoch").replace(" ", "") or -1)

    @property
    def is_playing(self):
        """Whether the button says pause."""
        return self.text("#play") == "pause"

    @property
    def said(self):
        """What the banner says, if it is there."""
        return self.script(
            "const banner = document.querySelector('.banner');"
            "return banner && banner.checkVisibility() ? banner.innerText.split('\\n')[0] : ''"
        )

    @property
    def query(self):
        """That of the address, without full speed."""
        parts = self.driver.current_url.partition("?")[2].split("&")
        return "&".join(part for part in parts if part != FULL)

    def play(self, query_has=""):
        """Play until the end, or until something is in the address."""
        self.click("play")
        self.wait(lambda: query_has in self.query and not self.is_playing, "the end")

    def payload(self, selector):
        """What a drawing was sent last: arrays as NumPy's."""
        found = self.script(
            """const element = document.querySelector(arguments[0]);
            const payload = element && getElement(Number(element.id.slice(1)))?.payload;
            if (!payload) return null;
            const plain = (value) => ArrayBuffer.isView(value)
                ? {array: [...value].map(String), shape: value.shape}
                : Array.isArray(value) ? value.map(plain) : value;
            return Object.fromEntries(Object.entries(payload).map(([k, v]) => [k, plain(v)]));""",
            selector,
        )
        return found and {name: _arrays(value) for name, value in found.items()}

    def canvas(self, selector):
        """The pixels of a drawing, as PNG bytes."""
        url = self.script(
            "return document.querySelector(arguments[0] + ' canvas').toDataURL()", selector
        )
        return base64.b64decode(url.partition(",")[2])


def _arrays(value):
    if isinstance(value, list):
        return [_arrays(item) for item in value]
    if isinstance(value, dict) and "array" in value:
        return np.array([float(number) for number in value["array"]]).reshape(value["shape"])
    return value
