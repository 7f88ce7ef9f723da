"""A browser without a window, in which tests open pages: what these said, and what they loaded."""

import base64
import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "no {} on this machine: the tests of pages need Chromium and its driver "
    "(Debian: apt-get install chromium chromium-driver)"
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # which root cannot have, and CI may be root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    # A page that asks for something elsewhere is found out, and gets nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


class Browser:
    """Chromium, and the page that it shows.

    `driver` is Selenium's, for whatever is not here: `find_element`, `execute_script`.
    """

    def __init__(self):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
        chromedriver = shutil.which("chromedriver")
        assert chromium, MISSING.format("Chromium")
        assert chromedriver, MISSING.format("chromedriver")
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for option in OPTIONS:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(chromedriver))
        self._console, self._requests = [], []

    def open(self, where, *, width=1280, height=900, dark=False):
        """Show the page of a file, or of a URL, in a window of that size; what was is forgotten."""
        self.driver.get("about:blank")
        self.dress(dark)
        self.resize(width, height)
        self._read_logs()
        self._console, self._requests = [], []
        self.driver.get(where.resolve().as_uri() if isinstance(where, Path) else str(where))

    def resize(self, width, height=900):
        """Make the page so many CSS pixels wide and high; a window cannot be under 500."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def dress(self, dark):
        """Prefer dark pages, or light ones."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})

    @property
    def console(self):
        """What the page said since it was opened, errors of scripts and of loading with it."""
        self._read_logs()
        return [f"{entry['level']}: {entry['message']}" for entry in self._console]

    @property
    def requests(self):
        """The URLs that it asked for since, of itself too; data inside the page has none."""
        self._read_logs()
        return [url for url in self._requests if urlsplit(url).scheme not in ("data", "blob")]

    def _read_logs(self):
        self._console += self.driver.get_log("browser")
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self._requests.append(message["params"]["url"])

    @property
    def wider(self):
        """By how many pixels the page is wider than the window, so that it must be scrolled."""
        return self.driver.execute_script(
            "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
        )

    def screenshot(self, path, scale=1):
        """The whole page, from its top to its end, as a PNG file of so many dots a CSS pixel."""
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        asked = {"format": "png", "captureBeyondViewport": True, "clip": size | {"scale": scale}}
        made = self.driver.execute_cdp_cmd("Page.captureScreenshot", asked)
        Path(path).write_bytes(base64.b64decode(made["data"]))

    def print(self, path):
        """The page as it is printed, as a PDF file."""
        made = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
        Path(path).write_bytes(base64.b64decode(made["data"]))

    def close(self):
        """End it."""
        self.driver.quit()
