"""The expert advisor: the first declared rule whose condition holds speaks."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from agent.advisors.base import Recommendation
from agent.steps import Ask, Option, Rule
from tools.wording import Fact, render, slots


class Expert:
    """Recommends by rules drawn from the guidance; needs no model and no network."""

    name = "expert"

    def recommend(self, ask: Ask, options: tuple[Option, ...], evidence: Mapping[str, Any]) -> Recommendation:
        """Recommend by the first rule for the question whose condition holds."""
        for rule in rules().get(ask.id, ()):
            if rule.when(evidence):
                return Recommendation(
                    made=True, value=rule.choose(evidence), why=_reason(rule.reason, evidence), rule=rule.id
                )
        return Recommendation(made=False)


def _reason(template: str, evidence: Mapping[str, Any]) -> str:
    facts: dict[str, Fact] = {}
    for name, _ in slots(template):
        value = evidence.get(name)
        facts[name] = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return render(template, facts)


@cache
def rules() -> Mapping[str, tuple[Rule, ...]]:
    """All declared rules by question id, in the order of declaration."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in _declared():
        found[rule.question] = (*found.get(rule.question, ()), rule)
    return found


def _declared() -> Iterator[Rule]:
    from agent.advisors import rules as folder

    for module in sorted(info.name for info in pkgutil.iter_modules(folder.__path__)):
        yield from importlib.import_module(f"{folder.__name__}.{module}").RULES
