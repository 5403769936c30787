"""The share of one level, or of all above the last, in a metric of the tree lies within bounds.

`level` is "last" (the deepest that has any), "upper" (all others) or a number; metrics are those
that are told by level: entries_written, blocks_read_per_get, filter_bytes, entries.
"""
# SPDX-License-Identifier: Apache-2.0

import math

from analysis.by_level import by_level
from analysis.checking import ANY, Outcome, Point, Selection, bounds, label_of, outcome, select
from analysis.errors import AnalysisError
from analysis.series import Trials


def check(trials: Trials, metric: str, level: str | int = "last", of: Selection = ANY,
          low: float | None = None, high: float | None = None) -> Outcome:
    if level not in ("last", "upper") and not isinstance(level, int):
        raise AnalysisError(f'level is "last", "upper" or a number, not {level!r}.')
    limits = bounds(low, high)
    return outcome([Point(label_of(trials, trial), share(by_level(trial, metric), level), *limits)
                    for trial in select(trials, of)])


def share(values: dict[int, float], level: str | int) -> float:
    """NaN where there is nothing to have a share of."""
    total = sum(values.values())
    if not values or not total > 0:
        return math.nan
    last = values[max(values)] / total
    if isinstance(level, int):
        return values.get(level, 0.0) / total
    return last if level == "last" else 1 - last
