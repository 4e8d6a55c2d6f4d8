"""`PYTHONPATH=tests python -m mutation`: judge mutants, keep what was found, print a table. Goes on where it stopped."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from mutation.damage import DAMAGES
from mutation.judge import Verdict
from mutation.run import judged


def main() -> int:
    """Judge the mutants that are not in the file yet, and sum up all that are."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--no-dbt", action="store_true", help="leave `dbt parse` out")
    parser.add_argument("--keep", type=Path, default=Path("mutants.jsonl"), help="where the judgements are kept")
    parser.add_argument("--only", help="a part of the names of the classes to judge")
    parser.add_argument("--show", nargs="*", default=["fails later", "traceback"], help="parts of the verdicts to list")
    options = parser.parse_args()
    known = _known(options.keep)
    kinds = list(DAMAGES)
    wanted = [n for n in range(options.count) if not options.only or options.only in kinds[n % len(kinds)]]
    missing = [n for n in wanted if (options.seed, n) not in known]
    with options.keep.open("a", encoding="utf-8") as file:
        ready = judged(missing, seed=options.seed, jobs=options.jobs, with_dbt=not options.no_dbt)
        for done, entry in enumerate(ready, 1):
            known[options.seed, entry["number"]] = entry
            file.write(json.dumps({"seed": options.seed, **entry}) + "\n")
            file.flush()
            print(f"\r{done} of {len(missing)}", end="", file=sys.stderr, flush=True)
    found = [known[options.seed, n] for n in wanted]
    print(_table(found))
    for entry in found:
        if any(part in entry["verdict"] for part in options.show):
            print(f"\n{entry['number']} {entry['kind']}: {entry['project']}/{entry['file']}:{entry['lines'][0]}  {entry['shown']}")
            print("\n".join(f"    {line}" for line in (f"{entry['verdict']}, distance {entry['distance']}", *entry["said"])))
    return int(any(entry["verdict"] in (Verdict.TRACEBACK, Verdict.LATE) for entry in found))


def _known(keep: Path) -> dict[tuple[int, int], Mapping[str, object]]:
    lines = keep.read_text(encoding="utf-8").splitlines() if keep.is_file() else []
    return {(j["seed"], j["number"]): j for j in map(json.loads, lines)}


def _table(found: Iterable[Mapping[str, object]]) -> str:
    """A row for each class, a column for each verdict."""
    counts = Counter((str(j["kind"]), str(j["verdict"])) for j in found)
    rows = [k for k in DAMAGES if any(kind == k for kind, _ in counts)]
    lines = ["| class | count | " + " | ".join(Verdict) + " |", "|---" + "|---:" * (len(Verdict) + 1) + "|"]
    for kind in (*rows, None):
        cells = [sum(n for (k, v), n in counts.items() if kind in (k, None) and v == verdict) for verdict in Verdict]
        lines.append(f"| {kind or 'all'} | {sum(cells)} | " + " | ".join(str(c or "") for c in cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
