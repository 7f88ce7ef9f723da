"""A report on tables: errors beside LightGBM's, with what they may be off by, scores and times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp, isnan, log
from statistics import median
from typing import Any

from report import Claim, Table, as_markdown, duration
from table_scores import mean, ratio
from table_systems import BASE

Results = Mapping[str, Any]

ASKED = [
    ("california", "error", 1.00),
    ("bike", "error", 0.92),
    ("adult", "error", 1.06),
    ("adult", "log_loss", 1.02),
]
"""Of a bag on up to 10 000 rows, beside LightGBM: table, what, and at most so many times it."""

SECONDS = [("fit", 6.0, "a fit"), ("predict_one", 1e-3, "one row"), ("predict", 2.0, "{} rows")]
"""Of a bag on adult: what, in less than so many seconds, and its name."""

FEW = 1000
"""Fewer rows to test on are said to be few."""

WORDS = {"error": "error", "log_loss": "log-loss", "ece": "calibration error"}


def _count(number: int) -> str:
    """With a blank before thousands.

    Examples
    --------
    >>> _count(100000), _count(38)
    ('100 000', '38')
    """
    return f"{number:,}".replace(",", " ")


def line(table: str, seed: int, system: str, answer: Results) -> str:
    """What a system made of a table, as it is printed when it is done."""
    found = [f"{WORDS[what]} {answer[what]:.4g}" for what in WORDS if what in answer]
    found += [f"fit {duration(answer['fit'])}"]
    return f"{table:<14}seed {seed}  {system:<10}{', '.join(found)}"


def heading(results: Results) -> list[str]:
    """What was measured where: a line each."""
    machine, rows = results["machine"], results["rows"]
    train = "all others" if rows is None else f"up to {_count(rows)} of the others"
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}; load {machine['load']} at the start",
        f"{results['test_part']:.0%} of the rows to test on, {train} to train on, the same for all "
        f"systems; each in a process of its own, in turns, with all cores",
    ]
    lines += [
        f"{one['title']}: {one['package']} {one['version']}; told {one['told']}"
        for one in results["systems"].values()
    ]
    return lines + [f"MISSING  {name}: {why}" for name, why in results["missing"].items()]


def claims(results: Results) -> list[Claim]:
    """What is asked of pellucid, beside what came out; nothing is asked of the whole tables."""
    if results["rows"] is None:
        return []
    found = []
    for name, what, most in ASKED:
        asked = f"<= {most:.2f} of LightGBM's"
        ours, theirs = (_lists(results, name, one).get(what) for one in ("pellucid", BASE))
        title = f"{WORDS[what]}, beside LightGBM's"
        if ours and theirs:
            value, error = ratio(ours, theirs)
            found.append(
                Claim(name, title, f"{value:.3f}", plus_minus(error, 3), asked, value <= most)
            )
        else:
            found.append(Claim(name, title, "-", "", asked))
    for one in results["tables"]:
        ours, theirs = (_lists(results, one["name"], s).get("error") for s in ("pellucid", "mlp"))
        if ours and theirs:
            value, error = ratio(ours, theirs)
            better = not value >= 1.0
            found.append(
                Claim(one["name"], "error, beside scikit-learn's MLP's",
                      "-" if isnan(value) else f"{value:.3f}", plus_minus(error, 3), "< 1", better)
            )  # fmt: skip
    for what, most, title in SECONDS:
        seconds = _lists(results, "adult", "pellucid").get(what)
        if seconds:
            value = median(seconds)
            spread = f"{duration(min(seconds))} .. {duration(max(seconds))}"
            title = title.format(_count(results["many"]))
            asked = f"< {duration(most)}"
            found.append(
                Claim("adult", f"time for {title}", duration(value), spread, asked, value < most)
            )
    return found


def tables(results: Results) -> list[Table]:
    """The tables of a run: errors beside LightGBM's, what is asked, errors, scores, times."""
    several = results["seeds"] > 1
    spread = "The mean over seeds, +- its standard error." if several else "A single seed."
    fewest = min((one["rows"][1] for one in results["tables"]), default=FEW)
    small = (
        f"Small tables have few rows to test on, down to {fewest}: there a single one is "
        f"{1 / fewest:.1%}."
        if fewest < FEW
        else ""
    )
    many = _count(results["many"])
    found = [
        _matrix(results, "Error beside LightGBM's", "error", _relative("error"),
                "1 - accuracy, or the root mean squared error, divided by LightGBM's on the same "
                f"rows: below 1 is better. {_how_sure(several)} {small}".strip(), total=True),
        _matrix(results, "Log-loss beside LightGBM's", "log_loss", _relative("log_loss"),
                "Of classes, in the same way.", total=True),
        _matrix(results, "Error", "error", _absolute("error"),
                f"1 - accuracy, or the root mean squared error in the target's unit. {spread}"),
        _matrix(results, "Log-loss", "log_loss", _absolute("log_loss"), f"In nats. {spread}"),
        _matrix(results, "Expected calibration error", "ece", _absolute("ece"),
                f"How far confidence is from accuracy, in 15 bins of equal width. {spread}"),
        _matrix(results, "Time to fit", "fit", _seconds("fit"),
                "Medians over seeds, of the whole call from the pandas table."),
        _matrix(results, f"Time to predict {many} rows", "predict", _seconds("predict"),
                "Medians over seeds; rows to test on, again and again."),
        _matrix(results, "Time to predict one row", "predict_one", _seconds("predict_one"),
                "Medians over seeds, of calls with a pandas table of one row."),
    ]  # fmt: skip
    asked = [(c.row, c.what, c.value, c.spread, c.asked, c.verdict) for c in claims(results)]
    if asked:
        header = ("table", "what", "measured", "give or take", "asked", "does")
        found.insert(2, Table("What is asked of a bag", header, asked))
    return [table for table in found if table.rows]


def _how_sure(several: bool) -> str:
    if not several:
        return "A single seed, so nothing is known of chance."
    return "A ratio of means over seeds, +- its standard error."


Cell = Callable[[Results, Results], str]


def _matrix(
    results: Results, title: str, what: str, cell: Cell, note: str, total: bool = False
) -> Table:
    """A row a table, a column a system; `total` adds a geometric mean over the real tables."""
    having = [one for one in results["tables"] if any(what in s for s in one["systems"].values())]
    names = [n for n in results["systems"] if any(n in one["systems"] for one in having)]
    header = ["table", "trained on", *(_column(results, name) for name in names)]
    rows = []
    for one in having:
        base = one["systems"].get(BASE, {})
        cells = [
            cell(one["systems"][name], base) if what in one["systems"].get(name, {}) else "-"
            for name in names
        ]
        rows.append((one["name"], _about(one), *cells))
    real = [one for one in having if one["real"]]
    if total and len(real) > 1:
        means = [_geometric_mean(real, name, what) for name in names]
        rows.append((f"geometric mean of {len(real)}", "the real tables", *means))
    return Table(title, header, rows, note)


def _column(results: Results, name: str) -> str:
    """A system's title and how many seeds it has."""
    seeds = {
        len(one["systems"][name]["seeds"]) for one in results["tables"] if name in one["systems"]
    }
    listed = " or ".join(map(str, sorted(seeds)))
    return f"{results['systems'][name]['title']} ({listed} seed{'s' * (listed != '1')})"


def _about(one: Results) -> str:
    """How large a table is, in rows to train on and columns."""
    columns, categories = one["columns"]
    text = f", {categories} text" if categories else ""
    return f"{_count(one['rows'][0])} x {columns}{text}"


def _lists(results: Results, table: str, system: str) -> Results:
    """What was measured of a system on a table, by seed; nothing if it was not run."""
    for one in results["tables"]:
        if one["name"] == table:
            return dict(one["systems"].get(system, {}))
    return {}


def plus_minus(error: float, digits: int) -> str:
    """A standard error; nothing for a single seed, which has none."""
    return "" if isnan(error) else f"+- {error:.{digits}f}"


def _relative(what: str) -> Cell:
    def cell(ours: Results, theirs: Results) -> str:
        value, error = ratio(ours[what], theirs.get(what, []))
        return "-" if isnan(value) else f"{value:.3f} {plus_minus(error, 3)}".strip()

    return cell


def _absolute(what: str) -> Cell:
    def cell(ours: Results, theirs: Results) -> str:
        value, error = mean(ours[what])
        digits = 4 if value < 10 else 1
        return f"{value:.{digits}f} {plus_minus(error, digits)}".strip()

    return cell


def _seconds(what: str) -> Cell:
    return lambda ours, theirs: duration(median(ours[what]))


def _geometric_mean(tables: Sequence[Results], name: str, what: str) -> str:
    ratios = [
        ratio(
            one["systems"].get(name, {}).get(what, []), one["systems"].get(BASE, {}).get(what, [])
        )
        for one in tables
    ]
    if not all(value > 0.0 for value, _ in ratios):
        return "-"
    return f"{exp(sum(log(value) for value, _ in ratios) / len(ratios)):.3f}"


PAGE = """\
# Tables, beside others

Made by `make bench-tables`, which writes this page; do not edit it. To repeat it, run that on a
machine that does nothing else. It is two commands:

```
python benchmarks/tables.py
python benchmarks/tables.py --whole
```

`--quick` is a short look that writes nothing; `--sets`, `--systems`, `--seeds` and `--rows` choose
some of it. The numbers behind the tables are in `benchmarks/results/tables.json`.

Nothing was chosen for any of the systems: all have their defaults, on every table. The tables are
adult, california and bike, which are real and have columns of several kinds, and the sets that come
with scikit-learn. The number of seeds is above each column; a seed divides the rows, and is each
system's `random_state`.{dropped}
"""


def page(kept: Mapping[str, Results]) -> str:
    """The page of the docs, of a run on up to so many rows and of one on whole tables."""
    runs = {"limited": "Up to {rows} rows", "whole": "The whole of each table"}
    dropped: dict[str, str] = {}
    for results in kept.values():
        for one in results["tables"]:
            for why in dict.fromkeys(one["dropped"].values()):
                columns = [name for name, reason in one["dropped"].items() if reason == why]
                dropped[f"{one['name']} is without {' and '.join(columns)}"] = why
    said = "".join(f" {what[0].upper()}{what[1:]}: {why}." for what, why in dropped.items())
    parts = [PAGE.format(dropped=said)]
    for key, title in runs.items():
        if key in kept:
            rows = kept[key]["rows"]
            parts.append(f"## {title.format(rows='' if rows is None else _count(rows))}\n")
            parts.append("\n".join(f"- {fact}" for fact in heading(kept[key])) + "\n")
            parts += [f"#{as_markdown(table)}\n" for table in tables(kept[key])]
    return "\n".join(parts)
