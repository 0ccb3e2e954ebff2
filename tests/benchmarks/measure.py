"""Measuring whole processes: wall time and peak memory, several runs, the median told."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("callsheet"))


@dataclass(frozen=True)
class Run:
    """Seconds of wall time and MB of peak memory of one process that ended well."""

    seconds: float
    megabytes: float


def once(arguments: Sequence[str], folder: Path, expected: Sequence[int] = (0,)) -> Run:
    """Run a command; RuntimeError when it does not end as expected."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in expected:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {told.decode()[-2000:]}")
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * scale / 2**20)


def median(arguments: Sequence[str], folder: Path, runs: int) -> Run:
    """The median of several runs after one that is not counted."""
    once(arguments, folder)
    results = [once(arguments, folder) for _ in range(runs)]
    return Run(
        statistics.median(run.seconds for run in results), statistics.median(run.megabytes for run in results)
    )


def machine() -> str:
    """The machine that the figures were taken on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
