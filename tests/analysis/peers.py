"""Makes results of several stores out of nothing: what synthetic.py makes of one, for many.

One store is not able to do what a workload asks for, one has another durability class, one runs
with its own defaults. Every store says what could not be made equal.
By hand: python tests/analysis/peers.py DIR [REPETITIONS]
"""
# SPDX-License-Identifier: Apache-2.0

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import synthetic

WORKLOADS = ("ycsb_a", "ycsb_c", "delete_heavy")


@dataclass(frozen=True)
class Peer:
    """A variant of the experiment: a store, and how it differs from the others."""

    name: str
    store: str
    speed: float  # times that of varve
    library: str = ""
    durability: str = "process"
    profile: str = "equal"
    not_supported: str = ""  # the workload that it is not able to run
    caveats: tuple[str, ...] = ()


VARVE = Peer("varve", "varve", 1.0)
ROCKSDB = Peer("rocksdb", "rocksdb", 1.4, "RocksDB 7.8.3", caveats=(
    "rocksdb: its write buffer manager counts an arena of 1048576 bytes as full",))
ROCKSDB_DEFAULT = Peer("rocksdb_default", "rocksdb", 1.6, "RocksDB 7.8.3", profile="default",
                       caveats=("rocksdb: its block cache has 33554432 bytes by default",))
LEVELDB = Peer("leveldb", "leveldb", 0.5, "LevelDB 1.23", not_supported="delete_heavy", caveats=(
    "leveldb: it has one background thread, whatever engine.compaction_threads is",
    "leveldb: its filters are per 2 KiB of keys"))
LMDB = Peer("lmdb", "lmdb", 1.0, "LMDB 0.9.24", caveats=(
    "lmdb: its cache is the page cache of the operating system, to which engine.cache_bytes does "
    "not apply.",
    "lmdb: it has no memtable, so that engine.memtable_bytes does not apply",
    "lmdb: it does not compress"))
SQLITE = Peer("sqlite", "sqlite", 0.9, "SQLite 3.40.1", durability="none", caveats=(
    "sqlite: its log is checkpointed every 1000 pages",))
WIREDTIGER = Peer("wiredtiger", "wiredtiger", 0.8, "WiredTiger 11.1", caveats=(
    "wiredtiger: its cache holds pages that were not written back as well",
    "wiredtiger: eviction threads are 4 of its own, beside those of engine.compaction_threads",
    "wiredtiger: the smallest cache that it takes is 1048576 bytes"))
REDIS = Peer("redis", "resp", 0.2, "redis-server 7.0.15", caveats=(
    "resp: every call goes through a socket to a server of its own",
    "resp: all data are in memory, to which engine.cache_bytes does not apply",
    "resp: the server is written to a log once a second"))
FEW = (VARVE, ROCKSDB, ROCKSDB_DEFAULT, LEVELDB, LMDB, SQLITE)
MANY = (VARVE, ROCKSDB, LEVELDB, LMDB, WIREDTIGER, SQLITE, REDIS)


def make(folder: Path, peers: Sequence[Peer] = FEW, repetitions: int = 3,
         workloads: Sequence[str] = WORKLOADS, seconds: int = 4, figures: str = "") -> Path:
    """Writes a results directory, a variant a peer."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# How does varve compare with other stores on equal terms?", 'title = "Peers"']
    plan = []
    for peer in peers:
        lines += ["[[variant]]", f'name = "{peer.name}"', f'"trial.store" = "{peer.store}"']
        for workload in workloads:
            for repetition in range(1, repetitions + 1):
                asked = trial_json(peer, workload, repetition)
                plan.append({"trial": synthetic.trial_id(asked), "variant": peer.name})
                write_trial(folder / "trials" / synthetic.trial_id(asked), asked, peer, seconds)
    (folder / "experiment.toml").write_text("\n".join(lines) + "\n" + figures, encoding="utf-8")
    synthetic.write_json(folder / "manifest.json", {
        "schema": 1, "experiment": "peers", "plan": plan, "machine": synthetic.machine(),
        "build": synthetic.build()})
    return folder


def trial_json(peer: Peer, workload: str, repetition: int) -> dict[str, Any]:
    asked = synthetic.trial_json(peer.name, workload, repetition, {})
    asked |= {"experiment": "peers", "title": "Peers",
              "point": {"trial.store": peer.store, "trial.workload": workload}}
    asked["trial"] |= {"store": peer.store, "profile": peer.profile}
    asked["engine"] |= {"compaction": "leveled", "durability": peer.durability}
    return asked


def write_trial(folder: Path, asked: dict[str, Any], peer: Peer, seconds: int) -> None:
    synthetic.write_trial(folder, asked, 0, seconds, lambda result: bend(result, peer))
    if asked["trial"]["workload"] == peer.not_supported:
        for name in ("samples.csv", "events.jsonl"):
            (folder / name).unlink()
    elif peer.store != "varve":
        without_tree(folder / "samples.csv")
        (folder / "events.jsonl").write_text("", encoding="utf-8")


def bend(result: dict[str, Any], peer: Peer) -> None:
    """Makes the result of our own store that of a peer."""
    result["settings_used"] = {"store": peer.store, "durability": peer.durability,
                               "profile": peer.profile}
    if peer.library:
        result["settings_used"]["library"] = peer.library
    result["build"]["libraries"] = {"lz4": "1.9.4", "rocksdb": "7.8.3"}
    result["caveats"] = list(peer.caveats)
    if result["trial"]["trial"]["workload"] == peer.not_supported:
        not_supported(result, peer)
        return
    result["throughput_ops_per_second"] *= peer.speed
    own = result["amplification"] if peer.store == "varve" else {}
    result["amplification"] = {**own, **system(result["amplification"], peer.speed)}
    if peer.store != "varve":
        del result["tree"]
        result["phases"] = [{name: phase[name] for name in ("name", "start_ns", "end_ns")}
                            for phase in result["phases"]]


def system(own: dict[str, Any], speed: float) -> dict[str, float]:
    """What the operating system counts: the same for every store."""
    found = {f"system_space_amplification{when}": own[f"space_amplification{when}"] * 1.1 / speed
             for when in ("", "_settled", "_peak")}
    if written := own.get("write_amplification"):
        found |= {"system_write_amplification": written / speed,
                  "system_write_amplification_load": written / speed,
                  "system_write_amplification_with_debt": 1.1 * written / speed,
                  "system_write_amplification_total": written / speed,
                  "system_write_call_amplification": 0.9 * written / speed}
    if read := own.get("bytes_read_per_byte_returned"):
        found |= {"system_bytes_read_per_byte_returned": read / speed,
                  "system_read_call_bytes_per_byte_returned": 2 * read / speed}
    return found


def not_supported(result: dict[str, Any], peer: Peer) -> None:
    """Leaves what docs/results.md says is in such a result."""
    sentence = f"{peer.store}: deletes of ranges are not supported"
    kept = {name: result[name] for name in ("schema", "trial", "machine", "build",
                                            "settings_used", "caveats")}
    result.clear()
    result.update(kept, not_supported=sentence)
    result["caveats"].append(sentence)


def bend_results(folder: Path, change: synthetic.Bend) -> Path:
    """Changes every result of a directory; returns the directory."""
    for path in sorted((folder / "trials").glob("*/result.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        change(result)
        synthetic.write_json(path, result)
    return folder


def without_tree(path: Path) -> None:
    """Takes the columns of levels out of samples.csv."""
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [at for at, name in enumerate(rows[0]) if not name.startswith("level")]
    text = "".join(",".join(row[at] for at in kept) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]), FEW, *(int(argument) for argument in sys.argv[2:]))
