"""A headline says in a few sentences what a model does, on how many rows, and how well."""

from __future__ import annotations

from pellucid.pictures.words import figure
from pellucid.reporting.card import ModelCard
from pellucid.reporting.quality import Quality
from pellucid.scores import Score
from pellucid.subject import Subject

PLUS_MINUS = "±"


def headline(
    subject: Subject, quality: Quality, card: ModelCard, data: str, unseen: bool = False
) -> str:
    """What it predicts, on how many rows, and how good it is against guessing.

    Parameters
    ----------
    unseen : whether it is known that the model has not learnt from these rows.
    """
    rows = "1 row" if quality.rows == 1 else f"{quality.rows:,} rows"
    rows += (f" of {data}" if data else "") + (" that it has not seen" if unseen else "")
    return f"{card.predicts} {_how_good(subject, quality, rows)}"


def _how_good(subject: Subject, quality: Quality, rows: str) -> str:
    name, scores = next(iter(quality.scores.items()))
    guessed = quality.guessed[name]
    several = f" ({name}, the first of {len(quality.scores)})" if len(quality.scores) > 1 else ""
    if subject.classes is not None:
        right, blind = scores[0], guessed[0]
        return (
            f"On {rows} it is right in {percent(right)}{several}; {quality.guess} would be right "
            f"in {100 * blind.value:.1f} %."
        )
    by_name = {score.name: score for score in scores}
    blind = {score.name: score for score in guessed}["mae"]
    return (
        f"On {rows} it is off by {with_error(by_name['mae'])} on average{several}; "
        f"{quality.guess} would be off by {figure(blind.value)}. R² is {with_error(by_name['r2'])}."
    )


def percent(score: Score) -> str:
    """A part of rows in per cent, with its standard error.

    Examples
    --------
    >>> percent(Score("accuracy", 0.8755, 0.0015)), percent(Score("accuracy", 1.0))
    ('87.55 ± 0.15 %', '100 %')
    """
    return with_error(Score(score.name, 100 * score.value, 100 * score.error)) + " %"


def with_error(score: Score) -> str:
    """A score and its standard error, with as many digits as that gives reason for.

    Examples
    --------
    >>> with_error(Score("mae", 26840.6, 209.7)), with_error(Score("r2", 0.8777, 0.0027))
    ('26,800 ± 200', '0.878 ± 0.003')
    """
    if score.places is None:
        return figure(score.value)
    value, _, error = str(score).partition(" +- ")
    return f"{_grouped(value)} {PLUS_MINUS} {_grouped(error)}"


def _grouped(number: str) -> str:
    """Digits before the point in threes."""
    whole, point, rest = number.partition(".")
    return f"{int(whole):,}{point}{rest}" if abs(int(whole)) >= 1000 else number
