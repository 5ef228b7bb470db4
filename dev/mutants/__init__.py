"""Small faults put into the code one at a time, to see whether the tests notice: `python -m dev.mutants`.

`faults.py` says which faults there are, `targets.py` where, `reach.py` which tests come by. `warm.py` judges them in forks of one
process that has collected all tests, where `graft.py` puts them into the functions that live there; `judge.py` judges
those that do not fit so, in a process of their own.
"""
