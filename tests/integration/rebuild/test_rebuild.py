"""`acende rebuild`: a database that is lost without a backup is made good from Kafka, and work goes on as it would have."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.rebuild.conftest import (
    DONE,
    MOVED,
    NEW,
    OLT,
    OUTPUTS,
    WHY,
    Site,
    bound,
    ended,
    owned,
    records,
    rows,
    stock,
)
from tests.support.installation import cancelled, received, started
from worker.store.schema import job, outbox, secret


async def rebuilt(site: Site, *more: str) -> dict[str, object]:
    found: dict[str, object] = await site.here.json("rebuild", *more, *WHY)
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_what_was_known_is_known_again_and_work_goes_on(morning: Site) -> None:
    before = {topic: await records(morning.here, topic) for topic in OUTPUTS}
    typed = morning.commands()
    told = await rebuilt(morning)
    assert told["goes_on"] == ["OS-LATE", "OS-WAITS"]
    assert told["too_old"] == ["OS-OLD"]
    assert {topic: await records(morning.here, topic) for topic in OUTPUTS} == before
    assert morning.commands() == typed
    assert (rows(morning.there, outbox), rows(morning.there, job)) == ([], [])

    lost, found = ended(morning.lost), ended(morning.there)
    assert {"OS-DONE", "OS-FIRST", "OS-SECOND", "OS-GONE", "OS-NONE", "OS-MIND", "OS-AGED"} <= lost.keys()
    assert {order: found[order] for order in lost} == lost
    assert owned(morning.there) == owned(morning.lost) == {
        (OLT, "0/1/1", DONE, "OS-DONE"), (OLT, "0/1/2", MOVED, "OS-SECOND"),
    }  # fmt: skip
    assert stock(morning.there) == stock(morning.lost)
    assert {row["service_order_id"] for row in rows(morning.there, secret)} == {
        "OS-LATE", "OS-WAITS", "OS-NONE", "OS-AGED",
    }  # fmt: skip
    await _refuses_what_holds_data(morning)
    await _goes_on(morning)


async def _goes_on(site: Site) -> None:
    async with site.here.worker("w2") as worker:
        await worker.ready()
        status, _, err = await site.here.acende("rebuild", "--onto-backup", *WHY)
        assert (status, "stop the workers first" in err or "another worker runs" in err) == (5, True)
        await site.becomes("OS-LATE", "completed")
        await site.tell(
            cancelled("OS-DONE"),
            bound(NEW, "OS-WAITS", "C-WAITS"),
            received(NEW),
        )
        gone = await site.becomes("OS-DONE", "cancelled", 2)
        assert [where["pon_port"] for where in (gone.final or {})["removed"]] == ["0/1/1"]
        await site.becomes("OS-WAITS", "completed", 2)
        assert site.here.served[OLT].sim.olt.by_serial(DONE) == []
        await site.here.acende("retry", "OS-NONE", *WHY)
        await site.becomes("OS-NONE", "failed", 3)
        await site.tell(started("OS-OLD", contract_id="C-OLD", serial="HWTC00000005"))
        await site.becomes("OS-OLD", "completed")
        await asyncio.sleep(1.0)
    published = [event for topic in ("RESULTS", "PROGRESS") for event in await site.published(topic)]
    ids = [event["id"] for event in published]
    assert len(ids) == len(set(ids))
    assert "order_too_old" not in {e["data"].get("code") for e in await site.finals("OS-OLD")}
    for order in ("OS-DONE", "OS-NONE", "OS-WAITS"):
        mine = [event for event in published if event["data"]["service_order_id"] == order]
        in_time = [event["data"]["sequence"] for event in sorted(mine, key=lambda event: event["time"])]
        assert in_time == sorted(set(in_time)), order
    letters = [event["id"] for event in await site.published("DEAD_LETTERS")]
    assert len(letters) == len(set(letters)) == 2


async def _refuses_what_holds_data(site: Site) -> None:
    status, out, err = await site.here.acende("rebuild", *WHY)
    assert (status, out) == (5, "")
    assert err.startswith("acende: the database holds data: rebuild an empty one, or say --onto-backup")
    known = ended(site.there)
    assert await rebuilt(site, "--onto-backup") == {
        "units": 5, "orders": 11, "events": 0, "finals": 0, "goes_on": [], "too_old": [],
        "records": await _lengths(site), "unread": 2, "offsets_set": True,
    }  # fmt: skip
    assert ended(site.there) == known


async def _lengths(site: Site) -> dict[str, int]:
    topics = ("EQUIPMENT", "INSTALL", "RESULTS", "PROGRESS")
    return {site.here.env[f"ACENDE_TOPIC_{topic}"]: len(await records(site.here, topic)) for topic in topics}
