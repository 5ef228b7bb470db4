"""Ways in which the plant is broken, and the alerts that each of them must raise. One table, and one function for each row."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncssh
from aiokafka import AIOKafkaConsumer

from tests.crash.town import COMMAND_S, WORKERS
from tests.monitoring.queries.plant import Plant
from tests.support.freeze import frozen
from tests.support.until import until
from vendors.simulator.faults import Fault

Break = Callable[[Plant], AbstractAsyncContextManager[None]]
"""Breaks the plant for the time of a block, and mends it afterwards."""


@dataclass(frozen=True)
class Breakage:
    """One accident. `alerts`: those that it raises."""

    name: str
    breaks: Break
    alerts: tuple[str, ...]


BREAKAGES: list[Breakage] = []


def raises(*alerts: str) -> Callable[[Callable[[Plant], AsyncIterator[None]]], Break]:
    """Mark a generator as a breakage that raises these alerts."""

    def mark(function: Callable[[Plant], AsyncIterator[None]]) -> Break:
        breaks = asynccontextmanager(function)
        BREAKAGES.append(Breakage(function.__name__.replace("_", "-"), breaks, alerts))
        return breaks

    return mark


@asynccontextmanager
async def _over_and_over(work: Callable[[], Awaitable[object]], every_s: float = 0.5) -> AsyncIterator[None]:
    """Do something again and again while the block runs; what is begun is finished."""
    stop = asyncio.Event()

    async def repeat() -> None:
        while not stop.is_set():
            await work()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every_s)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def _quiet(plant: Plant) -> AsyncIterator[None]:
    """No new orders but those that the block itself makes."""
    busy, plant.busy = plant.busy, 0
    try:
        yield
    finally:
        plant.busy = busy


async def _mended(plant: Plant, olt: str) -> None:
    """What a person does once an OLT is as it should be."""
    status, said = await plant.shell(f"acende olt reset-breaker {olt} --why consertada --who ana")
    assert status == 0, said


@asynccontextmanager
async def _restarted(plant: Plant, **env: str) -> AsyncIterator[None]:
    """Every worker with other settings while the block runs."""
    for name in WORKERS:
        await plant.restart(name, **env)
    try:
        yield
    finally:
        for name in WORKERS:
            await plant.restart(name)


# ----------------------------------------------------------------------------------------------------------------- OLTs


@raises("AcendeOltHostKeyChanged")
async def the_host_key_changes(plant: Plant) -> AsyncIterator[None]:
    site = plant.sites["norte-2"]
    await site.sim.stop()
    await site.listen(asyncssh.generate_private_key("ssh-ed25519"))
    await plant.install("norte-2")
    yield
    await site.sim.stop()
    await site.listen()
    await _mended(plant, "norte-2")


@raises("AcendeOltLoginRefused")
async def the_login_is_refused(plant: Plant) -> AsyncIterator[None]:
    sim = plant.sites["centro-1"].sim
    sim.faults.add(Fault(kind="refuse_login", times=None))
    sim.hang_up()
    await plant.install("centro-1")
    yield
    sim.faults.clear()
    await _mended(plant, "centro-1")


@raises("AcendeOltBreakerOpen")
async def an_olt_is_cut_off(plant: Plant) -> AsyncIterator[None]:
    site = plant.sites["norte-1"]
    await site.sim.stop()
    await plant.install("norte-1")
    async with _over_and_over(lambda: _try_again(plant, "norte-1")):
        yield
    await site.listen()
    await _mended(plant, "norte-1")


async def _try_again(plant: Plant, olt: str) -> None:
    """A closed breaker's pause passes: five seconds, and then ten, are long here."""
    await plant.sql("UPDATE olt_lease SET breaker_until = now() WHERE olt = %s AND breaker = 'closed'", olt)


@raises("AcendeOltUnknownReplies", "AcendeOrdersFailing", "AcendeRightFirstTimeBudgetBurn")
async def new_firmware_speaks_otherwise(plant: Plant) -> AsyncIterator[None]:
    sim = plant.sites["centro-2"].sim
    sim.faults.add(Fault(kind="unknown", pattern="^display ont info", times=None))
    async with _quiet(plant), _over_and_over(lambda: plant.install("centro-2"), 1.0):
        yield
    sim.faults.clear()


@raises("AcendeOltBusy")
async def every_line_of_an_olt_is_taken(plant: Plant) -> AsyncIterator[None]:
    sim = plant.sites["centro-2"].sim
    sim.faults.add(Fault(kind="too_many_users", times=None))
    sim.hang_up()
    await plant.install("centro-2")
    async with _over_and_over(lambda: _try_again(plant, "centro-2"), 0.3):
        yield
    sim.faults.clear()
    await _mended(plant, "centro-2")


@raises("AcendeOltHeldLong")
async def an_olt_is_held(plant: Plant) -> AsyncIterator[None]:
    status, said = await plant.shell("acende olt hold norte-2 --why 'troca de placa' --who ana")
    assert status == 0, said
    await plant.install("norte-2")
    yield
    status, said = await plant.shell("acende olt release norte-2 --why 'placa trocada' --who ana")
    assert status == 0, said


@raises("AcendeOltHeadroomLow")
async def a_pon_port_is_nearly_full(plant: Plant) -> AsyncIterator[None]:
    site = plant.sites["norte-1"]
    port = plant.order("norte-1").port
    taken = sum(row.port == port for row in site.olt.registered.values())
    for number in range(len(site.olt.onu_ids) - taken - 2):
        site.olt.register(
            port, site.olt.free_onu_id(port), f"FHTT{0xF0000 + number:08X}", onu_type="ZTE-F660"
        )
    await plant.install("norte-1")
    yield
    for found in [row for row in site.olt.registered.values() if row.serial.startswith("FHTT000F")]:
        site.olt.unregister(found.port, found.onu_id, cascade=True)


# ----------------------------------------------------------------------------------------------------------------- Kafka


@raises("AcendeConsumerRebalancing")
async def the_consumer_group_is_restless(plant: Plant) -> AsyncIterator[None]:
    """Somebody else joins the workers' group and leaves it again."""

    async def in_and_out() -> None:
        consumer = AIOKafkaConsumer(
            plant.bus.topics["install"],
            bootstrap_servers=plant.bootstrap,
            group_id=plant.env["ACENDE_KAFKA_GROUP"],
            session_timeout_ms=6000,
            heartbeat_interval_ms=600,
            enable_auto_commit=False,
        )
        await consumer.start()
        await consumer.stop()

    async with _over_and_over(in_and_out, 0.1):
        yield


@raises("AcendeDeadLettersGrowing")
async def the_erp_sends_what_nobody_can_read(plant: Plant) -> AsyncIterator[None]:
    for _ in range(10):
        await plant.bus.put("install", b'{"type": "acende.install.started.v1", "data": {}}')
    yield


@raises("AcendePartitionStands")
async def no_dead_letter_can_be_kept(plant: Plant) -> AsyncIterator[None]:
    topic = plant.bus.topics["dead"]
    await plant.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'data_exception'; END $$"
    )
    await plant.sql(
        f"CREATE TRIGGER refuse BEFORE INSERT ON outbox FOR EACH ROW WHEN (NEW.topic = '{topic}')"
        " EXECUTE FUNCTION refuse()"
    )
    await plant.bus.put("install", b"?")
    yield
    await plant.sql("DROP FUNCTION refuse CASCADE")


@raises("AcendePublishRefused")
async def the_broker_refuses_a_record(plant: Plant) -> AsyncIterator[None]:
    await plant.sql(
        "INSERT INTO outbox (topic, key, value, created_at) VALUES (%s, 'OS-0', %s, now())",
        plant.bus.topics["results"],
        b"{" + b" " * 1_200_000 + b"}",
    )
    yield
    await plant.sql("DELETE FROM outbox WHERE refused IS NOT NULL")


@raises("AcendeOutboxStuck")
async def kafka_does_not_answer(plant: Plant) -> AsyncIterator[None]:
    with _frozen_kafka(plant):
        async with _over_and_over(lambda: _aged(plant, "outbox", "created_at")):
            yield


@raises("AcendeResultsLateBudgetBurn")
async def kafka_was_away(plant: Plant) -> AsyncIterator[None]:
    for _ in range(5):
        await plant.install(*plant.sites)
    with _frozen_kafka(plant):
        await until(lambda: plant.sql("SELECT 1 FROM outbox OFFSET 30 LIMIT 1"), 30)
        await asyncio.sleep(13)
    yield


def _frozen_kafka(plant: Plant) -> contextlib.AbstractContextManager[None]:
    return frozen(int(plant.bootstrap.rpartition(":")[2]))


# -------------------------------------------------------------------------------------------------------------- database


@raises("AcendeDatabaseUnavailable", "AcendeNothingConsumed", "AcendeConsumerLag")
async def the_database_is_away(plant: Plant) -> AsyncIterator[None]:
    with plant.database.connect() as admin:
        admin.execute("ALTER DATABASE acende WITH ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'acende'")
    for number in range(2000):
        await plant.bus.put("install", b"{", f"{number}".encode())
    yield
    with plant.database.connect() as admin:
        admin.execute("ALTER DATABASE acende WITH ALLOW_CONNECTIONS true")


@raises("AcendeDatabaseSlow")
async def the_database_is_slow(plant: Plant) -> AsyncIterator[None]:
    async def lock() -> None:
        await plant.sql(
            "DO $$ BEGIN LOCK TABLE service_order IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(0.9); END $$"
        )

    async with _over_and_over(lock, 0.05):
        yield


@raises("AcendeSurveyMissing")
async def nobody_surveys(plant: Plant) -> AsyncIterator[None]:
    """The lease of the survey is with somebody who does not survey."""

    async def keep() -> None:
        await plant.sql(
            "UPDATE role_lease SET holder = 'w9', expires_at = now() + interval '1 hour' WHERE role = 'survey'"
        )

    async with _over_and_over(keep):
        yield
    await plant.sql("UPDATE role_lease SET expires_at = now() WHERE role = 'survey'")


@raises("AcendeClockJumped")
async def the_clock_jumps_ahead(plant: Plant) -> AsyncIterator[None]:
    """By an hour, for whoever connects from now on; and back again."""
    await plant.sql("CREATE SCHEMA set_ahead")
    await plant.sql(
        "CREATE FUNCTION set_ahead.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql"
        " AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$"
    )
    _connect_anew(plant, "SET search_path = set_ahead, public, pg_catalog")
    yield
    _connect_anew(plant, "RESET search_path")
    await plant.sql("DROP SCHEMA set_ahead CASCADE")


def _connect_anew(plant: Plant, change: str) -> None:
    """Change a setting of the database and have everybody connect again."""
    with plant.database.connect() as admin:
        admin.execute(f"ALTER DATABASE acende {change}")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'acende'")


async def _aged(plant: Plant, table: str, column: str, where: str = "true") -> None:
    """Rows become an hour older, as if they had waited for so long."""
    await plant.sql(
        f"UPDATE {table} SET {column} = {column} - interval '1 hour'"
        f" WHERE {column} > now() - interval '30 minutes' AND {where}"
    )


# --------------------------------------------------------------------------------------------------------------- workers


@raises("AcendeRoleMissing", "AcendeOrdersLate", "AcendeJobsLate")
async def nobody_provisions(plant: Plant) -> AsyncIterator[None]:
    async def hours_pass() -> None:
        await _aged(plant, "job", "due_at", "live AND state = 'due'")
        await _aged(plant, "service_order", "stage_since", "stage NOT LIKE 'waiting%%'")

    async with _restarted(plant, ACENDE_ROLES="ingest,publish"):
        await plant.install(*plant.sites)
        async with _over_and_over(hours_pass):
            yield


@raises("AcendeOltSessionsExhausted")
async def the_workers_are_full(plant: Plant) -> AsyncIterator[None]:
    """Each may work on one OLT only, and the OLTs are slow."""
    timings = [site.sim.timing for site in plant.sites.values()]
    for timing in timings:
        timing.command_s = 0.4
    async with _restarted(plant, ACENDE_OLTS_PARALLEL="1"):
        async with _over_and_over(lambda: plant.install(*plant.sites), 1.0):
            yield
        for timing in timings:
            timing.command_s = COMMAND_S


@raises("AcendeConfigDrift")
async def a_worker_has_other_services(plant: Plant) -> AsyncIterator[None]:
    other = plant.folder / "services-old.yaml"
    services = plant.env["ACENDE_SERVICES_FILE"]
    other.write_text(f"# before\n{(plant.folder / services).read_text()}")
    await plant.restart("w2", ACENDE_SERVICES_FILE=str(other))
    yield
    await plant.restart("w2")


@raises("AcendeOnlineSlowBudgetBurn")
async def orders_take_minutes(plant: Plant) -> AsyncIterator[None]:
    async with _over_and_over(
        lambda: _aged(plant, "service_order", "began_at", "final_revision IS NULL"), 0.2
    ):
        yield


@raises("AcendeLoopFailing")
async def a_row_is_not_what_the_program_expects(plant: Plant) -> AsyncIterator[None]:
    order = plant.order("centro-1")
    await plant.desk.start(order, named=False, placed=False)
    await _until_known(plant, order.id)
    await plant.sql("UPDATE service_order SET state = 'lost', due_at = now() WHERE id = %s", order.id)
    yield
    await plant.sql("DELETE FROM service_order WHERE id = %s", order.id)


async def _until_known(plant: Plant, order: str) -> None:
    while not await plant.sql("SELECT 1 FROM service_order WHERE id = %s", order):
        await asyncio.sleep(0.1)


@raises("AcendeLeaseChurn")
async def the_workers_stall(plant: Plant) -> AsyncIterator[None]:
    """Both stand still for longer than their leases last, however long a slow database has made these, and go on."""
    held = "SELECT count(*) FROM olt_lease WHERE holder IS NOT NULL"
    await plant.install(*plant.sites)
    while (await plant.sql(held))[0][0] < len(plant.sites):
        await asyncio.sleep(0.1)
    processes = [plant.workers[name].must_run() for name in WORKERS]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    while (await plant.sql(f"{held} AND expires_at > now()"))[0][0]:
        await asyncio.sleep(0.5)
    await asyncio.sleep(1)
    for process in processes:
        process.send_signal(signal.SIGCONT)
    yield


@raises("AcendeDown")
async def every_worker_is_killed(plant: Plant) -> AsyncIterator[None]:
    for name in WORKERS:
        await plant.workers[name].kill()
    yield
    for name in WORKERS:
        await plant.start(name)


SCENES: tuple[tuple[Break, ...], ...] = (
    (the_host_key_changes, the_login_is_refused, an_olt_is_cut_off, new_firmware_speaks_otherwise),
    (
        every_line_of_an_olt_is_taken,
        an_olt_is_held,
        a_pon_port_is_nearly_full,
        the_consumer_group_is_restless,
        the_erp_sends_what_nobody_can_read,
        the_broker_refuses_a_record,
    ),
    (nobody_provisions,),
    (the_workers_are_full, a_row_is_not_what_the_program_expects),
    (a_worker_has_other_services, orders_take_minutes, no_dead_letter_can_be_kept),
    (kafka_does_not_answer,),
    (kafka_was_away,),
    (the_database_is_away,),
    (the_database_is_slow, nobody_surveys),
    (the_workers_stall,),
    (the_clock_jumps_ahead,),
    (every_worker_is_killed,),
)
"""What is broken at the same time, since it does not disturb one another; one after another."""


def alerts_of(scene: tuple[Break, ...]) -> list[str]:
    """The alerts that a scene must raise."""
    return [alert for row in BREAKAGES if row.breaks in scene for alert in row.alerts]


def name_of(scene: tuple[Break, ...]) -> str:
    """The first of its breakages, and how many more there are."""
    name = next(row.name for row in BREAKAGES if row.breaks is scene[0])
    return f"{name}-and-{len(scene) - 1}-more" if len(scene) > 1 else name


@asynccontextmanager
async def broken(plant: Plant, scene: tuple[Break, ...]) -> AsyncIterator[None]:
    """The plant, broken in all these ways while the block runs."""
    async with AsyncExitStack() as stack:
        for breaks in scene:
            await stack.enter_async_context(breaks(plant))
        yield
