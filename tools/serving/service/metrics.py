"""What the service tells Prometheus: requests, rows, latency, refusals, fallbacks, readiness, drift."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

PATHS = ("/predict", "/explain", "/livez", "/readyz", "/metrics", "/version", "/schema", "/model-card")
"""Addresses that have a label of their own; all others share one, so that a scan can't grow the metrics."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One registry per service, so that two in one process do not mix."""

    def __init__(self, model: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "phasegate_requests_total",
            "Requests by address and status",
            ["path", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "phasegate_request_seconds",
            "Time to answer a request, by address",
            ["path"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.rows = Counter("phasegate_rows_total", "Rows scored", registry=self.registry)
        self.refused = Counter("phasegate_refused_total", "Requests refused before scoring", registry=self.registry)
        self.fallbacks = Counter("phasegate_fallbacks_total", "Replies made without the model", registry=self.registry)
        self.predictions = Counter(
            "phasegate_predictions_total", "Predictions by class", ["prediction"], registry=self.registry
        )
        self.ready = Gauge("phasegate_ready", "Whether the service takes requests", registry=self.registry)
        self.in_work = Gauge("phasegate_requests_in_work", "Requests in work", registry=self.registry)
        self.watched = Gauge("phasegate_drift_rows", "Rows in the window that is watched", registry=self.registry)
        self.distance = Gauge(
            "phasegate_drift_distance",
            "Distance of the window from the model's own data, per column",
            ["column"],
            registry=self.registry,
        )
        self.psi = Gauge(
            "phasegate_drift_psi", "Population stability index per column", ["column"], registry=self.registry
        )
        self.alarm = Gauge(
            "phasegate_drift_alarm",
            "One where a column of the window alarms",
            ["column", "what"],
            registry=self.registry,
        )
        Gauge("phasegate_model_info", "The model in service", ["model"], registry=self.registry).labels(model).set(1)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        label = path if path in PATHS else "other"
        self.requests.labels(label, str(status)).inc()
        self.seconds.labels(label).observe(seconds)

    def text(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
