"""A tree as runs of so many entries: flush after flush, merge after merge, without the data.

Sizes are those to be expected: two runs of u and v entries, whose keys are drawn from U alike,
share u·v / U of them; runs of new keys share none. A level of one run merges what arrives into it,
a level of several collects runs. Two modes (who rewrites what is bound to cascade?):

- eager: what arrives in a level is merged there; a level that is full then goes down as one run, T
  runs of a tiered one, capacity F·T^i of a leveled one.
- preemptive (Dostoevsky, appendix D): what arrives goes on, without being written, to the first
  level that is not filled by it, and takes all it passes with it.

The deepest level that holds something is the last, as in engine/compaction/strategy.h: so the tree
grows, and a lazy-leveled tree that is still shallow has its leveled level higher up. Level 1 is
never the last where upper levels hold several runs.
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from analysis.model.layout import Layout

FULL = 1 - 1e-9  # of a capacity, so that rounding does not decide


@dataclass
class Tree:
    """Runs of every level, newest last. Level 1 takes the flushes."""

    layout: Layout
    levels: list[list[float]] = field(default_factory=list)
    written: float = 0.0  # entries, since they were last set to zero
    unique: float = 0.0  # that keys are drawn from; 0: every key is new

    @property
    def last(self) -> int:
        return max(1 if self.layout.runs_upper == 1 else 2, len(self.levels))

    @property
    def size(self) -> float:
        return sum(sum(level) for level in self.levels)

    def runs_max(self, level: int) -> int:
        return self.layout.runs_upper if level < self.last else self.layout.runs_last

    def at(self, level: int) -> list[float]:
        while len(self.levels) < level:
            self.levels.append([])
        return self.levels[level - 1]

    def merge(self, runs: Sequence[float]) -> float:
        """Entries of one run made of these."""
        size = 0.0
        for run in runs:
            size += run - (size * run / self.unique if self.unique else 0.0)
        return size

    def take(self, level: int) -> list[float]:
        """The runs of a level, which is empty then."""
        runs, self.levels[level - 1] = self.levels[level - 1], []
        return runs

    def put(self, level: int, run: float, alone: bool = False) -> None:
        """Writes a run: the newest of its level, or its only one."""
        self.at(level)[:] = [run] if alone else [*self.at(level), run]
        self.written += run

    def flush(self) -> None:
        run = float(self.layout.flush)
        if self.unique:
            run = self.unique * (1 - (1 - 1 / self.unique) ** self.layout.flush)
        if self.layout.eager:
            self.arrive(1, run)
        else:
            self.pass_on(run)

    def arrive(self, level: int, run: float) -> None:
        """Eager: writes the run at this level, then pushes the level down if that fills it."""
        while True:
            leveled = self.runs_max(level) == 1
            self.put(level, self.merge([*self.at(level), run]) if leveled else run, leveled)
            held = self.at(level)
            if leveled:
                full = held[0] >= self.layout.capacity(level) * FULL
            else:
                full = len(held) >= self.layout.ratio_of(level)
            if not full or (level == self.last and not self.grows(held, level)):
                return
            run = self.merge(self.take(level))
            level += 1

    def grows(self, runs: Sequence[float], level: int) -> bool:
        """Whether the runs of the last level go down: in a tiered one always, else if they fill it
        when they are merged."""
        tiered = self.layout.runs_last > 1 and self.layout.runs_last + 1 >= self.layout.ratio
        return tiered or self.merge(runs) >= self.layout.capacity(level) * FULL

    def pass_on(self, run: float) -> None:
        """Preemptive: merges the run with all levels that it fills, and writes it below them."""
        level, carried = 1, [run]
        while True:
            held = self.at(level)
            if self.runs_max(level) == 1:
                merged = self.merge([*held, *carried])
                if merged < self.layout.capacity(level) * FULL:
                    self.put(level, merged, alone=True)
                    return
            elif len(held) < self.runs_max(level):
                self.put(level, self.merge(carried))
                return
            elif level == self.last and not self.grows([*held, *carried], level):
                self.put(level, self.merge([*held, *carried]), alone=True)
                return
            carried = [*self.take(level), *carried]
            level += 1


def simulate(layout: Layout) -> Tree:
    """The tree after the window; its `written` counts the window only."""
    tree = Tree(layout)
    for _ in range(round(layout.loaded / layout.flush)):
        tree.flush()
    tree.written = 0.0
    tree.unique = float(layout.loaded) if layout.updates else 0.0
    for _ in range(round(layout.written / layout.flush)):
        tree.flush()
    return tree


def copies(layout: Layout) -> float:
    """Copies per entry of the window; of the load, where nothing was written after it."""
    if not layout.written:
        layout = replace(layout, loaded=0, written=layout.loaded)
    return simulate(layout).written / layout.written


def space(layout: Layout) -> float:
    """Obsolete entries for each live one, at the end of the window."""
    return simulate(layout).size / layout.unique - 1
