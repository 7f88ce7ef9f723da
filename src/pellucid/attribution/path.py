"""A path integral adds up a gradient along the straight line from one row of inputs to another.

What each piece of the line must add up to is known, f at its end less f at its beginning, so that
the error of each is known as well. Pieces that are off are divided, where a unit of the network has
its kink, and in the middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.attribution.answer import Answer, Floats, Places

if TYPE_CHECKING:
    from numpy.typing import NDArray

NODES, WEIGHTS = np.polynomial.legendre.leggauss(3)

PIECES = 8
"""Into which each line is divided at first."""

TOLERANCE = 1e-7
"""What the errors of all pieces of a line may add up to, about, where answers are of size 1."""

DEEPEST, MOST_PIECES = 50, 20_000
"""How often a piece is divided, and how many a line may have: more are taken as they are, so that
a line ends after at most some 60 000 gradients, whatever the network is like."""

ROUNDING = 4.0 * float(np.finfo(np.float64).eps)

AT_ONCE = 1 << 18
"""Numbers in an array of sums that are reckoned at once."""


def integrate(answer: Answer, start: Floats, end: Floats, which: Places) -> Floats:
    """The integral of each input's gradient, times how far the input moves, (n, n_inputs).

    Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, 2017, equation 1.

    Parameters
    ----------
    start, end : (n, n_inputs) of each line.
    which : (n,) place of the answer that is followed along it.
    """
    z = answer.first(start)
    along = answer.first(end) - z
    line = _Lines(answer, z, along, which)
    n = len(start)
    edges = np.linspace(0.0, 1.0, PIECES + 1)
    row = np.repeat(np.arange(n), PIECES)
    a, b = np.tile(edges[:-1], n), np.tile(edges[1:], n)
    f = line.values(np.repeat(np.arange(n), PIECES + 1), np.tile(edges, n)).reshape(n, PIECES + 1)
    f_a, f_b = f[:, :-1].reshape(-1), f[:, 1:].reshape(-1)
    size = np.maximum(1.0, np.abs(f).max(axis=1))
    total, pieces = np.zeros_like(z), np.zeros(n)
    for depth in range(DEEPEST + 1):
        pieces += np.bincount(row, minlength=n)
        allowed = np.maximum(TOLERANCE / pieces, ROUNDING) * size
        allowed[(pieces > MOST_PIECES) | (depth == DEEPEST)] = np.inf
        left = line.add_up(total, row, a, b, f_b - f_a, allowed)
        if not left.any():
            break
        row, a, b, f_a, f_b = line.divided(row[left], a[left], b[left], f_a[left], f_b[left])
    integral: Floats = answer.to_inputs(total) * (end - start)
    return integral


class _Lines:
    """Lines in the space of first sums: z + t along, t from 0 to 1, (n, h) of each."""

    def __init__(self, answer: Answer, z: Floats, along: Floats, which: Places) -> None:
        self.answer, self.z, self.along, self.which = answer, z, along, which
        widest = max(z.shape[1], *(layer.n_out for layer in answer.layers[answer.straight - 1 :]))
        self.at_once = max(1, AT_ONCE // widest)

    def values(self, row: Places, t: Floats) -> Floats:
        """The answers (p,) at places t (p,) of the lines `row` (p,)."""
        made = np.empty(len(row))
        for part in self._parts(len(row)):
            made[part] = self.answer.values(self._at(row[part], t[part]), self.which[row[part]])
        return made

    def add_up(
        self, total: Floats, row: Places, a: Floats, b: Floats, rise: Floats, allowed: Floats
    ) -> NDArray[np.bool_]:
        """Add the integrals of pieces (p,) to the total (n, h) of their lines, and say which not.

        Parameters
        ----------
        rise : (p,) what the gradient along each piece must add up to.
        allowed : (n,) how far off each piece of a line may be.
        """
        left, m = np.empty(len(row), bool), len(NODES)
        for part in self._parts(len(row), m):
            r, low, half = row[part], a[part], 0.5 * (b[part] - a[part])
            t = (low + half)[:, None] + half[:, None] * NODES
            rows = np.repeat(r, m)
            _, g = self.answer.values_and_gradients(self._at(rows, t.reshape(-1)), self.which[rows])
            integral = half[:, None] * (WEIGHTS @ g.reshape(len(r), m, -1))
            off = rise[part] - (integral * self.along[r]).sum(axis=1)
            left[part] = ~(np.abs(off) <= allowed[r]) & np.isfinite(allowed[r])
            np.add.at(total, r[~left[part]], integral[~left[part]])
        return left

    def divided(
        self, row: Places, a: Floats, b: Floats, f_a: Floats, f_b: Floats
    ) -> tuple[Places, Floats, Floats, Floats, Floats]:
        """The pieces that pieces become, in the form that they are given in."""
        rows, edges, at_inner = [], [], []
        for part in self._parts(len(row), 2):
            r, low, high = row[part], a[part], b[part]
            cuts = np.sort(self._cuts(r, low, high), axis=1)  # (p, c), NaN last
            found = np.isfinite(cuts)
            counts = found.sum(axis=1)
            places = np.column_stack([low, cuts, high])
            kept = np.column_stack([np.ones(len(r), bool), found, np.ones(len(r), bool)])
            inner = np.column_stack([np.zeros(len(r), bool), found, np.zeros(len(r), bool)])
            edges.append(places[kept])
            at_inner.append(inner[kept])
            rows.append(np.repeat(r, counts + 2))
        edge, is_inner, row_of = (
            np.concatenate(edges),
            np.concatenate(at_inner),
            np.concatenate(rows),
        )
        f = np.empty(len(edge))
        f[is_inner] = self.values(row_of[is_inner], edge[is_inner])
        ends = np.flatnonzero(~is_inner)
        f[ends[::2]], f[ends[1::2]] = f_a, f_b
        begins = np.ones(len(edge), bool)
        begins[ends[1::2]] = False
        i = np.flatnonzero(begins)
        return row_of[i], edge[i], edge[i + 1], f[i], f[i + 1]

    def _cuts(self, row: Places, a: Floats, b: Floats) -> Floats:
        """Where to divide pieces (p, c), NaN for nowhere: in the middle, and at the kinks.

        The sums of a layer are straight between the kinks of those before it, if these are of relu;
        so the first layer that has any comes first, and its kinks are where such lines cross 0.
        """
        cuts = [(0.5 * (a + b))[:, None]]
        free = np.ones(len(row), bool)
        at_a, at_b = (self.answer.kinks(self._at(row, t)) for t in (a, b))
        for z_a, z_b in zip(at_a, at_b, strict=True):
            crosses = (z_a < 0.0) != (z_b < 0.0)
            share = np.divide(z_a, z_a - z_b, out=np.full_like(z_a, np.nan), where=crosses)
            inside = (share > 1e-12) & (share < 1.0 - 1e-12) & free[:, None]
            cuts.append(np.where(inside, a[:, None] + share * (b - a)[:, None], np.nan))
            free &= ~inside.any(axis=1)
        return np.hstack(cuts)

    def _at(self, row: Places, t: Floats) -> Floats:
        z: Floats = self.z[row] + t[:, None] * self.along[row]
        return z

    def _parts(self, n: int, each: int = 1) -> list[slice]:
        step = max(1, self.at_once // each)
        return [slice(i, i + step) for i in range(0, n, step)]
