"""The requirements that intake asks for: what the project is for, what it must hold to, who answers for it."""

from __future__ import annotations

from typing import Any

from agent.steps import Ask, Known, Option


def peek_of(known: Known) -> dict[str, Any]:
    """The first look at the table."""
    peek: dict[str, Any] = known.json("peek.json")
    return peek


def target_of(known: Known) -> dict[str, Any] | None:
    """What the first look tells of the chosen target; None where there is none."""
    name = known.answer("data.target")
    return next((column for column in peek_of(known)["columns"] if column["name"] == name), None)


def unlearnable(known: Known) -> bool:
    """Whether the chosen target has one value or none, which feasibility refuses."""
    column = target_of(known)
    return column is not None and column["distinct"] < 2


def task_is(*tasks: str) -> Any:
    """A condition: the chosen task is one of these."""
    return lambda known: known.answer("data.problem_type") in tasks


def context(known: Known) -> dict[str, Any]:
    """What most requirements can be recommended from."""
    return {
        "target": known.answer("data.target"),
        "task": known.answer("data.problem_type"),
        "positive": known.answer("data.positive_class"),
        "protected": protected_candidates(known),
        "stated_protected": list(known.answer("requirements.protected") or ()),
    }


def protected_candidates(known: Known) -> list[str]:
    """Columns whose names speak of a protected attribute, the target left out."""
    return [name for name in peek_of(known)["protected"] if name != known.answer("data.target")]


def columns(known: Known) -> tuple[Option, ...]:
    """All columns but the target."""
    return tuple(
        Option(column["name"]) for column in peek_of(known)["columns"] if column["name"] != known.answer("data.target")
    )


def _ask(name: str, prompt: str, kind: Any = "text", **more: Any) -> Ask:
    return Ask("requirements." + name, prompt, kind, evidence=context, **more)


REQUIREMENTS: tuple[Ask, ...] = (
    _ask("problem", "What problem should the model solve?", nullable=False),
    _ask("unit", "What is one decision about (a loan, a customer, an hour)?"),
    _ask("kpi", "Which business figure should it improve?"),
    _ask(
        "current_policy",
        "What is done today without the model? accept_all, reject_all, always:CLASS, column:NAME, or none.",
    ),
    _ask(
        "success_threshold",
        "Which value must the primary metric reach, in that metric's own unit?",
        "number",
    ),
    _ask(
        "false_positive_cost",
        "What does a false alarm cost?",
        "number",
        minimum=0,
        when=task_is("binary"),
    ),
    _ask("false_negative_cost", "What does a missed case cost?", "number", minimum=0, when=task_is("binary")),
    _ask(
        "value_per_unit_error",
        "What does one unit of error cost?",
        "number",
        minimum=0,
        when=task_is("regression"),
    ),
    _ask("label_meaning", "What exactly does the target mean, and who wrote it down?"),
    _ask("label_delay_days", "How many days after the prediction is the outcome known?", "number", minimum=0),
    _ask(
        "protected",
        "Which columns hold protected attributes (sex, age, origin, …)?",
        "columns",
        choices=columns,
    ),
    _ask(
        "fairness_tolerance",
        "Which ratio of selection rates between groups is still acceptable?",
        "number",
        minimum=0,
        maximum=1,
    ),
    _ask("harm", "Who may be harmed when the model is wrong, and how?"),
    _ask("fallback_action", "What happens when the model is wrong or not there?"),
    _ask(
        "explainability",
        "How far must a prediction be explained?",
        "choice",
        options=(
            Option("transparent", "the model itself must be readable, weight by weight"),
            Option("individual", "reasons for each prediction, to those concerned"),
            Option("overall", "what the model goes by as a whole"),
            Option("none", "not needed"),
        ),
    ),
    _ask("retention_days", "For how many days may predictions be kept?", "number", minimum=0),
    _ask(
        "latency_p95_ms",
        "Within how many milliseconds must nineteen of twenty answers come?",
        "number",
        minimum=0,
    ),
    _ask("throughput_rps", "How many requests a second must it bear?", "number", minimum=0),
    _ask("memory_mb", "How much memory may the service take, in MB?", "number", minimum=1),
    _ask("growth", "How will the data grow (rows a month, new sources)?"),
    _ask("infrastructure", "What is there already: tracking server, registry, platform, pipelines?"),
    _ask("owner", "Who answers for the model?"),
    _ask("on_call", "Who is called when it fails?"),
)
"""In the order in which they are asked."""
