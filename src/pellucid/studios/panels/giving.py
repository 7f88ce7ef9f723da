"""To give is to bring data of one's own, or a model: by a file, by dropping one, or by pasting."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakMethod

from nicegui import ui
from nicegui.events import GenericEventArguments, UploadEventArguments

from pellucid.columns import listed
from pellucid.studios.continuing import Opened
from pellucid.studios.given import MOST_GIVEN, is_model, likely_target, table_given
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    from pellucid.studios.page import Page

MOST_PASTED = 500_000
"""Letters of text that can be pasted; a file can have more."""


class Drop(ui.element, component="../assets/drop.js"):
    """The whole page as a place to drop a file on."""

    def __init__(self, uploader: int) -> None:
        super().__init__()
        self._props["uploader"] = uploader


class Giving:
    """A button that opens a file, one to paste, and the page to drop on.

    Parameters
    ----------
    page : that they are on.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tables: dict[str, str] = {}  # digest -> name, of what was given in this tab
        self._dialog = self._paste_dialog()
        # FastAPI remembers the route of every upload, and would hold a closed tab's page by it.
        uploaded, rejected = WeakMethod(self._uploaded), WeakMethod(self._rejected)
        uploader = ui.upload(
            auto_upload=True, max_file_size=MOST_GIVEN,
            on_upload=lambda event: (method := uploaded()) and method(event),
            on_rejected=lambda: (method := rejected()) and method(),
        )  # fmt: skip
        self._uploader = uploader.classes("uploader").props("id=uploader")
        Drop(uploader.id).on("several", self._several)
        pick = f"() => getElement({uploader.id}).$refs.qRef.pickFiles()"
        opens = ui.button("Open", icon="folder_open", color=None).classes("giving")
        opens.props("flat dense no-caps id=open-file").on("click", js_handler=pick)
        with opens:
            ui.tooltip("A table (CSV, TSV, Parquet, NPZ) or a model file; or drop one on the page")
        paste = ui.button("Paste", icon="content_paste", color=None, on_click=self._dialog.open)
        with paste.classes("giving").props("flat dense no-caps id=paste"):
            ui.tooltip("Text in columns, such as from a spreadsheet")

    def _paste_dialog(self) -> ui.dialog:
        with ui.dialog() as dialog, ui.element("div").classes("card dialog"):
            dialog.props('aria-label="Paste a table" no-backdrop-dismiss')
            with ui.element("h2"):
                ui.label("Paste a table")
            ui.label(
                "Text in columns, with commas, semicolons or tabs between them; the first line "
                "may hold names."
            ).classes("muted")
            self._text = ui.textarea().classes("pasted")
            self._text.props(
                f'outlined debounce=300 maxlength={MOST_PASTED} for=pasted aria-label="The table" '
                "input-class=pasted-text spellcheck=false"
            )
            with ui.element("div").classes("dialog-foot"):
                ui.button("Cancel", color=None, on_click=dialog.close).props("flat no-caps")
                take = ui.button("Learn from it", color=None, on_click=self._pasted)
                take.props("flat no-caps id=take-pasted").classes("main-button")
        return dialog

    # --- what a person does ---------------------------------------------------------------------

    async def _uploaded(self, event: UploadEventArguments) -> None:
        self._uploader.reset()
        await self.take(await event.file.read(), event.file.name)

    def _rejected(self) -> None:
        self._uploader.reset()
        self.page.say(f"the file has more than {MOST_GIVEN // 2**20} MB: a script can read it")

    def _several(self, event: GenericEventArguments) -> None:
        self.page.say(f"{event.args} files were dropped: drop one at a time")

    async def _pasted(self) -> None:
        text = self._text.value or ""
        if len(text) >= MOST_PASTED:
            self.page.say(f"more than {MOST_PASTED:,} letters were pasted: open them as a file")
        elif not text.strip():
            self.page.say("nothing was pasted: put a table into the field first")
        elif await self.take(text.encode("utf-8", "replace"), "pasted table"):
            self._text.value = ""
            self._dialog.close()

    async def take(self, data: bytes, name: str) -> bool:
        """Learn from a table, or go on with a model; whether that was possible."""
        self.page.root.classes(add="busy")
        try:
            if is_model(data):
                return await self._take_model(await self.page.away(Opened.given, data, name))
            return await self._take_table(*await self.page.away(self._read, data, name))
        except (ValueError, TypeError, MemoryError, OSError) as error:
            self.page.say(" ".join(str(error).split()) or "the file is too large for the memory")
            return False
        finally:
            self.page.root.classes(remove="busy")

    def _read(self, data: bytes, name: str) -> tuple[str, str]:
        """The digest of the table on the shelf, and its likely target."""
        table = table_given(data, name)
        shelf = self.page.session.shelf
        digest = shelf.put(table, name)
        self.tables[digest] = shelf.name(digest)
        return digest, likely_target(table)

    async def _take_table(self, digest: str, target: str) -> bool:
        begun = await self.page.change(
            data=digest, target=target, features=(), noise=None, output="", loss=""
        )
        if not begun:
            self.tables.pop(digest, None)
        return begun

    async def _take_model(self, opened: Opened) -> bool:
        if not await self.page.open(opened):
            return False
        self.page.say_what_is_waited_for()
        return True


def waits_for(opened: Opened) -> str:
    """What is to be given before a model can be gone on with."""
    n = opened.network.architecture.n_inputs
    names = list(opened.columns)
    shown = ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if names[5:] else "")
    of = f"the columns {shown}" if names else f"{n} columns of numbers"
    aim = repr(opened.target_name) if opened.target_name else "a column"
    return (
        f"{opened.name} is open. Give data with {of}, and {aim} of {_answers(opened)} to predict, "
        "and it goes on from its weights."
    )


def _answers(opened: Opened) -> str:
    """What it can be asked for."""
    if isinstance(opened.target, ClassTarget):
        return f"the classes {listed([str(each) for each in opened.target.classes], 5)}"
    return f"{opened.n_classes} classes" if opened.n_classes else "numbers"
