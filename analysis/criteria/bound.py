"""A metric lies within bounds in every trial of a selection.

With a statistic (median, mean, min, max) it is that of the selection which is bounded.
"""
# SPDX-License-Identifier: Apache-2.0

from analysis.checking import (ANY, Outcome, Point, Selection, bounds, label_of, number, outcome,
                               select)
from analysis.metrics import metric as known_metric
from analysis.series import Trials


def check(trials: Trials, metric: str, of: Selection = ANY, low: float | None = None,
          high: float | None = None, statistic: str = "") -> Outcome:
    limits = bounds(low, high)
    if statistic:
        value = number(trials, metric, of, statistic)
        return outcome([Point(f"{statistic} of {metric}", value, *limits)])
    known_metric(metric, trials.metric_names())
    return outcome([Point(label_of(trials, trial), trial.number(metric), *limits)
                    for trial in select(trials, of)])
