"""The questions of step 2.7: calibration, threshold, mitigation, and which cases a person decides."""

from __future__ import annotations

from typing import Any

from agent.steps import Ask, Known, Option

CLOSED = 0.5
"""Share of what the ratio of selection rates lacks to one that a mitigation must close to be recommended."""
DEAR = 0.05
"""Relative rise of the loss (for a metric to be raised: of what it lacks to one) that a mitigation may cost at most."""
BAND_SHARE = 0.1
"""Share of rows that a recommended refer band holds at most."""

REFERRED = ("review", "refer", "unsure", "uncertain", "doubt", "close call")
"""Words of a stated fallback that speak of handing single cases over; "a person decides" alone does not ask for it."""


def is_binary(known: Known) -> bool:
    """Whether there are two classes."""
    return bool(known.json("baseline.json")["task"] == "binary")


def has_classes(known: Known) -> bool:
    """Whether the task is a classification."""
    return bool(known.json("baseline.json")["task"] != "regression")


def calibration_evidence(known: Known) -> dict[str, Any]:
    """The out-of-fold slope, and what each kind of calibration would do to the log loss."""
    report = known.json("errors.json")
    slope = report["calibration"]["slope"]
    by_kind = {one["kind"]: one["log_loss"] for one in report["calibrations"]}
    return {
        "recommended": report["recommended_calibration"],
        "slope": slope["value"],
        "slope_lower": slope["lower"],
        "slope_upper": slope["upper"],
        "log_loss": by_kind.get("none"),
        "log_loss_after": by_kind.get(report["recommended_calibration"]),
        "rows": report["rows"],
    }


def threshold_evidence(known: Known) -> dict[str, Any]:
    """What the curve recommends under the calibration that was decided."""
    curve = known.json("threshold_curve.json")
    kind = known.answer("decision.calibration", "none")
    held = curve["recommended"].get(kind, curve["recommended"]["none"])
    return {
        "threshold": held["threshold"],
        "basis": held["basis"],
        "cost": held["cost"],
        "cost_at_half": held["cost_at_half"],
        "costs_stated": curve["costs_stated"],
        "false_positive_cost": curve["false_positive_cost"],
        "false_negative_cost": curve["false_negative_cost"],
        "rows": curve["rows"],
    }


def mitigation_evidence(known: Known) -> dict[str, Any]:
    """The protected column whose selection rates differ most, and what reweighing would change."""
    report = known.json("errors.json")
    found, effect = report["parity"], report["mitigation"] or {}
    worst = min(found, key=lambda one: (one["ratio"], one["column"])) if found else {}
    before, after = effect.get("ratio_before"), effect.get("ratio_after")
    return {
        "columns": len(found),
        "tolerance": known.json("criteria.json")["fairness"]["ratio"],
        "unfair": bool(effect),
        "helps": before is not None
        and after is not None
        and after - before >= CLOSED * (1.0 - before)
        and effect["loss_rise"] <= DEAR,
        "after": after,
        "metric_before": effect.get("metric_before"),
        "metric_after": effect.get("metric_after"),
        **{name: worst.get(name) for name in ("column", "ratio", "lowest", "lowest_rate", "highest", "highest_rate")},
    }


def mitigation_options(known: Known) -> tuple[Option, ...]:
    """Reweighing is offered where a column's selection rates differ beyond tolerance and chance."""
    reweigh = Option("reweigh", "reweigh", "group and outcome become independent in the training rows")
    none = Option("none", "no")
    return (none, reweigh) if known.json("errors.json")["mitigation"] else (none,)


def refer_evidence(known: Known) -> dict[str, Any]:
    """A band around the threshold that holds at most a tenth of the rows, and whether a person can take over."""
    points = known.json("threshold_curve.json")["points"]
    threshold = known.answer("decision.threshold", 0.5)
    action = str(known.answer("requirements.fallback_action") or "").lower()
    at = min(range(len(points)), key=lambda i: abs(points[i]["threshold"] - threshold))
    low = high = at
    while low > 0 and high < len(points) - 1:
        if points[low - 1]["selection_rate"] - points[high + 1]["selection_rate"] > BAND_SHARE:
            break
        low, high = low - 1, high + 1
    return {
        "person": any(word in action for word in REFERRED),
        "action": action,
        "low": points[low]["threshold"],
        "high": points[high]["threshold"],
        "share": points[low]["selection_rate"] - points[high]["selection_rate"],
    }


ASKS = (
    Ask(
        id="decision.calibration",
        prompt="How should probabilities be calibrated?",
        type="choice",
        options=(
            Option("none", "as the model gives them"),
            Option("sigmoid", "sigmoid", "two parameters; safe with few rows"),
            Option("isotonic", "isotonic", "any rising curve; needs about a thousand rows"),
        ),
        evidence=calibration_evidence,
        when=has_classes,
    ),
    Ask(
        id="decision.threshold",
        prompt="From which probability on is a case called positive?",
        type="number",
        evidence=threshold_evidence,
        when=is_binary,
        minimum=0,
        maximum=1,
    ),
    Ask(
        id="decision.mitigation",
        prompt="Should training rows be reweighed so that groups are treated more alike?",
        type="choice",
        choices=mitigation_options,
        evidence=mitigation_evidence,
        when=is_binary,
    ),
    Ask(
        id="decision.refer_band",
        prompt="Between which probabilities should a person decide? As [low, high]; unknown: the model decides all.",
        type="list",
        evidence=refer_evidence,
        when=is_binary,
    ),
)
"""In the order in which they are asked: the threshold depends on the calibration, the band on the threshold."""
