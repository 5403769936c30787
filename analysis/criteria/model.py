"""A metric agrees with a cost model in every trial of a selection.

Either within a tolerance, a share of what the model says; or between low and high times that. The
metric is the one that the model predicts, unless another is named.
"""
# SPDX-License-Identifier: Apache-2.0

import math

from analysis.checking import ANY, Outcome, Point, Selection, bounds, label_of, outcome, select
from analysis.metrics import digits
from analysis.metrics import metric as known_metric
from analysis.model.table import model_named
from analysis.series import Trials


def check(trials: Trials, model: str, of: Selection = ANY, tolerance: float | None = None,
          low: float | None = None, high: float | None = None, metric: str = "") -> Outcome:
    theory = model_named(model)
    name = metric or theory.metric
    known_metric(name, trials.metric_names())
    if tolerance is not None:
        low, high = 1 - tolerance, 1 + tolerance
    factors = bounds(low, high)
    points = []
    for trial in select(trials, of):
        expected = theory.predict(trial)
        limits = [expected * factor if math.isfinite(factor) else factor for factor in factors]
        points.append(Point(label_of(trials, trial), trial.number(name), *limits, expected))
    found = outcome(points)
    worst = max(points, key=lambda point: point.excess)
    return outcome(points, f"{digits(found.value)} where {model} says {digits(worst.expected)}")
