"""Settings: one frozen class, read once from the environment (`ACENDE_…`) and passed down."""

import os
import re
import socket
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from events.topics import Topics

PREFIX = "ACENDE_"
Role = Literal["ingest", "provision", "publish"]
ROLES: tuple[Role, ...] = ("ingest", "provision", "publish")
HOUR = 3600.0
Seconds = Annotated[float, Field(gt=0)]
TimeOut = Annotated[float, Field(gt=0, le=600)]
"""A lease that an earlier release granted is waited for 900 s at most: its longest line, and what is added, lie below."""
Count = Annotated[int, Field(ge=1)]
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")


class ConfigurationError(Exception):
    """Settings or a configuration file are wrong: one sentence per fault, never with the value."""


class Settings(BaseSettings):
    """Everything an operator may set, by environment variable or by a file per variable in `ACENDE_SECRETS_DIR`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, hide_input_in_errors=True, extra="ignore", env_ignore_empty=True
    )

    # ------------------------------------------------------------------------------------------------- process
    roles: Annotated[tuple[Role, ...], NoDecode] = Field(
        ROLES, description="What this process does, separated by commas: `ingest`, `provision`, `publish`."
    )
    worker_name: str = Field(
        "",
        description="Name of this worker in leases and logs. Empty: host name and process id.",
        max_length=120,
    )
    inventory_file: Path = Field(Path("inventory.yaml"), description="The OLTs.")
    services_file: Path = Field(Path("services.yaml"), description="The provisioning models.")
    http_host: str = Field(
        "0.0.0.0",  # noqa: S104
        description="Address that `/metrics`, `/livez` and `/readyz` listen on.",
    )
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8080, description="Their port; 0 takes a free one."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="`json`: one object a line. `console`: for people."
    )
    shutdown_grace_s: Seconds = Field(
        200.0, description="Longest wait for the command in hand when stopping: above the 150 s of saving."
    )

    # ---------------------------------------------------------------------------------------------------- Kafka
    kafka_servers: str = Field(
        "localhost:9092", description="Bootstrap servers, `host:port` separated by commas."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How brokers are spoken to."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism, for the two SASL protocols."
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user.")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password.")
    kafka_tls_ca_file: Path | None = Field(
        None, description="CA certificates (PEM). Unset: those of the system."
    )
    kafka_tls_cert_file: Path | None = Field(None, description="Client certificate (PEM), for mutual TLS.")
    kafka_tls_key_file: Path | None = Field(None, description="Its private key (PEM).")
    kafka_tls_key_password: SecretStr | None = Field(None, description="Password of the private key.")
    kafka_tls_check_hostname: bool = Field(
        True, description="Whether the broker's certificate must bear its name."
    )
    kafka_group: str = Field("acende", description="Consumer group.", min_length=1)
    kafka_group_instance: str | None = Field(
        None,
        description="Static member id, distinct per worker (a pod's name): a restarted worker has its partitions back"
        " at once instead of after the session time-out.",
    )
    kafka_session_timeout_s: Annotated[float, Field(ge=6, le=300)] = Field(
        30.0, description="A consumer unheard of for this long loses its partitions."
    )
    kafka_rebalance_timeout_s: Annotated[float, Field(ge=6, le=3600)] = Field(
        60.0,
        description="Longest that a rebalance waits for a batch in hand; above the longest database commit.",
    )
    kafka_request_timeout_s: Seconds = Field(40.0, description="Time-out of one request to a broker.")
    kafka_fetch_max_bytes: Annotated[int, Field(ge=1_048_576)] = Field(
        52_428_800, description="Most bytes of one fetch. One record larger than this is still read, alone."
    )
    kafka_partition_max_bytes: Annotated[int, Field(ge=65_536)] = Field(
        4_194_304,
        description="Most bytes of one partition in one fetch. A larger record is still read, alone.",
    )

    # --------------------------------------------------------------------------------------------------- topics
    topic_equipment: str = Field("erp.equipment", description="Input: stock.")
    topic_install: str = Field("erp.install", description="Input: installations.")
    topic_progress: str = Field("onu.provisioning.progress", description="Output: progress.")
    topic_results: str = Field("onu.provisioning.results", description="Output: final results.")
    topic_dead_letters: str = Field("onu.dead-letters", description="Output: records that could not be read.")
    source_timezone: str | None = Field(
        None,
        description="IANA zone in which the ERP's times without an offset are read, such as `America/Sao_Paulo`."
        " Unset: such records are dead letters.",
    )

    # ------------------------------------------------------------------------------------------------- database
    database_url: SecretStr = Field(
        SecretStr("sqlite:///acende.db"),
        description="SQLAlchemy URL. `sqlite:///FILE` for one worker, `postgresql+psycopg://user:password@host/name`"
        " for many (TLS: `?sslmode=verify-full&sslrootcert=FILE`).",
    )
    database_pool_size: Count = Field(8, description="PostgreSQL connections of one worker.")
    database_timeout_s: Seconds = Field(10.0, description="Longest wait for a connection or a lock.")
    database_broken_s: Seconds = Field(
        600.0,
        description="On SQLite, `/livez` fails after writes have failed for this long since the file only reads or cannot be"
        " read and written.",
    )
    digest_key: SecretStr | None = Field(
        None,
        description="Key (16 characters or more) of the digests by which passwords already applied are recognised."
        " Needed by `ingest` and `provision`, the same for all workers; a changed key sends each password once more.",
    )

    # --------------------------------------------------------------------------------------------- ingest, publish
    ingest_batch_records: Annotated[int, Field(ge=1, le=10_000)] = Field(
        500, description="Most records of one batch."
    )
    ingest_batch_wait_s: Annotated[float, Field(gt=0, le=10)] = Field(
        0.02, description="How long a poll for records may wait."
    )
    ingest_retry_max_s: Seconds = Field(
        15.0, description="Longest pause between tries while the database is away."
    )
    ingest_stuck_s: Seconds = Field(
        600.0,
        description="A consumer that has not polled for this long fails `/livez`, unless the database is away.",
    )
    publish_batch_records: Annotated[int, Field(ge=1, le=10_000)] = Field(
        1000, description="Most records in flight."
    )
    publish_poll_s: Seconds = Field(0.2, description="Pause between looks into an empty outbox.")
    publish_lease_s: Annotated[float, Field(ge=5)] = Field(
        15.0, description="Lease of the one publisher; another takes over after it."
    )
    sweep_every_s: Seconds = Field(5.0, description="How often deadlines and missed pairs are looked for.")
    survey_every_s: Seconds = Field(
        10.0, description="How often orders, jobs and OLTs are counted for `/metrics`, by one worker of all."
    )

    # ------------------------------------------------------------------------------------------- life of an order
    unit_wait_s: Seconds = Field(24 * HOUR, description="Longest wait for a unit.")
    light_wait_s: Seconds = Field(8 * HOUR, description="Longest wait for light.")
    light_poll_s: Seconds = Field(10.0, description="How often an OLT is looked at for light, at first.")
    light_poll_fast_for_s: Seconds = Field(900.0, description="How long that lasts.")
    light_poll_slow_s: Seconds = Field(120.0, description="How often after that.")
    online_wait_s: Seconds = Field(
        180.0, description="Longest wait for the ONU to be online after configuring."
    )
    online_poll_s: Seconds = Field(5.0, description="How often it is looked at meanwhile.")
    verdict_delay_s: Seconds = Field(
        30.0,
        description="A verdict of correlation alone becomes `failed` after this long without a new fact.",
    )
    order_max_age_s: Seconds = Field(
        24 * HOUR,
        description="An `install.started` whose time lies further before its arrival starts no work.",
    )
    future_tolerance_s: Seconds = Field(600.0, description="A time further ahead is taken as the arrival.")
    cancel_window_s: Seconds = Field(
        24 * HOUR, description="A cancellation later after completion changes nothing."
    )
    provision_deadline_s: Seconds = Field(8 * HOUR, description="Longest life of a provision job.")
    deprovision_deadline_s: Seconds = Field(72 * HOUR, description="Longest life of a deprovision job.")
    secret_keep_s: Seconds = Field(24 * HOUR, description="How long passwords are kept after `failed`.")
    personal_keep_s: Seconds = Field(
        90 * 24 * HOUR,
        description="Names, logins and timelines are erased this long after an order's last final result (LGPD).",
    )
    jobs_keep_s: Seconds = Field(
        90 * 24 * HOUR,
        description="Ended jobs are deleted this long after the order's last final result; its timeline stays.",
    )
    inbox_keep_s: Seconds = Field(30 * 24 * HOUR, description="How long ids of applied events are kept.")

    # ---------------------------------------------------------------------------------------- attempts and devices
    attempts_max: Count = Field(8, description="Attempts before an order parks.")
    backoff_first_s: Seconds = Field(
        5.0, description="Pause after the first failed attempt; doubles each time."
    )
    backoff_max_s: Seconds = Field(300.0, description="Longest pause.")
    backoff_jitter: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.2, description="Spread of pauses, ± this part."
    )
    command_timeout_s: TimeOut | None = Field(
        None,
        description="Time-out of a command, saving aside, for OLTs whose inventory names none. Unset: the command's"
        " own, 30 s for most.",
    )
    save_timeout_s: TimeOut | None = Field(
        None, description="Time-out of saving. Unset: the platform's, 150 s."
    )
    connect_timeout_s: TimeOut = Field(15.0, description="From connecting to an OLT to its prompt.")
    reply_limit_mb: Annotated[int, Field(ge=1, le=1024)] = Field(
        64, description="Longest reply of an OLT, MB of 1,048,576 bytes. One that sends more is hung up on."
    )
    save_debounce_s: Seconds = Field(60.0, description="Saving waits for this long without a change.")
    save_latest_s: Seconds = Field(600.0, description="It is at most this late.")
    lease_s: Seconds = Field(
        60.0,
        description="Lease of an OLT; with a slow database up to 300 s: four times the slowest renewal of the last minute"
        " and the next line's time-out.",
    )
    lease_renew_s: Seconds = Field(15.0, description="How often it is renewed, unless it lasts long enough.")
    lease_margin_s: Seconds = Field(
        5.0, description="What must be left of it beyond a line's time-out when it is sent."
    )
    lease_long_extra_s: Seconds = Field(
        30.0,
        description="Before a line whose time-out has no room in it, the lease is extended to the time-out plus this.",
    )
    olt_gone_s: Seconds = Field(
        300.0,
        description="An OLT has left when no worker has had it in its inventory for this long; orders there then fail.",
    )
    olts_parallel: Count = Field(100, description="OLTs that one worker works on at the same moment.")
    session_idle_s: Seconds = Field(60.0, description="How long an idle session is kept before logging out.")
    breaker_failures: Count = Field(3, description="Failures to reach an OLT in a row that open its breaker.")
    breaker_first_s: Seconds = Field(30.0, description="How long it stays open at first; doubles each time.")
    breaker_max_s: Seconds = Field(600.0, description="Longest that it stays open.")
    login_retries: Annotated[int, Field(ge=0)] = Field(
        2,
        description="How often in 24 hours a refused login is tried again by itself, counted per user and password over"
        " all OLTs, and only where they have logged in before: 60 s after a refusal, then 15 minutes later. 0: never.",
    )

    @field_validator("roles", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("roles")
    @classmethod
    def _some_role(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if not roles:
            raise ValueError("names no role")
        return tuple(dict.fromkeys(roles))

    @field_validator("kafka_servers")
    @classmethod
    def _hosts_and_ports(cls, servers: str) -> str:
        if not all(_SERVER.fullmatch(server.strip()) for server in servers.split(",")):
            raise ValueError("expected host:port, several separated by commas")
        return servers

    @field_validator("source_timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("is no IANA time zone, such as America/Sao_Paulo")
        return zone

    @field_validator("digest_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 16:
            raise ValueError("has fewer than 16 characters")
        return key

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        sasl = self.kafka_security_protocol.startswith("SASL")
        if sasl and not (self.kafka_sasl_username and self.kafka_sasl_password):
            raise ValueError("SASL needs ACENDE_KAFKA_SASL_USERNAME and ACENDE_KAFKA_SASL_PASSWORD")
        if self.lease_renew_s + self.lease_margin_s + self.connect_timeout_s >= self.lease_s:
            raise ValueError(
                "ACENDE_LEASE_S must exceed ACENDE_LEASE_RENEW_S, ACENDE_LEASE_MARGIN_S and ACENDE_CONNECT_TIMEOUT_S"
                " together: an OLT is connected to and written to only while its lease lasts"
            )
        if set(self.topics.inputs) & set(self.topics.outputs):
            raise ValueError("a topic is both read and written: its own results would come back as events")
        return self

    @property
    def topics(self) -> Topics:
        """Names of the topics, in and out."""
        return Topics(
            equipment=self.topic_equipment,
            install=self.topic_install,
            progress=self.topic_progress,
            results=self.topic_results,
            dead_letters=self.topic_dead_letters,
        )

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of times without an offset."""
        return ZoneInfo(self.source_timezone) if self.source_timezone else None

    @property
    def name(self) -> str:
        """This worker, in leases and logs."""
        return self.worker_name or f"{socket.gethostname()}-{os.getpid()}"

    def digest_secret(self) -> bytes:
        """The key of digests. Raises ConfigurationError where it is not set."""
        if self.digest_key is None:
            raise ConfigurationError(
                "ACENDE_DIGEST_KEY is not set: the key of password digests, 16 characters or more"
            )
        return self.digest_key.get_secret_value().encode()


def load(**overrides: Any) -> Settings:
    """Settings from the environment. Raises ConfigurationError, which names each variable at fault, never its value."""
    try:
        return Settings(_secrets_dir=os.environ.get("ACENDE_SECRETS_DIR"), **overrides)
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_fault(fault) for fault in error.errors(include_input=False))
        ) from None


def _fault(fault: Any) -> str:
    where = "_".join(str(part) for part in fault["loc"][:1]).upper()
    message = fault["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{where}: {message}" if where else message


def reference() -> str:
    """docs/configuration.md: every variable with its default and meaning."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    head = (
        "# Configuration\n\n"
        "Generated by `make docs`; change `worker/settings.py` instead.\n\n"
        "Each setting is an environment variable, or a file of that name (in lower case) in the folder that\n"
        "`ACENDE_SECRETS_DIR` names. Times are in seconds (`_s`), sizes in bytes. What is wrong stops the start with the\n"
        "variable's name. Traces follow OpenTelemetry's own `OTEL_…` variables: [traces.md](traces.md).\n\n"
        "| variable | default | meaning |\n|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _row(name: str, field: Any) -> str:
    return f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description} |"


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    if value is None or value == "":
        return "–"
    return f"`{value:.10g}`" if isinstance(value, float) else f"`{value}`"
