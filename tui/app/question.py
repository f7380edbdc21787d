"""The open question: a widget a type, the recommended answer one key away, its reason another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input, OptionList, SelectionList, Static
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from agent import yaml12

if TYPE_CHECKING:
    from agent.questions import Question

UNKNOWN = "unknown"
_ONE = {"choice", "boolean", "column"}
_SEVERAL = {"several", "columns"}


class Choices(OptionList):
    """One of several answers."""


class Ticks(SelectionList[Any]):
    """Several of several answers: space ticks, enter gives them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "give", "answer")]

    class Given(Message):
        """The ticks are the answer."""

    def action_give(self) -> None:
        """Give the ticked ones."""
        self.post_message(self.Given())

    def render_line(self, y: int) -> Strip:
        """A row whose box is empty where it is not ticked: a colour alone would not say it."""
        segments = list(super().render_line(y))
        number = self.scroll_offset.y + y
        if number < self.option_count:
            ticked = self.get_option_at_index(number).value in self.selected
            words = segments[-1].style
            for place, sign in enumerate(("[", "x" if ticked else " ", "]")):
                # what a click on the box ticks stands in its own style
                segments[place] = Segment(sign, (segments[place].style or Style()) + words)
        return Strip(segments)


class QuestionPanel(Vertical):
    """Shows one question and posts its answer."""

    DEFAULT_CSS = """
    QuestionPanel { height: auto; max-height: 60%; border-top: solid $accent; padding: 0 1; display: none; }
    QuestionPanel.open { display: block; }
    QuestionPanel > #prompt { text-style: bold; height: auto; }
    QuestionPanel > #why { color: $text-muted; height: auto; display: none; }
    QuestionPanel > #why.told { display: block; }
    QuestionPanel > #wrong { color: $text-error; height: auto; display: none; }
    QuestionPanel > #wrong.told { display: block; }
    QuestionPanel OptionList { height: auto; max-height: 10; border: none; padding: 0; background: transparent; }
    QuestionPanel OptionList:focus { border: none; background: transparent; }
    QuestionPanel Input { margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w,f2", "why", "why"),
        Binding("A,f3", "all", "all advice"),
        Binding("u,f4", "undo", "undo"),
    ]

    class Answered(Message):
        """The person's answer."""

        def __init__(self, question: Question, value: Any, reason: str | None) -> None:
            super().__init__()
            self.question = question
            self.value = value
            self.reason = reason

    class AllAdvised(Message):
        """The advice is taken for this question and those that follow in its phase."""

    class Undo(Message):
        """The answer before this question is to be given again."""

    def __init__(self) -> None:
        super().__init__(id="question")
        self.question: Question | None = None
        self._held: Any = None
        """A chosen value that waits for its reason."""

    def compose(self) -> ComposeResult:
        """The prompt, its reason, what is wrong with an answer; the widget of the type comes with the question."""
        yield Static(id="prompt", markup=False)
        yield Static(id="why", markup=False)
        yield Static(id="wrong", markup=False)

    async def ask(self, question: Question) -> None:
        """Show a question and put the keyboard into it."""
        self.question, self._held = question, None
        await self._clear()
        self.query_one("#prompt", Static).update(Content(question.prompt))
        told = (
            f"Recommended: {_word(question, question.recommended)}. {question.why[:1].upper()}{question.why[1:]}"
            if question.has_recommendation
            else ("There is no recommendation here: only a person can know.")
        )
        self.query_one("#why", Static).update(Content(told))
        self.set_class(True, "open")
        widget = self._widget(question)
        await self.mount(widget, before="#wrong")
        widget.focus()

    async def done(self) -> None:
        """Nothing is asked any more."""
        self.question = None
        self.set_class(False, "open")
        await self._clear()

    def refuse(self, problem: str) -> None:
        """Say why an answer does not fit."""
        wrong = self.query_one("#wrong", Static)
        wrong.update(Content(problem))
        wrong.set_class(True, "told")

    async def _clear(self) -> None:
        for widget in self.query("Choices, Ticks, Input"):
            await widget.remove()
        for name in ("#why", "#wrong"):
            self.query_one(name, Static).set_class(False, "told")

    def _widget(self, question: Question) -> Choices | Ticks | Input:
        if question.type in _ONE and question.options:
            return self._choices(question)
        if question.type in _SEVERAL and question.options:
            chosen = set(question.recommended or ()) if question.has_recommendation else set()
            return Ticks(
                *(
                    Selection(_row(option.label, option.reason, False), option.value, option.value in chosen)
                    for option in question.options
                ),
                id="answer",
            )
        start = _written(question, question.recommended) if question.has_recommendation else ""
        limits = [
            text
            for text, bound in (("from {}", question.minimum), ("to {}", question.maximum))
            if bound is not None
            for text in [text.format(f"{bound:g}")]
        ]
        empty = "empty: unknown" if question.nullable else "needed"
        return Input(start, placeholder=", ".join([question.type, *limits, empty]), id="answer")

    def _choices(self, question: Question) -> Choices:
        rows = []
        start = 0
        for number, option in enumerate(question.options):
            advised = question.has_recommendation and option.value == question.recommended
            start = number if advised else start
            rows.append(Option(_row(option.label, option.reason, advised)))
        if question.nullable and None not in [option.value for option in question.options]:
            advised = question.has_recommendation and question.recommended is None
            start = len(rows) if advised else start
            rows.append(Option(_row(UNKNOWN, "", advised)))
        choices = Choices(*rows, id="answer", markup=False)
        choices.highlighted = start
        return choices

    # what the person does

    def action_why(self) -> None:
        """Show or hide the reason of the recommendation."""
        self.query_one("#why", Static).toggle_class("told")

    def action_all(self) -> None:
        """Take the advice here and on to the gate."""
        if self.question is not None:
            self.post_message(self.AllAdvised())

    def action_undo(self) -> None:
        """Go back to the answer before."""
        self.post_message(self.Undo())

    @on(OptionList.OptionSelected)
    async def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        question = self.question
        if question is None or isinstance(event.option_list, Ticks):
            return
        number = event.option_index
        value = question.options[number].value if number < len(question.options) else None
        if value is not None and value in question.needs_reason:
            self._held = value
            await event.option_list.remove()
            field = Input(placeholder="why? (this answer counts only with a reason)", id="answer")
            await self.mount(field, before="#wrong")
            field.focus()
            return
        self._give(value)

    @on(Ticks.Given)
    def _ticked(self, event: Ticks.Given) -> None:
        event.stop()
        self._give(list(self.query_one(Ticks).selected))

    @on(Input.Submitted)
    def _written_answer(self, event: Input.Submitted) -> None:
        event.stop()
        question, text = self.question, event.value.strip()
        if question is None:
            return
        if self._held is not None:
            if text:
                self._give(self._held, text)
            else:
                self.refuse("Say why in a few words.")
            return
        if not text:
            if question.nullable:
                self._give(None)
            else:
                self.refuse("An answer is needed here.")
            return
        try:
            self._give(_read(question.type, text))
        except ValueError as error:
            self.refuse(f"That can't be read: {error}.")

    def _give(self, value: Any, reason: str | None = None) -> None:
        if self.question is not None:
            self.post_message(self.Answered(self.question, value, reason))


def _row(label: str, reason: str, advised: bool) -> Content:
    parts: list[Any] = [label]
    if advised:
        parts.append(("  recommended", "$text-primary"))
    if reason:
        parts.append((f"  {reason}", "$foreground-muted"))
    return Content.assemble(*parts)


def _word(question: Question, value: Any) -> str:
    labels = {json.dumps(option.value): option.label for option in question.options}
    if isinstance(value, list | tuple):
        return ", ".join(labels.get(json.dumps(each), str(each)) for each in value) or "none"
    return labels.get(json.dumps(value), UNKNOWN if value is None else str(value))


def _written(question: Question, value: Any) -> str:
    if value is None:
        return ""
    if question.type in {"list", "several", "columns"}:
        return ", ".join(str(each) for each in value)
    if question.type == "mapping":
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return str(value)


def _read(kind: str, text: str) -> Any:
    """What a typed answer says; text is taken as it stands.

    Raises:
        ValueError: it is not of the form.
    """
    if kind in {"text", "column", "choice"}:
        return text
    if kind in {"list", "several", "columns"}:
        return _commas(text)
    if kind == "mapping":
        return {
            key.strip(): yaml12.scalar(value.strip()) for key, _, value in (p.partition(":") for p in text.split(","))
        }
    return yaml12.scalar(text)


def _commas(text: str) -> list[str]:
    """Items between commas, where commas inside brackets belong to an item: ``ratio(a, b), log1p(c)``."""
    items, depth, begun = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            items.append(text[begun:place].strip())
            begun = place + 1
    return [item for item in [*items, text[begun:].strip()] if item]
