"""What each metric is called, its unit, which way is better, and its definition.

The table that axes, tables and the report's definitions all read. Names are those of summary.csv.
"""
# SPDX-License-Identifier: Apache-2.0

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.errors import unknown


@dataclass(frozen=True)
class Metric:
    name: str
    title: str
    unit: str  # "operations/s", "ns", "s", "bytes" or "" for a plain number
    better: str  # "higher", "lower" or ""
    definition: str = ""


METRICS = {metric.name: metric for metric in (
    Metric("throughput_ops_per_second", "throughput", "operations/s", "higher",
           "completed operations ÷ wall time of the measure phase; a read-modify-write is one"),
    Metric("throughput_worst_window_ops_per_second", "throughput of the worst window",
           "operations/s", "higher", "the lowest throughput of a full sample of the measure phase"),
    Metric("p99_worst_window_ns", "p99 of the worst window", "ns", "lower",
           "the highest 99th percentile of a full sample of the measure phase, of responses in an "
           "open loop and of latencies in a closed one"),
    Metric("share_of_windows_below_half", "share of windows below half", "", "lower",
           "full samples of the measure phase with less than half of their mean throughput ÷ all "
           "of them"),
    Metric("throughput_interval_width", "width of the throughput's interval", "", "lower",
           "its 95 % confidence interval ÷ its mean"),
    Metric("injected_stall_calls_held", "calls held by an injected stall", "", "",
           "calls of the store made while it was stalled on purpose"),
    Metric("injected_stall_calls_of_its_length", "calls as long as an injected stall", "", "",
           "operations whose call took 98 % of the stall and more"),
    Metric("injected_stall_operations_affected", "operations that an injected stall made wait", "",
           "", "operations whose response (closed loop: latency) was 0.5 % of the stall and more"),
    Metric("injected_stall_p99_ns", "p99 with an injected stall", "ns", "lower",
           "the 99th percentile of responses in an open loop, of latencies in a closed one"),
    Metric("injected_stall_operations_affected_mean_ns", "their mean time", "ns", "",
           "the mean of these responses or latencies"),
    Metric("operations", "operations", "", "", "operations completed in the measure phase"),
    Metric("seconds", "measured time", "s", "", "wall time of the measure phase"),
    Metric("write_amplification", "write amplification", "", "lower",
           "all bytes written to storage in the measure phase ÷ bytes of keys and values that "
           "clients wrote in it (a delete counts its key)"),
    Metric("write_amplification_without_wal", "write amplification without WAL", "", "lower",
           "the same without the write-ahead log"),
    Metric("write_amplification_load", "write amplification of load", "", "lower",
           "the same over load and settle"),
    Metric("write_amplification_total", "write amplification in total", "", "lower",
           "the same over load, settle, warm-up, measure and drain"),
    Metric("write_amplification_with_debt", "write amplification with debt", "", "lower",
           "bytes written in measure and drain ÷ user bytes of measure: what the store still owed "
           "when the clock stopped is charged"),
    Metric("runs_probed_per_get", "runs probed per get", "", "lower",
           "sorted runs with a table whose key range holds the key, per get"),
    Metric("blocks_read_per_get", "blocks read per get", "", "lower",
           "data blocks looked at per get, cached or not"),
    Metric("blocks_from_cache_per_get", "blocks from cache per get", "", "",
           "data blocks per get found in the block cache"),
    Metric("blocks_from_storage_per_get", "blocks from storage per get", "", "lower",
           "data blocks per get read from storage"),
    Metric("bytes_read_per_byte_returned", "bytes read per byte returned", "", "lower",
           "bytes read from storage by get and scan ÷ bytes of keys and values returned"),
    Metric("filter_false_positive_rate", "filter false-positive rate", "", "lower",
           "false positives ÷ (false positives + negatives)"),
    Metric("filter_bits_per_entry", "filter bits per entry", "", "lower",
           "bits of all filters ÷ entries of all tables, at the end of measure"),
    Metric("space_amplification", "space amplification", "", "lower",
           "bytes of live files at the end of measure ÷ live bytes of keys and values, which the "
           "harness's oracle knows exactly"),
    Metric("space_amplification_settled", "space amplification, settled", "", "lower",
           "the same at the end of drain"),
    Metric("space_amplification_peak", "space amplification, peak", "", "lower",
           "the largest of the samples of measure"),
    Metric("space_amplification_mean", "space amplification, mean", "", "lower",
           "the mean of the samples of measure"),
    Metric("system_write_amplification", "write amplification by the system", "", "lower",
           "bytes that the kernel counts as sent to storage in the measure phase (pages made "
           "dirty, through files and mappings, each as a whole), less the harness's own files, ÷ "
           "bytes of keys and values that clients wrote in it: the same for every store, where "
           "write amplification is what the store's own ledger says"),
    Metric("system_write_amplification_load", "write amplification of load by the system", "",
           "lower", "the same over load and settle"),
    Metric("system_write_amplification_with_debt", "write amplification with debt by the system",
           "", "lower", "the same over measure and drain, ÷ user bytes of measure"),
    Metric("system_write_amplification_total", "write amplification in total by the system", "",
           "lower", "the same over load, settle, warm-up, measure and drain"),
    Metric("system_write_call_amplification", "bytes given to write calls per user byte", "",
           "lower", "bytes given to write(2) and its like in the measure phase, less the "
           "harness's own files, ÷ bytes of keys and values that clients wrote in it"),
    Metric("system_bytes_read_per_byte_returned", "bytes read per byte returned by the system",
           "", "lower", "bytes that the kernel read from storage in the measure phase ÷ bytes of "
           "keys and values returned to clients; what the page cache had is not among them"),
    Metric("system_read_call_bytes_per_byte_returned", "bytes of read calls per byte returned",
           "", "lower", "bytes that read(2) and its like gave in the measure phase, from the page "
           "cache or storage, ÷ bytes of keys and values returned to clients; what is read "
           "through mappings is not among them"),
    Metric("system_space_amplification", "space amplification by the system", "", "lower",
           "blocks on disk of all files in the store's directory at the end of measure ÷ live "
           "bytes of keys and values"),
    Metric("system_space_amplification_settled", "space amplification by the system, settled", "",
           "lower", "the same at the end of drain"),
    Metric("system_space_amplification_peak", "space amplification by the system, peak", "",
           "lower", "the largest of the samples of measure"),
    Metric("space_overhead", "space overhead", "", "lower",
           "keys and values in tables beyond the live ones ÷ live ones, at the end of drain: space "
           "amplification less 1, without encoding"),
    Metric("space_overhead_mean", "space overhead, mean", "", "lower",
           "the mean of the samples of measure"),
    Metric("space_overhead_peak", "space overhead, peak", "", "lower",
           "the largest of the samples of measure"),
    Metric("compaction_bytes", "bytes moved by compactions", "bytes", "lower",
           "bytes that compactions of the measure phase read and wrote"),
    Metric("entries_written_per_entry", "copies per entry", "", "lower",
           "entries that flushes and compactions wrote in measure and drain ÷ puts and deletes of "
           "measure: write amplification as models count it, without encoding and log"),
    Metric("entries_written_per_entry_load", "copies per entry of load", "", "lower",
           "the same over load and settle"),
    Metric("compaction_jobs", "compactions", "", "",
           "compactions in the measure phase that rewrote data"),
    Metric("compaction_bytes_read", "bytes read by compactions", "bytes", "lower",
           "bytes that compactions of the measure phase read from storage"),
    Metric("compaction_bytes_written", "bytes written by compactions", "bytes", "lower",
           "bytes that compactions of the measure phase wrote"),
    Metric("compaction_bytes_per_job", "bytes per compaction", "bytes", "",
           "bytes read and written ÷ compactions of the measure phase that rewrote data"),
    Metric("compaction_seconds_per_job", "time per compaction", "s", "lower",
           "mean duration of the compactions of the measure phase that rewrote data"),
    Metric("levels", "levels", "", "lower", "levels that hold a table at the end of measure"),
    Metric("runs", "sorted runs", "", "lower", "sorted runs at the end of measure"),
    Metric("runs_mean", "sorted runs, mean", "", "lower", "the mean of the samples of measure"),
    Metric("tombstones_left", "tombstones left", "", "lower",
           "tombstones in tables at the end of measure"),
    Metric("tombstone_age_max", "age of the oldest tombstone", "", "lower",
           "writes since the oldest tombstone that is in a table, the largest of the samples of "
           "measure"),
    Metric("flushes", "flushes", "", "lower", "flushes that ended in the measure phase"),
    Metric("entries_per_flush", "entries per flush", "", "higher",
           "entries that flushes of the measure phase wrote ÷ flushes"),
    Metric("memtable_bytes_per_entry", "memory per entry", "bytes", "lower",
           "bytes that a bare memtable took from the allocator ÷ its entries, at the end of "
           "measure"),
    Metric("memtable_payload_bytes_per_entry", "payload per entry", "bytes", "",
           "the part of it that is keys and values"),
    Metric("memtable_structure_bytes_per_entry", "structure per entry", "bytes",
           "lower", "the part that finds entries, keeps their order and says their lengths"),
    Metric("memtable_slack_bytes_per_entry", "slack per entry", "bytes", "lower",
           "the part that is not used: not filled, replaced, or the allocator's own"),
    Metric("stall_seconds", "stall time", "s", "lower",
           "time during which a write was delayed or stopped"),
    Metric("debt_seconds", "debt, time", "s", "lower", "time that the drain phase took"),
    Metric("debt_bytes", "debt, bytes", "bytes", "lower", "bytes that the drain phase wrote"),
    Metric("cpu_seconds", "processor time", "s", "lower", "user and system time of the process"),
    Metric("memory_bytes_peak", "peak memory", "bytes", "lower",
           "largest resident memory of the process"),
)}

# The metrics of the short table and of the answer.
MAIN = ("throughput_ops_per_second", "latency_all_p99_ns", "write_amplification",
        "blocks_read_per_get", "space_amplification")

# What stands in for them where several stores are compared: the operating system counts alike for
# all, and only some stores have a ledger of their own.
OF_THE_SYSTEM = {"write_amplification": "system_write_amplification",
                 "blocks_read_per_get": "system_bytes_read_per_byte_returned",
                 "space_amplification": "system_space_amplification"}

PERCENTILE_TITLES = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p999": "p99.9",
                     "p9999": "p99.99", "max": "maximum", "mean": "mean"}
LATENCY = re.compile(
    r"(?P<kind>latency|response)_(?P<operation>\w+)_(?P<percentile>p\d+|max|mean)_ns")


def metric(name: str, known: Iterable[str] = ()) -> Metric:
    """The metric of that name. Latencies are made up on the spot; other names must be known."""
    if name in METRICS:
        return METRICS[name]
    match = LATENCY.fullmatch(name)
    if match and match["percentile"] in PERCENTILE_TITLES:
        percentile = PERCENTILE_TITLES[match["percentile"]]
        operation = match["operation"].replace("_", " ")
        kind = match["kind"]
        what = f"{percentile} {kind}" + ("" if operation == "all" else f" of {operation}")
        begin = "call" if kind == "latency" else "intended start"
        return Metric(name, what, "ns", "lower", f"time from {begin} to return of an operation: "
                      f"the {percentile} of the trial's histogram")
    if name in set(known):
        return Metric(name, name.replace("_", " "), unit_of(name), "")
    raise unknown("metric", name, dict.fromkeys([*METRICS, *known]))


def unit_of(name: str) -> str:
    """The unit that a name ends in."""
    for ending, unit in (("_ns", "ns"), ("_seconds", "s"), ("_bytes", "bytes"),
                         ("_ops_per_second", "operations/s")):
        if name.endswith(ending):
            return unit
    return ""


STEPS = {
    "operations/s": ((1e6, "M operations/s"), (1e3, "K operations/s"), (1, "operations/s")),
    "ns": ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")),
    "bytes": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "bytes")),
    "s": ((1, "s"),),
    "": ((1, ""),),
}


def scale(unit: str, values: Iterable[float], least: float = 1) -> tuple[float, str]:
    """What to divide by, and the unit's name then: the largest value is then `least` or more."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0)
    for divisor, text in STEPS[unit]:
        if largest >= divisor * least:
            return divisor, text
    return STEPS[unit][-1]


def axis_scale(unit: str, values: Iterable[float]) -> tuple[float, str]:
    """The same for a whole axis, on which smaller values are to be read as well."""
    return scale(unit, values, least=3)


def tick(value: float, _: int = 0) -> str:
    """A number beside an axis."""
    return f"{value:g}".replace("-", "−")


def axis_label(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


def digits(value: float) -> str:
    """Three significant digits, never in exponents between 0.001 and a million; "" for NaN."""
    if not math.isfinite(value):
        return ""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    size = math.floor(math.log10(abs(round(value, 2 - size))))  # 9.996 is written 10.0
    if size >= 6 or size < -3:
        return f"{value:.2e}"
    return f"{value:.{max(0, 2 - size)}f}"


def format_interval(name: str, value: float, low: float, high: float) -> str:
    """An interval in the unit that format_value gives the value: "[148, 155]"."""
    divisor, _ = scale(metric(name, [name]).unit, [value])
    return f"[{digits(low / divisor)}, {digits(high / divisor)}]"


def format_value(name: str, value: float) -> str:
    """A value with its unit as a person writes it: "151 K/s", "12.1 µs", "4.20"."""
    if not math.isfinite(value):
        return ""
    divisor, unit = scale(metric(name, [name]).unit, [value])
    unit = unit.replace("operations/s", "/s").replace(" /s", "/s")
    return f"{digits(value / divisor)} {unit}".rstrip()
