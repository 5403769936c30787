"""Write cost of leveled compaction file by file: Lim, Andersen and Kaminsky, FAST 2016, §4.2.

Copies per entry, without the log. Of level l, round robin:

    [Merge(Unique(I_l), S_(l+1)) + Unique(I_l)] / I_l,  I_l = I_(l-1) + DInterval(S_l)

where I_0 is what level 0 collects before it is merged, with [Merge(Unique(I_0), S_1)] / I_0. The
last level holds all keys. Level sizes and flushes are those of the trial, in entries.
"""
# SPDX-License-Identifier: Apache-2.0

from analysis.model.layout import Layout
from analysis.model.unique import Keys


def sizes_of(layout: Layout) -> list[float]:
    """S_1 ... S_L: capacities as far as there are keys for them; the last holds all keys."""
    sizes = [layout.capacity(1)]
    while sum(sizes) < layout.unique:
        sizes.append(sizes[-1] * layout.ratio_of(len(sizes) + 1))
    return [*sizes[:-1], float(layout.unique)]


def copies(layout: Layout) -> float:
    """Copies per entry in the steady state."""
    keys, sizes = Keys(layout.unique, layout.zipfian), sizes_of(layout)
    cost = keys.unique(layout.flush) / layout.flush
    interval = float(layout.flush * layout.flushes_level0)
    cost += keys.merge(keys.unique(interval), sizes[0]) / interval
    for size, below in zip(sizes, sizes[1:], strict=False):
        interval += keys.interval(size)
        moved = keys.unique(interval)
        cost += (keys.merge(moved, below) + moved) / interval
    return cost


def worst(layout: Layout) -> float:
    """The folklore that it is compared with: one for the flush, one for level 1, and T + 1 for
    every level below, each full and without a key in common."""
    return 2 + sum(layout.ratio_of(level + 1) + 1 for level in range(1, len(sizes_of(layout))))
