"""Filters over the runs of a full tree: bits per key, false positives, and what a get pays.

Run sizes are those of runs.py. Bloom filters with an integer number of probes, as the engine
builds them: k of the two neighbours of b ln 2 that is better.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence

from analysis.errors import AnalysisError
from analysis.model import runs
from analysis.model.layout import Layout

DECAY = math.log(2) ** 2  # a rate is taken to be e^(-DECAY b) where bits are spread
ALLOCATIONS = ("uniform", "monkey", "not_last")


def bloom_rate(bits: float) -> float:
    """The false-positive rate of a Bloom filter of so many bits per key."""
    if bits <= 0:
        return 1.0
    low = max(1, int(bits * math.log(2)))
    return min((1 - math.exp(-probes / bits)) ** probes for probes in (low, low + 1))


def monkey_bits(sizes: Sequence[float], bits: float) -> list[float]:
    """Bits per key of each run: Dayan et al., "Monkey", SIGMOD 2017, section 4.1.

    Rates are proportional to sizes, c times them, and one where that would be more; c, found by
    bisection, is such that all take `bits` per key on average.
    """
    def spread(log_c: float) -> list[float]:
        return [max(0.0, -(log_c + math.log(size)) / DECAY) for size in sizes]

    wanted = bits * sum(sizes)
    low, high = -math.log(max(sizes)) - DECAY * bits, 0.0
    for _ in range(200):
        middle = (low + high) / 2
        total = sum(size * each for size, each in zip(sizes, spread(middle), strict=True))
        low, high = (middle, high) if total > wanted else (low, middle)
    return spread(high)


def run_bits(layout: Layout) -> list[tuple[int, float, float]]:
    """(level, entries, bits per key) of each run, newest level first, of the tree as it was loaded.
    """
    found = [(level, size) for level, sizes in enumerate(runs.simulate(layout).levels, start=1)
             for size in sizes]
    sizes = [size for _, size in found]
    if layout.filter_allocation not in ALLOCATIONS:
        raise AnalysisError("The cost models know nothing of filter_allocation "
                            f"{layout.filter_allocation!r}.")
    bits = [layout.filter_bits] * len(sizes)
    if layout.filter_allocation == "monkey":
        bits = monkey_bits(sizes, layout.filter_bits)
    elif layout.filter_allocation == "not_last":
        last = max(level for level, _ in found)
        bits = [0.0 if level == last else layout.filter_bits for level, _ in found]
    return [(level, size, each) for (level, size), each in zip(found, bits, strict=True)]


def false_positives(layout: Layout) -> float:
    """Blocks that a get of an absent key reads: the sum of the rates of all runs."""
    if layout.filter not in ("none", "bloom"):
        raise AnalysisError(f"The cost models know nothing of filter {layout.filter!r}.")
    bits = run_bits(layout)
    return float(len(bits)) if layout.filter == "none" else sum(bloom_rate(b) for _, _, b in bits)
