"""Benchmarks: what the product does, beside its floor, both measured in the same run. `make bench`, `python -m bench NAME`."""

import logging

# A broker that has just started, and a group that is new, are warned of at length.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
