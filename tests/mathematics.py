"""Mathematics read back: what LaTeX or MathML says, as a line of NumPy that can be run."""

import re
import xml.etree.ElementTree as ET

import numpy as np
from scipy.special import ndtr

NUMPY = {
    "exp": np.exp, "log": np.log, "tanh": np.tanh, "sign": np.sign, "abs": np.abs,
    "max": np.maximum,
    "where": np.where, "sigma": lambda z: 1 / (1 + np.exp(-z)), "Phi": ndtr,
    "phi": lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi), "sum_ik": np.sum, "sum_jk": np.sum,
    "sum_k": lambda v: np.sum(v, axis=1, keepdims=True), "sum_i": lambda v: np.sum(v, axis=0),
    "lambda_": 1.0507009873554804934193349852946, "kappa": 1.6732632423543772848170429916717,
}  # fmt: skip

TOKEN = re.compile(r"\\(?:begin|end)\{cases\}|\\(?:operatorname|text)\{[^}]*\}|\\mathrm\{d\}"
                   r"|\\[a-zA-Z]+|\\\\|\\,|\d+(?:\.\d+)?|\S")  # fmt: skip
BETWEEN = {r"\,": "*", r"\odot": "*", r"\cdot": "*"}
ENDS = ("", "+", "-", "=", ")", "}", "&", ",", ">", "<", r"\ge", r"\le", r"\\", r"\end{cases}",
        r"\rvert", r"\leftarrow")  # fmt: skip
FUNCTIONS = {r"\log", r"\tanh", r"\max", r"\min", r"\sigma", r"\Phi", r"\varphi"}


class Latex:
    """Goes through one equation once."""

    def __init__(self, text):
        self.tokens = [t for t in TOKEN.findall(text) if t not in (r"\left", r"\right")]
        self.in_sum = 0

    def take(self, *expected):
        token = self.tokens.pop(0)
        assert not expected or token in expected, (token, expected)
        return token

    def next(self, n=0):
        return self.tokens[n] if n < len(self.tokens) else ""

    def sides(self):
        """Each side of the equation, as NumPy."""
        found = [self.sum()]
        while self.next():
            self.take("=", r"\leftarrow")
            found.append(self.sum())
        return found

    def sum(self):
        text = f"-{self.product()}" if self.next() == "-" and self.take() else self.product()
        while self.next() in ("+", "-"):
            text += f" {self.take()} {self.product()}"
        return text

    def product(self):
        text = left = self.power()
        while self.next() not in ENDS:
            thin = self.next() == r"\,"
            sign = BETWEEN[self.take()] if self.next() in BETWEEN else "*"
            right = self.power()
            matrices = all(re.fullmatch(r"d?[xzW]_\d+(\.T)?", side) for side in (left, right))
            text += f" {'@' if matrices and thin and not self.in_sum else sign} {right}"
            left = right
        return text

    def power(self):
        text = self.atom()
        while self.next() == "^":
            self.take()
            if self.next(1) == r"\top":
                self.take("{"), self.take(), self.take("}")
                text += ".T"
            else:
                exponent = self.group()
                text = f"exp({exponent})" if text == "e" else f"{text}**({exponent})"
        return text

    def group(self):
        self.take("{")
        text = self.sum()
        self.take("}")
        return text

    def atom(self):
        token = self.take()
        if token == "(":
            text = self.sum()
            self.take(")")
            return f"({text})"
        if token == r"\frac":
            return f"(({self.group()})/({self.group()}))"
        if token == r"\lvert":
            text = self.sum()
            self.take(r"\rvert")
            return f"abs({text})"
        if token == r"\sum":
            return self.adding()
        if token == r"\begin{cases}":
            return self.cases()
        if token == r"\sqrt":
            return f"sqrt({self.group()})"
        if (token in FUNCTIONS or token.startswith(r"\operatorname")) and self.next() == "(":
            return self.applied(
                re.sub(r"\\operatorname|[\\{}]", "", token.replace(r"\_", "_")).replace("var", "")
            )
        if re.fullmatch(r"\d+(\.\d+)?", token):
            return token
        return self.letter(token)

    def letter(self, token):
        prefix = "d" if token == r"\mathrm{d}" else ""
        name = prefix + (self.take() if prefix else token).lstrip("\\")
        if name == "lambda" and self.next() != "_":
            return "lambda_"
        if self.next() == "_":
            self.take(), self.take("{")
            places = ""
            while self.next() != "}":
                places += self.take()
            self.take("}")
            layer = places.split(",")[0]
            assert self.in_sum or layer.isdigit(), (name, places)
            name += f"_{layer}" if layer.isdigit() else ""
        if self.next() == "'":
            self.take()
            name = "d" + name
        return self.applied(name) if name.lstrip("d")[0] in "fe" and self.next() == "(" else name

    def applied(self, name):
        self.take("(")
        arguments = [self.sum()]
        while self.next() == ",":
            self.take()
            arguments.append(self.sum())
        self.take(")")
        return f"{name}({', '.join(arguments)})"

    def adding(self):
        self.take("_"), self.take("{")
        indices = ""
        while self.next() != "}":
            indices += self.take().strip(",")
        self.take("}")
        self.in_sum += 1
        body = self.product()
        self.in_sum -= 1
        return f"sum_{indices}({body})"

    def cases(self):
        rows = []
        while True:
            value = self.sum()
            self.take("&")
            if self.take(r"\text{where }", r"\text{otherwise}") == r"\text{otherwise}":
                self.take(r"\end{cases}")
                break
            left = self.sum()
            sign = {r"\ge": ">=", r"\le": "<="}.get(self.next(), self.next())
            self.take()
            rows.append((f"{left} {sign} {self.sum()}", value))
            self.take(r"\\")
        for condition, chosen in reversed(rows):
            value = f"where({condition}, {chosen}, {value})"
        return value


GREEK = {"α": r"\alpha ", "δ": r"\delta ", "η": r"\eta ", "κ": r"\kappa ", "λ": r"\lambda ",
         "σ": r"\sigma ", "Φ": r"\Phi ", "φ": r"\varphi ", "ℓ": r"\ell ", "−": "-", "⊙": r"\odot ",
         "·": r"\cdot ", "⊤": r"\top ", "≥": r"\ge ", "≤": r"\le ", "←": r"\leftarrow ",
         "\u2061": "", "log": r"\log ", "tanh": r"\tanh ", "max": r"\max ",
         "sign": r"\operatorname{sign}"}  # fmt: skip


def latex_of(mathml):
    """LaTeX that says what MathML does."""
    if isinstance(mathml, str):
        mathml = ET.fromstring(f"<mrow>{mathml.replace('&#160;', ' ')}</mrow>")
    parts = [latex_of(child) for child in mathml]
    match mathml.tag:
        case "mfrac":
            return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
        case "msup" if mathml[1].text == "′":
            return f"{parts[0]}'"
        case "msup":
            return f"{parts[0]}^{{{parts[1]}}}"
        case "msub" | "munder":
            return f"{parts[0]}_{{{parts[1]}}}".replace("∑", r"\sum")
        case "mspace":
            return r"\,"
        case "mtable":
            return rf"\begin{{cases}}{(chr(92) * 2).join(parts)}\end{{cases}}"
        case "mtr":
            return "&".join(parts)
        case "mtext":
            return rf"\text{{{mathml.text}}}"
        case "mi" if mathml.get("mathvariant") == "normal":
            return r"\mathrm{d}"
        case "mo" if mathml.text == "|":
            return {"prefix": r"\lvert ", "postfix": r"\rvert "}[mathml.get("form")]
        case "mi" | "mn" | "mo":
            return GREEK.get(mathml.text, mathml.text)
    return " ".join(parts)
