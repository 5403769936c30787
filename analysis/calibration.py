"""python -m analysis.calibration STORE --db-bench PATH: our harness beside an engine's own bench.

Fills a database with random keys and reads random keys of it, once by the `db_bench` that comes
with RocksDB or LevelDB and once by Varve's harness with the same library, turn about, and prints
operations per second and their ratio with its interval. If our client loop, or the store that we
wrote for the engine, cost much or did other work than the engine's authors do, it would show here.

What is the same: the number of operations, one client, keys of 16 and values of 100 bytes that do
not shrink, drawn with repetition from as many keys as there are operations, options (FLAGS), the
device, and a fresh directory for each run. Reads are of a database at rest with an empty memtable,
and follow a first pass of reads, which warms caches up; so many of them are of absent keys as
filling with repetition leaves absent. What differs: the harness times every operation by itself and
db_bench only all together; keys and values have other bytes.
"""
# SPDX-License-Identifier: Apache-2.0

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import AnalysisError, run_command
from analysis.metrics import digits
from analysis.summary import Ratio, geometric_ratio

HOME = Path(__file__).parent.parent
KEY_BYTES, VALUE_BYTES = 16, 100
MIB = 1 << 20
CACHE_BYTES, FILTER_BITS = 256 * MIB, 10
TOLERANCE = 0.10
LINE = re.compile(r"^(\w+)\s*:\s*([\d.]+) micros/op", re.MULTILINE)
# Filling n times from n keys leaves this share of them out.
ABSENT = math.exp(-1)

TERMS = ("--engine.memtables_max", "2", "--engine.cache_bytes", str(CACHE_BYTES),
         "--engine.filter", "bloom", "--engine.filter_bits_per_key", str(FILTER_BITS),
         "--engine.compression", "none", "--engine.durability", "process",
         "--engine.compaction_threads", "1")


@dataclass(frozen=True)
class Engine:
    """How one engine's db_bench is asked for the same, and what our store must take back."""

    memtable_bytes: int
    fill: str  # benchmarks of the first run
    flags: tuple[str, ...]
    ours: tuple[str, ...] = ()


ENGINES = {
    # What its db_bench sets otherwise than RocksDB itself is put back.
    "rocksdb": Engine(16 * MIB, "fillrandom,flush,waitforcompaction", (
        f"--key_size={KEY_BYTES}", "--max_write_buffer_number=2", "--compression_type=none",
        "--max_background_jobs=2", "--open_files=-1", "--enable_pipelined_write=false",
        "--delayed_write_rate=16777216", "--index_shortening_mode=1")),
    # Its authors do not verify checksums in their bench, and compress what does not shrink.
    "leveldb": Engine(4 * MIB, "fillrandom", ("--open_files=1000",),
                      ("--leveldb.verify_checksums", "false", "--leveldb.compression", "snappy")),
}
WORK = ("fillrandom", "readrandom")


@dataclass(frozen=True)
class Setup:
    """What every run of a calibration shares."""

    store: str
    db_bench: str
    varve: str
    operations: int
    folder: Path

    @property
    def engine(self) -> Engine:
        return ENGINES[self.store]


def main() -> int:
    parser = argparse.ArgumentParser(prog="varve calibrate", description=__doc__.split("\n\n")[1],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("store", choices=sorted(ENGINES))
    parser.add_argument("--db-bench", default="db_bench", metavar="PATH",
                        help="the engine's own bench; docs/peers.md says where to get it")
    parser.add_argument("--operations", type=int, default=1_000_000, metavar="N",
                        help="of each kind")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="runs of each program")
    parser.add_argument("--data", default="", metavar="DIR",
                        help="where databases are made; usually a new directory in results/")
    arguments = parser.parse_args()
    return run_command(lambda: calibrate(arguments))


def calibrate(arguments: argparse.Namespace) -> None:
    if arguments.rounds < 1 or arguments.operations < 1000:
        raise AnalysisError("--rounds must be 1 or more, --operations 1,000 or more")
    db_bench = shutil.which(arguments.db_bench)
    if db_bench is None:
        raise AnalysisError(f"there is no program {arguments.db_bench}: --db-bench says where "
                            "(RocksDB's is in Debian's rocksdb-tools)")
    root = Path(arguments.data) if arguments.data else HOME / "results"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="calibrate-", dir=root) as folder:
        setup = Setup(arguments.store, db_bench, str(HOME / "build/release/varve"),
                      arguments.operations, Path(folder))
        speeds = measure(setup, arguments.rounds)
    print(report(arguments.store, speeds))
    outside = [work for work in WORK if not agrees(ratio_of(speeds, work))]
    if outside:
        raise AnalysisError(f"{' and '.join(outside)}: more than {TOLERANCE:.0%} apart")


def measure(setup: Setup, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Program -> work -> operations per second of each round; who goes first changes."""
    speeds: dict[str, dict[str, list[float]]] = {
        name: {work: [] for work in WORK} for name in ("db_bench", "varve")}
    programs = {"db_bench": by_db_bench, "varve": by_varve}
    for number in range(rounds):
        order = list(programs) if number % 2 == 0 else list(reversed(programs))
        for name in order:
            for work, speed in programs[name](setup, number + 1).items():
                speeds[name][work].append(speed)
                print(f"round {number + 1}: {name:8} {work:10} {speed:10,.0f} operations/s",
                      flush=True)
    return speeds


def by_db_bench(setup: Setup, seed: int) -> dict[str, float]:
    common = [setup.db_bench, f"--num={setup.operations}", f"--value_size={VALUE_BYTES}",
              f"--write_buffer_size={setup.engine.memtable_bytes}", f"--cache_size={CACHE_BYTES}",
              f"--bloom_bits={FILTER_BITS}", "--compression_ratio=1", "--threads=1",
              *setup.engine.flags]
    if setup.store == "rocksdb":
        common.append(f"--seed={seed}")
    folder = setup.folder / "db_bench"
    common.append(f"--db={folder}")
    text = run([*common, f"--benchmarks={setup.engine.fill}"])
    # What is opened anew has an empty memtable, as a store of ours that has settled; reads would
    # have to look into a full one as well.
    text += run([*common, "--use_existing_db=1", "--benchmarks=readrandom,readrandom"])
    shutil.rmtree(folder)
    return parse(text)


def parse(text: str) -> dict[str, float]:
    """Operations per second of each benchmark in the output of a db_bench; of several the last, as
    those before it warm up."""
    found = {work: 1e6 / float(micros) for work, micros in LINE.findall(text) if float(micros) > 0}
    for work in WORK:
        if work not in found:
            raise AnalysisError(f"db_bench printed no line for {work}")
    return found


def by_varve(setup: Setup, seed: int) -> dict[str, float]:
    return {"fillrandom": fill(setup, seed), "readrandom": read(setup, seed)}


def fill(setup: Setup, seed: int) -> float:
    return bench(setup, ["--workload", "fill_repeating", "--seed", str(seed), "--operations",
                         str(setup.operations), "--records", str(setup.operations),
                         "--workload.key_bytes", str(KEY_BYTES), "--workload.value_bytes",
                         str(VALUE_BYTES)])


def read(setup: Setup, seed: int) -> float:
    records = round(setup.operations * (1 - ABSENT))
    return bench(setup, [
        "--workload", "read_random", "--records", str(records), "--seed", str(seed),
        "--operations", str(setup.operations), "--workload.load_order", "shuffled",
        "--workload.read_proportion", str(1 - ABSENT), "--workload.read_absent_proportion",
        str(ABSENT), "--workload.key_bytes", str(KEY_BYTES), "--workload.value_bytes",
        str(VALUE_BYTES), "--trial.warmup_seconds", "5"])


def bench(setup: Setup, arguments: Sequence[str]) -> float:
    """Operations per second of one trial. Answers are not checked: db_bench does not either."""
    text = run([setup.varve, "bench", "--store", setup.store, "--format", "json",
                "--trial.verify", "false", "--results", str(setup.folder / "results"),
                *TERMS, "--engine.memtable_bytes", str(setup.engine.memtable_bytes),
                *setup.engine.ours, *arguments])
    shutil.rmtree(setup.folder / "results")
    return float(json.loads(text)["throughput_ops_per_second"])


def run(command: Sequence[str]) -> str:
    """What a program prints; its own last words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=os.environ | {"VARVE_HOME": str(HOME)})
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise AnalysisError(f"{Path(command[0]).name} failed: {said[-1] if said else 'no word'}")
    return done.stdout


def ratio_of(speeds: dict[str, dict[str, list[float]]], work: str) -> Ratio:
    return geometric_ratio(speeds["varve"][work], speeds["db_bench"][work])


def agrees(ratio: Ratio) -> bool:
    return abs(math.log(ratio.ratio)) <= math.log(1 + TOLERANCE)


def median_text(values: Sequence[float]) -> str:
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    return f"{digits(middle / 1e3)} ({digits(ordered[0] / 1e3)} to {digits(ordered[-1] / 1e3)})"


def report(store: str, speeds: dict[str, dict[str, list[float]]]) -> str:
    """A table in Markdown, as docs/peers.md has it."""
    lines = [f"| {store} | db_bench, K/s | harness, K/s | harness ÷ db_bench | |",
             "|---|---|---|---|---|"]
    for work in WORK:
        ratio = ratio_of(speeds, work)
        text = f"{ratio.ratio:.3f}"
        if ratio.has_interval:
            text += f" [{ratio.low:.3f}, {ratio.high:.3f}]"
        verdict = "within" if agrees(ratio) else "NOT within"
        lines.append(f"| {work} | {median_text(speeds['db_bench'][work])} "
                     f"| {median_text(speeds['varve'][work])} | {text} "
                     f"| {verdict} {TOLERANCE:.0%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
