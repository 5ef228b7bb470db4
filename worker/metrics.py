"""Metrics of one worker, all in `REGISTRY`. Labels are bounded: topics, codes and loops, never a serial or an order."""

import os
import re
from collections import Counter as Counts
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

OTHER = "other"

RECORDS = Counter(
    "acende_records_total",
    "Records taken from an input topic, by what became of them: event, passed or dead_letter.",
    ("topic", "outcome"),
    registry=REGISTRY,
)
DEAD_LETTERS = Counter(
    "acende_dead_letters_total", "Records set aside, by reason code.", ("topic", "reason"), registry=REGISTRY
)
EVENTS = Counter(
    "acende_events_total",
    "Events, by what they did: applied, or duplicate where they had been applied before.",
    ("type", "outcome"),
    registry=REGISTRY,
)
TIMES_AHEAD = Counter(
    "acende_event_times_ahead_total", "Events whose time lay ahead of their arrival.", registry=REGISTRY
)
BATCH_SECONDS = Histogram(
    "acende_ingest_batch_seconds",
    "From a batch in hand to its database commit, waits for the database included.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300),
    registry=REGISTRY,
)
BATCH_RECORDS = Histogram(
    "acende_ingest_batch_records",
    "Records of a batch.",
    buckets=(1, 5, 20, 100, 500, 2000),
    registry=REGISTRY,
)
COMMIT_FAILURES = Counter(
    "acende_offset_commit_failures_total",
    "Offset commits that failed; the records come again and change nothing.",
    registry=REGISTRY,
)
STORE_WAITS = Counter(
    "acende_store_waits_total",
    "Tries that found the database not available, by loop.",
    ("loop",),
    registry=REGISTRY,
)
ASSIGNED = Gauge(
    "acende_consumer_partitions", "Input partitions assigned to this worker.", ("topic",), registry=REGISTRY
)
STANDING = Gauge(
    "acende_consumer_partitions_standing",
    "Input partitions of this worker that stand still at a record of which not even a dead letter can be kept.",
    ("topic",),
    registry=REGISTRY,
)
LAG = Gauge(
    "acende_consumer_lag_records",
    "Records of a partition assigned to this worker that the database does not have yet, as the broker tells it.",
    ("topic", "partition"),
    registry=REGISTRY,
)
REBALANCES = Counter("acende_consumer_rebalances_total", "Assignments received.", registry=REGISTRY)
PUBLISHED = Counter(
    "acende_published_total", "Records acknowledged by the broker.", ("topic",), registry=REGISTRY
)
PUBLISH_FAILURES = Counter(
    "acende_publish_failures_total",
    "Records that the broker did not take: retried, or refused for good and set aside.",
    ("topic", "outcome"),
    registry=REGISTRY,
)
PUBLISH_DELAY = Histogram(
    "acende_publish_delay_seconds",
    "From a record written with what made it true to its acknowledgement by the broker: freshness of results.",
    ("topic",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
    registry=REGISTRY,
)
ORDERS_FINISHED = Counter(
    "acende_orders_finished_total",
    "Final results, counted after their commit. right_first_time: no where it took more than one attempt or failed through"
    " Acende or an OLT; excluded where it was cancelled or failed through ERP data, stock or the field.",
    ("state", "reason", "right_first_time"),
    registry=REGISTRY,
)
ORDER_ONLINE = Histogram(
    "acende_order_online_seconds",
    "From the arrival of a request to its completion, without the waits for equipment and for light.",
    ("platform",),
    buckets=(2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600),
    registry=REGISTRY,
)
STORE_SECONDS = Histogram(
    "acende_store_seconds",
    "Time of a database transaction, waits for thread, connection and lock included, failed ones too.",
    ("operation", "mode"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
CLOCK_AHEAD = Gauge(
    "acende_clock_ahead_seconds",
    "How far the database's clock shows more than this worker believes, by a clock that nobody sets; 0 while it believes it.",
    registry=REGISTRY,
)
CLOCK_STEPS = Counter(
    "acende_clock_steps_total",
    "Steps of the database's clock of more than 5 s that this worker has seen: ahead or back.",
    ("direction",),
    registry=REGISTRY,
)
CLOCK_CORRECTIONS = Counter(
    "acende_clock_corrections_total",
    "Times in the database that lay further ahead than they can be and were corrected, by what they are of.",
    ("what",),
    registry=REGISTRY,
)
LEADER = Gauge(
    "acende_role_leader",
    "1 where this worker holds the lease of a single role.",
    ("role",),
    registry=REGISTRY,
)
LOOP_UP = Gauge("acende_loop_up", "1 while a loop of this worker runs.", ("loop",), registry=REGISTRY)
LOOP_ERRORS = Counter(
    "acende_loop_errors_total",
    "Unexpected errors that a loop survived, by loop.",
    ("loop",),
    registry=REGISTRY,
)

INVENTORY_OLTS = Gauge(
    "acende_inventory_olts",
    "OLTs of the inventory that this worker has read, by platform.",
    ("platform",),
    registry=REGISTRY,
)
CONFIG = Gauge(
    "acende_config_info",
    "1; sha256 is that of the file as this worker has read it, its first 12 digits.",
    ("file", "sha256"),
    registry=REGISTRY,
)

try:
    VERSION = version("acende")
except PackageNotFoundError:  # a clone that was not installed
    VERSION = "unknown"
REVISION = os.environ.get("ACENDE_REVISION") or "unknown"
"""The commit that the image was built from; the image sets it."""
Info("acende_build", "Version and commit of this worker; always 1.", registry=REGISTRY).info(
    {"version": VERSION, "revision": REVISION}
)

_SAMPLED = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f][13579bdf]")


def tell_configuration(platforms: Iterable[str], digests: Mapping[str, str]) -> None:
    """Export what was read: the platform of each OLT, and the SHA-256 of each file."""
    for platform, number in Counts(platforms).items():
        INVENTORY_OLTS.labels(platform).set(number)
    for file, digest in digests.items():
        CONFIG.labels(file, digest[:12]).set(1)


def bounded(value: str, known: Collection[str]) -> str:
    """`value` where it is known, else `other`: a label that a sender cannot grow."""
    return value if value in known else OTHER


def exemplar(traceparent: str | None) -> dict[str, str] | None:
    """What links an observation to its trace; None without a trace that is sampled."""
    found = _SAMPLED.fullmatch(traceparent or "")
    return {"trace_id": found[1]} if found else None


def exposition(accept: str | None = None) -> tuple[bytes, str]:
    """What `/metrics` answers, and its content type: OpenMetrics, with exemplars, where `accept` asks for it, else text."""
    encoder, content_type = choose_encoder(accept or "")
    return encoder(REGISTRY), content_type
