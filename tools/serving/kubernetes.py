"""Kubernetes manifests of the bundle: deployment, service, autoscaler, disruption budget, network policy, settings."""

from __future__ import annotations

from typing import Any

from tools.serving.container import PORT, USER, to_yaml

SECRET = "phasegate-token"


def manifests(
    name: str, model: str, *, memory_mb: int = 512, replicas: int = 2, most_replicas: int = 10
) -> dict[str, dict[str, Any]]:
    """Manifests by file name.

    Args:
        name: DNS label of everything.
        model: the model's SHA-256; the image's tag is its beginning.
        memory_mb: memory limit of one replica.
        replicas: replicas at rest.
        most_replicas: replicas that the autoscaler may reach; ten times the load was the test.
    """
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "phasegate"}
    metadata = {"name": name, "labels": labels}
    probe = {"path": "/readyz", "port": "http"}
    container = {
        "name": "scorer",
        "image": f"{name}:{model[:12]}",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--host", "0.0.0.0", "--port", str(PORT)],
        "command": ["python", "-m", "service"],
        "envFrom": [{"configMapRef": {"name": name}}],
        "env": [{"name": "PHASEGATE_TOKEN", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "token"}}}],
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": {"httpGet": probe, "periodSeconds": 2, "failureThreshold": 30},
        "readinessProbe": {"httpGet": probe, "periodSeconds": 5},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 10},
        "resources": {
            "requests": {"cpu": "250m", "memory": f"{memory_mb // 2}Mi"},
            "limits": {"memory": f"{memory_mb}Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "predictions", "mountPath": "/var/log/phasegate"}],
    }
    pod = {
        "metadata": {
            "labels": labels,
            "annotations": {"phasegate/model": model},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 20,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "predictions", "emptyDir": {"sizeLimit": "1Gi"}}],
        },
    }
    return {
        "configmap.yaml": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {"PHASEGATE_LOG": "/var/log/phasegate", "OMP_NUM_THREADS": "1"},
        },
        "deployment.yaml": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": pod,
            },
        },
        "service.yaml": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        },
        "autoscaler.yaml": {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": metadata,
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "minReplicas": replicas,
                "maxReplicas": most_replicas,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 60},
                        },
                    }
                ],
            },
        },
        "disruption-budget.yaml": {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata,
            "spec": {"minAvailable": 1, "selector": {"matchLabels": labels}},
        },
        "network-policy.yaml": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": metadata,
            "spec": {
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [
                    {
                        "from": [{"podSelector": {"matchLabels": {"phasegate/client": "true"}}}],
                        "ports": [{"port": PORT, "protocol": "TCP"}],
                    }
                ],
                # The service calls nobody.
                "egress": [],
            },
        },
    }


def manifest_files(name: str, model: str, *, memory_mb: int = 512) -> dict[str, str]:
    """The manifests as YAML files, by file name; the secret is made by hand and stands in no file."""
    note = (
        "# kubectl create secret generic " + SECRET + ' --from-literal=token="$PHASEGATE_TOKEN"\n'
        "# then: kubectl apply -f deploy/kubernetes/\n"
    )
    return {
        file: (note if file == "deployment.yaml" else "") + to_yaml(content)
        for file, content in manifests(name, model, memory_mb=memory_mb).items()
    }
