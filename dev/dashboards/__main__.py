"""`python -m dev.dashboards [--check]`: write the dashboards of the chart, or say which are stale (status 1)."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dev.dashboards import fleet, olt, service
from dev.machine import ROOT

FOLDER = Path("helm/acende/files/dashboards")
_BOARDS = (service, fleet, olt)
_SHOWN = {"titleFormat": "{{alertname}}", "tagKeys": "severity,olt"}


def boards() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each dashboard as Grafana reads it, after its uid."""
    for made in _BOARDS:
        content = json.loads(json.dumps(made.build(), cls=JSONEncoder))
        for drawn in content["annotations"]["list"]:
            drawn.update(_SHOWN)  # of a Prometheus annotation; the library does not know them
        yield made.UID, content


def files() -> Iterator[tuple[Path, str]]:
    """Each dashboard: its file, and what stands in it."""
    for uid, content in boards():
        text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
        yield FOLDER / f"{uid}.json", text + "\n"


def stale(root: Path = ROOT) -> list[Path]:
    """Files that are missing, differ from what they are made of, or belong to no dashboard."""
    wanted = {root / name: text for name, text in files()}
    there = set((root / FOLDER).glob("*.json"))
    differ = {name for name, text in wanted.items() if name in there and name.read_text("utf-8") != text}
    return sorted(differ | (wanted.keys() ^ there))


def write(root: Path = ROOT) -> None:
    """Write every dashboard."""
    for name, text in files():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The status."""
    parser = argparse.ArgumentParser(prog="python -m dev.dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    if not parser.parse_args(arguments).check:
        write(root)
        return 0
    found = stale(root)
    for name in found:
        sys.stderr.write(f"{name} is stale: run make dashboards\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
