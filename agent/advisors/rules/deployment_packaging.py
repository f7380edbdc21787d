"""Rules for step 4.1: where the model runs, and at what monitoring alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.steps import Rule

LINE = "Model packaging (containerization)"
MONITOR = "Monitoring implementation"
SMALL = 1000
"""Reference rows below which a window of requests must not be much smaller than the reference."""
BUSY = 50.0
"""Requests a second from which a window of a few hundred is gone in seconds."""


def _number(evidence: Mapping[str, Any], name: str) -> float:
    value = evidence.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _names(*words: str) -> Any:
    return lambda evidence: any(word in str(evidence.get("infrastructure") or "") for word in words)


RULES: tuple[Rule, ...] = (
    Rule(
        id="target.cluster_there",
        question="deployment.target",
        guidance=LINE,
        when=_names("kubernetes", "k8s", "openshift"),
        choose=lambda evidence: "kubernetes",
        reason="a cluster was named among the existing infrastructure",
    ),
    Rule(
        id="target.scale_out",
        question="deployment.target",
        guidance="Scalability: Horizontal scaling, batch prediction",
        when=lambda evidence: _number(evidence, "throughput_rps") > 0 and _number(evidence, "heavy_failures") > 0,
        choose=lambda evidence: "kubernetes",
        reason="at {heavy_rps|num} requests a second one process let {heavy_failures|int} requests fail; more than one "
        "is needed",
    ),
    Rule(
        id="target.containers_there",
        question="deployment.target",
        guidance=LINE,
        when=_names("docker", "container", "podman", "compose"),
        choose=lambda evidence: "container",
        reason="containers were named among the existing infrastructure",
    ),
    Rule(
        id="target.simple",
        question="deployment.target",
        guidance="Start Simple",
        when=lambda evidence: True,
        choose=lambda evidence: "local",
        reason="one process on this machine carries the load that was measured; the bundle runs in a container too",
    ),
    Rule(
        id="thresholds.busy",
        question="monitoring.thresholds",
        guidance=MONITOR,
        when=lambda evidence: _number(evidence, "throughput_rps") >= BUSY,
        choose=lambda evidence: {"alpha": 0.001, "window": 1000, "smallest": 100, "error_rate": 0.01},
        reason="at {throughput_rps|num} requests a second a larger window sees smaller shifts and is still seconds old",
    ),
    Rule(
        id="thresholds.small_reference",
        question="monitoring.thresholds",
        guidance=MONITOR,
        when=lambda evidence: 0 < _number(evidence, "rows") < SMALL,
        choose=lambda evidence: {"alpha": 0.0005, "window": 250, "smallest": 100, "error_rate": 0.01},
        reason="with {rows|int} training rows the reference itself is uncertain, so the alarm asks for more",
    ),
    Rule(
        id="thresholds.usual",
        question="monitoring.thresholds",
        guidance=MONITOR,
        when=lambda evidence: True,
        choose=lambda evidence: {"alpha": 0.001, "window": 250, "smallest": 100, "error_rate": 0.01},
        reason="thresholds are calibrated on the model's own rows; these keep false alarms rare and see usual shifts",
    ),
)
