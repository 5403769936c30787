"""Rolling merges: O'Neil, Cheng, Gawlick and O'Neil, "The Log-Structured Merge-Tree", Acta
Informatica 33, 1996, §3.3.

Components C_0 ... C_K, of which C_i is r_i times as large as C_(i-1); all are full. Entries arrive
at a rate of R bytes a second, and pages have S_p bytes.
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Sequence

from analysis.model.layout import Layout


def page_rate(rate: float, page_bytes: float, ratios: Sequence[float]) -> float:
    """H: pages read and written a second, in (2R / S_p)·(sum of (1 + r_i) - 1/2).

    With equal ratios that is Eq. 3.6, (2R / S_p)·(K·(1 + r) - 1/2). C_0 is in memory: no page of it
    is read.
    """
    return 2 * rate / page_bytes * (sum(1 + ratio for ratio in ratios) - 0.5)


def equal_ratios(whole: float, components: int) -> list[float]:
    """Theorem 3.1: for a given size of the last component over the first, `whole`, and so many
    components on disk, equal ratios cost the fewest page I/Os."""
    return [whole ** (1 / components)] * components


def copies(layout: Layout) -> float:
    """Copies per entry: it is written into C_i together with the r_i entries of C_i around it."""
    return sum(1 + layout.ratio_of(level) for level in range(1, layout.levels + 1))
