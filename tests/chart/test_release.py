"""What a release does, as sentences over the objects that are rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chart.rendered import (
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
