"""The network drawn in the browser: its numbers are the library's, and follow what is typed in."""

from itertools import pairwise

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import pellucid
from pellucid.network import forward
from pellucid.studios.experiment import Experiment
from pellucid.studios.facts import number, parameter, percent
from pellucid.studios.material import Material
from pellucid.studios.panels.step import selection_of
from pellucid.studios.raster import Raster
from pellucid.studios.run import Run
from pellucid.studios.selection import Selection
from studio_tab import Tab

DRAWING = ".network-drawing"


@pytest.fixture
def tab(tab):
    """The same, which waits until the network is drawn."""

    def open_(query="", **window):
        page = tab(query, **window)
        page.wait(lambda: page.payload(DRAWING), "the network")
        return page

    return open_


def at_epoch(experiment, epochs):
    """The predictor of an experiment there, and its material, by the library alone."""
    with Run(experiment) as run:
        run.forward(epochs=epochs)
        network = run.network_at(run.standing.theta)
        return run.material.predictor(network), run.material


def facts(page):
    """Of the Numbers tab: label -> value."""
    return dict(
        page.script(
            "return [...document.querySelectorAll('.numbers-facts > div')]"
            ".map((e) => [e.children[0].innerText, e.children[1].innerText])"
        )
    )


def hover_an_edge(page):
    """Move the pointer to the middle of one, and read what is said of it."""
    x, y, width, height = page.script(
        "const drawing = getElement(Number(document.querySelector(arguments[0]).id.slice(1)));"
        "const edge = drawing.state.edges.at(-1), box = drawing.$el;"
        "return [(edge.x0 + edge.x1) / 2, (edge.y0 + edge.y1) / 2, box.clientWidth, "
        "box.clientHeight]",
        DRAWING,
    )
    drawing = find(page, DRAWING)
    actions = ActionChains(page.driver)
    actions.move_to_element_with_offset(drawing, x - width / 2, y - height / 2).perform()
    return page.wait(lambda: page.text(".drawing-tip"))


def find(page, selector):
    return page.driver.find_element(By.CSS_SELECTOR, selector)


# --- what is drawn ------------------------------------------------------------------------------


def test_weights_biases_and_responses_are_those_of_the_library(tab):
    experiment = Experiment("iris", hidden=(5, 3), activation=("tanh", "relu"), epochs=8, seed=4)
    predictor, material = at_epoch(experiment, 8)
    page = tab(f"{experiment.to_address()}&epoch=8")
    page.wait(lambda: page.epoch == 8)
    network = predictor.network
    arrays = network.layout.views(network.theta)

    def drawn():
        sent = page.payload(DRAWING)
        return all(
            np.array_equal(sent["weights"][i], np.float32(W))
            and np.array_equal(sent["biases"][i], np.float32(b))
            for i, (W, b) in enumerate(arrays)
        )

    page.wait(drawn, "the weights")
    sent = page.payload(DRAWING)
    traced = forward(network.layout, network.theta, material.X[:1])
    for level, a in zip(sent["levels"], [traced.x[0], *traced.a], strict=True):
        assert level.tolist() == np.float32(a[0]).tolist()
    # The corners of an output's map are what the network says of the corners of the plane.
    from pellucid.studios.plane import Plane

    plane = Plane.of(material)
    p = network.predict(plane.X).reshape(100, 100, 3)
    for k in range(3):
        for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
            assert abs(sent["seen"][-1][k, row, column] - 255 * p[row, column, k]) <= 1


def test_a_wide_layer_is_condensed_and_turned_over(tab):
    page = tab("data=moons&hidden=100&epochs=3")
    more = find(page, f"{DRAWING} .more-units")
    assert more.text == "+92 more"
    assert page.payload(DRAWING)["weights"][0].shape == (2, 8)
    more.click()
    page.wait(lambda: page.script(
        "return !!document.querySelector(\"[data-unit='unit-1-8']\")"))  # fmt: skip
    assert "units=1-8" in page.query
    page.driver.refresh()
    page.wait_until_shown()
    page.wait(lambda: page.script(
        "return !!document.querySelector(\"[data-unit='unit-1-8']\")"))  # fmt: skip


def test_units_are_reached_by_keys_and_said_in_words(tab):
    page = tab("data=xor&hidden=3,2&tab=numbers")
    find(page, "[data-unit='unit-0-0']").send_keys(Keys.ARROW_RIGHT)
    keys = page.driver.switch_to.active_element
    assert keys.get_attribute("data-unit").startswith("unit-1-")
    keys.send_keys(Keys.ARROW_DOWN)
    keys = page.driver.switch_to.active_element
    name = keys.get_attribute("data-unit")
    assert keys.get_attribute("aria-label") == f"layer 1, unit {int(name[-1]) + 1}"
    page.wait(lambda: "bias" in page.text(".drawing-tip"))
    keys.send_keys(Keys.ENTER)
    page.wait(lambda: f"pick={name}" in page.query)
    page.wait(lambda: page.text(".numbers h3") == keys.get_attribute("aria-label"))


# --- numbers ------------------------------------------------------------------------------------


def test_numbers_of_a_unit_an_edge_and_a_row_are_the_library_s(tab):
    experiment = Experiment("iris", hidden=(4,), activation=("relu",), epochs=6, seed=2)
    predictor, material = at_epoch(experiment, 6)
    network = predictor.network
    trace = forward(network.layout, network.theta, material.X)
    page = tab(f"{experiment.to_address()}&epoch=6&tab=numbers")
    page.wait(lambda: page.epoch == 6)
    find(page, "[data-unit='unit-1-2']").click()
    page.wait(lambda: facts(page).get("sum z") == number(trace.z[0][0, 2]))
    found = facts(page)
    assert found["relu(z)"] == number(trace.a[0][0, 2])
    assert found["bias"] == number(network.layout.views(network.theta)[0][1][2])
    assert found["is 0 for"] == f"{percent(np.mean(trace.z[0][:, 2] <= 0))} of rows"
    page.driver.find_element(By.CSS_SELECTOR, "[data-pick='edge-1-3-2']").click()
    _, gradient = network.objective.value_and_gradient(network.theta, material.X, material.y)
    place = parameter(network, Selection.read("edge-1-3-2"))
    page.wait(lambda: facts(page).get("gradient") == number(gradient[place]))
    assert facts(page)["weight"] == number(network.theta[place])
    # A point of the surface: the one that is drawn where it is clicked on.
    x, y = page.script(
        "const drawing = getElement(Number(document.querySelector('.panel-surface .drawing')"
        ".id.slice(1))); const [points] = drawing.kept.points;"
        "return [drawing.state.toX(points[21]), drawing.state.toY(points[22])]"
    )
    surface = find(page, ".panel-surface .drawing")
    size = surface.size
    ActionChains(page.driver).move_to_element_with_offset(
        surface, x - size["width"] / 2, y - size["height"] / 2
    ).click().perform()
    page.wait(lambda: "pick=train-" in page.query)
    row = Selection.read(page.query.partition("pick=")[2].partition("&")[0]).row
    same = material.trained[row].drop(material.target_name)
    p = predictor.predict_proba(same)[0]
    page.wait(lambda: facts(page).get("with") == percent(p.max()))
    assert facts(page)["predicted"] == str(predictor.predict(same)[0])
    loss = network.objective.rows(
        forward(network.layout, network.theta, material.X[row : row + 1]),
        material.y[row : row + 1],
    )
    assert facts(page)["loss"] == number(loss[0])
    why = pellucid.attribute(predictor, same)
    assert number(why.sums[0]) in page.text(".numbers-lists")


def test_a_weight_that_is_typed_in_is_used_and_can_be_taken_back(tab):
    experiment = Experiment("xor", hidden=(3,), epochs=50, seed=1)
    predictor, material = at_epoch(experiment, 20)
    network = predictor.network
    page = tab(f"{experiment.to_address()}&epoch=20&tab=numbers&pick=edge-2-1-0")
    page.wait(lambda: page.epoch == 20)
    place = parameter(network, Selection.read("edge-2-1-0"))
    before = number(network.theta[place])
    page.wait(lambda: facts(page).get("weight") == before)
    assert "weight" in hover_an_edge(page)
    field = find(page, "#weight")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE, Keys.ENTER)
    page.wait(lambda: page.said == "A weight is a finite number.")
    field.send_keys("7.25", Keys.ENTER)
    page.wait(lambda: facts(page).get("weight") == "7.25")
    page.wait(lambda: not page.said)
    changed = network.theta.copy()
    changed[place] = 7.25
    value = network.objective.value
    said = page.text("#weight-said")
    assert number(value(network.theta, material.X, material.y)) in said
    assert number(value(changed, material.X, material.y)) in said
    traced = forward(network.layout, changed, material.X[:1])
    page.wait(lambda: facts(page)["of the sum z"] == number(traced.z[1][0, 0]))
    page.wait(lambda: page.payload(DRAWING)["weights"][1][0, 0] == 7.25)
    page.wait(lambda: "set=" in page.query)
    link = page.driver.current_url
    page.click("undo-weight")
    page.wait(lambda: facts(page).get("weight") == before)
    page.wait(lambda: "set=" not in page.query)
    page.driver.get(link)
    page.wait_until_shown()
    page.wait(lambda: page.epoch == 20 and facts(page).get("weight") == "7.25")
    page.click("rewind")
    page.wait(lambda: page.epoch == 0 and "set=" not in page.query)


# --- step by step -------------------------------------------------------------------------------


def test_the_steps_are_those_of_explain_and_point_into_the_network(tab):
    experiment = Experiment("diabetes", hidden=(4,), epochs=5, seed=3)
    predictor, material = at_epoch(experiment, 5)
    page = tab(f"{experiment.to_address()}&epoch=5&tab=step&row=test-4")
    page.wait(lambda: page.epoch == 5)

    def expected(row):
        frame = material.tested[row : row + 1]
        return pellucid.explain(
            predictor, frame.drop(material.target_name), frame[material.target_name][0],
            learning_rate=experiment.learning_rate,
        )  # fmt: skip

    def ids():
        return page.script("return [...document.querySelectorAll('.steps .line')].map((e) => e.id)")

    def ids_of(explanation):
        html = explanation.to_html()
        return [part.partition('"')[0] for part in html.split('class="line" id="')[1:]]

    page.wait(lambda: ids() == ids_of(expected(4)))
    page.click("row-on")
    page.wait(lambda: ids() == ids_of(expected(5)))
    page.click("line-on")
    page.click("part-on")
    lit = page.script("return [...document.querySelectorAll('.steps .line')]"
                      ".findIndex((e) => e.classList.contains('here'))")  # fmt: skip
    key = expected(5).lines[lit].of.key
    assert key == "layer1.z[1]"
    page.wait(lambda: f"pick={selection_of(key)}" in page.query)
    page.wait(lambda: find(page, "[data-unit='unit-1-0']").get_attribute("aria-pressed") == "true")


# --- drawing a digit ----------------------------------------------------------------------------

ONE = [[(76, 20), (76, 132)]]
ZERO = [[(76, 18), (50, 30), (40, 60), (40, 95), (52, 125), (76, 134), (102, 124), (112, 95),
         (112, 58), (100, 30), (76, 18)]]  # fmt: skip


def draw(page, strokes):
    """With the pointer, in CSS pixels from the sheet's corner."""
    sheet = find(page, ".pad-sheet canvas")
    size = sheet.size
    actions = ActionChains(page.driver, duration=20)
    for stroke in strokes:
        at = [(x - size["width"] / 2, y - size["height"] / 2) for x, y in stroke]
        actions.move_to_element_with_offset(sheet, *at[0]).click_and_hold()
        for x, y in at[1:]:
            actions.move_to_element_with_offset(sheet, x, y)
        actions.release()
    actions.perform()


def test_a_digit_that_is_drawn_is_recognised_as_predict_does(tab):
    experiment = Experiment("digits", hidden=(32,), activation=("relu",), epochs=12, seed=0)
    predictor, material = at_epoch(experiment, 12)
    page = tab(f"{experiment.to_address()}&epoch=12")
    page.wait(lambda: page.epoch == 12)
    raster = Raster.of(material, predictor.network)
    for digit, strokes in (("1", ONE), ("0", ZERO)):
        draw(page, strokes)
        page.wait(lambda digit=digit: page.text(".pad-share.best .pad-name") == digit, digit)
        page.wait(lambda: "ink" not in page.script(
            "return getElement(Number(document.querySelector('#pad .drawing').id.slice(1))).timer"
            " ? 'ink' : ''"))  # fmt: skip
        sent = page.payload("#pad .drawing")
        frame = raster.frame(sent["pixels"].reshape(8, 8) / 255 * raster.full)
        p = predictor.predict_proba(frame)[0]
        assert sent["probabilities"] == pytest.approx(p, abs=0.02)  # pixels are sent in 255ths
        assert str(predictor.predict(frame)[0]) == digit
        page.driver.find_element(By.CSS_SELECTOR, ".pad-wipe").click()
        page.wait(lambda: page.text(".pad-share.best") == "")


@pytest.mark.parametrize("scale", [0.4, 1.0])
def test_what_is_drawn_comes_out_as_large_and_central_as_the_data(scale):
    experiment = Experiment("digits", hidden=(24,), activation=("relu",), epochs=15)
    material = Material.of(experiment)
    raster = Raster.of(material, material.network(experiment))
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    pictures = material.tested.select(names).to_numpy().reshape(-1, 8, 8)[:80]
    known = material.y_test[:80].argmax(axis=1)
    with Run(experiment) as run:
        run.forward(epochs=15)
        predictor = material.predictor(run.network_at(run.standing.theta))
    right = 0
    for picture, digit in zip(pictures, known, strict=True):
        ink = np.zeros((112, 112))  # the digit at another place and size
        side = int(100 * scale)
        places = (np.arange(side) * 8 // side).astype(int)
        ink[112 - side :, :side] = picture[np.ix_(places, places)] / 16
        right += int(predictor.predict(raster.frame(raster.pixels(ink)))[0]) == digit
    assert right / len(known) > 0.85
    assert raster.pixels(np.zeros((112, 112))).max() == 0.0


def test_data_that_are_no_pictures_have_no_raster():
    for name in ("iris", "diabetes", "moons"):
        material = Material.of(Experiment(name))
        assert Raster.of(material, material.network(Experiment(name))) is None


# --- what colours, marks and names mean ---------------------------------------------------------


def pixel(page, selector, x, y):
    """Red, green and blue of a drawing there, in CSS pixels."""
    return page.script(
        "const canvas = document.querySelector(arguments[0] + ' canvas');"
        "const scale = canvas.width / canvas.clientWidth, one = document.createElement('canvas');"
        "const context = one.getContext('2d');"
        "context.drawImage(canvas, -Math.floor(arguments[1] * scale), "
        "-Math.floor(arguments[2] * scale));"
        "return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)",
        selector, x, y,
    )  # fmt: skip


def boxes(page):
    """Where the units are, as the drawing has them."""
    return page.script(
        "return getElement(Number(document.querySelector(arguments[0]).id.slice(1)))"
        ".state.where.boxes.map((box) => ({...box}))",
        DRAWING,
    )


def mark(page, selector):
    """The colour of the mark before an element."""
    return page.script(
        "return getComputedStyle(document.querySelector(arguments[0]), '::before').backgroundColor",
        selector,
    )


BLUE, ORANGE = "rgb(0, 114, 178)", "rgb(213, 94, 0)"


def test_of_two_classes_the_second_is_blue_as_positive_is_and_the_first_orange(tab):
    page = tab("data=xor&hidden=4&epochs=1500&epoch=1500&seed=1", dark=False)
    page.wait(lambda: page.epoch == 1500)
    page.wait(lambda: page.payload(".panel-surface .drawing"), "the surface")
    sent = page.payload(".panel-surface .drawing")
    side = sent["side"]
    grid = sent["values"].reshape(side, side)
    x0, y0, width, height = page.script(
        "const {left, top, width, height} = getElement(Number(document.querySelector("
        "'.panel-surface .drawing').id.slice(1))).state.box; return [left, top, width, height]"
    )
    seen = set()
    for row, column in ((2, 2), (2, side - 3), (side - 3, 2), (side - 3, side - 3)):
        at = x0 + (column + 0.5) / side * width, y0 + (side - row - 0.5) / side * height
        red, _, blue = pixel(page, ".panel-surface .drawing", *at)
        assert (blue > red) == bool(grid[row, column] > 127)
        seen.add(blue > red)
    assert seen == {True, False}
    assert mark(page, ".panel-surface .legend li:nth-child(1)") == ORANGE
    assert mark(page, ".panel-surface .legend li:nth-child(2)") == BLUE
    assert mark(page, ".panel-diagram .legend .positive") == BLUE
    # The output's own picture: blue where the answer is the second class.
    last = boxes(page)[-1]
    maps = page.payload(DRAWING)["seen"][-1]
    k = maps.shape[1] - 3
    for row, column in ((2, 2), (2, k), (k, 2), (k, k)):
        x = last["x"] + ((column + 0.5) / (k + 3) - 0.5) * last["size"]
        y = last["y"] - ((row + 0.5) / (k + 3) - 0.5) * last["size"]
        red, _, blue = pixel(page, DRAWING, x, y)
        assert (blue > red + 20) == bool(maps[-1, row, column] > 150)


def test_of_three_classes_the_colours_are_in_order_and_those_of_the_pad_are_the_same(tab):
    page = tab("data=iris&epochs=2", dark=False)
    marks = [mark(page, f".panel-surface .legend li:nth-child({i})") for i in (1, 2)]
    assert marks == [BLUE, ORANGE]
    page.click("draw")
    page.wait(lambda: page.driver.find_elements("id", "pad-class-A"), "the pad")

    def colours():
        return [mark(page, f"#pad-class-{name} .q-btn__content") for name in "AB"]

    page.wait(lambda: colours() == [ORANGE, BLUE], "the colours of two")
    find(page, "#sketchpad").click()
    page.click("pad-class-B")
    find(page, "#sketchpad").click()
    assert colours() == [ORANGE, BLUE]
    page.click("pad-class-C")
    page.wait(lambda: colours() == [BLUE, ORANGE], "the colours of three")


def test_marks_are_told_in_words_that_wrap_well_and_do_not_jump(tab):
    for width in (800, 1280, 2560):
        page = tab("data=iris&hidden=4&epochs=40", width=width, height=900)
        before = page.script(LEGENDS)
        page.play("epoch=40")
        assert page.script(LEGENDS) == before
        for line in before:
            assert line["outside"] == 0
            assert line["height"] <= 2 * 24
    words = page.text(".panel-diagram .legend").split("\n")
    assert words[:4] == ["positive", "negative", "thicker: larger", "bias"]
    assert words[4] == "picture: response over petal length (cm), petal width (cm)"
    words = page.text(".panel-surface .legend").split("\n")
    assert words == ["setosa", "versicolor", "virginica", "filled: training, open: test"]
    page.choose("Across", "sepal width (cm)")
    page.wait(lambda: "over sepal width (cm), petal" in page.text(".panel-diagram .legend"))


LEGENDS = """
return [...document.querySelectorAll(".legend")].map((list) => {
  const card = list.closest(".card").getBoundingClientRect(), { top, height } = list.getBoundingClientRect();
  return { top, height, outside: [...list.children].filter((item) => {
    const box = item.getBoundingClientRect(), words = item.firstElementChild;
    return box.right > card.right || box.left < card.left || words.scrollWidth > words.clientWidth;
  }).length };
});"""  # noqa: E501


def test_eight_wide_layers_can_be_read_at_800_pixels(tab):
    query = f"data=moons&hidden={','.join(['66'] * 8)}&epochs=2"
    page = tab(query, width=800, height=900)
    pills = page.script(
        "return [...document.querySelectorAll('.more-units')].map((e) => e.getBoundingClientRect())"
        ".map(({left, right}) => [left, right])"
    )
    assert len(pills) == 8
    assert all(right < left for (_, right), (left, _) in pairwise(pills))
    assert min(box["size"] for box in boxes(page)) >= 20
    assert page.browser.wider == 0
    output = find(page, "[data-unit='unit-9-0']")
    right = page.script("return document.querySelector('.network-scroll')"
                        ".getBoundingClientRect().right")  # fmt: skip
    assert output.rect["x"] > right - 20
    page.script("arguments[0].focus()", output)
    page.wait(lambda: page.script("return arguments[0].getBoundingClientRect().right", output)
              <= right)  # fmt: skip


def test_units_grow_with_the_drawing(tab):
    page = tab("data=moons&hidden=4&epochs=2", width=2560, height=1300)
    assert all(90 < box["size"] <= 110 for box in boxes(page))


COLUMNS = ["workclass", "the first measurement of a leaf", "the first measurement of a root",
           "the last measurement of a leaf"]  # fmt: skip


def test_no_two_inputs_look_the_same(browser, studios, tmp_path):
    rng = np.random.default_rng(0)
    levels = ["Self-employed, not incorporated", "Self-employed, but incorporated", "Private"]
    rows = [",".join([*COLUMNS, "answer"])]
    for _ in range(90):
        a, b, c = rng.normal(size=3)
        rows.append(f'"{levels[rng.integers(3)]}",{a},{b},{c},{"yes" if a > b else "no"}')
    file = tmp_path / "plants.csv"
    file.write_text("\n".join(rows))
    studio = studios(file)
    page = Tab(browser, studio, studio.url.partition("&")[2], width=1280, height=900)
    page.wait(lambda: page.payload(DRAWING), "the network")
    inputs = [box for box in boxes(page) if box["layer"] == 0]
    shown = [tuple(box["lines"]) for box in inputs]
    assert len(set(shown)) == len(inputs) == 6
    by_name = {box["name"]: box["lines"] for box in inputs}
    assert by_name["workclass=Private"] == ["Private", "workclass"]
    leaf = by_name["the first measurement of a leaf"][0]
    assert "…" in leaf
    assert leaf.endswith("leaf")
    assert browser.console == []


def test_names_that_would_be_shortened_alike_begin_where_they_differ(tab):
    page = tab("data=xor&epochs=1")
    texts = ["a" * 40 + "x" + "b" * 40, "a" * 40 + "y" + "b" * 40, "length (cm)", "length (mm)"]
    texts += ["c" * 50, "c" * 50]
    made = page.driver.execute_async_script(
        "const done = arguments[1], context = document.createElement('canvas').getContext('2d');"
        "context.font = '12px sans-serif';"
        "import('pellucid-studio').then(({ distinct }) => {"
        "  const made = distinct(context, arguments[0].map((text) => [text]), 50).flat();"
        "  done(made.map((text) => [text, context.measureText(text).width])); })",
        texts,
    )
    shown = [text for text, _ in made]
    assert len(set(shown)) == len(texts)
    assert all(width <= 50 for _, width in made)
    assert shown[0].startswith("…x")
    assert shown[1].startswith("…y")


def test_a_tip_covers_neither_its_unit_nor_the_names_of_outputs(tab):
    page = tab("data=iris&hidden=5&epochs=3", width=1280, height=900)
    units = [box for box in boxes(page) if box["layer"] > 0]
    assert len(units) == 8
    drawing = find(page, DRAWING)
    corner = [drawing.rect["x"], drawing.rect["y"]]
    outputs = [box for box in units if box["layer"] == 2]
    for box in units:
        unit = find(page, f"[data-unit='unit-{box['layer']}-{box['unit']}']")
        ActionChains(page.driver).move_to_element(unit).perform()
        name = box["name"] or f"unit {box['unit'] + 1}"
        page.wait(lambda name=name: name in page.text(".drawing-tip"))
        tip = find(page, ".drawing-tip").rect
        left, top = tip["x"] - corner[0], tip["y"] - corner[1]
        right, bottom = left + tip["width"], top + tip["height"]
        for other in [box, *outputs]:
            begin = other["x"] + (other["size"] / 2 if other is not box else -other["size"] / 2)
            end = drawing.rect["width"] if other is not box else other["x"] + other["size"] / 2
            high = 7 if other is not box else other["size"] / 2
            apart = right < begin or left > end
            assert apart or bottom < other["y"] - high or top > other["y"] + high


# --- where the numbers are ----------------------------------------------------------------------


def test_what_is_pointed_at_opens_numbers_and_brings_them_into_view(tab):
    page = tab("data=xor&hidden=3&epochs=5", width=1280, height=520)
    assert page.script("return scrollY") == 0
    details = "document.getElementById('details').getBoundingClientRect().top"
    assert page.script(f"return {details} > innerHeight")
    find(page, "[data-unit='unit-1-0']").click()
    page.wait(lambda: "tab=numbers" in page.query and page.text(".numbers h3") == "layer 1, unit 1")
    page.wait(lambda: page.script(f"return {details} < innerHeight - 100"), "the details")
    # What is in view stays where it is; Step through stays open.
    page.script("scrollTo(0, 300)")
    tab_of_steps = "//*[@role='tab'][normalize-space()='Step through']"
    page.driver.find_element("xpath", tab_of_steps).click()
    page.wait(lambda: "tab=step" in page.query)
    page.script("scrollTo(0, 300)")
    page.script("document.querySelector(\"[data-unit='unit-1-1']\").click()")
    page.wait(lambda: "pick=unit-1-1" in page.query)
    assert "tab=step" in page.query
    assert page.script("return scrollY") == 300


def test_a_lesson_that_is_under_way_stays_and_it_is_said_where_the_numbers_are(tab):
    page = tab("data=xor&hidden=3&epochs=5&lesson=xor")
    assert not find(page, "#to-numbers").is_displayed()
    find(page, "[data-unit='unit-1-0']").click()
    page.wait(lambda: find(page, "#to-numbers").is_displayed())
    assert "tab=" not in page.query
    page.click("to-numbers")
    page.wait(lambda: page.text(".numbers h3") == "layer 1, unit 1")
    page.wait(lambda: not find(page, "#to-numbers").is_displayed())


def test_a_weight_is_shown_readably_and_kept_to_the_last_digit(tab):
    experiment = Experiment("xor", hidden=(3,), epochs=50, seed=1)
    predictor, _ = at_epoch(experiment, 20)
    place = parameter(predictor.network, Selection.read("edge-2-1-0"))
    bias = ".numbers [data-pick='edge-2-0-0']"
    weight = float(predictor.network.theta[place])
    page = tab(f"{experiment.to_address()}&epoch=20&tab=numbers&pick=edge-2-1-0")
    page.wait(lambda: page.epoch == 20 and facts(page).get("weight") == number(weight))
    field = find(page, "#weight")
    page.wait(lambda: field.get_attribute("value") == f"{weight:.6g}")
    assert float(f"{weight:.6g}") != weight
    assert page.text("label[for=weight]") == "Weight"
    field.send_keys(Keys.ENTER)
    page.wait(lambda: "training loss" in page.text("#weight-said"))
    before, after = page.text("#weight-said").partition("training loss ")[2].split(" → ")
    assert before == after
    assert page.payload(DRAWING)["weights"][1][0, 0] == np.float32(weight)
    set_ = page.query.partition("set=")[2].partition("&")[0]
    assert not set_ or repr(weight) in set_
    find(page, ".numbers [data-pick='unit-2-0']").click()
    page.wait(lambda: page.driver.find_elements(By.CSS_SELECTOR, bias), "the bias")[0].click()
    page.wait(lambda: page.text("label[for=weight]") == "Bias")


def test_counts_of_ten_classes_can_be_read(tab):
    page = tab("data=digits&hidden=8&epochs=2", width=1280, height=900)
    width, height, room = page.script(
        "const {clientWidth, clientHeight, parentElement} = document.querySelector('.outcome');"
        "return [clientWidth, clientHeight, parentElement.clientWidth]"
    )
    assert height >= 10 * 26 + 46
    assert 10 * 26 < width <= room
