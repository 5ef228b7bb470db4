"""A backup made while a worker works, restored after more was done: `acende rebuild --onto-backup` adds what came since."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from dev import machine
from tests.integration.rebuild.conftest import (
    DONE,
    GONE,
    MOVED,
    NEW,
    OLT,
    OUTPUTS,
    RETRIED,
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
from tests.support.until import until
from worker.store.schema import job, outbox

DARK = "HWTC0000000F"


def _pg(tool: str, url: str, *arguments: str) -> None:
    binaries, at = machine.postgres_binaries(), make_url(url)
    assert binaries
    where = ["-h", str(at.host), "-p", str(at.port), "-U", str(at.username), "-d", str(at.database)]
    env = {"PGPASSWORD": str(at.password)}
    subprocess.run([str(binaries / tool), *where, *arguments], check=True, env=env, capture_output=True)


async def _backed_up(site: Site, folder: Path) -> Callable[[str], None]:
    """What puts the copy that is made now where another database is to be."""
    copy = str(folder / "copy")
    if site.there.startswith("sqlite"):
        status, out, err = await site.here.acende("db", "backup", copy)
        assert (status, err) == (0, ""), out
        assert _mode(copy) == 0o600
        return lambda url: _put(copy, url)
    status, _, err = await site.here.acende("db", "backup", copy)
    assert (status, err) == (
        1, "acende: PostgreSQL is backed up by its own tools: pg_dump, or base backups and WAL\n",
    )  # fmt: skip
    _pg("pg_dump", site.there, "-Fc", "-f", copy)
    return lambda url: _pg("pg_restore", url, "--no-owner", copy)


def _mode(file: str) -> int:
    return Path(file).stat().st_mode & 0o777


def _put(copy: str, url: str) -> None:
    shutil.copyfile(copy, url.removeprefix("sqlite:///"))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_what_was_done_after_the_backup_is_neither_lost_nor_done_twice(
    empty: Site, databases: tuple[str, str], tmp_path: Path
) -> None:
    site = empty
    async with site.here.worker() as worker:
        await worker.ready()
        await _before(site)
        restore = await _backed_up(site, tmp_path)
        await _after(site)
    restore(databases[1])
    site.here.env["ACENDE_DATABASE_URL"] = site.there = databases[1]
    before, typed = {topic: await records(site.here, topic) for topic in OUTPUTS}, site.commands()
    told = await site.here.json("rebuild", "--onto-backup", *WHY)
    assert (told["goes_on"], told["too_old"]) == (["OS-AGAIN"], [])
    assert {topic: await records(site.here, topic) for topic in OUTPUTS} == before
    assert (site.commands(), rows(site.there, outbox)) == (typed, [])
    assert [row["id"] for row in rows(site.there, job) if row["live"] and row["kind"] == "provision"] == []

    lost, found = ended(site.lost), ended(site.there)
    assert lost.keys() == {"OS-KEPT", "OS-DONE", "OS-WAITS", "OS-NEW"}
    assert {order: found[order] for order in lost} == lost
    # What an attempt without a result has made is nobody's own any more: invariant 6 decides, as of any other's.
    assert owned(site.lost) - owned(site.there) == {(OLT, "0/1/9", DARK, "OS-AGAIN")}
    assert owned(site.there) < owned(site.lost)
    assert stock(site.there) == stock(site.lost)
    async with site.here.worker("w2") as worker:
        await worker.ready()
        assert (await site.becomes("OS-AGAIN", "failed", 3)).code == "serial_registered_elsewhere"
        await site.tell(bound(DARK, "OS-AGAIN", "C-AGAIN"))
        assert (await site.here.acende("retry", "OS-AGAIN", *WHY))[0] == 0
        await site.becomes("OS-AGAIN", "working", 4)
        await site.tell(cancelled("OS-WAITS"))
        await site.becomes("OS-WAITS", "cancelled", 2)
    ids = [event["id"] for topic in ("RESULTS", "PROGRESS") for event in await site.published(topic)]
    assert len(ids) == len(set(ids))


async def _before(site: Site) -> None:
    await site.tell(
        *(received(serial) for serial in (DONE, MOVED, GONE)),
        bound(DONE, "OS-DONE", "C-DONE"),
        started("OS-KEPT", GONE, contract_id="C-KEPT"),
        started("OS-DONE", DONE, contract_id="C-DONE"),
        started("OS-WAITS", None, contract_id="C-WAITS"),
        started("OS-AGAIN", DARK, contract_id="C-AGAIN", plan_code="NADA", olt_id=OLT, pon_port="0/1/9"),
    )
    for order in ("OS-KEPT", "OS-DONE"):
        await site.becomes(order, "completed")
    await site.becomes("OS-WAITS", "waiting")
    await site.becomes("OS-AGAIN", "failed")
    await until(lambda: _sent(site))  # what is not sent yet is sent by both, the copy and who was copied


async def _sent(site: Site) -> bool:
    return not rows(site.there, outbox)


async def _after(site: Site) -> None:
    await site.tell(
        received(NEW),
        received(RETRIED),
        cancelled("OS-DONE"),
        bound(MOVED, "OS-WAITS", "C-WAITS"),
        started("OS-NEW", NEW, contract_id="C-NEW"),
        started("OS-AGAIN", DARK, contract_id="C-AGAIN", olt_id=OLT, pon_port="0/1/9"),
    )
    await site.becomes("OS-DONE", "cancelled", 2)
    await site.becomes("OS-WAITS", "completed")
    await site.becomes("OS-NEW", "completed")
    await site.becomes("OS-AGAIN", "working", 2)
    await asyncio.sleep(2.0)  # the last records leave
    await until(lambda: _sent(site))
