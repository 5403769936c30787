"""Criteria: what each check judges, what it says of mistakes, and where its outcome goes."""
# SPDX-License-Identifier: Apache-2.0

import csv
import json
import math
import re
from pathlib import Path

import pytest
import synthetic

from analysis import criterion, records, report, series
from analysis.checking import NothingToCheck, Point, outcome, plain, select
from analysis.errors import AnalysisError

RATIOS = [2, 4, 10]
# Space and write amplification of (variant, size ratio), the same in every repetition.
SPACE = {("leveled", 2): 1.1, ("leveled", 4): 1.2, ("leveled", 10): 1.3,
         ("tiered", 2): 2.2, ("tiered", 4): 3.0, ("tiered", 10): 2.6}
COPIES = {("leveled", 2): 5.0, ("leveled", 4): 7.6, ("leveled", 10): 13.5,
          ("tiered", 2): 5.0, ("tiered", 4): 3.75, ("tiered", 10): 2.7}


def bend(result):
    asked = result["trial"]
    key = (asked["variant"], asked["engine"]["size_ratio"])
    levels = {2: 10, 4: 5, 10: 3}[key[1]]
    asked["engine"]["memtable_entries_max"] = 100
    asked["trial"]["records"] = asked["workload"]["records"] = 0
    result["operations"] = {"insert": 100 * (key[1] ** levels - 1)}
    result["amplification"] |= {"space_amplification": SPACE[key],
                                "entries_written_per_entry": COPIES[key],
                                "filter_false_positive_rate": 0.0103,
                                "filter_false_positive_rate_expected": 0.01,
                                "filter_probes_absent": 100_000 * key[1]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.make(tmp_path_factory.mktemp("criteria") / "r", variants=2, repetitions=2,
                          workloads=("fill_random",), sweep={"engine.size_ratio": RATIOS},
                          seconds=2, bend=bend)


@pytest.fixture(scope="module")
def trials(folder: Path) -> series.Trials:
    return series.group(records.load(folder))


def judge(trials: series.Trials, check: str, **parameters) -> criterion.Judged:
    entry = {"claim": "c", "row": "r", "check": check, **parameters}
    return criterion.judge_one(entry, criterion.checks(), trials)


SPACE_OF = {"metric": "space_amplification"}
LEVELED, TIERED = {"variant": "leveled"}, {"variant": "tiered"}
TEN = {"engine.size_ratio": 10}


@pytest.mark.parametrize(("check", "parameters", "value", "passes"), [
    ("bound", {"of": LEVELED, "high": 1.3}, 1.3, True),
    ("bound", {"of": LEVELED, "high": 1.29}, 1.3, False),
    ("bound", {"of": LEVELED, "low": 1.15}, 1.1, False),
    ("bound", {"of": LEVELED, "high": 1.25, "statistic": "median"}, 1.2, True),
    ("bound", {"of": {"variant": ["tiered", "leveled"], **TEN}, "low": 1, "high": 2.7}, 2.6, True),
    ("ratio", {"of": {**TIERED, **TEN}, "over": {**LEVELED, **TEN}, "low": 1.9, "high": 2}, 2,
     True),
    ("ratio", {"of": TIERED, "over": LEVELED, "each": "engine.size_ratio", "low": 2.1}, 2, False),
    ("ratio", {"of": TIERED, "over": LEVELED, "statistic": "max", "low": 2.3}, 3 / 1.3, True),
    ("difference", {"of": {**TIERED, **TEN}, "less": {**LEVELED, **TEN}, "low": 1.2}, 1.3, True),
    ("difference", {"of": TIERED, "less": LEVELED, "each": "engine.size_ratio", "high": 1.7}, 1.8,
     False),
    ("order", {"rising": [LEVELED, TIERED], "each": "engine.size_ratio"}, 2, True),
    ("order", {"rising": [LEVELED, TIERED], "each": "engine.size_ratio", "margin": 2.0}, 2, False),
    ("order", {"rising": [TIERED, LEVELED]}, 1.2 / 2.6, False),
    ("monotone", {"of": LEVELED, "over": "engine.size_ratio"}, 1.3 / 1.2 - 1, True),
    ("monotone", {"of": TIERED, "over": "engine.size_ratio"}, 2.6 / 3 - 1, False),
    ("monotone", {"of": TIERED, "over": "engine.size_ratio", "slack": 0.14}, 2.6 / 3 - 1, True),
    ("monotone", {"of": LEVELED, "over": "engine.size_ratio", "direction": "falling"}, -0.0909,
     False),
    ("least", {"of": LEVELED, "among": TIERED}, 1.2 / 2.6, True),
    ("least", {"of": TIERED, "among": LEVELED, "slack": 0.02}, 2.6 / 1.2, False),
    ("drop", {"of": TIERED, "than": LEVELED, "begin": {"engine.size_ratio": 4}, "end": TEN,
              "low": 1.3}, (1 - 2.6 / 3) * 1e6, True),
    ("drop", {"of": LEVELED, "than": TIERED, "begin": {"engine.size_ratio": 4}, "end": TEN,
              "low": 1.3}, -0.625, False),
])
def test_a_check_judges_by_the_number_that_is_nearest_to_failing(
        trials: series.Trials, check: str, parameters: dict, value: float, passes: bool):
    judged = judge(trials, check, **SPACE_OF, **parameters)
    assert judged.outcome is not None, judged.reason
    assert judged.outcome.value == pytest.approx(value, abs=1e-3, rel=1e-9)
    assert judged.state == (criterion.PASS if passes else criterion.FAIL)


def test_a_check_may_be_of_a_mean_latency(trials: series.Trials):
    judged = judge(trials, "bound", metric="latency_insert_mean_ns", low=1)
    assert judged.state == criterion.PASS and len(judged.outcome.points) == 12
    with pytest.raises(AnalysisError, match="did you mean latency_insert_mean_ns"):
        judge(trials, "bound", metric="latency_insert_men_ns", low=1)


def test_a_drop_is_of_the_metric_per_another_one(trials: series.Trials):
    judged = judge(trials, "drop", metric="entries_written_per_entry", per="space_amplification",
                   of=TIERED, than=TIERED, begin={"engine.size_ratio": 2}, end=TEN, low=1, high=1)
    assert judged.state == criterion.PASS
    assert "a drop of 0.543 against 0.543" in judged.detail


def test_a_model_is_met_within_its_tolerance_in_every_trial(trials: series.Trials):
    judged = judge(trials, "model", model="dostoevsky", tolerance=0.05)
    assert judged.state == criterion.PASS
    assert "all 12 hold" in judged.detail and "7.60 where dostoevsky says 7.50" in judged.detail
    assert len(judged.outcome.points) == 12
    assert judge(trials, "model", model="dostoevsky", tolerance=0.01).state == criterion.FAIL
    assert judge(trials, "model", model="dostoevsky", of=LEVELED, low=1.2).state == criterion.FAIL


@pytest.mark.parametrize(("check", "parameters", "value", "passes"), [
    # Entries of the levels: 1, 4, 16, 64 of 85. Filter bits: 10, 10 - 1.875, ….
    ("level_share", {"metric": "entries", "low": 0.75}, 64 / 85, True),
    ("level_share", {"metric": "entries", "level": "upper", "high": 0.24}, 21 / 85, False),
    ("level_share", {"metric": "entries", "level": 1, "high": 0.05}, 4 / 85, True),
    ("level_share", {"metric": "entries", "level": 9, "high": 0.05}, 0, True),
    ("level_steps", {"metric": "filter_bits_per_entry", "low": 2.9, "high": 3.1}, 3, True),
    ("level_steps", {"metric": "filter_bits_per_entry", "low": 3.1, "high": 3.2}, 3, False),
    # Entries written: 40,000 by flushes, then 49,000, 59,000 and, in the last level, 69,000.
    ("level_line", {"metric": "entries_written"}, 0.9971, True),
    ("level_line", {"metric": "entries_written", "low": 0.999}, 0.9971, False),
    # 3 % above what is expected: 0.95 standard deviations at 100,000 answers of 0.01.
    ("false_positives", {"tolerance": 0.0, "sigmas": 4}, 0.0103, True),
    ("false_positives", {"tolerance": 0.0, "sigmas": 0.9}, 0.0103, False),
    ("false_positives", {"tolerance": 0.031, "sigmas": 0}, 0.0103, True),
])
def test_what_is_in_levels_and_what_filters_say(trials: series.Trials, check: str,
                                                parameters: dict, value: float, passes: bool):
    judged = judge(trials, check, **parameters)
    assert judged.outcome is not None, judged.reason
    assert judged.outcome.value == pytest.approx(value, abs=1e-4)
    assert judged.state == (criterion.PASS if passes else criterion.FAIL)


def test_what_is_not_told_by_level_is_not_checked(trials: series.Trials):
    judged = judge(trials, "level_share", metric="blocks_read_per_get", low=0.1)
    assert judged.state == criterion.NOT_CHECKED
    with pytest.raises(AnalysisError, match="did you mean entries_written"):
        judge(trials, "level_share", metric="entries_writen", low=0.1)
    with pytest.raises(AnalysisError, match='"last", "upper" or a number, not \'lowest\''):
        judge(trials, "level_share", metric="entries", level="lowest", low=0.1)


def test_points_stand_in_the_order_of_the_figures(trials: series.Trials):
    points = judge(trials, "bound", **SPACE_OF, low=0).outcome.points
    assert [point.label for point in points[:3]] == [
        "leveled, size_ratio 2, repetition 1", "leveled, size_ratio 2, repetition 2",
        "leveled, size_ratio 4, repetition 1"]


def test_selections_take_nested_names_lists_and_units(trials: series.Trials):
    assert len(select(trials, {"engine": {"size_ratio": [2, 10]}, "variant": "tiered"})) == 4
    assert len(select(trials, {"engine.memtable_bytes": "1 MiB"})) == 12
    assert len(select(trials, {"workload": "fill_random", "repetition": 2})) == 6
    with pytest.raises(NothingToCheck, match="no finished trial is of size_ratio 3"):
        select(trials, {"engine.size_ratio": 3})
    assert plain("8 MiB") == 8 << 20 and plain("2.5") == 2.5 and plain("T4") == "t4"


@pytest.mark.parametrize(("check", "parameters", "message"), [
    ("bund", {}, "There is no check 'bund'; did you mean bound?"),
    ("bound", {**SPACE_OF, "hihg": 1}, "did you mean high?"),
    ("bound", {"high": 1}, "A criterion with check bound needs metric."),
    ("bound", SPACE_OF, "A criterion needs low or high."),
    ("bound", {**SPACE_OF, "low": 2, "high": 1}, "low, 2.00, is above its high, 1.00"),
    ("bound", {"metric": "space_amplificaton", "high": 1}, "did you mean space_amplification?"),
    ("bound", {**SPACE_OF, "high": 1, "of": {"engine.size_ration": 1}}, "engine.size_ratio?"),
    ("bound", {**SPACE_OF, "high": 1, "statistic": "media"}, "did you mean median?"),
    ("model", {"model": "dostoyevsky", "tolerance": 0.1}, "did you mean dostoevsky?"),
    ("monotone", {**SPACE_OF, "over": "engine.size_ratio", "direction": "risen"}, "rising?"),
    ("order", {**SPACE_OF, "rising": [LEVELED]}, "two selections or more"),
])
def test_a_mistake_is_one_sentence_with_the_nearest_name(trials: series.Trials, check: str,
                                                         parameters: dict, message: str):
    with pytest.raises(AnalysisError) as error:
        judge(trials, check, **parameters)
    assert message in str(error.value)


def test_what_no_trial_can_tell_is_not_checked(trials: series.Trials):
    judged = judge(trials, "bound", metric="tombstones_left", high=1)
    assert judged.state == criterion.NOT_CHECKED and not criterion.all_passed([judged])
    assert "was not measured" in judged.detail
    with pytest.raises(NothingToCheck):
        outcome([])
    with pytest.raises(NothingToCheck):
        outcome([Point("x", math.nan, high=1)])


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Two workloads, two criteria that can be told, and one that cannot."""
    return synthetic.make(tmp_path / "r", variants=2, workloads=("ycsb_a",), repetitions=1,
                          seconds=2, figures=synthetic.CRITERIA
                          + '[[figure]]\nkind = "throughput"\n')


def test_the_report_shows_and_keeps_how_criteria_came_out(whole: Path,
                                                          capsys: pytest.CaptureFixture):
    report.write_report(whole)
    text = capsys.readouterr().out
    assert "1 of 3 criteria are met." in text
    assert "NOT CHECKED  Size ratios make no difference" in text
    page = (whole / "report.html").read_text()
    assert '<td class="passed">PASS</td><td>Space is at most twice that of the data</td>' in page
    assert '<td class="unmet">FAIL</td>' in page and '<figure id="agreement">' in page
    table = json.loads((whole / "criteria.json").read_text())["criteria"]
    assert [one["state"] for one in table] == ["PASS", "FAIL", "NOT CHECKED"]
    assert table[0]["low"] is None and table[0]["high"] == 2
    assert len(table[0]["points"]) == 2 and table[2]["points"] == []
    with (whole / "criteria.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["PASS", "FAIL", "NOT CHECKED"]
    assert rows[2]["value"] == "" and rows[1]["row"] == "Nobody's Figure 2"


def test_only_strict_makes_an_unmet_criterion_a_failure(whole: Path):
    report.make_report(whole, strict=False)
    with pytest.raises(AnalysisError, match="2 of 3 criteria are not met, the first: The first"):
        report.make_report(whole, strict=True)


def test_an_experiment_without_criteria_says_nothing_of_them(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=1, workloads=("ycsb_a",), repetitions=1,
                            seconds=2, figures='[[figure]]\nkind = "throughput"\n')
    report.make_report(folder, strict=True)
    assert "Criteria" not in (folder / "report.html").read_text()
    assert not (folder / "criteria.json").exists()


def test_the_check_in_the_readme_checks(trials: series.Trials, root: Path):
    text = (root / "analysis/README.md").read_text()
    source = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
                  if "def check(" in block)
    module: dict = {}
    exec(compile(source, "README.md", "exec"), module)
    found = module["check"](trials, "space_amplification", {**TIERED, **TEN}, {**LEVELED, **TEN})
    assert found.passed and found.value == pytest.approx(2.0)


def test_every_check_has_a_docstring_and_types_for_the_program():
    for check in criterion.checks().values():
        assert check.title and "metric" in check.parameters
        assert all(parameter.annotation is not parameter.empty
                   for parameter in check.parameters.values())
