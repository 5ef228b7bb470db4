"""What a release does, as sentences over the objects that are rendered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendered import (
    CHART,
    Object,
    container,
    environment,
    every_combination,
    hooks,
    of,
    render,
    rendered,
    values,
    weight,
)
from worker.cli.failure import Status
from worker.settings import Settings

ALL_IN_ONE = "postgres-all-in-one"
PRE = {"pre-install", "pre-upgrade"}


def marks(owner: Object) -> dict[str, str]:
    """The annotations of its pods."""
    return dict(owner["spec"]["template"]["metadata"]["annotations"])


# ------------------------------------------------------------------------------------------------------------- workers


def test_all_in_one_is_one_deployment_with_every_role() -> None:
    [one] = rendered(ALL_IN_ONE).workers()
    assert environment(one)["ACENDE_ROLES"] == "ingest,provision,publish"
    assert one["spec"]["replicas"] == 2


def test_roles_are_a_deployment_each() -> None:
    found = {one["metadata"]["name"]: one for one in rendered("postgres-roles").workers()}
    assert {name: environment(one)["ACENDE_ROLES"] for name, one in found.items()} == {
        "acende-ingest": "ingest",
        "acende-provision": "provision",
        "acende-publish": "publish",
    }
    assert found["acende-provision"]["spec"]["replicas"] == 3
    assert container(found["acende-provision"])["resources"]["limits"] == {"memory": "1Gi"}
    assert container(found["acende-ingest"])["resources"]["limits"] == {"memory": "512Mi"}


def test_each_role_gets_only_the_secrets_that_it_needs() -> None:
    release = rendered("postgres-roles")
    provision = release.one("Deployment", "acende-provision")
    assert container(provision)["envFrom"] == [{"secretRef": {"name": "acende-olts"}}]
    for name in ("acende-ingest", "acende-publish"):
        assert "envFrom" not in container(release.one("Deployment", name))
    publish = environment(release.one("Deployment", "acende-publish"))
    assert "ACENDE_DIGEST_KEY" not in publish
    assert "ACENDE_KAFKA_SERVERS" in publish
    assert "ACENDE_KAFKA_SERVERS" not in environment(provision)


@every_combination
def test_a_worker_is_called_like_its_pod(file: Path) -> None:
    for one in of(file).workers():
        assert environment(one)["ACENDE_WORKER_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}


@every_combination
def test_a_worker_listens_where_it_is_probed_and_scraped(file: Path) -> None:
    release = of(file)
    for one in release.workers():
        assert container(one)["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
        assert environment(one)["ACENDE_HTTP_PORT"] == "8080"
        probes = {
            name: container(one)[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")
        }
        assert {name: (get["path"], get["port"]) for name, get in probes.items()} == {
            "startup": ("/livez", "http"),
            "liveness": ("/livez", "http"),
            "readiness": ("/readyz", "http"),
        }
    assert [port["targetPort"] for port in release.one("Service", "acende")["spec"]["ports"]] == ["http"]


def test_on_postgresql_a_new_worker_is_ready_before_an_old_one_goes() -> None:
    [one] = rendered(ALL_IN_ONE).workers()
    assert one["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }


def test_on_sqlite_the_old_worker_goes_before_the_new_one_comes() -> None:
    release = rendered("sqlite-all-in-one")
    [one] = release.workers()
    assert one["spec"]["strategy"] == {"type": "Recreate"}
    assert environment(one)["ACENDE_DATABASE_URL"] == "sqlite:////var/lib/acende/acende.db"
    assert {"name": "state", "mountPath": "/var/lib/acende"} in container(one)["volumeMounts"]
    assert release.names("PersistentVolumeClaim") == {"acende-state"}


def test_the_orders_on_a_volume_outlive_the_release_unless_asked_otherwise() -> None:
    [kept] = rendered("sqlite-all-in-one").all("PersistentVolumeClaim")
    assert kept["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    [lost] = rendered("sqlite-all-in-one", sqlite={"enabled": True, "retain": False}).all(
        "PersistentVolumeClaim"
    )
    assert "annotations" not in lost["metadata"]
    own = rendered("sqlite-all-in-one", sqlite={"enabled": True, "existingClaim": "state"})
    assert own.all("PersistentVolumeClaim") == []


@every_combination
def test_a_worker_has_time_to_finish_the_command_in_hand(file: Path) -> None:
    for one in of(file).workers():
        grace = float(environment(one).get("ACENDE_SHUTDOWN_GRACE_S", Settings().shutdown_grace_s))
        assert one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= grace + 10


def test_the_grace_follows_the_setting() -> None:
    [one] = rendered(ALL_IN_ONE, settings={"ACENDE_SHUTDOWN_GRACE_S": 400}).workers()
    assert one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 420


def test_workers_are_spread_over_nodes_and_zones() -> None:
    [one] = rendered(ALL_IN_ONE).workers()
    spread = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [rule["topologyKey"] for rule in spread] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    assert all(rule["labelSelector"] == one["spec"]["selector"] for rule in spread)


def test_a_large_number_is_written_in_full() -> None:
    [one] = rendered(ALL_IN_ONE, settings={"ACENDE_KAFKA_FETCH_MAX_BYTES": 52428800}).workers()
    assert environment(one)["ACENDE_KAFKA_FETCH_MAX_BYTES"] == "52428800"


def test_a_digest_wins_over_a_tag() -> None:
    digest = f"sha256:{'0' * 64}"
    [one] = rendered(ALL_IN_ONE, image={"tag": "1", "digest": digest}).workers()
    assert container(one)["image"].endswith(f"@{digest}")
    [one] = rendered(ALL_IN_ONE, image={"repository": "registry.example.net/acende", "tag": "1.2"}).workers()
    assert container(one)["image"] == "registry.example.net/acende:1.2"


# ------------------------------------------------------------------------------------------------------------- rollout


@pytest.mark.parametrize("role", ["", "-ingest", "-provision"])
def test_a_changed_inventory_rolls_the_workers_that_read_it(role: str) -> None:
    given = values("postgres-roles" if role else ALL_IN_ONE)
    before = marks(render(given).one("Deployment", f"acende{role}"))
    given["inventory"]["olts"][0]["address"] = "10.20.0.12"
    after = marks(render(given).one("Deployment", f"acende{role}"))
    assert before["checksum/inventory"] != after["checksum/inventory"]
    assert before["checksum/services"] == after["checksum/services"]


def test_changed_services_roll_the_workers() -> None:
    given = values(ALL_IN_ONE)
    before = marks(render(given).one("Deployment", "acende"))
    given["services"]["models"][0]["name"] = "other"
    assert (
        before["checksum/services"] != marks(render(given).one("Deployment", "acende"))["checksum/services"]
    )


def test_a_changed_inventory_leaves_the_publisher_alone() -> None:
    given = values("postgres-roles")
    before = render(given).one("Deployment", "acende-publish")
    given["inventory"]["olts"][0]["address"] = "10.20.0.12"
    assert render(given).one("Deployment", "acende-publish") == before


def test_nothing_rolls_when_nothing_changes() -> None:
    assert rendered(ALL_IN_ONE).all("Deployment") == rendered(ALL_IN_ONE).all("Deployment")


def test_configmaps_of_others_roll_the_workers_by_a_trigger() -> None:
    release = rendered("existing-configmaps")
    assert release.all("ConfigMap") == []
    [one] = release.workers()
    assert marks(one)["acende/rollout-trigger"] == "2026-11-25"
    volumes = {volume["name"]: volume for volume in one["spec"]["template"]["spec"]["volumes"]}
    assert volumes["inventory"]["configMap"]["name"] == "olts"
    assert volumes["services"]["configMap"]["name"] == "plans"


# --------------------------------------------------------------------------------------------------------------- hooks


@every_combination
def test_what_a_job_needs_comes_before_it(file: Path) -> None:
    early = [one for one in of(file).objects if hooks(one) == PRE]
    jobs = [weight(one) for one in early if one["kind"] == "Job"]
    needs = [weight(one) for one in early if one["kind"] != "Job"]
    assert not jobs or max(needs) < min(jobs)


@every_combination
def test_hooks_are_deleted_when_they_succeed_and_before_the_next(file: Path) -> None:
    for one in of(file).objects:
        if hooks(one):
            policy = one["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
            assert policy == "before-hook-creation,hook-succeeded", one["metadata"]["name"]


@every_combination
def test_nothing_waits_for_the_release_before_it_is_there(file: Path) -> None:
    """A hook after the install would wait for pods that wait for it."""
    for one in of(file).objects:
        assert hooks(one) in (set(), PRE, {"test"})


def test_the_configuration_is_proven_then_the_database_migrated_then_topics_made() -> None:
    release = rendered("topics-job")
    jobs = sorted((one for one in release.all("Job") if hooks(one) == PRE), key=weight)
    assert [container(one)["args"][:2] for one in jobs] == [
        ["config", "check"],
        ["db", "upgrade"],
        ["topics", "--create"],
    ]
    assert len({weight(one) for one in jobs}) == 3


def test_sqlite_migrates_itself() -> None:
    assert "acende-migrations" not in rendered("sqlite-all-in-one").names("Job")
    assert "acende-migrations" in rendered(ALL_IN_ONE).names("Job")


def test_migrations_and_the_check_can_be_left_to_others() -> None:
    release = rendered(ALL_IN_ONE, migrations={"enabled": False}, configCheck={"enabled": False})
    assert [one["metadata"]["name"] for one in release.objects if hooks(one) == PRE] == []


def test_the_check_reads_the_new_files_not_those_of_the_release_that_runs() -> None:
    release = rendered(ALL_IN_ONE)
    check = release.one("Job", "acende-config-check")
    named = {
        volume["configMap"]["name"]
        for volume in check["spec"]["template"]["spec"]["volumes"]
        if "configMap" in volume
    }
    assert named == {"acende-hook-inventory", "acende-hook-services"}
    for file in ("inventory", "services"):
        hook, own = (release.one("ConfigMap", f"acende-{one}{file}")["data"] for one in ("hook-", ""))
        assert hook == own


@every_combination
def test_a_job_that_cannot_succeed_fails_at_once_and_a_drained_node_counts_for_nothing(file: Path) -> None:
    for one in of(file).all("Job"):
        drained, final = one["spec"]["podFailurePolicy"]["rules"]
        assert (drained["action"], drained["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
        assert (final["action"], final["onExitCodes"]["containerName"]) == ("FailJob", container(one)["name"])
        assert final["onExitCodes"]["values"] == [Status.NO, Status.USAGE, Status.CONFIGURATION]
        assert Status.UNAVAILABLE not in final["onExitCodes"]["values"]


def test_the_migrations_see_the_database_and_no_other_secret() -> None:
    job = rendered("kafka-sasl-tls").one("Job", "acende-migrations")
    secrets = {name for name, value in environment(job).items() if "secretKeyRef" in value}
    assert secrets == {"ACENDE_DATABASE_URL"}
    assert "envFrom" not in container(job)


def test_the_topics_job_says_what_the_values_say() -> None:
    job = rendered("topics-job").one("Job", "acende-topics")
    assert " ".join(container(job)["args"]) == (
        "topics --create --partitions 6 --replication 1 --keep dead-letters=720 --keep equipment=-1"
        " --keep install=24 --keep progress=168 --keep results=-1"
    )


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
    assert config["isp.install"] == {"retention.ms": 604800000, "min.insync.replicas": 2}
    assert config["onu.provisioning.results"]["retention.ms"] == -1


def test_uninstalling_deletes_no_topic() -> None:
    for one in rendered("strimzi").all("KafkaTopic"):
        assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def simulated(release: Any) -> list[dict[str, Any]]:
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


# --------------------------------------------------------------------------------------------------------------- names


def test_a_long_release_name_is_cut_and_every_name_still_fits() -> None:
    release = render(values("everything"), name="a" * 53)
    assert all(len(one["metadata"]["name"]) <= 63 for one in release.objects)
    assert {one["metadata"]["name"] for one in release.workers()} == {
        f"{'a' * 40}-{role}" for role in ("ingest", "provision", "publish")
    }


def test_names_can_be_chosen() -> None:
    release = rendered(ALL_IN_ONE, fullnameOverride="provisioning")
    assert release.names("Deployment") == {"provisioning"}
    assert render(values(ALL_IN_ONE), name="norte").names("Deployment") == {"norte-acende"}


def test_the_account_of_the_platform_can_be_used() -> None:
    release = rendered(ALL_IN_ONE, serviceAccount={"create": False, "name": "shared"})
    assert release.names("ServiceAccount") == {"acende-hook"}
    [one] = release.workers()
    assert one["spec"]["template"]["spec"]["serviceAccountName"] == "shared"


def test_the_platform_may_choose_the_user() -> None:
    chosen = {"runAsUser": None, "runAsGroup": None, "fsGroup": None}
    [one] = rendered(ALL_IN_ONE, podSecurityContext=chosen).workers()
    context = one["spec"]["template"]["spec"]["securityContext"]
    assert context.keys().isdisjoint(chosen)
    assert context["runAsNonRoot"] is True
