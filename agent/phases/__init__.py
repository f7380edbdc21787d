"""The phases as data: each a tuple of steps in order of execution."""

from __future__ import annotations

from agent.registry import Phase

PHASES: tuple[Phase, ...] = ()
