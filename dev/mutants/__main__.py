"""`python -m dev.mutants reach`, then `python -m dev.mutants run`: what the tests would not notice."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated

import typer
import yaml

from dev.machine import ROOT
from dev.mutants.faults import Fault
from dev.mutants.judge import Judge, Verdict
from dev.mutants.reach import Reach
from dev.mutants.targets import drawn, every_fault

FOLDER = ROOT / ".cache" / "mutants"
EQUIVALENT = Path(__file__).parent / "equivalent.yaml"
app = typer.Typer(no_args_is_help=True, help=__doc__)

Work = Annotated[Path, typer.Option(help="Where what was found out is kept.")]


@app.command()
def reach(paths: Annotated[list[str] | None, typer.Argument()] = None, folder: Work = FOLDER) -> None:
    """Find out which tests come by which line: the tests of `make test` that are not slow, or those under PATHS."""
    into = folder / "reach"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "logical",
        "--maxprocesses",
        "8",
        "--dist",
        "loadgroup",
    ]
    command += ["-m", "not slow and not cluster", "-p", "dev.mutants.reach", *(paths or [])]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "ACENDE_REACH": str(into)}, check=False)
    raise typer.Exit(done.returncode)


@app.command()
def run(
    count: Annotated[int, typer.Option(help="How many faults, spread evenly over the modules.")] = 400,
    seed: Annotated[int, typer.Option(help="Draws the same faults again.")] = 1,
    part: Annotated[str, typer.Option(help="Only this slice of them, such as 2/5.")] = "1/1",
    lanes: Annotated[int, typer.Option(help="How many at a time.")] = 2,
    only: Annotated[str, typer.Option(help="Only modules whose path holds this.")] = "",
    most: Annotated[int | None, typer.Option(help="At most so many tests for each: a first look.")] = None,
    folder: Work = FOLDER,
) -> None:
    """Judge faults; those judged before, in a module that has not changed since, are not judged again."""
    every = (fault for fault in every_fault() if only in fault.module)
    chosen = _slice(drawn(every, count, seed), part)
    known = _known(folder)
    excused = _equivalents()
    open_ones = [fault for fault in chosen if _key(fault) not in known and fault.name not in excused]
    print(
        f"{len(chosen)} faults, {len(open_ones)} of them to be judged (seed {seed}, part {part})", flush=True
    )
    _judge_all(open_ones, lanes, most, folder)
    _report(chosen, _known(folder), excused)


@app.command(name="list")
def list_faults(only: str = "") -> None:
    """Every fault that there is."""
    for fault in every_fault():
        if only in fault.module:
            print(f"{fault.line:5} {fault.name}")


def _slice(chosen: list[Fault], part: str) -> list[Fault]:
    which, of = (int(number) for number in part.split("/"))
    return chosen[which - 1 :: of]


def _key(fault: Fault) -> str:
    digest = hashlib.sha256((ROOT / fault.module).read_bytes()).hexdigest()[:12]
    return f"{digest} {fault.name}"


def _known(folder: Path) -> dict[str, str]:
    verdicts = folder / "verdicts.jsonl"
    lines = verdicts.read_text().splitlines() if verdicts.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["key"]: row["outcome"] for row in rows if row["outcome"] != "unsure"}


def _equivalents() -> dict[str, str]:
    """Why no test can notice a fault, by its name."""
    found: dict[str, str] = yaml.safe_load(EQUIVALENT.read_text()) or {}
    return found


def _judge_all(faults: list[Fault], lanes: int, most: int | None, folder: Path) -> None:
    reached = Reach(folder / "reach")
    with (
        tempfile.TemporaryDirectory(prefix="acende-mutants-") as copies,
        ThreadPoolExecutor(lanes) as pool,
        (folder / "verdicts.jsonl").open("a") as verdicts,
    ):
        judges: SimpleQueue[Judge] = SimpleQueue()
        for lane in range(lanes):
            judges.put(Judge(Path(copies) / str(lane), reached, most))

        def one(fault: Fault) -> Verdict:
            judge = judges.get()
            try:
                return judge.judge(fault)
            finally:
                judges.put(judge)

        for verdict in pool.map(one, faults):
            row = {"key": _key(verdict.fault), "outcome": verdict.outcome, "said": verdict.said}
            verdicts.write(json.dumps(row, ensure_ascii=False) + "\n")
            verdicts.flush()
            if not verdict.noticed:
                print(f"{verdict.outcome}: {verdict.fault.name} (line {verdict.fault.line})", flush=True)


def _report(chosen: list[Fault], known: dict[str, str], excused: dict[str, str]) -> None:
    judged = [known[_key(fault)] for fault in chosen if _key(fault) in known and fault.name not in excused]
    noticed = sum(outcome in {"killed", "hung"} for outcome in judged)
    share = 100 * noticed / len(judged) if judged else 0.0
    excuses = sum(fault.name in excused for fault in chosen)
    print(f"{noticed} of {len(judged)} noticed, {share:.1f} %; {excuses} judged equivalent")


if __name__ == "__main__":
    app()
