"""The report: one file with everything in it, whatever the results lack."""
# SPDX-License-Identifier: Apache-2.0

import importlib
import re
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
import synthetic

from analysis import drawing, report


@dataclass(frozen=True)
class Outcome:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(root: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch):
    """Runs a program of analysis as from the root of the repository, without a new process."""
    def run_here(program: str, *arguments: str) -> Outcome:
        monkeypatch.chdir(root)
        monkeypatch.setattr(sys, "argv", [program, *arguments])
        try:
            status = importlib.import_module(program).main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Outcome(status, *capsys.readouterr())
    return run_here


def page_of(folder: Path) -> str:
    report.write_report(folder)
    return (folder / "report.html").read_text()


class Tags(HTMLParser):
    """Collects what could reach out of the page, and checks that tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)
        self.links += [value for name, value in attrs
                       if name in ("src", "href", "srcset", "action", "data") and value]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, root: Path):
    """A report made from the command line, with failures and doubts in it."""
    def bend(result):
        result["build"]["type"] = "Debug"
        result["caveats"] = ["<b>not bold</b> & cold"]
    folder = synthetic.make(tmp_path_factory.mktemp("report") / "synthetic-1", variants=2,
                            workloads=("ycsb_a", "ycsb_c"), seconds=4, bend=bend)
    failed, missing = sorted((folder / "trials").iterdir())[:2]
    (failed / "error.txt").write_text("no space left on device")
    (missing / "result.json").unlink()
    return folder, subprocess.run([sys.executable, "-m", "analysis.report", str(folder)], cwd=root,
                                  capture_output=True, text=True, check=False)


def test_the_command_prints_the_main_metrics_and_the_path(whole):
    folder, outcome = whole
    assert outcome.returncode == 0, outcome.stderr
    lines = outcome.stdout.splitlines()
    assert lines[0].split() == ["workload", "variant", "n", "throughput", "p99", "WA", "RA", "SA"]
    assert re.match(r"ycsb_a +leveled +\d +\d+ K/s +[\d.]+ µs +[\d.]+ +[\d.]+ +[\d.]+$", lines[1])
    assert lines[-1] == f"report: {folder / 'report.html'}"
    assert "2 of 12 trials did not finish" in outcome.stdout
    assert "Not a measurement: debug build" in outcome.stdout


def test_the_page_has_every_figure_with_caption_and_numbers(whole):
    page = (whole[0] / "report.html").read_text()
    for kind in drawing.STANDARD:
        assert f'<figure id="{kind}">' in page
        assert f"Numbers of <code>{kind}</code>" in page
        for ending in (*drawing.FORMATS, "csv"):
            assert (whole[0] / "figures" / f"{kind}.{ending}").stat().st_size > 0
    assert page.count("data:image/svg+xml;base64,") == len(drawing.STANDARD)


def test_the_page_reaches_for_nothing_outside_of_it(whole):
    page = (whole[0] / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.links and all(link.startswith("data:") for link in tags.links)
    assert tags.open == []
    assert not re.search(r"https?://|//\w+\.\w+/|@import|url\(", page)


def test_the_page_says_what_failed_and_what_to_doubt(whole):
    page = (whole[0] / "report.html").read_text()
    assert "no space left on device" in page and "was begun and did not finish" in page
    assert "Not a measurement: debug build." in page
    assert "&lt;b&gt;not bold&lt;/b&gt; &amp; cold" in page


def test_the_page_answers_defines_and_can_be_repeated(whole):
    page = (whole[0] / "report.html").read_text()
    assert "<h1>How do compaction strategies compare when data is updated and read?</h1>" in page
    assert re.search(r"On ycsb_a, \w+ (does the most|has the highest median)", page)
    assert "./varve run results/synthetic-1/experiment.toml" in page
    assert "git checkout 0123456789abcdef" in page
    assert "<dt>write amplification</dt>" in page
    assert "percentile bootstrap" in page
    assert "Synthetic 3000" in page and "-O3 -DNDEBUG" in page
    assert "engine.compaction" in page


def test_the_same_results_give_the_same_page(tmp_path: Path):
    folder = synthetic.make(tmp_path / "small", variants=2, repetitions=3, workloads=("ycsb_a",),
                            figures='[[figure]]\nkind = "throughput"\n')
    assert page_of(folder) == page_of(folder)


def test_a_bare_result_still_makes_a_report(tmp_path: Path):
    def bare(result):
        for name in ("amplification", "latency", "phases", "machine", "build", "settings_used",
                     "memory", "cpu", "tree", "verified", "steady", "caveats", "harness"):
            del result[name]
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, workloads=("ycsb_a",),
                            bend=bare)
    for trial in (folder / "trials").iterdir():
        (trial / "events.jsonl").write_text("")
        (trial / "samples.csv").unlink()
    (folder / "experiment.toml").unlink()
    page = page_of(folder)
    assert "throughput_over_time: no trial has samples" in page
    assert "latency_percentiles: no trial has a latency" in page
    assert ">nan<" not in page.lower() and ">None<" not in page


def test_no_events_and_a_single_sample_are_enough(tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, workloads=("ycsb_c",),
                            seconds=1)
    for trial in (folder / "trials").iterdir():
        (trial / "events.jsonl").unlink()
    assert '<figure id="throughput_over_time">' in page_of(folder)


@pytest.mark.parametrize(("arguments", "message"), [
    (("analysis.report", "nowhere"), "error: nowhere does not exist."),
    (("analysis.report", "docs"), "error: docs is not a results directory: "),
    (("analysis.figure", "docs", "thoughput"), "did you mean throughput?"),
    (("analysis.figure", "docs", "throughput", "-o", "x.jpg"), "There is no figure format 'jpg'"),
    (("analysis.figure", "docs", "throughput", "-s", "x"), "--set takes NAME=VALUE"),
])
def test_errors_are_one_line_and_exit_status_one(run, arguments: tuple[str, ...],
                                                 message: str):
    outcome = run(*arguments)
    assert outcome.returncode == 1 and outcome.stdout == ""
    assert message in outcome.stderr and len(outcome.stderr.splitlines()) == 1


def test_a_results_directory_without_a_finished_trial_is_an_error(run, tmp_path: Path):
    folder = synthetic.make(tmp_path / "r", variants=1, repetitions=1, workloads=("ycsb_a",))
    for trial in (folder / "trials").iterdir():
        (trial / "error.txt").write_text("killed by signal 9")
    outcome = run("analysis.report", str(folder))
    assert outcome.returncode == 1
    assert "has finished; the first of 1: killed by signal 9." in outcome.stderr


def test_one_figure_is_drawn_where_it_is_asked_for(small: Path, run, tmp_path: Path):
    outcome = run("analysis.figure", str(small), "tradeoff", "-o", str(tmp_path / "x.pdf"),
                  "-s", "y=space_amplification")
    assert outcome.returncode == 0, outcome.stderr
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_the_list_of_figures_names_every_kind_with_its_title(run):
    outcome = run("analysis.figures_list")
    names = [line.split()[0] for line in outcome.stdout.splitlines()]
    assert names == list(drawing.kinds())
    assert "Throughput over time" in outcome.stdout


@pytest.mark.parametrize("program", ["report", "figure", "figures_list"])
def test_each_program_explains_itself(run, program: str):
    outcome = run(f"analysis.{program}", "--help")
    assert outcome.returncode == 0 and "usage: python -m analysis." in outcome.stdout
