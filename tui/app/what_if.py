"""Another threshold, read from the stored curve: a track with a mark, and what it would do beside what today's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import MouseDown, MouseMove, MouseUp, Resize
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from agent.conversation.gate_view import beside, curve_note
from tui.app.evidence import CurveData, Series
from tui.app.plain import fit
from tui.app.plots import Curve

if TYPE_CHECKING:
    from agent.conversation.what_if import Point, ThresholdCurve

ROOM_FOR_A_PLOT = 112
"""Columns from which the cost curve stands beside the table."""


class Track(Widget, can_focus=True):
    """The stored thresholds from lowest to highest, the mark among them."""

    DEFAULT_CSS = "Track { width: 1fr; height: 1; } Track:focus { text-style: bold; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "lower", key_display="←", show=False),
        Binding("right", "move(1)", "higher", key_display="→", show=False),
        Binding("shift+left", "move(-10)", "ten lower", key_display="shift+←", show=False),
        Binding("shift+right", "move(10)", "ten higher", key_display="shift+→", show=False),
        Binding("home,0", "today", "back to today's", key_display="0", show=False),
    ]
    at: reactive[int] = reactive(0)
    """Which stored point the mark stands on."""

    class Moved(Message):
        """The mark stands on another point."""

    def __init__(self, curve: ThresholdCurve) -> None:
        super().__init__(id="track")
        self._curve = curve
        self.today = curve.points.index(curve.at(curve.today))
        self._dragged = False
        self.set_reactive(Track.at, self.today)

    def validate_at(self, at: int) -> int:
        """The mark stays on the track."""
        return min(max(at, 0), len(self._curve.points) - 1)

    def watch_at(self) -> None:
        """Tell that the mark moved."""
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """Move the mark by stored points."""
        self.at += by

    def action_today(self) -> None:
        """Put the mark back on the threshold that holds."""
        self.at = self.today

    def on_mouse_down(self, event: MouseDown) -> None:
        """Take hold of the mark."""
        event.stop()
        self._dragged = True
        self.capture_mouse()
        self._pull(event.x)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Pull the mark along."""
        if self._dragged:
            self._pull(event.x)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go of the mark."""
        self._dragged = False
        self.release_mouse()

    def _pull(self, column: int) -> None:
        inner = max(self.size.width - 3, 1)
        self.at = round((column - 1) / inner * (len(self._curve.points) - 1))

    def _column(self, at: int) -> int:
        return 1 + round(at / max(len(self._curve.points) - 1, 1) * max(self.size.width - 3, 1))

    def render(self) -> Content:
        """The track: arrows at its ends while it has the keys, a bar at today's, a dot at the mark."""
        ends = "◀▶" if self.has_focus else "├┤"
        cells = [ends[0], *"─" * max(self.size.width - 2, 0), ends[1]]
        cells[self._column(self.today)] = "┃"
        mark = self._column(self.at)
        return Content.assemble(
            ("".join(cells[:mark]), "$foreground-muted"),
            ("●", "bold $text-accent"),
            ("".join(cells[mark + 1 :]), "$foreground-muted"),
        )


class WhatIf(Vertical):
    """The track, what the marked threshold would do beside today's, and the cost over all thresholds."""

    DEFAULT_CSS = """
    WhatIf { height: auto; margin: 0 0 1 0; padding: 0 1 0 0; }
    WhatIf Static { height: auto; width: 1fr; }
    WhatIf Horizontal { height: auto; }
    WhatIf #beside { width: 4fr; }
    WhatIf Curve { display: none; width: 3fr; height: 10; margin: 0 0 0 2; }
    WhatIf.-wide Curve { display: block; }
    """

    def __init__(self, curve: ThresholdCurve) -> None:
        super().__init__(id="what-if")
        self._curve = curve

    @property
    def point(self) -> Point:
        """The stored point on which the mark stands."""
        return self._curve.points[self.query_one(Track).at]

    @property
    def moved(self) -> bool:
        """Whether the mark stands elsewhere than on the threshold that holds."""
        track = self.query_one(Track)
        return track.at != track.today

    def compose(self) -> ComposeResult:
        """Heading, track, comparison, curve, and on what it rests."""
        yield Static(
            Content.assemble(
                ("What if the threshold were another?", "bold"),
                ("   w: ← → move · 0 today's · t takes it", "$foreground-muted"),
            ),
            markup=False,
        )
        yield Track(self._curve)
        with Horizontal():
            yield Static(id="beside", markup=False)
            yield Curve(self._plot())
        yield Static(Content.styled(curve_note(self._curve), "$foreground-muted"), markup=False)

    def on_resize(self, event: Resize) -> None:
        """Show the plot where there is room for it."""
        self.set_class(event.size.width >= ROOM_FOR_A_PLOT, "-wide")
        self.call_after_refresh(self._show)

    def on_track_moved(self) -> None:
        """The other numbers."""
        self._show()

    def _show(self) -> None:
        rows = beside(self._curve, self.point)
        table = self.query_one("#beside", Static)
        width = table.size.width or self.size.width
        label = min(max(len(row.label) for row in rows), max(width * 2 // 5, 12))
        asked = min(max(len(row.asked) for row in rows) + 2, max((width - label - 2) // 2, 8))
        today = max(width - label - asked - 4, 8)
        lines = [
            Content.assemble(
                (f"{'':<{label}}  {fit('at the mark ●', asked)}  {fit('today ┃', today)}", "$foreground-muted")
            )
        ]
        for row in rows:
            lines.append(
                Content.assemble(
                    fit(row.label, label), "  ", (fit(row.asked, asked), "bold"), "  ", fit(row.today, today)
                )
            )
        table.update(Content("\n").join(lines))
        self.query_one(Curve).show(self._plot())

    def _plot(self) -> CurveData:
        points = self._curve.points
        costs = [point.cost for point in points]
        low, high = min(costs), max(costs)
        track = list(self.query(Track))
        mark = points[track[0].at] if track else self._curve.at(self._curve.today)
        today = self._curve.at(self._curve.today)
        return CurveData(
            (
                Series("cost per row", tuple(point.threshold for point in points), tuple(costs)),
                Series(f"mark {mark.threshold:g}", (mark.threshold, mark.threshold), (low, high)),
                Series(f"today {today.threshold:g}", (today.threshold, today.threshold), (low, high)),
            ),
            "threshold",
        )
