"""The home screen: recent workspaces and how they stand, a new project with a look at its file, the examples.

Only Textual is needed for the first paint; lists, states and previews come from threads after it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from agent.recent import Example, Recent, Standing
from tui.app import picking, places
from tui.app.choosing import DataInput, FolderInput, HomeChoice, HomeSource, Matches, Paths, Places
from tui.app.keyhelp import KeyHelp, keys_of
from tui.app.plain import fit, line
from tui.app.previewing import LookPane, Previews, preview


class HomeScreen(Screen[HomeChoice]):
    """What a person sees first; its result is what to work on."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 typed by Screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new_project", "new project"),
        Binding("e", "to_examples", "examples"),
        Binding("question_mark,f1", "keys", "keys", key_display="?"),
    ]
    CSS = """
    HomeScreen { background: $background; }
    HomeScreen #title { height: 2; padding: 1 2 0 2; width: 1fr; }
    HomeScreen #body { height: 1fr; margin: 1 0 0 0; layout: horizontal; }
    HomeScreen #left { width: 1fr; height: 1fr; padding: 0 2; }
    HomeScreen #right { width: 1fr; height: 1fr; padding: 0 2; border-left: vkey $panel-lighten-1; }
    HomeScreen .heading { color: $text-primary; text-style: bold; height: 1; }
    HomeScreen .field { height: 1; width: 1fr; }
    HomeScreen .field Label { width: 8; color: $text-muted; }
    HomeScreen .field Input { width: 1fr; background: $surface; }
    HomeScreen .field Input:focus { background: $primary 15%; background-tint: transparent; }
    HomeScreen #note { display: none; height: auto; max-height: 3; padding: 0 0 0 8; color: $text-muted; }
    HomeScreen #note.-refused { color: $text-error; }
    HomeScreen Matches { display: none; height: auto; max-height: 9; }
    HomeScreen Matches.-there { display: block; }
    HomeScreen Places { height: 1fr; margin: 1 0 0 0; }
    HomeScreen OptionList, HomeScreen OptionList:focus {
        border: none; padding: 0; background: transparent; background-tint: transparent; scrollbar-size-vertical: 1;
    }
    HomeScreen Matches, HomeScreen Matches:focus { padding: 0 0 0 8; }
    HomeScreen OptionList > .option-list--option { padding: 0; }
    HomeScreen OptionList > .option-list--option-disabled { color: $text-primary; text-style: bold; }
    HomeScreen OptionList > .option-list--option-highlighted { background: $surface; text-style: none; }
    HomeScreen OptionList:focus > .option-list--option-highlighted {
        background: $primary 25%; color: $foreground; text-style: none;
    }
    HomeScreen.-narrow #title { height: 1; padding: 0 2; }
    HomeScreen.-narrow #body { layout: vertical; margin: 1 0 0 0; }
    HomeScreen.-narrow #left { height: 1fr; }
    HomeScreen.-narrow #right { height: 8; border-left: none; border-top: solid $panel-lighten-1; }
    HomeScreen.-narrow Matches { max-height: 5; }
    """

    def __init__(
        self,
        previews: Previews = preview,
        source: HomeSource | None = None,
    ) -> None:
        """Make the screen.

        Args:
            previews: tells what a file or address holds; its text is shown as it stands, without markup.
            source: where lists and states come from.
        """
        super().__init__()
        self._previews = previews
        self._source = source or HomeSource()
        self._recents: list[Recent] = []
        self._standings: dict[Path, Standing] = {}
        self._examples: list[Example] = []
        self._offered: list[picking.Match] = []

    def compose(self) -> ComposeResult:
        """New project and list on the left, what is highlighted on the right (below where it is narrow)."""
        title = Content.assemble(("Phasegate", "bold"), ("  from a table to a model that someone approved", "dim"))
        yield Static(title, id="title")
        with Container(id="body"):
            with Vertical(id="left"):
                yield Label("New project", classes="heading", markup=False)
                with Horizontal(classes="field"):
                    yield Label("data", markup=False)
                    yield DataInput(
                        placeholder="path of a table or database, or an address",
                        id="data",
                        compact=True,
                        suggester=Paths(),
                    )
                with Horizontal(classes="field"):
                    yield Label("folder", markup=False)
                    yield FolderInput(placeholder="phasegate", id="folder", compact=True)
                yield Static("", id="note", markup=False)
                yield Matches(id="matches", markup=False)
                yield Places(id="places", markup=False)
            yield LookPane(self._previews, id="right")
        yield Footer()

    def on_mount(self) -> None:
        """Fill the lists once the first picture stands."""
        self.query_one(Places).focus()
        self.call_after_refresh(self._fill)

    # the list

    @work(exclusive=True, group="fill")
    async def _fill(self) -> None:
        self._recents, self._examples = await asyncio.gather(
            asyncio.to_thread(self._source.recents), asyncio.to_thread(self._source.examples)
        )
        self._list()
        if self._recents:
            self._highlight("recent-0")
        else:
            self.action_new_project()
        for place in self._recents:
            self._standings[place.root] = await asyncio.to_thread(self._source.standing, place.root)
            self._list()
            self._show_detail()

    def on_resize(self) -> None:
        """Rows are as wide as the list."""
        self.call_after_refresh(self._list)

    def _list(self) -> None:
        """Draw the rows anew, with the highlight where it was."""
        widget = self.query_one(Places)
        width = max(widget.size.width - 1, 20)
        moment = self._source.moment()
        shown = [place.name for place in self._recents] + [example.name for example in self._examples]
        longest = max((len(line(name)) for name in shown), default=0)
        names = max(8, min(longest, 22, width // 3))
        options = [Option("Recent", disabled=True)]
        for number, place in enumerate(self._recents):
            row = places.recent_row(place, self._standings.get(place.root), moment, names, width)
            options.append(Option(row, id=f"recent-{number}"))
        if not self._recents:
            options.append(
                Option(Content.styled("  nothing yet: begin a project, or try an example", "dim"), id="none")
            )
        if self._examples:
            options += [Option("", disabled=True), Option("Examples", disabled=True)]
            for number, example in enumerate(self._examples):
                options.append(Option(places.example_row(example, names, width), id=f"example-{number}"))
        kept = widget.highlighted
        with self.prevent(OptionList.OptionHighlighted):
            widget.clear_options()
            widget.add_options(options)
            if kept is not None and kept < len(options):
                widget.highlighted = kept

    def _highlight(self, name: str) -> None:
        widget = self.query_one(Places)
        widget.highlighted = widget.get_option_index(name)

    def _chosen(self) -> Recent | Example | None:
        widget = self.query_one(Places)
        option = widget.highlighted_option
        kind, _, number = (option.id or "").partition("-") if option else ("", "", "")
        if kind == "recent":
            return self._recents[int(number)]
        return self._examples[int(number)] if kind == "example" else None

    @on(OptionList.OptionHighlighted, "#places")
    def _show_detail(self) -> None:
        if self.query_one(Places).has_focus:
            chosen = self._chosen()
            if isinstance(chosen, Recent):
                standing = self._standings.get(chosen.root)
                self.query_one(LookPane).card(places.recent_detail(chosen, standing, self._source.moment()))
            elif chosen is not None:
                self._look_soon(str(chosen.data), line(chosen.about) or line(chosen.name))
            else:
                self.query_one(LookPane).card(Content(""))

    def _look_soon(self, text: str, about: str = "") -> None:
        self.query_one(LookPane).look_soon(text, about)

    def on_descendant_focus(self) -> None:
        """What is shown beside follows the focus."""
        self._show_detail()
        path, offered = self.query_one(DataInput), self.query_one(Matches)
        if path.has_focus:
            self._look_soon(path.value)
        elif offered.has_focus and offered.highlighted is not None:
            self._look_soon(self._offered[offered.highlighted].text)

    @on(OptionList.OptionSelected, "#places")
    def _open_selected(self) -> None:
        chosen = self._chosen()
        if isinstance(chosen, Example):
            self._begin(str(chosen.data), "")
        elif isinstance(chosen, Recent):
            standing = self._standings.get(chosen.root)
            goes_on = standing is not None and standing.state in {"waiting", "failed"}
            self._leave_for(chosen, "resume" if goes_on else "open")
        else:
            self.action_new_project()

    def _leave_for(self, place: Recent, kind: Literal["resume", "open"]) -> None:
        standing = self._standings.get(place.root)
        if standing is not None and standing.problem:
            self._note(f"{line(place.name)} is not readable: {line(standing.problem)}", refused=True)
        elif standing is not None and kind == "resume" and (standing.ended or standing.state is None):
            words = f"its run is {standing.state}" if standing.state else "it has no run"
            self._note(f"There is nothing to resume in {line(place.name)}: {words}.", refused=True)
        else:
            self.dismiss(HomeChoice(kind, None, place.root))

    def action_resume(self) -> None:
        """Go on with the run of the highlighted workspace."""
        chosen = self._chosen()
        if isinstance(chosen, Recent):
            self._leave_for(chosen, "resume")
        else:
            self._note("Only a workspace can be resumed; enter begins with this example.")

    def action_look(self) -> None:
        """Open the highlighted workspace without going on."""
        chosen = self._chosen()
        if isinstance(chosen, Recent):
            self._leave_for(chosen, "open")
        else:
            self._note("Only a workspace can be viewed; enter begins with this example.")

    def action_to_examples(self) -> None:
        """Move to the first example."""
        if self._examples:
            self.query_one(Places).focus()
            self._highlight("example-0")
        else:
            self._note("No examples were found beside the program or in this folder.")

    # a new project

    def action_new_project(self) -> None:
        """Go to the path of the data."""
        self.query_one(DataInput).focus()

    def action_to_places(self) -> None:
        """Go back to the list."""
        self.query_one(Matches).remove_class("-there")
        self.query_one(Places).focus()

    def action_into_matches(self) -> None:
        """Go to the files that the typed path may mean; they are read where they are not shown."""
        widget = self.query_one(Matches)
        if self._offered:
            widget.highlighted = widget.highlighted or 0
            widget.add_class("-there").focus()
        else:
            self._offer(self.query_one(DataInput).value, enter=True)

    @on(Input.Changed, "#data")
    def _typed(self, event: Input.Changed) -> None:
        shown = line(event.value, limit=4096)
        if shown != event.value:  # a pasted control character could not be shown as it is
            event.input.value = shown
            return
        self._note("")
        self._offer(shown)
        self._look_soon(shown)

    @on(Input.Changed, "#folder")
    def _typed_folder(self, event: Input.Changed) -> None:
        shown = line(event.value, limit=4096)
        if shown != event.value:
            event.input.value = shown
        self._note("")

    @work(exclusive=True, group="offer")
    async def _offer(self, text: str, enter: bool = False) -> None:
        folder = await asyncio.to_thread(picking.folder_for, text, self._source.here())
        self.query_one(FolderInput).placeholder = folder.name
        self._offered = await asyncio.to_thread(picking.matches, text) if text or enter else []
        widget = self.query_one(Matches)
        width = max(self.query_one("#left").size.width - 9, 20)
        widget.clear_options()
        for match in self._offered:
            size = "folder" if match.folder else "table" if match.table else picking.size(match.size)
            name = f"{match.name}/" if match.folder else match.name
            widget.add_option(Option(Content.assemble(fit(name, width - 9), (fit(size, 9, right=True), "dim"))))
        done = len(self._offered) == 1 and self._offered[0].text == text
        widget.set_class(bool(self._offered) and not done, "-there")
        if enter and self._offered:
            widget.highlighted = 0
            widget.focus()

    @on(OptionList.OptionHighlighted, "#matches")
    def _look_at_match(self, event: OptionList.OptionHighlighted) -> None:
        if self.query_one(Matches).has_focus and event.option_index < len(self._offered):
            self._look_soon(self._offered[event.option_index].text)

    @on(OptionList.OptionSelected, "#matches")
    def _take_match(self, event: OptionList.OptionSelected) -> None:
        match = self._offered[event.option_index]
        path = self.query_one(DataInput)
        path.value = match.text
        path.cursor_position = len(match.text)
        path.focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        data = self.query_one(DataInput).value.strip()
        if data:
            self._begin(picking.located(data), self.query_one(FolderInput).value.strip())
        else:
            self._note("Give the path of a table, or a database address.", refused=True)
            self.action_new_project()

    @work(exclusive=True, group="begin")
    async def _begin(self, data: str, folder: str) -> None:
        here = self._source.here()
        root = (
            here / Path(picking.located(folder)) if folder else await asyncio.to_thread(picking.folder_for, data, here)
        )
        location, settings, refused = await asyncio.to_thread(picking.source_of, data)
        refused = refused or await asyncio.to_thread(self._source.refusal, location, root)
        if refused is None:
            self.dismiss(HomeChoice("new", location, root, settings))
        else:
            self._note(line(refused), refused=True)

    # what is said and shown

    def _note(self, text: str, refused: bool = False) -> None:
        note = self.query_one("#note", Static)
        note.update(Content(text))
        note.set_class(refused, "-refused")
        note.display = bool(text)

    def action_keys(self) -> None:
        """Show every key that works here."""
        self.app.push_screen(KeyHelp(keys_of(self)))
