"""What the benchmarks share: the time of a process, and a line for the result."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
WHGEN = Path(sys.executable).with_name("whgen")


MEGABYTE = 1024


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took: seconds on the clock and of processors, and the most memory that a process of it had, in megabytes."""

    seconds: float
    processor: float
    megabytes: float


def seconds(command: Sequence[str], *, cwd: Path, extra: Mapping[str, str] | None = None) -> float:
    """Wall-clock seconds of a command that must succeed."""
    # Without compiled bytecode every start would compile its imports anew, which is not what users see.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | dict(extra or {})
    began = time.perf_counter()
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    took = time.perf_counter() - began
    if ran.returncode:
        sys.exit(f"{' '.join(command)} failed with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return took


def median(values: Sequence[float]) -> float:
    """The median, which one slow run does not move."""
    return statistics.median(values)


def verdict(name: str, value: float, bound: float, unit: str = " s") -> bool:
    """Print what was measured beside its bound, and return whether it keeps to it."""
    good = value <= bound
    print(f"{name}: {value:.3f}{unit}, bound {bound:.3f}{unit}: {'kept' if good else 'EXCEEDED'}")
    return good


def run(command: Sequence[str], folder: Path) -> Run:
    """Run a command that must succeed, in a process of its own, so that its memory can be told."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        os.execve(command[0], list(command), environment)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed in {folder}")
    return Run(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MEGABYTE)


def middle(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(median([r.seconds for r in runs]), median([r.processor for r in runs]), median([r.megabytes for r in runs]))
