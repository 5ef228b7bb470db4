"""`python -m dev.docs [--check]`: write the generated documents, or say which are stale (status 1)."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.docs import chart, metrics, models, reasons
from dev.machine import ROOT
from worker import settings

DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "docs/configuration.md": settings.reference,
    "docs/inventory.md": models.inventory,
    "docs/metrics.md": metrics.reference,
    "docs/services.md": models.services,
    "docs/suporte/motivos.md": reasons.catalogue,
    "helm/acende/README.md": chart.readme,
    "helm/acende/values.schema.json": chart.schema,
}
"""What makes each."""


def stale(root: Path = ROOT) -> list[str]:
    """Documents that are missing or differ from what they are made of."""
    return [
        name
        for name, made in DOCUMENTS.items()
        if not (root / name).exists() or (root / name).read_text("utf-8") != made()
    ]


def write(root: Path = ROOT) -> None:
    """Write every document."""
    for name, made in DOCUMENTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(made(), "utf-8")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The status."""
    parser = argparse.ArgumentParser(prog="python -m dev.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    if not parser.parse_args(arguments).check:
        write(root)
        return 0
    found = stale(root)
    for name in found:
        sys.stderr.write(f"{name} is stale: run make docs\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
