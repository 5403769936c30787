"""A metric of one selection, over that of another, lies within bounds.

With `each`, an axis, at every value of it that the first selection has.
"""
# SPDX-License-Identifier: Apache-2.0

import math

from analysis.checking import ANY, Outcome, Point, Selection, bounds, number, outcome, split
from analysis.metrics import digits
from analysis.series import Trials


def check(trials: Trials, metric: str, of: Selection, over: Selection = ANY,
          low: float | None = None, high: float | None = None, each: str = "",
          statistic: str = "median") -> Outcome:
    limits = bounds(low, high)
    points = []
    for label, selection in split(trials, each, of).items():
        upper = number(trials, metric, selection, statistic)
        same = {each: selection[each]} if each else {}
        lower = number(trials, metric, {**over, **same}, statistic)
        ratio = upper / lower if lower else math.inf
        points.append(Point(label or f"{digits(upper)} ÷ {digits(lower)}", ratio, *limits))
    return outcome(points)
