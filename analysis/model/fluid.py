"""Closed forms over a full Fluid LSM-tree: K runs in each upper level, Z in the last.

Both assume preemptive merging: what is bound to cascade is merged once.
"""
# SPDX-License-Identifier: Apache-2.0

from analysis.model.layout import Layout


def dostoevsky(layout: Layout) -> float:
    """Dayan and Idreos, "Dostoevsky", SIGMOD 2018, Eq. 12, times B: a tree that grows to be full.

    (T - 1) / (K + 1) copies in each upper level and (T - 1) / (Z + 1) in the last. Exact where K
    and Z are 1 or T - 1, an approximation between.
    """
    grown = layout.ratio - 1
    return (grown / (layout.runs_upper + 1) * (layout.levels - 1)
            + grown / (layout.runs_last + 1))


def wacky(layout: Layout) -> float:
    """Dayan and Idreos, "The Log-Structured Merge-Bush & the Wacky Continuum", SIGMOD 2019, Eq. 14,
    times B: unique entries stay as many, so the last level is always full.

    C / a_L + sum over upper levels of (r_i - 1) / (a_i + 1), with ratios r_i = T. The capping ratio
    C is the size of the last level over that of all above, (T - 1) / (1 - T^(1 - L)) for a full
    tree: T - 1 where there are many levels.
    """
    grown = layout.ratio - 1
    return (grown / layout.runs_last
            + grown / (layout.runs_upper + 1) * (layout.levels - 1))


def space(layout: Layout) -> float:
    """Dostoevsky Eq. 13 over unique entries: Z - 1 + 1 / (T - 1) obsolete entries for each live
    one, at worst."""
    return layout.runs_last - 1 + 1 / (layout.ratio - 1)
