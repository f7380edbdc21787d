"""The search at work: its trials as a table, the best one marked by a word, and the best score so far as a curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.app.evidence import CurveData, Series
from tui.app.plain import fit, line
from tui.app.plots import draw_curve, figure

_ENDED = {"pruned": "given up", "failed": "failed"}
_CURVE = 9
_POINTS = 400
"""About so many points of the curve are drawn."""
_NUMBER = 5
_TIME = 8
_ROOMY = 44
"""Cells from which a family's name gives way to the settings."""
_TIMED = 60
"""Cells from which the time of a trial is shown."""
_SETTINGS = 8
"""Cells from which the settings are shown."""
_BAR = 24
KEPT = 5000
"""So many trials are kept; a search has no more."""


@dataclass(frozen=True)
class Trial:
    """One setting that was tried."""

    number: int
    family: str
    params: str
    state: str
    """complete, pruned or failed."""
    score: float | None
    """None where it was not finished."""
    best: float | None
    """The best score up to here."""
    seconds: float


@dataclass
class Search:
    """What was told of a search; takes one telling after the other."""

    metric: str = ""
    greater_is_better: bool = True
    done: float = 0.0
    total: float = 0.0
    trials: list[Trial] = field(default_factory=list)

    def take(self, data: Mapping[str, Any]) -> None:
        """Take the data of a progress event; what carries no trials only moves the counts."""
        self.done, self.total = float(data["done"]), float(data["total"])
        told = data.get("search")
        if told:
            self.metric, self.greater_is_better = str(told["metric"]), bool(told["greater_is_better"])
            self.trials += [Trial(**{name: one[name] for name in Trial.__dataclass_fields__}) for one in told["trials"]]
            del self.trials[:-KEPT]

    @property
    def best(self) -> Trial | None:
        """The best trial; the first of those that are equal."""
        scored = [trial for trial in self.trials if trial.score is not None]
        sign = -1 if self.greater_is_better else 1
        return min(scored, key=lambda trial: (sign * (trial.score or 0.0), trial.number), default=None)

    @property
    def standing(self) -> str:
        """The best so far in words; nothing before there is one."""
        best = self.best
        return "" if best is None or best.score is None else f"best {self.metric} {figure(best.score)}, {best.family}"


def clock(spent: float, done: float, total: float) -> list[str]:
    """How long it has taken, and what is left where that can be told."""
    told = [f"{spent:.0f} s"]
    if done and spent > 2:
        told.append(f"{spent / done * (total - done):.0f} s left")
    return told


def bar(done: float, total: float) -> str:
    """How far work is."""
    filled = max(0, min(_BAR, round(_BAR * done / (total or 1.0))))
    return f"{'█' * filled}{'░' * (_BAR - filled)}"


def draw_search(search: Search, width: int, height: int, spent: float) -> Content:
    """Counts and clock, the curve where there is room for it, then the best trial and the newest ones."""
    counts = " · ".join([f"{search.done:.0f} of {search.total:.0f} trials", *clock(spent, search.done, search.total)])
    lines = [Content(fit(each, width).rstrip()) for each in (counts, search.standing) if each]
    room = height - len(lines)
    points = [(float(trial.number), trial.best) for trial in search.trials if trial.best is not None]
    if len(points) > _POINTS:  # the last one is always among them
        points = points[:: -(len(points) // _POINTS)][::-1]
    if room >= _CURVE + 6 and len(points) > 1:
        series = Series(f"best {search.metric} so far", tuple(x for x, _ in points), tuple(y for _, y in points))
        lines += [Content(""), draw_curve(CurveData((series,), "trial"), width, _CURVE), Content("")]
        room -= _CURVE + 2
    return Content("\n").join([*lines, *_table(search, width, room)])


def _table(search: Search, width: int, room: int) -> list[Content]:
    best = search.best
    newest = [trial for trial in reversed(search.trials) if trial is not best]
    rows = ([best] if best is not None else []) + newest
    if not rows or room < 2:
        return []
    shown = rows[: room - 1]
    scores = [_ENDED.get(trial.state, "") if trial.score is None else figure(trial.score) for trial in shown]
    scores = [f"best {score}" if trial is best else score for trial, score in zip(shown, scores, strict=True)]
    scored = max(5, *(cell_len(score) for score in scores))
    clocked = _TIME if width >= _TIMED else 0
    room = width - _NUMBER - scored - clocked - 2
    named = max(6, *(cell_len(line(trial.family)) for trial in shown))
    family = min(named, room if room - named - 1 < _SETTINGS and width < _ROOMY else max(width // 3, _SETTINGS))
    layout = (scored, family, room - family - 1, clocked)
    lines = [_row(("trial", "score", "family", "settings", "time"), layout).stylize("$foreground-muted")]
    for trial, score in zip(shown, scores, strict=True):
        cells = (str(trial.number), score, trial.family, trial.params, f"{trial.seconds:.1f} s")
        lines.append(_row(cells, layout).stylize("bold $text-success" if trial is best else ""))
    return [each.truncate(width, ellipsis=True) for each in lines]


def _row(cells: tuple[str, str, str, str, str], layout: tuple[int, int, int, int]) -> Content:
    number, score, name, params, seconds = cells
    scored, family, rest, clocked = layout
    parts = [fit(number, _NUMBER, right=True), fit(score, scored, right=True), fit(line(name), family)]
    if rest >= _SETTINGS:
        parts.append(fit(line(params), rest))
    if clocked:
        parts.append(fit(seconds, clocked - 1, right=True))
    return Content(" ".join(parts))


class LiveSearch(Widget):
    """Shows a search as it goes on."""

    DEFAULT_CSS = """
    LiveSearch { width: 1fr; height: 1fr; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self, search: Search) -> None:
        super().__init__()
        self.search = search
        self._spent = 0.0

    def show(self, spent: float) -> None:
        """Draw the search as it stands, ``spent`` seconds after it began."""
        self._spent = spent
        self.refresh()

    def render(self) -> Content:
        """The search at the present size."""
        return draw_search(self.search, self.size.width, self.size.height, self._spent)
