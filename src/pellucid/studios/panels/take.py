"""To take along is to download what was made: the model, its code, its report, its picture."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.forms import FORMS, Form
from pellucid.studios.panels.panel import Panel
from pellucid.studios.view import View

COPY = """() => {
    const field = document.getElementById('link');
    field.select();
    navigator.clipboard?.writeText(field.value).catch(() => document.execCommand('copy'));
}"""

LINK = "const field = document.getElementById('link'); if (field) field.value = location.href"


class TakeAlong(Panel):
    """Downloads of what is shown, each made when it is asked for."""

    def build(self) -> None:
        """A button for each form, and the link."""
        self._buttons: dict[str, ui.button] = {}
        with ui.element("div").classes("forms"):
            for form in FORMS.values():
                self._form(form)
            with ui.element("div").classes("form link"):
                with ui.element("div").classes("form-words"):
                    ui.label("Link").classes("form-title")
                    ui.label("Opens this very page again, in this studio.").classes("hint")
                with ui.element("div").classes("link-row"):
                    ui.element("input").props(
                        'id=link readonly aria-label="Link" spellcheck=false'
                    ).on("focus", js_handler="(event) => event.target.select()")
                    copy = ui.button(icon="content_copy", color=None)
                    copy.props('flat round dense id=copy-link aria-label="Copy the link"')
                    copy.on("click", js_handler=COPY)
        self.note = ui.label().classes("muted take-note").props("id=take-note aria-live=polite")

    def _form(self, form: Form) -> None:
        with ui.element("div").classes("form"):
            with ui.element("div").classes("form-words"):
                ui.label(form.title).classes("form-title")
                ui.label(form.hint).classes("hint")
            button = ui.button(icon="download", color=None, on_click=lambda: self._take(form))
            button.props(f'flat round dense id=take-{form.name} aria-label="{form.title}"')
            self._buttons[form.name] = button

    def changed(self) -> None:
        """Another run: nothing was taken of it yet."""
        self.note.text = ""

    def measure(self, view: View) -> bool:
        """Whether the link may be another: it is of full epochs, where a run stands still."""
        return not view.standing.playing

    def show(self, measured: bool) -> None:
        """Show the link."""
        ui.run_javascript(LINK)

    async def _take(self, form: Form) -> None:
        """Make one, off the page's thread, and have the browser save it."""
        button, view = self._buttons[form.name], self.session.view()
        button.props("loading")
        self.note.text = f"Making: {form.title.lower()} of epoch {view.epoch} …"
        try:
            name, made = await self.page.away(form.file, self.session, view)
        except Exception as error:
            self.note.text = ""
            self.page.say(f"{form.title}: {' '.join(str(error).split()) or type(error).__name__}")
            return
        finally:
            button.props(remove="loading")
        ui.download(made, name)
        self.note.text = f"{name} · {_size(len(made))} · epoch {view.epoch}"


def _size(n: int) -> str:
    return f"{n / 2**20:.1f} MB" if n >= 2**20 else f"{max(n // 1024, 1)} kB"
