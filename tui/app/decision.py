"""The form behind a gate's keys: who decides and why, on what conditions, over which failed checks, changing what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, SelectionList, Static
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from agent import yaml12
from agent.answers import GateAnswer

if TYPE_CHECKING:
    from agent.gates import GateRequest

How = Literal["approve", "conditions", "revise", "reject"]
TITLES = {
    "approve": "Approve",
    "conditions": "Approve with conditions",
    "revise": "Send back with changes",
    "reject": "Reject: the run ends here",
}


@dataclass(frozen=True)
class Changeable:
    """A decided question that a revision may change."""

    id: str
    value: str
    """As a person reads it."""


class DecisionForm(ModalScreen[GateAnswer | None]):
    """Asks for what a decision needs; nothing is decided before it is confirmed."""

    DEFAULT_CSS = """
    DecisionForm { align: center middle; }
    DecisionForm > VerticalScroll {
        width: 90%; max-width: 90; height: auto; max-height: 90%; padding: 0 1;
        border: round $accent; background: $surface;
    }
    DecisionForm Static { height: auto; margin: 0 0 1 0; }
    DecisionForm #title { text-style: bold; }
    DecisionForm #wrong { color: $text-error; display: none; }
    DecisionForm #wrong.told { display: block; }
    DecisionForm OptionList { height: auto; max-height: 8; border: none; padding: 0; margin: 0 0 1 0; }
    DecisionForm Button { margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave it"),
        Binding("ctrl+s", "confirm", "confirm"),
    ]

    def __init__(self, gate: GateRequest, how: How, changeable: tuple[Changeable, ...], name: str) -> None:
        super().__init__()
        self._gate = gate
        self._how = how
        self._changeable = changeable
        self._person = name
        self._set: dict[str, Any] = {}
        self._failed = [check for check in gate.checks if check.blocking and check.status == "fail"]

    def compose(self) -> ComposeResult:
        """The fields that this decision needs."""
        approves = self._how in {"approve", "conditions"}
        with VerticalScroll():
            yield Static(Content(f"{TITLES[self._how]} · gate {self._gate.gate}"), id="title", markup=False)
            if approves and self._failed:
                yield Static(
                    Content(
                        "These checks failed and block. Ticking one overrides it: the model goes on although it does"
                        " not meet what was asked, and the model card carries your name and reason."
                    ),
                    markup=False,
                )
                yield SelectionList[str](
                    *(Selection(Content(f"{each.title}: {each.measured}"), each.id) for each in self._failed),
                    id="override",
                )
            if self._how == "revise":
                yield Static(Content("Which answers should change? Enter picks one."), markup=False)
                yield OptionList(
                    *(Option(Content(f"{each.id} = {each.value}")) for each in self._changeable), id="asked"
                )
                yield Input(placeholder="ID=VALUE, then enter", id="change")
                yield Static(id="changes", markup=False)
            yield Input(self._person, placeholder="your name", id="by")
            yield Input(placeholder="the reason, in a sentence", id="reason")
            if self._how == "conditions" or (approves and self._gate.verdict == "inconclusive"):
                yield Input(placeholder="on what conditions", id="conditions")
            yield Static(id="wrong", markup=False)
            yield Button(TITLES[self._how], id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Begin at the first field that is empty."""
        first = "#asked" if self._how == "revise" else "#reason" if self._person else "#by"
        self.query_one(first).focus()

    @on(OptionList.OptionSelected, "#asked")
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        field = self.query_one("#change", Input)
        field.value = f"{self._changeable[event.option_index].id}="
        field.focus()

    @on(Input.Submitted, "#change")
    def _changed(self, event: Input.Submitted) -> None:
        event.stop()
        name, sign, value = event.value.partition("=")
        if not sign or not name.strip() or not value.strip():
            self._refuse("Give it as ID=VALUE, such as split.test_size=0.25.")
            return
        self._set[name.strip()] = yaml12.scalar(value.strip())
        event.input.value = ""
        lines = [f"{key} becomes {text}" for key, text in self._set.items()]
        self.query_one("#changes", Static).update(Content("\n".join(lines)))
        self.query_one("#by" if not self._person else "#reason", Input).focus()

    @on(Input.Submitted, "#by, #reason, #conditions")
    def _next(self, event: Input.Submitted) -> None:
        self.focus_next()

    @on(Button.Pressed, "#confirm")
    def _pressed(self) -> None:
        self.action_confirm()

    def action_leave(self) -> None:
        """Decide nothing."""
        self.dismiss(None)

    def action_confirm(self) -> None:
        """Hand the decision over where nothing is missing."""
        by, reason = self._field("by"), self._field("reason")
        conditions = self._field("conditions")
        missing = [word for word, given in (("your name", by), ("a reason", reason)) if not given]
        if self.query("#conditions") and not conditions:
            missing.append("the conditions")
        if self._how == "revise" and not self._set:
            missing.append("what to change")
        if missing:
            self._refuse(f"Still missing: {', '.join(missing)}.")
            return
        override: tuple[str, ...] = ()
        if self.query("#override"):
            override = tuple(self.query_one("#override", SelectionList).selected)
            left = [each.title for each in self._failed if each.id not in override]
            if left:
                self._refuse(f"Not overridden, and it blocks: {left[0]}. Tick it, or reject or revise instead.")
                return
        self.dismiss(
            GateAnswer(
                decision="approve" if self._how in {"approve", "conditions"} else self._how,
                by=by,
                reason=reason,
                conditions=conditions or None,
                override=override,
                evidence=self._gate.evidence,
                set=self._set,
            )
        )

    def _field(self, name: str) -> str:
        found = self.query(f"#{name}").results(Input)
        return next((field.value.strip() for field in found), "")

    def _refuse(self, text: str) -> None:
        wrong = self.query_one("#wrong", Static)
        wrong.update(Content(text))
        wrong.set_class(True, "told")
