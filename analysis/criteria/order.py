"""A metric rises from each selection of a list to the next.

By more than a factor of `margin`, 1 if it is not given. With `each`, an axis, at every value of it
that the first selection has. The value is the smallest such factor.
"""
# SPDX-License-Identifier: Apache-2.0

import math

from analysis.checking import Outcome, Point, Selection, number, outcome, selection_text, split
from analysis.errors import AnalysisError
from analysis.series import Trials


def check(trials: Trials, metric: str, rising: list[Selection], margin: float = 1.0,
          each: str = "") -> Outcome:
    if len(rising) < 2:
        raise AnalysisError("An order needs two selections or more in `rising`.")
    above = math.nextafter(margin, math.inf)
    points = []
    for label, first in split(trials, each, rising[0]).items():
        same = {each: first[each]} if each else {}
        for lower, upper in zip(rising, rising[1:], strict=False):
            step = (number(trials, metric, {**upper, **same})
                    / (number(trials, metric, {**lower, **same}) or math.nan))
            text = f"{selection_text(upper)} over {selection_text(lower)}"
            points.append(Point(f"{text}, {label}" if label else text, step, above))
    return outcome(points)
