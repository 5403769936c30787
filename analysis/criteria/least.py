"""A metric of one selection is no larger than that of every trial of another.

By up to `slack`, a share, it may be. The value is its ratio to the least of the others.
"""
# SPDX-License-Identifier: Apache-2.0

from analysis.checking import ANY, Outcome, Point, Selection, number, outcome, split
from analysis.metrics import digits
from analysis.series import Trials


def check(trials: Trials, metric: str, of: Selection, among: Selection = ANY,
          slack: float = 0.0) -> Outcome:
    mine = number(trials, metric, of)
    points = [Point(f"{digits(mine)} ÷ {digits(other)} of {label.removeprefix('variant ')}",
                    mine / other, high=1 + slack)
              for label, selection in split(trials, "variant", among).items()
              if (other := number(trials, metric, selection))]
    return outcome(points)
