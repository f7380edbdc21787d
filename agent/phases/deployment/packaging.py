"""Step 4.1, packaging: the self-contained folder that is deployed, with everything that it needs and nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from agent.phases.deployment.inputs import FOUND, PERSONAL, personal_columns
from agent.steps import Ask, Job, Known, Option, Step
from tools.records import Outcome
from tools.wording import Fact, plural, say

if TYPE_CHECKING:
    from tools.monitoring.drift import DriftReference
    from tools.serving.bundle import Assembled
    from tools.serving.card import ModelCard
    from tools.serving.service.scorer import Scorer

LINEAGE = (
    "split.parquet",
    "split.json",
    "criteria.json",
    "cleaning.json",
    "features.json",
    "trials.json",
    "tuned.json",
    "ensemble.json",
    "optimisation.json",
    "holdout.json",
    "verdict.json",
)
"""Artifacts whose hashes the bundle carries, so that one can walk from the endpoint to data, trials and tests."""
TESTS = (
    "validation.holdout",
    "validation.fairness",
    "validation.robustness",
    "validation.stress",
    "validation.business",
)
"""Steps whose findings the model card repeats."""


def run(job: Job) -> Outcome:
    """Assemble the bundle."""
    import json

    from tools.evaluation.criteria import Criteria
    from tools.features.matrix import load_target
    from tools.monitoring.thresholds import latency_of, thresholds_of
    from tools.serving.bundle import Contents, assemble
    from tools.serving.requests import prior_of
    from tools.serving.service.scorer import Scorer

    scorer = Scorer.load(job.path("scorer/"))
    criteria = job.load("criteria.json", Criteria)
    personal = personal_columns(job)
    decided = thresholds_of(job.answer("monitoring.thresholds"))
    reference = _reference(job, scorer, personal)
    y = load_target(job.path("train_target.parquet")).y
    measured = job.outcome("validation.stress").facts.get("p95_ms")
    card = _card(job, scorer, len(y))
    text = json.dumps(reference.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    contents = Contents(
        name=f"{job.answer('data.target') or 'model'} model",
        prior=prior_of(y, len(scorer.classes)),
        personal=personal,
        card=card.model_dump(mode="json"),
        lineage={name: hashlib.sha256(job.path(name).read_bytes()).hexdigest() for name in LINEAGE},
        reference=text.encode(),
        latency_p95_ms=latency_of(
            decided, criteria.limits.latency_p95_ms, float(measured) if measured is not None else None
        ),
        error_rate=decided.error_rate,
        memory_mb=int(criteria.limits.memory_mb or 512),
    )
    made = assemble(job.out / "bundle", job.path("scorer/"), contents)
    return outcome(made, reference, card, str(job.answer("deployment.target") or "local"), len(scorer.needed))


def _reference(job: Job, scorer: Scorer, personal: set[str]) -> DriftReference:
    """The reference over training and validation rows, in source order."""
    import pandas as pd

    from tools.monitoring.drift import build_reference
    from tools.monitoring.thresholds import thresholds_of
    from tools.serving.requests import kinds_of

    decided = thresholds_of(job.answer("monitoring.thresholds"))
    split = job.frame("split.parquet")
    parts = []
    for name in ("train", "validation"):
        frame = job.frame(f"{name}.parquet")
        rows = split.loc[split["partition"] == name, "row"].to_numpy()
        parts.append(frame[list(scorer.needed)].set_axis(rows, axis=0))
    known = [part for part in parts if len(part)]
    frame = pd.concat(known).sort_index(kind="stable").reset_index(drop=True)
    return build_reference(
        frame,
        kinds_of(scorer.manifest),
        personal=personal,
        seed=job.seed,
        alpha=decided.alpha,
        smallest=decided.smallest,
        window=decided.window,
    )


def _card(job: Job, scorer: Scorer, training_rows: int) -> ModelCard:
    from tools.evaluation.scoring import task_of
    from tools.serving.card import ModelCard, card_metrics, open_checks

    review = job.outcome("validation.review")
    return ModelCard(
        task=task_of(scorer),
        target=scorer.target,
        classes=scorer.classes,
        positive=scorer.positive,
        threshold=scorer.threshold,
        intended_use=_said(job, "requirements.problem"),
        unit=_said(job, "requirements.unit"),
        owner=_said(job, "requirements.owner"),
        on_call=_said(job, "requirements.on_call"),
        possible_harm=_said(job, "requirements.harm"),
        when_it_fails=_said(job, "requirements.fallback_action"),
        training_rows=training_rows,
        metrics=card_metrics(job.outcome("validation.holdout").metrics),
        verdict=str(job.json("verdict.json")["verdict"]),
        open_checks=open_checks([check for step in TESTS for check in job.outcome(step).checks]),
        findings=(*(str(job.outcome(step).summary) for step in TESTS), str(review.summary)),
    )


def _said(job: Job, question: str) -> str:
    return str(job.answer(question) or "not stated")


def outcome(made: Assembled, reference: DriftReference, card: ModelCard, target: str, needed: int) -> Outcome:
    """What the bundle is, in words."""
    libraries = sum(name.endswith(".py") for name in made.files)
    facts: dict[str, Fact] = {
        "model_sha256": made.model,
        "bundle_sha256": made.bundle,
        "files": len(made.files),
        "bytes": made.bytes,
        "sources": libraries,
        "needed_columns": needed,
        "watched_columns": len(reference.columns),
        "reference_rows": reference.rows,
        "target": target,
        "open_checks": len(card.open_checks),
    }
    notes = [
        say(
            "{watched|int} of {needed|int} columns are watched for drift, against {rows|int} of the model's own rows",
            watched=len(reference.columns),
            needed=needed,
            rows=reference.rows,
        ),
        say("to deploy it: {how}", how=HOW[target]),
    ]
    if reference.unmonitored:
        notes.append(
            say(
                "not watched: {count|int} {word} ({why})",
                count=len(reference.unmonitored),
                word=plural(len(reference.unmonitored), "column"),
                why="; ".join(sorted(set(reference.unmonitored.values()))),
            )
        )
    if card.open_checks:
        notes.append(
            say(
                "the model card that it serves names {count|int} {word} that did not pass",
                count=len(card.open_checks),
                word=plural(len(card.open_checks), "check"),
            )
        )
    return Outcome(
        summary=say(
            "a bundle of {files|int} files, {bytes|bytes}, that takes {needed|int} columns; model {model}",
            files=len(made.files),
            bytes=made.bytes,
            needed=needed,
            model=made.model[:12],
        ),
        notes=tuple(notes),
        facts=facts,
    )


HOW = {
    "local": "phasegate serve, or python -m service in the bundle",
    "container": "docker compose up in the bundle (service, Prometheus, Grafana)",
    "kubernetes": "kubectl apply -f deploy/kubernetes/ in the bundle",
}
"""Target to the command that deploys it."""
TARGETS = (
    Option("local", "a process on this machine", "needs nothing but Python"),
    Option("container", "containers on one machine", "with Prometheus and Grafana beside it"),
    Option("kubernetes", "a Kubernetes cluster", "scales out under load"),
)


def _evidence(known: Known) -> dict[str, Any]:
    stress = known.facts("validation.stress")
    split = known.facts("preparation.split")
    return {
        "throughput_rps": known.answer("requirements.throughput_rps"),
        "infrastructure": str(known.answer("requirements.infrastructure") or "").lower(),
        "heavy_failures": stress.get("heavy_failures"),
        "heavy_rps": stress.get("heavy_rps"),
        "p95_ms": stress.get("p95_ms"),
        "latency_p95_ms": known.answer("requirements.latency_p95_ms"),
        "rows": split.get("train"),
    }


STEP = Step(
    id="deployment.packaging",
    guidance="4.1",
    title="packaging",
    run=run,
    needs=(
        "scorer/",
        "train.parquet",
        "validation.parquet",
        "train_target.parquet",
        *LINEAGE,
        *FOUND,
        "validation.review.outcome",
        *(f"{step}.outcome" for step in TESTS),
    ),
    decisions=(
        *PERSONAL,
        "data.target",
        "deployment.target",
        "monitoring.thresholds",
        "requirements.problem",
        "requirements.unit",
        "requirements.owner",
        "requirements.on_call",
        "requirements.harm",
        "requirements.fallback_action",
    ),
    makes=("bundle/",),
    libraries=(
        "fastapi", "uvicorn", "onnxruntime", "numpy", "pandas", "pyarrow", "prometheus-client", "cyclonedx-python-lib",
    ),
    before=(
        Ask(
            id="deployment.target",
            prompt="Where will the model run?",
            type="choice",
            options=TARGETS,
            evidence=_evidence,
        ),
        Ask(
            id="monitoring.thresholds",
            prompt="At what should monitoring alarm? A mapping of alpha, window, smallest, error_rate, latency_p95_ms.",
            type="mapping",
            evidence=_evidence,
        ),
    ),
)  # fmt: skip
