"""The calibration: what it reads of a db_bench, what it asks of both programs, what it says."""
# SPDX-License-Identifier: Apache-2.0

import json
import math
import stat
from pathlib import Path

import pytest

from analysis import calibration
from analysis.errors import AnalysisError

ROCKSDB = """RocksDB:    version 7.8.3
fillrandom   :       4.000 micros/op 249999 ops/sec 4.0 seconds 1000000 operations;   27.6 MB/s
readrandom   :       9.000 micros/op 111111 ops/sec (6321 of 10000 found)
readrandom   :       5.000 micros/op 200000 ops/sec (6321 of 10000 found)
"""
LEVELDB = """fillrandom   :       2.000 micros/op;   55.3 MB/s
readrandom   :       2.500 micros/op; (63 of 100 found)
"""


@pytest.mark.parametrize(("text", "fill", "read"), [(ROCKSDB, 250e3, 200e3),
                                                    (LEVELDB, 500e3, 400e3)])
def test_the_last_line_of_each_benchmark_counts(text: str, fill: float, read: float) -> None:
    found = calibration.parse(text)
    assert math.isclose(found["fillrandom"], fill)
    assert math.isclose(found["readrandom"], read)


def test_a_missing_line_is_an_error() -> None:
    with pytest.raises(AnalysisError, match="no line for readrandom"):
        calibration.parse(ROCKSDB.split("readrandom")[0])


def program(folder: Path, name: str, body: str) -> str:
    """A program that writes down how it was called and then does as it is told."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho \"$@\" >>{folder}/{name}.calls\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def setup_of(folder: Path, store: str) -> calibration.Setup:
    programs = folder / "programs"
    programs.mkdir()
    answer = json.dumps({"throughput_ops_per_second": 240e3})
    make = 'for a in "$@"; do case $a in --db=*) mkdir -p "${a#--db=}";; esac; done'
    return calibration.Setup(
        store, program(programs, "db_bench", f"{make}\ncat <<'END'\n{ROCKSDB}END"),
        program(programs, "varve", f"mkdir -p {folder}/results\necho '{answer}'"), 1000, folder)


@pytest.mark.parametrize("store", sorted(calibration.ENGINES))
def test_both_programs_are_asked_for_the_same(tmp_path: Path, store: str) -> None:
    setup = setup_of(tmp_path, store)
    speeds = calibration.measure(setup, 3)
    assert all(len(values) == 3 for works in speeds.values() for values in works.values())
    theirs = (tmp_path / "programs/db_bench.calls").read_text().splitlines()
    ours = (tmp_path / "programs/varve.calls").read_text().splitlines()
    for call in theirs:
        assert f"--write_buffer_size={setup.engine.memtable_bytes}" in call
        assert f"--cache_size={calibration.CACHE_BYTES}" in call
        assert "--num=1000" in call
    benches = [call for call in ours if call.startswith("bench")]
    assert len(benches) == 6
    for call in benches:
        assert f"--store {store} " in call
        assert f"--engine.memtable_bytes {setup.engine.memtable_bytes} " in call
        assert f"--engine.cache_bytes {calibration.CACHE_BYTES} " in call
        assert "--trial.verify false" in call
    # As many reads of absent keys as filling with repetition leaves absent.
    assert any("--records 632 " in call for call in benches)


def test_the_table_tells_ratios_and_whether_they_agree() -> None:
    same = [100e3, 102e3, 98e3]
    speeds = {"db_bench": {"fillrandom": same, "readrandom": same},
              "varve": {"fillrandom": [105e3, 106e3, 104e3], "readrandom": [50e3, 51e3, 49e3]}}
    fill, read = calibration.report("rocksdb", speeds).splitlines()[2:]
    assert "| 1.05" in fill and "| within 10% |" in fill
    assert "| 0.50" in read and "| NOT within 10% |" in read
    assert "100 (98.0 to 102)" in read


def test_faster_and_slower_are_judged_alike() -> None:
    def judged(factor: float) -> bool:
        speeds = {"db_bench": {"readrandom": [100.0] * 3},
                  "varve": {"readrandom": [100.0 * factor] * 3}}
        return calibration.agrees(calibration.ratio_of(speeds, "readrandom"))

    assert judged(1.09) and judged(1 / 1.09)
    assert not judged(1.11) and not judged(1 / 1.11)


def test_a_program_that_fails_has_its_own_words(tmp_path: Path) -> None:
    broken = program(tmp_path, "broken", "echo first >&2; echo 'no such device' >&2; exit 3")
    with pytest.raises(AnalysisError, match="broken failed: no such device"):
        calibration.run([broken])
