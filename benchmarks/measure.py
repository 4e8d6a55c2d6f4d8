"""What the benchmarks share: the time of a process, and a line for the result."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PYTHON = sys.executable
WHGEN = Path(sys.executable).with_name("whgen")


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
