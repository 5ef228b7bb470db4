"""How far partitions are kept, by position: what may be committed, and what is to be handed out again. Pure."""

from collections.abc import Iterable, Sequence
from itertools import filterfalse, takewhile

from aiokafka import TopicPartition


class Positions:
    """The records of each partition that were handed out last, and which of them are kept."""

    def __init__(self) -> None:
        self._out: dict[TopicPartition, tuple[Sequence[int], set[int]]] = {}

    def hand(self, partition: TopicPartition, offsets: Sequence[int]) -> None:
        """These were handed out, in this order; what was before of this partition is done with."""
        self._out[partition] = offsets, set()

    def keep(self, partition: TopicPartition, offsets: Iterable[int]) -> None:
        """These are in the database. Those that are not out are not ours any more."""
        if partition in self._out:
            _, kept = self._out[partition]
            kept.update(offsets)

    def missing(self) -> dict[TopicPartition, int]:
        """By partition, the first record that was handed out and is not kept."""
        first = {
            partition: next(filterfalse(kept.__contains__, out), None)
            for partition, (out, kept) in self._out.items()
        }
        return {partition: offset for partition, offset in first.items() if offset is not None}

    def ends(self) -> dict[TopicPartition, int]:
        """By partition, the offset up to which all that was handed out is kept: what may be committed."""
        whole = {
            partition: list(takewhile(kept.__contains__, out)) for partition, (out, kept) in self._out.items()
        }
        return {partition: offsets[-1] + 1 for partition, offsets in whole.items() if offsets}

    def forget(self, partition: TopicPartition) -> None:
        """Nothing of this partition is out."""
        self._out.pop(partition, None)

    def clear(self) -> None:
        """Nothing is out."""
        self._out.clear()
