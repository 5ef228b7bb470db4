"""Metrics of provisioning. Labels are OLTs, platforms, kinds of jobs and reason codes; never a serial, an order or a customer."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.samples import Sample

from worker.metrics import REGISTRY

_RUN_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600)
_PHASE_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)
_COMMAND_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150)
_POWER_DBM = (-32, -30, -28, -27, -26, -25, -24, -22, -20, -18, -15, -12, -8)


class PowerHistogram(Histogram):
    """A histogram with negative bounds: it has `_bucket` alone.

    OpenMetrics lets it have no `_sum`, which would be no counter, and so no `_count`, which the client shows all the same.
    """

    def _child_samples(self) -> Iterable[Sample]:
        return [sample for sample in super()._child_samples() if sample.name != "_count"]


JOB_RUNS = Counter(
    "acende_job_runs_total",
    "Runs of jobs, by how they ended (answered, completed, ended, failed, later, recorded, removed, superseded) and the"
    " reason code, empty where there is none.",
    ("platform", "kind", "outcome", "reason"),
    registry=REGISTRY,
)
JOB_SECONDS = Histogram(
    "acende_job_seconds",
    "One run of a job, from taken to its outcome written; opening the session is no part of it.",
    ("platform", "kind", "outcome"),
    buckets=_RUN_SECONDS,
    registry=REGISTRY,
)
PHASE_SECONDS = Histogram(
    "acende_job_phase_seconds",
    "Phases of a run: queue (due until taken, by the database's clock), connect, observe, apply, verify.",
    ("platform", "kind", "phase"),
    buckets=_PHASE_SECONDS,
    registry=REGISTRY,
)
COMMANDS = Counter(
    "acende_commands_total",
    "Commands sent to OLTs, by what became of them: done, refused, unknown (cut off), unknown_reply.",
    ("platform", "verdict"),
    registry=REGISTRY,
)
COMMAND_SECONDS = Histogram(
    "acende_command_seconds",
    "From a command sent to its whole reply; commands sent in one write share its time equally.",
    ("platform",),
    buckets=_COMMAND_SECONDS,
    registry=REGISTRY,
)
UNKNOWN_REPLIES = Counter(
    "acende_unknown_replies_total",
    "Replies that no rule explains: new firmware, or a bug here.",
    ("olt", "platform"),
    registry=REGISTRY,
)
ROWS_LEFT_OUT = Counter(
    "acende_olt_rows_left_out_total",
    "Rows of an OLT's lists of ONUs that could not be read and were left out.",
    ("olt", "platform"),
    registry=REGISTRY,
)
CONNECTS = Counter(
    "acende_olt_connects_total",
    "Connections to OLTs, by outcome: ok or a reason code.",
    ("olt", "platform", "outcome"),
    registry=REGISTRY,
)
SESSIONS = Gauge(
    "acende_olt_sessions",
    "Sessions with OLTs that this worker has open, idle ones included: they may be more than the limit.",
    registry=REGISTRY,
)
WORKING = Gauge(
    "acende_olts_working",
    "OLTs that this worker runs a job on at this moment: never more than acende_olt_sessions_limit.",
    registry=REGISTRY,
)
SESSIONS_LIMIT = Gauge(
    "acende_olt_sessions_limit",
    "OLTs that this worker works on at the same moment, at most (ACENDE_OLTS_PARALLEL).",
    registry=REGISTRY,
)
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
ONU_RECEIVE_POWER = PowerHistogram(
    "acende_onu_receive_power_dbm",
    "Light that completed ONUs receive, dBm.",
    ("olt",),
    buckets=_POWER_DBM,
    registry=REGISTRY,
)
OLT_RECEIVE_POWER = PowerHistogram(
    "acende_olt_receive_power_dbm",
    "Light that OLTs receive from completed ONUs, dBm.",
    ("olt",),
    buckets=_POWER_DBM,
    registry=REGISTRY,
)
