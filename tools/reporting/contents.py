"""The table of contents of a run: four phases, 28 activities, 19 deliverables, with the numbers of the guidance."""

from __future__ import annotations

from dataclasses import dataclass

PHASES = ("preparation", "experimentation", "validation", "deployment")


@dataclass(frozen=True)
class Activity:
    """A step as documents name it."""

    id: str
    number: str
    title: str

    @property
    def phase(self) -> str:
        """The phase it belongs to."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Deliverable:
    """One of the guidance's documents."""

    stem: str
    title: str
    phase: str
    file: str = ""
    """Its main file where that is not ``<stem>.html``."""

    @property
    def main(self) -> str:
        """The file that the index names."""
        return self.file or f"{self.stem}.html"

    @property
    def page(self) -> str:
        """The page that a person reads."""
        return f"{self.stem}.html"


ACTIVITIES = tuple(
    Activity(*row)
    for row in (
        ("intake.source", "", "reading the source"),
        ("intake.feasibility", "", "can this data answer the question"),
        ("preparation.success_metrics", "1.1", "success metrics"),
        ("preparation.discovery", "1.2", "discovery and profiling"),
        ("preparation.split", "1.6", "split"),
        ("preparation.leakage", "1.2", "leakage"),
        ("preparation.exploration", "1.3", "exploration"),
        ("preparation.cleaning", "1.4", "cleaning"),
        ("preparation.features", "1.5", "features"),
        ("preparation.baseline", "1.7", "baseline"),
        ("experimentation.algorithms", "2.1", "algorithms"),
        ("experimentation.tuning", "2.2", "tuning"),
        ("experimentation.cross_validation", "2.3", "cross-validation"),
        ("experimentation.ensembles", "2.4", "ensembles"),
        ("experimentation.interpretation", "2.5", "interpretation"),
        ("experimentation.error_analysis", "2.6", "error analysis"),
        ("experimentation.optimisation", "2.7", "optimisation"),
        ("validation.holdout", "3.1", "holdout test"),
        ("validation.ab_design", "3.2", "A/B design"),
        ("validation.fairness", "3.3", "fairness"),
        ("validation.robustness", "3.4", "robustness"),
        ("validation.stress", "3.5", "stress"),
        ("validation.business", "3.6", "business value"),
        ("validation.review", "3.7", "review"),
        ("deployment.packaging", "4.1", "packaging"),
        ("deployment.api", "4.2", "API"),
        ("deployment.infrastructure", "4.3", "infrastructure"),
        ("deployment.monitoring", "4.4", "monitoring"),
        ("deployment.ab_rollout", "4.5", "A/B rollout"),
        ("deployment.performance", "4.6", "performance"),
        ("deployment.retraining", "4.7", "retraining"),
    )
)

DELIVERABLES = (
    Deliverable("01-problem-statement", "Problem statement", "preparation"),
    Deliverable("02-data-quality-report", "Data quality report", "preparation"),
    Deliverable("03-eda-notebook", "Exploration", "preparation", "03-eda-notebook.ipynb"),
    Deliverable("04-feature-pipeline", "Feature pipeline", "preparation"),
    Deliverable("05-baseline", "Baseline", "preparation"),
    Deliverable("06-experiment-dashboard", "Experiments", "experimentation"),
    Deliverable("07-model-comparison", "Model comparison", "experimentation"),
    Deliverable("08-best-model", "The model", "experimentation"),
    Deliverable("09-validation-metrics", "Validation metrics", "experimentation"),
    Deliverable("10-error-analysis", "Error analysis", "experimentation"),
    Deliverable("11-test-results", "Test results", "validation"),
    Deliverable("12-bias-assessment", "Bias assessment", "validation"),
    Deliverable("13-model-card", "Model card", "validation"),
    Deliverable("14-go-no-go", "Go or no-go", "validation"),
    Deliverable("15-endpoint", "Endpoint", "deployment"),
    Deliverable("16-monitoring-dashboard", "Monitoring", "deployment"),
    Deliverable("17-retraining-schedule", "Retraining", "deployment"),
    Deliverable("18-runbook", "Runbook", "deployment"),
    Deliverable("19-slas", "Service levels", "deployment"),
)


def activity(step: str) -> Activity:
    """An activity by its step id.

    Raises:
        KeyError: there is none.
    """
    return {each.id: each for each in ACTIVITIES}[step]


def deliverable(stem: str) -> Deliverable:
    """A deliverable by its stem.

    Raises:
        KeyError: there is none.
    """
    return {each.stem: each for each in DELIVERABLES}[stem]


def phases_until(phase: str) -> tuple[str, ...]:
    """The phases up to and with this one."""
    return PHASES[: PHASES.index(phase) + 1]
