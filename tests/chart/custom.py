"""Custom resources, as far as the chart uses them: their fields, closed, after their makers' definitions.

prometheus-operator 0.80 (monitoring.coreos.com/v1), KEDA 2.17 (keda.sh/v1alpha1), Strimzi 0.49 (kafka.strimzi.io/v1).
"""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d|w|y))+$"}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
SELECTOR = {"matchLabels": LABELS, "matchExpressions": {"type": "array"}}


def closed(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    """An object with these members and no other; all required but `optional`."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object", "additionalProperties": False, "properties": properties, "required": required,
    }  # fmt: skip


ENDPOINT = closed({"port": TEXT, "path": TEXT, "interval": DURATION, "scrapeTimeout": DURATION})
RULE = closed(
    {
        "record": {"type": "string", "pattern": "^[a-zA-Z_:][a-zA-Z0-9_:]*$"},
        "alert": TEXT,
        "expr": TEXT,
        "for": DURATION,
        "keep_firing_for": DURATION,
        "labels": LABELS,
        "annotations": LABELS,
    },
    "record", "alert", "for", "keep_firing_for", "labels", "annotations",
)  # fmt: skip
GROUP = closed(
    {
        "name": TEXT,
        "interval": DURATION,
        "limit": {"type": "integer"},
        "labels": LABELS,
        "rules": {"type": "array", "items": RULE},
    },
    "interval", "limit", "labels",
)  # fmt: skip
TRIGGER = closed(
    {
        "type": {"const": "prometheus"},
        "metricType": {"enum": ["AverageValue", "Value"]},
        "metadata": closed(
            {
                "serverAddress": TEXT,
                "query": TEXT,
                "threshold": {"type": "string", "pattern": r"^[0-9.]+$"},
                "ignoreNullValues": {"enum": ["true", "false"]},
            }
        ),
        "authenticationRef": closed({"name": TEXT}),
    },
    "authenticationRef",
)

SPECS: dict[tuple[str, str], dict[str, Any]] = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): closed(
        {"jobLabel": TEXT, "selector": closed(SELECTOR, "matchExpressions"), "endpoints": {"items": ENDPOINT}}
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): closed(
        {
            "jobLabel": TEXT,
            "selector": closed(SELECTOR, "matchExpressions"),
            "podMetricsEndpoints": {"items": ENDPOINT},
        }
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): closed(
        {"groups": {"type": "array", "minItems": 1, "items": GROUP}}
    ),
    ("keda.sh/v1alpha1", "ScaledObject"): closed(
        {
            "scaleTargetRef": closed({"apiVersion": TEXT, "kind": TEXT, "name": TEXT}),
            "minReplicaCount": {"type": "integer", "minimum": 0},
            "maxReplicaCount": {"type": "integer", "minimum": 1},
            "advanced": closed({"horizontalPodAutoscalerConfig": closed({"behavior": {"type": "object"}})}),
            "triggers": {"type": "array", "minItems": 1, "items": TRIGGER},
        }
    ),
    ("kafka.strimzi.io/v1", "KafkaTopic"): closed(
        {
            "topicName": TEXT,
            "partitions": {"type": "integer", "minimum": 1},
            "replicas": {"type": "integer", "minimum": 1, "maximum": 32767},
            "config": {"type": "object"},
        },
        "replicas",
    ),
}
"""The `spec` of each, by apiVersion and kind."""


def schema(one: dict[str, Any]) -> dict[str, Any]:
    """The schema of a custom resource. Raises KeyError for one that the chart is not known to use."""
    spec = SPECS[one["apiVersion"], one["kind"]]
    metadata = closed(
        {"name": TEXT, "namespace": TEXT, "labels": LABELS, "annotations": LABELS}, "namespace", "annotations"
    )
    return closed({"apiVersion": TEXT, "kind": TEXT, "metadata": metadata, "spec": spec})
