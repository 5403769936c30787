"""Metrics side by side.

One panel a metric. Filled marks are medians of {repetitions}. {interval} Rings are the single
trials, crosses those that were not steady.
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Sequence

import pandas

from analysis.drawing import NothingToDraw
from analysis.metrics import axis_label, axis_scale, metric
from analysis.page import Page
from analysis.rows import draw_metric, largest_value, row_panels
from analysis.series import Trials


def draw(page: Page, trials: Trials,
         metrics: str | Sequence[str] = "stall_seconds,throughput_worst_window_ops_per_second,"
                                        "latency_all_p999_ns") -> pandas.DataFrame:
    names = metrics.split(",") if isinstance(metrics, str) else metrics
    found = {name: metric(name, trials.metric_names()) for name in names}
    panels = {(workload, name): one
              for name, one in found.items() for workload in trials.having(name)}
    if not panels:
        raise NothingToDraw("no trial has any of these metrics")
    several = len({workload for workload, _ in panels}) > 1
    scales, titles = [], []
    for (workload, name), one in panels.items():
        scales.append(axis_scale(one.unit, [largest_value(trials, workload, [name])]))
        label = axis_label(one.title, scales[-1][1].replace(" operations/s", "/s"))
        titles.append(f"{workload}: {label}" if several else label)
    rows = []
    drawn = row_panels(page, titles, trials.series)
    for axes, (workload, name), (divisor, _) in zip(drawn, panels, scales, strict=True):
        rows += draw_metric(axes, trials, workload, name, divisor)
    return pandas.DataFrame(rows)
