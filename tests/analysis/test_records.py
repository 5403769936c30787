"""Reading results: what docs/results.md defines comes back; what is broken is named."""
# SPDX-License-Identifier: Apache-2.0

import json
import math
import re
from pathlib import Path

import pytest
import synthetic

from analysis import records
from analysis.errors import AnalysisError


def make(tmp_path: Path, **arguments) -> Path:
    return synthetic.make(tmp_path / "r", **{"variants": 2, "repetitions": 2,
                                             "workloads": ("ycsb_a",), **arguments})


def first_trial(folder: Path) -> Path:
    return sorted((folder / "trials").iterdir())[0]


def test_every_trial_comes_back_with_its_numbers(results: Path):
    found = records.load(results)
    assert len(found.trials) == 27 and not found.unfinished
    trial = found.trials[0]
    written = json.loads((results / "trials" / trial.id / "result.json").read_text())
    assert trial.number("throughput_ops_per_second") == written["throughput_ops_per_second"]
    assert trial.number("latency_all_p99_ns") == written["latency"]["all"]["p99_ns"]
    assert trial.number("latency_all_mean_ns") == written["latency"]["all"]["mean_ns"]
    assert trial.number("cpu_seconds") == 10.75
    assert trial.number("seconds") == 12
    assert trial.number("memory_bytes_peak") == 64 << 20
    assert len(trial.samples) == 5 + 2 + 12
    assert trial.events and all("start_ns" in event for event in trial.events)


def test_trials_come_in_the_order_of_the_plan(results: Path):
    plan = json.loads((results / "manifest.json").read_text())["plan"]
    assert [trial.id for trial in records.load(results).trials] == [row["id"] for row in plan]


def test_a_plan_may_name_its_trials_in_each_documented_way():
    assert list(records.plan_rows({"plan": ["a", {"id": "b"}, {"trial": "c", "variant": "v"}]})) \
        == ["a", "b", "c"]


def documented_columns(root: Path, operations: list[str], points: list[str]) -> list[str]:
    """The columns as the last section of docs/results.md lists them."""
    text = (root / "docs/results.md").read_text().split("## summary.csv")[1]
    text = text.replace("then each name in `point` (as it is\nspelt there), then", "POINTS")
    columns: list[str] = []
    for part in re.findall(r"`([^`]+)`|(POINTS)", text):
        for name in re.split(r",\s+", part[0]) if part[0] else [part[1]]:
            if name == "POINTS":
                columns += points
            elif name.startswith("response_"):
                continue  # no trial of these results is an open loop
            elif "<operation>" in name:
                endings = re.search(r"\{(.*)\}", name)[1].split(",")
                columns += [f"latency_{operation}_{ending}_ns" for operation in operations
                            for ending in endings]
            elif name not in ("all", "; "):
                columns.append(name)
    return columns


def test_the_summary_has_the_documented_columns_in_their_order(results: Path, root: Path):
    trials = records.load(results).trials
    frame = records.summary_frame(trials)
    assert list(frame) == documented_columns(root, ["insert", "read", "update", "all"],
                                             ["engine.compaction", "trial.workload"])
    assert len(frame) == 27


def test_what_was_not_measured_is_empty_in_the_summary_and_never_zero(results: Path):
    frame = records.summary_frame(records.load(results).trials)
    reads = frame[frame["workload"] == "ycsb_c"]
    assert reads["write_amplification"].isna().all()
    assert reads["latency_update_p99_ns"].isna().all()
    assert reads.to_csv(index=False).splitlines()[1].count(",,") > 0


def test_null_and_text_in_place_of_a_number_are_not_measured(tmp_path: Path):
    def bend(result):
        result["throughput_ops_per_second"] = None
        result["amplification"]["space_amplification"] = "n/a"
    trial = records.load(make(tmp_path, bend=bend)).trials[0]
    assert math.isnan(trial.number("throughput_ops_per_second"))
    assert math.isnan(trial.number("space_amplification"))


def test_failed_torn_begun_and_missing_trials_are_listed_with_their_reason(tmp_path: Path):
    folder = make(tmp_path)
    failed, torn, begun, missing = sorted((folder / "trials").iterdir())
    (failed / "error.txt").write_text("read of key 7 returned a wrong value\n")
    (torn / "result.json").write_text('{"schema": 1, "tr')
    (begun / "result.json").unlink()
    for path in sorted(missing.iterdir()):
        path.unlink()
    missing.rmdir()
    found = records.load(folder)
    reasons = {trial.id: trial.reason for trial in found.unfinished}
    assert not found.trials
    assert reasons[failed.name] == "read of key 7 returned a wrong value"
    assert "result.json cannot be read" in reasons[torn.name]
    assert reasons[begun.name] == "was begun and did not finish"
    assert reasons[missing.name] == "has not been run"
    assert {trial.workload for trial in found.unfinished} == {"ycsb_a"}


def test_an_unknown_schema_is_a_clear_error(tmp_path: Path):
    folder = make(tmp_path, bend=lambda result: result.update(schema=2))
    with pytest.raises(AnalysisError, match="has schema 2, and this analysis reads schema 1"):
        records.load(folder)


@pytest.mark.parametrize("remains", ["nothing", "an empty folder", "a manifest only"])
def test_a_directory_that_is_no_results_directory_is_one_sentence(tmp_path: Path, remains: str):
    folder = tmp_path / "x"
    if remains != "nothing":
        folder.mkdir()
    if remains == "a manifest only":
        (folder / "manifest.json").write_text('{"schema": 1}')
    with pytest.raises(AnalysisError) as error:
        records.load(folder)
    assert str(error.value).count(".") - str(error.value).count("manifest.json") == 1


def test_a_broken_manifest_is_named(tmp_path: Path):
    folder = make(tmp_path)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(AnalysisError, match="manifest.json cannot be read"):
        records.load(folder)


def test_a_line_torn_at_the_end_of_the_events_is_left_out_and_one_inside_is_an_error(
        tmp_path: Path):
    folder = make(tmp_path)
    path = first_trial(folder) / "events.jsonl"
    whole = path.read_text()
    path.write_text(whole + '{"event": "fl')
    trial = next(t for t in records.load(folder).trials if t.folder == path.parent)
    assert len(trial.events) == len(whole.splitlines())
    path.write_text('{"event": "fl\n' + whole)
    trial = next(t for t in records.load(folder).trials if t.folder == path.parent)
    with pytest.raises(AnalysisError, match="events.jsonl:1 is not JSON"):
        assert trial.events


def test_no_samples_and_no_events_are_empty_tables(tmp_path: Path):
    folder = make(tmp_path)
    (first_trial(folder) / "samples.csv").unlink()
    (first_trial(folder) / "events.jsonl").unlink()
    trial = next(t for t in records.load(folder).trials if t.folder == first_trial(folder))
    assert trial.samples.empty and trial.events == []


def test_numbers_by_level_are_read_in_each_form():
    wanted = {0: 1.5, 2: 2.5}
    assert records.per_level([{"level": 0, "runs": 1.5}, {"level": 2, "runs": 2.5}],
                             "runs") == wanted
    assert records.per_level([{"level": 0, "x": 1.5}, {"level": 2, "x": 2.5}], "runs") == wanted
    assert records.per_level({"0": 1.5, "2": 2.5}) == wanted
    assert records.per_level([1.5, 2.5]) == {0: 1.5, 1: 2.5}
    assert records.per_level(None) == {}


def test_the_question_is_the_opening_comment_if_it_asks_something(tmp_path: Path):
    assert records.load(make(tmp_path)).question.startswith("How do compaction strategies")
    plain = make(tmp_path / "other", comment="The experiment with every setting spelt out.")
    assert records.load(plain).question == "Compaction strategies"
