"""Topics of a test's own on the run's one broker."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from dev.kafka import create_topic


class Topics:
    """Makes topics that no other test has: `topics("erp.install", partitions=3)` returns the name."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._mark = uuid4().hex[:8]

    def __call__(self, stem: str, *, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Create a topic and return its name, which begins with `stem`; `config` as `max.message.bytes`.

        Called twice with one stem it fails: the topic exists.
        """
        name = f"{stem}.{self._mark}"
        create_topic(self.bootstrap, name, partitions=partitions, config=config)
        return name
