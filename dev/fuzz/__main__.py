"""`python -m dev.fuzz [KIND]… [--seed N] [--first N] [--count N]`: all kinds, with a fresh seed, where none is named."""

import argparse
import random
import sys

from dev.fuzz.kinds import KINDS
from dev.fuzz.runner import run


def main() -> int:
    """0 where nothing raised."""
    parser = argparse.ArgumentParser(prog="python -m dev.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seed", type=int, help="draws the same again; fresh where none is given")
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--count", type=int, help="how many trials; a whole run where none is given")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.kinds) - KINDS.keys()):
        parser.error(f"no such kind: {', '.join(unknown)}")
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    found = 0
    for name in asked.kinds or KINDS:
        count = KINDS[name].count if asked.count is None else asked.count
        found += run(KINDS, name, seed, range(asked.first, asked.first + count))
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main())
