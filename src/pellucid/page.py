"""A page is one HTML document that needs nothing else: no file, no font, no network.

Light or dark is as the reader's system is. What is put into it must be escaped where it is text:
`escape` does that.
"""

from __future__ import annotations

from html import escape

__all__ = ["STYLE", "escape", "fragment", "page"]

COLOURS = {
    "light": {
        "ground": "#ffffff", "card": "#f6f7f9", "ink": "#1b1e24", "muted": "#5d6470",
        "line": "#d9dce1", "accent": "#0067a3", "second": "#b34700", "good": "#1a7340",
        "bad": "#b3261e",
    },
    "dark": {
        "ground": "#16181d", "card": "#1e2127", "ink": "#e8eaee", "muted": "#a4abb8",
        "line": "#363b45", "accent": "#56b4e9", "second": "#e69f00", "good": "#6fcf97",
        "bad": "#ff8a80",
    },
}  # fmt: skip
"""Each text colour has a contrast of 4.5 or more on `ground` and on `card`."""


def _variables(theme: str) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in COLOURS[theme].items())


STYLE = f"""
.pellucid {{ {_variables("light")} color-scheme: light dark; color: var(--ink);
  background: var(--ground); font: 16px/1.5 system-ui, sans-serif; }}
@media (prefers-color-scheme: dark) {{ .pellucid {{ {_variables("dark")} }} }}
.pellucid h1, .pellucid h2, .pellucid h3 {{ line-height: 1.2; margin: 1.6em 0 .5em; }}
.pellucid h1 {{ font-size: 1.7rem; margin-top: 0; }} .pellucid h2 {{ font-size: 1.25rem; }}
.pellucid h3 {{ font-size: 1.05rem; }} .pellucid a {{ color: var(--accent); }}
.pellucid code, .pellucid pre {{ font: .875em/1.5 ui-monospace, monospace; }}
.pellucid pre {{ overflow-x: auto; }}
.pellucid .card {{ background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem 1.25rem; margin: 1rem 0; }}
.pellucid table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
.pellucid th, .pellucid td {{ padding: .25rem .9rem .25rem 0; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top; }}
.pellucid th {{ color: var(--muted); font-weight: 600; }}
.pellucid td.number, .pellucid th.number {{ text-align: right; }}
.pellucid .muted {{ color: var(--muted); }} .pellucid .good {{ color: var(--good); }}
.pellucid .bad {{ color: var(--bad); }} .pellucid .scroll {{ overflow-x: auto; }}
.pellucid img, .pellucid svg {{ max-width: 100%; height: auto; }}
.pellucid :focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
"""


def page(title: str, body: str, style: str = "", script: str = "") -> str:
    """A whole document.

    Parameters
    ----------
    title : as text.
    body : as HTML.
    style, script : more CSS, and JavaScript, for this page alone.

    Examples
    --------
    >>> "<title>1 &lt; 2</title>" in page("1 < 2", "<h1>One</h1>")
    True
    """
    code = f"<script>\n{script.strip()}\n</script>\n" if script else ""
    whole = "html { background: var(--ground); }\nbody { margin: 0; }\nmain { max-width: 64rem; "
    whole += "margin: 0 auto; padding: 2rem 1.25rem 4rem; }"
    return f"""<!doctype html>
<html lang="en" class="pellucid">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{STYLE}{whole}
{style.strip()}
</style>
</head>
<body>
<main>
{body.strip()}
</main>
{code}</body>
</html>
"""


def fragment(body: str, style: str = "") -> str:
    """A piece of a page, such as a notebook shows, in the same style.

    Examples
    --------
    >>> print(fragment("<p>one</p>").partition("</style>")[2].strip())
    <div class="pellucid">
    <p>one</p>
    </div>
    """
    more = f"\n{style.strip()}" if style else ""
    return f'<style>{STYLE}{more}\n</style>\n<div class="pellucid">\n{body.strip()}\n</div>\n'
