"""Statistics over repetitions: medians with bootstrap intervals, ratios with intervals.

- An estimate is the median of its repetitions and always carries their number n. Its interval is
  the seeded percentile bootstrap of the median (not BCa: the acceleration term is not defined for
  a statistic that jumps, as the median does). No interval is given for n < 3.
- The interval of a median cannot hold the true one more often than 1 - 2^(1-n), whatever is asked
  for: 75 % for n = 3, 94 % for n = 5, 99.8 % for n = 10. coverage_limit says so in every report.
- A ratio is that of geometric means, with Welch's t interval of the difference of mean logarithms:
  it keeps its promise for three repetitions, which a bootstrap of so few does not.
- Trials found not steady are never mixed with steady ones: only the steady ones enter an estimate
  if there are any; if there are none, all enter and the estimate is marked.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy import special

CONFIDENCE = 0.95
REPETITIONS_MIN = 3  # for an interval
RESAMPLES = 9999
SEED = 20_240_601


@dataclass(frozen=True)
class Estimate:
    """A median with its interval (NaN where n < 3) and the number of repetitions behind it."""

    median: float
    low: float
    high: float
    n: int
    steady: bool = True
    values: tuple[float, ...] = ()

    @property
    def has_interval(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)


@dataclass(frozen=True)
class Ratio:
    """A ratio of geometric means with its interval (NaN where either side has n < 3)."""

    ratio: float
    low: float
    high: float
    n: int

    @property
    def has_interval(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def shows_difference(self) -> bool:
        """True if the interval leaves out 1."""
        return self.has_interval and (self.low > 1 or self.high < 1)


NOTHING = Estimate(math.nan, math.nan, math.nan, 0)


def corrected(comparisons: int) -> float:
    """The confidence of each of so many comparisons at which all of them hold together
    (Bonferroni)."""
    return 1 - (1 - CONFIDENCE) / max(1, comparisons)


def finite(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values if math.isfinite(value)]


def bootstrap_median(values: Sequence[float], confidence: float = CONFIDENCE,
                     seed: int = SEED) -> tuple[float, float]:
    """The percentile bootstrap interval of the median. (NaN, NaN) for fewer than 3 values."""
    if len(values) < REPETITIONS_MIN:
        return math.nan, math.nan
    data = numpy.sort(numpy.asarray(values, dtype=float))
    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    picks = generator.integers(0, len(data), size=(RESAMPLES, len(data)))
    medians = numpy.sort(numpy.median(data[picks], axis=1))
    tail = (1 - confidence) / 2
    low = medians[math.floor(tail * (RESAMPLES + 1)) - 1]
    high = medians[math.ceil((1 - tail) * (RESAMPLES + 1)) - 1]
    return float(low), float(high)


def estimate(values: Sequence[float], steady: Sequence[bool] | None = None) -> Estimate:
    """The estimate of these repetitions; NaNs are not counted. steady[i] tells of values[i]."""
    flags = [True] * len(values) if steady is None else list(steady)
    pairs = [(v, s) for v, s in zip(values, flags, strict=True) if math.isfinite(v)]
    if not pairs:
        return NOTHING
    any_steady = any(s for _, s in pairs)
    used = sorted(float(v) for v, s in pairs if s or not any_steady)
    low, high = bootstrap_median(used)
    return Estimate(float(numpy.median(used)), low, high, len(used), any_steady, tuple(used))


def geometric_ratio(a: Sequence[float], b: Sequence[float],
                    confidence: float = CONFIDENCE) -> Ratio:
    """How many times the geometric mean of b the geometric mean of a is.

    NaN if a value is not positive; no interval if a or b has fewer than 3 values.
    """
    a, b = finite(a), finite(b)
    if not a or not b or min(a) <= 0 or min(b) <= 0:
        return Ratio(math.nan, math.nan, math.nan, 0)
    log_a, log_b = numpy.log(a), numpy.log(b)
    difference = float(log_a.mean() - log_b.mean())
    n = min(len(a), len(b))
    if n < REPETITIONS_MIN:
        return Ratio(math.exp(difference), math.nan, math.nan, n)
    half = welch_half_width(log_a, log_b, confidence)
    return Ratio(math.exp(difference), math.exp(difference - half), math.exp(difference + half), n)


def welch_half_width(a: numpy.ndarray, b: numpy.ndarray, confidence: float) -> float:
    """Half the width of Welch's t interval for the difference of two means."""
    error_a, error_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = float(error_a + error_b)
    if error < 1e-30:
        return 0.0
    freedom = error**2 / (error_a**2 / (len(a) - 1) + error_b**2 / (len(b) - 1))
    return float(special.stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(error)


def coverage_limit(n: int) -> float:
    """How often the interval of a median of n values can hold the true median at most."""
    return 1 - 2.0 ** (1 - n) if n >= 1 else 0.0


def middle(values: Sequence[float]) -> list[int]:
    """Positions of the one or two values whose mean is the median; NaNs are left out."""
    order = sorted((value, at) for at, value in enumerate(values) if math.isfinite(value))
    if not order:
        return []
    half = len(order) // 2
    pair = order[half:half + 1] if len(order) % 2 else order[half - 1:half + 1]
    return [at for _, at in pair]
