"""What of a page in a browser is hard to read, has no name, or does not show that it has the focus.

`too_pale` computes contrasts as WCAG 2 defines them, from what the browser says of each text;
`nameless` asks the browser itself what assistive technology is told.
"""

from selenium.webdriver.common.keys import Keys

MEASURES = """
const colourOf = (text) => {
    const numbers = text.match(/[\\d.]+(e-?\\d+)?/g)?.map(Number) ?? [0, 0, 0, 0];
    const [r, g, b, a = 1] = numbers, scale = text.startsWith("color(") ? 255 : 1;
    return text === "transparent" ? [0, 0, 0, 0] : [r * scale, g * scale, b * scale, a];
};
const over = ([r, g, b, a], [R, G, B]) => [r, g, b].map((c, i) => a * c + (1 - a) * [R, G, B][i]);
const parentOf = (e) => e.parentElement ?? e.getRootNode().host ?? null;
const groundOf = (e) => {
    const layers = [];
    for (let at = e; at; at = parentOf(at)) {
        const ground = colourOf(getComputedStyle(at).backgroundColor);
        layers.push(ground);
        if (ground[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
};
const light = (colour) => colour.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
};
const isSeen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && e.getBoundingClientRect().width > 1;
const saidOf = (e) => (e.innerText || e.value || e.outerHTML).trim().slice(0, 60);
"""

TOO_PALE = """
const found = [], texts = new Set(document.querySelectorAll("input:not([type=range]), textarea"));
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (data.trim()) texts.add(parentElement);
}
const excepted = "script, style, [disabled], .disabled, [aria-disabled=true]";
for (const e of texts) {
    if (!isSeen(e) || e.closest(excepted)) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), ground = groundOf(e);
    const [r, g, b, a] = colourOf(style.color);
    let shown = a;
    for (let at = e; at; at = parentOf(at)) shown *= Number(getComputedStyle(at).opacity);
    const large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700) || e.matches(".q-icon");
    const has = contrast(over([r, g, b, shown], ground), ground);
    if (has < (large ? 3 : 4.5)) found.push(`${has.toFixed(2)}: ${saidOf(e)}`);
}
return found;
"""

RING = """
const e = document.activeElement;
if (e === document.body) return null;
const field = e.closest(".q-field--outlined .q-field__control");
const rings = [e, e.closest(".q-field"), e.querySelector("*")].filter(Boolean)
    .map((at) => getComputedStyle(at)).filter((s) => s.outlineStyle !== "none")
    .map((s) => [parseFloat(s.outlineWidth), s.outlineColor]);
if (field) {
    const after = getComputedStyle(field, "::after");
    rings.push([parseFloat(after.borderTopWidth), after.borderTopColor]);
}
const ground = groundOf(parentOf(e));
const best = Math.max(0, ...rings.filter(([width]) => width >= 2)
    .map(([_, colour]) => contrast(over(colourOf(colour), ground), ground)));
if (!e.dataset.reached) e.dataset.reached = "no";
const again = e.dataset.reached === "yes";
e.dataset.reached = "yes";
return {
    again, best, radius: getComputedStyle(e).borderRadius,
    tag: e.tagName.toLowerCase(), id: e.id, role: e.getAttribute("role") ?? "",
    said: e.ariaLabel ?? saidOf(e),
};
"""

CONTROLS = {
    "button", "textbox", "searchbox", "spinbutton", "combobox", "slider", "switch", "checkbox",
    "radio", "link", "tab", "tablist", "tabpanel", "toolbar", "navigation", "dialog",
    "image", "img", "table", "listbox", "region", "application",
}  # fmt: skip


def too_pale(browser):
    """Texts with less contrast than 4.5 to 1 (3 where large, or an icon); disabled ones may."""
    return browser.driver.execute_script(MEASURES + TOO_PALE)


def named(browser):
    """(role, name) of all that assistive technology is told of."""
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node["ignored"]
    ]


def nameless(browser):
    """Roles of controls, pictures and parts that have no name."""
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    made = []
    for node in nodes:
        role, name = node.get("role", {}).get("value"), node.get("name", {}).get("value", "")
        if not node["ignored"] and role in CONTROLS and not name.strip():
            where = {"backendNodeId": node["backendDOMNodeId"], "depth": 0}
            told = browser.driver.execute_cdp_cmd("DOM.describeNode", where)["node"]
            made.append(f"{role}: {told.get('localName')} {told.get('attributes')}")
    return made


def by_tab(browser, most=200):
    """What the Tab key reaches, in turn: what it is, and the contrast of its ring (0: none)."""
    made = []
    for _ in range(most):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        found = browser.driver.execute_script(MEASURES + RING)
        if found and found["again"]:
            break
        if found:
            made.append(found)
    return made
