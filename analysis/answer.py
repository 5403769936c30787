"""What the numbers say: for each workload, which series is best, and whether that is shown.

Series of different durability classes, and those with their store's own defaults and others, are
never ranked together. Series that were not steady are
ranked only if none was. A difference is claimed only if the interval of the ratio leaves out 1,
at a confidence corrected for the number of comparisons (Bonferroni).
"""
# SPDX-License-Identifier: Apache-2.0

import math
from dataclasses import dataclass

from analysis.metrics import digits, format_interval, format_value, metric
from analysis.series import Series, Trials, profile_words
from analysis.summary import REPETITIONS_MIN, Estimate, Ratio, corrected, geometric_ratio

SUPERLATIVES = {
    "throughput_ops_per_second": "does the most operations per second",
    "latency_all_p99_ns": "has the lowest p99 latency",
    "write_amplification": "writes the least for each user byte",
    "blocks_read_per_get": "reads the fewest blocks per get",
    "space_amplification": "takes the least space",
}


@dataclass(frozen=True)
class Verdict:
    """The best series of one workload, durability class, profile and metric, and how sure that
    is."""

    workload: str
    terms: tuple[str, str]  # durability class and profile
    metric: str
    best: Series
    estimate: Estimate
    next: Series | None
    ratio: Ratio | None  # best to next
    rivals: tuple[Series, ...]  # no difference from the best is shown
    left_out: tuple[Series, ...]  # not steady

    @property
    def durability(self) -> str:
        return self.terms[0]

    @property
    def profile(self) -> str:
        return self.terms[1]

    @property
    def has_intervals(self) -> bool:
        return self.ratio is not None and self.ratio.has_interval


def verdicts(trials: Trials, name: str) -> list[Verdict]:
    """One verdict for each workload, durability class and profile in which the metric was
    measured."""
    found = []
    for workload in trials.having(name):
        for terms in trials.terms:
            verdict = judge(trials, workload, terms, name)
            if verdict is not None:
                found.append(verdict)
    return found


def judge(trials: Trials, workload: str, terms: tuple[str, str], name: str) -> Verdict | None:
    estimates = {one: trials.estimate(workload, one, name) for one in trials.series
                 if one.terms == terms}
    measured = {one: estimate for one, estimate in estimates.items() if estimate.n}
    steady = {one: estimate for one, estimate in measured.items() if estimate.steady}
    ranked = steady or measured
    if not ranked:
        return None
    sign = -1 if metric(name).better == "higher" else 1
    order = sorted(ranked, key=lambda one: (sign * ranked[one].median, one.index))
    best = order[0]
    confidence = corrected(len(order) - 1)
    ratios = {one: geometric_ratio(ranked[best].values, ranked[one].values, confidence)
              for one in order[1:]}
    rivals = tuple(one for one, ratio in ratios.items() if not ratio.shows_difference)
    after = order[1] if len(order) > 1 else None
    left_out = tuple(one for one in measured if one not in ranked)
    return Verdict(workload, terms, name, best, ranked[best], after,
                   ratios[after] if after else None, rivals, left_out)


def sentence(verdict: Verdict, durability_differs: bool) -> str:
    """The verdict in one sentence."""
    where = f"On {verdict.workload}"
    if durability_differs:
        where += f" with durability {verdict.durability}"
    if words := profile_words(verdict.profile):
        where += f", {words}"
    value = f"{interval_text(verdict.metric, verdict.estimate)}, n = {verdict.estimate.n}"
    if verdict.next is None:
        text = f"{where}, {verdict.best.label} has {metric(verdict.metric).title} {value}"
    elif not verdict.has_intervals:
        text = (f"{where}, {verdict.best.label} is ahead in {metric(verdict.metric).title} "
                f"({value}), {ratio_text(verdict.ratio)} the next, {verdict.next.label}; fewer "
                f"than {REPETITIONS_MIN} repetitions, so no difference is shown")
    elif not verdict.rivals:
        text = (f"{where}, {verdict.best.label} {SUPERLATIVES[verdict.metric]} ({value}), "
                f"{ratio_text(verdict.ratio)} the next, {verdict.next.label}")
    else:
        text = (f"{where}, {verdict.best.label} has the {extreme(verdict.metric)} median "
                f"{metric(verdict.metric).title} ({value}), but no difference is shown from "
                f"{names(verdict.rivals)}")
    if verdict.left_out:
        text += f"; not ranked because not steady: {names(verdict.left_out)}"
    elif not verdict.estimate.steady:
        text += "; no trial of it was steady"
    return text + "."


def short(verdict: Verdict | None) -> dict[str, str]:
    """The verdict for a cell of a small table: who, the value, and how sure."""
    if verdict is None:
        return {"best": "", "value": "", "note": ""}
    if verdict.next is None:
        note = ""
    elif not verdict.has_intervals:
        note = "no difference shown (too few repetitions)"
    elif verdict.rivals:
        note = f"no difference shown from {names(verdict.rivals)}"
    else:
        note = f"{ratio_text(verdict.ratio)} the next, {verdict.next.label}"
    dagger = "" if verdict.estimate.steady else " †"
    return {"best": verdict.best.label + dagger,
            "value": format_value(verdict.metric, verdict.estimate.median), "note": note}


def names(series: tuple[Series, ...], most: int = 4) -> str:
    labels = [one.label for one in series]
    if len(labels) > most:
        return f"{', '.join(labels[:most])} and {len(labels) - most} more"
    return " and ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def interval_text(name: str, estimate: Estimate) -> str:
    """A value as "899 K/s [889, 944]", without brackets if there is no interval."""
    value = format_value(name, estimate.median)
    if not estimate.has_interval:
        return value
    return f"{value} {format_interval(name, estimate.median, estimate.low, estimate.high)}"


def ratio_text(ratio: Ratio | None) -> str:
    if ratio is None or not math.isfinite(ratio.ratio):
        return "next to"
    text = f"{digits(ratio.ratio)} ×"
    if ratio.has_interval:
        text += f" [{digits(ratio.low)}, {digits(ratio.high)}]"
    return text


def extreme(name: str) -> str:
    return "highest" if metric(name).better == "higher" else "lowest"


def titles(metrics: tuple[str, ...]) -> list[str]:
    """Column heads: what is best is "highest" or "lowest"."""
    return [f"{extreme(name)} {metric(name).title}" for name in metrics]
