"""`python -m bench [NAME…] [--runs N] [--json]`: measure, and print the figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench import device, first_byte, ingest
from bench.figures import Figure, table
from bench.servers import Servers

BENCHMARKS = {"ingest": ingest.measure, "device": device.measure, "first-byte": first_byte.measure}


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all if none is given"
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each, of which the median counts (default: 3)"
    )
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    given = parser.parse_args()
    if unknown := set(given.names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    figures = asyncio.run(measured(given.names or list(BENCHMARKS), given.runs))
    if given.json:
        print(json.dumps([figure.as_json() for figure in figures], indent=1))
    else:
        Console(width=160).print(table(figures))


async def measured(names: list[str], runs: int) -> list[Figure]:
    """The figures of these benchmarks, in their order."""
    figures: list[Figure] = []
    with Servers() as servers, tempfile.TemporaryDirectory(prefix="acende-bench-") as folder:
        for name in names:
            figures += await BENCHMARKS[name](servers, Path(folder), runs, _say)
    return figures


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
