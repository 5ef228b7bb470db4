"""A real Prometheus that scrapes workers and evaluates rules, and the questions that one asks it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from dev.process import Server, free_port
from tests.support.until import until

JOB = "acende"
START_S = 30.0


class QueryRefused(AssertionError):
    """Prometheus does not understand a query, or cannot answer it."""


@dataclass
class Prometheus:
    """A server that answers at `url`."""

    url: str
    targets_file: Path
    client: httpx.AsyncClient

    def scrape(self, targets: Mapping[str, int]) -> None:
        """From now on scrape these ports of this machine, by the names that become their label `instance`."""
        groups = [
            {"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}} for name, port in targets.items()
        ]
        part = self.targets_file.with_suffix(".part")
        part.write_text(json.dumps(groups))
        part.rename(self.targets_file)

    async def instant(self, query: str) -> list[dict[str, Any]]:
        """The samples of a query now, those that are no number left out. Raises QueryRefused."""
        data = await self._get("query", query=query)
        if data["resultType"] == "scalar":
            return [{"metric": {}, "value": data["result"]}]
        return [row for row in data["result"] if not math.isnan(float(row["value"][1]))]

    async def range(self, query: str, start: float, end: float, step_s: float) -> list[dict[str, Any]]:
        """The series of a query between two times, in seconds since the epoch. Raises QueryRefused."""
        data = await self._get("query_range", query=query, start=start, end=end, step=step_s)
        return list(data["result"])

    async def exemplars(self, query: str, start: float, end: float) -> list[dict[str, Any]]:
        """The exemplars of the series of a query. Raises QueryRefused."""
        return list(await self._get("query_exemplars", query=query, start=start, end=end))

    async def targets(self) -> dict[str, str]:
        """By instance, what went wrong with its latest scrape: empty where nothing did."""
        data = await self._get("targets", state="active")
        asked = [row for row in data["activeTargets"] if row["health"] != "unknown"]
        return {row["labels"]["instance"]: row["lastError"] for row in asked}

    async def rules(self) -> list[dict[str, Any]]:
        """Every rule as Prometheus holds it: name, query, health, and for alerts their state."""
        data = await self._get("rules")
        return [rule for group in data["groups"] for rule in group["rules"]]

    async def _get(self, what: str, **parameters: Any) -> Any:
        answer = (await self.client.get(f"{self.url}/api/v1/{what}", params=parameters)).json()
        if answer["status"] != "success":
            raise QueryRefused(f"{parameters}: {answer.get('error')}")
        return answer["data"]


@contextlib.asynccontextmanager
async def prometheus(rule_files: Sequence[Path] = (), *, every_s: int = 1) -> AsyncIterator[Prometheus]:
    """A Prometheus on a free port of this machine, which scrapes and evaluates every `every_s` seconds; nothing yet.

    It and its data are gone when the block, or this process, ends. Raises StartFailed with the end of its log.
    """
    with Server("prometheus") as server:
        url, targets = f"http://127.0.0.1:{free_port()}", server.folder / "targets.json"
        targets.write_text("[]")
        config = server.folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(_config(targets, rule_files, every_s)))
        server.start(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={server.folder / 'data'}",
                f"--web.listen-address={url.removeprefix('http://')}",
                "--enable-feature=exemplar-storage",
                "--log.level=warn",
            ]
        )
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            await asyncio.to_thread(server.wait_until, lambda: _ready(url), START_S)
            yield Prometheus(url, targets, client)


def _ready(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/-/ready", trust_env=False, timeout=2).status_code == 200
    return False


def _config(targets: Path, rule_files: Sequence[Path], every_s: int) -> dict[str, Any]:
    every = f"{every_s}s"
    job = {"job_name": JOB, "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}]}
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(file) for file in rule_files],
        "scrape_configs": [job],
    }


async def scraped(server: Prometheus, *names: str, within_s: float = 30.0) -> None:
    """Wait until every named instance has been scraped. Raises TimeoutError that says what is wrong."""
    targets: dict[str, str] = {}

    async def look() -> bool:
        targets.clear()
        targets.update(await server.targets())
        return all(targets.get(name) == "" for name in names)

    try:
        await until(look, within_s, 0.2)
    except TimeoutError:
        raise TimeoutError(f"not all of {names} are scraped within {within_s} s: {targets}") from None
