"""A name in C is letters, digits and underscores; here names and texts of tables become C's own."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable

LONGEST = 40
"""Characters of a name, before what tells it from others."""

LONGEST_TEXT = 4095
"""Bytes of a string that every C99 compiler takes."""

WIDTH = 100
"""Characters of a line."""

_WORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while bool true false complex imaginary alignas alignof atomic generic
    noreturn static_assert thread_local nullptr typeof typeof_unqual constexpr
    alignas alignof and and_eq asm bitand bitor catch char8_t char16_t char32_t class co_await
    co_return co_yield compl concept const_cast const_eval constinit decltype delete dynamic_cast
    explicit export friend mutable namespace new noexcept not not_eq operator or or_eq private
    protected public reinterpret_cast requires static_cast template this throw try typeid typename
    using virtual wchar_t xor xor_eq
    errno stdin stdout stderr linux unix near far small assert isnan
"""
TAKEN = frozenset(_WORDS.split())
"""Words of C and C++, and names that some compilers or headers have as macros."""

_HEADERS = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg
    stdbool stddef stdint stdio stdlib string tgmath time wchar wctype
"""
HEADERS = frozenset(_HEADERS.split())
"""The headers of C's own library, which a file of the same name would hide."""


def name(text: str, otherwise: str) -> str:
    """Lower-case letters, digits and single underscores that recall a text.

    Examples
    --------
    >>> name("Hours per week", "x"), name("Straße №3", "x"), name("2nd", "x"), name("价格", "x")
    ('hours_per_week', 'strasse_no3', 'x_2nd', 'x')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", plain)[:LONGEST].strip("_")
    if not plain:
        return otherwise
    return f"{otherwise}_{plain}" if plain[0].isdigit() else plain


def names(texts: Iterable[str]) -> list[str]:
    """Names for all texts, no two the same, and none of them C's or C++'s.

    A text that is a name as it is gets it; another that would have the same gets a number too.

    Examples
    --------
    >>> names(["Age", "age", "class", "age_2", "?"])
    ['age_3', 'age', 'class_', 'age_2', 'column_5']
    """
    texts = list(texts)
    wanted = [name(text, f"column_{i + 1}") for i, text in enumerate(texts)]
    wanted = [f"{word}_" if word in TAKEN else word for word in wanted]
    found = {text for text, word in zip(texts, wanted, strict=True) if text == word}
    used, made = set(found), []
    for text, word in zip(texts, wanted, strict=True):
        unique, number = word, 2
        while text not in found and unique in used:
            unique, number = f"{word.rstrip('_')}_{number}", number + 1
        used.add(unique)
        made.append(unique)
    return made


def string(text: str, indent: int = 0) -> str:
    r"""A text as C has it, in UTF-8 and in as many pieces as fit their lines.

    Raises
    ------
    ValueError
        If it is longer than C99 lets strings be, or has the character that ends them.

    Examples
    --------
    >>> print(string('ö "\\ ??/'), string("Private"))
    "\303\266 \"\\ ?\?/" "Private"
    """
    data = text.encode()
    if b"\0" in data:
        raise ValueError(f"{text[:40]!r} holds the character NUL, which ends texts in C")
    if len(data) > LONGEST_TEXT:
        raise ValueError(
            f"{text[:40]!r}... has {len(data)} bytes, and C's strings at most {LONGEST_TEXT}"
        )
    before, written = 0, []
    for byte in data:
        written.append("\\?" if bytes([before, byte]) == b"??" else _escaped(byte))  # no trigraphs
        before = byte
    lines, line = [], ""
    for part in written:
        if len(line) + len(part) > max(WIDTH - indent - 6, 24):
            lines.append(line)
            line = ""
        line += part
    return ("\n" + " " * indent).join(f'"{line}"' for line in [*lines, line])


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def remark(text: str, longest: int = 60) -> str:
    """A text as it may stand in a comment, on one line.

    Examples
    --------
    >>> remark("a */ b")
    'a * / b'
    """
    seen = "".join(c if c.isprintable() else " " for c in text)
    for pair in ("*/", "/*", "??"):
        seen = seen.replace(pair, " ".join(pair))
    return textwrap.shorten(seen, longest, placeholder=" ...")


def statement(line: str, indent: int = 4) -> str:
    """A line of C without texts in it, on as many lines as it needs.

    Examples
    --------
    >>> print(statement(f"z[0] = f({'x' * 50}, {'y' * 50});"))
        z[0] = f(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
                yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy);
    """
    first = " " * indent
    return textwrap.fill(
        line, WIDTH, initial_indent=first, subsequent_indent=first + " " * 8,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
