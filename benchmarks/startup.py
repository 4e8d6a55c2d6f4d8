"""How long `whgen --help` and `whgen validate` take beyond the start of Python itself, in interleaved rounds of fresh processes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from measure import PYTHON, WHGEN, median, seconds, verdict

BOUNDS = {"--help": 0.15, "validate": 0.6}


def main() -> None:
    """Measure, and exit with 1 when a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    took: dict[str, list[float]] = {name: [] for name in ("python", *BOUNDS)}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        seconds([str(WHGEN), "--quiet", "init", "--name", "shop"], cwd=root)
        for number in range(rounds + 1):
            for name, values in took.items():
                command = [PYTHON, "-c", "pass"] if name == "python" else [str(WHGEN), name]
                value = seconds(command, cwd=root)
                if number:  # the first round fills the caches of the disk
                    values.append(value)
    base = median(took["python"])
    print(f"python -c pass: {base:.3f} s")
    kept = [verdict(f"whgen {name}", median(took[name]) - base, bound) for name, bound in BOUNDS.items()]
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
