"""A metric only rises, or only falls, over an axis.

Steps the wrong way of up to `slack`, a share of the value before, are let pass. The value is the
worst step, as a share.
"""
# SPDX-License-Identifier: Apache-2.0

from itertools import pairwise

from analysis.checking import ANY, NothingToCheck, Outcome, Point, Selection, number, outcome, split
from analysis.errors import unknown
from analysis.series import Trials

SIGNS = {"rising": 1.0, "falling": -1.0}


def check(trials: Trials, metric: str, over: str, direction: str = "rising",
          of: Selection = ANY, slack: float = 0.0) -> Outcome:
    if direction not in SIGNS:
        raise unknown("direction", direction, SIGNS)
    values = {label: number(trials, metric, selection)
              for label, selection in split(trials, over, of).items()}
    if len(values) < 2:
        raise NothingToCheck(f"there is only one value of {over}")
    points = [Point(f"{after} after {before}", SIGNS[direction] * (value / first - 1), -slack)
              for (before, first), (after, value) in pairwise(values.items())]
    return outcome(points)
