"""The table's panel tells what the data are: their columns, what is missing, and the first rows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from pellucid.studios.facts import count
from pellucid.studios.panels.panel import Panel
from pellucid.studios.script import learnt_by
from pellucid.studios.view import View

if TYPE_CHECKING:
    import polars

    from pellucid.studios.material import Material

FIRST_ROWS, FIRST_COLUMNS = 50, 100
"""That are shown."""

MOST_LETTERS = 40
"""Of a name or a value that is shown."""

TICKED = (
    "(event) => { const box = event.target; if (box.dataset.column !== undefined) "
    "emit(Number(box.dataset.column), box.checked); }"
)


class Rows(Panel):
    """All columns with a tick to learn from them, and beside them the first rows."""

    def build(self) -> None:
        """Two tables, made as text: columns can be many."""
        self._material: Material | None = None
        self._names: list[str] = []
        self.notes = ui.label().classes("muted table-notes").props("id=table-notes")
        with ui.element("div").classes("table-pair"):
            self.columns = ui.html("", sanitize=False).classes("scrolled").props("id=columns")
            self.columns.on("change", self._ticked, js_handler=TICKED)
            self.rows = ui.html("", sanitize=False).classes("scrolled").props("id=first-rows")
        self.columns.props('tabindex=0 role=region aria-label="Columns"')
        self.rows.props('tabindex=0 role=region aria-label="First rows"')

    def measure(self, view: View) -> Any:
        """Both tables, where the data are other ones."""
        if view.material is self._material:
            return None
        frame, material = learnt_by(self.session), view.material
        return material, frame.columns, _columns(frame, material), _first(frame, material)

    def show(self, measured: Any) -> None:
        """Show them."""
        self._material, self._names, columns, rows = measured
        notes = self._material.notes
        self.notes.text = " · ".join(note[:1].upper() + note[1:] for note in notes[:6])
        self.notes.set_visibility(bool(notes))
        self.columns.content, self.rows.content = columns, rows

    async def _ticked(self, event: GenericEventArguments) -> None:
        number, ticked = event.args
        name, target = self._names[int(number)], self.session.material.target_name
        every = [each for each in self._names if each != target]
        chosen = {*(self.session.experiment.features or every)}
        chosen = chosen | {name} if ticked else chosen - {name}
        features = tuple(each for each in every if each in chosen)
        if not features:
            self.page.say("the last feature stays: a network needs something to learn from")
        elif await self.page.change(features=() if len(features) == len(every) else features):
            return
        self._material = None  # the ticks go back to what there is
        self.columns.content = ""
        self.page.refresh()


def _columns(frame: polars.DataFrame, material: Material) -> str:
    """A line for each column: whether it is learnt from, its name, type, gaps and values."""
    dropped = dict(material.encoder.dropped)
    learnt = {*material.trained.columns}
    lines = []
    for i, column in enumerate(frame.get_columns()[:FIRST_COLUMNS]):
        name, is_target = column.name, column.name == material.target_name
        ticked = name in learnt
        label = escape(f"Learn from {_short(name)}", quote=True)
        tick = (
            "target" if is_target
            else f'<input type="checkbox" data-column="{i}" aria-label="{label}"'
            f"{' checked' if ticked else ''}>"
        )  # fmt: skip
        gaps = column.null_count()
        values = f"not used: {dropped[name]}" if name in dropped else _values(column)
        lines.append(
            f"<tr{' class=target' if is_target else ''}><td>{tick}</td>"
            f'<th scope="row" title="{escape(name, quote=True)}">{escape(_short(name))}</th>'
            f"<td>{_kind(column)}</td><td class=number>{count(gaps) if gaps else '–'}</td>"
            f"<td class=values>{escape(values)}</td></tr>"
        )
    more = frame.width - FIRST_COLUMNS
    foot = f"<p class=hint>and {count(more)} more columns</p>" if more > 0 else ""
    head = "<th>Learn</th><th>Column</th><th>Type</th><th class=number>Missing</th><th>Values</th>"
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f"<table aria-label=Columns>{body}</table>{foot}"


def _first(frame: polars.DataFrame, material: Material) -> str:
    """The first rows, the target first."""
    aim = material.target_name
    names = [aim, *(name for name in frame.columns if name != aim)][:FIRST_COLUMNS]
    few = frame.head(FIRST_ROWS).select(names)
    head = "".join(
        f'<th title="{escape(name, quote=True)}">{escape(_short(name))}</th>' for name in names
    )
    lines = "".join(
        f"<tr>{''.join(map(_cell, row))}</tr>" for row in few.iter_rows()
    )  # fmt: skip
    more = frame.height - few.height
    foot = f"<p class=hint>and {count(more)} more rows</p>" if more > 0 else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody>"
    return f"<table class=first aria-label=Rows>{body}</table>{foot}"


def _cell(value: Any) -> str:
    if value is None:
        return "<td class=gap>missing</td>"
    if isinstance(value, float):
        return f"<td class=number>{value:.6g}</td>"
    kind = " class=number" if isinstance(value, int) and not isinstance(value, bool) else ""
    return f"<td{kind}>{escape(_short(str(value)))}</td>"


def _kind(column: polars.Series) -> str:
    if column.dtype.is_numeric():
        return "whole number" if column.dtype.is_integer() else "number"
    return "yes or no" if str(column.dtype) == "Boolean" else "text"


def _values(column: polars.Series) -> str:
    """The range of numbers; of text how many values there are, and the most frequent."""
    present = column.drop_nulls()
    if not len(present):
        return "none"
    if column.dtype.is_numeric():
        low, high = present.min(), present.max()
        if column.dtype.is_integer():
            return f"{count(low)} to {count(high)}"
        return f"{float(low):.4g} to {float(high):.4g}"  # type: ignore[arg-type]
    counts = present.cast(str).value_counts(sort=True, name="rows")
    some = ", ".join(_short(value, 16) for value in counts[column.name].head(4))
    return f"{count(counts.height)}: {some}" + (", …" if counts.height > 4 else "")


def _short(text: str, most: int = MOST_LETTERS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
