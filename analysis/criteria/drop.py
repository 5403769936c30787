"""A metric falls from one value of an axis to another in one selection, and less in a second.

The drop is 1 − metric(end) ÷ metric(begin), a share; the value is the drop of the first selection
over that of the second. `per` divides the metric by another one first.
"""
# SPDX-License-Identifier: Apache-2.0

from analysis.checking import Outcome, Point, Selection, bounds, number, outcome
from analysis.metrics import digits
from analysis.series import Trials

DROP_MIN = 1e-6  # that a drop counts as, so that any is far more than none


def check(trials: Trials, metric: str, of: Selection, than: Selection, begin: Selection,
          end: Selection, low: float | None = None, high: float | None = None,
          per: str = "") -> Outcome:
    def value(selection: Selection) -> float:
        return number(trials, metric, selection) / (number(trials, per, selection) if per else 1)

    def drop(selection: Selection) -> float:
        return 1 - value({**selection, **end}) / value({**selection, **begin})

    first, second = drop(of), drop(than)
    ratio = first / max(second, DROP_MIN)
    return outcome([Point(f"a drop of {digits(first)} against {digits(second)}", ratio,
                          *bounds(low, high))])
