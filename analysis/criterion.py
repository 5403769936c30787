"""The criteria of an experiment: its [[criterion]] entries, judged by its trials.

A criterion is PASS, FAIL, or NOT CHECKED where no finished trial can tell. criteria.json and
criteria.csv in the results directory hold all of them.
"""
# SPDX-License-Identifier: Apache-2.0

import csv
import importlib
import inspect
import json
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.checking import NothingToCheck, Outcome, bounds_text
from analysis.errors import AnalysisError, unknown
from analysis.metrics import digits
from analysis.series import Trials

HERE = Path(__file__).parent
TEXTS = ("claim", "row", "check")
COLUMNS = ("state", "claim", "row", "check", "value", "low", "high", "detail")
PASS, FAIL, NOT_CHECKED = "PASS", "FAIL", "NOT CHECKED"
CLAIM_CHARACTERS = 64


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    run: Callable[..., Outcome]

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What a [[criterion]] entry may set: the arguments after the trials."""
        return dict(list(inspect.signature(self.run).parameters.items())[1:])


@dataclass(frozen=True)
class Judged:
    """One criterion with what came of it."""

    claim: str
    row: str  # of which paper's figure
    check: str
    outcome: Outcome | None
    reason: str = ""  # why there is no outcome

    @property
    def state(self) -> str:
        if self.outcome is None:
            return NOT_CHECKED
        return PASS if self.outcome.passed else FAIL

    @property
    def measured(self) -> str:
        return digits(self.outcome.value) if self.outcome else ""

    @property
    def bounds(self) -> str:
        return bounds_text(self.outcome.low, self.outcome.high) if self.outcome else ""

    @property
    def detail(self) -> str:
        return self.outcome.detail if self.outcome else self.reason


def checks() -> dict[str, Check]:
    """Every kind of check, by name."""
    names = sorted(path.stem for path in (HERE / "criteria").glob("*.py")
                   if not path.stem.startswith("_"))
    return {name: read_check(name) for name in names}


def read_check(name: str) -> Check:
    module = importlib.import_module(f"analysis.criteria.{name}")
    title = (inspect.getdoc(module) or "").partition("\n")[0].strip().rstrip(".")
    if not title or not hasattr(module, "check"):
        raise AnalysisError(f"analysis/criteria/{name}.py needs a docstring and a check().")
    return Check(name, title, module.check)


def judge(trials: Trials) -> list[Judged]:
    """Every criterion of the experiment, in its order."""
    if not isinstance(trials.criteria, Sequence):
        raise AnalysisError("In experiment.toml a criterion is written [[criterion]], in two "
                            "brackets.")
    known = checks()
    return [judge_one(entry, known, trials) for entry in trials.criteria]


def judge_one(entry: Mapping[str, Any], known: Mapping[str, Check], trials: Trials) -> Judged:
    for name in TEXTS:
        if not isinstance(entry.get(name), str):
            raise AnalysisError(f"A [[criterion]] entry of experiment.toml has no {name}.")
    if entry["check"] not in known:
        raise unknown("check", entry["check"], known)
    check = known[entry["check"]]
    parameters = {name: value for name, value in entry.items() if name not in TEXTS}
    check_names(check, parameters)
    texts = [entry[name] for name in TEXTS]
    try:
        return Judged(*texts, check.run(trials, **parameters))
    except NothingToCheck as reason:
        return Judged(*texts, None, str(reason))


def check_names(check: Check, parameters: Mapping[str, Any]) -> None:
    """AnalysisError for a parameter that the check does not take, or does not get."""
    for name in parameters:
        if name not in check.parameters:
            raise unknown(f"parameter of check {check.name}", name, check.parameters)
    for name, parameter in check.parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in parameters:
            raise AnalysisError(f"A criterion with check {check.name} needs {name}.")


def all_passed(judged: Sequence[Judged]) -> bool:
    return all(one.state == PASS for one in judged)


def write(judged: Sequence[Judged], folder: Path) -> None:
    """criteria.json and criteria.csv, as docs/results.md defines them."""
    rows = [{name: plain(value) for name, value in row_of(one).items()} for one in judged]
    table = [{**row, "points": points_of(one)} for row, one in zip(rows, judged, strict=True)]
    text = json.dumps({"schema": 1, "criteria": table}, indent=1, ensure_ascii=False)
    (folder / "criteria.json").write_text(text + "\n", encoding="utf-8")
    with (folder / "criteria.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def row_of(one: Judged) -> dict[str, Any]:
    numbers = ((one.outcome.value, one.outcome.low, one.outcome.high) if one.outcome
               else (math.nan,) * 3)
    return dict(zip(COLUMNS, (one.state, one.claim, one.row, one.check, *numbers, one.detail),
                    strict=True))


def points_of(one: Judged) -> list[dict[str, Any]]:
    points = one.outcome.points if one.outcome else ()
    return [{"label": point.label, "measured": plain(point.measured), "low": plain(point.low),
             "high": plain(point.high), "expected": plain(point.expected),
             "passed": point.passed} for point in points]


def plain(value: Any) -> Any:
    """None for what JSON cannot hold: bounds that are not there, numbers that are unknown."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text_lines(judged: Sequence[Judged]) -> list[str]:
    """The table that the command line shows; nothing for an experiment without criteria."""
    if not judged:
        return []
    heads = ("", "claim", "measured", "bounds")
    rows = []
    for one in judged:
        claim = textwrap.wrap(one.claim, CLAIM_CHARACTERS) or [""]
        rows.append((one.state, claim[0], one.measured, one.bounds))
        rows += [("", line, "", "") for line in claim[1:]]
        if one.state != PASS:
            rows += [("", f"  {line}", "", "")
                     for line in textwrap.wrap(one.detail, CLAIM_CHARACTERS - 2)]
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
             for row in [heads, *rows]]
    count = sum(one.state == PASS for one in judged)
    return [*lines, f"{count} of {len(judged)} criteria are met."]
