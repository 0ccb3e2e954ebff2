"""Print the table of design §12's figures for this machine: `cd tests && python -m benchmarks [SIZE …]`.

Nothing here judges: figures depend on the machine, and a slow one is no defect.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.estates import apply_command, plan_command, requests, server, write_estate
from benchmarks.measure import COMMAND, machine, median, once

SIZES = (100, 1_000, 10_000)
RUNS = 3
LATENCY, CREATES, PARALLEL = 0.05, 200, 4


def main(sizes: list[int]) -> None:
    print(f"Machine: {machine()}. Medians of {RUNS} runs after one that is not counted; whole processes.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_up(folder)
        for size in sizes:
            unchanged_plan(folder / str(size), size)
        parallel_creates(folder / "parallel")


def row(what: str, value: str, note: str = "") -> None:
    print(f"| {what:<46} | {value:>22} | {note:<44} |", flush=True)


def start_up(folder: Path) -> None:
    row("what", "measured", "figure of the design")
    row("-" * 46, "-" * 22, "-" * 44)
    bare = median([sys.executable, "-c", "pass"], folder, 9)
    row("bare interpreter", f"{bare.seconds * 1000:.0f} ms")
    for option in ("--help", "--version"):
        run = median([COMMAND, option], folder, 9)
        row(
            f"callsheet {option}",
            f"{run.seconds * 1000:.0f} ms, {run.seconds / bare.seconds:.1f} x",
            "<= 5 x a bare interpreter's start",
        )


def unchanged_plan(folder: Path, size: int) -> None:
    folder.mkdir()
    with server(folder) as url:
        root = folder / "specs"
        write_estate(root, size, url)
        first = once(apply_command(root), folder)
        row(f"apply, {size} creates (first)", f"{first.seconds:.1f} s, {first.megabytes:.0f} MB")
        run = median(plan_command(root), folder, RUNS)
        bounds = {1_000: "<= 1.5 s, <= 300 MB", 10_000: "<= 12 s, <= 1024 MB"}
        row(
            f"unchanged plan, {size} resources of 4 KB",
            f"{run.seconds:.2f} s, {run.megabytes:.0f} MB",
            bounds.get(size, ""),
        )
        requests(url, reset=True)
        once(plan_command(root), folder)
        once(apply_command(root), folder)
        counts = requests(url)
        pages = math.ceil(size / 100)
        reads = sum(count for route, count in counts.items() if route.startswith("GET "))
        writes = sum(counts.values()) - reads
        row(
            f"requests of an unchanged plan and apply, {size}",
            f"{reads} reads, {writes} writes",
            f"one per kind and page ({2 * pages} pages), no write",
        )


def parallel_creates(folder: Path) -> None:
    folder.mkdir()
    with server(folder, f"latency POST /assistant seconds={LATENCY}") as url:
        root = folder / "specs"
        write_estate(root, CREATES, url)
        once(plan_command(root), folder)
        begun = time.perf_counter()
        once(apply_command(root), folder)
        spent = time.perf_counter() - begun
        overhead = median(plan_command(root), folder, RUNS).seconds
        ideal = CREATES * LATENCY / PARALLEL
        row(
            f"apply, {CREATES} creates at {LATENCY * 1000:.0f} ms, {PARALLEL} at a time",
            f"{spent - overhead:.2f} s = {(spent - overhead) / ideal:.2f} x",
            f"<= 1.3 x N*L/P ({ideal:.2f} s), a plan's time taken off",
        )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or list(SIZES))
