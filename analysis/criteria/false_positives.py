"""Filters answer yes for absent keys as often as theory says.

To within the larger of a share, `tolerance`, of the expected rate and `sigmas` standard deviations
of a binomial count of as many answers.
"""
# SPDX-License-Identifier: Apache-2.0

import math

from analysis.checking import (ANY, NothingToCheck, Outcome, Point, Selection, label_of,
                               outcome, select)
from analysis.series import Trials


def check(trials: Trials, metric: str = "filter_false_positive_rate", of: Selection = ANY,
          tolerance: float = 0.03, sigmas: float = 4.0) -> Outcome:
    points = []
    for trial in select(trials, of):
        expected = trial.number(f"{metric}_expected")
        if not math.isfinite(expected):
            raise NothingToCheck(f"nothing is expected of {label_of(trials, trial)}")
        room = max(tolerance * expected,
                   sigmas * deviation(expected, trial.number("filter_probes_absent")))
        points.append(Point(label_of(trials, trial), trial.number(metric),
                            expected - room, expected + room, expected))
    return outcome(points)


def deviation(rate: float, answers: float) -> float:
    """Standard deviation of a share of so many answers, each of which is yes at this rate."""
    return math.sqrt(rate * (1 - rate) / answers)
