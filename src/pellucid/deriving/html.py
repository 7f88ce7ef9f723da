"""The page of a derivation: its equations as MathML, which browsers set by themselves."""

from __future__ import annotations

from itertools import groupby
from zlib import crc32

from pellucid.deriving.equations import Derivation, Function, Size, written
from pellucid.deriving.formula import write
from pellucid.deriving.notation import MATHML
from pellucid.deriving.steps import Step
from pellucid.page import escape, fragment, page

STYLE = """
.pellucid .equation { display: flex; align-items: center; gap: 1rem; margin: .2rem 0 .1rem; }
.pellucid .equation .scroll { flex: 1; padding: .35rem 0; overflow-y: hidden; }
.pellucid .equation a { color: var(--muted); text-decoration: none; }
.pellucid .equation:target { background: var(--card); outline: 2px solid var(--accent); }
.pellucid .why { margin: 1.1rem 0 0; } .pellucid .sizes { font-size: .85rem; margin: 0; }
.pellucid summary { font-weight: 600; margin: .6rem 0; cursor: pointer; }
.pellucid math { font-size: 1.1em; } .pellucid mfrac > * { padding: .12em .1em; }
.pellucid .size { white-space: nowrap; }
.pellucid math .cases { border-left: 1.5px solid; border-radius: .6em; padding: 0 0 0 .3em;
  margin: 0 .2em; }
.pellucid math .case { text-align: left; padding: .1em .9em .1em .2em; }
.pellucid math[display="block"] { width: max-content; margin: 0; }
"""


def math(inside: str, text: str, block: bool = False) -> str:
    """An island of MathML in HTML; readers without it get the text."""
    kind = ' display="block"' if block else ""
    return f'<math{kind} alttext="{escape(text)}">{inside}</math>'


def _legend() -> str:
    dv, J, v, i, j, k = (
        math(inside, text)
        for inside, text in (
            ('<mi mathvariant="normal">d</mi><mi>v</mi>', "dv"),
            *((f"<mi>{letter}</mi>", letter) for letter in "Jvijk"),
        )
    )
    return (
        f"<p>{dv} is the derivative of {J} by {v}, and as large as {v}. "
        f"{math('<mo>⊙</mo>', '*')} multiplies element by element, and fractions, powers and "
        f"functions of arrays work so too. In a sum, {i} counts rows, {k} the units of a layer and "
        f"{j} those below.</p>"
    )


def whole(derivation: Derivation) -> str:
    """The page."""
    return page(f"Derivation: {derivation.title}", body(derivation), STYLE)


def piece(derivation: Derivation) -> str:
    """What a notebook shows."""
    return fragment(body(derivation, f"-{crc32(derivation.title.encode()):08x}"), STYLE)


def body(derivation: Derivation, mark: str = "") -> str:
    """What stands on the page; the mark tells its ids from those of others in a notebook."""
    title = escape(derivation.title.replace("->", "→"))
    parts = [f"<h1>Derivation</h1>\n<p>{title}</p>", _legend()]
    parts.append(f"<details open=''><summary>The letters</summary>{_letters(derivation)}</details>")
    parts.append(
        "<details open=''><summary>The functions</summary>"
        f"{''.join(map(_function, derivation.functions))}</details>"
    )
    for part, steps in groupby(derivation.steps, lambda step: step.part):
        parts.append(f"<h2>{part}</h2>")
        parts += [_step(derivation, step, mark) for step in steps]
    parts += [f"<p>{line}</p>" for line in derivation.absent]
    return "\n".join(parts)


def _letters(derivation: Derivation) -> str:
    rows = "".join(
        f"<tr><td>{_letter(letter.name)}</td><td>{escape(letter.meaning)}</td>"
        f"<td>{size_of(letter.size)}</td></tr>\n"
        for letter in derivation.letters
        if letter.meaning
    )
    head = "<tr><th>letter</th><th>meaning</th><th>size</th></tr>"
    return f'<div class="scroll"><table>{head}\n{rows}</table></div>'


def _letter(name: str) -> str:
    return math(write(name, MATHML), name)


def _function(row: Function) -> str:
    letters = ", ".join(map(_letter, row.letters)) or "The loss"
    note = f' <span class="muted">({escape(row.note)})</span>' if row.note else ""
    shown = f'<p class="why">{letters}: {escape(row.name)}{note}</p>'
    left = ("<mi>f</mi><mo>(</mo><mi>z</mi><mo>)</mo>", "<msup><mi>f</mi><mo>′</mo></msup>"
            "<mo>(</mo><mi>z</mi><mo>)</mo>")  # fmt: skip
    if not row.letters:
        below = "<mrow><mo>∂</mo><mi>a</mi></mrow>"
        left = ("<mi>ℓ</mi><mo>(</mo><mi>a</mi><mo>,</mo><mi>y</mi><mo>)</mo>",
                f"<mfrac><mrow><mo>∂</mo><mi>ℓ</mi></mrow>{below}</mfrac>")  # fmt: skip
    for name, formula in zip(left, (row.value, row.derivative), strict=True):
        if formula:
            shown += _scroll(f"{name}<mo>=</mo>{write(formula, MATHML)}", formula)
    return shown


def _scroll(inside: str, text: str) -> str:
    return f'<div class="equation"><div class="scroll">{math(inside, text, True)}</div></div>'


def _step(derivation: Derivation, step: Step, mark: str) -> str:
    letters = step.target.split(" = ")[-1]
    place = f"equation{mark}-{step.number}-{letters}"
    shown = math(written(step, MATHML), step.code, True)
    sizes = derivation.sizes(step)
    below = ""
    if len({size for _, size in sizes}) > 1:
        listed = ", ".join(f"{_letter(name)} is {size_of(size)}" for name, size in sizes)
        below = f'<p class="sizes muted">{listed}</p>'
    why = escape(step.why[:1].upper() + step.why[1:])
    return (
        f'<p class="why">{why}</p>\n<div class="equation" id="{place}"><div class="scroll">{shown}'
        f'</div><a href="#{place}">({step.number})</a></div>{below}'
    )


def size_of(size: Size) -> str:
    """Such as n × 3."""
    parts = " × ".join(f"<i>{part}</i>" if part == "n" else str(part) for part in size)
    return f'<span class="size">{parts}</span>' if size else ""
