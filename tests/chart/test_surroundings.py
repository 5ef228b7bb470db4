"""What stands around the workers, as sentences over the objects that are rendered: scaling, network, monitoring, topics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendered import (
    CHART,
    Object,
    Release,
    container,
    environment,
    every_combination,
    hooks,
    of,
    render,
    rendered,
    values,
)

ALL_IN_ONE = "postgres-all-in-one"
PRE = {"pre-install", "pre-upgrade"}


# ------------------------------------------------------------------------------------------------- disruption and scaling


@every_combination
def test_a_drain_leaves_a_worker_and_is_never_held_up_for_ever(file: Path) -> None:
    release = of(file)
    budgets = {one["metadata"]["name"]: one["spec"] for one in release.all("PodDisruptionBudget")}
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"].get(
            "minReplicas", one["spec"].get("minReplicaCount")
        )
        for one in [*release.all("HorizontalPodAutoscaler"), *release.all("ScaledObject")]
    }
    for one in release.workers():
        name = one["metadata"]["name"]
        fewest = scaled.get(name, one["spec"].get("replicas"))
        if fewest == 1:
            assert name not in budgets
        else:
            assert 1 <= budgets[name]["maxUnavailable"] < fewest
            assert budgets[name]["selector"] == one["spec"]["selector"]


def test_what_scales_a_deployment_decides_its_replicas_alone() -> None:
    [one] = rendered("keda").workers()
    assert "replicas" not in one["spec"]
    assert rendered("keda").names("ScaledObject") == {"acende"}


def test_keda_scales_on_lag_and_due_jobs_of_this_namespace() -> None:
    [one] = rendered("keda").all("ScaledObject")
    assert [trigger["metadata"]["query"] for trigger in one["spec"]["triggers"]] == [
        'sum(max by (topic, partition) (acende_consumer_lag_records{namespace="noc"}))',
        'max(acende_jobs_due{namespace="noc"})',
    ]
    assert [trigger["metadata"]["threshold"] for trigger in one["spec"]["triggers"]] == ["5000", "200"]
    assert all(trigger["authenticationRef"] == {"name": "prometheus"} for trigger in one["spec"]["triggers"])


def test_each_role_scales_on_what_it_works_down_and_publish_not_at_all() -> None:
    release = rendered("hpa")
    found = {
        one["metadata"]["name"]: [metric["external"]["metric"] for metric in one["spec"]["metrics"]]
        for one in release.all("HorizontalPodAutoscaler")
    }
    labels = {"matchLabels": {"namespace": "acende", "job": "acende"}}
    assert found == {
        "acende-ingest": [{"name": "acende_consumer_lag_records", "selector": labels}],
        "acende-provision": [{"name": "acende_jobs_due", "selector": labels}],
    }
    replicas = {one["metadata"]["name"]: one["spec"].get("replicas") for one in release.workers()}
    assert replicas == {"acende-ingest": None, "acende-provision": None, "acende-publish": 2}


def test_scaling_is_off_unless_asked_for() -> None:
    release = rendered(ALL_IN_ONE)
    assert not release.all("HorizontalPodAutoscaler")
    assert not release.all("ScaledObject")


# ------------------------------------------------------------------------------------------------------------- network


def egress(policy: Object) -> dict[Any, list[Any]]:
    """Peers by port; none is anywhere."""
    return {port["port"]: rule.get("to", []) for rule in policy["spec"]["egress"] for port in rule["ports"]}


def test_without_a_policy_there_is_none() -> None:
    assert rendered(ALL_IN_ONE).all("NetworkPolicy") == []


def test_each_role_reaches_only_what_it_works_with() -> None:
    release = rendered("network-policy")
    ports = {one["metadata"]["name"]: set(egress(one)) for one in release.all("NetworkPolicy")}
    assert ports == {
        "acende-ingest": {53, 9092, 9094, 5432, 4318},
        "acende-provision": {53, 5432, 22, 4318},
        "acende-publish": {53, 9092, 9094, 5432, 4318},
        "acende-test": {53, 9092, 9094, 5432, "http"},
        "acende-hook": {53, 9092, 9094, 5432},
    }


def test_olts_are_reached_in_their_networks_on_the_ports_of_the_inventory() -> None:
    given = values("network-policy")
    given["inventory"]["olts"] += [
        {"id": "b", "site": "b", "platform": "zte_zxan", "address": "10.30.0.1", "transport": "telnet"},
        {
            "id": "c",
            "site": "c",
            "platform": "zte_zxan",
            "address": "10.30.0.2",
            "transport": "telnet",
            "port": 2323,
        },
    ]
    found = egress(render(given).one("NetworkPolicy", "acende-provision"))
    networks = [{"ipBlock": {"cidr": "10.20.0.0/16"}}, {"ipBlock": {"cidr": "10.30.0.0/16"}}]
    assert {port: found[port] for port in (22, 23, 2323)} == dict.fromkeys((22, 23, 2323), networks)


def test_an_inventory_of_others_opens_the_two_usual_ports() -> None:
    policy = {"enabled": True, "olts": {"cidrs": ["10.20.0.0/16"]}}
    found = egress(rendered("existing-configmaps", networkPolicy=policy).one("NetworkPolicy", "acende"))
    assert {22, 23} <= set(found)
    policy["olts"]["ports"] = [2222]  # type: ignore[index]
    found = egress(rendered("existing-configmaps", networkPolicy=policy).one("NetworkPolicy", "acende"))
    assert 2222 in found
    assert 22 not in found


def test_prometheus_and_the_test_may_come_in_and_nobody_else() -> None:
    release = rendered("network-policy")
    for one in release.workers():
        [rule] = release.one("NetworkPolicy", one["metadata"]["name"])["spec"]["ingress"]
        assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]
        prometheus, test = rule["from"]
        assert prometheus["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
        labels = release.one("Job", "acende-test")["spec"]["template"]["metadata"]["labels"]
        assert test["podSelector"]["matchLabels"].items() <= labels.items()


def test_the_jobs_have_their_policy_before_they_run() -> None:
    release = rendered("network-policy")
    policy = release.one("NetworkPolicy", "acende-hook")
    assert hooks(policy) == PRE
    wanted = policy["spec"]["podSelector"]["matchLabels"]
    for one in release.all("Job"):
        if hooks(one) == PRE:
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert wanted.items() <= labels.items()
            [expression] = policy["spec"]["podSelector"]["matchExpressions"]
            assert labels[expression["key"]] in expression["values"]


def test_a_collector_is_reached_on_the_port_of_its_url() -> None:
    release = rendered("everything")
    assert 443 in egress(release.one("NetworkPolicy", "acende-ingest"))
    assert environment(release.one("Deployment", "acende-ingest"))["OTEL_EXPORTER_OTLP_ENDPOINT"] == (
        "https://otel-collector.monitoring"
    )


# ---------------------------------------------------------------------------------------------------------- monitoring


def test_the_monitor_finds_the_service_and_its_port() -> None:
    release = rendered("everything")
    [monitor], service = release.all("ServiceMonitor"), release.one("Service", "acende")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [one["port"] for one in monitor["spec"]["endpoints"]] == [
        one["name"] for one in service["spec"]["ports"]
    ]
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_the_job_label_is_the_charts_name() -> None:
    [monitor] = rendered("everything").all("ServiceMonitor")
    assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/name"


def test_every_rule_file_is_installed_as_it_is_but_for_the_runbooks() -> None:
    installed = {one["metadata"]["name"]: one["spec"] for one in rendered("everything").all("PrometheusRule")}
    files = {f"acende-{file.stem}": file.read_text() for file in (CHART / "files/rules").glob("*.yaml")}
    assert files
    assert installed == {
        name: yaml.safe_load(text.replace("RUNBOOKS", "https://runbooks.example.net/acende"))
        for name, text in files.items()
    }


def test_every_alert_links_to_its_runbook() -> None:
    alerts = [
        rule
        for one in rendered("everything").all("PrometheusRule")
        for group in one["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert alerts
    for alert in alerts:
        assert (
            alert["annotations"]["runbook_url"] == f"https://runbooks.example.net/acende/{alert['alert']}.md"
        )


def test_every_dashboard_is_installed_where_grafana_looks() -> None:
    release = rendered("everything")
    installed = {
        file: one
        for one in release.all("ConfigMap")
        for file in one["data"]
        if one["metadata"]["labels"].get("grafana_dashboard") == "1"
    }
    files = {file.name: file for file in (CHART / "files/dashboards").glob("*.json")}
    assert installed.keys() == files.keys()
    for name, one in installed.items():
        assert json.loads(one["data"][name]) == json.loads(files[name].read_text())
        assert one["metadata"]["annotations"] == {"grafana_folder": "Acende"}
        assert len(json.dumps(one).encode()) < 1_000_000  # what a ConfigMap holds


def test_nothing_of_monitoring_is_there_unless_asked_for() -> None:
    release = rendered(ALL_IN_ONE)
    assert not [one for one in release.objects if one["apiVersion"].startswith("monitoring.")]


# ------------------------------------------------------------------------------------------------- topics and rehearsal


def test_strimzi_is_given_the_topics_of_the_settings() -> None:
    release = rendered("strimzi", settings={"ACENDE_TOPIC_INSTALL": "isp.install"})
    assert {one["spec"]["topicName"] for one in release.all("KafkaTopic")} == {
        "erp.equipment", "isp.install", "onu.provisioning.progress", "onu.provisioning.results", "onu.dead-letters",
    }  # fmt: skip
    for one in release.all("KafkaTopic"):
        assert one["metadata"]["labels"]["strimzi.io/cluster"] == "isp"
        assert one["metadata"]["namespace"] == "kafka"
    config = {one["spec"]["topicName"]: one["spec"]["config"] for one in release.all("KafkaTopic")}
    assert config["isp.install"] == {
        "cleanup.policy": "delete",
        "retention.ms": 604800000,
        "min.insync.replicas": 2,
    }
    assert config["onu.provisioning.results"]["retention.ms"] == -1


def test_uninstalling_deletes_no_topic() -> None:
    for one in rendered("strimzi").all("KafkaTopic"):
        assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def simulated(release: Release) -> list[dict[str, Any]]:
    olts: list[dict[str, Any]] = yaml.safe_load(
        release.one("ConfigMap", "acende-inventory")["data"]["inventory.yaml"]
    )["olts"]
    return olts


def test_a_rehearsal_reaches_simulators_instead_of_its_own_olts() -> None:
    given = values(ALL_IN_ONE, simulators={"enabled": True})
    release = render(given)
    [olt] = simulated(release)
    assert olt["id"] == given["inventory"]["olts"][0]["id"]
    assert (olt["address"], olt["port"], olt["transport"]) == ("acende-simulators", 2300, "telnet")
    assert "host_key" not in olt
    assert "10.20.0.11" not in json.dumps(release.objects)


def test_every_simulated_olt_has_its_port_at_the_service() -> None:
    release = rendered("rehearsal")
    service = release.one("Service", "acende-simulators")["spec"]["ports"]
    simulators = container(release.one("Deployment", "acende-simulators"))
    assert [olt["port"] for olt in simulated(release)] == [port["port"] for port in service]
    assert [port["targetPort"] for port in service] == [port["name"] for port in simulators["ports"]]
    assert simulators["args"][0] == "simulate"


def test_with_a_policy_workers_reach_the_simulators_and_no_network() -> None:
    release = rendered("rehearsal", networkPolicy={"enabled": True})
    peers = egress(release.one("NetworkPolicy", "acende"))[2300]
    labels = release.one("Deployment", "acende-simulators")["spec"]["template"]["metadata"]["labels"]
    [peer] = peers
    assert peer["podSelector"]["matchLabels"].items() <= labels.items()
    policy = release.one("NetworkPolicy", "acende-simulators")
    assert "egress" not in policy["spec"]
    assert [port["port"] for port in policy["spec"]["ingress"][0]["ports"]] == [2300, 2301]


def test_simulators_are_off_unless_asked_for() -> None:
    assert [one for one in rendered(ALL_IN_ONE).objects if "simulators" in one["metadata"]["name"]] == []
