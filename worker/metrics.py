"""Metrics of one worker, all in `REGISTRY`. Labels are bounded: topics, codes and loops, never a serial or an order."""

from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

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
    "acende_events_total", "Events applied or known already, by type.", ("type",), registry=REGISTRY
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
LAG = Gauge(
    "acende_consumer_lag_records",
    "Records behind the end of the partitions assigned here, summed.",
    ("topic",),
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
OUTBOX_ROWS = Gauge("acende_outbox_rows", "Records waiting to be published.", registry=REGISTRY)
OUTBOX_REFUSED = Gauge("acende_outbox_refused_rows", "Records set aside for good.", registry=REGISTRY)
OUTBOX_AGE = Gauge(
    "acende_outbox_oldest_seconds", "Age of the oldest record waiting to be published.", registry=REGISTRY
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

try:
    VERSION = version("acende")
except PackageNotFoundError:  # a clone that was not installed
    VERSION = "unknown"
Info("acende_build", "Version of this worker.", registry=REGISTRY).info({"version": VERSION})


def bounded(value: str, known: Collection[str]) -> str:
    """`value` where it is known, else `other`: a label that a sender cannot grow."""
    return value if value in known else OTHER


def exposition() -> bytes:
    """What `/metrics` answers, in Prometheus' text format."""
    return generate_latest(REGISTRY)
