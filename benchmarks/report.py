"""A report is the tables that a run's results say, for a terminal and for a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Cells of text with a title, and what is to be said of them."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Claim:
    """A figure of a row beside the one that is asked for."""

    row: str
    what: str
    value: str
    spread: str = ""
    asked: str = ""
    reached: bool | None = None  # None: nothing is asked, or nothing was measured

    @property
    def verdict(self) -> str:
        """Yes or NO, where something is asked."""
        if not self.asked:
            return ""
        return {True: "yes", False: "NO", None: "not measured"}[self.reached]


def duration(seconds: float) -> str:
    """Three digits and a unit.

    Examples
    --------
    >>> duration(2.41e-6), duration(0.0364), duration(12.0)
    ('2.41 us', '36.4 ms', '12 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 else f"{seconds:.0f} s"
    return f"{seconds / 1e-9:.3g} ns"


def times(number: float) -> str:
    """A ratio with three digits.

    Examples
    --------
    >>> times(23.456), times(1.0)
    ('23.5x', '1x')
    """
    return f"{number:.3g}x"


def measure(done: Results, peer: str, cores: int = 1) -> Results | None:
    """What a row measured of a peer, if it did."""
    for found in done["measures"]:
        if (found["peer"], found["cores"]) == (peer, cores):
            return dict(found)
    return None


def claims(results: Results) -> list[Claim]:
    """Every ratio and every other figure that something is asked of."""
    found = []
    for done in results["rows"]:
        found += _ratios(done, results) + _limits(done) + _gains(done, results)
        found += _share(done, peak(results)) + _scores(done, results)
    return found


def peak(results: Results) -> float | None:
    """The best sgemm of the run, in 10^9 operations a second."""
    return max((g for done in results["rows"] for g in done["peaks"]), default=None)


def _title(results: Results, peer: str) -> str:
    return str(results["peers"][peer]["title"]) if peer in results["peers"] else peer


def _compare(theirs: Results, ours: Results) -> tuple[float, str]:
    """The ratio of median times, and the smallest and largest of a round."""
    of_rounds = [a / b for a, b in zip(theirs["seconds"], ours["seconds"], strict=True)]
    ratio = median(theirs["seconds"]) / median(ours["seconds"])
    return ratio, f"{min(of_rounds):.3g} .. {max(of_rounds):.3g}"


def _ratios(done: Results, results: Results) -> list[Claim]:
    row, ours, found = done["row"], measure(done, "pellucid"), []
    for peer in row["peers"]:
        theirs, asked = measure(done, peer), row["must_reach"].get(peer)
        text = "" if asked is None else f">= {asked:g}x"
        if peer == "pellucid" or ours is None:
            continue
        if theirs is not None:
            ratio, spread = _compare(theirs, ours)
            reached = None if asked is None else ratio >= asked
            found.append(
                Claim(row["name"], _title(results, peer), times(ratio), spread, text, reached)
            )
        elif text:
            found.append(Claim(row["name"], _title(results, peer), "-", "", text))
    return found


def _limits(done: Results) -> list[Claim]:
    row, ours = done["row"], measure(done, "pellucid")
    if not row["must_take_under"] or ours is None:
        return []
    each = [seconds * done["unit_steps"] for seconds in ours["seconds"]]
    return [
        Claim(
            row["name"],
            f"pellucid's time for {done['unit']}",
            duration(median(each)),
            f"{duration(min(each))} .. {duration(max(each))}",
            f"< {duration(row['must_take_under'])}",
            median(each) < row["must_take_under"],
        )
    ]


def _gains(done: Results, results: Results) -> list[Claim]:
    row, found = done["row"], []
    if not row["must_gain"]:
        return []
    asked = f">= {row['must_gain']:g}x"
    many = {m["peer"]: m for m in done["measures"] if m["cores"] > 1}
    if "pellucid" not in many:
        found.append(Claim(row["name"], "pellucid, all cores against one", "-", "", asked))
    for peer, theirs in many.items():
        alone, on = measure(done, peer), f"{theirs['cores']} cores"
        if alone is None:
            continue
        ratio, spread = _compare(alone, theirs)
        what = f"{_title(results, peer)}, {on} against one"
        if peer == "pellucid":
            found.append(
                Claim(row["name"], what, times(ratio), spread, asked, ratio >= row["must_gain"])
            )
            continue
        found.append(Claim(row["name"], what, times(ratio), spread))
        if "pellucid" in many:
            ratio, spread = _compare(theirs, many["pellucid"])
            what = f"{_title(results, peer)}, both on {on}"
            found.append(Claim(row["name"], what, times(ratio), spread))
    return found


def _share(done: Results, peak: float | None) -> list[Claim]:
    row, ours = done["row"], measure(done, "pellucid")
    if not row["must_share"] or ours is None or peak is None:
        return []
    shares = [done["flops"] / seconds / peak * 1e-9 for seconds in ours["seconds"]]
    share = median(shares)
    return [
        Claim(
            row["name"],
            "pellucid's share of the sgemm peak",
            f"{share:.0%}",
            f"{min(shares):.0%} .. {max(shares):.0%}",
            f">= {row['must_share']:.0%}",
            share >= row["must_share"],
        )
    ]


def _scores(done: Results, results: Results) -> list[Claim]:
    row, found = done["row"], []
    for one in done["measures"]:
        if "accuracy" in one:
            score, ours = median(one["accuracy"]), one["peer"] == "pellucid"
            found.append(
                Claim(
                    row["name"],
                    f"test accuracy of {_title(results, one['peer'])}",
                    f"{score:.4f}",
                    f"{min(one['accuracy']):.4f} .. {max(one['accuracy']):.4f}",
                    f">= {row['must_score']:g}" if ours else "",
                    score >= row["must_score"] if ours else None,
                )
            )
    return found


def line(done: Results) -> str:
    """A row in one line, as it is printed when it is done."""
    cells = [f"{m['peer']}{_on(m)} {_cell(done, m, False)}" for m in done["measures"]]
    agreed = f"losses within {done['parity']['difference']:.1e}"
    return f"{done['row']['name']:<32}{', '.join(cells)}; {agreed}"


def _on(one: Results) -> str:
    return f" on {one['cores']} cores" if one["cores"] > 1 else ""


def _cell(done: Results, one: Results | None, spread: bool = True) -> str:
    if one is None:
        return "-"
    each = [seconds * done["unit_steps"] for seconds in one["seconds"]]
    middle = duration(median(each))
    return f"{middle} ({duration(min(each))} .. {duration(max(each))})" if spread else middle


def heading(results: Results) -> list[str]:
    """What was measured where: a line each."""
    machine = results["machine"]
    words = f"{machine['processor']}, {machine['cores']} cores"
    if machine["vector_sets"]:
        words += f" ({', '.join(machine['vector_sets'])})"
    pinned = "pinned to one core" if machine["pinned"] else "with one thread, not pinned"
    lines = [
        f"{words}, {machine['system']}, Python {machine['python']}; "
        f"load {machine['load']} at the start",
        f"every library in a process of its own, {pinned} unless said otherwise, in turns; "
        f"medians of {results['rounds']} (smallest .. largest)",
    ]
    for one in results["peers"].values():
        took = one["import_seconds"]
        lines.append(
            f"{one['title']} {one['version']}"
            + (f", import {duration(took)} on top of the interpreter" if took is not None else "")
        )
    lines += [f"MISSING  {name}: {why}" for name, why in results["missing"].items()]
    return lines


def tables(results: Results) -> list[Table]:
    """The tables of a run: ratios and figures asked for, times, libraries, the work compared."""
    names = [name for name in results["peers"] if name != "numpy"]
    best = peak(results)
    ratio_rows = [(c.row, c.what, c.value, c.spread, c.asked, c.verdict) for c in claims(results)]
    time_rows = []
    for done in results["rows"]:
        for cores in sorted({m["cores"] for m in done["measures"]}):
            label = f"{done['row']['name']}; {done['unit']}"
            cells = [_cell(done, measure(done, name, cores)) for name in names]
            time_rows.append((label + (f", {cores} cores" if cores > 1 else ""), *cells))
    firsts = {
        name: [
            one["first_call"]
            for done in results["rows"]
            if (one := measure(done, name)) is not None
        ]
        for name in names
    }
    peer_rows = [
        (
            one["title"],
            one["version"],
            "-" if one["import_seconds"] is None else duration(one["import_seconds"]),
            f"{duration(min(firsts[name]))} .. {duration(max(firsts[name]))}"
            if firsts.get(name)
            else "-",
        )
        for name, one in results["peers"].items()
    ]
    same_rows = [
        (
            done["row"]["name"],
            done["data"],
            ", ".join(done["parity"]["losses"]),
            f"{done['parity']['difference']:.1e}",
            f"{done['row']['tolerance']:.0e}",
        )
        for done in results["rows"]
    ]
    absent = [f"{name} is missing: {why}" for name, why in results["missing"].items()]
    for done in results["rows"]:
        for name, why in done["not_offered"].items():
            absent.append(f"{done['row']['name']}: {_title(results, name)} has {why}")
    return [
        Table(
            "How many times pellucid's time goes into theirs",
            ("network, batch", "against", "measured", "smallest .. largest", "must reach", "does"),
            _without_repeats(ratio_rows),
            "" if best is None else f"The peak is NumPy's sgemm of 1024 x 1024 on one core in the "
            f"same run: {best:.0f} Gflop/s. A step's operations are counted without padding, "
            "its time has everything in it.",
        ),
        Table("Times", ("what, for", *(_title(results, n) for n in names)), time_rows,
              "; ".join(absent)),
        Table(
            "Libraries",
            ("library", "version", "import", "first call, beyond the later ones"),
            peer_rows,
            "The import is on top of a bare interpreter. The first call of JAX compiles; no row's "
            "time has it.",
        ),
        Table(
            "The same work",
            ("network, batch", "data", "who", "losses differ by", "at most"),
            same_rows,
            "Two unshuffled epochs from the same weights, then the losses that each counted and "
            "the losses of their outputs, relative to the median.",
        ),
    ]  # fmt: skip


def _without_repeats(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The first cell only where it is another one than above."""
    above = ""
    found: list[Sequence[str]] = []
    for first, *others in rows:
        found.append(("" if first == above else first, *others))
        above = first
    return found


def as_text(table: Table) -> str:
    """For a terminal."""
    lines = [table.header, *table.rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(table.header))]
    body = [
        "  ".join(f"{c:<{w}}" for c, w in zip(ln, widths, strict=True)).rstrip() for ln in lines
    ]
    return "\n".join(
        [table.title, "-" * len(table.title), *body, *([table.note] * bool(table.note))]
    )


def as_markdown(table: Table) -> str:
    """For a page."""
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    body = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([f"## {table.title}", "", *body, *(["", table.note] * bool(table.note))])


def put_between(marks: tuple[str, str], page: str, body: str) -> str:
    r"""A page with a text between two marks of it; ValueError if it has none.

    Examples
    --------
    >>> put_between(("<a>\n", "<b>"), "x <a>\nold\n<b> y", "new")
    'x <a>\n\nnew\n\n<b> y'
    """
    begin, end = marks
    if begin not in page or end not in page:
        raise ValueError(f"the page has no {begin.strip()} and {end} to write between")
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    return re.sub(pattern, lambda _: f"{begin}\n{body}\n\n{end}", page, flags=re.DOTALL)


def page(results: Results) -> str:
    """The page of the docs."""
    head = (
        "# Benchmarks\n\n"
        "Made by `make bench`, which runs every row against every peer that it finds and writes "
        "this page; do not edit it. To repeat it, run that on a machine that does nothing else; "
        "`make bench-quick` is a short look that writes nothing. The numbers behind the tables "
        "are in `benchmarks/results`, and the rows in `benchmarks/rows.py`.\n\n"
    )
    facts = "\n".join(f"- {fact}" for fact in heading(results))
    body = "\n\n".join(as_markdown(table) for table in tables(results))
    return f"{head}{facts}\n\n{body}\n"
