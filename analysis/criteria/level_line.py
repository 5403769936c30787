"""Summed up over the levels above the last, a metric is a straight line.

The value is R squared, the share of the sums' variance that the least-squares line explains; it is
at least `low`. Metrics are those that are told by level.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from itertools import accumulate

import numpy

from analysis.by_level import by_level
from analysis.checking import ANY, Outcome, Point, Selection, label_of, outcome, select
from analysis.series import Trials


def check(trials: Trials, metric: str, of: Selection = ANY, low: float = 0.99) -> Outcome:
    return outcome([Point(label_of(trials, trial), r_squared(by_level(trial, metric)), low)
                    for trial in select(trials, of)])


def r_squared(values: dict[int, float]) -> float:
    """Of at least three levels above the last; NaN of fewer."""
    levels = sorted(values)[:-1]
    if len(levels) < 3:
        return math.nan
    sums = list(accumulate(values[level] for level in levels))
    return float(numpy.corrcoef(levels, sums)[0, 1] ** 2)
