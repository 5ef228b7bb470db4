"""The service: what it promises, what flows through it, and what it runs on."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dev.dashboards.parts import Row, bars, board, figure, lines, listing, now, quantiles, query, rows

UID = "acende-service"
_BURN = "namespace_slo:acende_slo_bad_events:ratio{window}{{<here>}} / on (slo) group_left () (1 - slo:acende_slo_objective:ratio)"

_NOT_OURS = "waiting_for_.*|cancelling"


def build() -> Dashboard:
    """The dashboard `Acende / Service`."""
    content = (_objectives(), _orders(), _events(), _results(), _database(), _workers())
    return board(UID, "Acende / Service", "Objectives, orders, events in, results out.", content)


def _objectives() -> Row:
    return (
        "Objectives over 28 days",
        [
            figure(
                "Kept so far",
                "The share of good events. Objectives: online 99 % within 120 s of the request, right first time 98 %,"
                " results in Kafka 99.9 % within 10 s.",
                "percentunit",
                query("1 - namespace_slo:acende_slo_bad_events:ratio28d{<here>}", "{{slo}}"),
                width=8,
            ).decimals(2),
            figure(
                "Error budget left",
                "What may still go wrong within the 28 days; below zero the objective is broken.",
                "percentunit",
                query("namespace_slo:acende_slo_budget_left:ratio{<here>}", "{{slo}}"),
                width=8,
                steps=[(None, "red"), (0, "orange"), (0.25, "green")],
            ),
            figure(
                "Events of the last 3 days",
                "How many the objectives are judged by: with few of them one bad event is a large share.",
                "short",
                query("namespace_slo:acende_slo_events:increase3d{<here>}", "{{slo}}"),
                width=8,
            ),
            lines(
                "Burn rate, 1 hour",
                "1 spends the budget in exactly 28 days. Above 13.44, and in the last 5 minutes too, it pages.",
                "none",
                query(_BURN.format(window="1h"), "{{slo}}"),
                width=12,
                steps=[(None, "green"), (13.44, "red")],
            ),
            lines(
                "Burn rate, 3 days",
                "Above 0.933, and in the last 6 hours too, it is a ticket: the objective will be broken.",
                "none",
                query(_BURN.format(window="3d"), "{{slo}}"),
                width=12,
                steps=[(None, "green"), (0.933, "orange")],
            ),
        ],
    )


def _orders() -> Row:
    return (
        "Orders",
        [
            lines(
                "Final results in the last hour",
                "By state, and whether it was right first time; excluded: the reason lies with ERP data, stock or the field.",
                "short",
                query(
                    "sum by (state, right_first_time) (increase(acende_orders_finished_total{<here>}[1h])) > 0",
                    "{{state}}, right first time: {{right_first_time}}",
                ),
                stacked=True,
            ),
            bars(
                "Reasons of failures in the last 24 hours",
                "The catalogue of reasons says for each what to do.",
                "short",
                now(
                    'topk(10, sum by (reason) (increase(acende_orders_finished_total{<here>,state="failed"}[24h]))) > 0',
                    "{{reason}}",
                ),
            ),
            lines(
                "From request to light",
                "Of completed orders, without the waits for equipment and for light. The objective's line is at 120 s.",
                "s",
                *quantiles("acende_order_online_seconds", of=(0.5, 0.95, 0.99)),
                steps=[(None, "green"), (120, "red")],
            ),
            lines(
                "Orders on their way, by stage",
                "Live orders. Waits for equipment and for light are the field's.",
                "short",
                query("max by (stage) (acende_orders_waiting{<here>})", "{{stage}}"),
                width=6,
                stacked=True,
            ),
            lines(
                "Oldest order, by stage",
                "How long it has stood there. Half an hour in any stage that is ours pages.",
                "s",
                query(
                    f"max by (stage) (acende_orders_oldest_seconds{{<here>,stage!~'{_NOT_OURS}'}})",
                    "{{stage}}",
                ),
                width=6,
                steps=[(None, "green"), (1800, "red")],
            ),
            lines(
                "Oldest wait of the field",
                "For equipment it fails after 24 h, for light after 8 h, unless ACENDE_UNIT_WAIT_S and ACENDE_LIGHT_WAIT_S"
                " say otherwise. Cancelling waits for an OLT.",
                "s",
                query(
                    f"max by (stage) (acende_orders_oldest_seconds{{<here>,stage=~'{_NOT_OURS}'}})",
                    "{{stage}}",
                ),
                width=6,
            ),
            lines(
                "Stock that waits for its order",
                "Units bound to an order that nobody has asked for. Only growing: are installations read?",
                "short",
                query("max(acende_units_waiting{<here>})", "units"),
                width=6,
            ),
        ],
    )


def _events() -> Row:
    return (
        "Events in",
        [
            lines(
                "Records taken",
                "Of the input topics, by what became of them.",
                "cps",
                query(
                    "sum by (topic, outcome) (rate(acende_records_total{<here>}[$__rate_interval]))",
                    "{{topic}}: {{outcome}}",
                ),
            ),
            lines(
                "Events",
                "By type; duplicates are events that had been applied before, and changed nothing.",
                "cps",
                query(
                    "sum by (type, outcome) (rate(acende_events_total{<here>}[$__rate_interval]))",
                    "{{type}}: {{outcome}}",
                ),
                query(
                    "sum(rate(acende_event_times_ahead_total{<here>}[$__rate_interval]))",
                    "time ahead of its arrival",
                ),
            ),
            lines(
                "Lag",
                "Records that wait in Kafka, by topic.",
                "short",
                query("sum by (topic) (acende_consumer_lag_records{<here>})", "{{topic}}"),
            ),
            lines(
                "Dead letters in the last hour",
                "Records set aside, by reason; five of one kind are a ticket.",
                "short",
                query(
                    "sum by (topic, reason) (increase(acende_dead_letters_total{<here>}[1h])) > 0",
                    "{{topic}}: {{reason}}",
                ),
                steps=[(None, "green"), (5, "orange")],
            ),
            lines(
                "Partitions assigned",
                "By worker. All partitions of the input topics should be there, and stay. A failed commit of offsets does no harm.",
                "short",
                query("sum by (instance) (acende_consumer_partitions{<here>})", "{{instance}}"),
                query(
                    "sum(increase(acende_consumer_rebalances_total{<here>}[$__rate_interval]))",
                    "assignments received",
                ),
                query(
                    "sum(increase(acende_offset_commit_failures_total{<here>}[$__rate_interval]))",
                    "offset commits that failed",
                ),
            ),
            lines(
                "Batches",
                "From a batch in hand to its database commit.",
                "s",
                *quantiles("acende_ingest_batch_seconds"),
            ),
        ],
    )


def _results() -> Row:
    return (
        "Results out",
        [
            lines(
                "Freshness",
                "From a record becoming true to Kafka's acknowledgement. The objective's line is at 10 s.",
                "s",
                *quantiles("acende_publish_delay_seconds", of=(0.5, 0.99)),
                steps=[(None, "green"), (10, "red")],
            ),
            lines(
                "Outbox",
                "Records that wait to be published, and those that the broker refused for good.",
                "short",
                query("max(acende_outbox_rows{<here>})", "waiting"),
                query("max(acende_outbox_refused_rows{<here>})", "refused for good"),
            ),
            lines(
                "Oldest record of the outbox",
                "Five minutes page.",
                "s",
                query("max(acende_outbox_oldest_seconds{<here>})", "oldest"),
                steps=[(None, "green"), (300, "red")],
            ),
            lines(
                "Published",
                "Records acknowledged, by topic.",
                "cps",
                query("sum by (topic) (rate(acende_published_total{<here>}[$__rate_interval]))", "{{topic}}"),
                width=12,
            ),
            lines(
                "Not taken by Kafka",
                "Retried: a broker is away or has no leader. Refused: the record itself is at fault.",
                "cps",
                query(
                    "sum by (topic, outcome) (rate(acende_publish_failures_total{<here>}[$__rate_interval]))",
                    "{{topic}}: {{outcome}}",
                ),
                width=12,
            ),
        ],
    )


def _database() -> Row:
    return (
        "Database",
        [
            lines(
                "Transactions, 95 % within",
                "Waits for thread, connection and lock included. Half a second for a quarter of an hour is a ticket.",
                "s",
                *quantiles("acende_store_seconds", by="mode", of=(0.95,)),
                steps=[(None, "green"), (0.5, "orange")],
            ),
            lines(
                "Where the database's time goes",
                "Seconds of transactions a second, the ten largest operations.",
                "s",
                query(
                    "topk(10, sum by (operation) (rate(acende_store_seconds_sum{<here>}[$__rate_interval])))",
                    "{{operation}}",
                ),
                stacked=True,
            ),
            lines(
                "Database not available",
                "Tries that found it away, by loop. Nothing is lost; two minutes of it page.",
                "cps",
                query("sum by (loop) (rate(acende_store_waits_total{<here>}[$__rate_interval]))", "{{loop}}"),
            ),
        ],
    )


def _workers() -> Row:
    return (
        "Workers",
        [
            listing(
                "Versions",
                "What runs. During a rollout there are two.",
                rows("count by (version, revision) (acende_build_info{<here>})"),
                columns=[("version", "version"), ("revision", "commit"), ("Value", "workers")],
                width=8,
            ),
            listing(
                "Configuration",
                "The files that the workers have read, by digest. Two digests of one file for a quarter of an hour are a ticket.",
                rows("count by (file, sha256) (acende_config_info{<here>})"),
                columns=[("file", "file"), ("sha256", "SHA-256, first digits"), ("Value", "workers")],
                width=8,
            ),
            lines(
                "Loops",
                "How many workers run each. The leader of a role is the only one that does its work.",
                "short",
                query("sum by (loop) (acende_loop_up{<here>})", "{{loop}}"),
                query("sum by (role) (acende_role_leader{<here>})", "leader: {{role}}"),
            ),
            lines(
                "Processor",
                "By worker, in cores; one worker uses one core at most.",
                "none",
                query(
                    "rate(process_cpu_seconds_total{<here>}[$__rate_interval])"
                    " and on (namespace, instance) acende_build_info{<here>}",
                    "{{instance}}",
                ),
            ),
            lines(
                "Memory",
                "Resident, by worker.",
                "bytes",
                query(
                    "process_resident_memory_bytes{<here>} and on (namespace, instance) acende_build_info{<here>}",
                    "{{instance}}",
                ),
            ),
            lines(
                "Unexpected errors in the last hour",
                "Bugs that a loop or a job survived.",
                "short",
                query("sum by (loop) (increase(acende_loop_errors_total{<here>}[1h]))", "loop {{loop}}"),
                query("sum by (kind) (increase(acende_provision_errors_total{<here>}[1h]))", "job {{kind}}"),
            ),
        ],
    )
