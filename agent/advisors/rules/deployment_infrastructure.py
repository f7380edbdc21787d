"""Rules for step 4.3: whether the endpoint is started."""

from __future__ import annotations

from agent.steps import Rule

LINE = "Infrastructure setup"

RULES: tuple[Rule, ...] = (
    Rule(
        id="start.not_elsewhere",
        question="deployment.start",
        guidance=LINE,
        when=lambda evidence: evidence.get("target") in ("container", "kubernetes"),
        choose=lambda evidence: "probe",
        reason="it will run as {target}; here it is only started once, to see that it answers right",
    ),
    Rule(
        id="start.not_go",
        question="deployment.start",
        guidance="Graceful Degradation",
        when=lambda evidence: evidence.get("verdict") not in (None, "go"),
        choose=lambda evidence: "probe",
        reason="the verdict is {verdict}: the start is tested, nothing is left running unasked",
    ),
    Rule(
        id="start.go",
        question="deployment.start",
        guidance=LINE,
        when=lambda evidence: True,
        choose=lambda evidence: "yes",
        reason="the model passed its tests; the endpoint listens on this machine only and asks for a token",
    ),
)
