"""How a look at a table is printed: what was found, then each column on one line with a small sketch."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.wording import count, inert_text, percent

if TYPE_CHECKING:
    from agent.looking import ColumnLook, Look

WIDTH = 100
LEAST_WIDTH = 60
MOST_FINDINGS = 14
MOST_COLUMNS = 40
"""Columns up to which all are shown, in the table's order; of a wider table the most interesting."""
FOREMOST = 30
_DRAWN = 76
"""Cells from which there is room for the sketches."""
_NAME, _LEAST_NAME = 26, 12
_BESIDE = 74
"""Cells of a line beside the name: enough for a sketch and two dates."""
_BARS = "▁▂▃▄▅▆▇█"
_MARK = {"block": "!", "warn": "!", "info": "·"}
_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|kB|MB|GB)\b|%)")


def lines(look: Look, width: int = WIDTH, *, then: str = "") -> list[str]:
    """The lines of a look, none but the command wider than ``width`` cells.

    Args:
        look: what was found.
        width: cells of the terminal.
        then: the command that goes on from here.
    """
    width = max(LEAST_WIDTH, width)
    made = [*_wrapped(f"{look.name}: {look.headline}", width)]
    for note in look.notes:
        made += _wrapped(str(note), width, "  ")
    made.append("")
    made += _findings(look, width)
    made.append("")
    made += _table(look, width)
    if then:
        # a command is never broken: what is shown can be typed as it stands
        made += ["", f"next  {then}"]
    return made


def command(data: str, settings: Sequence[str], target: str | None) -> str:
    """The command that starts a run on the same table; a name that can't be typed safely stays a placeholder."""
    parts = ["phasegate", "run", _typed(data) or "DATA"]
    for setting in settings:
        parts += ["--set", _typed(setting) or "ID=VALUE"]
    return " ".join([*parts, "--target", (_typed(target) if target else None) or "COL"])


def _typed(text: str) -> str | None:
    return shlex.quote(text) if text and inert_text(text, len(text)) == text and not text.startswith("-") else None


def _findings(look: Look, width: int) -> list[str]:
    made = []
    for finding in look.findings[:MOST_FINDINGS]:
        first, *rest = _wrapped(str(finding.text), width - 4, hang="")
        made += [f"  {_MARK[finding.level]} {first}", *(f"    {line}" for line in rest)]
    left = len(look.findings) - MOST_FINDINGS
    if left > 0:
        made.append(f"    and {count(left, 'finding')} more with --json")
    return made


def _table(look: Look, width: int) -> list[str]:
    shown = foremost(look)
    longest = max(_cells(inert_text(column.name)) for column in shown)
    name = max(6, min(longest, _NAME, max(_LEAST_NAME, width - _BESIDE)))
    sketch = max((len(column.sketch) for column in shown), default=0) if width >= _DRAWN else 0
    head = f"    {'column':<{name}}  {'type':<7}  {'missing':>7}  {'distinct':>9}  values"
    made = [head]
    for column in shown:
        flag = _MARK[column.level] if column.level in ("warn", "block") else " "
        missing = _short(percent(column.missing_share)) if column.missing else "–"
        left = f"  {flag} {_fitted(column.name, name)}  {column.type:<7}  {missing:>7}  {column.distinct:>9,}  "
        bars = bar_text(column.sketch) if sketch else ""
        lead = f"{bars}{' ' * (sketch - len(bars))}  " if bars else ""
        made.append((left + lead + _said(column, width - _cells(left) - len(lead))).rstrip())
    left_out = len(look.columns) - len(shown)
    if left_out:
        rest = f"and {count(left_out, 'column')} more with --json; these are the ones with most to say"
        made += _wrapped(rest, width, "    ", hang="")
    return made


def foremost(look: Look) -> list[ColumnLook]:
    """The columns that are shown: all of them, or of a wide table those with most to say, in order of that."""
    if len(look.columns) <= MOST_COLUMNS:
        return list(look.columns)
    likely = [look.leading] if look.leading else [each.column for each in look.targets[:2]]
    company: dict[str, int] = {}
    for finding in look.findings:
        for name in finding.columns:
            company[name] = min(company.get(name, len(look.columns)), len(finding.columns))

    def interest(column: ColumnLook) -> tuple[int, int, int]:
        marks = (
            column.name in likely,
            column.level in ("warn", "block"),
            column.personal is not None or column.protected is not None,
            column.level == "info",
            column.missing > 0,
        )
        # what is said of few columns says more of each
        together = company.get(column.name, len(look.columns))
        return (marks.index(True) if True in marks else len(marks)), together, column.position

    return sorted(look.columns, key=interest)[:FOREMOST]


def bar_text(counts: Sequence[int]) -> str:
    """Counts as bars, the tallest the greatest; an empty bin is blank and one of few rows is never."""
    top = max(counts, default=0)
    if not top:
        return ""
    return "".join(_BARS[round((len(_BARS) - 1) * count / top)] if count else " " for count in counts)


def _short(share: str) -> str:
    return share.replace("under ", "<").replace("over ", ">")


def _said(column: ColumnLook, room: int) -> str:
    """What is said of a column, as much of it as there is room for."""
    told = list(column.told)
    if not column.levels or column.distinct == 1:
        while len(told) > 1 and _cells(", ".join(told)) > room:
            told.pop()
        return _fitted(", ".join(told), room).rstrip()
    while True:
        more = column.distinct - len(told)
        text = ", ".join(told) + (f", {more:,} more" if more else "")
        if _cells(text) <= room or len(told) == 1:
            return _fitted(text, room).rstrip()
        told.pop()


def _fitted(text: str, cells: int) -> str:
    """A text in exactly so many cells, cut with … or filled with blanks."""
    from rich.cells import set_cell_size

    text = inert_text(text)
    return set_cell_size(text, cells) if _cells(text) <= cells else set_cell_size(text, cells - 1) + "…"


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _wrapped(text: str, width: int, indent: str = "", hang: str = "  ") -> list[str]:
    """Lines of at most so many characters; a number keeps its unit beside it."""
    kept = _UNIT.sub("\u00a0", text)
    found = textwrap.wrap(kept, width, initial_indent=indent, subsequent_indent=indent + hang, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in found]
