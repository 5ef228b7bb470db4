"""What may be published now: order of keys, held keys, stuck partitions."""

from hypothesis import given
from hypothesis import strategies as st

from worker.store.outbox import Record
from worker.window import STUCK_S, Lane, Window

DEAD = "dead"


def rec(row: int, key: str = "A", topic: str = "results") -> Record:
    return Record(topic, key, b"{}", {}, row)


def rows(*records: Record, partition: int = 0) -> list[tuple[Record, Lane]]:
    return [(record, (record.topic, partition)) for record in records]


def window(size: int = 10) -> Window:
    return Window(size, frozenset({DEAD}))


def ids(window: Window, given: list[tuple[Record, Lane]], now: float = 0.0) -> list[int]:
    return [flight.record.id for flight in window.launch(given, now)]


def test_keys_are_pipelined_and_one_key_waits_for_its_acknowledgement() -> None:
    win = window()
    assert ids(win, rows(rec(1, "A"), rec(2, "B"), rec(3, "A"))) == [1, 2]
    assert ids(win, rows(rec(3, "A"))) == []
    win.settle(1)
    assert ids(win, rows(rec(3, "A"))) == [3]


def test_a_key_waits_across_topics() -> None:
    win = window()
    assert ids(win, rows(rec(1, topic="progress"), rec(2, topic="results"))) == [1]


def test_dead_letters_of_one_partition_are_pipelined() -> None:
    assert ids(window(), rows(rec(1, "t/0", DEAD), rec(2, "t/0", DEAD))) == [1, 2]


def test_a_failure_holds_back_its_key_and_no_other() -> None:
    win = window()
    ids(win, rows(rec(1, "A"), rec(2, "B")))
    win.fail(1, now=0.0)
    win.settle(2)
    assert win.held(0.5) == ["A"]
    assert ids(win, rows(rec(1, "A"), rec(3, "A"), rec(4, "B")), now=0.5) == [4]
    assert ids(win, rows(rec(1, "A"), rec(3, "A")), now=1.5) == [1]


def test_each_failure_doubles_the_pause_up_to_a_minute() -> None:
    win = window()
    now, pauses = 0.0, []
    for _ in range(9):
        assert ids(win, rows(rec(1)), now=now) == [1]
        win.fail(1, now)
        pause = next(step for step in range(1, 100) if not win.held(now + step))
        pauses.append(pause)
        now += pause
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_stuck_partition_takes_no_room_and_gets_no_more() -> None:
    win = window(size=2)
    ids(win, rows(rec(1, "A"), rec(2, "B"), partition=7))
    assert win.room(1.0) == 0
    assert win.room(STUCK_S + 1) == 2
    assert ids(win, rows(rec(3, "C"), partition=7), now=STUCK_S + 1) == []
    assert ids(win, rows(rec(4, "D"), partition=8), now=STUCK_S + 1) == [4]
    assert "C" in win.held(STUCK_S + 2)


def test_a_row_is_not_read_again_before_it_is_deleted() -> None:
    win = window()
    ids(win, rows(rec(1)))
    win.settle(1)
    assert win.taken() == [1]
    win.forget([1])
    assert win.taken() == []


def test_an_answer_for_a_row_that_was_given_up_changes_nothing() -> None:
    win = window()
    ids(win, rows(rec(1)))
    win.fail(1, 0.0)
    win.settle(1)
    assert win.taken() == []


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["results", "progress"])), max_size=30),
    st.data(),
)
def test_whatever_fails_records_of_a_key_are_acknowledged_in_order(
    given_rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    win, now, acknowledged = window(5), 0.0, []
    waiting = {row: rec(row, key, topic) for row, (key, topic) in enumerate(given_rows, 1)}
    while waiting:
        free = [
            record
            for row, record in waiting.items()
            if row not in win.taken() and record.key not in win.held(now)
        ]
        win.launch(rows(*free), now)
        for row in list(win.flights):
            if data.draw(st.booleans()):
                win.settle(row)
                acknowledged.append(waiting.pop(row))
            elif data.draw(st.booleans()):
                win.fail(row, now)
        now += 61
    for key in "ABC":
        mine = [record.id for record in acknowledged if record.key == key]
        assert mine == sorted(mine)


def test_a_record_waits_for_the_last_dead_letter_of_its_key_and_for_no_longer() -> None:
    win = window()
    assert ids(win, rows(rec(1, "A", DEAD), rec(2, "A", DEAD))) == [1, 2]
    win.settle(1)
    assert ids(win, rows(rec(3, "A"))) == []
    win.settle(2)
    assert ids(win, rows(rec(3, "A"))) == [3]
    win.settle(3)
    assert not win._busy


def test_a_success_ends_the_doubling_of_the_pause() -> None:
    win = window()
    for now in (0.0, 1.0):
        ids(win, rows(rec(1)), now)
        win.fail(1, now)
    assert win.held(2.9) == ["A"]
    ids(win, rows(rec(1)), 3.0)
    win.settle(1)
    ids(win, rows(rec(2)), 4.0)
    win.fail(2, 4.0)
    assert (win.held(4.9), win.held(5.0)) == (["A"], [])


def test_a_key_that_is_held_back_for_longer_is_not_held_for_shorter_by_a_stuck_partition() -> None:
    win = window()
    ids(win, rows(rec(1, "B"), partition=7))
    win._held["A"] = (100.0, 60.0)
    assert ids(win, rows(rec(2, "A"), partition=7), STUCK_S + 1) == []
    assert win._held["A"] == (100.0, 60.0)


def test_a_dead_letter_does_not_overtake_a_record_of_its_key_that_waits() -> None:
    win = window()
    assert ids(win, rows(rec(1, "A"))) == [1]
    assert ids(win, rows(rec(2, "A"), rec(3, "A", DEAD))) == []
