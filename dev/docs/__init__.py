"""What stands in docs/ and helm/ and is made from the code: `python -m dev.docs` writes it, `--check` only compares."""
