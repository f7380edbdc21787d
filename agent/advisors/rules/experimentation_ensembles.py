"""What the expert recommends about a mixture of models."""

from __future__ import annotations

from agent.steps import Rule

GUIDANCE = "Remember: The goal is not to build the most sophisticated model"

RULES: tuple[Rule, ...] = (
    Rule(
        id="ensemble.accept.gain",
        question="ensemble.accept",
        guidance="Ensemble methods",
        when=lambda evidence: bool(evidence["recommended"]),
        choose=lambda evidence: True,
        reason="{members|int} models together are better than any alone by more than noise: {gain|num} over {single}"
        " ({lower|num} to {upper|num}).",
    ),
    Rule(
        id="ensemble.accept.noise",
        question="ensemble.accept",
        guidance=GUIDANCE,
        when=lambda evidence: True,
        choose=lambda evidence: False,
        reason="More models cost more upkeep, and here {reason}.",
    ),
)
