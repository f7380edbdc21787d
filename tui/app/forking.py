"""The form of a fork: at which gate it leaves the run, and what is to be different from there on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.app.bridge import Leaving
from tui.app.plain import content
from tui.app.revising import Ask, Revision

if TYPE_CHECKING:
    from agent.conversation.gate_view import Changeable

_FORK = (
    "A run of its own begins there, with the gate open. This run stays as it is, and only what depends on a change is"
    " done again. Without a change the fork shows the same."
)


class ForkForm(ModalScreen[Leaving | None]):
    """Asks what a fork changes; the run that it leaves stays as it is."""

    DEFAULT_CSS = """
    ForkForm { align: center middle; }
    ForkForm > VerticalScroll {
        width: 94%; max-width: 100; height: auto; max-height: 94%; padding: 0 1;
        border: round $accent; background: $surface; border-title-color: $text;
    }
    ForkForm Static { height: auto; }
    ForkForm .told { margin: 0 0 1 0; }
    ForkForm #wrong { color: $text-error; display: none; }
    ForkForm #wrong.told { display: block; }
    ForkForm Input { background: $boost; width: 1fr; }
    ForkForm Button { margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave it"),
        Binding("ctrl+s", "confirm", "fork"),
    ]

    def __init__(self, gate: str, changeable: tuple[Changeable, ...], ask: Ask) -> None:
        """Make the form.

        Args:
            gate: where the fork leaves the run.
            changeable: the answers that it may change.
            ask: looks at the session.
        """
        super().__init__()
        self._gate = gate
        self._changeable = changeable
        self._ask = ask

    def compose(self) -> ComposeResult:
        """What a fork is, the answers that may change, and those that will."""
        with VerticalScroll(can_focus=False) as pane:
            pane.border_title = content(f"Fork at gate {self._gate}")
            pane.border_subtitle = "ctrl+s forks · esc leaves it"
            yield Static(Content(_FORK), classes="told", markup=False)
            yield Revision(self._changeable, self._ask, {})
            yield Static(id="wrong", markup=False)
            yield Button("Fork  ctrl+s", id="confirm", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Begin at the answers."""
        self.query_one(Revision).begin()

    @on(Revision.Refused)
    def _unfit(self, event: Revision.Refused) -> None:
        self._refuse(event.problem)

    @on(Revision.Taken)
    def _gathered(self) -> None:
        self._refuse("")

    def _refuse(self, text: str) -> None:
        wrong = self.query_one("#wrong", Static)
        wrong.update(Content(text))
        wrong.set_class(bool(text), "told")

    @on(Button.Pressed, "#confirm")
    async def _pressed(self) -> None:
        await self.action_confirm()

    async def action_confirm(self) -> None:
        """Begin the fork."""
        self.dismiss(Leaving(self._gate, await self.query_one(Revision).settled()))

    def action_leave(self) -> None:
        """Fork nothing."""
        self.dismiss(None)
