"""`python -m dev.mutants reach`, then `python -m dev.mutants run`: what the tests would not notice."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import pytest
import typer
import yaml

from dev.machine import ROOT
from dev.mutants.faults import Fault
from dev.mutants.judge import NOTICED, Judge, Verdict
from dev.mutants.reach import Reach, keep_sources
from dev.mutants.targets import drawn, every_fault
from dev.mutants.warm import WarmJudge

FOLDER = ROOT / ".cache" / "mutants"
EQUIVALENT = Path(__file__).parent / "equivalent.yaml"
MARKS = "not slow and not cluster and not pace"
COLD_TESTS = 60
"""So many are run where each fault needs a process of its own, in which they are collected anew."""
app = typer.Typer(no_args_is_help=True, help=__doc__)

Work = Annotated[Path, typer.Option(help="Where what was found out is kept.")]


@app.command()
def reach(
    paths: Annotated[list[str] | None, typer.Argument()] = None,
    cases: Annotated[int, typer.Option(help="Watch so many cases of a test function; 0: all.")] = 0,
    folder: Work = FOLDER,
) -> None:
    """Find out which tests come by which line: the fast tests of `make test`; those under PATHS are added to what is known."""
    every = folder / "reach"
    if not paths:
        shutil.rmtree(every, ignore_errors=True)
    into = folder / "watching" / str(time.time_ns())
    into.mkdir(parents=True)
    keep_sources(into)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "dev.mutants.reach", "-m", MARKS]
    command += ["-n", "logical", "--maxprocesses", "8", "--dist", "loadgroup", *(paths or [])]
    environment = {**os.environ, "ACENDE_REACH": str(into), "ACENDE_REACH_CASES": str(cases)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    every.mkdir(exist_ok=True)
    into.rename(every / into.name)
    raise typer.Exit(done.returncode)


@app.command()
def run(
    count: Annotated[int, typer.Option(help="How many faults, spread evenly over the modules.")] = 400,
    seed: Annotated[int, typer.Option(help="Draws the same faults again.")] = 1,
    part: Annotated[str, typer.Option(help="Only this slice of them, such as 2/5.")] = "1/1",
    lanes: Annotated[int, typer.Option(help="How many at a time.")] = 2,
    only: Annotated[str, typer.Option(help="Only modules whose path holds this.")] = "",
    cap: Annotated[float, typer.Option(help="Seconds for each, until it is called unsure.")] = 90.0,
    folder: Work = FOLDER,
) -> None:
    """Judge faults, but none again that was noticed in a module as it is now, or not noticed by the same tests."""
    every = (fault for fault in every_fault() if only in fault.module)
    chosen = _slice(drawn(every, count, seed), part)
    known, excused = _known(folder), _equivalents()
    open_ones = [fault for fault in chosen if _key(fault) not in known and fault.name not in excused]
    print(
        f"{len(chosen)} faults, {len(open_ones)} of them to be judged (seed {seed}, part {part})", flush=True
    )
    if open_ones:
        _judge_all(open_ones, lanes, cap, folder)
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
    tests = _tests_known(folder)
    return {row["key"]: row["outcome"] for row in rows if row["outcome"] in NOTICED or row["tests"] == tests}


def _tests_known(folder: Path) -> str:
    """Names the latest run that found out which tests come by."""
    return max((run.name for run in (folder / "reach").glob("*")), default="")


def _equivalents() -> dict[str, str]:
    """Why no test can notice a fault, by its name."""
    found: dict[str, str] = yaml.safe_load(EQUIVALENT.read_text()) or {}
    return found


def _judge_all(faults: list[Fault], lanes: int, cap: float, folder: Path) -> None:
    reached = Reach(folder / "reach")

    keys = {fault: _key(fault) for fault in faults}
    tests = _tests_known(folder)

    def told(verdict: Verdict) -> None:
        row = {"key": keys[verdict.fault], "outcome": verdict.outcome, "said": verdict.said, "tests": tests}
        with (folder / "verdicts.jsonl").open("a") as verdicts:
            verdicts.write(json.dumps(row, ensure_ascii=False) + "\n")
        if not verdict.noticed:
            sys.stdout.write(f"{verdict.outcome}: {verdict.fault.name} (line {verdict.fault.line})\n")
            sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="acende-mutants-") as work:
        warm = WarmJudge(
            faults,
            reached,
            told,
            cold=lambda lane: Judge(Path(work) / str(lane), reached, COLD_TESTS),
            lanes=lanes,
            cap_s=cap,
        )
        pytest.main(["-q", "--no-header", "--no-summary", "-m", MARKS, *warm.options(work)], plugins=[warm])


def _report(chosen: list[Fault], known: dict[str, str], excused: dict[str, str]) -> None:
    judged = [
        (fault.module.rpartition("/")[0], known.get(_key(fault), "unjudged") in NOTICED)
        for fault in chosen
        if fault.name not in excused
    ]
    for folder in sorted({folder for folder, _ in judged}):
        of_folder = [noticed for where, noticed in judged if where == folder]
        print(f"{folder}: {sum(of_folder)} of {len(of_folder)}")
    noticed = sum(noticed for _, noticed in judged)
    share = 100 * noticed / len(judged) if judged else 0.0
    excuses = len(chosen) - len(judged)
    print(f"{noticed} of {len(judged)} noticed, {share:.1f} %; {excuses} judged equivalent")


if __name__ == "__main__":
    app()
