"""What a headless run prints: a calm account for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
import re
import sys
import textwrap
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from agent.events import Event
from agent.wording import count_words, foremost, short_hash, shown_value
from tui.ending import placed

WIDTH = 100
_MARK = {"pass": "pass", "warn": "warn", "fail": "fail", "insufficient": "too little evidence"}
_ORDER = {"fail": 0, "insufficient": 1, "warn": 2}
_NOTES = 3
"""Further lines of a step that are shown; the dossier has all."""
_CHECKS = 6
"""Checks that did not pass that are shown at a gate, blocking ones first."""
_STATED = 4
"""Answers from a file that are repeated at a time; whoever wrote the file knows them."""
_BAR = 24
_LONG = 48
"""Characters of a decided value that are shown; the whole stands in answers.yaml."""
_SOURCES = {"file": "answers file", "flag": "command line", "recommended": "as recommended", "person": "answered"}


class JsonLines:
    """Prints each event as one JSON object."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._seq = 0

    def __call__(self, event: Event) -> None:
        """Print one event."""
        print(json.dumps(event.line(self._seq), ensure_ascii=False), file=self._out, flush=True)
        self._seq += 1

    def close(self) -> None:
        """Nothing is left open."""


class Account:
    """Prints a run as a person reads it: phases, steps with their finding, decisions, gates, the end."""

    def __init__(self, version: str, workspace: Path, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._workspace = workspace
        self._version = version
        self._live = out.isatty()
        self._phase = ""
        self._phase_began = time.monotonic()
        self._step_began = time.monotonic()
        self._transient = False
        self._decided: list[Event] = []
        self._handlers: dict[str, Callable[[Event], None]] = {
            "run_started": self._run_started,
            "step_started": self._step_started,
            "progress": self._progress,
            "step_finished": self._step_finished,
            "question_answered": self._decided.append,
            "gate_opened": self._gate_opened,
            "gate_decided": self._gate_decided,
            "warning": self._warning,
            "stopped": self._stopped,
            "finished": self._finished,
        }

    def __call__(self, event: Event) -> None:
        """Print what one event has to say."""
        if event.type not in {"question_answered", "question_asked", "run_started"}:
            self._flush_decisions()  # the run's own line comes first, even where settings were taken before it
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(event)

    def close(self) -> None:
        """End what is half printed."""
        self._flush_decisions()
        self._clear()

    # events

    def _run_started(self, event: Event) -> None:
        data = event.data
        name = data["source"]["name"].rsplit(".", 1)[0]
        self._line(
            f"phasegate {self._version} · {name} · run {event.run} · seed {data['seed']} · {data['advisor']} advisor"
        )
        forked = data.get("forked")
        if forked:
            changed = ", ".join(f"{key} = {shown_value(value)}" for key, value in forked["set"].items())
            self._paragraph(
                f"forked from {forked['run']} at gate {forked['gate']}{f', with {changed}' if changed else ''}",
                indent=2,
            )

    def _step_started(self, event: Event) -> None:
        self._enter(event.data["phase"])
        self._step_began = time.monotonic()
        if self._live:
            self._flash(f"  {_label(event)}…")

    def _progress(self, event: Event) -> None:
        if not self._live:
            return
        done, total = float(event.data["done"]), float(event.data["total"]) or 1.0
        filled = max(0, min(_BAR, round(_BAR * done / total)))
        elapsed = time.monotonic() - self._step_began
        left = f" · {elapsed / done * (total - done):.0f} s left" if done and elapsed > 2 else ""
        name = (event.step or "").partition(".")[2].replace("_", " ")
        self._flash(f"      {name:<20} {'█' * filled}{'░' * (_BAR - filled)}  {event.data['note']}{left}")

    def _step_finished(self, event: Event) -> None:
        if event.step is not None and event.step.endswith(".documents"):
            self._clear()
            return
        self._enter(event.data["phase"])
        self._finding(_label(event), event.data["summary"])
        notes = event.data["notes"]
        for note in notes[:_NOTES]:
            self._paragraph(note, indent=29)
        if len(notes) > _NOTES:
            self._paragraph(f"({len(notes) - _NOTES} more in the dossier)", indent=29)

    def _gate_opened(self, event: Event) -> None:
        data = event.data
        number = _PHASES.index(data["gate"])
        elapsed = time.monotonic() - self._phase_began
        rule = f"── gate {number} · {data['gate']} · {elapsed:.0f} s "
        self._line(f"  {rule}{'─' * (WIDTH - 2 - len(rule))}")
        self._paragraph(f"{count_words(data['checks'])} · evidence {short_hash(data['evidence'])}", indent=5)
        told = foremost(check for check in data["checks"] if check["status"] != "pass")
        told.sort(key=lambda check: (not check["blocking"], _ORDER[check["status"]]))
        for check in told[:_CHECKS]:
            required = f"; required: {check['criterion']}" if check["criterion"] else ""
            text = f"{_MARK[check['status']]}: {check['title']}: {check['measured'] or 'not measured'}{required}"
            self._paragraph(text, indent=5)
        if len(told) > _CHECKS:
            self._paragraph(f"({len(told) - _CHECKS} more in the dossier)", indent=5)
        if data["changed"]:
            self._paragraph(f"changed since it was last shown: {', '.join(data['changed'])}", indent=5)
        self._paragraph(f"recommended: {data['recommendation']}, because {data['why']}", indent=5)

    def _gate_decided(self, event: Event) -> None:
        data = event.data
        verb = {"approve": "Approved", "revise": "Sent back", "reject": "Rejected"}[data["decision"]]
        where = {"file": "answers file", "command": "phasegate decide", "person": "in person"}.get(data["source"], "")
        text = f'{verb} by {data["by"]} ({where}): "{data["reason"]}"'
        if data.get("carried"):  # a gate that a fork passes, since it shows nothing else than it did there
            origin = data["carried"]["run"]
            text = f'Gate {data["gate"]} shows what {data["by"]} approved in run {origin}: "{data["reason"]}"'
        if data["conditions"]:
            text += f' on condition: "{data["conditions"]}"'
        if data["override"]:
            text += f", overriding {', '.join(data['override'])}"
        if data["set"]:
            text += f", changing {', '.join(f'{key} to {shown_value(value)}' for key, value in data['set'].items())}"
        self._paragraph(text, indent=5)
        self._line(f"     head {data['head']}")
        self._phase_began = time.monotonic()

    def _warning(self, event: Event) -> None:
        self._paragraph(f"note: {event.data['text']}", indent=5)

    def _stopped(self, event: Event) -> None:
        hint = event.data.get("hint")
        if hint:
            self._line(f"Ended as asked: {event.data['reason']}.")
            self._line(f"  {placed(hint, self._workspace)}")

    def _finished(self, event: Event) -> None:
        for line in event.data.get("closing", ()):
            indent = len(line) - len(line.lstrip())
            text = placed(line.lstrip(), self._workspace)
            lines = _wrap(text, WIDTH - indent - 2)
            self._line(" " * indent + lines[0])
            for rest in lines[1:]:
                self._line(" " * (indent + 2) + rest)

    # decisions, gathered between steps

    def _flush_decisions(self) -> None:
        events, self._decided[:] = list(self._decided), []
        for phase, told in groupby(events, key=lambda event: (event.step or "intake").partition(".")[0]):
            self._enter(phase)
            self._tell_decisions([event for event in told if event.data["value"] is not None])

    def _tell_decisions(self, events: list[Event]) -> None:
        """One line for each decision that carries a reason, one paragraph for the others of each source."""
        for event in events:
            if event.data["reason"]:
                who = event.data["by"] or _SOURCES.get(event.data["source"], "a person")
                self._finding("    decided", f'{_brief(event)}; {who}: "{event.data["reason"]}"')
        for source, label in _SOURCES.items():
            plain = [event for event in events if event.data["source"] == source and not event.data["reason"]]
            shown = plain[:_STATED] if source == "file" and len(plain) > _STATED + 1 else plain
            rest = f"; and {len(plain) - len(shown)} more" if len(plain) > len(shown) else ""
            if plain:
                self._finding(f"    {label}", "; ".join(map(_brief, shown)) + rest)

    # layout

    def _enter(self, phase: str) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        self._phase_began = time.monotonic()
        self._clear()
        number = _PHASES.index(phase)
        self._line("")
        self._line(f"{number} {phase.capitalize()}" if number else phase.capitalize())

    def _finding(self, label: str, text: str) -> None:
        self._clear()
        if len(label) > 26:
            self._line(f"  {label}")
            self._paragraph(text, indent=29)
            return
        lines = _wrap(text, WIDTH - 29)
        self._line(f"  {label:<26} {lines[0]}")
        for line in lines[1:]:
            self._line(" " * 29 + line)

    def _paragraph(self, text: str, *, indent: int) -> None:
        self._clear()
        for line in _wrap(text, WIDTH - indent):
            self._line(" " * indent + line)

    def _line(self, text: str) -> None:
        self._clear()
        print(text, file=self._out, flush=True)

    def _flash(self, text: str) -> None:
        print(f"\r\x1b[2K{text[:WIDTH]}", end="", file=self._out, flush=True)
        self._transient = True

    def _clear(self) -> None:
        if self._transient:
            print("\r\x1b[2K", end="", file=self._out, flush=True)
            self._transient = False


_PHASES = ("intake", "preparation", "experimentation", "validation", "deployment")


_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|kB|MB|GB)\b|%)")


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most so many characters; a number keeps its unit beside it, a word or path is never cut."""
    kept = _UNIT.sub("\u00a0", text)
    lines = textwrap.wrap(kept, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [line.replace("\u00a0", " ") for line in lines]


def _brief(event: Event) -> str:
    value = shown_value(event.data["value"])
    return f"{event.data['id']} = {value if len(value) <= _LONG else value[:_LONG].rstrip() + '…'}"


def _label(event: Event) -> str:
    guidance: Any = event.data["guidance"]
    return f"{guidance} {event.data['title']}".strip() if guidance else f"    {event.data['title']}"
