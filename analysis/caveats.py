"""Caveats of trials, told once: those that differ in their numbers alone become one with ranges.

What a store says of itself, such as what could not be made equal, begins with its name and a colon.
It belongs to that store and becomes one note for all series that say the same.

SPDX-License-Identifier: Apache-2.0
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.records import Trial
from analysis.series import Series, Trials

NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class StoreNote:
    """All that a store says of itself, and the series of which it says so."""

    text: str
    series: tuple[Series, ...]


def store_notes(trials: Trials) -> list[StoreNote]:
    """A note for each store with caveats of its own, in the order of series; several for a store
    whose series differ in what it says."""
    about: dict[tuple[str, frozenset[str]], list[Series]] = {}
    for one in trials.series:
        said = frozenset(NUMBER.sub("#", caveat) for trial in trials.of_series(one)
                         for caveat in of_store(trial))
        if said:
            about.setdefault((one.store, said), []).append(one)
    notes = []
    for (store, _), series in about.items():
        told = grouped([trial for one in series for trial in trials.of_series(one)],
                       of_store)
        sentences = "; ".join(text.removeprefix(f"{store}: ").rstrip(".") for text, _ in told)
        notes.append(StoreNote(f"{store}: {sentences}.", tuple(series)))
    return notes


def of_store(trial: Trial) -> list[str]:
    """What its store says of itself."""
    return [caveat for caveat in trial.caveats if caveat.startswith(f"{trial.store}: ")]


def general(trial: Trial) -> list[str]:
    """The other caveats."""
    own = of_store(trial)
    return [caveat for caveat in trial.caveats if caveat not in own]


def every(trial: Trial) -> list[str]:
    return trial.caveats


def grouped(trials: Sequence[Trial],
            which: Callable[[Trial], list[str]] = every) -> list[tuple[str, list[Trial]]]:
    """Each caveat in the order of first appearance, with the trials that it is about."""
    found: dict[str, list[tuple[str, Trial]]] = {}
    for trial in trials:
        for caveat in which(trial):
            found.setdefault(NUMBER.sub("#", caveat), []).append((caveat, trial))
    return [(with_ranges([text for text, _ in told]), [trial for _, trial in told])
            for told in found.values()]


def with_ranges(texts: Sequence[str]) -> str:
    """One text for texts that differ in their numbers alone: "took 1.3 to 3.2 % away"."""
    between = NUMBER.split(texts[0])
    columns = zip(*(NUMBER.findall(text) for text in texts), strict=True)
    words = [span(list(column)) for column in columns]
    return between[0] + "".join(word + rest for word, rest in zip(words, between[1:], strict=True))


def span(numbers: Sequence[str]) -> str:
    """"3", or "1.3 to 3.2"."""
    low, high = min(numbers, key=float), max(numbers, key=float)
    return low if low == high else f"{low} to {high}"
