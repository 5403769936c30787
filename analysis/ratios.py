"""Every series against a reference: the ratio of a metric, with its interval and what it shows.

The reference of a series is what is called so, by label, variant or store; of several the one at
the same place of the sweep, then of the same variant, durability class and profile. Intervals are
those of summary.geometric_ratio, corrected for all comparisons of one workload and metric by which
a difference could be claimed (Bonferroni), as in answer.py. None is claimed of series that differ
from their reference in durability class or profile, or if only one of the two was steady.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import AnalysisError, unknown
from analysis.metrics import metric
from analysis.series import IN_THE_KEY, Series, Trials
from analysis.summary import Estimate, Ratio, corrected, geometric_ratio

BETTER, WORSE, UNDECIDED = "better", "worse", "no difference shown"
HIGHER, LOWER = "higher", "lower"  # where neither is better
FEW = "too few repetitions"
OTHER_DURABILITY, OTHER_PROFILE = "other durability", "other profile"
NOT_STEADY = "not steady"
NO_REFERENCE = "the reference has no number"
NO_RATIO = "no ratio of zeros"


@dataclass(frozen=True)
class Comparison:
    """How many times that of its reference a metric of one series is, on one workload."""

    workload: str
    metric: str
    series: Series
    reference: Series
    ratio: Ratio
    verdict: str  # one of the words above, or why there is no number


def compare(trials: Trials, name: str, to: str) -> list[Comparison]:
    """All series but the references, on every workload that has the metric.

    AnalysisError if nothing is called `to`, or if it is not clear which of several is meant.
    """
    references = references_of(trials, to)
    return [one for workload in trials.having(name)
            for one in compare_on(trials, workload, name, references)]


def compare_on(trials: Trials, workload: str, name: str,
               references: dict[Series, Series]) -> list[Comparison]:
    pairs = {one: (trials.estimate(workload, one, name), trials.estimate(workload, reference, name))
             for one, reference in references.items()}
    refused = {one: refusal(one, references[one], *pair, trials.missing(workload, one))
               for one, pair in pairs.items()}
    confidence = corrected(sum(not reason for reason in refused.values()))
    found = []
    for one, (mine, other) in pairs.items():
        ratio = geometric_ratio(mine.values, other.values, confidence)
        found.append(Comparison(workload, name, one, references[one], ratio,
                                refused[one] or judge(name, ratio)))
    return found


def refusal(one: Series, reference: Series, mine: Estimate, other: Estimate, missing: str) -> str:
    """Why no difference can be claimed, whatever the numbers are; "" if it can."""
    if not mine.n:
        return missing
    if not other.n:
        return NO_REFERENCE
    if one.durability != reference.durability:
        return OTHER_DURABILITY
    if one.profile != reference.profile:
        return OTHER_PROFILE
    return NOT_STEADY if mine.steady != other.steady else ""


def judge(name: str, ratio: Ratio) -> str:
    """What the interval shows."""
    if not math.isfinite(ratio.ratio):
        return NO_RATIO
    if not ratio.has_interval:
        return FEW
    if not ratio.shows_difference:
        return UNDECIDED
    better = metric(name, [name]).better
    if not better:
        return HIGHER if ratio.ratio > 1 else LOWER
    return BETTER if (ratio.ratio > 1) == (better == "higher") else WORSE


def references_of(trials: Trials, to: str) -> dict[Series, Series]:
    """Each series that is no reference -> the one that it is compared with."""
    named = called(trials, to)
    if not named:
        names = [*trials.stores, *(one.label for one in trials.series)]
        raise unknown("store or series to compare with", to, dict.fromkeys(names))
    found = {}
    for one in trials.series:
        if one not in named:
            near = nearest(one, named)
            if len(near) > 1:
                labels = " and ".join(other.label for other in near)
                raise AnalysisError(f"To compare {one.label} with {to!r} may mean {labels}; name "
                                    "one of them by its label or variant.")
            found[one] = near[0]
    return found


def called(trials: Trials, to: str) -> list[Series]:
    """The series of that label; if there is none, those of that variant, or of that store."""
    for name_of in (lambda one: one.label, lambda one: one.variant, lambda one: one.store):
        if found := [one for one in trials.series if name_of(one) == to]:
            return found
    return []


def nearest(one: Series, named: Sequence[Series]) -> list[Series]:
    """Those that differ the least from a series: the sweep first."""
    def likeness(other: Series) -> tuple[int, ...]:
        mine = {name: value for name, value in one.point if name not in IN_THE_KEY}
        same = sum(mine.get(name) == value for name, value in other.point if name in mine)
        return (same, one.variant == other.variant, one.durability == other.durability,
                one.profile == other.profile)
    best = max(likeness(other) for other in named)
    return [other for other in named if likeness(other) == best]


def clear_names(trials: Trials, store: str) -> list[str]:
    """What to compare with to compare with a store: its name if that is clear, or the labels of
    all its series; [] if it is the only store, or there is no series of it."""
    named = [one for one in trials.series if one.store == store]
    others = [one for one in trials.series if one.store != store]
    if not named or not others:
        return []
    is_clear = all(len(nearest(one, called(trials, store))) == 1 for one in others)
    return [store] if is_clear else [one.label for one in named]
