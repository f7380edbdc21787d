"""All sentences that the data steps say of a table: assumptions, warnings, findings, notes, advice."""

from __future__ import annotations

from tests.agent.phases.data_bench import Bench
from tools.data.reading import Reading
from tools.wording import Sentence


def told(made: Bench) -> list[str]:
    """Every sentence of a bench, as a person reads it."""
    from agent.phases.intake.source import assumed

    reading = Reading.model_validate(made.json("reading.json"))
    found = [str(assumed(each)) for each in reading.assumed] + [str(each) for each in reading.warnings]
    for outcome in made.outcomes.values():
        found += [str(outcome.summary), *map(str, outcome.notes)]
        found += [str(finding.text) for finding in outcome.findings]
    if made.files.get("leakage.json"):
        found += [str(Sentence.model_validate(each["reason"])) for each in made.json("leakage.json")["suspects"]]
    return found + [f"{name}: {advice.value} ({advice.why})" for name, advice in made.asked.items()]
