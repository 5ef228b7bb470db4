"""Which topic holds which type, and which topics there are."""

from __future__ import annotations

import pytest

from events.inputs import (
    EquipmentBound,
    EquipmentReceived,
    EquipmentUnbound,
    InstallCancelled,
    InstallStarted,
)
from events.topics import Topics

NAMED = Topics(equipment="e", install="i", progress="p", results="r", dead_letters="d")


@pytest.mark.parametrize(
    ("event_type", "topic"),
    [
        ("acende.provisioning.progress.v1", "p"),
        ("acende.dead-letter.v1", "d"),
        ("acende.provisioning.completed.v1", "r"),
        ("acende.provisioning.failed.v1", "r"),
        ("acende.provisioning.cancelled.v1", "r"),
    ],
)
def test_an_output_goes_to_the_topic_of_its_type(event_type: str, topic: str) -> None:
    assert NAMED.of_output(event_type) == topic


@pytest.mark.parametrize(
    ("event_type", "topic"),
    [
        (EquipmentReceived.TYPE, "e"),
        (EquipmentBound.TYPE, "e"),
        (EquipmentUnbound.TYPE, "e"),
        (InstallStarted.TYPE, "i"),
        (InstallCancelled.TYPE, "i"),
    ],
)
def test_an_input_goes_to_the_topic_of_its_type(event_type: str, topic: str) -> None:
    assert NAMED.of_input(event_type) == topic


def test_a_topic_with_two_purposes_is_read_and_written_once() -> None:
    assert (NAMED.inputs, NAMED.outputs) == (("e", "i"), ("p", "r", "d"))
    assert Topics(equipment="x", install="x").inputs == ("x",)
    assert Topics(progress="x", results="x", dead_letters="x").outputs == ("x",)
