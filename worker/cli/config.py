"""`acende config check`."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from schemas.configuration import Configuration
from schemas.loading import load_configuration
from schemas.place import PonPort
from schemas.yaml import ConfigError, Problem, read
from vendors.catalog import shipped
from vendors.contract import Adapter
from vendors.registry import PLATFORMS
from worker import settings, wiring
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.config_check import Answer, Combination, Remark, Report, check, which
from worker.credentials import missing
from worker.resolve import Resolved
from worker.settings import ConfigurationError, Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The configuration files.")


@app.callback()
def group() -> None:
    """The configuration files."""


@app.command("check")
def check_files(
    plan: Annotated[str | None, typer.Option(help="Show which rule takes this plan …")] = None,
    mode: Annotated[str, typer.Option(help="… in this mode (bridge, router) …")] = "router",
    model: Annotated[str | None, typer.Option(help="… for this ONU model …")] = None,
    olt: Annotated[str | None, typer.Option(help="… on this OLT (otherwise on every one) …")] = None,
    port: Annotated[str | None, typer.Option(help="… and PON port, and what the ONU is given there.")] = None,
    as_json: Json = False,
) -> None:
    """Prove inventory and services: every reference resolves, and which rule any combination takes."""
    known = settings.load()
    config = _loaded(known, as_json=as_json)
    if plan is not None:
        _explain(config, _asked_for(config, plan, mode, model, olt), _port(port), as_json=as_json)
        return
    if model or olt or port:
        raise Failure("--model, --olt and --port go with --plan", Status.USAGE)
    report = check(config, _adapters(config))
    shown = [*_credentials(known, config), *(_remark(known, remark) for remark in report.remarks)]
    if as_json:
        taken = [{**_told(one), "rule": rule} for one, rule in report.taken]
        output.print_json({"remarks": shown, "combinations": taken, "complete": report.complete})
    else:
        _print(config, report, shown)
    if report.errors:
        raise Failure(f"{len(report.errors)} faults in {known.services_file}")


def _loaded(known: Settings, *, as_json: bool) -> Configuration:
    """The configuration. Raises ConfigurationError."""
    try:
        return load_configuration(known.inventory_file, known.services_file, shipped(), platforms=PLATFORMS)
    except ConfigError as error:
        if as_json:
            faults = [
                {
                    "level": "error",
                    "file": one.file,
                    "line": one.line,
                    "where": one.where,
                    "text": one.expected,
                }
                for one in error.problems
            ]
            output.print_json({"remarks": faults, "combinations": [], "complete": False})
        raise ConfigurationError(str(error)) from None


def _adapters(config: Configuration) -> dict[str, Adapter]:
    return {
        platform: wiring.adapter(platform) for platform in {olt.platform for olt in config.inventory.olts}
    }


def _credentials(known: Settings, config: Configuration) -> Iterator[dict[str, Any]]:
    document = read(known.inventory_file)
    for name, text in missing(config.inventory, os.environ):
        problem = document.problem(("credentials", name), text)
        yield _row("warning", problem)


def _remark(known: Settings, remark: Remark) -> dict[str, Any]:
    return _row(remark.level, read(known.services_file).problem(remark.where, remark.text))


def _row(level: str, problem: Problem) -> dict[str, Any]:
    return {
        "level": level,
        "file": problem.file,
        "line": problem.line,
        "where": problem.where,
        "text": problem.expected,
    }


def _print(config: Configuration, report: Report, shown: list[dict[str, Any]]) -> None:
    console = output.console()
    for one in shown:
        place = one["file"] if one["line"] is None else f"{one['file']}:{one['line']}"
        console.print(f"{one['level']}: {place}: {one['where']}: {one['text']}", markup=False, soft_wrap=True)
    console.print(output.table("Which rule takes what", _COLUMNS, _rules(config, report)))
    counts = f"{len(config.inventory.olts)} OLTs, {len(config.services.models)} provisioning models"
    remarks = f"{len(shown)} remark{'' if len(shown) == 1 else 's'}"
    console.print(f"{counts}, {len(config.catalogue.models)} ONU models: {remarks}.")
    if not report.complete:
        console.print(f"There are more combinations; the first {len(report.taken)} were tried.")


_COLUMNS = ("rule", "combinations", "plans", "modes", "platforms", "ONU models")
_NAMED_MAX = 6


def _rules(config: Configuration, report: Report) -> Iterator[list[object]]:
    """Each rule with what it takes, and what none takes."""
    for name in (*config.services.by_name, None):
        taken = [asked for asked, rule in report.taken if rule == name]
        if taken or name:
            yield [
                name or "(none)",
                len(taken),
                _few(asked.plan for asked in taken),
                _few(asked.mode for asked in taken),
                _few(asked.olt.platform for asked in taken),
                _few(asked.model or "unknown" for asked in taken),
            ]


def _few(names: Iterable[str]) -> str:
    every = sorted(set(names))
    more = len(every) - _NAMED_MAX
    return ", ".join(every[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


# ------------------------------------------------------------------------------------------------ one combination


def _asked_for(
    config: Configuration, plan: str, mode: str, model: str | None, olt: str | None
) -> list[Combination]:
    if mode not in {"bridge", "router"}:
        raise Failure("--mode is bridge or router", Status.USAGE)
    olts = [found for found in config.inventory.olts if olt in {None, found.id}]
    if not olts:
        raise Failure(f"the inventory has no OLT {olt!r}")
    return [Combination(plan, "bridge" if mode == "bridge" else "router", model, found) for found in olts]


def _port(port: str | None) -> PonPort | None:
    try:
        return PonPort.model_validate(port) if port else None
    except ValueError:
        raise Failure("--port is written frame/slot/port, such as 0/1/0", Status.USAGE) from None


def _explain(config: Configuration, asked: list[Combination], port: PonPort | None, *, as_json: bool) -> None:
    answers = [which(one, port, config, _adapters(config)) for one in asked]
    told = [{**_told(one), **_answer(answer)} for one, answer in zip(asked, answers, strict=True)]
    if as_json:
        output.print_json(told)
    elif len(told) == 1:
        output.console().print(output.pairs(_flat(told[0])))
    else:
        rows = [[one["olt"], one["rule"], one.get("code"), one["passed"]] for one in told]
        output.console().print(
            output.table("Which rule", ("OLT", "rule", "reason", "rules that do not fit"), rows)
        )
    if without := [one["olt"] for one in told if one["rule"] is None]:
        raise Failure(f"no rule gives this ONU what it needs on {', '.join(without)}")


_SAMPLES = {"serial", "port", "description"}
"""What depends on the order and not on the rule."""


def _flat(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values, what is given member by member."""
    for name, value in told.items():
        if name == "gives":
            yield from (
                (f"gives {member}", given) for member, given in value.items() if member not in _SAMPLES
            )
        elif value not in (None, [], {}):
            yield name, value


def _told(asked: Combination) -> dict[str, Any]:
    return {"plan": asked.plan, "mode": asked.mode, "model": asked.model, "olt": asked.olt.id}


def _answer(answer: Answer) -> dict[str, Any]:
    passed, limits = list(answer.passed), [f"{one.field} ({one.reason})" for one in answer.not_applied]
    if not isinstance(answer.outcome, Resolved):
        return {"rule": None, "code": answer.outcome.code, "params": answer.outcome.params, "passed": passed}
    desired = answer.outcome.desired.model_dump(mode="json", exclude_defaults=True)
    return {"rule": answer.outcome.rule, "gives": desired, "not_applied": limits, "passed": passed}
