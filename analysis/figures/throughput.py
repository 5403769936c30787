"""Throughput.

Completed operations per second of the measure phase. Filled marks are medians of {repetitions}.
{interval} Rings are the single trials, crosses those that were not steady.
"""
# SPDX-License-Identifier: Apache-2.0

import pandas

from analysis.drawing import NothingToDraw
from analysis.metrics import METRICS, axis_label, axis_scale
from analysis.page import Page
from analysis.rows import draw_metric, largest_value, row_panels
from analysis.series import Trials

METRIC = "throughput_ops_per_second"


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    workloads = trials.having(METRIC)
    if not workloads:
        raise NothingToDraw("no trial has a throughput")
    largest = {name: largest_value(trials, name, [METRIC]) for name in workloads}
    divisor, unit = axis_scale(METRICS[METRIC].unit, largest.values())
    rows = []
    for axes, workload in zip(row_panels(page, workloads, trials.series), workloads, strict=True):
        rows += draw_metric(axes, trials, workload, METRIC, divisor)
    page.x_label(axis_label("throughput", unit))
    return pandas.DataFrame(rows)
