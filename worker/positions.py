"""How far partitions are kept, by position: what may be committed, and what is to be handed out again. Pure."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from aiokafka import TopicPartition


class Positions:
    """The records of each partition that were handed out last, and which of them are kept."""

    def __init__(self) -> None:
        self._out: dict[TopicPartition, dict[int, bool]] = {}

    def hand(self, partition: TopicPartition, offsets: Sequence[int]) -> None:
        """These were handed out, in this order; what was before of this partition is done with."""
        self._out[partition] = dict.fromkeys(offsets, False)

    def keep(self, partition: TopicPartition, offsets: Iterable[int]) -> None:
        """These are in the database. Those that are not out are not ours any more."""
        out = self._out.get(partition, {})
        out.update((offset, True) for offset in offsets if offset in out)

    def missing(self) -> dict[TopicPartition, int]:
        """By partition, the first record that was handed out and is not kept."""
        first = {
            partition: next((offset for offset, kept in out.items() if not kept), None)
            for partition, out in self._out.items()
        }
        return {partition: offset for partition, offset in first.items() if offset is not None}

    def ends(self) -> dict[TopicPartition, int]:
        """By partition, the offset up to which all that was handed out is kept: what may be committed."""
        kept = {partition: list(takewhile(out.get, out)) for partition, out in self._out.items()}
        return {partition: offsets[-1] + 1 for partition, offsets in kept.items() if offsets}

    def forget(self, partition: TopicPartition) -> None:
        """Nothing of this partition is out."""
        self._out.pop(partition, None)

    def clear(self) -> None:
        """Nothing is out."""
        self._out.clear()
