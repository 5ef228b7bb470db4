"""The clock by which a holder judges its own lease."""

import time


def boottime() -> float:
    """Seconds that also pass while the machine sleeps, where the system tells; else monotonic seconds."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
