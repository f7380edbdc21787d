"""The form behind a gate's keys: who decides and why, on what conditions, over which failed checks, changing what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static
from textual.widgets.selection_list import Selection

from agent.answers import GateAnswer
from tui.app.plain import content, line
from tui.app.question import Ticks
from tui.app.revising import Ask, Revision

if TYPE_CHECKING:
    from agent.conversation.gate_view import Changeable
    from agent.gates import GateRequest

How = Literal["approve", "conditions", "revise", "reject"]
TITLES = {
    "approve": "Approve",
    "conditions": "Approve with conditions",
    "revise": "Send back with changes",
    "reject": "Reject",
}
_OVERRIDE = (
    "Ticking a check overrides it (space): the model goes on although it does not meet what was asked of it there,"
    " and the model card says so, with your name and reason."
)
_REJECT = (
    "The run ends here, rejected, and no further step is taken. Its results, documents and decisions stay as they are,"
    " with your name and reason. To try again with other answers, fork it at this gate."
)
_ENTER = "Enter alone never decides: ctrl+s does."


class DecideButton(Button, inherit_bindings=False):
    """Takes the decision by mouse or by space; a key that is held down to go through a form does not reach it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "press", "confirm", show=False),
        Binding("enter", "screen.hint", show=False),
    ]


_FIELDS = ("by", "reason", "conditions")


class DecisionForm(ModalScreen[GateAnswer | None]):
    """Asks for what a decision needs; nothing is decided before it is confirmed."""

    DEFAULT_CSS = """
    DecisionForm { align: center middle; }
    DecisionForm > VerticalScroll {
        width: 94%; max-width: 100; height: auto; max-height: 94%; padding: 0 1;
        border: round $accent; background: $surface; border-title-color: $text;
    }
    DecisionForm Static { height: auto; }
    DecisionForm .told { margin: 0 0 1 0; }
    DecisionForm #wrong { color: $text-error; display: none; }
    DecisionForm #wrong.told { display: block; }
    DecisionForm Horizontal { height: 1; }
    DecisionForm Label { width: 12; color: $text-muted; }
    DecisionForm Input { background: $boost; width: 1fr; }
    DecisionForm #override { height: auto; border: none; padding: 0; margin: 0 0 1 0; background: transparent; }
    DecisionForm Button { margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave it"),
        Binding("ctrl+s", "confirm", "confirm"),
        Binding("enter", "next", show=False, priority=True),
    ]

    def __init__(
        self,
        gate: GateRequest,
        how: How,
        changeable: tuple[Changeable, ...],
        name: str,
        ask: Ask,
        preset: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the form.

        Args:
            gate: what the gate shows.
            how: which decision.
            changeable: the answers that a revision may change.
            name: who decides, as far as it is known.
            ask: looks at the session.
            preset: answers that a revision changes, as far as they are chosen already.
        """
        super().__init__()
        self._gate = gate
        self._how = how
        self._changeable = changeable
        self._person = name
        self._ask = ask
        self._preset = preset or {}
        self._failed = [check for check in gate.checks if check.blocking and check.status == "fail"]

    def compose(self) -> ComposeResult:
        """The fields that this decision needs."""
        approves = self._how in {"approve", "conditions"}
        with VerticalScroll(can_focus=False) as pane:
            pane.border_title = content(f"{TITLES[self._how]} · gate {self._gate.gate}")
            pane.border_subtitle = "ctrl+s confirms · esc leaves it"
            if approves and self._failed:
                yield from self._overriding()
            if self._how == "reject":
                yield Static(Content(_REJECT), classes="told", markup=False)
            if self._how == "revise":
                yield Revision(self._changeable, self._ask, self._preset)
            yield from _field("your name", "by", self._person, "who decides")
            yield from _field("reason", "reason", "", "in a sentence; it is kept with the decision")
            if self._how == "conditions" or (approves and self._gate.verdict == "inconclusive"):
                yield from _field("conditions", "conditions", "", "on what conditions")
            yield Static(id="wrong", markup=False)
            yield DecideButton(f"{TITLES[self._how]}  ctrl+s", id="confirm", variant="primary", compact=True)

    def _overriding(self) -> ComposeResult:
        several = (
            "These checks failed, and each blocks." if len(self._failed) > 1 else "This check failed, and it blocks."
        )
        yield Static(Content(f"{several} {_OVERRIDE}"), classes="told", markup=False)
        for check in self._failed:
            told = f"{check.title}: measured {check.measured or 'nothing'}; required {check.criterion}."
            yield Static(Content(line(told)), classes="told", markup=False)
        yield Ticks(
            *(Selection(Content(f"override {line(each.title)}"), each.id) for each in self._failed), id="override"
        )

    def on_mount(self) -> None:
        """Begin at the first field that is empty."""
        if self._how == "revise" and not self._preset:
            self.query_one(Revision).begin()
        else:
            self.query_one("#reason" if self._person else "#by").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a field of its own enter goes on to the next one; elsewhere it is the widget's."""
        return action != "next" or (self.focused is not None and self.focused.id in _FIELDS)

    def action_next(self) -> None:
        """Go to the next field, at once: what is typed on, however fast, belongs there."""
        fields = [field for name in _FIELDS for field in self.query(f"#{name}").results(Input)]
        after = fields[[field is self.focused for field in fields].index(True) + 1 :]
        if after:
            self.set_focus(after[0])
        else:
            self.call_after_refresh(self.action_hint)

    @on(Revision.Refused)
    def _unfit(self, event: Revision.Refused) -> None:
        self._refuse(event.problem)

    @on(Revision.Taken)
    def _gathered(self, event: Revision.Taken) -> None:
        self._refuse("")
        field = self.query_one("#reason", Input)
        if event.reason and not field.value:
            field.value = event.reason

    @on(Button.Pressed, "#confirm")
    async def _pressed(self) -> None:
        await self.action_confirm()

    def action_leave(self) -> None:
        """Decide nothing."""
        self.dismiss(None)

    def action_hint(self) -> None:
        """Say what is missing, or which key confirms."""
        missing = self._missing(self.query_one(Revision).gathered if self._how == "revise" else {})
        self._refuse(f"{missing} {_ENTER}".strip())

    async def action_confirm(self) -> None:
        """Hand the decision over where nothing is missing."""
        changed = await self.query_one(Revision).settled() if self._how == "revise" else {}
        missing = self._missing(changed) or self._not_overridden()
        if missing:
            self._refuse(missing)
            return
        self.dismiss(
            GateAnswer(
                decision="approve" if self._how in {"approve", "conditions"} else self._how,
                by=self._field("by"),
                reason=self._field("reason"),
                conditions=self._field("conditions") or None,
                override=self._overridden(),
                evidence=self._gate.evidence,
                set=changed,
            )
        )

    def _missing(self, changed: Mapping[str, Any]) -> str:
        missing = [word for word, name in (("your name", "by"), ("a reason", "reason")) if not self._field(name)]
        if self.query("#conditions") and not self._field("conditions"):
            missing.append("the conditions")
        if self._how == "revise" and not changed:
            missing.append("what to change")
        return f"Still missing: {', '.join(missing)}." if missing else ""

    def _overridden(self) -> tuple[str, ...]:
        return tuple(each for found in self.query("#override").results(Ticks) for each in found.selected)

    def _not_overridden(self) -> str:
        if not self.query("#override"):
            return ""
        left = [line(each.title) for each in self._failed if each.id not in self._overridden()]
        return f"Not overridden, and it blocks: {left[0]}. Tick it, or reject or revise instead." if left else ""

    def _field(self, name: str) -> str:
        found = self.query(f"#{name}").results(Input)
        return next((field.value.strip() for field in found), "")

    def _refuse(self, text: str) -> None:
        wrong = self.query_one("#wrong", Static)
        wrong.update(Content(text))
        wrong.set_class(bool(text), "told")
        if text:
            self.call_after_refresh(wrong.scroll_visible, animate=False)


def _field(label: str, name: str, value: str, hint: str) -> Iterator[Horizontal]:
    yield Horizontal(Label(label, markup=False), Input(value, placeholder=hint, id=name, compact=True))
