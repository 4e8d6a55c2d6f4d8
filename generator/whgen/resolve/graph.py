"""Who reads whom: circular references, each with its path."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.ir.aggregate import CarriedRole
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, HandWritten, Role, Table


def reads_of(table: Table) -> tuple[str, ...]:
    """The names of the models that a model reads."""
    match table:
        case Dimension():
            return tuple(sorted({table.base.name, *(r.base for r in table.references), *_looked_up(table.outriggers)}))
        case Fact():
            return tuple(sorted({table.base.name, *_looked_up(table.roles)}))
        case HandWritten():
            return table.reads
        case _:
            return ()


def _looked_up(roles: Iterable[Role]) -> set[str]:
    looked_up = (r for r in roles if r.missing == "unknown" and not isinstance(r, CarriedRole))
    return {r.dimension.name for r in looked_up if not isinstance(r.dimension, ComputedDimension)}


def check_cycles(tables: Iterable[Table], read_at: Mapping[tuple[str, str], Span], report: Report) -> None:
    """Report every circle of models that read each other, once, at its first model by name; `read_at` is where each names the next."""
    edges = {t.name: reads_of(t) for t in tables}
    spans = {t.name: t.span for t in tables}
    done: set[str] = set()
    for start in sorted(edges):
        if start not in done:
            for circle in _circles_from(start, edges, done):
                steps = [(a, b) for a, b in itertools.pairwise([*circle, circle[0]]) if (a, b) in read_at]
                report.error(
                    "circular-reference",
                    spans[circle[0]],
                    f"models read each other in a circle: {' -> '.join([*circle, circle[0]])}",
                    help="take one of the references out",
                    related=[Related(span=read_at[step], message=f"`{step[0]}` reads `{step[1]}` here") for step in steps],
                )


def _circles_from(start: str, edges: Mapping[str, tuple[str, ...]], done: set[str]) -> Iterator[list[str]]:
    """The circles that can be reached from a model, each beginning with its first model by name."""
    # Without recursion: a chain of models may be longer than Python's stack.
    path: list[str] = [start]
    pending = [iter(edges[start])]
    while pending:
        following = next(pending[-1], None)
        if following is None:
            done.add(path.pop())
            pending.pop()
        elif following in path:
            circle = path[path.index(following) :]
            lowest = circle.index(min(circle))
            yield [*circle[lowest:], *circle[:lowest]]
        elif following not in done and following in edges:
            path.append(following)
            pending.append(iter(edges[following]))
