"""Benchmarks: what the product does, beside its floor, both measured in the same run. `make bench`, `python -m bench NAME`."""
