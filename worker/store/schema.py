"""The tables. One set for SQLite and PostgreSQL; times are UTC, judged by the database's clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

_WITHOUT_ZONE = len("2026-03-02 12:31:07.000000")


class _SqliteTime(sqlite.DATETIME):
    """As text that sorts, UTC without saying so: what SQLAlchemy's own type writes, three times as fast."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        return _as_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:
        return _of_text


@lru_cache(4096)
def _as_text(value: datetime | None) -> str | None:
    """The rows of a batch hold the same few times over and over."""
    return None if value is None else value.astimezone(UTC).isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


def _of_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


class Utc(TypeDecorator[datetime]):
    """An aware UTC time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "sqlite":
            return dialect.type_descriptor(self.impl_instance)
        return dialect.type_descriptor(_SqliteTime())  # type: ignore[no-untyped-call]

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


def json_text(value: Any) -> str:
    """A document as its column keeps it."""
    return to_json(value).decode()


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

inbox = Table(
    "inbox",
    metadata,
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("arrived_at", Utc, nullable=False, index=True),
)
"""Events that have been applied, kept 30 days."""

equipment = Table(
    "equipment",
    metadata,
    Column("serial", Text, primary_key=True),
    # The latest `received`, and where it stands in the order of facts (time, source, id).
    Column("received", Document),
    Column("received_at", Utc),
    Column("received_source", Text),
    Column("received_id", Text),
    Column("received_trace", Text),  # W3C traceparent of that event
    # The latest lending: `bound`, or a `received` that names an order.
    Column("lent_order", Text),
    Column("lent_contract", Text),
    Column("lent_customer", Text),
    Column("lent_at", Utc),
    Column("lent_source", Text),
    Column("lent_id", Text),
    Column("lent_trace", Text),
    # By order, the latest `unbound` of it: a return ends that order's lending, and no other's.
    Column("returns", Document),  # {service order id: [time, source, id]}
    # What follows: the order to which stock binds the unit now.
    Column("bound_order", Text, index=True),
    # True while nothing says that the serial is one, and not a MAC address; what stock lends does not count until then.
    Column("undecided", Boolean),
)

service_order = Table(
    "service_order",
    metadata,
    Column("id", Text, primary_key=True),
    # Facts: the latest request and the latest cancellation, each with its place in the order of facts.
    Column("request", Document),  # install.started without its passwords
    Column("request_digest", Text),  # keyed digest of what is wanted, passwords included
    Column("requested_at", Utc),
    Column("requested_source", Text),
    Column("requested_id", Text),
    Column("named_serial", Text, index=True),
    Column("customer", Text),
    Column("contract", Text),
    Column("has_secrets", Boolean, nullable=False, server_default=text("false")),
    Column("traceparent", Text),  # of the latest request: results continue its trace
    Column("asks", Document),  # every time it was asked for: [[time, source, id, serial or null, fresh], …]
    Column("cancelled_at", Utc),
    Column("cancelled_source", Text),
    Column("cancelled_id", Text),
    Column("cancel_reason", Text),
    Column("cancel_code", Text),  # cancelled_by_erp, cancelled_by_person
    # What Acende makes of it.
    Column("state", Text, nullable=False),  # see worker.facts.OrderState
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("worked_digest", Text),  # request_digest that this revision works on
    Column("began_at", Utc),  # when this revision's request arrived: deadlines run from here
    Column("stage", Text),
    Column("stage_since", Utc),
    Column("durations", Document),  # seconds spent in earlier stages of this revision
    Column("verdict", Text),  # reason code that correlation reached, with its parameters
    Column("verdict_params", Document),
    Column("verdict_since", Utc),
    Column("due_at", Utc, index=True),  # when the sweep must look again
    Column("serial", Text, index=True),  # the unit this order works with; claimed while `claims`
    Column("claims", Boolean, nullable=False, server_default=text("false")),
    Column("attempted_serial", Text),  # the unit of the latest attempt that was opened since the last final
    Column("attempted_at", Utc),
    Column("attempted_ask_at", Utc),  # time of the request that it served
    Column("attempts", Integer, nullable=False, server_default="0"),  # in this revision
    Column("olt", Text),  # place decided for this revision
    Column("port", Text),
    Column("deadline_at", Utc),  # of the work of this revision
    Column("parked", Boolean, nullable=False, server_default=text("false")),
    Column("last_code", Text),
    Column("final", Document),  # data of the last final event
    Column("final_revision", Integer),
    Column("finished_at", Utc),
    Column("answered_at", Utc),  # time of the latest request that a `completed` or `failed` answered
    # The last completion: of which unit, when, and which request it answered.
    Column("completed_at", Utc),
    Column("completed_serial", Text),
    Column("completed_ask_at", Utc),
    Column("completed_ask_source", Text),
    Column("completed_ask_id", Text),
    Column("erased_at", Utc),  # when its personal data were erased
    Column("jobs_left_at", Utc),  # when its ended jobs were dropped: since the last final, or before it
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Index("ix_service_order_state", "state", "updated_at"),
    Index(
        "ix_service_order_erasable",
        "finished_at",
        sqlite_where=text("erased_at IS NULL"),
        postgresql_where=text("erased_at IS NULL"),
    ),
    # Orders of which ended jobs may be kept.
    Index(
        "ix_service_order_jobs",
        "finished_at",
        sqlite_where=text("finished_at IS NOT NULL AND (jobs_left_at IS NULL OR jobs_left_at < finished_at)"),
        postgresql_where=text(
            "finished_at IS NOT NULL AND (jobs_left_at IS NULL OR jobs_left_at < finished_at)"
        ),
    ),
    Index(
        "uq_service_order_claim",
        "serial",
        unique=True,
        sqlite_where=text("claims = 1"),
        postgresql_where=text("claims"),
    ),
    CheckConstraint("NOT claims OR serial IS NOT NULL", name="claim_has_serial"),
)

secret = Table(
    "secret",
    metadata,
    Column("service_order_id", Text, primary_key=True),
    Column("pppoe_password", Text),
    Column("wifi_key", Text),
    Column("erase_at", Utc, index=True),  # set when failed: 24 h later
)

own_registration = Table(
    "own_registration",
    metadata,
    Column("olt", Text, primary_key=True),
    Column("port", Text, primary_key=True),
    Column("serial", Text, primary_key=True, index=True),
    Column("service_order_id", Text, nullable=False, index=True),
    Column("since", Utc, nullable=False),
)
"""What an order's steps made on an OLT (invariant 6): written before the first byte of the attempt that adds it."""

applied_digest = Table(
    "applied_digest",
    metadata,
    Column("olt", Text, primary_key=True),
    Column("serial", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
"""Keyed digests of what was last applied and accepted of fields that the OLT does not show."""

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),  # provision, deprovision, scan, save
    Column("olt", Text, nullable=False),
    Column("platform", Text),  # of the OLT when the job was made: a changed platform is refused
    Column("service_order_id", Text, index=True),
    Column("revision", Integer),
    Column("serial", Text),
    Column("port", Text),
    Column("state", Text, nullable=False),  # due, running, done, dropped
    Column("live", Boolean, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("deadline_at", Utc),
    Column("priority", Integer, nullable=False, server_default="5"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("open_attempt", Boolean, nullable=False, server_default=text("false")),
    Column("stage", Text),  # first: see worker.store.jobs; searched: scans have been asked for
    Column("last_code", Text),
    Column("last_text", Text),
    Column("payload", Document),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    # SQLite takes an index only for the condition as it stands, and SQLAlchemy writes `live = 1` there.
    Index("ix_job_due", "olt", "due_at", sqlite_where=text("live = 1"), postgresql_where=text("live")),
    Index("ix_job_deadline", "deadline_at", sqlite_where=text("live = 1"), postgresql_where=text("live")),
    # Of scans and saves; the jobs of an order are found by it.
    Index(
        "ix_job_of_olt_ended",
        "updated_at",
        sqlite_where=text("live = 0 AND service_order_id IS NULL"),
        postgresql_where=text("NOT live AND service_order_id IS NULL"),
    ),
    Index(
        "uq_job_live_order",
        "kind",
        "olt",
        "service_order_id",
        unique=True,
        sqlite_where=text("live = 1 AND service_order_id IS NOT NULL"),
        postgresql_where=text("live AND service_order_id IS NOT NULL"),
    ),
    Index(
        "uq_job_live_olt",
        "kind",
        "olt",
        unique=True,
        sqlite_where=text("live = 1 AND service_order_id IS NULL"),
        postgresql_where=text("live AND service_order_id IS NULL"),
    ),
)

job_step = Table(
    "job_step",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("job_id", Id, index=True),
    Column("service_order_id", Text, index=True),
    Column("revision", Integer),
    Column("at", Utc, nullable=False),
    Column("kind", Text, nullable=False),  # attempt_started, command, observed, outcome, requested, person, …
    Column("text", Text),  # for people, in Portuguese where support reads it
    Column("detail", Document),  # redacted
    # Of no order: looks, savings.
    Index(
        "ix_job_step_of_olt",
        "id",
        sqlite_where=text("service_order_id IS NULL"),
        postgresql_where=text("service_order_id IS NULL"),
    ),
)
"""The order's timeline: append only, by id."""


def _length() -> tuple[Column[Any], ...]:
    """For how long a lease was last granted or renewed, and under which fence that was written."""
    return Column("length_s", Float), Column("length_fence", Id)


olt_lease = Table(
    "olt_lease",
    metadata,
    Column("olt", Text, primary_key=True),
    Column("platform", Text),  # null: no worker that runs, or ran lately, has the OLT in its inventory
    Column("holder", Text),
    Column("fence", Id, nullable=False, server_default="0"),
    Column("expires_at", Utc),
    Column("held", Boolean, nullable=False, server_default=text("false")),
    Column("held_by", Text),
    Column("held_reason", Text),
    Column("breaker", Text, nullable=False, server_default="closed"),  # closed, open, half_open
    Column("breaker_code", Text),
    Column("breaker_text", Text),
    Column("breaker_until", Utc),  # null while open: until a person acts
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("session_open", Boolean, nullable=False, server_default=text("false")),
    # Turns since one went to the job that was due for longest, and since one went to a repeated look.
    Column("since_longest_due", Integer),
    Column("since_look", Integer),
    Column("last_ok_at", Utc),
    Column("updated_at", Utc),
    # Headroom as the OLT last told it: {"onus_free_least": 3, "ports": {…}}.
    Column("room", Document),
    Column("room_at", Utc),
    Column(
        "left_out", Document
    ),  # rows of its lists that could not be read: {"at": "…", "count": 1, "rows": ["…"]}
    # A refused login: keyed digest of the credential, when, and when it was last let try once more without being counted.
    Column("refused_credential", Text),
    Column("refused_at", Utc),
    Column("freed_at", Utc),
    # Whether the last failure was no connection at all; whether a pause of this outage was ended by a probe; the last probe.
    Column("silent", Boolean),
    Column("probed", Boolean),
    Column("probed_at", Utc),
    *_length(),
)

credential = Table(
    "credential",
    metadata,
    Column("digest", Text, primary_key=True),  # keyed, of user and password
    Column("accepted_at", Utc, nullable=False, index=True),
    Column("retried", Document),  # times of retries within 24 h, ISO 8601
)
"""Credentials that have logged in to an OLT."""

inventory = Table(
    "inventory",
    metadata,
    Column("digest", Text, primary_key=True),  # of its OLTs and their sites
    Column("seen_at", Utc, nullable=False),
)
"""Inventories that workers run with: more than one while a changed one is being rolled out."""

inventory_olt = Table(
    "inventory_olt",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("olt", Text, primary_key=True),
    Column("site", Text, nullable=False),
)

role_lease = Table(
    "role_lease",
    metadata,
    Column("role", Text, primary_key=True),  # publisher, sweeper, survey
    Column("holder", Text),
    Column("fence", Id, nullable=False, server_default="0"),
    Column("expires_at", Utc),
    *_length(),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", Document),
    Column("created_at", Utc, nullable=False),
    Column("refused", Text),  # why the broker refused it for good: set aside
    Index(
        "ix_outbox_pending",
        "id",
        sqlite_where=text("refused IS NULL"),
        postgresql_where=text("refused IS NULL"),
    ),
    # To count the few that were set aside without a look at each of the many that wait.
    Index(
        "ix_outbox_refused",
        "id",
        sqlite_where=text("refused IS NOT NULL"),
        postgresql_where=text("refused IS NOT NULL"),
    ),
)
"""Records to be published; deleted after the acknowledgement."""

rejected_order = Table(
    "rejected_order",
    metadata,
    Column("id", Text, primary_key=True),  # service order id
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("code", Text, nullable=False),  # with which it failed
    Column("at", Utc, nullable=False, index=True),
)
"""Orders of which no request could be read yet, and which were told so. No fact comes from here: the first that can be read
goes on with the next revision and sequence."""

rejected_record = Table(
    "rejected_record",
    metadata,
    Column("place", Text, primary_key=True),  # topic/partition/offset: the dead letter's id
    Column("service_order_id", Text, nullable=False, index=True),
    Column("serial", Text, index=True),
    Column("customer", Text, index=True),
    Column("code", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False, index=True),  # when its topic no longer keeps it
)
"""Where requests lie that were set aside, by order and serial."""

action = Table(
    "action",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("target", Text, nullable=False, index=True),
    Column("why", Text, nullable=False),
)
"""What people changed by the command line, and why."""

compatibility = Table(
    "compatibility",
    metadata,
    Column("revision", Text, primary_key=True),
)
"""One row: the oldest revision whose program still works with this database. Written by `worker.store.migrate`."""
