"""`acende check`."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from prometheus_client.parser import text_string_to_metric_families

from worker import opening, settings, topics
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.cli.root import ending
from worker.settings import Settings
from worker.store import revisions

app = typer.Typer(add_completion=False)
_ANSWER_S = 10
Look = Callable[[Settings], str]
"""What is well, as a sentence. Raises what `root.ending` knows where it is not."""


@app.command()
def check(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Also ask a worker, or the Service before several, there."),
    ] = None,
    database: Annotated[bool, typer.Option(help="Whether the database is asked.")] = True,
    as_json: Json = False,
) -> None:
    """Whether an installation is well: configuration, database, topics and, with --url, its workers. Changes nothing."""
    if url is not None and not url.startswith(("http://", "https://")):
        raise Failure("--url begins with http:// or https://", Status.USAGE)
    known = settings.load()
    told = [_looked(name, look, known) for name, look in _looks(url, database=database)]
    if as_json:
        output.print_json([dict(zip(_COLUMNS, one, strict=True)) for one in told])
    else:
        output.console().print(output.table("Check", _COLUMNS, told))
    if bad := [name for name, well, _ in told if not well]:
        raise Failure(f"not well: {', '.join(bad)}")


_COLUMNS = ("what", "well", "found")


def _looks(url: str | None, *, database: bool) -> Iterator[tuple[str, Look]]:
    yield "configuration", _configuration
    if database:
        yield "database", _database
    yield "topics", _topics
    if url is not None:
        for path, judge in (("/livez", _faultless), ("/readyz", _faultless), ("/metrics", _metrics)):
            yield path, _at(url.rstrip("/") + path, judge)


def _looked(name: str, look: Look, known: Settings) -> tuple[str, bool, str]:
    try:
        return name, True, look(known)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other looks go on
        return name, False, ending(error)[1]


def _configuration(known: Settings) -> str:
    config = opening.configuration(known)
    return f"{len(config.inventory.olts)} OLTs, {len(config.services.models)} provisioning models"


def _database(known: Settings) -> str:
    store = opening.open_store(known)
    try:
        store.read_sync(revisions.check)
        return f"revision {store.read_sync(revisions.current)}"
    finally:
        store.close()


def _topics(known: Settings) -> str:
    found = asyncio.run(topics.look(known, topics.wanted(known.topics)))
    if lacking := [one.name for one in found if one.found is None]:
        raise Failure(f"no such topic: {', '.join(lacking)}; `acende topics --create` makes it")
    return f"{len(found)} topics"


# ---------------------------------------------------------------------------------------------------------- a worker


def _at(url: str, judge: Callable[[int, str], str]) -> Look:
    return lambda _: judge(*_answer(url))


def _answer(url: str) -> tuple[int, str]:
    """Status and body. Raises Failure where nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_ANSWER_S) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Failure(
            f"{url} does not answer: {getattr(reason, 'strerror', None) or type(reason).__name__}"
        ) from None


def _faultless(status: int, body: str) -> str:
    """Of /livez and /readyz, which name what is wrong."""
    try:
        faults = json.loads(body)["faults"]
    except (ValueError, TypeError, KeyError):
        raise Failure(f"status {status}, and no answer of a worker") from None
    if status != 200 or faults:
        raise Failure(f"status {status}: {', '.join(faults)}")
    return "no faults"


def _metrics(status: int, body: str) -> str:
    """Of /metrics: who answers, and whether each of its loops runs."""
    try:
        families = list(text_string_to_metric_families(body))
    except ValueError:
        families = []
    samples = [sample for family in families for sample in family.samples]
    version = [sample.labels["version"] for sample in samples if sample.name == "acende_build_info"]
    if status != 200 or not version:
        raise Failure(f"status {status}, and no metrics of a worker")
    loops = {sample.labels["loop"]: sample.value for sample in samples if sample.name == "acende_loop_up"}
    if down := [name for name, up in loops.items() if not up]:
        raise Failure(f"loops that do not run: {', '.join(down)}")
    return f"version {version[0]}, loops: {', '.join(loops)}"
