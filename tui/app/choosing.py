"""What the home screen gives and takes, and the fields and lists that stand on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input, OptionList

from agent import recent as places_of
from agent.recent import Example, Recent, Standing
from tui.app import picking


@dataclass(frozen=True)
class HomeChoice:
    """What a person chose to work on."""

    kind: Literal["new", "resume", "open"]
    """Begin a project, go on with a run that has not ended, or look at one as it stands."""
    data: str | None
    """Of a new project: the path or database address."""
    workspace: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of a new project: which table of a database, as settings of the source."""


@dataclass(frozen=True)
class HomeSource:
    """Where the home screen gets what it shows; each function is called in a thread."""

    recents: Callable[[], list[Recent]] = places_of.recent
    standing: Callable[[Path], Standing] = places_of.standing
    examples: Callable[[], list[Example]] = places_of.examples
    refusal: Callable[[str, Path], str | None] = places_of.refusal
    """Why a project can't begin with these data in this folder; None where it can."""
    moment: Callable[[], datetime] = lambda: datetime.now(UTC)
    here: Callable[[], Path] = Path.cwd


class Paths(Suggester):
    """Completes a path from the disk."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that goes on from what was typed."""
        found = await asyncio.to_thread(picking.matches, value) if value else []
        return found[0].text if found and found[0].text.startswith(value) else None


class DataInput(Input):
    """Where the path or address of the data is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "begin"),
        Binding("right", "cursor_right", "complete"),
        Binding("down", "screen.into_matches", "choose a file"),
        Binding("escape", "screen.to_places", "back to the list"),
    ]


class FolderInput(Input):
    """Where the folder of a project is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "begin"),
        Binding("escape", "screen.to_places", "back to the list"),
    ]


class Matches(OptionList):
    """Files and folders whose path begins with what was typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "take it"),
        Binding("escape", "screen.new_project", "back to the path"),
    ]


class Places(OptionList):
    """Recent workspaces and examples in one list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "open"),
        Binding("r", "screen.resume", "resume"),
        Binding("v", "screen.look", "view only"),
    ]
