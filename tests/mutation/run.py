"""Many mutants judged at once, each worker with its own copies of the projects."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mutation.damage import mutant
from mutation.judge import Judge

# Of this process, which is a worker.
_judges: list[Judge] = []


def judged(numbers: Sequence[int], *, seed: int, jobs: int, with_dbt: bool) -> Iterator[Mapping[str, object]]:
    """The judgements of mutants as plain data, as they become ready."""
    # Those of one project together, since dbt needs seconds for the first look at one. Not forked: dbt and DuckDB have threads.
    ordered = sorted((mutant(n, seed).project, n) for n in numbers)
    processes = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, processes.Pool(jobs, initializer=_start, initargs=(folder, with_dbt)) as pool:
        yield from pool.imap_unordered(_one, [(n, seed) for _, n in ordered], chunksize=16)


def _start(folder: str, with_dbt: bool) -> None:
    _judges.append(Judge(Path(tempfile.mkdtemp(dir=folder)), with_dbt=with_dbt))


def _one(numbered: tuple[int, int]) -> Mapping[str, object]:
    return _judges[0].judge(mutant(*numbered)).as_json()
