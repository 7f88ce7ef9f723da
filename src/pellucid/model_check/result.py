"""The result of a model check is a table: what was measured, what is allowed, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import Any

OK, FAILED, NONE = "ok", "FAILED", "not done"
"""Verdicts. What was not done says why."""


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Parameters
    ----------
    name : such as "digest", "loss, native" or "gradient of layer1.W".
    measured : the number that was found, None where there is none.
    allowed : the most that it may be.
    verdict : `OK`, `FAILED` or `NONE`.
    remark : what is to be said of it.
    """

    name: str
    measured: float | None
    allowed: float | None
    verdict: str
    remark: str = ""

    @classmethod
    def of(cls, name: str, measured: float, allowed: float, remark: str = "") -> Check:
        """A number held against what it may be; NaN is never right."""
        return cls(name, measured, allowed, OK if measured <= allowed else FAILED, remark)

    @classmethod
    def skipped(cls, name: str, why: str) -> Check:
        """One that could not be made, or was not needed."""
        return cls(name, None, None, NONE, why)

    @classmethod
    def failed(cls, name: str, why: str) -> Check:
        """One that says no more than that."""
        return cls(name, None, None, FAILED, why)

    @classmethod
    def passed(cls, name: str, remark: str = "") -> Check:
        """One that says no more than that."""
        return cls(name, None, None, OK, remark)


@dataclass(frozen=True)
class ModelCheck:
    """The table of checks; print it to read it.

    Parameters
    ----------
    about : what was checked, on what.
    checks : one after another.
    """

    about: str
    checks: tuple[Check, ...]

    @property
    def wrong(self) -> list[str]:
        """The names of the checks that failed."""
        return [check.name for check in self.checks if check.verdict == FAILED]

    @property
    def passed(self) -> bool:
        """Whether none did."""
        return not self.wrong

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.wrong:
            return f"FAILED: {', '.join(self.wrong)}"
        done = sum(check.verdict == OK for check in self.checks)
        left = len(self.checks) - done
        return f"ok: {done} checks passed" + (f", {left} not done" if left else "")

    def __str__(self) -> str:
        width = max(len(check.name) for check in self.checks)
        rows = [self.about, f"{'check':<{width}}  {'measured':>9}  {'allowed':>8}  verdict"]
        for check in self.checks:
            measured, allowed = _number(check.measured), _number(check.allowed)
            said = f"{check.verdict}: {check.remark}" if check.remark else check.verdict
            rows.append(f"{check.name:<{width}}  {measured:>9}  {allowed:>8}  {said}")
        return "\n".join([*rows, self.verdict])

    def _repr_html_(self) -> str:
        from pellucid.page import fragment

        rows = "".join(
            f'<tr><td>{escape(c.name)}</td><td class="number">{_number(c.measured)}</td>'
            f'<td class="number">{_number(c.allowed)}</td><td class="{_tone(c)}">{c.verdict}</td>'
            f'<td class="muted">{escape(c.remark)}</td></tr>'
            for c in self.checks
        )
        head = "".join(f"<th>{name}</th>" for name in ("check", "measured", "allowed", "", ""))
        tone = "good" if self.passed else "bad"
        return fragment(
            f'<div class="card"><p>{escape(self.about)}</p><table><tr>{head}</tr>{rows}</table>'
            f'<p class="{tone}"><b>{escape(self.verdict)}</b></p></div>'
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; what is not finite is None."""
        return {
            "about": self.about,
            "passed": self.passed,
            "verdict": self.verdict,
            "checks": [
                vars(check)
                | {"measured": _finite(check.measured), "allowed": _finite(check.allowed)}
                for check in self.checks
            ],
        }


def _finite(number: float | None) -> float | None:
    return None if number is None or not isfinite(number) else float(number)


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.2g}"


def _tone(check: Check) -> str:
    return {OK: "good", FAILED: "bad"}.get(check.verdict, "muted")
