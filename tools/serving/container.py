"""Container files of the bundle: Dockerfile, Compose with Prometheus and Grafana, scrape and alert rules, dashboard.

They are made here rather than kept as template files, so that a change of them changes the packaging step's key.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tools.serving.pinned import python_version

PROMETHEUS_IMAGE = "prom/prometheus:v3.5.0"
GRAFANA_IMAGE = "grafana/grafana:12.1.0"
PORT = 8080
USER = 10001

DOCKERFILE = """\
# The image holds the bundle and the libraries of requirements.txt, nothing of Phasegate.
ARG PYTHON=python:{python}-slim
FROM ${{PYTHON}}

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 PHASEGATE_LOG=/var/log/phasegate

WORKDIR /model
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY . .
RUN mkdir -p /var/log/phasegate && chown {user}:{user} /var/log/phasegate
USER {user}:{user}
VOLUME /var/log/phasegate
EXPOSE {port}

HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \\
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/readyz', timeout=2)"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "service", "--host", "0.0.0.0", "--port", "{port}"]
"""


def to_yaml(content: Any) -> str:
    """YAML with keys in the order given; long lines stay whole."""
    return str(yaml.safe_dump(content, sort_keys=False, default_flow_style=False, width=1000, allow_unicode=True))


def dockerfile() -> str:
    """Non-root image with a health check on /readyz."""
    return DOCKERFILE.format(python=python_version(), user=USER, port=PORT)


DOCKERIGNORE = "deploy\nattestation.dsse.json\n"


def compose(name: str) -> str:
    """The service with Prometheus and Grafana; only the service's and Grafana's ports are open, on this machine."""
    return to_yaml(
        {
            "name": name,
            "services": {
                "scorer": {
                    "build": {"context": "."},
                    "image": f"{name}:local",
                    "environment": {"PHASEGATE_TOKEN": "${PHASEGATE_TOKEN:?set PHASEGATE_TOKEN}"},
                    "ports": [f"127.0.0.1:{PORT}:{PORT}"],
                    "volumes": ["predictions:/var/log/phasegate"],
                    "read_only": True,
                    "tmpfs": ["/tmp"],
                    "cap_drop": ["ALL"],
                    "security_opt": ["no-new-privileges:true"],
                    "restart": "unless-stopped",
                    "stop_grace_period": "15s",
                },
                "prometheus": {
                    "image": PROMETHEUS_IMAGE,
                    "volumes": [
                        "./deploy/prometheus.yml:/etc/prometheus/prometheus.yml:ro",
                        "./deploy/alerts.yml:/etc/prometheus/alerts.yml:ro",
                        "history:/prometheus",
                    ],
                    "secrets": ["token"],
                    "depends_on": ["scorer"],
                    "restart": "unless-stopped",
                },
                "grafana": {
                    "image": GRAFANA_IMAGE,
                    "environment": {
                        "GF_ANALYTICS_REPORTING_ENABLED": "false",
                        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                        "GF_SECURITY_ADMIN_PASSWORD": "${GRAFANA_PASSWORD:?set GRAFANA_PASSWORD}",
                    },
                    "volumes": [
                        "./deploy/grafana/datasources.yml:/etc/grafana/provisioning/datasources/phasegate.yml:ro",
                        "./deploy/grafana/dashboards.yml:/etc/grafana/provisioning/dashboards/phasegate.yml:ro",
                        "./deploy/grafana/dashboard.json:/var/lib/grafana/dashboards/phasegate.json:ro",
                    ],
                    "ports": ["127.0.0.1:3000:3000"],
                    "depends_on": ["prometheus"],
                    "restart": "unless-stopped",
                },
            },
            "volumes": {"predictions": {}, "history": {}},
            "secrets": {"token": {"environment": "PHASEGATE_TOKEN"}},
        }
    )


def prometheus() -> str:
    """Scrapes the service with its token."""
    return to_yaml(
        {
            "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
            "rule_files": ["alerts.yml"],
            "scrape_configs": [
                {
                    "job_name": "scorer",
                    "authorization": {"type": "Bearer", "credentials_file": "/run/secrets/token"},
                    "static_configs": [{"targets": [f"scorer:{PORT}"]}],
                }
            ],
        }
    )


def alert_rules(latency_p95_ms: float, error_rate: float) -> dict[str, Any]:
    """Prometheus alert rules.

    Args:
        latency_p95_ms: p95 of /predict that may not be exceeded for five minutes.
        error_rate: share of 5xx replies that may not be exceeded for five minutes.
    """
    predict = 'path="/predict"'

    def rule(alert: str, expr: str, wait: str, severity: str, summary: str) -> dict[str, Any]:
        return {
            "alert": alert,
            "expr": expr,
            "for": wait,
            "labels": {"severity": severity},
            "annotations": {"summary": summary},
        }

    return {
        "groups": [
            {
                "name": "phasegate",
                "rules": [
                    rule("ServiceDown", 'up{job="scorer"} == 0', "1m", "page", "The scorer does not answer."),
                    rule("NotReady", "phasegate_ready == 0", "1m", "page", "The scorer is not ready."),
                    rule(
                        "Errors",
                        'sum(rate(phasegate_requests_total{status=~"5.."}[5m])) '
                        f"/ sum(rate(phasegate_requests_total[5m])) > {error_rate:g}",
                        "5m",
                        "page",
                        "More requests fail than the service level allows.",
                    ),
                    rule(
                        "Slow",
                        "histogram_quantile(0.95, sum(rate(phasegate_request_seconds_bucket{"
                        f"{predict}}}[5m])) by (le)) > {latency_p95_ms / 1000:g}",
                        "5m",
                        "page",
                        "Predictions take longer than the service level allows.",
                    ),
                    rule(
                        "Fallback",
                        "increase(phasegate_fallbacks_total[5m]) > 0",
                        "0m",
                        "page",
                        "Replies are made without the model.",
                    ),
                    rule(
                        "Drift",
                        "max by (column, what) (phasegate_drift_alarm) == 1",
                        "0m",
                        "ticket",
                        'Column "{{ $labels.column }}" has moved away from the model\'s own data ({{ $labels.what }}).',
                    ),
                ],
            }
        ]
    }


def grafana_files(name: str) -> dict[str, str]:
    """Provisioning and dashboard for Grafana, by path below ``deploy/grafana/``."""
    return {
        "datasources.yml": to_yaml(
            {
                "apiVersion": 1,
                "datasources": [
                    {
                        "name": "Prometheus",
                        "uid": "prometheus",
                        "type": "prometheus",
                        "access": "proxy",
                        "url": "http://prometheus:9090",
                        "isDefault": True,
                    }
                ],
            }
        ),
        "dashboards.yml": to_yaml(
            {
                "apiVersion": 1,
                "providers": [
                    {"name": "phasegate", "type": "file", "options": {"path": "/var/lib/grafana/dashboards"}}
                ],
            }
        ),
        "dashboard.json": json.dumps(dashboard(name), indent=2, sort_keys=True) + "\n",
    }


PANELS: tuple[tuple[str, str, str, str], ...] = (
    ("Requests a second", "sum(rate(phasegate_requests_total[1m])) by (path)", "reqps", "{{path}}"),
    (
        "Share of replies that fail",
        'sum(rate(phasegate_requests_total{status=~"5.."}[5m])) / sum(rate(phasegate_requests_total[5m]))',
        "percentunit",
        "5xx",
    ),
    (
        "Latency of /predict, p95",
        'histogram_quantile(0.95, sum(rate(phasegate_request_seconds_bucket{path="/predict"}[5m])) by (le))',
        "s",
        "p95",
    ),
    (
        "Predictions by class",
        "sum(rate(phasegate_predictions_total[5m])) by (prediction)",
        "short",
        "{{prediction}}",
    ),
    ("Drift: distance per column", "phasegate_drift_distance", "short", "{{column}}"),
    ("Drift: PSI per column", "phasegate_drift_psi", "short", "{{column}}"),
    ("Drift alarms", "phasegate_drift_alarm == 1", "short", "{{column}} ({{what}})"),
    ("Replies without the model", "increase(phasegate_fallbacks_total[5m])", "short", "fallback"),
    ("Memory", "process_resident_memory_bytes", "bytes", "resident"),
)
"""Title, query, unit and legend of each panel; a new panel is one line."""


def dashboard(name: str) -> dict[str, Any]:
    """A Grafana dashboard of the service and of drift, three panels a row."""
    source = {"type": "prometheus", "uid": "prometheus"}
    return {
        "uid": "phasegate",
        "title": f"{name}: service and drift",
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "panels": [
            {
                "id": place + 1,
                "title": title,
                "type": "timeseries",
                "datasource": source,
                "gridPos": {"h": 8, "w": 8, "x": place % 3 * 8, "y": place // 3 * 8},
                "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
                "targets": [{"refId": "A", "datasource": source, "expr": query, "legendFormat": legend}],
            }
            for place, (title, query, unit, legend) in enumerate(PANELS)
        ],
    }
