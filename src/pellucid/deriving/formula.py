"""A formula is a line of NumPy that can be run, and that is also written as LaTeX and as MathML."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from pellucid.deriving.notation import Notation

ARRAYS = ("x", "z", "a", "W", "b", "s", "y", "t", "q")
"""The letters that stand for arrays; with a `d` before, for the loss's derivative by them."""

SYMBOLS = {
    "alpha": "α", "delta": "δ", "eta": "η", "kappa": "κ", "scale": "λ", "sigma": "σ", "Phi": "Φ",
    "phi": "φ", "lambda_1": "λ_1", "e": "e", "loss": "ℓ", "dloss": "ℓ'",
}  # fmt: skip
"""What names of more than a letter are written as."""

COMPARISONS = {ast.Gt: ">", ast.GtE: "≥", ast.Lt: "<", ast.LtE: "≤", ast.Eq: "="}

ADDS, MULTIPLIES, BINDS = 1, 2, 3  # how firmly an expression holds together


def renamed(source: str, names: Mapping[str, str]) -> str:
    """The expression with other names in it.

    Examples
    --------
    >>> renamed("a * (1 - a)", {"a": "a_2"})
    'a_2 * (1 - a_2)'
    """
    tree = ast.parse(source, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return ast.unparse(tree)


def names(source: str) -> list[str]:
    """The names in a formula, each once, in the order they are met.

    Examples
    --------
    >>> names("z_1 = x_1 @ W_1 + b_1")
    ['z_1', 'x_1', 'W_1', 'b_1']
    """
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)]
    found.sort(key=lambda name: name.col_offset)
    return list(dict.fromkeys(name.id for name in found))


def write(source: str, notation: Notation) -> str:
    r"""The formula in a notation.

    Examples
    --------
    >>> from pellucid.deriving.notation import LATEX
    >>> write("dz_2 = da_2 * a_2 * (1 - a_2)", LATEX)
    '\\mathrm{d}z_{2} = \\mathrm{d}a_{2} \\odot a_{2} \\odot \\left(1 - a_{2}\\right)'
    """
    return _Writer(notation).statement(ast.parse(source).body[0])


def letter(name: str) -> tuple[str, str, str]:
    """A name's parts: "d" or nothing, the letter itself, and the layer or nothing.

    Examples
    --------
    >>> letter("dz_2"), letter("W_1"), letter("n"), letter("delta")
    (('d', 'z', '2'), ('', 'W', '1'), ('', 'n', ''), ('', 'δ', ''))
    """
    base, _, layer = SYMBOLS.get(name, name).partition("_")
    found = re.fullmatch(r"d([a-zA-Z])", base)
    return ("d", found[1], layer) if found else ("", base, layer)


class _Writer:
    """Walks through one formula."""

    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        self.elements = ""  # the indices of the sum whose elements are being written

    def statement(self, node: ast.stmt) -> str:
        join = self.notation.join
        if isinstance(node, ast.Expr):
            return self.expression(node.value)
        assert isinstance(node, ast.Assign)
        targets = [self.expression(target) for target in node.targets]
        changed = {ast.unparse(target) for target in node.targets}
        again = any(isinstance(n, ast.Name) and n.id in changed for n in ast.walk(node.value))
        sign = self.notation.operator("←" if again else "=")
        parts = [part for target in targets for part in (target, sign)]
        return join(*parts, self.expression(node.value))

    def expression(self, node: ast.expr) -> str:
        write = self.notation
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Constant(value=int() | float() as value):
                return write.number(value)
            case ast.Attribute(value=value):  # .T is the only one
                return write.power(self._held(value, BINDS), write.operator("⊤"))
            case ast.UnaryOp(operand=operand):
                return write.join(write.prefix("−"), self._held(operand, MULTIPLIES))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = write.operator(COMPARISONS[type(op)])
                return write.join(self.expression(left), sign, self.expression(right))
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(left, op, right)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise ValueError(f"{ast.unparse(node)!r} has no place in a formula")

    def _name(self, name: str) -> str:
        prefix, base, layer = letter(name)
        is_array = base in ARRAYS
        if prefix and not is_array:  # df_2 is the derivative of the function f_2
            return self.notation.letter("", base + "'", layer, "")
        elements = self.elements if is_array else ""
        return self.notation.letter(
            prefix, base, layer, "k" if elements and base == "q" else elements
        )

    def _binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> str:
        write = self.notation
        if isinstance(op, ast.Add | ast.Sub):
            sign = write.operator("+" if isinstance(op, ast.Add) else "−")
            firmness = ADDS if isinstance(op, ast.Add) else MULTIPLIES
            return write.join(
                self._held(left, ADDS), sign, self._held(right, firmness, first=False)
            )
        if isinstance(op, ast.Div):
            return write.fraction(self.expression(left), self.expression(right))
        if isinstance(op, ast.Pow):
            return write.power(self._held(left, BINDS), self.expression(right))
        sign = write.times
        if isinstance(op, ast.Mult) and self._is_array(left) and self._is_array(right):
            sign = write.operator("⊙")
        elif isinstance(right, ast.Constant):
            sign = write.operator("·")
        return write.join(self._held(left, MULTIPLIES), sign, self._held(right, MULTIPLIES, False))

    def _call(self, function: str, arguments: list[ast.expr]) -> str:
        write = self.notation
        if function == "exp":
            return write.power(self._name("e"), self.expression(arguments[0]))
        if function == "abs":
            return write.modulus(self.expression(arguments[0]))
        if function == "where":
            return write.cases(self._rows(arguments))
        if function in ("sum", "rowsum", "colsum"):
            return self._sum(function, arguments[0])
        written = [self.expression(argument) for argument in arguments]
        inside = write.join(*[p for w in written for p in (w, write.operator(","))][:-1])
        if function in ("log", "tanh", "sign", "maximum"):
            name = write.function(function.replace("maximum", "max"))
        else:
            name = self._name(function)
        return write.applied(name, inside)

    def _rows(self, arguments: list[ast.expr]) -> list[tuple[str, str | None]]:
        """Value and condition of each case, the last without one."""
        condition, value, other = arguments
        rows: list[tuple[str, str | None]] = [(self.expression(value), self.expression(condition))]
        if isinstance(other, ast.Call) and ast.unparse(other.func) == "where":
            return rows + self._rows(other.args)
        return [*rows, (self.expression(other), None)]

    def _sum(self, function: str, inner: ast.expr) -> str:
        """Over rows i, units k, or both; of weights over inputs j and units k."""
        of_weights = any(letter(name)[1] == "W" for name in names(ast.unparse(inner)))
        indices = {"rowsum": "k", "colsum": "i", "sum": "jk" if of_weights else "ik"}[function]
        before = self.elements
        self.elements = indices
        body = self._held(inner, MULTIPLIES, first=False)
        self.elements = before
        return self.notation.sum(indices, body)

    def _is_array(self, node: ast.expr) -> bool:
        found = (letter(name) for name in names(ast.unparse(node)))
        return not self.elements and any(base in ARRAYS and layer for _, base, layer in found)

    def _held(self, node: ast.expr, firmness: int, first: bool = True) -> str:
        """In brackets where it would fall apart; a minus needs them everywhere but in front."""
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub()) | ast.Compare():
                own = ADDS
            case ast.UnaryOp():
                own = MULTIPLIES if first and firmness < BINDS else 0
            case ast.BinOp(op=ast.Mult() | ast.MatMult() | ast.Div()):
                own = MULTIPLIES
            case ast.Call(func=ast.Name(id="exp")) | ast.BinOp():
                own = MULTIPLIES if firmness < BINDS else 0
            case _:
                own = BINDS
        written = self.expression(node)
        return written if own >= firmness else self.notation.brackets(written)
