"""All OLTs: which are in trouble, where work waits, where time goes, where room runs out."""

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models.dashboard import Dashboard

from dev.dashboards.parts import (
    Row,
    bars,
    board,
    figure,
    lines,
    listing,
    now,
    override,
    quantiles,
    query,
    rows,
)

UID = "acende-fleet"
_OLTS = "max by (olt, platform)"


def build() -> Dashboard:
    """The dashboard `Acende / OLT fleet`."""
    content = (_state(), _work(), _time(), _talk(), _room())
    return board(UID, "Acende / OLT fleet", "Every OLT: state, work, time, headroom, light.", content)


def _state() -> Row:
    bad = [(None, "green"), (1, "red")]
    return (
        "State",
        [
            figure(
                "OLTs in the inventory",
                "As the workers have read it.",
                "short",
                query("sum(max by (namespace, platform) (acende_inventory_olts{<here>}))", "OLTs"),
            ),
            figure(
                "Breakers open",
                "OLTs that are not reached, or that wait for a person.",
                "short",
                query("sum(max by (namespace, olt) (acende_olt_breaker_open{<here>}))", "OLTs"),
                steps=bad,
            ),
            figure(
                "Held",
                "OLTs that a person wants to be left alone; their orders wait.",
                "short",
                query("sum(max by (namespace, olt) (acende_olt_held{<here>}))", "OLTs"),
                steps=[(None, "green"), (1, "orange")],
            ),
            figure(
                "Jobs due",
                "On OLTs that can be worked on. More for long: too few workers.",
                "short",
                query("sum(max by (namespace) (acende_jobs_due{<here>}))", "jobs"),
            ),
            figure(
                "OLTs in hand",
                "Of those that the workers may work on at the same moment.",
                "percentunit",
                query(
                    "sum(acende_olts_working{<here>}) / sum(acende_olt_sessions_limit{<here>})",
                    "of the limit",
                ),
                steps=[(None, "green"), (0.8, "orange"), (0.95, "red")],
            ),
            figure(
                "Leases lost in the last hour",
                "OLTs that ended under a worker's hands; more than a few: it stalls, or its database does.",
                "short",
                query("sum(increase(acende_olt_leases_lost_total{<here>}[1h]))", "leases"),
                steps=[(None, "green"), (3, "orange")],
            ),
            _table(),
        ],
    )


def _table() -> table.Panel:
    panel = listing(
        "OLTs",
        "Those with an open breaker or the oldest work first; the name leads to the OLT's own dashboard.",
        rows("max by (olt, platform, code) (acende_olt_breaker_open{<here>})"),
        rows(f"{_OLTS} (acende_olt_held{{<here>}})"),
        rows(f"{_OLTS} (acende_olt_jobs_due{{<here>}})"),
        rows(f"{_OLTS} (acende_olt_oldest_due_seconds{{<here>}})"),
        rows(f"{_OLTS} (acende_olt_onu_ids_free{{<here>}})"),
        columns=[
            ("olt", "OLT"),
            ("platform", "platform"),
            ("Value #A", "breaker open"),
            ("code", "reason"),
            ("Value #B", "held"),
            ("Value #C", "jobs due"),
            ("Value #D", "oldest due"),
            ("Value #E", "ONU ids free"),
        ],
    )
    worst = [common.TableSortByFieldState().display_name(column) for column in ("breaker open", "oldest due")]
    panel.sort_by([column.desc(True) for column in worst])
    override(panel, "oldest due", "s")
    link = "/d/acende-olt?${datasource:queryparam}&${namespace:queryparam}&var-olt=${__value.text}"
    return override(panel, "OLT", link=link, title="This OLT")


def _work() -> Row:
    return (
        "Work",
        [
            lines(
                "Live jobs",
                "By kind, and whether they are due, later or being run.",
                "short",
                query("max by (kind, state) (acende_jobs_live{<here>})", "{{kind}}: {{state}}"),
                stacked=True,
            ),
            lines(
                "Oldest due job, by kind",
                "How long it has been due.",
                "s",
                query("max by (kind) (acende_jobs_oldest_due_seconds{<here>})", "{{kind}}"),
            ),
            lines(
                "OLTs with the oldest due job",
                "A quarter of an hour pages, unless the OLT is held or its breaker is open.",
                "s",
                query("topk(10, max by (olt) (acende_olt_oldest_due_seconds{<here>}))", "{{olt}}"),
                steps=[(None, "green"), (900, "red")],
            ),
            lines(
                "Runs of jobs",
                "By how they ended; later: it waits for light, for online, or for another try.",
                "cps",
                query(
                    "sum by (kind, outcome) (rate(acende_job_runs_total{<here>}[$__rate_interval]))",
                    "{{kind}}: {{outcome}}",
                ),
                stacked=True,
            ),
            bars(
                "Why runs did not complete, last hour",
                "Reason codes of runs that failed or will be tried again.",
                "short",
                now(
                    'topk(10, sum by (reason) (increase(acende_job_runs_total{<here>,reason!=""}[1h]))) > 0',
                    "{{reason}}",
                ),
            ),
            lines(
                "Sessions and leases",
                "Sessions open with OLTs, idle ones included; OLTs leased, worked on, and how many may be.",
                "short",
                query("sum(acende_olt_sessions{<here>})", "sessions"),
                query("sum(acende_olt_leases{<here>})", "leases"),
                query("sum(acende_olts_working{<here>})", "worked on"),
                query("sum(acende_olt_sessions_limit{<here>})", "limit"),
            ),
        ],
    )


def _time() -> Row:
    return (
        "Where time goes",
        [
            lines(
                "One run of a provision job, by platform",
                "From taken to its outcome written; opening the session is no part of it.",
                "s",
                *quantiles(
                    "acende_job_seconds", by="platform", labels='<here>,kind="provision",outcome="completed"'
                ),
            ),
            lines(
                "Phases of a provision job, mean",
                "Queue: due until taken. A phase that grows says where to look: queue at us, connect and the others at the OLT.",
                "s",
                query(
                    'sum by (phase) (rate(acende_job_phase_seconds_sum{<here>,kind="provision"}[$__rate_interval]))'
                    ' / sum by (phase) (rate(acende_job_phase_seconds_count{<here>,kind="provision"}[$__rate_interval]))',
                    "{{phase}}",
                ),
                stacked=True,
            ),
            lines(
                "One command, by platform",
                "From sent to its whole reply.",
                "s",
                *quantiles("acende_command_seconds", by="platform"),
            ),
        ],
    )


def _talk() -> Row:
    return (
        "What OLTs answer",
        [
            lines(
                "Commands",
                "By platform and verdict. Unknown: cut off; the OLT is observed before anything else is sent.",
                "cps",
                query(
                    "sum by (platform, verdict) (rate(acende_commands_total{<here>}[$__rate_interval]))",
                    "{{platform}}: {{verdict}}",
                ),
            ),
            lines(
                "Connections that failed, last hour",
                "By OLT and reason.",
                "short",
                query(
                    'topk(10, sum by (olt, outcome) (increase(acende_olt_connects_total{<here>,outcome!="ok"}[1h]))) > 0',
                    "{{olt}}: {{outcome}}",
                ),
            ),
            lines(
                "Unknown replies, last 6 hours",
                "By OLT: new firmware, or a bug of ours. One is a ticket.",
                "short",
                query(
                    "topk(10, sum by (olt, platform) (increase(acende_unknown_replies_total{<here>}[6h]))) > 0",
                    "{{olt}} ({{platform}})",
                ),
            ),
        ],
    )


def _room() -> Row:
    return (
        "Headroom and light",
        [
            bars(
                "Fewest ONU ids free",
                "On the fullest PON port seen of each OLT; three are a ticket.",
                "short",
                now("bottomk(10, max by (olt) (acende_olt_onu_ids_free{<here>}))", "{{olt}}"),
                steps=[(None, "red"), (4, "orange"), (16, "green")],
            ),
            bars(
                "Installed with little light, last 24 hours",
                "The share of completed ONUs that receive less than -26 dBm, by OLT: splices, connectors, splitters.",
                "percentunit",
                now(
                    'topk(10, sum by (olt) (increase(acende_onu_receive_power_dbm_bucket{<here>,le="-26.0"}[24h]))'
                    ' / (sum by (olt) (increase(acende_onu_receive_power_dbm_bucket{<here>,le="+Inf"}[24h])) > 0))',
                    "{{olt}}",
                ),
                steps=[(None, "green"), (0.1, "orange"), (0.25, "red")],
            ),
        ],
    )
