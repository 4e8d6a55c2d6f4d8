"""What a warehouse would read for each model, asked of it without running anything."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from whgen.dbt.connection import Connection, connected
from whgen.dbt.events import Invocation
from whgen.dbt.run import DbtError, invoke
from whgen.dbt.session import arguments

# What BigQuery says of a table or dataset that is not there.
_ABSENT = re.compile(r"Not found: (Table|Dataset) ([\w.:$-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The bytes that a model would read; or why that is not known: `absent` names what is not there yet, `refusal` what is wrong."""

    name: str
    read: int | None = None
    absent: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator(Connection):
    """A connection to a warehouse that says what it would read."""

    invocation: Invocation

    def estimates(self) -> Iterator[Estimate]:
        """Compile the project for its target and ask for each model. What is refused is part of the answer.

        Raises DbtError when nothing can be compiled.
        """
        for name, sql in _compiled(self.invocation):
            try:
                yield Estimate(name=name, read=self.would_read(sql))
            except DbtError as problem:
                absent = _ABSENT.search(str(problem))
                yield Estimate(name=name, absent=absent[2]) if absent else Estimate(name=name, refusal=str(problem))


@contextlib.contextmanager
def estimator(invocation: Invocation) -> Iterator[Estimator]:
    """A connection for a while; it opens with the first question. Raises DbtError when the project cannot be parsed."""
    with connected(invocation) as connection:
        yield Estimator(adapter=connection.adapter, manifest=connection.manifest, invocation=invocation)


def _compiled(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    """The name and the SQL of each model."""
    words = [*arguments(replace(invocation, command="compile")), "--no-introspect", "--no-populate-cache"]
    answer = invoke(words, lambda _: None)
    if isinstance(answer.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    if answer.exception is not None:
        raise DbtError(str(answer.exception))
    results = answer.result.results
    if refused := [str(r.message) for r in results if str(r.status) not in ("success", "pass")]:
        raise DbtError(refused[0])
    return tuple((str(r.node.name), str(r.node.compiled_code)) for r in results if r.node.resource_type == "model")
