"""What a revision changes: answers picked from a list or typed as ID=VALUE, asked as they were asked, gathered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Resize
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from agent import yaml12
from agent.conversation.gate_view import Change, Changeable, change, question_of
from agent.errors import describe
from agent.wording import shown_value
from tui.app.plain import fit, line
from tui.app.question import Choices, QuestionPanel, Ticks

if TYPE_CHECKING:
    from agent.questions import Question

Ask = Callable[[Callable[[Any], Any]], Awaitable[Any]]
"""Looks at the session where it lives, and gives what it found."""


class ChangePanel(QuestionPanel, inherit_bindings=False):
    """A decided question asked again, its present answer chosen."""

    DEFAULT_CSS = "ChangePanel { max-height: 100%; border: none; padding: 0; margin: 0 0 1 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "why", "why"),
        Binding("escape", "leave", "back to the list"),
    ]

    class Left(Message):
        """The question stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._now: Any = None

    async def ask_again(self, question: Question, now: Any) -> None:
        """Ask a question whose present answer is known."""
        self._now = now
        await self.ask(question)

    def _widget(self, question: Question) -> Choices | Ticks | Input:
        # what is not a choice begins at the present answer where a first asking begins at the recommended one
        held = question.model_copy(update={"recommended": self._now, "has_recommendation": True})
        widget = super()._widget(question)
        if not isinstance(widget, Choices):
            return super()._widget(held)
        values = [option.value for option in question.options]
        widget.highlighted = values.index(self._now) if self._now in values else widget.option_count - 1
        return widget

    def action_leave(self) -> None:
        """Change nothing."""
        self.post_message(self.Left())


class Changes(OptionList):
    """The changes gathered so far."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "change again"),
        Binding("delete,backspace", "remove", "take out", key_display="del"),
    ]

    class Removed(Message):
        """A change is taken out."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def action_remove(self) -> None:
        """Take the highlighted change out."""
        if self.highlighted is not None:
            self.post_message(self.Removed(self.highlighted))


class Revision(Vertical):
    """Gathers the answers that a revision changes; each is checked at once by what will check the decision."""

    DEFAULT_CSS = """
    Revision { height: auto; }
    Revision Static { height: auto; margin: 0; }
    Revision > Input { margin: 0 0 1 0; }
    Revision #asked { height: auto; max-height: 7; border: none; padding: 0; margin: 0 0 1 0; background: transparent; }
    Revision Changes { height: auto; max-height: 5; border: none; padding: 0; margin: 0 0 1 0; display: none; }
    Revision.-some Changes { display: block; }
    Revision.-asking #asked { display: none; }
    """

    class Refused(Message):
        """A value does not fit; empty where all is well again."""

        def __init__(self, problem: str) -> None:
            super().__init__()
            self.problem = problem

    class Taken(Message):
        """A change was gathered, or one that was is no more."""

        def __init__(self, reason: str | None = None) -> None:
            super().__init__()
            self.reason = reason
            """What was said for this very answer."""

    def __init__(self, changeable: tuple[Changeable, ...], ask: Ask, preset: Mapping[str, Any]) -> None:
        """Make it.

        Args:
            changeable: the answers that may change.
            ask: looks at the session.
            preset: changes that are there from the beginning, by question id.
        """
        super().__init__()
        self._changeable = changeable
        self._ask = ask
        self._preset = preset
        self._changes: dict[str, Change] = {}
        self._listed: tuple[Changeable, ...] = ()
        self._busy = asyncio.Lock()

    @property
    def gathered(self) -> dict[str, Any]:
        """The changed answers by question id."""
        return {name: taken.value for name, taken in self._changes.items()}

    async def settled(self) -> dict[str, Any]:
        """The changed answers, once a check that is under way has ended."""
        async with self._busy:
            return self.gathered

    def compose(self) -> ComposeResult:
        """The line that filters or takes ID=VALUE, the answers, the question, the changes."""
        yield Static(id="how", markup=False)
        yield Input(placeholder="type to filter, or ID=VALUE and enter", id="change", compact=True)
        yield OptionList(id="asked", markup=False)
        yield ChangePanel()
        yield Changes(id="changes", markup=False)

    async def on_mount(self) -> None:
        """List the answers; take what is preset."""
        self._filter("")
        self._show()
        for name, value in self._preset.items():
            await self._take(name, value)

    def on_resize(self, event: Resize) -> None:
        """Cut the rows to the room."""
        self._filter(self.query_one("#change", Input).value)
        self._show()

    def begin(self) -> None:
        """Put the keys where one begins."""
        self.query_one("#change").focus()

    @on(Input.Changed, "#change")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(event.value)

    def _filter(self, text: str) -> None:
        words = text.partition("=")[0].casefold().split()
        width = self.size.width or 80
        self._listed = tuple(
            each
            for each in self._changeable
            if all(word in f"{each.id} {each.prompt} {each.value}".casefold() for word in words)
        )
        asked = self.query_one("#asked", OptionList)
        asked.clear_options()
        asked.add_options(
            Option(Content(fit(line(f"{each.id} = {each.value}"), width - 3).rstrip())) for each in self._listed
        )
        asked.highlighted = 0 if self._listed else None

    def on_key(self, event: Key) -> None:
        """Down leads from the line into the list."""
        if event.key == "down" and self.query_one("#change").has_focus and self._listed:
            event.stop()
            self.query_one("#asked").focus()

    @on(Input.Submitted, "#change")
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name, sign, value = event.value.partition("=")
        if sign and not (name.strip() and value.strip()):
            self.post_message(self.Refused("Give it as ID=VALUE, such as split.test_size=0.25."))
        elif sign:
            event.input.value = ""  # at once: what is typed while this one is checked belongs to the next
            if not await self._take(name.strip(), yaml12.scalar(value.strip())) and not event.input.value:
                event.input.value = event.value
        elif self._listed:
            await self._open(self._listed[self.query_one("#asked", OptionList).highlighted or 0].id)
        else:
            self.post_message(self.Refused(f'No answer of this run has "{line(event.value, 40)}" in it.'))

    @on(OptionList.OptionSelected, "#asked")
    async def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        await self._open(self._listed[event.option_index].id)

    @on(OptionList.OptionSelected, "#changes")
    async def _again(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        await self._open(list(self._changes)[event.option_index])

    async def _open(self, name: str) -> None:
        try:
            question, now = await self._ask(partial(question_of, name=name))
        except Exception:  # what it offers can't be told here: it is typed, and checked as it is taken
            field = self.query_one("#change", Input)
            field.value = f"{name}="
            field.focus()
            return
        held = self._changes.get(name)
        self.set_class(True, "-asking")
        panel = self.query_one(ChangePanel)
        await panel.ask_again(question, held.value if held else now)
        prompt = f"{question.prompt}\nIt is {shown_value(now)}" + (f"; changed to {held.shown}." if held else ".")
        panel.query_one("#prompt", Static).update(Content(prompt))

    @on(QuestionPanel.Answered)
    async def _answered(self, event: QuestionPanel.Answered) -> None:
        event.stop()
        if await self._take(event.question.id, event.value, event.reason):
            await self._close()

    @on(ChangePanel.Left)
    async def _left(self, event: ChangePanel.Left) -> None:
        event.stop()
        self.post_message(self.Refused(""))
        await self._close()

    async def _close(self) -> None:
        await self.query_one(ChangePanel).done()
        self.set_class(False, "-asking")
        field = self.query_one("#change", Input)
        field.value = ""
        field.focus()

    async def _take(self, name: str, value: Any, reason: str | None = None) -> bool:
        """Gather a change; an answer that holds already takes the change out. Gives whether it fits."""
        async with self._busy:
            try:
                taken: Change = await self._ask(partial(change, name=name, value=value))
            except Exception as error:
                self.post_message(self.Refused(str(describe(error))))
                return False
        if taken.same and name not in self._changes:
            self.post_message(self.Refused(f"{line(name)} is {taken.shown} already."))
            return False
        self._changes.pop(name, None)
        if not taken.same:
            self._changes[name] = taken
        self._show()
        self.post_message(self.Taken(reason))
        return True

    @on(Changes.Removed)
    def _removed(self, event: Changes.Removed) -> None:
        event.stop()
        del self._changes[list(self._changes)[event.number]]
        self._show()
        self.post_message(self.Taken())
        if not self._changes:
            self.begin()

    def _show(self) -> None:
        width = self.size.width or 80
        rows = [
            line(f"{name} becomes {taken.shown}" + (f" (is {taken.before})" if taken.before is not None else ""))
            for name, taken in self._changes.items()
        ]
        listed = self.query_one(Changes)
        listed.clear_options()
        listed.add_options(Option(Content(fit(row, width - 3).rstrip())) for row in rows)
        listed.highlighted = len(rows) - 1 if rows else None
        self.set_class(bool(rows), "-some")
        told = f"{len(rows)} to change; del takes one out." if rows else "Which answers should change? Enter picks one."
        self.query_one("#how", Static).update(Content(told))
