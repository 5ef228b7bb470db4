"""Metrics of provisioning. Labels are OLT platforms, kinds of jobs and reason codes; never a serial, an order or an OLT."""

from prometheus_client import Counter, Gauge, Histogram

from worker.metrics import REGISTRY

JOBS = Counter(
    "acende_jobs_total",
    "Runs of jobs, by kind and how they ended: completed, failed, later, removed, ended, superseded.",
    ("platform", "kind", "outcome", "reason"),
    registry=REGISTRY,
)
JOB_SECONDS = Histogram(
    "acende_job_seconds",
    "Time with the OLT of one run of a job.",
    ("platform", "kind"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180),
    registry=REGISTRY,
)
CONNECTS = Counter(
    "acende_olt_connects_total", "Connections to OLTs, by outcome: ok or a reason code.", ("platform", "outcome"),
    registry=REGISTRY,
)  # fmt: skip
SESSIONS = Gauge("acende_olt_sessions", "Sessions with OLTs that this worker has open.", registry=REGISTRY)
LEASES = Gauge("acende_olt_leases", "OLTs that this worker has leased.", registry=REGISTRY)
LEASES_LOST = Counter(
    "acende_olt_leases_lost_total", "Leases that ended under this worker's hands.", registry=REGISTRY
)
ERRORS = Counter(
    "acende_provision_errors_total",
    "Unexpected errors in a run of a job: bugs.",
    ("kind",),
    registry=REGISTRY,
)
