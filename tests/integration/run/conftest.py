"""A whole installation for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.place import PonPort
from tests.support.installation import SERIAL, Installation, installation
from tests.support.kafka import Topics
from vendors.simulator.rows import PluggedOnu


@pytest.fixture
async def here(tmp_path: Path, kafka_topics: Topics, database_url: str) -> AsyncIterator[Installation]:
    """Configuration, topics, OLTs of every platform and a migrated database; no worker yet."""
    async with installation(tmp_path, kafka_topics, database_url) as made:
        status, _, err = await made.acende("db", "upgrade")
        assert status == 0, err
        yield made


@pytest.fixture
def lit(here: Installation) -> Installation:
    """The same with the unit on the fibre of olt-centro-1, lit and unregistered."""
    here.served["olt-centro-1"].sim.olt.plug(PluggedOnu(SERIAL, PonPort.model_validate("0/1/3"), "EG8145V5"))
    return here
