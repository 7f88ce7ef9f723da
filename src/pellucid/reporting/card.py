"""A model card says what a model is, what it takes, how it came about, and what it cannot do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pellucid import model_file
from pellucid.pictures.words import figure
from pellucid.reporting.card_columns import CardColumn, columns_of
from pellucid.reporting.html import STYLE, code, folded, listed, paragraph, table, terms
from pellucid.scores import NAMES, Score
from pellucid.subject import Subject, subject_of
from pellucid.version import __version__

NOT_STATED = (
    "Not stated. Whoever hands the model on says here what it is for, whom it concerns, and what "
    "it must not decide."
)
"""What stands where nobody has said what a model is for."""

SPLIT = {"train": "learnt from", "validation": "to choose by", "test": "to test on"}
"""What rows were for, as a file has it and as a card says it."""

GENERAL_LIMITS = (
    "It knows what its training rows showed: on rows of another kind, place or time it may be "
    "worse, and does not say so.",
    "That a column moves the answer says what the model does, not what causes what.",
)

FEW_COLUMNS, MOST_COLUMNS = 20, 100
"""Columns up to which they are in sight, and up to which each has a line."""


@dataclass(frozen=True)
class ModelCard:
    """What is to be known of a model before it is used; `model_card` makes one.

    Parameters
    ----------
    predicts : a sentence.
    model : what it is, a term and a text each.
    columns : that it takes.
    training : what is known of its training, a term and a text each.
    file : its name, size, format and digest; empty for a model that is not in a file.
    versions : of what wrote the file, or of what is in use.
    load : lines of Python that load it and predict.
    use : what it is meant for; None where nobody has said.
    limits : what it cannot do, a sentence each.
    """

    predicts: str
    model: Mapping[str, str]
    columns: tuple[CardColumn, ...]
    training: Mapping[str, str]
    file: Mapping[str, str]
    versions: Mapping[str, str]
    load: str
    use: str | None = None
    limits: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self) | {"limits": list(self.limits), "columns": self._rows_as_dicts()}

    def _rows_as_dicts(self) -> list[dict[str, str]]:
        return [asdict(column) for column in self.columns]

    def to_markdown(self) -> str:
        """The card as a page of Markdown, for a repository."""
        parts = [
            f"# Model card\n\n{_plain(self.predicts)}\n",
            "## Intended use\n\n" + _plain(self.use or NOT_STATED) + "\n",
            "## Limits\n\n" + "".join(f"- {_plain(limit)}\n" for limit in self.limits),
            "## Model\n\n" + _pairs(self.model),
            "## Columns\n\n" + _pipes(HEAD, self._rows()),
            "## Training\n\n" + _pairs(self.training),
        ]
        if self.file:
            parts.append("## File\n\n" + _pairs(self.file))
        parts += ["## Versions\n\n" + _pairs(self.versions)]
        fence = "`" * (3 + self.load.count("```"))  # names of columns may hold anything
        parts += [f"## How to load it\n\n{fence}python\n{self.load}\n{fence}\n"]
        return "\n".join(parts)

    def to_html(self, level: int = 3) -> str:
        """The card as HTML whose headings are of that level, to stand in a page."""

        def headed(heading: str, body: str) -> str:
            return f"<h{level}>{heading}</h{level}>\n{body}\n"

        parts = [
            paragraph(self.predicts),
            headed("Intended use", paragraph(self.use or NOT_STATED, "" if self.use else "blank")),
            headed("Limits", listed(self.limits)),
            headed("Model", terms(self.model)),
            headed("Columns", self._columns()),
            headed("Training", terms(self.training)),
        ]
        if self.file:
            parts.append(headed("File", terms(self.file)))
        parts.append(headed("Versions", terms(self.versions)))
        parts.append(headed("How to load it", code(self.load)))
        return "".join(parts)

    def _columns(self) -> str:
        """The table, folded away where it is long."""
        made = table(HEAD, self._rows(), "What it takes, and what becomes of it", stacked=True)
        n = len(self.columns)
        return made if n <= FEW_COLUMNS else folded(f"All {n} columns", made)

    def _repr_html_(self) -> str:
        from pellucid.page import fragment

        return fragment(self.to_html(), STYLE)

    def __str__(self) -> str:
        return self.to_markdown()

    def _rows(self) -> list[tuple[str, ...]]:
        rows = [tuple(asdict(column).values()) for column in self.columns[:MOST_COLUMNS]]
        more = len(self.columns) - MOST_COLUMNS
        return [*rows, (f"and {more} more", "", "", "", "")] if more > 0 else rows


SAID_ELSEWHERE = {
    "settings", "epochs", "stopped", "test", "validation", "hidden", "alpha", "l1", "loss",
    "exclude", "loss_parameters", "engine", "n_threads", "callbacks", "verbose", "resume",
    "checkpoint", "checkpoint_epochs", "checkpoint_seconds", "hidden_layer_sizes", "bag",
}  # fmt: skip
"""Settings that a card has in another line, or that say nothing of the model."""

HEAD = ("column", "holds", "values", "becomes", "where it is missing")


def model_card(
    model: Any, *, use: str | None = None, limits: Sequence[str] = GENERAL_LIMITS
) -> ModelCard:
    """What is to be known of a model, as far as the model, or its file, tells it.

    Parameters
    ----------
    model : any fitted model, or the path of a model file, which tells more.
    use : what it is meant for. Nothing is made up where nobody says so.
    limits : what it cannot do, a sentence each; by default what holds of every model.

    Raises
    ------
    TypeError, ValueError, OSError
        If it is no model, or not fitted.

    Examples
    --------
    >>> from pellucid import Network
    >>> card = model_card(Network([2, 3, 1], seed=0), use="To show a card.")
    >>> card.model["architecture"], card.model["parameters"]
    ('2 -> 3 relu -> 1 identity', '13')
    """
    return card_of(subject_of(model), *file_of(model), use, limits)


def file_of(model: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """What a card says of a model file, and its header; nothing of a model that is in none."""
    if not isinstance(model, str | os.PathLike):
        return {}, {}
    path = Path(model)
    _, header = model_file.read(path)
    file = {
        "name": path.name,
        "size": f"{path.stat().st_size:,} bytes",
        "format": f"safetensors, format {header['format_version']}, no code in it",
    }
    if "digest" in header:
        file["digest"] = f"BLAKE2b {header['digest']}"
    return file, header


def card_of(
    subject: Subject,
    file: Mapping[str, str],
    header: Mapping[str, Any],
    use: str | None,
    limits: Sequence[str],
) -> ModelCard:
    """The card of a model that is open already."""
    versions = dict(header.get("versions") or {"pellucid": __version__})
    return ModelCard(
        _predicts(subject), _model(subject), columns_of(subject),
        _training(subject, about_of(subject, header)), file,
        {name: str(version) for name, version in sorted(versions.items())},
        _load(subject, file.get("name", "model.safetensors")), use, tuple(limits),
    )  # fmt: skip


def _predicts(subject: Subject) -> str:
    k, n = len(subject.classes or ()), len(subject.columns)
    what = "numbers" if subject.classes is None else f"{k} classes"
    if subject.classes is not None and k <= 10:
        what = "one of " if subject.exclusive else "any of "
        what += ", ".join(str(label) for label in subject.classes)
    columns = "1 column" if n == 1 else f"{n} columns"
    return f"Predicts {subject.target_name} ({what}) from {columns}."


def _model(subject: Subject) -> dict[str, str]:
    network, count = subject.network, len(subject.networks)
    size = network.layout.size
    made = {"kind": subject.kind}
    if count > 1:
        made["networks"] = f"{count}, of one shape; their answers are averaged"
    made["architecture"] = str(network.architecture)
    made["parameters"] = f"{size:,}" if count == 1 else f"{size:,} each, {count * size:,} in all"
    made["numbers"] = str(network.theta.dtype)
    made["loss"] = network.loss.name.replace("_", " ")
    penalties = {"L2": network.objective.alpha, "L1": network.objective.l1}
    held = [f"{name} {strength:g}" for name, strength in penalties.items() if strength]
    made["penalty"] = ", ".join(held) or "none"
    return made


def about_of(subject: Subject, header: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a file, or else a model, remembers of its training."""
    about = header.get("about") or getattr(subject.model, "about", None)
    return about if isinstance(about, Mapping) else {}


def split_of(about: Mapping[str, Any]) -> dict[str, int]:
    """How many rows were there to learn from ("train"), to choose by, and to test on."""
    rows = about.get("rows")
    rows = rows if isinstance(rows, Mapping) else {}
    return {name: rows[name] for name in SPLIT if isinstance(rows.get(name), int) and rows[name]}


def _training(subject: Subject, about: Mapping[str, Any]) -> dict[str, str]:
    """What is known of it: from the file, the model, or its history."""
    made = {}
    if split := split_of(about):
        made["rows"] = ", ".join(f"{n:,} {SPLIT[name]}" for name, n in split.items())
    if measured := _measured(about):
        made["measured then"] = measured
    if subject.history is not None and len(subject.history):
        epochs = [f"{len(subject.history)}"]
        if subject.history.best_epoch:
            epochs.append(f"best {subject.history.best_epoch}")
        if subject.history.stopped:
            epochs.append(subject.history.stopped)
        one = " (of the first network)" if len(subject.networks) > 1 else ""
        made["epochs"] = ", ".join(epochs) + one
    for name, value in _settings(subject, about).items():
        made.setdefault(name.replace("_", " "), _shown(value))
    return made or {"known": "nothing: neither the model nor its file says how it was trained"}


def _measured(about: Mapping[str, Any]) -> str:
    """What its scores were when it was trained, and on which rows."""
    metrics, errors = about.get("metrics"), about.get("uncertainty")
    if not isinstance(metrics, Mapping):
        return ""
    errors = errors if isinstance(errors, Mapping) else {}
    scores = [
        Score(name, metrics[name], errors.get(name) or float("nan"))
        for name in NAMES
        if isinstance(metrics.get(name), float)
    ]
    figures = ", ".join(f"{NAMES[score.name]} {score}" for score in scores)
    return f"{figures} on the {metrics.get('on', '')} rows" if figures else ""


def _settings(subject: Subject, about: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen, without what was left open."""
    training = about.get("training")
    if isinstance(training, Mapping):
        chosen = {**training, **(training.get("settings") or {})}
    else:
        last = subject.model[-1] if hasattr(subject.model, "steps") else subject.model
        chosen = last.get_params(deep=False) if hasattr(last, "get_params") else {}
    empty: tuple[Any, ...] = (None, "", [], {}, ())
    return {k: v for k, v in chosen.items() if v not in empty and k not in SAID_ELSEWHERE}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return figure(value)
    if isinstance(value, list | tuple):
        return ", ".join(_shown(each) for each in value)
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _load(subject: Subject, name: str) -> str:
    """Lines of Python that load the model and predict."""
    lines = ["import pellucid", "", f"model = pellucid.load({name!r})"]
    if not subject.takes_tables:
        rows = f"X: (n, {len(subject.columns)})"
        return "\n".join([*lines, f"model.predict(X)  # {rows}, {_some(subject)}"])
    lines = ["import polars", *lines, "rows = polars.read_csv('rows.csv')"]
    return "\n".join([*lines, f"model.predict(rows)  # with the columns {_some(subject)}"])


def _some(subject: Subject) -> str:
    names = subject.columns
    return ", ".join(map(repr, names[:4])) + (", ..." if len(names) > 4 else "")


def _plain(text: str) -> str:
    """Text that Markdown does not take for marks of its own."""
    for mark in "\\`*_<>|#[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def _pairs(pairs: Mapping[str, str]) -> str:
    return "".join(f"- {_plain(term)}: {_plain(text)}\n" for term, text in pairs.items())


def _pipes(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_plain(cell) for cell in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
