"""The line at the top: which run, and what it may use: seed, advisor and its spend, budget, time so far."""

from __future__ import annotations

import time
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.app.plain import line

_ADVISORS = {"expert": "expert advisor, no spend"}
"""How an advisor is named; the one made of rules costs nothing."""


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours from the first on."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class StatusBar(Horizontal):
    """Name, run and seed at the left; advisor, budget and time at the right."""

    DEFAULT_CSS = """
    StatusBar { height: 1; background: $panel; padding: 0 1; }
    StatusBar #title { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    StatusBar #spent { width: auto; height: 1; margin: 0 0 0 2; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._advisor = ""
        self._budget: dict[str, Any] = {}
        self._began = time.monotonic()

    def compose(self) -> ComposeResult:
        """Both ends."""
        yield Static(Content("opening…"), id="title", markup=False)
        yield Static(id="spent", markup=False)

    def opened(self, name: str, run: str, seed: int, advisor: str) -> None:
        """A run is shown from here on; what was known of another is forgotten."""
        self._advisor, self._budget, self._began = _ADVISORS.get(advisor, f"{advisor} advisor"), {}, time.monotonic()
        self.query_one("#title", Static).update(Content(f"{line(name)} · {run} · seed {seed}"))
        self.tick()

    def answered(self, question: str, value: Any) -> None:
        """Take note of what the search may use."""
        if question in ("search.trials", "search.max_seconds"):
            self._budget[question] = value
            self.tick()

    def tick(self) -> None:
        """Draw the right end as it stands; narrow screens keep the time only."""
        trials, seconds = self._budget.get("search.trials"), self._budget.get("search.max_seconds")
        parts = [
            self._advisor,
            f"{trials} trials" if trials is not None else "",
            f"{seconds:g} s allowed" if seconds is not None else "",
            clock(time.monotonic() - self._began),
        ]
        shown = parts if self.app.size.width >= 100 else parts[-1:]
        self.query_one("#spent", Static).update(Content(" · ".join(part for part in shown if part)))
