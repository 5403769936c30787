"""Caveats of trials, told once: those that differ in their numbers alone become one with ranges.

SPDX-License-Identifier: Apache-2.0
"""

import re
from collections.abc import Sequence

from analysis.records import Trial

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def grouped(trials: Sequence[Trial]) -> list[tuple[str, list[Trial]]]:
    """Each caveat in the order of first appearance, with the trials that it is about."""
    found: dict[str, list[tuple[str, Trial]]] = {}
    for trial in trials:
        for caveat in trial.caveats:
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
