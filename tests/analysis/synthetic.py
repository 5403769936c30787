"""Makes results directories out of nothing: plausible numbers, the same for the same arguments.

Follows docs/results.md. Tests bend what it writes (missing fields, failed trials, other schemas).
By hand: python tests/analysis/synthetic.py DIR [VARIANTS] [REPETITIONS]
"""
# SPDX-License-Identifier: Apache-2.0

import hashlib
import json
import math
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy

VARIANTS = ("leveled", "tiered", "lazy_leveled", "one_leveled", "fluid_k2_z1", "fluid_k4_z2",
            "universal", "fifo", "time_window", "t4_t4_l10", "lethe_tombstone_age_600",
            "round_robin_partial")
WORKLOADS = {  # share of gets, operation types
    "ycsb_a": (0.5, ("read", "update")),
    "ycsb_c": (1.0, ("read",)),
    "fill_random": (0.0, ("insert",)),
    "ycsb_e": (0.0, ("scan", "insert")),
    "ycsb_f": (0.75, ("read", "read_modify_write")),
    "delete_heavy": (0.2, ("read", "delete", "insert")),
}
# One that every trial meets, one that none does, one that cannot be told. For `figures` of make().
CRITERIA = """
[[criterion]]
claim = "Space is at most twice that of the data"
row = "Nobody's Figure 1"
check = "bound"
metric = "space_amplification"
of = { workload = "ycsb_a" }
high = 2

[[criterion]]
claim = "The first half of writes is free"
row = "Nobody's Figure 2"
check = "bound"
metric = "write_amplification"
of = { workload = "ycsb_a", variant = "leveled" }
low = 0.1
high = 0.5

[[criterion]]
claim = "Size ratios make no difference"
row = "Nobody's Figure 3"
check = "monotone"
metric = "write_amplification"
over = "engine.size_ratio"
"""
SECOND = 1_000_000_000
LEVELS = 4

Bend = Callable[[dict[str, Any]], None]


def make(folder: Path, variants: int = 3, repetitions: int = 3,
         workloads: Sequence[str] = ("ycsb_a", "ycsb_c", "fill_random"), seconds: int = 12,
         comment: str = "How do compaction strategies compare when data is updated and read?",
         figures: str = "", bend: Bend | None = None,
         sweep: dict[str, list[Any]] | None = None) -> Path:
    """Writes a results directory; `bend` may change each result before it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(VARIANTS[:variants])
    (folder / "experiment.toml").write_text(experiment_text(names, workloads, repetitions, comment,
                                                            figures, sweep), encoding="utf-8")
    plan = []
    points: list[dict[str, Any]] = [{}]
    for axis, values in (sweep or {}).items():
        points = [{**point, axis: value} for point in points for value in values]
    for repetition in range(1, repetitions + 1):
        for workload in workloads:
            for at, variant in enumerate(names):
                for point in points:
                    asked = trial_json(variant, workload, repetition, point)
                    plan.append({"id": trial_id(asked), "variant": variant,
                                 "repetition": repetition, "trial": {"workload": workload}})
                    write_trial(folder / "trials" / trial_id(asked), asked, at, seconds, bend)
    order = numpy.random.Generator(numpy.random.PCG64(7)).permutation(len(plan))
    manifest = {"schema": 1, "experiment": "synthetic", "plan": [plan[i] for i in order],
                "machine": machine(), "build": build()}
    write_json(folder / "manifest.json", manifest)
    (folder / "journal.jsonl").write_text("", encoding="utf-8")
    return folder


def experiment_text(variants: Sequence[str], workloads: Sequence[str], repetitions: int,
                    comment: str, figures: str, sweep: dict[str, list[Any]] | None) -> str:
    lines = [f"# {comment}"] if comment else []
    lines += ['title = "Compaction strategies"', "[trial]", 'store = "varve"',
              f"repetitions = {repetitions}", "[sweep]",
              f'"trial.workload" = {json.dumps(list(workloads))}']
    lines += [f'"{axis}" = {json.dumps(values)}' for axis, values in (sweep or {}).items()]
    for name in variants:
        lines += ["[[variant]]", f'name = "{name}"', f'"engine.compaction" = "{name}"']
    return "\n".join(lines) + "\n" + figures


def trial_json(variant: str, workload: str, repetition: int,
               point: dict[str, Any]) -> dict[str, Any]:
    engine = {"compaction": variant, "memtable": "skiplist", "memtable_bytes": 1 << 20,
              "size_ratio": 10, "durability": "process", "cache_bytes": 8 << 20}
    engine |= {name.removeprefix("engine."): value for name, value in point.items()}
    return {"schema": 1, "experiment": "synthetic", "title": "Compaction strategies",
            "variant": variant,
            "point": {"engine.compaction": variant, **point, "trial.workload": workload},
            "repetition": repetition, "seed": 1000 + repetition,
            "trial": {"store": "varve", "workload": workload, "clients": 1, "load_clients": 1,
                      "warmup_seconds": 2, "operations": 0, "seconds": 12, "records": 100000,
                      "verify": True, "oracle": True},
            "engine": engine,
            "workload": {"name": workload, "records": 100000, "value_bytes": 100}}


def trial_id(asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def machine() -> dict[str, Any]:
    return {"cpu": "Synthetic 3000", "cores": 2, "memory_bytes": 8 << 30, "kernel": "6.1.0",
            "filesystem": "ext4", "virtualisation": "kvm"}


def build() -> dict[str, Any]:
    return {"commit": "0123456789abcdef", "dirty": False, "type": "Release", "assertions": False,
            "compiler": "GNU 12.2.0", "flags": "-O3 -DNDEBUG", "sanitizer": ""}


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, sort_keys=True), encoding="utf-8")


def write_trial(folder: Path, asked: dict[str, Any], at: int, seconds: int,
                bend: Bend | None) -> None:
    random = numpy.random.Generator(numpy.random.PCG64(zlib.crc32(folder.name.encode())))
    ratio = float(asked["engine"].get("size_ratio", 10))
    nature = {"gets": WORKLOADS[asked["trial"]["workload"]][0],
              "operations": WORKLOADS[asked["trial"]["workload"]][1],
              "tiering": (at * 0.37) % 1.0, "ratio": ratio,
              "speed": 1 + 0.35 * math.sin(at * 1.7) + 0.02 * ratio}
    result = result_json(asked, nature, random, seconds)
    if bend is not None:
        bend(result)
    write_json(folder / "trial.json", asked)
    write_json(folder / "result.json", result)
    (folder / "samples.csv").write_text(samples_csv(nature, random, seconds),
                                        encoding="utf-8")
    (folder / "events.jsonl").write_text(events_jsonl(nature, random, seconds), encoding="utf-8")


def phases(seconds: int) -> list[dict[str, Any]]:
    table, now = [], 0
    for name, length in (("load", 5), ("settle", 1), ("warmup", 2), ("measure", seconds),
                         ("drain", 1), ("verify", 1)):
        table.append({"name": name, "start_ns": now, "end_ns": now + length * SECOND,
                      "operations": 1000 * length, "counters": {}, "ledger": []})
        now += length * SECOND
    table[0] |= {"counters": {"flush_entries_written": 40_000},
                 "compactions": [{"to_level": level, "entries_read": 10_000 * (level + 4),
                                  "entries_dropped": 1000} for level in range(1, LEVELS)]}
    return table


def result_json(asked: dict[str, Any], nature: dict[str, Any], random: numpy.random.Generator,
                seconds: int) -> dict[str, Any]:
    base = 400_000 * nature["speed"] * (1 + nature["gets"])
    throughput = float(base * random.lognormal(0, 0.03))
    total = int(throughput * seconds)
    shares = {name: total // len(nature["operations"]) for name in nature["operations"]}
    latency = {name: latency_row(count, random, 1e9 / throughput)
               for name, count in {**shares, "all": total}.items()}
    return {"schema": 1, "trial": asked, "machine": machine(), "build": build(),
            "settings_used": {"store": "varve", "durability": asked["engine"]["durability"]},
            "phases": phases(seconds),
            "operations": {"total": total, **shares, "found": total, "absent": 0,
                           "stream_hash": "0123456789abcdef"},
            "throughput_ops_per_second": throughput, "latency": latency,
            "amplification": amplification(nature, random),
            "memory": {"peak_bytes": 64 << 20}, "cpu": {"user_seconds": 9.5,
                                                        "system_seconds": 1.25},
            "operating_system": {"read_bytes": 0, "write_bytes": 1 << 30}, "ledger_residual": 0.0,
            "harness": {"null_ns_per_operation": 55.0},
            "tree": {"levels": [{"level": level, "runs": 1, "tables": 4, "bytes": 1 << 20,
                                 "entries": 10_000 * 4**level,
                                 "filter_bytes": 1250 * (16 - 3 * level) * 4**level}
                                for level in range(LEVELS)]},
            "verified": True, "steady": True, "caveats": []}


def latency_row(count: int, random: numpy.random.Generator, mean_ns: float) -> dict[str, Any]:
    steps = {"p50": 0.7, "p90": 1.6, "p95": 2.2, "p99": 6, "p999": 60, "p9999": 900, "max": 9000}
    wobble = random.lognormal(0, 0.05, len(steps))
    row = {"count": count, "mean_ns": mean_ns, "min_ns": int(mean_ns * 0.3)}
    for (name, step), by in zip(steps.items(), wobble, strict=True):
        row[f"{name}_ns"] = int(mean_ns * step * by)
    return row


def amplification(nature: dict[str, Any], random: numpy.random.Generator) -> dict[str, Any]:
    tiering, ratio, gets = nature["tiering"], nature["ratio"], nature["gets"]
    space = float((1.12 + 0.9 * tiering) * random.lognormal(0, 0.01))
    table: dict[str, Any] = {"space_amplification": space,
                             "space_amplification_settled": space * 0.93,
                             "space_amplification_peak": space * 1.35, "debt_bytes": 30 << 20,
                             "debt_seconds": 0.8, "stall_seconds": 0.21,
                             "stall_seconds_by_cause": {"level0_runs": 0.21}, "stalls": 3}
    if gets < 1:
        parts = {"wal": 1.08, "flush": 1.02, "other": 0.01}
        for level in range(1, LEVELS):
            parts[f"compaction_to_{level}"] = float(
                (0.35 + (1 - tiering) * ratio / 5) * random.lognormal(0, 0.02))
        total = sum(parts.values())
        table |= {"write_amplification": total, "write_amplification_parts": parts,
                  "write_amplification_without_wal": total - parts["wal"],
                  "write_amplification_load": total * 0.8, "write_amplification_total": total,
                  "write_amplification_with_debt": total * 1.1}
    if gets > 0:
        runs = [float((1 + 4 * tiering) * (0.5 + 0.2 * level) * random.lognormal(0, 0.02))
                for level in range(LEVELS)]
        blocks = [{"level": level, "cache": run * 0.2, "storage": run * 0.12}
                  for level, run in enumerate(runs)]
        cache, storage = (sum(row[name] for row in blocks) for name in ("cache", "storage"))
        table |= {"runs_probed_per_get": sum(runs), "runs_probed_per_get_by_level": runs,
                  "blocks_read_per_get": cache + storage, "blocks_per_get_by_level": blocks,
                  "blocks_from_cache_per_get": cache, "blocks_from_storage_per_get": storage,
                  "bytes_read_per_byte_returned": 4.2, "filter_false_positive_rate": 0.009,
                  "filter_false_positive_rate_expected": 0.0082, "filter_probes_absent": 40_000,
                  "filter_bits_per_entry": 10.0}
    return table


def samples_csv(nature: dict[str, Any], random: numpy.random.Generator,
                seconds: int) -> str:
    columns = ["phase", "second", "time_ns", "operations", "throughput_ops_per_second",
               "file_bytes", "runs"]
    columns += [f"level{level}_bytes" for level in range(7)]
    columns += [f"level{level}_runs" for level in range(7)]
    lines = [",".join(columns)]
    base = 400_000 * nature["speed"] * (1 + nature["gets"])
    for phase, start, length in (("load", 0, 5), ("warmup", 6, 2), ("measure", 8, seconds)):
        for second in range(length):
            now = start + second + 1
            speed = float(base * random.lognormal(0, 0.08))
            if nature["gets"] < 1 and now % 7 == 3:
                speed *= 0.45
            sizes = [int(min(now, 12) / 12 * 3e6 * 5**level * (0.6 + 0.4 * ((now + level) % 4) / 3))
                     if level < LEVELS else 0 for level in range(7)]
            runs = [1 + int(nature["tiering"] * ((now + level) % 5)) if size else 0
                    for level, size in enumerate(sizes)]
            row = [phase, second, now * SECOND, int(speed), round(speed, 3), sum(sizes), sum(runs),
                   *sizes, *runs]
            lines.append(",".join(str(value) for value in row))
    return "\n".join(lines) + "\n"


def events_jsonl(nature: dict[str, Any], random: numpy.random.Generator, seconds: int) -> str:
    events = []
    end = 8 + seconds if nature["gets"] < 1 else 6
    for at in numpy.arange(0.2, end, 0.45):
        start = float(at + random.uniform(0, 0.1))
        phase = "load" if at < 5 else "warmup" if at < 8 else "measure"
        events.append(("flush", phase, start, 0.06, {"output_level": 0}))
        if random.uniform() < 0.6:
            events.append(("compaction", phase, start + 0.08, float(random.uniform(0.1, 0.5)),
                           {"input_level": 0, "output_level": 1, "reason": "run_count"}))
        if random.uniform() < 0.08:
            events.append(("stall", phase, start, 0.2, {"cause": "level0_runs", "stopped": False}))
    rows = [{"event": event, "phase": phase, "start_ns": int(start * SECOND),
             "end_ns": int((start + length) * SECOND), **more}
            for event, phase, start, length, more in events]
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)


if __name__ == "__main__":
    make(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:]))
