"""`python -m worker.cli` is `acende`."""

from worker.cli import main

main()
