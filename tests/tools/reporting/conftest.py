"""A small run's material, made by hand in the shapes that the steps make."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tools.data.exploring import Exploration, Target, explore
from tools.evaluation.criteria import Criteria, FairnessCriteria, Policy, Requirement
from tools.records import Check, Finding, MetricValue, Outcome
from tools.reporting.material import DecisionFacts, GateFacts, Material, RunFacts, RunRecord
from tools.wording import say


def loans(rows: int = 400, *, names: tuple[str, str, str] = ("amount", "purpose", "months")) -> pd.DataFrame:
    """Loans of which late ones are larger and for other purposes; seeded."""
    stream = np.random.default_rng(5)
    late = stream.random(rows) < 0.3
    amount = stream.lognormal(7 + 0.6 * late, 0.5)
    purpose = np.where(stream.random(rows) < 0.3 + 0.4 * late, "car", "house")
    months = stream.integers(1, 7, rows) * 6
    return pd.DataFrame({names[0]: amount, names[1]: purpose, names[2]: months, "risk": np.where(late, "bad", "good")})


def explored(frame: pd.DataFrame) -> Exploration:
    y = (frame["risk"] == "bad").to_numpy().astype(float)
    return explore(frame.drop(columns="risk"), Target("binary", "risk", y, ("good", "bad"), "bad"), {})


def material(frame: pd.DataFrame, *, column: str = "purpose") -> Material:
    """Phase 1 of a run on a frame; ``column`` is the one that findings speak of."""
    criteria = Criteria(
        task="binary",
        primary=Requirement(metric="roc_auc", bound=0.7),
        guardrails=(Requirement(metric="f1", bound=0.25),),
        false_negative_cost=5.0,
        costs_stated=True,
        unit="loan",
        fairness=FairnessCriteria(protected=(column,)),
        policy=Policy(kind="accept_all"),
    )
    view = explored(frame)
    finding = Finding(
        id=f"representation.{column}",
        step="preparation.discovery",
        kind="representation",
        columns=(column,),
        level="warn",
        text=say('"{column}" is {share|pct} one level', column=column, share=0.963),
        action="collect more rows of the smaller group",
    )
    outcomes = {
        "preparation.success_metrics": Outcome(summary=say("ROC AUC of at least {bound|ratio}", bound=0.7)),
        "preparation.discovery": Outcome(
            summary=say("{findings|int} finding in {columns|int} columns", findings=1, columns=4), findings=(finding,)
        ),
        "preparation.split": Outcome(
            summary=say("{train|int} rows to learn from", train=256), facts={"train": 256, "kind": "stratified"}
        ),
        "preparation.leakage": Outcome(
            summary=say("none found ({kinds|int} kinds checked)", kinds=12),
            checks=(
                Check(
                    id="data.leakage",
                    status="pass",
                    blocking=True,
                    value=0,
                    criterion="at most 0 columns",
                    title="leakage",
                    measured=say("{suspects|int} suspects", suspects=0),
                ),
            ),
        ),
        "preparation.exploration": Outcome(
            summary=say('"{first}" tells most', first=view.associations[0][0]),
            facts={"base_rate": view.overall.rate, "focus": "bad", "target": "risk"},
        ),
        "preparation.baseline": Outcome(
            summary=say("{label}: {value|num}", label="logistic regression", value=0.7712345),
            metrics=(
                MetricValue(
                    id="simple.roc_auc",
                    step="preparation.baseline",
                    partition="oof",
                    model="simple",
                    metric="roc_auc",
                    value=0.7712345,
                    lower=0.7212,
                    upper=0.8163,
                    n=256,
                ),
            ),
        ),
    }
    artifacts = {
        "criteria.json": criteria.model_dump(mode="json"),
        "exploration.json": view.model_dump(mode="json"),
        "split.json": {
            "parts": {
                "train": {
                    "rows": 256,
                    "share": 0.64,
                    "classes": {"good": 179, "bad": 77},
                    "starts": None,
                    "ends": None,
                },
                "validation": {"rows": 64, "share": 0.16, "classes": {}, "starts": None, "ends": None},
                "test": {"rows": 80, "share": 0.2, "classes": {}, "starts": None, "ends": None},
            },
            "overlaps": [],
        },
    }
    record = RunRecord(
        run=RunFacts(id="0001-heron", seed=3, source="loans2.csv", sha256="9c1f" * 16, rows=400),
        decisions=(
            DecisionFacts(id="data.target", value="risk", source="flag", recommended="risk", why="it has 2 values"),
            DecisionFacts(id="requirements.owner", value="Head of credit", source="file", by="model owner"),
            DecisionFacts(id="requirements.retention_days", value=None, source="recommended"),
        ),
        gates=(
            GateFacts(
                gate="preparation",
                decision="approve",
                by="model owner",
                reason="agreed with risk on page 3",
                conditions="review 2 groups by hand",
                overrides=("data.rows",),
                evidence="4be2",
            ),
        ),
    )
    return Material(record=record, outcomes=outcomes, artifacts=artifacts)


@pytest.fixture(scope="session")
def run_material() -> Material:
    return material(loans())
