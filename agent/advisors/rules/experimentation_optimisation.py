"""What the expert recommends for calibration, threshold, mitigation, and the cases that a person decides."""

from __future__ import annotations

from agent.steps import Rule

ETHICS = "Fairness Metrics: Define and monitor fairness across protected groups"
BUSINESS = "Define success metrics (business KPIs → ML metrics)"
HUMAN = "Human in the Loop: Maintain human oversight for critical decisions"
SIMPLE = "Prioritize simplicity: Can a simple model solve this? Start there."

RULES: tuple[Rule, ...] = (
    Rule(
        id="decision.calibration.needed",
        question="decision.calibration",
        guidance="Validate assumptions: Test hypotheses before building complex solutions",
        when=lambda evidence: evidence["recommended"] != "none",
        choose=lambda evidence: evidence["recommended"],
        reason="The probabilities are off (slope {slope|ratio}, {slope_lower|ratio} to {slope_upper|ratio});"
        " calibrated, the log loss on rows left out goes from {log_loss|num} to {log_loss_after|num}.",
    ),
    Rule(
        id="decision.calibration.sound",
        question="decision.calibration",
        guidance=SIMPLE,
        when=lambda evidence: True,
        choose=lambda evidence: "none",
        reason="The probabilities can be taken at their word (slope {slope|ratio}, {slope_lower|ratio} to"
        " {slope_upper|ratio}) or calibrating them would not help.",
    ),
    Rule(
        id="decision.threshold.cost",
        question="decision.threshold",
        guidance=BUSINESS,
        when=lambda evidence: evidence["basis"] == "cost",
        choose=lambda evidence: evidence["threshold"],
        reason="At the stated costs ({false_positive_cost|num} for a false alarm, {false_negative_cost|num} for a miss)"
        " it has the lowest expected cost on {rows|int} rows left out: {cost|num} a row, against {cost_at_half|num} at"
        " one half.",
    ),
    Rule(
        id="decision.threshold.f1",
        question="decision.threshold",
        guidance=BUSINESS,
        when=lambda evidence: evidence["basis"] == "f1",
        choose=lambda evidence: evidence["threshold"],
        reason="It has the best F-measure on {rows|int} rows left out.",
    ),
    Rule(
        id="decision.threshold.half",
        question="decision.threshold",
        guidance=BUSINESS,
        when=lambda evidence: True,
        choose=lambda evidence: evidence["threshold"],
        reason="No costs were stated, so the likelier class is predicted. State what errors cost to have it chosen by"
        " that.",
    ),
    Rule(
        id="decision.mitigation.reweigh",
        question="decision.mitigation",
        guidance=ETHICS,
        when=lambda evidence: bool(evidence["helps"]),
        choose=lambda evidence: "reweigh",
        reason='"{column}": {lowest} is called positive in {lowest_rate|pct} of cases, {highest} in {highest_rate|pct};'
        " reweighing brings the ratio from {ratio|ratio} to {after|ratio}, with the metric from {metric_before|num} to"
        " {metric_after|num}.",
    ),
    Rule(
        id="decision.mitigation.helpless",
        question="decision.mitigation",
        guidance=ETHICS,
        when=lambda evidence: bool(evidence["unfair"]),
        choose=lambda evidence: "none",
        reason='"{column}": {lowest} is called positive in {lowest_rate|pct} of cases, {highest} in {highest_rate|pct},'
        " beyond tolerance; but reweighing helps too little for its cost (ratio {ratio|ratio} to {after|ratio}, metric"
        " {metric_before|num} to {metric_after|num}), so a person has to judge the difference.",
    ),
    Rule(
        id="decision.mitigation.unjudged",
        question="decision.mitigation",
        guidance=ETHICS,
        when=lambda evidence: not evidence["columns"],
        choose=lambda evidence: "none",
        reason="No protected column has two groups that are large enough to judge.",
    ),
    Rule(
        id="decision.mitigation.none",
        question="decision.mitigation",
        guidance=ETHICS,
        when=lambda evidence: True,
        choose=lambda evidence: "none",
        reason='Selection rates do not differ beyond tolerance and chance (lowest ratio {ratio|ratio}, "{column}").',
    ),
    Rule(
        id="decision.refer_band.person",
        question="decision.refer_band",
        guidance=HUMAN,
        when=lambda evidence: bool(evidence["person"]) and evidence["low"] < evidence["high"],
        choose=lambda evidence: [evidence["low"], evidence["high"]],
        reason='A person can take over ("{action}"): between {low|ratio} and {high|ratio} lie the closest calls,'
        " {share|pct} of rows.",
    ),
    Rule(
        id="decision.refer_band.none",
        question="decision.refer_band",
        guidance=HUMAN,
        when=lambda evidence: True,
        choose=lambda evidence: None,
        reason="Nothing was said of handing close calls to a person, so the model decides all.",
    ),
)
