"""The same work for several things at once. In: a function and what to call it with. Out: what it gives, in order."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], things: Sequence[T], *, parallel: bool) -> tuple[R, ...]:
    """`work` of each thing. In parallel every thing has a process of its own, which starts as a copy of this one.

    Where processes cannot be copied, or there is one core, it is done one after the other.
    """
    can_copy = "fork" in multiprocessing.get_all_start_methods() and (os.cpu_count() or 1) > 1
    if not (parallel and can_copy and len(things) > 1):
        return tuple(work(thing) for thing in things)
    from concurrent.futures import ProcessPoolExecutor

    # What the work needs is inherited through the copy, so only results travel.
    global _work  # a copied process finds it under a name
    _work = work
    # What is there now is left out of collections, which would write into every page of it, and so have it copied.
    gc.freeze()
    try:
        processes = min(len(things), os.cpu_count() or 1)
        with ProcessPoolExecutor(max_workers=processes, mp_context=multiprocessing.get_context("fork")) as pool:
            return tuple(pool.map(_call, things))
    finally:
        gc.unfreeze()
        _work = None


_work: Callable[[Any], Any] | None = None


def _call(thing: Any) -> Any:
    assert _work is not None
    return _work(thing)
