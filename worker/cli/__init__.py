"""`acende`, the command line. `worker.cli.root` lists the commands; each is imported when it is called."""

import sys


def main() -> None:
    """Run the command of `sys.argv`; exits with a status of `worker.cli.failure`."""
    if sys.argv[1:2] == ["parse"]:  # called by the thousand: nothing is imported that it does not need
        from worker.cli.reply import main as parse  # noqa: PLC0415

        sys.exit(parse(sys.argv[2:]))
    from worker.cli.root import run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))
