"""Deliverable 17: when the model is trained anew, what must hold before the new one takes its place."""

from __future__ import annotations

from tools.reporting.blocks import absent, decided, section, sentence_case
from tools.reporting.material import Material, line
from tools.reporting.sections import Block, Bullets, Definitions, Document, Fold, Listing, Paragraph, words

STEP = "deployment.retraining"


def build(m: Material) -> Document:
    """The retraining schedule."""
    lead = m.summary(STEP) or words("When the model is trained anew.")
    plan = m.node("retraining.json")
    if not plan:
        return Document(
            "17-retraining-schedule",
            "Retraining",
            lead,
            (section("Retraining", absent(m, "The retraining plan", STEP)),),
        )
    cadence = (
        (words("cadence"), (plan["cadence"].as_("words"),)),
        (words("trained on"), line("{n|int} rows", n=plan["training_rows"])),
    )
    triggers = [sentence_case(m.said(each["text"])) for each in plan["triggers"]]
    schedule: list[Block] = [Paragraph(words("No schedule was asked for: only the triggers above start a retraining."))]
    if plan["schedule"]:
        names = (
            ("cron", "cron"),
            ("systemd_timer", "systemd timer"),
            ("systemd_service", "systemd service"),
            ("kubernetes", "Kubernetes"),
        )
        schedule = [
            Fold(
                words(f"As {title}"),
                (Listing(plan["schedule"][key].text, evidence=plan["schedule"][key].id),),
            )
            for key, title in names
            if plan["schedule"][key]
        ]
    sections = [
        section(
            "When",
            Definitions(cadence),
            [Bullets(tuple(triggers))] if triggers else None,
            decided(m, ("retraining.triggers", "retraining.cadence")),
        ),
        section(
            "How",
            Listing(plan["command"].text, evidence=plan["command"].id),
            Paragraph(sentence_case(m.said(plan["promotion"]))),
        ),
        section("Schedule to install", schedule),
    ]
    return Document("17-retraining-schedule", "Retraining", lead, tuple(sections))
