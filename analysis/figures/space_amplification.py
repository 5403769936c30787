"""Space amplification.

Bytes of live files for each byte of live keys and values: at the end of the measure phase, settled
(after all compaction is done), and at the worst moment of the measure phase. Filled marks are
medians of {repetitions}. {interval} Rings are the single trials. The line at 1 is a store without
any overhead.
"""
# SPDX-License-Identifier: Apache-2.0

import pandas

from analysis.drawing import NothingToDraw, estimate_row
from analysis.page import Page
from analysis.rows import (draw_estimate, finish_axis, largest_value, marked, missing_row,
                           number_at_right, row_panels)
from analysis.series import Trials

MOMENTS = {
    "space_amplification_settled": ("settled", "#009E73", "s"),
    "space_amplification": ("end of measure", "#0072B2", "o"),
    "space_amplification_peak": ("peak", "#D55E00", "^"),
}


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    workloads = [name for name in trials.workloads
                 if any(name in trials.having(metric) for metric in MOMENTS)]
    if not workloads:
        raise NothingToDraw("no trial has a space amplification")
    rows = []
    panels = row_panels(page, workloads, trials.series, row_in=0.48)
    for axes, workload in zip(panels, workloads, strict=True):
        for y, one in enumerate(trials.series):
            axes.axhline(y - 0.5, color="#e3e3e3", linewidth=0.5)
            for step, (metric, (_, colour, marker)) in enumerate(MOMENTS.items()):
                at = y + 0.3 * (step - 1) - 0.05
                estimate = draw_estimate(axes, trials, workload, one, metric, at,
                                         look=(colour, marker), rings_below=0.13)
                if estimate.n:
                    number_at_right(axes, at, marked(estimate))
                else:
                    missing_row(axes, at, trials.missing(workload, one))
                rows.append(estimate_row(workload, one, metric, estimate))
        axes.axvline(1, color="#777777", linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        finish_axis(axes, largest_value(trials, workload, list(MOMENTS)))
    page.x_label("space amplification (bytes of files ÷ live user bytes)")
    handles = [panels[0].plot([], [], marker=marker, color=colour, linestyle="none",
                              markersize=4.6)[0] for _, colour, marker in MOMENTS.values()]
    page.legend(handles, [moment for moment, _, _ in MOMENTS.values()])
    return pandas.DataFrame(rows)
