"""YCSB end to end: the program runs its workloads, and what it prints and stores is read.

The text is read as readers of YCSB's text do; the keys of a load are compared with those of a
second implementation of YCSB's, made from the description of FNV and of Java's arithmetic alone.
The tests need a program that was built; without one they are skipped.
"""
# SPDX-License-Identifier: Apache-2.0

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKLOADS = ROOT / "workloads/ycsb"

# What reports/report.py of YCSB looks for: section, name without its unit, number.
REPORT_LINE = re.compile(r"""\[(?P<section>[^,]*)\],\s*
                             (?P<name>[0-9]*[^(,0-9=]{3,}(?:=-?[0-9]+)?)[^,]*,\s*
                             (?P<value>[0-9.Ee]+)""", re.VERBOSE)


@pytest.fixture(name="program", scope="module")
def find_program() -> Path:
    """The program that was built last."""
    built = [path for path in ROOT.glob("build/*/varve") if os.access(path, os.X_OK)]
    assert built, "the program is not built: ./varve build"
    return max(built, key=lambda path: path.stat().st_mtime)


def run(program: Path, *arguments: object) -> str:
    done = subprocess.run([str(program), *map(str, arguments)], check=False, text=True,
                          capture_output=True, timeout=120,
                          env=os.environ | {"VARVE_HOME": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def bench(program: Path, results: Path, workload: str, *arguments: object) -> str:
    return run(program, "bench", "-P", WORKLOADS / workload, "--results", results, *arguments)


def split(text: str) -> dict[tuple[str, str], float]:
    """Three cells a line, separated by a comma and a blank."""
    cells = {}
    for line in text.splitlines():
        section, name, value = line.split(", ")
        assert section[0] == "[" and section[-1] == "]", line
        cells[section[1:-1], name] = float(value)
    return cells


def test_readers_of_ycsb_read_the_text(program: Path, tmp_path: Path) -> None:
    text = bench(program, tmp_path, "workloadf", "--store", "map", "--format", "ycsb",
                 "-p", "recordcount=500", "-p", "operationcount=40000", "-threads", "2",
                 "-p", "hdrhistogram.percentiles=50,95,99,99.9")
    cells = split(text)
    for line in text.splitlines():
        if "99.9P" in line:
            continue  # which that reader cannot read from YCSB either
        match = REPORT_LINE.match(line)
        assert match, line
        same = [value for (section, name), value in cells.items()
                if section == match["section"] and name.startswith(match["name"])]
        assert float(match["value"]) in same, line
    for section in ("READ", "UPDATE", "READ-MODIFY-WRITE"):
        assert cells[section, "MinLatency(us)"] <= cells[section, "50thPercentileLatency(us)"]
        assert (cells[section, "50thPercentileLatency(us)"]
                <= cells[section, "95thPercentileLatency(us)"]
                <= cells[section, "99thPercentileLatency(us)"]
                <= cells[section, "99.9PercentileLatency(us)"]
                <= cells[section, "MaxLatency(us)"])
        assert (cells[section, "MinLatency(us)"] <= cells[section, "AverageLatency(us)"]
                <= cells[section, "MaxLatency(us)"] + 1)


def test_a_read_modify_write_is_one_operation_and_three_measurements(
        program: Path, tmp_path: Path) -> None:
    cells = split(bench(program, tmp_path, "workloadf", "--store", "map", "--format", "ycsb",
                        "-p", "recordcount=500", "-p", "operationcount=100000"))
    both = cells["READ-MODIFY-WRITE", "Operations"]
    assert 49000 < both < 51000
    assert cells["UPDATE", "Operations"] == both == cells["UPDATE", "Return=OK"]
    assert cells["READ", "Operations"] == 100000 == cells["READ", "Return=OK"]
    overall = cells["OVERALL", "Throughput(ops/sec)"] * cells["OVERALL", "RunTime(ms)"] / 1000
    assert overall == pytest.approx(100000)
    # An average over reads of both kinds, and over the parts of the whole.
    assert (cells["UPDATE", "AverageLatency(us)"]
            <= cells["READ-MODIFY-WRITE", "AverageLatency(us)"])


def test_every_core_workload_reads_only_what_is_there(program: Path, tmp_path: Path) -> None:
    sections = {"a": {"READ", "UPDATE"}, "b": {"READ", "UPDATE"}, "c": {"READ"},
                "d": {"READ", "INSERT"}, "e": {"SCAN", "INSERT"},
                "f": {"READ", "UPDATE", "READ-MODIFY-WRITE"}}
    for letter, expected in sections.items():
        cells = split(bench(program, tmp_path, f"workload{letter}", "--store", "map", "--format",
                            "ycsb", "-p", "recordcount=300", "-p", "operationcount=20000",
                            "-threads", "4"))
        operations = {section for section, name in cells if name == "Operations"}
        assert operations == expected
        for section in expected:
            assert cells[section, "Return=OK"] == cells[section, "Operations"]


def test_the_json_exporter_prints_the_same_sections(program: Path, tmp_path: Path) -> None:
    rows = json.loads(bench(program, tmp_path, "workloada", "--store", "map", "--format",
                            "ycsb_json_array", "-p", "recordcount=100", "-p",
                            "operationcount=50000"))
    assert all(set(row) == {"metric", "measurement", "value"} for row in rows)
    values = {(row["metric"], row["measurement"]): row["value"] for row in rows}
    assert values["READ", "Operations"] + values["UPDATE", "Operations"] == 50000
    assert isinstance(values["READ", "Operations"], int)
    assert isinstance(values["OVERALL", "Throughput(ops/sec)"], float)


def java_key(number: int, ordered: bool, digits: int) -> str:
    """FNV-1a over the eight bytes of a long, lowest first; the absolute value of the long."""
    if not ordered:
        mask = 2 ** 64 - 1
        state = 0xCBF29CE484222325
        for byte in number.to_bytes(8, "little", signed=True):
            state = (state ^ byte) * 0x100000001B3 & mask
        number = state if state < 2 ** 63 else 2 ** 64 - state
    return "user" + str(number).rjust(digits, "0")


def stored_keys(program: Path, database: Path) -> list[str]:
    """Of every put in tables and logs."""
    keys = []
    for path in sorted(database.iterdir()):
        if path.suffix == ".table":
            text = run(program, "dump", path, "--entries")
            keys += re.findall(r'^  "(user[0-9]+)" @[0-9]+ put ', text, re.MULTILINE)
        elif path.suffix == ".wal":
            keys += re.findall(r'^  [0-9]+ put "(user[0-9]+)" ', run(program, "dump", path),
                               re.MULTILINE)
    return keys


@pytest.mark.parametrize(("order", "digits"), [("hashed", 1), ("ordered", 12)])
def test_a_load_stores_the_keys_of_ycsb(program: Path, tmp_path: Path, order: str,
                                        digits: int) -> None:
    count = 2000
    bench(program, tmp_path, "workloada", "--store", "varve", "-load", "-threads", "2",
          "-p", f"recordcount={count}", "-p", "fieldlength=4", "-p", f"insertorder={order}",
          "-p", f"zeropadding={digits}", "--engine.memtable_bytes", "64 KiB")
    [spec] = tmp_path.glob("bench-*/trials/*/trial.json")
    database = tmp_path / "database"
    out = tmp_path / "out"
    database.mkdir()
    out.mkdir()
    run(program, "trial", spec, "--results", out, "--data", database)
    stored = hashlib.sha256("\n".join(sorted(stored_keys(program, database))).encode())
    expected = hashlib.sha256("\n".join(sorted(
        java_key(number, order == "ordered", digits) for number in range(count))).encode())
    assert stored.hexdigest() == expected.hexdigest()


def test_the_second_implementation_agrees_with_the_first() -> None:
    assert java_key(0, False, 1) == "user6284781860667377211"
    assert java_key(2 ** 31, False, 1) == "user5860980763039959109"
    assert java_key(5, True, 8) == "user00000005"
