"""A diagram as SVG text: lines, circles and words that any browser shows, each with its numbers.

Resting the pointer on a unit leaves its own weights and dims the others; its tooltip, and that of
each line, gives names and numbers. It needs no script and no other file.
"""

from __future__ import annotations

from html import escape

from pellucid.plots.diagram import DEEPEST, KEY_DOT, KEY_LINE, Diagram, Edge, Unit, Words
from pellucid.plots.lettering import brief
from pellucid.plots.palette import THEMES, Theme, theme

SHAPES = """
.S{font-family:system-ui,"DejaVu Sans",sans-serif}
.S text{dominant-baseline:central;stroke-width:3px;paint-order:stroke;stroke-linejoin:round}
.S .heading,.S .answer{font-weight:600}
.S .inside{stroke:none;pointer-events:none}
.S .edge:hover{stroke-opacity:1}
"""
"""What is alike in every theme."""

COLOURS = """
.S .ground{fill:GROUND}
.S text{fill:INK;stroke:GROUND}
.S .note,.S .more{fill:MUTED}
.S .body{fill:GROUND}
.S .rim{fill:none;stroke:MUTED;stroke-width:1.2}
.S line.positive{stroke:POSITIVE}
.S line.negative{stroke:NEGATIVE}
.S circle.positive{fill:POSITIVE}
.S circle.negative{fill:NEGATIVE}
.S .dot{stroke:GROUND;stroke-width:1}
"""
"""What is not. Written out rather than as variables, which only browsers know."""


def svg_of(diagram: Diagram, style: str = "auto", label: str = "network diagram") -> str:
    """The diagram as a document of its own, which may also stand within an HTML page.

    Parameters
    ----------
    style : "light", "dark", or "auto": as the reader's system is set.
    label : what it shows, for those who cannot see it.
    """
    width, height = round(diagram.width, 1), round(diagram.height, 1)
    body = [_edge(diagram, edge) for edge in diagram.edges]
    body += [_unit(diagram, unit) for unit in diagram.units]
    body += [_words(words) for words in diagram.words]
    body.append(_key(diagram))
    name = f"pellucid-network {style}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" role="img" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'aria-label="{escape(label)}">\n<style>{_rules(style)}{_hover(diagram)}'
        f'</style>\n<rect class="ground" width="100%" height="100%"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _rules(style: str) -> str:
    """The colours of the theme, or of both of them, chosen by the reader's system."""
    scope = f".pellucid-network.{style}"

    def of(colours: Theme) -> str:
        rules = COLOURS
        for name, colour in (
            ("GROUND", colours.ground),
            ("INK", colours.ink),
            ("MUTED", colours.muted),
            ("POSITIVE", colours.below_to_above[-2]),
            ("NEGATIVE", colours.below_to_above[1]),
        ):
            rules = rules.replace(name, colour)
        return rules

    if style == "auto":
        dark = f"@media(prefers-color-scheme:dark){{{of(THEMES['dark'])}}}\n"
        return (SHAPES + of(THEMES["light"]) + dark).replace(".S", scope)
    return (SHAPES + of(theme(style))).replace(".S", scope)


def _hover(diagram: Diagram) -> str:
    """A rule for each unit that dims the weights of the others."""
    rules = []
    for unit in diagram.units:
        name = _place(unit.layer, unit.place)
        rules.append(
            f".pellucid-network:has(.u{name}:hover) .edge:not(.f{name},.t{name})"
            "{stroke-opacity:.04}\n"
        )
    return "".join(rules)


def _place(layer: int, place: int) -> str:
    return f"{layer}-{place}"


def _edge(diagram: Diagram, edge: Edge) -> str:
    source = diagram.by_place[edge.layer - 1, edge.source]
    target = diagram.by_place[edge.layer, edge.target]
    title = f"{source.name} → {target.name}: weight {brief(edge.weight, 5)}"
    if source.a is not None:
        product = brief(source.a * edge.weight, 5)
        title += f"; {brief(source.a, 5)} × {brief(edge.weight, 5)} = {product}"
    sign = "negative" if edge.weight < 0 else "positive"
    names = f"f{_place(source.layer, source.place)} t{_place(target.layer, target.place)}"
    return (
        f'<line class="edge {sign} {names}" data-layer="{edge.layer}" data-from="{edge.source}" '
        f'data-to="{edge.target}" data-weight="{edge.weight!r}" x1="{source.x:.1f}" '
        f'y1="{source.y:.1f}" x2="{target.x:.1f}" y2="{target.y:.1f}" '
        f'stroke-width="{edge.width:.2f}" stroke-opacity="{edge.opacity:.2f}">'
        f"<title>{escape(title)}</title></line>"
    )


def _unit(diagram: Diagram, unit: Unit) -> str:
    title, data = unit.name, ""
    for letter, number in (("b", unit.bias), ("z", unit.z), ("a", unit.a)):
        if number is not None:
            word = "bias" if letter == "b" else letter if unit.layer else "value"
            title += f"; {word} = {brief(number, 5)}"
            data += f' data-{letter}="{number!r}"'
    where = f'cx="{unit.x:.1f}" cy="{unit.y:.1f}" r="{diagram.radius:g}"'
    made = [
        f'<g class="unit u{_place(unit.layer, unit.place)}" data-layer="{unit.layer}" '
        f'data-place="{unit.place}"{data}><title>{escape(title)}</title>',
        f'<circle class="body" {where}/>',
    ]
    shade = diagram.shade(unit)
    if round(shade, 3):
        sign = "negative" if shade < 0 else "positive"
        made.append(f'<circle class="{sign}" {where} fill-opacity="{DEEPEST * abs(shade):.3f}"/>')
    made.append(f'<circle class="rim" {where}/>')
    inside = diagram.inside(unit)
    if inside:
        made.append(
            f'<text class="inside" x="{unit.x:.1f}" y="{unit.y:.1f}" text-anchor="middle" '
            f'font-size="{diagram.letters:g}">{escape(inside)}</text>'
        )
    if unit.bias:
        sign = "negative" if unit.bias < 0 else "positive"
        x, y, r = diagram.dot(unit)
        made.append(f'<circle class="dot {sign}" cx="{x:.1f}" cy="{y:.1f}" r="{r:.2f}"/>')
    return "".join(made) + "</g>"


def _words(words: Words) -> str:
    title = f"<title>{escape(words.whole)}</title>" if words.whole not in ("", words.text) else ""
    return (
        f'<text class="{words.role}" x="{words.x:.1f}" y="{words.y:.1f}" '
        f'text-anchor="{words.anchor}" font-size="{words.size:g}">{title}'
        f"{escape(words.text)}</text>"
    )


def _key(diagram: Diagram) -> str:
    """The key to lines and dots."""
    marks, words = diagram.key
    made, y = [], diagram.key_y
    for shape, x, sign in marks:
        name = "negative" if sign < 0 else "positive"
        if shape == "dot":
            made.append(f'<circle class="dot {name}" cx="{x:.1f}" cy="{y:.1f}" r="{KEY_DOT:g}"/>')
        else:
            made.append(
                f'<line class="{name}" x1="{x:.1f}" y1="{y:.1f}" x2="{x + KEY_LINE:.1f}" '
                f'y2="{y:.1f}" stroke-width="3"/>'
            )
    return "\n".join([*made, *map(_words, words)])
