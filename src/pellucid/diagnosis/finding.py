"""A finding is one thing that is wrong: what was measured, what it should be, what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from math import isfinite
from typing import Any

from pellucid.page import fragment

STYLE = """
.finding h3 { margin: 0 0 .3em; font-size: 1em; }
.finding.error { border-left: .3em solid var(--bad); }
.finding.warning { border-left: .3em solid var(--second); }
.finding p { margin: .2em 0; }
"""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    name : of the disease, a key of `pellucid.diagnosis.DISEASES`.
    severity : "error" where the network cannot work like that, "warning" where it works worse.
    where : the layer, input or class it is about; "" where it is about all.
    message : one sentence, with what was measured and the limit.
    measured, limit : the two numbers.
    cure : what to change, as a call or an option.
    """

    name: str
    severity: str
    where: str
    message: str
    measured: float
    limit: float
    cure: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; what is measured is None where it is not finite."""
        return asdict(self) | {"measured": self.measured if isfinite(self.measured) else None}

    def __str__(self) -> str:
        return f"{self.severity}: {self.name}: {self.message}\n  cure: {self.cure}"


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a fitted model; print it to read it.

    Parameters
    ----------
    findings : errors first.
    model : what was examined, in a few words.
    rows, test_rows : how many it was examined on.
    examined : the names of the diseases that were looked for.
    skipped : those that could not be, and why.
    """

    findings: tuple[Finding, ...]
    model: str
    rows: int
    test_rows: int
    examined: tuple[str, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.healthy:
            return f"Nothing is wrong, of {len(self.examined)} things looked for."
        several = "s" if len(self.findings) > 1 else ""
        return f"{len(self.findings)} finding{several}, of {len(self.examined)} things looked for."

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "healthy": self.healthy,
            "findings": [finding.to_dict() for finding in self.findings],
            "model": self.model,
            "rows": self.rows,
            "test_rows": self.test_rows,
            "examined": list(self.examined),
            "skipped": dict(self.skipped),
        }

    @property
    def _on(self) -> str:
        return f"{self.rows} rows" + (f" and {self.test_rows} to test" if self.test_rows else "")

    def __str__(self) -> str:
        left = [f"not looked for: {names} ({why})" for why, names in self._left()]
        head = f"{self.model}, on {self._on}"
        return "\n".join([head, *map(str, self.findings), self.verdict, *left])

    def _left(self) -> list[tuple[str, str]]:
        """Why some were not looked for, and which."""
        by_reason: dict[str, list[str]] = {}
        for name, why in self.skipped.items():
            by_reason.setdefault(why, []).append(name)
        return [(why, ", ".join(names)) for why, names in by_reason.items()]

    def html(self) -> str:
        """The findings as cards, for a page that has pellucid's style; `STYLE` is theirs."""
        parts = [f"<p>{escape(self.model)}, on {self._on}.</p>"]
        parts += [
            f'<div class="card finding {f.severity}"><h3>{f.severity}: {escape(f.name)}</h3>'
            f"<p>{escape(f.message)}</p><p><b>Cure:</b> {escape(f.cure)}</p></div>"
            for f in self.findings
        ]
        parts.append(f"<p><b>{self.verdict}</b></p>")
        parts += [
            f'<p class="muted">Not looked for: {escape(names)} ({escape(why)}).</p>'
            for why, names in self._left()
        ]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        return fragment(self.html(), STYLE)
