"""The form of a fork: at which gate it leaves the run, and what is to be different from there on."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from agent import yaml12
from tui.app.bridge import Leaving
from tui.app.decision import Changeable


class ForkForm(ModalScreen[Leaving | None]):
    """Asks what a fork changes; the run that it leaves stays as it is."""

    DEFAULT_CSS = """
    ForkForm { align: center middle; }
    ForkForm > VerticalScroll {
        width: 90%; max-width: 90; height: auto; max-height: 90%; padding: 0 1;
        border: round $accent; background: $surface;
    }
    ForkForm Static { height: auto; margin: 0 0 1 0; }
    ForkForm #title { text-style: bold; }
    ForkForm #wrong { color: $text-error; display: none; }
    ForkForm #wrong.told { display: block; }
    ForkForm OptionList { height: auto; max-height: 12; border: none; padding: 0; margin: 0 0 1 0; }
    ForkForm Button { margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave it"),
        Binding("ctrl+s", "confirm", "fork"),
    ]

    def __init__(self, gate: str, changeable: tuple[Changeable, ...]) -> None:
        super().__init__()
        self._gate = gate
        self._changeable = changeable
        self._changed: dict[str, Any] = {}

    def compose(self) -> ComposeResult:
        """What a fork is, the answers that may change, and those that will."""
        with VerticalScroll():
            yield Static(Content(f"Fork at gate {self._gate}"), id="title", markup=False)
            yield Static(
                Content(
                    "A run of its own begins there, with the gate open. This run stays as it is, and only what"
                    " depends on a change is done again. Enter picks an answer to change; none is fine too."
                ),
                markup=False,
            )
            yield OptionList(*(Option(Content(f"{each.id} = {each.value}")) for each in self._changeable), id="asked")
            yield Input(placeholder="ID=VALUE, then enter", id="change", select_on_focus=False)
            yield Static(id="changes", markup=False)
            yield Static(id="wrong", markup=False)
            yield Button("Fork", id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Begin at the list."""
        self.query_one("#asked").focus()

    @on(OptionList.OptionSelected, "#asked")
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        field = self.query_one("#change", Input)
        field.value = f"{self._changeable[event.option_index].id}="
        field.cursor_position = len(field.value)
        field.focus()

    @on(Input.Submitted, "#change")
    def _change(self, event: Input.Submitted) -> None:
        event.stop()
        name, sign, value = event.value.partition("=")
        if not sign or not name.strip() or not value.strip():
            wrong = self.query_one("#wrong", Static)
            wrong.update(Content("Give it as ID=VALUE, such as split.test_size=0.25."))
            wrong.add_class("told")
            return
        self._changed[name.strip()] = yaml12.scalar(value.strip())
        event.input.value = ""
        lines = [f"{key} becomes {text}" for key, text in self._changed.items()]
        self.query_one("#changes", Static).update(Content("\n".join(lines)))
        self.query_one("#confirm").focus()

    @on(Button.Pressed, "#confirm")
    def _pressed(self) -> None:
        self.action_confirm()

    def action_confirm(self) -> None:
        """Begin the fork."""
        self.dismiss(Leaving(self._gate, dict(self._changed)))

    def action_leave(self) -> None:
        """Fork nothing."""
        self.dismiss(None)
