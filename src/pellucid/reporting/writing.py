"""Writing a report is turning it into HTML: sections to read in order, all of it in one page."""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from pellucid.diagnosis.finding import STYLE as OF_FINDINGS
from pellucid.explanation.html import STYLE as OF_STEPS
from pellucid.explanation.html import within
from pellucid.page import fragment, page
from pellucid.pictures.words import figure
from pellucid.reporting.headline import PLUS_MINUS, percent, with_error
from pellucid.reporting.html import (
    STYLE,
    bars,
    folded,
    listed,
    paragraph,
    section,
    signed,
    table,
    unbroken,
)
from pellucid.reporting.quality import COVERAGE, Quality
from pellucid.scores import NAMES, Score
from pellucid.version import __version__

if TYPE_CHECKING:
    from pellucid.attribution import Attribution, Importance
    from pellucid.metrics import ClassificationReport
    from pellucid.reporting.composing import Report
    from pellucid.reporting.shown import Shown

CALLED = {**NAMES, "r2": "R²"}
"""Scores as people write them."""

FEW_CLASSES = 12
"""Classes up to which each has a line in sight."""

MOST_BARS = 15

OF_ANSWERS = {"confusion", "calibration", "errors", "residuals", "quantiles", "boundary"}
"""Pictures that say how good a model is; the others are of the network and its training."""

OF_THE_PAGE = """
main { max-width: 72rem; }
.lead { font-size: 1.15rem; max-width: 46rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; list-style: none; padding: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; }
.tiles .card { margin: 0; } .tiles b { display: block; font-size: 1.45rem; line-height: 1.3;
  white-space: nowrap; } .tiles small { font-size: .65em; font-weight: 500; color: var(--muted); }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 2rem; margin-top: 1.5rem; }
figure { margin: 0; max-width: 100%; }
figure img { display: block; max-width: 100%; height: auto; }
figcaption { margin-top: .5rem; font-size: .9rem; max-width: 40rem; }
p, li, dd { max-width: 46rem; }
footer { margin-top: 3rem; }
@media print { nav { display: none; } figure, tr, .card { break-inside: avoid; }
  main { padding: 0; } }
"""


def written(report: Report) -> str:
    """The page of a report."""
    parts = _sections(report)
    links = "".join(
        f'<li><a href="#{name}">{escape(heading)}</a></li>' for name, heading, _ in parts
    )
    body = [
        f"<header><h1>{escape(report.title)}</h1>",
        f'<p class="lead">{unbroken(report.headline)}</p>',
        _tiles(report.quality),
        f"<nav aria-label='Sections'><ul>{links}</ul></nav></header>",
        *(section(*part) for part in parts),
        f'<footer class="muted"><p>Made by pellucid {escape(__version__)}.</p></footer>',
    ]
    return page(report.title, "\n".join(body), STYLE + OF_FINDINGS + OF_STEPS + OF_THE_PAGE)


def notebook(report: Report) -> str:
    """What a notebook shows of it: the beginning, and the sections one below the other."""
    body = [f"<p>{unbroken(report.headline)}</p>", _tiles(report.quality)]
    body += [section(*part) for part in _sections(report)]
    return fragment("\n".join(body), STYLE + OF_FINDINGS + OF_STEPS)


def _sections(report: Report) -> list[tuple[str, str, str]]:
    """The name, the heading and the HTML of each."""
    good = [each for each in report.pictures if each.name in OF_ANSWERS]
    inside = [each for each in report.pictures if each.name not in OF_ANSWERS]
    parts = [("quality", "How good it is", _quality(report.quality, report.notes))]
    parts[0] = (*parts[0][:2], parts[0][2] + _pictures(good))
    if report.importance is not None:
        parts.append(
            ("importance", "What it leans on", _importance(report.importance, report.shuffled))
        )
    if report.why is not None:
        step = ""
        if report.step is not None:
            step = folded("The same row, step by step", within(report.step))
        parts.append(("why", "One answer, and why", _why(report.why, report.row) + step))
    parts.append(("doctor", "What the doctor finds", report.diagnosis.html()))
    if inside:
        parts.append(("inside", "Its training, and its inside", _pictures(inside)))
    parts.append(("card", "Model card", report.card.to_html()))
    return parts


def _pictures(pictures: list[Shown]) -> str:
    made = "\n".join(each.to_html() for each in pictures)
    return f'<div class="pictures">{made}</div>' if made else ""


def _tiles(quality: Quality) -> str:
    """The scores of what is predicted first, each with that of a guess."""
    name, scores = next(iter(quality.scores.items()))
    tiles = []
    for score, blind in zip(scores, quality.guessed[name], strict=True):
        tiles.append(
            (CALLED[score.name], _said(score), f"guessing blindly: {_plain(score, blind)}")
        )
    if quality.held is not None and quality.width is not None:
        wide = f"intervals for {COVERAGE:.0%}, {figure(quality.width)} wide on average"
        tiles.append(("held by its intervals", percent(quality.held), wide))
    tiles.append(("rows", f"{quality.rows:,}", "it was tried on"))
    return (
        '<div class="tiles">'
        + "".join(
            f'<div class="card"><span class="muted">{escape(what)}</span><b>{_number(value)}</b>'
            f'<span class="muted">{escape(more)}</span></div>'
            for what, value, more in tiles
        )
        + "</div>"
    )


def _number(text: str) -> str:
    """A number large, its error and unit small."""
    number, _, error = text.partition(f" {PLUS_MINUS} ")
    small = f" <small>{PLUS_MINUS} {unbroken(error)}</small>" if error else ""
    return unbroken(number) + small


def _said(score: Score) -> str:
    return percent(score) if score.name == "accuracy" else with_error(score)


def _plain(like: Score, score: Score) -> str:
    """A score without its error, as the one that it stands beside."""
    if score.name == "accuracy":
        return f"{100 * score.value:.1f} %"
    if like.places is None or not isfinite(score.value):
        return figure(score.value)
    rounded = round(score.value, like.places)
    return f"{rounded:,.{max(like.places, 0)}f}" if rounded else "0"


def _quality(quality: Quality, notes: tuple[str, ...]) -> str:
    parts = [listed(notes)] if notes else []
    parts.append(
        paragraph(
            "± is one standard error: on other rows of the kind, the score would be so far off "
            "as a rule.",
            "muted",
        )
    )
    if len(quality.scores) > 1:
        names = [CALLED[score.name] for score in next(iter(quality.scores.values()))]
        rows = [(name, *map(_said, scores)) for name, scores in quality.scores.items()]
        parts.append(table(("what", *names), rows, "Scores of each thing predicted", numbers=1))
    if quality.by_class is not None:
        made = _classes(quality.by_class)
        k = len(quality.by_class.classes)
        parts.append(made if k <= FEW_CLASSES else folded(f"All {k} classes", made))
    return "\n".join(parts)


def _classes(by_class: ClassificationReport) -> str:
    columns = (by_class.precision, by_class.recall, by_class.f1)
    rows = [
        (name, *(f"{column[i]:.3f}" for column in columns), f"{by_class.support[i]:,}")
        for i, name in enumerate(by_class.classes)
    ]
    head = ("class", "precision", "recall", "f1", "rows")
    return table(head, rows, "Class by class", numbers=1)


def _importance(importance: Importance, rows: int) -> str:
    n = len(importance.columns)
    shown = [
        (name, f"{value:.4f}", f"{spread:.4f}", float(value))
        for name, value, spread in zip(
            importance.columns, importance.importance, importance.std, strict=True
        )
    ][:MOST_BARS]
    score = f"{importance.scoring} {importance.score:.4g}"
    caption = f"By how much {score} falls when the column is shuffled"
    how = paragraph(
        f"Each column was shuffled {importance.repeats} times, on {rows:,} of the rows, of which "
        f"{score} is the score as they are. A fall of no more than twice its ± may be chance.",
        "muted",
    )
    rest = paragraph(f"{n - len(shown)} other columns matter less.", "muted")
    made = how + bars(("column", "fall", "±"), shown, caption)
    return made + (rest if n > len(shown) else "")


def _why(why: Attribution, row: int) -> str:
    which = "the first row" if row == 0 else f"row {row + 1:,}"
    answer, start = float(why.outputs[0]), float(why.baseline_outputs[0])
    what = f"the {why.of} of {why.explained[0]}" if why.of != "number" else str(why.explained[0])
    text = (
        f"For {which}, {what} is {figure(answer)}. A row of nothing but {why.baseline} gets "
        f"{figure(start)}; from there each column moved it by so much, and all of them together by "
        f"{signed(float(why.sums[0]))} ({why.method.replace('_', ' ')})."
    )
    order = np.argsort(-np.abs(why.values[0]), kind="stable")[:MOST_BARS]
    values = why.values[0].tolist()
    rows = [
        (why.columns[i], _held(why.rows[0, i]), signed(values[i]), values[i])
        for i in order.tolist()
    ]
    head = ("column", "holds", "moved it by")
    return paragraph(text) + bars(head, rows, "The columns that moved it most")


def _held(value: object) -> str:
    if value is None or value != value:
        return "(missing)"
    return figure(value) if isinstance(value, float) else str(value)
