"""How many keys are new among so many: the primitives of Lim, Andersen and Kaminsky, FAST 2016.

"Towards Accurate and Fast Evaluation of Multi-Stage Log-Structured Designs", §3. Keys are drawn
independently; key k of N with probability f(k).
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Callable

import numpy

BISECTIONS = 200
EXACT_RANKS = 4096  # beyond, neighbouring ranks of a Zipf distribution share a probability
BINS = 4096


class Keys:
    """Popularity of N keys: equal, or Zipf's with an exponent."""

    def __init__(self, count: int, zipfian: float = 0.0):
        self.count = count
        edges = numpy.arange(min(EXACT_RANKS, count) + 1, dtype=float)
        if count > EXACT_RANKS:
            further = numpy.geomspace(EXACT_RANKS, count, BINS + 1)[1:]
            edges = numpy.concatenate([edges, numpy.unique(numpy.round(further))])
        self.sizes = numpy.diff(edges)
        weights = ((edges[:-1] + edges[1:] + 1) / 2) ** -zipfian
        self.chances = weights / float((weights * self.sizes).sum())

    def unique(self, requests: float) -> float:
        """Unique(p): distinct keys expected in so many requests."""
        stay_away = numpy.exp(requests * numpy.log1p(-numpy.minimum(self.chances, 1 - 1e-15)))
        return float((self.sizes * (1 - stay_away)).sum())

    def requests(self, unique: float) -> float:
        """Unique^-1(u): how many requests make so many distinct keys. REQUIRES: u < N."""
        return bisect(self.unique, unique)

    def merge(self, first: float, second: float) -> float:
        """Merge(u, v): distinct keys in two tables of u and v of them together."""
        if max(first, second) >= self.count * (1 - 1e-9):
            return float(self.count)
        return self.unique(self.requests(first) + self.requests(second))

    def interval(self, size: float) -> float:
        """DInterval: requests between two compactions of one key, where a level of `size` entries
        is compacted round robin. REQUIRES: size < N.

        What was compacted a share x of the round ago has Unique(x·interval) / N of its density
        back: the interval is that for which these add up to the size.
        """
        places, weights = numpy.polynomial.legendre.leggauss(32)

        def held(interval: float) -> float:
            return sum(weight / 2 * self.unique(interval * (place + 1) / 2)
                       for place, weight in zip(places, weights, strict=True))

        return bisect(held, size)


def bisect(rising: Callable[[float], float], wanted: float) -> float:
    """Where a rising function of a positive number reaches a value."""
    low, high = 0.0, 1.0
    while rising(high) < wanted:
        low, high = high, 2 * high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
        if high - low <= 1e-12 * high:
            break
    return high
