"""Figures: the same bytes for the same data, nothing clipped or overlapping, stamps in red."""
# SPDX-License-Identifier: Apache-2.0

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic
from figure_checks import assert_as_recorded, assert_readable, draw, load, structure, svg_of

from analysis import drawing, records
from analysis.errors import AnalysisError

KINDS = [kind for kind in drawing.kinds() if kind != "ratios"]  # which needs several stores


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_has_the_labels_and_shapes_that_were_recorded(results: Path, tmp_path: Path,
                                                               kind: str):
    assert_as_recorded(svg_of(draw(results, kind), tmp_path), kind)


def test_the_same_data_gives_the_same_bytes_in_another_process(small: Path, root: Path,
                                                               tmp_path: Path):
    digests = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        script = ("import sys; from pathlib import Path\n"
                  "from analysis import drawing, records, series\n"
                  "results = records.load(sys.argv[1]); trials = series.group(results)\n"
                  "for request in drawing.requests(results):\n"
                  "    drawn = drawing.draw(request, results, trials)\n"
                  "    drawing.save(drawn, Path(sys.argv[2]) / request.name)\n")
        subprocess.run([sys.executable, "-c", script, str(small), str(out)], cwd=root, check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed, "MPLBACKEND": "svg"})
        digests.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                        for path in sorted(out.iterdir())})
    assert digests[0] == digests[1]
    assert len(digests[0]) == 4 * (len(drawing.STANDARD) + len(drawing.OF_CRITERIA))


@pytest.mark.parametrize(("variants", "workloads"), [
    (2, ("ycsb_a",)), (12, ("ycsb_a", "fill_random")),
    (2, tuple(synthetic.WORKLOADS))])
def test_no_label_is_clipped_and_none_overlaps_another(tmp_path: Path, variants: int,
                                                       workloads: tuple[str, ...]):
    criteria = synthetic.CRITERIA if "ycsb_a" in workloads else ""
    folder = synthetic.make(tmp_path / "r", variants=variants, workloads=workloads, repetitions=1,
                            seconds=4, bend=lambda result: result["build"].update(type="Debug"),
                            figures=criteria)
    for kind in [*drawing.STANDARD, "false_positives", "filter_bits", "shares_by_level",
                 *(drawing.OF_CRITERIA if criteria else ())]:
        request = drawing.request_of({"kind": kind})
        drawn = drawing.draw(request, *load(folder))
        assert_readable(drawn)


DOUBTS = {
    "debug build": lambda result: result["build"].update(type="Debug"),
    "assertions are on": lambda result: result["build"].update(assertions=True),
    "sanitizer address": lambda result: result["build"].update(sanitizer="address"),
    r"in memory \(tmpfs\)": lambda result: result["machine"].update(filesystem="tmpfs"),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_is_no_measurement_is_stamped_in_red(tmp_path: Path, doubt: str):
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, workloads=("ycsb_a",),
                            seconds=2, bend=DOUBTS[doubt])
    svg = svg_of(draw(folder, "throughput"), tmp_path)
    assert re.search(rf"<!-- Not a measurement: .*{doubt}", svg)
    assert "fill: #c00000" in svg


def test_every_kind_carries_the_stamp_and_a_measurement_has_none(tmp_path: Path, small: Path):
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, workloads=("ycsb_a",),
                            seconds=2, bend=DOUBTS["debug build"], figures=synthetic.CRITERIA)
    for kind in KINDS:
        assert "Not a measurement" in svg_of(draw(folder, kind), tmp_path)
    assert "Not a measurement" not in svg_of(draw(small, "throughput"), tmp_path)


def test_caveats_and_marks_stand_under_the_figure(tmp_path: Path):
    def bend(result):
        result["caveats"] = ["The page cache was cold."]
        result["steady"] = result["trial"]["variant"] != "tiered"
        result["verified"] = result["trial"]["variant"] != "leveled"
    folder = synthetic.make(tmp_path / "r", variants=2, workloads=("ycsb_a",), bend=bend)
    svg = svg_of(draw(folder, "throughput"), tmp_path)
    assert "<!-- Caveat: The page cache was cold. -->" in svg
    assert "<!-- Not steady (†: in no repetition): tiered (3). -->" in svg
    assert "<!-- Answers not verified: leveled (3). -->" in svg


def test_the_parts_of_write_amplification_add_up_to_its_median(results: Path):
    numbers = draw(results, "write_amplification").numbers
    parts = [name for name in numbers if name in ("wal", "flush", "other")
             or name.startswith("compaction_to_")]
    assert len(parts) == 6
    assert numbers[parts].sum(axis=1).to_list() == pytest.approx(
        numbers["write_amplification"].to_list())


def test_bars_are_stacked_to_the_median(results: Path):
    drawn = draw(results, "write_amplification")
    ends = [max(patch.get_x() + patch.get_width() for patch in axes.patches
                if abs(patch.get_y() + patch.get_height() / 2 - y) < 0.3)
            for axes in drawn.page.figure.axes for y in range(3)]
    assert ends == pytest.approx(drawn.numbers["write_amplification"].to_list())


def test_a_workload_that_was_not_measured_has_no_panel(results: Path):
    assert set(draw(results, "write_amplification").numbers["workload"]) == {"ycsb_a",
                                                                             "fill_random"}
    assert set(draw(results, "read_amplification").numbers["workload"]) == {"ycsb_a", "ycsb_c"}


def test_percentiles_that_too_few_operations_lie_beyond_are_left_out(tmp_path: Path):
    def bend(result):
        for row in result["latency"].values():
            row["count"] = 5000
    folder = synthetic.make(tmp_path / "r", variants=1, workloads=("ycsb_c",), bend=bend)
    metrics = set(draw(folder, "latency_percentiles").numbers["metric"])
    assert "latency_read_p99_ns" in metrics and "latency_read_max_ns" in metrics
    assert "latency_read_p999_ns" not in metrics


def test_metrics_are_drawn_side_by_side(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=2, workloads=("ycsb_a", "ycsb_c"))
    numbers = draw(folder, "metrics",
                   metrics=["throughput_ops_per_second", "write_amplification"]).numbers
    assert list(zip(numbers["workload"], numbers["metric"], strict=True))[::2] == [
        ("ycsb_a", "throughput_ops_per_second"), ("ycsb_c", "throughput_ops_per_second"),
        ("ycsb_a", "write_amplification")], "ycsb_c writes nothing"
    with pytest.raises(AnalysisError, match="did you mean write_amplification"):
        draw(folder, "metrics", metrics=["write_amplificaton"])


def test_two_repetitions_are_all_drawn_and_have_no_interval(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=2, workloads=("ycsb_a",))
    drawn = draw(folder, "throughput")
    assert drawn.numbers["low"].isna().all() and list(drawn.numbers["n"]) == [2]
    assert "No intervals are drawn for fewer than 3 repetitions" in drawn.caption
    rings = [line for axes in drawn.page.figure.axes for line in axes.lines
             if line.get_markerfacecolor() == "none"]
    assert len(rings) == 2


def test_the_rest_of_a_second_at_the_end_is_not_the_worst_second(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, workloads=("ycsb_c",))
    samples = next((folder / "trials").iterdir()) / "samples.csv"
    last = samples.read_text().splitlines()[-1].split(",")
    last[2], last[4] = str(int(last[2]) + 3_000_000), "0"
    samples.write_text(samples.read_text() + ",".join(last) + "\n")
    numbers = draw(folder, "throughput_over_time").numbers
    assert numbers["worst_ops_per_second"].iloc[0] > 0


def test_tradeoff_takes_any_two_metrics_and_groups(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=2, workloads=("ycsb_a",), repetitions=3,
                            sweep={"engine.size_ratio": [2, 4, 8]})
    drawn = draw(folder, "tradeoff", x="latency_read_p99_ns", y="throughput_ops_per_second",
                 by="engine.size_ratio")
    assert len(drawn.numbers) == 6
    svg = svg_of(drawn, tmp_path)
    assert "<!-- p99 latency of read (µs) -->" in svg and "<!-- size_ratio 8 -->" in svg


def test_a_curve_joins_the_trials_of_one_group_in_the_order_of_the_experiment(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=3, workloads=("ycsb_c",), repetitions=1,
                            sweep={"engine.size_ratio": [10, 2, 4]})
    drawn = draw(folder, "curve", y="latency_read_mean_ns", by="variant")
    assert list(zip(drawn.numbers["by"], drawn.numbers["x"], strict=True)) == [
        (variant, ratio) for variant in ("leveled", "tiered", "lazy_leveled")
        for ratio in (2, 4, 10)]
    assert drawn.page.figure.axes[0].get_yscale() == "linear"


def test_logarithmic_axes_have_a_unit_at_each_tick(tmp_path: Path):
    def bend(result):  # from 300 ns to 3 ms
        scale = {2: 1, 4: 100, 8: 10_000}[result["trial"]["engine"]["size_ratio"]]
        result["latency"]["read"]["mean_ns"] = 300 * scale
    folder = synthetic.make(tmp_path / "r", variants=1, workloads=("ycsb_c",), repetitions=1,
                            sweep={"engine.size_ratio": [2, 4, 8]}, bend=bend)
    for log, scales in (("xy", ("log", "log")), ("x", ("log", "linear")), ("y", ("linear", "log"))):
        drawn = draw(folder, "curve", y="latency_read_mean_ns", by="variant", log=log)
        axes = drawn.page.figure.axes[0]
        assert (axes.get_xscale(), axes.get_yscale()) == scales
        assert list(drawn.numbers["median"]) == [300, 30_000, 3_000_000]
    drawn = draw(folder, "curve", y="latency_read_mean_ns", log="xy")
    labels = set(structure(svg_of(drawn, tmp_path)).splitlines())
    assert {"1 µs", "100 µs", "1 ms", "mean latency of read", "2", "5"} <= labels


@pytest.mark.parametrize(("entry", "message"), [
    ({"kind": "curve", "log": "z"}, "There is no choice of logarithmic axes 'z'"),
    ({"kind": "througput"}, "There is no figure 'througput'; did you mean throughput?"),
    ({"kind": "tradeoff", "z": 1}, "known are name, workload, variant, x, y, by"),
    ({"kind": "tradeoff", "x": "write_amplificaton"}, "did you mean write_amplification?"),
    ({"kind": "tradeoff", "by": "size"}, "There is no way to group points"),
    ({"kind": "throughput", "workload": "ycsb_z"}, "There is no workload 'ycsb_z'"),
    ({"kind": "throughput", "name": "../x"}, "not made of letters"),
])
def test_a_mistake_in_a_figure_entry_is_one_sentence_with_the_nearest_name(
        small: Path, entry: dict, message: str):
    with pytest.raises(AnalysisError) as error:
        drawing.draw(drawing.request_of(entry), *load(small))
    assert message in str(error.value)


def test_entries_of_the_experiment_choose_the_figures(tmp_path: Path):
    figures = ('[[figure]]\nkind = "tradeoff"\nx = "write_amplification"\n'
               'y = "space_amplification"\n[[figure]]\nkind = "tradeoff"\n'
               '[[figure]]\nkind = "throughput"\nname = "fast"\nworkload = "ycsb_a"\n')
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, figures=figures)
    assert [request.name for request in drawing.requests(records.load(folder))] == [
        "tradeoff", "tradeoff-2", "fast"]


def test_the_figure_in_the_readme_draws(small: Path, root: Path):
    text = (root / "analysis/README.md").read_text()
    source = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    module: dict = {}
    exec(compile(source, "README.md", "exec"), module)
    kind = drawing.Kind("x", "Peak memory", module["__doc__"], module["draw"])
    drawn = drawing.draw(drawing.Request(kind, "x"), *load(small))
    assert drawn.numbers["median"].to_list() == [64 << 20]


def test_every_kind_has_a_title_and_a_caption(small: Path):
    for kind in drawing.kinds().values():
        assert 0 < len(kind.title) < 60
        assert kind.caption.endswith(".")
    for name in KINDS:
        assert "{" not in draw(small, name).caption
