"""The drawing board: scales, ticks, marks and labels of inline SVG, deterministic to the byte."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.reporting.material import Node, _shown

INK, SOFT, ACCENT = "ink", "soft", "accent"


def fixed(value: float) -> str:
    """A coordinate with at most two decimals, without trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values between two bounds, one, two or five times a power of ten apart."""
    if not high > low:
        return [low]
    raw = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def tick_text(value: float, step: float, style: str = "num") -> str:
    """A tick's label with just the decimals that the distance between ticks needs."""
    if style == "pct":
        value, step = value * 100, step * 100
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    text = f"{value:,.{min(decimals, 6)}f}"
    if abs(value) >= 1_000_000 and step >= 100_000:
        text = f"{value / 1_000_000:,.{0 if step >= 1_000_000 else 1}f} M"
    elif abs(value) >= 10_000 and step >= 1000:
        text = f"{value / 1000:,.0f} k"
    return f"{text} %" if style == "pct" else text


@dataclass(frozen=True)
class Scale:
    """A linear map from data to the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies; the middle where all values are one."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass
class Drawing:
    """An SVG in the making; ``text`` escapes, coordinates are rounded."""

    width: float
    height: float
    title: str
    """What a reader who can't see it is told; plain words."""
    evidence: str = ""
    """Where its data stand."""
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "rule") -> None:
        """A straight line of a class: rule, axis, mark, dashed."""
        ends = (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2))
        where = " ".join(f'{name}="{fixed(value)}"' for name, value in ends)
        self.parts.append(f'<line class="{kind}" {where}/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str = "bar", shade: float = 1) -> None:
        """A filled box; ``shade`` is its opacity."""
        opacity = "" if shade >= 1 else f' fill-opacity="{fixed(shade)}"'
        self.parts.append(
            f'<rect class="{kind}" x="{fixed(x)}" y="{fixed(y)}" width="{fixed(max(width, 0))}" '
            f'height="{fixed(max(height, 0))}"{opacity}/>'
        )

    def dot(self, x: float, y: float, radius: float = 3.5, kind: str = "dot") -> None:
        """A filled circle."""
        self.parts.append(f'<circle class="{kind}" cx="{fixed(x)}" cy="{fixed(y)}" r="{fixed(radius)}"/>')

    def path(self, points: Sequence[tuple[float, float]], kind: str = "curve", closed: bool = False) -> None:
        """A polyline, or a filled shape where closed."""
        if points:
            steps = " ".join(f"{'M' if not place else 'L'}{fixed(x)} {fixed(y)}" for place, (x, y) in enumerate(points))
            self.parts.append(f'<path class="{kind}" d="{steps}{" Z" if closed else ""}"/>')

    def tick(self, x: float, y: float, text: str, anchor: str = "middle") -> None:
        """A label of an axis: scale, not evidence."""
        self.parts.append(
            f'<text class="tick" x="{fixed(x)}" y="{fixed(y)}" text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def words(self, x: float, y: float, text: str, anchor: str = "start", kind: str = "label") -> None:
        """Our own words in a drawing; no digits."""
        self.parts.append(
            f'<text class="{kind}" x="{fixed(x)}" y="{fixed(y)}" text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def value(
        self,
        x: float,
        y: float,
        node: Node,
        style: str = "",
        anchor: str = "start",
        kind: str = "label",
        most: int = 0,
    ) -> None:
        """A figure or name from the evidence; past ``most`` characters the end is cut and the whole is its title."""
        shown = _shown(node.value, style)
        cut = shown if not most or len(shown) <= most else shown[: most - 1].rstrip() + "…"
        title = "" if cut == shown else f"<title>{html.escape(shown)}</title>"
        self.parts.append(
            f'<text class="{kind}" x="{fixed(x)}" y="{fixed(y)}" text-anchor="{anchor}" '
            f'data-evidence="{html.escape(node.id)}">{title}{html.escape(cut)}</text>'
        )

    def svg(self) -> str:
        """The whole drawing."""
        evidence = f' data-evidence="{html.escape(self.evidence)}"' if self.evidence else ""
        return (
            f'<svg viewBox="0 0 {fixed(self.width)} {fixed(self.height)}" role="img" '
            f'aria-label="{html.escape(self.title)}"{evidence} style="max-width:{fixed(self.width * 1.25)}px">'
            f"{''.join(self.parts)}</svg>"
        )
