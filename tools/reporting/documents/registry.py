"""Which function makes which deliverable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.reporting import model_card
from tools.reporting.documents import (
    baseline,
    best_model,
    bias_assessment,
    data_quality,
    endpoint,
    error_analysis,
    experiments,
    exploration,
    feature_pipeline,
    go_no_go,
    model_comparison,
    monitoring,
    problem_statement,
    retraining,
    runbook,
    service_levels,
    test_results,
    validation_metrics,
)
from tools.reporting.material import Material
from tools.reporting.sections import Document

BUILDERS: Mapping[str, Callable[[Material], Document]] = {
    "01-problem-statement": problem_statement.build,
    "02-data-quality-report": data_quality.build,
    "03-eda-notebook": exploration.build,
    "04-feature-pipeline": feature_pipeline.build,
    "05-baseline": baseline.build,
    "06-experiment-dashboard": experiments.build,
    "07-model-comparison": model_comparison.build,
    "08-best-model": best_model.build,
    "09-validation-metrics": validation_metrics.build,
    "10-error-analysis": error_analysis.build,
    "11-test-results": test_results.build,
    "12-bias-assessment": bias_assessment.build,
    "13-model-card": model_card.build,
    "14-go-no-go": go_no_go.build,
    "15-endpoint": endpoint.build,
    "16-monitoring-dashboard": monitoring.build,
    "17-retraining-schedule": retraining.build,
    "18-runbook": runbook.build,
    "19-slas": service_levels.build,
}
"""Stem to builder; a new deliverable is one file and one line here."""
