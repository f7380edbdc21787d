"""The answers of a run in one list: each with its advice and who gave it; enter asks one of them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from agent.wording import shown_value
from tui.app.plain import fit, line

if TYPE_CHECKING:
    from agent.session import Session

_WHO = {
    "person": "you",
    "recommended": "as advised",
    "file": "answers file",
    "flag": "command line",
    "revision": "a revision",
}


@dataclass(frozen=True)
class Answered:
    """One answered question as the list shows it."""

    id: str
    phase: str
    value: str
    who: str
    advice: str
    """What was recommended, where the answer is another; else empty."""
    why: str
    """The reason that was given for the answer, else the advisor's."""
    final: bool
    """Whether the gate of its phase is decided: then only a fork changes it."""


def answered(session: Session) -> tuple[Answered, ...]:
    """Every answered question of a session, the newest phase first, within it in the order of asking."""
    position = session.position
    phases = [phase.name for phase in session.registry.phases]
    found = []
    for name, decision in position.decisions.items():
        ask = session.registry.ask(name)
        phase = ask[0].phase if ask else ""
        if decision.value is None and decision.source == "recommended":
            continue  # nothing was asked of anybody
        other = decision.recommended is not None and decision.recommended != decision.value
        found.append(
            Answered(
                name,
                phase,
                shown_value(decision.value),
                _WHO.get(decision.source, decision.source),
                shown_value(decision.recommended) if other else "",
                decision.reason or decision.why,
                bool(position.gate(phase).decisions) if phase else False,
            )
        )
    return tuple(sorted(found, key=lambda each: -phases.index(each.phase) if each.phase in phases else 0))


class AnswersScreen(ModalScreen[str | None]):
    """A list to review; gives back the id of the question to ask again."""

    DEFAULT_CSS = """
    AnswersScreen { background: $background; }
    AnswersScreen #heading { height: 3; padding: 1 2; }
    AnswersScreen DataTable { width: 1fr; height: 1fr; margin: 0 1; background: transparent; }
    AnswersScreen #told { height: auto; max-height: 8; padding: 1 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "ask again"),
        Binding("escape,q", "leave", "back", key_display="esc"),
    ]

    def __init__(self, answers: tuple[Answered, ...]) -> None:
        super().__init__()
        self._answers = answers

    def compose(self) -> ComposeResult:
        """The list, and under it the one under the cursor in full."""
        count = sum(each.who == "as advised" for each in self._answers)
        words = f"{len(self._answers)} answers, {count} as advised"
        yield Static(Content.assemble(("Answers", "bold"), f"  {words}"), id="heading", markup=False)
        with Vertical():
            yield DataTable[Text](id="answers", cursor_type="row", zebra_stripes=True)
            yield Static(id="told", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table: DataTable[Text] = self.query_one("#answers", DataTable)
        table.add_columns("phase", "question", "answer", "by", "advised otherwise")
        for each in self._answers:
            cells = (each.phase, each.id, fit(line(each.value), 34).rstrip(), each.who, line(each.advice, 24))
            table.add_row(*(Text(cell) for cell in cells))
        table.focus()
        if self._answers:
            self._tell(0)

    @on(DataTable.RowHighlighted)
    def _moved(self, event: DataTable.RowHighlighted) -> None:
        self._tell(event.cursor_row)

    def _tell(self, row: int) -> None:
        if row >= len(self._answers):
            return
        each = self._answers[row]
        hint = f"Decided at gate {each.phase}: /fork {each.phase} changes it." if each.final else "Enter asks it again."
        parts = [Content.assemble((f"{each.id} = {each.value}", "bold"), f" · {each.who}")]
        if each.advice:
            parts.append(Content(f"advised: {each.advice}"))
        if each.why:
            parts.append(Content(each.why))
        self.query_one("#told", Static).update(Content("\n").join([*parts, Content(hint).stylize("$foreground-muted")]))

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self._choose(event.cursor_row)

    def action_choose(self) -> None:
        """Ask the one under the cursor again."""
        self._choose(self.query_one("#answers", DataTable).cursor_row)

    def _choose(self, row: int) -> None:
        if row >= len(self._answers):
            return
        each = self._answers[row]
        if each.final:
            self.notify(f"Gate {each.phase} is decided; /fork {each.phase} goes back there.", markup=False)
            return
        self.dismiss(each.id)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
