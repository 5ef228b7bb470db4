"""Trials by the thousand, each drawn from the seed and its own number, so that one can be done again alone."""

import os
import random
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain

Trial = Callable[[random.Random], None]
"""Makes one input, gives it to what reads it, and raises where that is not as it must be."""

_AT_ONCE = 2_000
_FAULTS_MAX = 20


@dataclass(frozen=True)
class Kind:
    """A kind of input. `count`: trials of a whole run; `make test` does a hundredth of them."""

    trial: Trial
    count: int


@dataclass(frozen=True)
class Fault:
    """A trial that raised: its number, and the traceback."""

    number: int
    told: str


def drawn(seed: int, number: int) -> random.Random:
    """The chance of one trial."""
    return random.Random(f"{seed}/{number}")


def faults(trial: Trial, seed: int, numbers: range) -> Iterator[Fault]:
    """Those of the trials that raise."""
    for number in numbers:
        try:
            trial(drawn(seed, number))
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - a panic of a compiled reader is no Exception
            yield Fault(number, traceback.format_exc())


def run(kinds: Mapping[str, Kind], name: str, seed: int, numbers: range) -> int:
    """Do the trials on all cores and say what came of them; how many raised."""
    print(f"fuzz {name}: seed {seed}, trials {numbers.start} to {numbers.stop - 1}", flush=True)
    began, found = time.monotonic(), 0
    parts = [numbers[at : at + _AT_ONCE] for at in range(0, len(numbers), _AT_ONCE)]
    with ProcessPoolExecutor(min(len(parts), os.cpu_count() or 1) or 1) as pool:
        some = partial(_some, kinds[name].trial, seed)
        for fault in chain.from_iterable(pool.map(some, parts)):
            found += 1
            if found <= _FAULTS_MAX:
                again = f"python -m dev.fuzz {name} --seed {seed} --first {fault.number} --count 1"
                print(f"{fault.told}again: {again}", flush=True)
    print(f"fuzz {name}: {len(numbers)} trials, {found} faults, {time.monotonic() - began:.0f} s", flush=True)
    return found


def _some(trial: Trial, seed: int, numbers: range) -> list[Fault]:
    return list(faults(trial, seed, numbers))
