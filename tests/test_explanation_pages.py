"""An explanation as Markdown and HTML: every line adds up, and every number leads somewhere."""

import math
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest
from selenium.webdriver.support.ui import WebDriverWait

from mathematics import Latex
from pellucid import (
    ACTIVATIONS,
    MLPClassifier,
    MLPRegressor,
    Network,
    TabularClassifier,
    datasets,
)
from pellucid.explaining import explain

DIGITS = 12


def scalar(f):
    return lambda z: float(f.forward(np.array([[z]], float))[0, 0])


KNOWN = {name: scalar(f) for name, f in ACTIVATIONS.items() if name != "softmax"} | {
    "e": math.e, "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "abs": abs, "max": max,
    "min": min, "sign": np.sign, "clip": lambda x, low, high: min(max(x, low), high),
}  # fmt: skip

HOSTILE = {
    "<script>alert(1)</script>": "tags", "a|b_c$d*e`f": "signs of Markdown",
    "50% \\ {of} it & ~^#": "signs of LaTeX", "$$x\n\ny$$": "lines",
}  # fmt: skip


def estimators():
    rng = np.random.default_rng(0)
    digits = datasets.load("digits")
    X, y = digits.X[:300] / 16, digits.y[:300]
    classifier = MLPClassifier((20,), activation="tanh", tol=0.05, solver="adam", random_state=0)
    yield "digits", classifier.fit(X, y), X[0], y[0]
    regressor = MLPRegressor(hidden_layer_sizes=(6, 5), tol=0.1, random_state=0)
    yield "a number", regressor.fit(X, y * 1.0), X[3], 3.5
    names = list(HOSTILE)
    frame = pl.DataFrame({
        names[0]: rng.normal(size=120), names[1]: rng.choice(["x<b>", "y|$z$", "_q_"], 120),
        names[2]: rng.uniform(size=120), names[3]: rng.normal(size=120),
    })  # fmt: skip
    target = np.where(frame[names[0]] > 0, "<b>yes</b>", "no|$1$")
    yield "hostile", TabularClassifier(random_state=0).fit(frame, target), frame[:1], target[0]


def networks():
    for name in ACTIVATIONS:
        output = "identity" if name != "softmax" else "softmax"
        yield name, Network([9, 12, 3], name, output, "squared_error", seed=1)
    for output in ("sigmoid", "softmax", "exp"):
        yield f"made for {output}", Network([9, 4, 2], "tanh", output, seed=1)
    yield "penalties", Network([9, 4, 2], "tanh", alpha=0.3, l1=0.2, scale_inputs=True, seed=1)


@pytest.fixture(scope="module")
def explanations():
    x = np.random.default_rng(2).normal(size=9)
    made = {
        name: network.explain(x, [0.25, 0.75, 0.0][: network.architecture.n_outputs], 0.1, DIGITS)
        for name, network in networks()
    }
    return made | {name: explain(m, x, y, digits=DIGITS) for name, m, x, y in estimators()}


NAMES = [name for name, _ in networks()] + ["digits", "a number", "hostile"]


@pytest.fixture(params=NAMES)
def explanation(request, explanations):
    return explanations[request.param]


class Page(HTMLParser):
    """The lines of a page: their ids, links, and the text of each of their parts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.lines, self.links, self.names = [], [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        kinds = found.get("class", "").split()
        if tag not in ("meta", "link"):
            self.open.append((tag, kinds))
        if "id" in found:
            self.ids.append(found["id"])
        if tag in ("script", "img", "iframe", "link"):
            assert found.get("href", "data:,") == "data:,"
            assert "src" not in found
        if tag == "div" and "line" in kinds:
            self.lines.append({"id": found["id"], "": "", "of": "", "label": "", "note": "",
                               "general": "", "value": ""})  # fmt: skip
        if "n" in kinds:
            self.names.append(found["data-name"])
            if tag == "a":
                self.links.append([self.lines[-1]["id"], found["href"], found["data-name"], ""])
        if tag == "sup" and self.in_line:
            self.open.pop()
            self.handle_data("**(")
            self.open.append((tag, kinds))

    def handle_endtag(self, tag):
        if tag == "sup" and self.in_line:
            self.handle_data(")")
        assert self.open.pop()[0] == tag

    @property
    def in_line(self):
        return any("line" in kinds for _, kinds in self.open)

    def handle_data(self, text):
        tags = [tag for tag, _ in self.open]
        if not self.in_line or "small" in tags:
            return
        kinds = [kind for _, kinds in self.open for kind in kinds]
        part = next((k for k in ("of", "label", "note", "general", "value") if k in kinds), "")
        self.lines[-1][part] += text
        if "a" in tags:
            self.links[-1][-1] += text


def python(text):
    signs = {"×": "*", "−": "-", "·": "*"}
    return "".join(signs.get(sign, sign) for sign in text)


def close(value, shown):
    return value == pytest.approx(shown, rel=2e-6, abs=1e-9)


def test_each_line_of_the_page_adds_up_to_what_the_engine_says(explanation):
    page = Page(explanation.to_html())
    assert len(page.lines) == len(explanation.lines)
    reckoned = 0
    for shown, line in zip(page.lines, explanation.lines, strict=True):
        if isinstance(line.value, str):
            assert shown["value"] == line.value
            continue
        value = eval(python(shown["value"]).split(" (")[0], {})
        assert close(value, line.value)
        numbers = [side.strip() for side in shown[""].split(" = ") if side.strip(" =")]
        if numbers:
            (numbers,) = numbers
            assert close(eval(python(numbers.strip(" =")), dict(KNOWN)), value), shown
            reckoned += 1
    assert reckoned >= 10


def test_every_link_leads_to_the_line_that_made_the_number(explanation):
    page = Page(explanation.to_html())
    assert len(set(page.ids)) == len(page.ids)
    values = {f"#{shown['id']}": shown["value"] for shown in page.lines}
    assert len(page.links) >= 5
    for line, href, name, number in page.links:
        assert href != f"#{line}"
        if not re.search(r"'\[\d+\], of layer", name):  # a slope is of what it leads to
            shown = values[href].split(" (")[0]
            assert close(eval(python(number), {}), eval(python(shown), {})), (number, shown)


def test_the_page_says_what_each_number_is_called(explanation):
    names = Page(explanation.to_html()).names
    weights = [name for name in names if re.fullmatch(r"layer\d+\.[Ws]\[[\d,]+\]", name)]
    sums = [name for name in names if re.fullmatch(r"layer\d+\.z\[\d+\]", name)]
    handed_on = [name for name in names if re.fullmatch(
        r"layer(\d+)\.x\[(\d+)\], which is layer\d+\.[az]\[\2\]", name)]  # fmt: skip
    assert len(weights) > 2
    assert len(sums) + len(handed_on) > 2


def blocks(text):
    for block in re.findall(r"\$\$\n\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}\n\$\$", text, re.S):
        yield block.split(" \\\\\n")


def sides(row):
    """Of a row of an aligned block: what it is of, and what comes after each sign of equality."""
    of, _, rest = row.partition(" &= ")
    return of, re.sub(r"\\underbrace\{(\S+)\}_\{\\text\{\d+ more\}\}", r"\1",
                      rest.split(r" \quad ")[0]).split(" = ")  # fmt: skip


def test_each_line_of_the_markdown_adds_up_to_what_the_engine_says(explanation):
    text = explanation.to_markdown()
    general = sum(len(section.equations) for section in explanation.sections)
    rows = [row for block in blocks(text) for row in block]
    assert len(rows) == general + len(explanation.lines)
    headings = re.findall(r"^### ", text, re.M)
    assert len(headings) == len(explanation.sections)
    at, reckoned = 0, 0
    for section in explanation.sections:
        at += len(section.equations)
        for line in section.lines:
            if not hasattr(line, "of"):
                continue
            _, parts = sides(rows[at])
            at += 1
            if isinstance(line.value, str):
                continue
            (value,) = Latex(parts[-1].split(r" \;")[0]).sides()
            value = eval(value, {})
            assert close(value, line.value)
            if len(parts) > 1 + (line.formula and len(parts) > 1):
                (numbers,) = Latex(parts[-2]).sides()
                assert close(eval(numbers, dict(KNOWN)), value), rows[at - 1]
                reckoned += 1
    assert reckoned >= 10


def test_the_names_of_columns_and_classes_stay_text(explanations):
    page, text = explanations["hostile"].to_html(), explanations["hostile"].to_markdown()
    assert "<script>alert" not in page
    assert "<b>yes" not in page
    labels = {shown["label"] for shown in Page(page).lines}
    assert "<script>alert(1)</script>" in {label.split(" > ")[0] for label in labels}
    for sign in ("<", "|", "`", "*"):
        assert sign not in re.sub(r"^\.\.\. .*$", "", text, flags=re.M)
    for block in re.split(r"^\$\$$", text, flags=re.M)[1::2]:
        assert "$" not in block.replace(r"\$", "")
        assert block.count("{") - block.count(r"\{") == block.count("}") - block.count(r"\}")
        assert "\n\n" not in block


def test_ones_own_function_without_a_name_is_no_tag():
    own = (lambda z: z**3, lambda da, z, a: 3 * z**2 * da)
    explanation = explain(Network([2, 3, 1], own, seed=0), [1, 2], [1])
    assert "<lambda>" in explanation.title
    assert r"\operatorname{\lt lambda\gt }" in explanation.to_markdown()
    assert "<lambda>" not in explanation.to_markdown() + explanation.to_html()


def test_two_explanations_in_one_notebook_have_ids_of_their_own():
    network = Network([2, 3, 1], seed=0)
    first, second = (set(Page(network.explain(x)._repr_html_()).ids) for x in ([1, 2], [2, 1]))
    assert first
    assert not first & second


def test_what_works_without_a_script():
    explanation = Network([2, 3, 1], seed=0).explain([1, 2], [1])
    page = explanation.to_html()
    assert page.count("<details") == page.count("<summary") == len(explanation.sections)
    assert "<script" not in Network([2, 3, 1], seed=0).explain([1, 2])._repr_html_()
    assert "url(" not in page
    assert "http" not in page


@pytest.fixture
def opened(browser, tmp_path):
    """The page of a step of a small network, in the browser."""
    network = Network([2, 3, 1], "sigmoid", "sigmoid")
    network.theta = np.linspace(-1.0, 1.0, network.layout.size)
    page = tmp_path / "step.html"
    page.write_text(explain(network, [2, 9], 1).to_html(), encoding="utf-8")
    browser.open(page)
    return browser


def _lit(browser):
    return {
        line.get_attribute("id")
        for line in browser.driver.find_elements("css selector", ".lit[id]")
    }


def test_pointing_at_a_number_lights_up_where_it_came_from_and_who_uses_it(opened):
    from selenium.webdriver import ActionChains

    driver = opened.driver
    number = driver.find_element("css selector", "a.n")
    source = number.get_attribute("hash")[1:]
    assert _lit(opened) == set()
    ActionChains(driver).move_to_element(number).perform()
    assert _lit(opened) == {source}
    assert "lit" in number.get_attribute("class").split()
    value = driver.find_element("css selector", f"[id='{source}'] .value")
    ActionChains(driver).move_to_element(value).perform()
    users = driver.find_elements("css selector", f"a.n[href='#{source}']")
    assert users
    assert all("lit" in user.get_attribute("class").split() for user in users)
    assert _lit(opened) == set()
    ActionChains(driver).move_to_element(driver.find_element("css selector", "h1")).perform()
    assert driver.find_elements("css selector", ".lit") == []
    driver.execute_script("arguments[0].focus()", number)  # by the keyboard it is the same
    assert _lit(opened) == {source}
    driver.execute_script("arguments[0].blur()", number)
    assert driver.find_elements("css selector", ".lit") == []
    assert opened.console == []


def test_a_click_on_a_number_unfolds_and_shows_its_line(opened):
    driver = opened.driver
    number = driver.find_elements("css selector", "a.n")[-1]
    line = driver.find_element("css selector", number.get_attribute("hash"))
    folded = line.find_element("xpath", "ancestor::details")
    for details in driver.find_elements("css selector", "details"):
        if details != number.find_element("xpath", "ancestor::details"):
            driver.execute_script("arguments[0].open = false", details)
    assert not line.is_displayed()
    number.click()
    WebDriverWait(driver, 20).until(lambda _: line.is_displayed())
    assert folded.get_attribute("open") is not None
    assert driver.execute_script("return location.hash") == number.get_attribute("hash")
    assert driver.find_element("css selector", ".line:target") == line
    top, height = driver.execute_script(
        "return [arguments[0].getBoundingClientRect().top, innerHeight]", line
    )
    assert 0 <= top < height


@pytest.mark.parametrize("width", [320, 480, 1280])
def test_the_name_of_a_number_stays_within_the_page(opened, width):
    opened.resize(width)
    script = """
    const wide = [];
    for (const n of document.querySelectorAll("a.n")) {
      n.focus();
      const shown = getComputedStyle(n, "::after");
      if (shown.position !== "absolute") wide.push("not shown");
      if (document.scrollingElement.scrollWidth > innerWidth) wide.push(n.dataset.name);
    }
    return [document.querySelectorAll("a.n").length, wide];
    """
    n, wide = opened.driver.execute_script(script)
    assert n > 20
    assert wide == []
