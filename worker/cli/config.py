"""`acende config check`."""

from typing import Annotated, Any

import typer

from schemas.configuration import Configuration
from schemas.place import PonPort
from schemas.yaml import read
from worker import opening, settings, wiring
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.config_check import Answer, Combination, Remark, check, which
from worker.credentials import missing
from worker.resolve import Resolved
from worker.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The configuration files.")


@app.callback()
def group() -> None:
    """The configuration files."""


@app.command("check")
def check_files(
    plan: Annotated[str | None, typer.Option(help="Show which rule takes this plan …")] = None,
    mode: Annotated[str, typer.Option(help="… in this mode (bridge, router) …")] = "router",
    model: Annotated[str | None, typer.Option(help="… for this ONU model …")] = None,
    olt: Annotated[str | None, typer.Option(help="… on this OLT …")] = None,
    port: Annotated[str | None, typer.Option(help="… and PON port.")] = None,
    as_json: Json = False,
) -> None:
    """Prove inventory and services: every reference resolves, and which rule any combination takes."""
    import os  # noqa: PLC0415

    known = settings.load()
    config = opening.configuration(known)
    if plan is not None:
        _explain(config, _combination(config, plan, mode, model, olt), port, as_json=as_json)
        return
    report = check(config, _adapters(config))
    faults = list(missing(config.inventory, os.environ))
    shown = [_remark(known, remark) for remark in report.remarks]
    shown += [
        {"level": "warning", "file": str(known.inventory_file), "line": None, "text": text} for text in faults
    ]
    if as_json:
        taken = [{**_asked(one), "rule": rule} for one, rule in report.taken]
        output.print_json({"remarks": shown, "combinations": taken, "complete": report.complete})
    else:
        _print(config, shown)
    if report.errors:
        raise Failure(f"{len(report.errors)} faults in {known.services_file}")


def _adapters(config: Configuration) -> dict[str, Any]:
    return {
        platform: wiring.adapter(platform) for platform in {olt.platform for olt in config.inventory.olts}
    }


def _remark(known: Settings, remark: Remark) -> dict[str, Any]:
    problem = read(known.services_file).problem(remark.where, remark.text)
    return {"level": remark.level, "file": problem.file, "line": problem.line, "text": remark.text}


def _print(config: Configuration, shown: list[dict[str, Any]]) -> None:
    console = output.console()
    for remark in shown:
        place = remark["file"] if remark["line"] is None else f"{remark['file']}:{remark['line']}"
        console.print(f"{remark['level']}: {place}: {remark['text']}", markup=False)
    counts = f"{len(config.inventory.olts)} OLTs, {len(config.services.models)} provisioning models"
    console.print(f"{counts}, {len(config.catalogue.models)} ONU models: {len(shown)} remarks.", markup=False)


def _combination(
    config: Configuration, plan: str, mode: str, model: str | None, olt: str | None
) -> Combination:
    if mode not in {"bridge", "router"}:
        raise Failure("--mode is bridge or router", Status.USAGE)
    found = config.inventory.olt(olt) if olt else config.inventory.olts[0]
    if found is None:
        raise Failure(f"the inventory has no OLT {olt!r}")
    return Combination(plan, "bridge" if mode == "bridge" else "router", model, found)


def _explain(config: Configuration, asked: Combination, port: str | None, *, as_json: bool) -> None:
    try:
        at = PonPort.model_validate(port) if port else None
    except ValueError:
        raise Failure("--port is written frame/slot/port, such as 0/1/0", Status.USAGE) from None
    answer = which(asked, at, config, _adapters(config))
    told = {**_asked(asked), **_answer(answer)}
    output.print_json(told) if as_json else output.console().print(
        output.table("Which rule", ("", ""), told.items())
    )
    if not isinstance(answer.outcome, Resolved):
        raise Failure(f"no rule gives this ONU what it needs: {answer.outcome.code}")


def _asked(asked: Combination) -> dict[str, Any]:
    return {"plan": asked.plan, "mode": asked.mode, "model": asked.model, "olt": asked.olt.id}


def _answer(answer: Answer) -> dict[str, Any]:
    passed, limits = list(answer.passed), [f"{one.field} ({one.reason})" for one in answer.not_applied]
    if not isinstance(answer.outcome, Resolved):
        return {"rule": None, "code": answer.outcome.code, "params": answer.outcome.params, "passed": passed}
    desired = answer.outcome.desired.model_dump(mode="json", exclude_defaults=True)
    return {"rule": answer.outcome.rule, "gives": desired, "not_applied": limits, "passed": passed}
