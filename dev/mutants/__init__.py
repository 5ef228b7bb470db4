"""Small faults put into the code one at a time, to see whether the tests notice: `python -m dev.mutants`.

`faults.py` says which faults there are, `targets.py` where, `reach.py` which tests come by, `judge.py` runs them.
"""
