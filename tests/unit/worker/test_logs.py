"""A library that says the same for as long as a broker is away says it once in a while."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

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
    assert len(kept) == 2 * len(AWAY)
    assert [getattr(record, "left_out", 0) for record in kept] == [0] * 4 + [300 * 5 - 1] * 4


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
    assert len(seldom._last) == 11


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
    assert not said(299.0)
    assert said(300.0)["left_out"] == 2


def test_our_own_lines_and_those_of_other_libraries_are_all_written(stream: io.StringIO) -> None:
    log = logs.get("worker.publish")
    for _ in range(3):
        log.warning("kafka_unavailable", loop="publish")
        logging.getLogger("asyncssh").error("closed")
        logging.getLogger("aiokafka.client").error("Unable to update metadata from %s", [1])
        log.warning("store_unavailable", loop="sweep", error="away")
        log.warning("store_unavailable", loop="publish", error="away")
        log.error("store_faulty", loop="sweep", error="UndefinedTable")
    told = [json.loads(one)["event"] for one in stream.getvalue().splitlines()]
    assert (told.count("store_unavailable"), told.count("store_faulty")) == (2, 1)
    assert told.count("kafka_unavailable") == told.count("closed") == 3
    assert told.count("Unable to update metadata from [1]") == 1


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_of_the_log_is_one_line_and_moves_no_cursor(log_format: Any, stream: io.StringIO) -> None:
    logs.set_up(Settings(log_format=log_format), stream)
    evil = "x\x9b2J\x1b[2J\x85\u202e\x7f\r\nforged"
    logs.get("x").warning(f"said {evil}", member=evil)
    logging.getLogger("library").warning("said %s", evil)
    said = stream.getvalue()
    assert said.count("\n") == 2
    assert all(sign.isprintable() or sign == "\n" for sign in said)
