"""`acende check`: well where an installation is well, and where it is not it names what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.installation import Installation


async def checked(here: Installation, *words: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Status, what each look found, and the sentence at the end."""
    status, out, err = await here.acende("check", *words, "--json")
    return status, {one["what"]: one for one in json.loads(out)}, err


async def test_an_installation_that_is_well(here: Installation) -> None:
    async with here.worker() as worker:
        await worker.ready()
        status, found, err = await checked(here, "--url", worker.url)
    assert (status, err) == (0, "")
    assert list(found) == ["configuration", "database", "topics", "/livez", "/readyz", "/metrics"]
    assert all(one["well"] for one in found.values())
    assert found["topics"]["found"] == "5 topics"
    assert "loops: " in found["/metrics"]["found"]


async def test_a_worker_that_is_gone(here: Installation) -> None:
    async with here.worker() as worker:
        await worker.ready()
        url = worker.url
    status, found, err = await checked(here, "--url", url)
    assert status == 1
    assert err.strip() == "acende: not well: /livez, /readyz, /metrics"
    assert "does not answer" in found["/readyz"]["found"]
    assert found["database"]["well"]


async def test_a_worker_that_is_not_ready_says_why(here: Installation) -> None:
    async with here.worker(ACENDE_KAFKA_SERVERS="127.0.0.1:1") as worker:
        status, found, _ = await checked(here, "--url", worker.url)
    assert status == 1
    assert [name for name, one in found.items() if not one["well"]] == ["/readyz"]
    assert found["/readyz"]["found"] == "status 503: kafka_group"


@pytest.mark.parametrize(
    ("change", "what", "says"),
    [
        ({"ACENDE_TOPIC_RESULTS": "nowhere"}, "topics", "no such topic: nowhere"),
        ({"ACENDE_KAFKA_SERVERS": "127.0.0.1:1"}, "topics", "ACENDE_KAFKA_SERVERS"),
        ({"ACENDE_DATABASE_URL": "postgresql+psycopg://127.0.0.1:1/x"}, "database", "not available"),
        ({"ACENDE_SERVICES_FILE": "nowhere.yaml"}, "configuration", "nowhere.yaml"),
    ],
)
async def test_one_fault_is_named_and_the_other_looks_go_on(
    here: Installation, change: dict[str, str], what: str, says: str
) -> None:
    here.env |= change
    status, found, err = await checked(here)
    assert status == 1
    assert err.strip() == f"acende: not well: {what}"
    assert says in found[what]["found"]
    assert list(found) == ["configuration", "database", "topics"]


async def test_a_service_that_is_no_worker(here: Installation) -> None:
    async with here.worker() as worker:
        status, found, _ = await checked(here, "--url", f"{worker.url}/nothing", "--no-database")
    assert status == 1
    assert "database" not in found
    assert found["/livez"]["found"] == "status 404, and no answer of a worker"
    assert found["/metrics"]["found"] == "status 404, and no metrics of a worker"


async def test_an_address_without_a_scheme_is_wrong_usage(here: Installation) -> None:
    status, _, err = await here.acende("check", "--url", "acende:8080")
    assert (status, err.strip()) == (2, "acende: --url begins with http:// or https://")
