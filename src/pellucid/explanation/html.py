"""The HTML form of an explanation: sections fold away, and a number leads to where it came from.

All of it works without a script, by links and by what browsers do with them. The script only lights
up what belongs together, and opens what is folded away.
"""

from __future__ import annotations

from itertools import groupby
from zlib import crc32

from pellucid.explanation.expression import Symbol, Value
from pellucid.explanation.form import Explanation, Line, Omitted, Section
from pellucid.explanation.markdown import PARTS
from pellucid.explanation.typesetting import written
from pellucid.page import escape, fragment, page

STYLE = """
.pellucid .step :is(h1, h3, summary) { overflow-wrap: anywhere; }
.pellucid .step details { border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0;
  background: var(--card); }
.pellucid .step summary { cursor: pointer; padding: .55rem .9rem; font-weight: 600; }
.pellucid .step summary .general { font-weight: 400; color: var(--muted); margin-left: .7em; }
.pellucid .step .lines { padding: .1rem .9rem .7rem; display: grid;
  grid-template-columns: fit-content(28%) max-content 1fr; column-gap: .45em; }
.pellucid .step .line { display: grid; grid-template-columns: subgrid; grid-column: 1 / -1;
  padding: .12rem .3rem; border-radius: 4px; font-variant-numeric: tabular-nums;
  scroll-margin: 5rem; }
.pellucid .step .line > .of { text-align: right; }
.pellucid .step .omitted { grid-column: 1 / -1; color: var(--muted); padding: .12rem .3rem; }
.pellucid .step .line .label { color: var(--muted); }
.pellucid .step .label:not(:empty)::after { content: ":"; }
.pellucid .step .line .general, .pellucid .step .line .note { color: var(--muted); }
.pellucid .step .line .term { white-space: nowrap; }
.pellucid .step .n { position: relative; border-radius: 3px; text-decoration: none;
  color: inherit; }
.pellucid .step a.n { color: var(--accent); }
.pellucid .step a.n:hover, .pellucid .step a.n:focus { text-decoration: underline; }
.pellucid .step .n:hover::after, .pellucid .step a.n:focus::after { content: attr(data-name);
  position: absolute; left: 0; bottom: 1.6em; z-index: 2; white-space: nowrap;
  background: var(--ink); color: var(--ground); padding: .1rem .5rem; border-radius: 4px;
  font-size: .8rem; pointer-events: none; }
.pellucid .step .line:target, .pellucid .step .lit { outline: 1px solid var(--accent);
  background: color-mix(in srgb, var(--accent) 22%, transparent); }
.pellucid .step sub, .pellucid .step sup { line-height: 0; font-size: .72em; }
.pellucid .step i { font-family: Georgia, "Times New Roman", serif; font-size: 1.05em; }
@media (max-width: 40rem) { .pellucid .step .lines { display: block; padding: .1rem .5rem .7rem; }
  .pellucid .step .line { display: block; padding-left: 1.5em; text-indent: -1.2em; }
  .pellucid .step summary .general { display: block; margin: 0; }
  .pellucid .step .line { position: relative; } .pellucid .step .n { position: static; }
  .pellucid .step .n:hover::after, .pellucid .step a.n:focus::after { bottom: 100%; text-indent: 0;
    max-width: 100%; box-sizing: border-box; white-space: normal; } }
"""

SCRIPT = """
const root = document.querySelector("main");
const source = n => n.hash ? document.getElementById(n.hash.slice(1)) : null;
function light(event, on) {
  const n = event.target.closest("a.n"), line = event.target.closest(".line");
  if (n && source(n)) { source(n).classList.toggle("lit", on); n.classList.toggle("lit", on); }
  else if (line && event.target.closest(".value"))
    for (const user of root.querySelectorAll(`a.n[href="#${line.id}"]`))
      user.classList.toggle("lit", on);
}
for (const [start, stop] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  root.addEventListener(start, event => light(event, true));
  root.addEventListener(stop, event => light(event, false));
}
function unfold() {
  let place = location.hash && document.getElementById(location.hash.slice(1));
  const line = place;
  for (; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
  if (line) line.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", unfold);
unfold();
"""


def html(explanation: Explanation) -> str:
    """A page of its own."""
    return page(explanation.title or "One step", _body(explanation), STYLE, SCRIPT)


def fragment_of(explanation: Explanation) -> str:
    """What a notebook shows."""
    return fragment(_body(explanation), STYLE)


def within(explanation: Explanation) -> str:
    """What another page, with `STYLE` among its own, shows under a heading of the second level."""
    return _body(explanation, 3)


def _body(explanation: Explanation, level: int = 1) -> str:
    places = Places(explanation)
    title = escape(explanation.title.replace("->", "→"))
    parts = [f"<h{level}>{title}</h{level}>"] if title else []
    under = level + 1
    for part, sections in groupby(explanation.sections, lambda section: section.part):
        parts.append(f"<h{under}>{escape(PARTS.get(part, part))}</h{under}>")
        parts += [_section(section, explanation, places) for section in sections]
    return '<div class="step">\n' + "\n".join(parts) + "\n</div>"


class Places:
    """The ids of lines, which differ from those of other explanations in the same notebook."""

    def __init__(self, explanation: Explanation) -> None:
        mark = f"{crc32(repr(explanation.sections).encode()):08x}"
        self.ids = {line.of.key: f"n{mark}-{i}" for i, line in enumerate(explanation.lines)}

    def style(self, line: Line) -> Html:
        """For what stands in a line: its numbers do not lead to itself."""
        return Html(self.ids, line.of.key)


def _section(section: Section, explanation: Explanation, places: Places) -> str:
    general = ", &ensp;".join(escape(equation.plain) for equation in section.equations)
    general = f' <span class="general">{general}</span>' if general else ""
    lines = "\n".join(
        _omitted(item) if isinstance(item, Omitted) else _line(item, explanation.digits, places)
        for item in section.lines
    )
    return (
        f'<details open=""><summary>{escape(section.title)}{general}</summary>\n'
        f'<div class="lines">\n{lines}\n</div></details>'
    )


def _omitted(item: Omitted) -> str:
    return f'<div class="omitted">... and {item.n} more {escape(item.what)}</div>'


def _line(line: Line, digits: int, places: Places) -> str:
    formula, numbers, value = written(line, digits, places.style(line))
    sides = [f'= <span class="general">{formula}</span>'] if formula else []
    sides += [f"= {numbers}"] if numbers else []
    sides.append(f'<span class="term">= <b class="value">{value}</b></span>')
    label = escape(line.label) if line.label != line.of.plain else ""
    note = f'<span class="note">, {escape(line.note)}</span>' if line.note else ""
    return (
        f'<div class="line" id="{places.ids[line.of.key]}"><span class="label">{label}</span> '
        f'<span class="of">{_symbol(line.of)}</span> <span>{" ".join(sides)}{note}</span></div>'
    )


def _symbol(symbol: Symbol) -> str:
    """A symbol as docs/backpropagation.md writes it."""
    if symbol.kind or (len(symbol.letter) > 1 and not symbol.argument):
        return escape(symbol.plain)
    layer = f"<sub>{symbol.layer}</sub>" if symbol.layer else ""
    places = f"[{', '.join(map(str, symbol.index))}]" if symbol.index else ""
    if symbol.argument:
        return f"{escape(symbol.letter)}(<i>{symbol.argument}</i>{layer}{places})"
    new = "<sup>new</sup>" if symbol.new else ""
    return "d" * symbol.derivative + f"<i>{escape(symbol.letter)}</i>{layer}{new}{places}"


class Html:
    """Numbers are links to the lines that made them."""

    times = "×"
    minus = "−"
    stacks = False

    def __init__(self, places: dict[str, str], own: str) -> None:
        self.places = places
        self.own = own

    def value(self, value: Value, digits: str) -> str:
        """The number, with its name where it has one."""
        shown = self.number(digits)
        if value.symbol is None:
            return f'<span class="term">{shown}</span>'
        link = "of" if value.symbol.argument else "which is"
        name = value.symbol.key + (f", {link} {value.origin}" if value.origin else "")
        attributes = f'class="n term" data-name="{escape(name)}"'
        place = self.places.get(value.key)
        if place and value.key != self.own:
            return f'<a {attributes} href="#{place}">{shown}</a>'
        return f"<span {attributes}>{shown}</span>"

    def number(self, digits: str) -> str:
        """With a minus, and a power of ten for an exponent."""
        mantissa, _, exponent = digits.replace("-", "−").partition("e")
        if not exponent:
            return mantissa
        sign = "−" if exponent.startswith("−") else ""
        return f"{mantissa} · 10<sup>{sign}{int(exponent.lstrip('+−'))}</sup>"

    def symbol(self, value: Value) -> str:
        """Its symbol."""
        assert value.symbol is not None
        return f'<span class="term">{_symbol(value.symbol)}</span>'

    def rest(self, digits: str, count: int) -> str:
        """With how many it stands for."""
        return f'<span class="term">{self.number(digits)} <small>from {count} more</small></span>'

    def brackets(self, inside: str) -> str:
        """Round ones."""
        return f"({inside})"

    def quotient(self, over: str, under: str) -> str:
        """In a line."""
        return f"{over} / {under}"

    def power(self, base: str, exponent: str) -> str:
        """Raised."""
        return f"{base}<sup>{exponent}</sup>"

    def applied(self, function: str, arguments: list[str]) -> str:
        """By name."""
        return f"{escape(function)}({', '.join(arguments)})"

    def row(self, items: list[str], omitted: int) -> str:
        """In square brackets."""
        more = [f"<small>{omitted} more</small>"] if omitted else []
        return f"[{', '.join([*items, *more])}]"

    def text(self, text: str) -> str:
        """As it is."""
        return escape(text)
