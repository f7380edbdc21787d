"""How a workspace or an example reads on the home screen: one line in the list, a few lines beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from textual.content import Content

from agent.recent import Example, Recent, Standing
from tui.app.plain import fit, line

_MARKS = {"running": "●", "waiting": "◇", "done": "✓", "rejected": "✗", "failed": "!"}
_UNKNOWN = Standing()


def state_words(standing: Standing | None) -> tuple[str, str]:
    """A mark and the few words that say how a workspace stands; None means that it is being read."""
    if standing is None:
        return "·", "reading …"
    if standing.problem:
        return "!", f"not readable: {line(standing.problem)}"
    if standing.state is None:
        return "·", "no run yet"
    words = {
        "waiting": _waits_for(standing),
        "running": f"at work in {standing.phase}" if standing.phase else "at work",
        "failed": f"stopped by an error in {standing.phase}" if standing.phase else "stopped by an error",
    }.get(standing.state, standing.state)
    if standing.verdict:
        words += f" · {standing.verdict}"
    return _MARKS.get(standing.state, "·"), line(words)


def _waits_for(standing: Standing) -> str:
    if standing.gate:
        return f"waits at gate {standing.gate}"
    if standing.question:
        return f"waits for an answer: {standing.question}"
    return f"stopped in {standing.phase}" if standing.phase else "stopped at the start"


def ago(changed: datetime | None, moment: datetime) -> str:
    """How long ago a moment was, in one unit; older than a month it is the date."""
    if changed is None:
        return ""
    past = max(moment - changed, timedelta())
    if past < timedelta(minutes=1):
        return "a moment ago"
    if past < timedelta(hours=1):
        return f"{past.seconds // 60} min ago"
    if past < timedelta(days=1):
        return f"{past.seconds // 3600} h ago"
    if past < timedelta(days=31):
        return "yesterday" if past.days == 1 else f"{past.days} days ago"
    return changed.date().isoformat()


def recent_row(place: Recent, standing: Standing | None, moment: datetime, names: int, width: int) -> Content:
    """A workspace as one line of ``width`` cells: mark, name (``names`` cells), state, age where there is room."""
    mark, words = state_words(standing)
    age = ago(standing.changed, moment) if standing else ""
    room = width - names - 5
    wide = room - len(age) - 2 >= min(len(words), 24)
    name = fit(line(place.name), names)
    if age and wide:
        return Content.assemble(f"{mark} ", (name, "bold"), f"  {fit(words, room - len(age) - 1)} ", (age, "dim"))
    return Content.assemble(f"{mark} ", (name, "bold"), f"  {fit(words, max(room, 0))}")


def example_row(example: Example, names: int, width: int) -> Content:
    """An example as one line of ``width`` cells."""
    name = fit(line(example.name), names)
    about = line(example.about).removeprefix(f"{line(example.name).capitalize()}: ")
    return Content.assemble("  ", (name, "bold"), "  ", (fit(about, max(width - names - 5, 0)), "dim"))


def recent_detail(place: Recent, standing: Standing | None, moment: datetime) -> Content:
    """What the home screen says beside a workspace."""
    known = standing or _UNKNOWN
    _, words = state_words(standing)
    rows = [
        ("run", known.run),
        ("state", words),
        ("phase", known.phase),
        ("waits for", f"gate {known.gate}" if known.gate else known.question),
        ("advice", f"{known.recommended}: {known.why}" if known.recommended and known.why else known.recommended),
        ("verdict", known.verdict),
        ("model", known.model),
        ("changed", ago(known.changed, moment)),
        ("folder", _short(place.root)),
    ]
    return _card(line(place.name), rows)


def _card(title: str, rows: list[tuple[str, str | None]]) -> Content:
    lines = [Content.assemble((fit(label, 10), "dim"), " ", line(value)) for label, value in rows if value]
    return Content("\n").join([Content.styled(title, "bold"), Content(""), *lines])


def _short(path: Path) -> str:
    """A path with the home folder as ``~``."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
