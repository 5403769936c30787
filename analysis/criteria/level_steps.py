"""From each level to the next deeper one a metric falls by as much.

Values less those of the next level lie within bounds. Metrics are those that are told by level:
filter_bits_per_entry, entries_written, blocks_read_per_get, filter_bytes, entries.
"""
# SPDX-License-Identifier: Apache-2.0

from itertools import pairwise

from analysis.by_level import by_level
from analysis.checking import ANY, Outcome, Point, Selection, bounds, label_of, outcome, select
from analysis.series import Trials


def check(trials: Trials, metric: str, of: Selection = ANY, low: float | None = None,
          high: float | None = None) -> Outcome:
    limits = bounds(low, high)
    points = []
    for trial in select(trials, of):
        values = list(by_level(trial, metric).items())
        for (level, above), (_, below) in pairwise(values):
            points.append(Point(f"{label_of(trials, trial)}, level {level}", above - below,
                                *limits))
    return outcome(points)
