"""What is missing, wrong or contradicts itself is refused before anything is installed: which value, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.rendered import changed, environment, refused, render, rendered, values
from tests.support.secrets import OLT_PASSWORD, leaked

ALL_IN_ONE = "postgres-all-in-one"


def refusal(name: str, **changes: Any) -> str:
    return refused(values(name, **changes))


# ------------------------------------------------------------------------------------------------ by the values' schema


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"replica": 2}, "additional properties 'replica' not allowed"),
        ({"kafka__server": "x:1"}, "at '/kafka': additional properties 'server' not allowed"),
        ({"kafka__tls__caKay": "x"}, "at '/kafka/tls': additional properties 'caKay' not allowed"),
        ({"settings__ACENDE_LEASE": 60}, "at '/settings': additional properties 'ACENDE_LEASE' not allowed"),
        ({"probes__liveness__path": "/"}, "at '/probes/liveness': additional properties 'path' not allowed"),
        ({"services__rules": []}, "at '/services': additional properties 'rules' not allowed"),
    ],
)
def test_a_wrong_key_is_named_with_its_place(changes: dict[str, Any], says: str) -> None:
    assert says in refusal(ALL_IN_ONE, **changes)


def test_a_wrong_key_of_an_olt_is_named_with_its_place() -> None:
    given = values(ALL_IN_ONE)
    given["inventory"]["olts"][0]["adress"] = "10.20.0.11"
    assert "at '/inventory/olts/0': additional properties 'adress' not allowed" in refused(given)


def test_a_password_in_the_inventory_is_refused_without_showing_it() -> None:
    given = values(ALL_IN_ONE)
    given["inventory"]["credentials"]["default"]["password"] = OLT_PASSWORD
    said = refused(given)
    assert "at '/inventory/credentials/default/password': got string, want object" in said
    assert leaked(said) == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("replicas", "minimum: got -1, want 1"),
        ("service__port", "minimum: got -1, want 1"),
        ("terminationGracePeriodSeconds", "minimum: got -1, want 1"),
        ("revisionHistoryLimit", "minimum: got -1, want 0"),
        ("pdb__maxUnavailable", "minimum: got -1, want 1"),
        ("autoscaling__jobsDue", "minimum: got -1, want 1"),
        ("topics__partitions", "minimum: got -1, want 1"),
        ("tracing__sampleRatio", "minimum: got -1, want 0"),
        ("settings__ACENDE_LEASE_S", "exclusiveMinimum: got -1, want 0"),
        ("settings__ACENDE_OLTS_PARALLEL", "minimum: got -1, want 1"),
        ("resources__requests__cpu", "exclusiveMinimum: got -1, want 0"),
    ],
)
def test_a_negative_number_is_named_with_its_place_and_what_was_expected(path: str, says: str) -> None:
    assert f"at '/{path.replace('__', '/')}': {says}" in refusal(ALL_IN_ONE, **{path: -1})


@pytest.mark.parametrize("path", ["settings__ACENDE_LEASE_S", "resources__limits__memory"])
def test_a_negative_number_as_text_is_refused_too(path: str) -> None:
    assert f"at '/{path.replace('__', '/')}': '-1' does not match pattern" in refusal(
        ALL_IN_ONE, **{path: "-1"}
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mode", "all"),
        ("kafka__securityProtocol", "TLS"),
        ("kafka__servers", "kafka"),
        ("image__digest", "sha256:abc"),
        ("settings__ACENDE_LOG_LEVEL", "loud"),
        ("networkPolicy__olts", {"cidrs": ["10.20.0.0"]}),
        ("replicas", "two"),
        ("topics__retentionHours", {"install": 0}),
    ],
)
def test_a_value_that_is_none_of_those_is_refused_with_its_place(path: str, value: Any) -> None:
    assert f"at '/{path.split('__', maxsplit=1)[0]}" in refusal(ALL_IN_ONE, **{path: value})


# --------------------------------------------------------------------------------------------------------- by sentences

VALUES = {
    "ACENDE_KAFKA_SECURITY_PROTOCOL": "SSL",
    "ACENDE_KAFKA_SASL_MECHANISM": "PLAIN",
    "ACENDE_KAFKA_TLS_CHECK_HOSTNAME": True,
}
"""Values of settings that take only some."""
SASL = {"kafka__securityProtocol": "SASL_SSL"}
SENTENCES: list[tuple[str, dict[str, Any], str]] = [
    (
        ALL_IN_ONE,
        {"database__existingSecret": ""},
        (
            "database.existingSecret is empty: name the Secret that holds the PostgreSQL URL under the key url, or set"
            " sqlite.enabled=true for one worker."
        ),
    ),
    (
        ALL_IN_ONE,
        {"digestKey__existingSecret": ""},
        (
            "digestKey.existingSecret is empty: name the Secret that holds the key of password digests (16 characters or"
            " more) under the key digest-key."
        ),
    ),
    (
        ALL_IN_ONE,
        SASL,
        (
            "kafka.existingSecret is empty: SASL_SSL needs the Secret that holds the SASL account under the keys username"
            " and password."
        ),
    ),
    (
        ALL_IN_ONE,
        {"oltCredentials__existingSecret": ""},
        (
            "oltCredentials.existingSecret is empty: the inventory reads credentials from ACENDE_OLT_PASSWORD,"
            " ACENDE_OLT_USERNAME. Name the Secret that has these keys."
        ),
    ),
    (
        ALL_IN_ONE,
        {"oltCredentials__existingSecret": "", "extraEnv": [{"name": "ACENDE_OLT_USERNAME", "value": "noc"}]},
        "the inventory reads credentials from ACENDE_OLT_PASSWORD. Name the Secret that has this key.",
    ),
    (
        ALL_IN_ONE,
        {"kafka__servers": ""},
        "kafka.servers is empty: give the bootstrap servers, host:port separated by commas.",
    ),
    (
        ALL_IN_ONE,
        {"kafka__existingSecret": "sasl"},
        (
            "kafka.existingSecret is set, but kafka.securityProtocol=PLAINTEXT sends no account: set SASL_SSL, or take the"
            " Secret away."
        ),
    ),
    (
        ALL_IN_ONE,
        {"kafka__tls": {"existingSecret": "tls"}},
        (
            "kafka.tls.existingSecret is set, but kafka.securityProtocol=PLAINTEXT uses no TLS: set SSL or SASL_SSL, or take"
            " the Secret away."
        ),
    ),
    (
        "kafka-sasl-tls",
        {"kafka__tls__keyKey": ""},
        "kafka.tls.certKey and kafka.tls.keyKey go together: mutual TLS needs the certificate and its private key.",
    ),
    (
        "sqlite-all-in-one",
        {"replicas": 2},
        (
            "sqlite.enabled cannot have 2 replicas: SQLite takes one worker. Set replicas=1, or database.existingSecret for"
            " PostgreSQL."
        ),
    ),
    (
        "sqlite-all-in-one",
        {"mode": "roles"},
        (
            "sqlite.enabled cannot be split by role: SQLite takes one worker. Set mode=allInOne, or database.existingSecret"
            " for PostgreSQL."
        ),
    ),
    (
        "sqlite-all-in-one",
        {"autoscaling__enabled": True},
        (
            "sqlite.enabled cannot be scaled: SQLite takes one worker. Set autoscaling.enabled=false, or"
            " database.existingSecret for PostgreSQL."
        ),
    ),
    (
        ALL_IN_ONE,
        {"sqlite__enabled": True, "replicas": 1},
        "database.existingSecret and sqlite.enabled are both set: keep one of them.",
    ),
    (
        ALL_IN_ONE,
        {"inventory": {}},
        "inventory is empty: write inventory.yaml there, or name a ConfigMap that holds it in inventoryConfigMap.",
    ),
    (
        ALL_IN_ONE,
        {"servicesConfigMap": "plans"},
        "services and servicesConfigMap are both set: keep one of them.",
    ),
    (
        "rehearsal",
        {"inventoryConfigMap": "olts"},
        (
            "inventoryConfigMap is set together with simulators.enabled: the simulators stand in for the OLTs of"
            " `inventory`, so that none is reached by mistake. Write it there."
        ),
    ),
    (
        ALL_IN_ONE,
        {"terminationGracePeriodSeconds": 60},
        (
            "terminationGracePeriodSeconds=60 is too short: a worker that stops finishes the command in hand for up to"
            " ACENDE_SHUTDOWN_GRACE_S=200 seconds. Set at least 210, or leave it empty."
        ),
    ),
    (
        "everything",
        {"terminationGracePeriodSeconds": 240},
        (
            "terminationGracePeriodSeconds=240 is too short: a worker that stops finishes the command in hand for up to"
            " ACENDE_SHUTDOWN_GRACE_S=240 seconds. Set at least 250, or leave it empty."
        ),
    ),
    (
        ALL_IN_ONE,
        {"settings": {"ACENDE_SHUTDOWN_GRACE_S": 150}},
        (
            "ACENDE_SHUTDOWN_GRACE_S=150 does not exceed the longest command, 150 seconds: a worker that stops would cut it"
            " off. Raise settings.ACENDE_SHUTDOWN_GRACE_S."
        ),
    ),
    (
        ALL_IN_ONE,
        {"settings": {"ACENDE_SAVE_TIMEOUT_S": "300"}},
        "ACENDE_SHUTDOWN_GRACE_S=200 does not exceed the longest command, 300 seconds",
    ),
    (
        ALL_IN_ONE,
        {"pdb__maxUnavailable": 2},
        "pdb.maxUnavailable=2 lets all 2 pods of the Deployment acende go at once: set it below 2.",
    ),
    (
        ALL_IN_ONE,
        {"settings": {"ACENDE_DATABASE_URL": "postgresql+psycopg://host/name"}},
        "settings.ACENDE_DATABASE_URL is not for settings: it is a secret, use database.existingSecret.",
    ),
    (
        ALL_IN_ONE,
        {"settings": {"ACENDE_KAFKA_SERVERS": "kafka:9092"}},
        "settings.ACENDE_KAFKA_SERVERS is not for settings: use kafka.servers.",
    ),
    (
        "keda",
        {"autoscaling__minReplicas": 9},
        "autoscaling.minReplicas=9 exceeds autoscaling.maxReplicas=8.",
    ),
    (
        "keda",
        {"autoscaling__keda__prometheusAddress": ""},
        "autoscaling.keda.prometheusAddress is empty: KEDA asks this Prometheus for lag and due jobs.",
    ),
    (
        "network-policy",
        {"networkPolicy__olts__cidrs": []},
        "networkPolicy.olts.cidrs is empty: name the management networks of the OLTs, or no worker reaches one.",
    ),
    (
        "everything",
        {"monitoring__podMonitor": {"enabled": True}},
        (
            "monitoring.serviceMonitor and monitoring.podMonitor are both enabled: every pod would be scraped twice. Keep"
            " one of them."
        ),
    ),
    (
        "everything",
        {"monitoring__runbooksUrl": ""},
        (
            "monitoring.runbooksUrl is empty: alerts link to their runbooks there. Serve docs/runbooks somewhere and give"
            " its URL."
        ),
    ),
    (
        "strimzi",
        {"topics__create": True},
        "topics.create and topics.strimzi.enabled are both set: keep one of them.",
    ),
    (
        "strimzi",
        {"topics__strimzi__cluster": ""},
        "topics.strimzi.cluster is empty: name the Kafka cluster as Strimzi knows it.",
    ),
]


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    SENTENCES,
    ids=[sentence.split(":")[0][:60] for *_, sentence in SENTENCES],
)
def test_it_is_refused_by_a_sentence(name: str, changes: dict[str, Any], sentence: str) -> None:
    said = refusal(name, **changes).strip().splitlines()
    assert any(sentence in line for line in said), said


def test_what_has_a_value_of_its_own_or_is_a_secret_is_no_setting() -> None:
    """Those that the chart itself gives a worker, and every password."""
    release = rendered("kafka-sasl-tls")
    owners = [*release.workers(), *release.all("Job"), *rendered("postgres-roles").workers()]
    given = {name for one in owners for name in environment(one) if name.startswith("ACENDE_")}
    for name in given - {"ACENDE_LOG_FORMAT"}:
        said = refusal(ALL_IN_ONE, settings={name: VALUES.get(name, "1")})
        assert f"settings.{name} is not for settings: " in said


def test_a_slow_olt_asks_for_a_longer_grace() -> None:
    given = values(ALL_IN_ONE)
    given["inventory"]["olts"][0]["command_timeout_s"] = 400
    assert "does not exceed the longest command, 400 seconds" in refused(given)
    assert render(changed(given, settings__ACENDE_SHUTDOWN_GRACE_S=420)).workers()


def test_everything_that_is_wrong_is_told_at_once() -> None:
    said = refused({})
    for value in (
        "database.existingSecret",
        "digestKey.existingSecret",
        "kafka.servers",
        "inventory",
        "services",
    ):
        assert f"\n{value} is empty: " in said


def test_a_secrets_folder_stands_for_every_secret() -> None:
    assert render(values("csi-secrets")).workers()
    said = refusal("csi-secrets", secretsDir="", extraVolumes=[], extraVolumeMounts=[])
    for value in ("database.existingSecret", "digestKey.existingSecret", "kafka.existingSecret"):
        assert f"{value} is empty" in said
