"""A library that says the same for as long as a broker is away says it once in a while."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, cast

import pytest
from pydantic import SecretStr

from worker import logs
from worker.logs import Seldom
from worker.settings import Settings

AWAY = (
    ("aiokafka", "Unable connect to node with id %s: %s", 1, ConnectionRefusedError("127.0.0.1:{}")),
    ("aiokafka", "Unable to update metadata from %s", [1]),
    ("aiokafka.consumer.fetcher", "Failed fetch messages from %s: %s", 1, TimeoutError("{}")),
    ("aiokafka.consumer.group_coordinator", "Group Coordinator Request failed: %s", OSError("{}")),
)
"""What was seen while a broker was away, 72 lines a second."""


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    out = io.StringIO()
    logs.set_up(Settings(), out)
    yield out
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


def line(name: str, text: Any, *args: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, args, None)


def test_an_outage_of_ten_minutes_leaves_tens_of_lines_and_the_first_of_each_kind() -> None:
    now = 0.0
    seldom = Seldom(lambda: now)
    kept: list[logging.LogRecord] = []
    said = 0
    for second in range(600):
        now = float(second)
        for name, text, *args in AWAY:
            for number in range(5):
                told = [type(one)(number) if isinstance(one, Exception) else one for one in args]
                record = line(name, text, *told)
                said += 1
                kept += [record] if seldom.filter(record) else []
    assert {(record.name, record.msg) for record in kept[: len(AWAY)]} == {row[:2] for row in AWAY}
    assert len(kept) == 10 * len(AWAY)
    assert [getattr(record, "left_out", 0) for record in kept] == [0] * 4 + [60 * 5 - 1] * 36


def test_another_node_another_error_and_another_level_are_kinds_of_their_own() -> None:
    seldom = Seldom(lambda: 0.0)
    text = "Unable connect to node with id %s: %s"
    first = [
        line("aiokafka", text, 1, OSError("a")),
        line("aiokafka", text, 2, OSError("a")),
        line("aiokafka", text, 1, TimeoutError("a")),
        line("aiokafka.client", text, 1, OSError("a")),
        line("aiokafka", "a text without arguments"),
        line("aiokafka", "another"),
        line("aiokafka", "%(node)s", {"node": 1}),
    ]
    assert all(map(seldom.filter, first))
    assert not any(map(seldom.filter, first))
    assert not seldom.filter(line("aiokafka", text, 1, OSError("another message")))


def test_a_line_that_differs_each_time_fills_neither_log_nor_memory() -> None:
    seldom = Seldom(lambda: 0.0)
    kept = [seldom.filter(line("aiokafka", "offset %s", number)) for number in range(1000)]
    assert sum(kept) == 11
    assert len(seldom._kinds) == 11


def test_what_loops_say_of_the_database_counts_what_was_left_out() -> None:
    clock = [0.0]
    seldom = Seldom(lambda: clock[0])

    def said(at: float) -> dict[str, object]:
        clock[0] = at
        told: Any = {"event": "store_unavailable", "loop": "sweep", "error": "away", "timestamp": at}
        record = line("worker.survive", told)
        return dict(told) if seldom.filter(record) else {}

    assert said(0.0)
    assert not said(1.0)
    assert not said(59.0)
    assert said(60.0)["left_out"] == 2


def test_each_change_is_one_line_whoever_writes_it(stream: io.StringIO) -> None:
    log = logs.get("worker.publish")
    for number in range(50):
        log.warning("kafka_unavailable", loop="publish", error="KafkaConnectionError")
        logging.getLogger("asyncssh").error("closed")
        logging.getLogger("scrapli.channel").critical("operation timed out, closing connection")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        logging.getLogger("aiokafka.client").error("Unable to update metadata from %s", [1])
        log.warning("store_unavailable", loop="sweep", error="away")
        log.warning("store_unavailable", loop="publish", error="away")
        log.error("store_faulty", loop="sweep", error="UndefinedTable")
        log.warning("record_set_aside", topic="erp.install", offset=number, code="not_json")
        log.warning("publish_retried", topic="t", row=number, error="KafkaTimeoutError")
    log.warning("kafka_unavailable", loop="publish", error="NodeNotReadyError")
    found = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert len(found) == 11
    assert {one["level"] for one in found} == {"warning", "error"}


def test_of_lines_of_ours_that_say_no_state_twenty_a_minute_are_written() -> None:
    seldom = Seldom(lambda: 0.0)

    def said(event: str, number: int) -> bool:
        told: Any = {"event": event, "order": f"OS-{number}"}
        return seldom.filter(line("worker.olt_worker", told))

    assert sum(said("run_failed", number) for number in range(100)) == 20
    assert said("outcome_not_recorded", 1)
    info = line("worker.app", cast("Any", {"event": "job_done"}))
    info.levelno, info.levelname = logging.INFO, "INFO"
    assert all(seldom.filter(info) for _ in range(100))


def test_what_falls_silent_is_counted_with_the_next_line_of_any_kind() -> None:
    clock, counted = [1000.0], []
    seldom = Seldom(lambda: clock[0], lambda kind, count: counted.append((kind[0], kind[2], count)))
    for _ in range(300):
        seldom.filter(line("asyncssh", "closed %s", 1))
    clock[0] = 1130.0
    assert seldom.filter(line("worker.x", cast("Any", {"event": "another"})))
    assert counted == [("asyncssh", "closed %s", 299)]
    clock[0] = 1300.0
    assert seldom.filter(line("asyncssh", "closed %s", 1))
    assert len(counted) == 1


def test_the_count_is_a_line_of_its_own_and_passes_itself(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    [seldom] = logging.getLogger().handlers[0].filters
    monkeypatch.setattr(seldom, "_clock", lambda: now[0])
    for _ in range(5):
        logging.getLogger("asyncssh").error("closed")
    now[0] = 1200.0
    logs.get("worker.app").warning("clock_jumped")
    found = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert [one["event"] for one in found] == ["closed", "lines_left_out", "clock_jumped"]
    assert (found[1]["of"], found[1]["left_out"]) == ("asyncssh", 4)


def test_what_libraries_say_passes_the_redactor_too(stream: io.StringIO) -> None:
    logs.set_up(Settings(kafka_sasl_password=SecretStr("cnSECRET")), stream)
    for name in (
        "asyncssh",
        "scrapli.channel",
        "uvicorn.error",
        "aiokafka",
        "asyncio",
        "httpx",
        "py.warnings",
    ):
        logging.getLogger(name).error("said cnSECRET to %s", "user:cnSECRET")
    assert stream.getvalue().count("\n") == 7
    assert "cnSECRET" not in stream.getvalue()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("aiokafka.coordinator", ("No partition metadata for topic %s", "erp.install")),
        ("aiokafka.cluster", ("Topic %s is not available during auto-create initialization", "erp.install")),
        ("aiokafka.cluster", ("Topic %s not found in cluster metadata", "erp.install")),
        ("aiokafka.client", ("failed: %s", "UnknownTopicOrPartitionError")),
    ],
)
def test_a_topic_that_is_not_there_is_said_with_what_makes_it(
    stream: io.StringIO, name: str, said: tuple[str, str]
) -> None:
    logging.getLogger(name).error(*said)
    assert json.loads(stream.getvalue())["hint"] == "acende topics --create"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_of_the_log_is_one_line_and_moves_no_cursor(log_format: Any, stream: io.StringIO) -> None:
    logs.set_up(Settings(log_format=log_format), stream)
    evil = "x\x9b2J\x1b[2J\x85\u202e\x7f\r\nforged"
    logs.get("x").warning(f"said {evil}", member=evil)
    logging.getLogger("library").warning("said %s", evil)
    said = stream.getvalue()
    assert said.count("\n") == 2
    assert all(sign.isprintable() or sign == "\n" for sign in said)
