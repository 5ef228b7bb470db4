"""What holds where nothing is said: defaults of values, and of the settings that operators rely on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from events.record import About, Event, RawRecord, Rejected
from vendors.contract import Platform
from vendors.expressions import expression
from vendors.huawei_smartax.stored import Host
from vendors.left_out import refuse_unsure
from vendors.line import Broken, Line
from vendors.noise import Notice
from vendors.screen import Screen
from vendors.session import Exchange, Habits
from vendors.telnet import TelnetOptions
from worker import ledger, lifecycle, reconcile, retry, turns, verify
from worker.batch import Item, Reading
from worker.breaker import Breaker, BreakerPolicy, after_failure
from worker.clock import Watch
from worker.connect import Connector, Gate
from worker.consumer import Consumer, KeepingConsumer
from worker.correlate.decide import Change
from worker.facts import Order, Rules, Unit
from worker.ingest import Kept
from worker.lease import HeldLease
from worker.ledger import SaveRule, Taken
from worker.logins import Refusal
from worker.notes import Notes
from worker.olt_worker import OltWorker, Shared
from worker.outcome import Completed
from worker.policy import Standing
from worker.provision import Provisioner
from worker.rebuild import Read, Wish
from worker.reconcile import Run
from worker.resolve import resolve
from worker.results import Told
from worker.settings import Settings
from worker.store import emit, logins, privacy, search, timelines, work
from worker.store.apply import Applied
from worker.store.db import Store, _After
from worker.store.orders import Failure
from worker.store.outbox import Backlog, Record
from worker.store.rebuild import Rebuilt
from worker.store.rows import order_of
from worker.store.search import Search
from worker.store.settle import Settled
from worker.store.sweep import Swept
from worker.store.timelines import OrderView
from worker.store.work import Job

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

NOTHING: list[tuple[type, dict[str, Any]]] = [
    (About, {"serial": None, "customer": None, "time": None}),
    (Applied, {"applied": 0, "known": 0, "orders": 0, "finished": 0}),
    (Backlog, {"waiting": 0, "refused": 0, "oldest_s": 0.0}),
    (Breaker, {"state": "closed", "failures": 0, "until": None, "silent": False, "probed": False}),
    (BreakerPolicy, {"failures": 3, "first_s": 30.0, "longest_s": 600.0, "pause_s": 5.0, "busy_s": 10.0, "jitter": 0.2}),
    (Change, {"start": False, "look": False, "stop": False, "remove": (), "told": False, "say": None}),
    (Completed, {"own": False, "gone": ()}),
    (Event, {"traceparent": None, "arrival_overrode_time": False, "dated": None}),
    (Exchange, {"effect": "read", "complete": True}),
    (Failure, {"parked": False, "removed": (), "left": ()}),
    (Gate, {"places": 20, "slow_s": 1.0}),
    (Habits, {"pipelines": True}),
    (HeldLease, {"wanted_back": False}),
    (Host, {"priority": 0, "login": None}),
    (Item, {"bare": False}),
    (Job, {"open_attempt": False}),
    (Kept, {"given_up": False}),
    (Notice, {"last": None, "torn": None, "most": 1, "before": 0, "after": 0}),
    (Notes, {"attempts": 0, "faults": 0, "waits": 0, "lit": False, "changed": False, "unread": 0}),
    (Order, {"has_secrets": False, "revision": 0, "sequence": 0, "claims": False, "attempts": 0, "parked": False, "secrets_kept": True}),
    (OltWorker, {"stopping": False, "session": None, "state": "starting"}),
    (Platform, {"batch_limit": 20, "pipeline": "reads", "width": None, "line_end": "\n", "leave": "quit", "pager_next": " "}),
    (Provisioner, {"poll_s": 1.0, "tend_s": 5.0, "olt_gone_s": 300.0, "_stopping": False}),
    (RawRecord, {"headers": ()}),
    (Read, {"unread": 0, "offsets_set": True}),
    (Rebuilt, {"units": 0, "orders": 0, "events": 0, "finals": 0}),
    (Record, {"id": 0, "written_at": 0.0}),
    (Refusal, {"awaited": True}),
    (Rejected, {"where": (), "type": None, "about": None}),
    (Rules, {"unit_wait": DAY, "verdict_delay": timedelta(seconds=30), "order_max_age": DAY, "cancel_window": DAY,
             "provision_deadline": 8 * HOUR, "deprovision_deadline": 3 * DAY, "secret_keep": DAY, "inbox_keep": 30 * DAY,
             "look_again": timedelta(minutes=10), "personal_keep": 90 * DAY, "jobs_keep": 90 * DAY}),
    (SaveRule, {"debounce_s": 60.0, "latest_s": 600.0}),
    (Search, {"undecided": False, "priority": 5}),
    (Settled, {"orders": 0, "finished": 0}),
    (Shared, {"login_retries": 2, "idle_s": 60.0, "crowded": False}),
    (Standing, {"binding": "nobody", "own": frozenset(), "claimed_by": None, "lit_at_new_place": False}),
    (Swept, {"orders": 0, "finished": 0, "secrets": 0, "inbox": 0, "personal": 0, "rejected": 0}),
    (Taken, {"brief": None, "order": None, "fault": False, "in_doubt": False}),
    (TelnetOptions, {"columns": 511, "rows": 511, "_offered": False, "_seen": 0}),
    (Unit, {"undecided": False}),
    (Watch, {"ahead_s": 0.0, "jumps": 0, "steps_back": 0, "jumped_at": None, "doubted_from": 0.0}),
    (Wish, {"onto_backup": False}),
    (_After, {"erased": False}),
    (retry.GiveUp, {"parked": False}),
    (retry.RetryPolicy, {"attempts_max": 8, "first_s": 5.0, "longest_s": 300.0, "jitter": 0.2}),
    (turns.Turns, {"since_longest_due": 0, "since_look": 4}),
    (verify.Patience, {"light_s": 28800.0, "light_poll_s": 10.0, "light_fast_for_s": 900.0, "light_poll_slow_s": 120.0,
                       "online_s": 180.0, "online_poll_s": 5.0}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "expected"), NOTHING, ids=lambda one: getattr(one, "__name__", ""))
def test_a_value_of_which_nothing_is_said_says_nothing(kind: Any, expected: dict[str, Any]) -> None:
    known = {one.name: one.default for one in fields(kind)}
    assert {name: known[name] for name in expected} == expected


UNSAID: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (after_failure, {"spread": 0.0, "silent": False}),
    (Broken, {"text": "", "out_of_step": False, "written": True}),
    (Consumer.getmany, {"timeout_ms": 0, "max_records": None}),
    (emit.progress, {"say": None, "news": False, "event_id": None}),
    (expression, {"any_case": False}),
    (KeepingConsumer.getmany, {"timeout_ms": 0, "max_records": None}),
    (ledger.move_on, {"open_attempt": True}),
    (lifecycle.fail, {"parked": False}),
    (Line.write, {"end": True}),
    (logins.forget_unused, {"limit": 500}),
    (order_of, {"secrets_kept": True}),
    (privacy.forget, {"long_ago": False}),
    (reconcile.noticed, {"after": False}),
    (refuse_unsure, {"serials": True}),
    (resolve, {"secrets_erased": False}),
    (Run.move_on, {"open_attempt": True}),
    (Screen.feed, {"end": False}),
    (search.new, {"limit": 500}),
    (search.shown, {"limit": 500}),
    (Store.open, {"pool_size": 8, "timeout_s": 10.0}),
    (timelines.deeds, {"limit": 20}),
    (timelines.orders, {"which": "all", "limit": 100}),
    (timelines.steps, {"after": 0}),
    (work.of_unknown_olts, {"limit": 100}),
    (work.overdue, {"limit": 100}),
    (work.waiting_for, {"limit": 200}),
]


@pytest.mark.parametrize(("asked", "expected"), UNSAID, ids=lambda one: getattr(one, "__qualname__", ""))
def test_what_a_call_does_not_say_is_the_usual(asked: Callable[..., Any], expected: dict[str, Any]) -> None:
    known = inspect.signature(asked).parameters
    assert {name: known[name].default for name in expected} == expected


SECRET_ATTRIBUTES = [
    (Rules, "digest_key"),
    (Rules, "is_onu"),
    (OrderView, "final"),
    (reconcile.Rules, "digest_key"),
    (Connector, "_offered"),
]


@pytest.mark.parametrize(("kind", "name"), SECRET_ATTRIBUTES, ids=str)
def test_what_tells_of_people_or_is_secret_is_in_no_text_of_a_value(kind: Any, name: str) -> None:
    [found] = [one for one in fields(kind) if one.name == name]
    assert found.repr is False


def test_a_result_that_says_nothing_of_its_attempts_had_none() -> None:
    told = Told(service_order_id="A", revision=1, sequence=1)
    assert (told.attempts, told.parked, told.own, told.asked_at) == (0, False, (), None)


def test_no_model_is_an_onu_where_there_is_no_catalogue() -> None:
    reading = Reading.of(Settings(), None)
    assert reading.is_onu_model("EG8145V5") is False
    assert Reading(reading.apply).is_onu_model("EG8145V5") is False
    assert (reading.source_timezone, reading.future_tolerance) == (None, timedelta(minutes=10))
    zoned = Reading.of(Settings(source_timezone="America/Sao_Paulo", future_tolerance_s=60.0), None)
    assert (str(zoned.source_timezone), zoned.future_tolerance) == ("America/Sao_Paulo", timedelta(minutes=1))


SETTINGS: dict[str, Any] = {
    "roles": ("ingest", "provision", "publish"),
    "worker_name": "",
    "http_host": "0.0.0.0",
    "http_port": 8080,
    "log_level": "info",
    "log_format": "json",
    "shutdown_grace_s": 200.0,
    "kafka_servers": "localhost:9092",
    "kafka_security_protocol": "PLAINTEXT",
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_tls_check_hostname": True,
    "kafka_group": "acende",
    "kafka_session_timeout_s": 30.0,
    "kafka_rebalance_timeout_s": 60.0,
    "kafka_request_timeout_s": 40.0,
    "kafka_fetch_max_bytes": 52428800,
    "kafka_partition_max_bytes": 4194304,
    "database_pool_size": 8,
    "database_timeout_s": 10.0,
    "ingest_batch_records": 500,
    "ingest_batch_wait_s": 0.02,
    "ingest_retry_max_s": 15.0,
    "ingest_stuck_s": 600.0,
    "publish_batch_records": 1000,
    "publish_poll_s": 0.2,
    "publish_lease_s": 15.0,
    "sweep_every_s": 5.0,
    "survey_every_s": 10.0,
    "unit_wait_s": 86400.0,
    "light_wait_s": 28800.0,
    "light_poll_s": 10.0,
    "light_poll_fast_for_s": 900.0,
    "light_poll_slow_s": 120.0,
    "online_wait_s": 180.0,
    "online_poll_s": 5.0,
    "verdict_delay_s": 30.0,
    "order_max_age_s": 86400.0,
    "future_tolerance_s": 600.0,
    "cancel_window_s": 86400.0,
    "provision_deadline_s": 28800.0,
    "deprovision_deadline_s": 259200.0,
    "secret_keep_s": 86400.0,
    "personal_keep_s": 7776000.0,
    "jobs_keep_s": 7776000.0,
    "inbox_keep_s": 2592000.0,
    "attempts_max": 8,
    "backoff_first_s": 5.0,
    "backoff_max_s": 300.0,
    "backoff_jitter": 0.2,
    "connect_timeout_s": 15.0,
    "reply_limit_mb": 64,
    "save_debounce_s": 60.0,
    "save_latest_s": 600.0,
    "lease_s": 60.0,
    "lease_renew_s": 15.0,
    "lease_margin_s": 5.0,
    "lease_long_extra_s": 30.0,
    "olt_gone_s": 300.0,
    "olts_parallel": 100,
    "session_idle_s": 60.0,
    "breaker_failures": 3,
    "breaker_first_s": 30.0,
    "breaker_max_s": 600.0,
    "login_retries": 2,
}


def test_settings_that_nobody_sets_stay_as_operators_know_them() -> None:
    """Who changes one says so in CHANGELOG.md."""
    assert {name: Settings.model_fields[name].default for name in SETTINGS} == SETTINGS
