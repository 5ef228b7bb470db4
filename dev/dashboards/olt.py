"""One OLT: what keeps it from being worked on, what waits, what it answers, and what light it sees."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dev.dashboards.parts import Row, board, figure, heat, lines, quantiles, query, variable

UID = "acende-olt"


def build() -> Dashboard:
    """The dashboard `Acende / One OLT`."""
    choice = variable("olt", "OLT", 'acende_olt_held{namespace=~"$namespace"}')
    content = (_state(), _work(), _light())
    return board(
        UID, "Acende / One OLT", "One OLT: state, work, answers, headroom, light.", content, [choice]
    )


def _state() -> Row:
    return (
        "State",
        [
            figure(
                "Breaker",
                "Open: nobody connects; the name is the reason. olt_login_refused and olt_host_key_changed wait for a person.",
                "short",
                query("max by (code) (acende_olt_breaker_open{<olt>})", "{{code}}"),
                words={"0": ("closed", "green"), "1": ("open", "red")},
            ),
            figure(
                "Held",
                "`acende olt hold`: a person wants it to be left alone.",
                "short",
                query("max(acende_olt_held{<olt>})", ""),
                words={"0": ("no", "green"), "1": ("held", "orange")},
            ),
            figure(
                "Jobs due",
                "Work that could be done now.",
                "short",
                query("max(acende_olt_jobs_due{<olt>})", "jobs"),
            ),
            figure(
                "Oldest due job",
                "A quarter of an hour pages, unless held or the breaker is open.",
                "s",
                query("max(acende_olt_oldest_due_seconds{<olt>})", "waiting"),
                steps=[(None, "green"), (300, "orange"), (900, "red")],
            ),
            figure(
                "ONU ids free",
                "On the fullest PON port seen.",
                "short",
                query("max(acende_olt_onu_ids_free{<olt>})", "least"),
                steps=[(None, "red"), (4, "orange"), (16, "green")],
            ),
        ],
    )


def _work() -> Row:
    return (
        "Work and answers",
        [
            lines(
                "Jobs due",
                "Work that waits here.",
                "short",
                query("max(acende_olt_jobs_due{<olt>})", "jobs"),
                width=6,
            ),
            lines(
                "Oldest due job",
                "How long it has been due.",
                "s",
                query("max(acende_olt_oldest_due_seconds{<olt>})", "oldest"),
                width=6,
                steps=[(None, "green"), (900, "red")],
            ),
            lines(
                "Connections in the last hour",
                "By outcome: ok, or the reason why not.",
                "short",
                query("sum by (outcome) (increase(acende_olt_connects_total{<olt>}[1h]))", "{{outcome}}"),
                width=6,
            ),
            lines(
                "Unknown replies in the last 6 hours",
                "New firmware, or a bug of ours. One is a ticket.",
                "short",
                query("sum(increase(acende_unknown_replies_total{<olt>}[6h]))", "unknown replies"),
                width=6,
                steps=[(None, "green"), (1, "orange")],
            ),
            lines(
                "Headroom",
                "As last told by the OLT.",
                "short",
                query("max(acende_olt_onu_ids_free{<olt>})", "ONU ids, fullest port"),
                width=24,
            ),
        ],
    )


def _light() -> Row:
    return (
        "Light of completed installations",
        [
            heat(
                "Received by ONUs",
                "At the end of each installation. Below -27 dBm most ONUs of class B+ fail.",
                "dBm",
                "acende_onu_receive_power_dbm_bucket{<olt>}",
            ),
            heat(
                "Received by the OLT",
                "From each ONU, at the end of its installation.",
                "dBm",
                "acende_olt_receive_power_dbm_bucket{<olt>}",
            ),
            lines(
                "Received by ONUs, quantiles",
                "The lower tenth drifting down over weeks is a connector or a splitter.",
                "dBm",
                *quantiles("acende_onu_receive_power_dbm", labels="<olt>", of=(0.1, 0.5, 0.9)),
                width=12,
                least=None,
            ),
            lines(
                "Received by the OLT, quantiles",
                "Falling alone, while the ONUs receive well: the upstream path or the OLT's optics.",
                "dBm",
                *quantiles("acende_olt_receive_power_dbm", labels="<olt>", of=(0.1, 0.5, 0.9)),
                width=12,
                least=None,
            ),
        ],
    )
