"""What happens while dbt runs, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Status(StrEnum):
    """How a node ended."""

    OK = "ok"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """dbt knows what it will run."""

    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted:
    """A node is being built or tested."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFinished:
    """A node is done. `rows` are those of its table; `failures` the rows that a test found; `compiled` is the SQL that ran."""

    name: str
    kind: str
    status: Status
    seconds: float
    rows: int | None = None
    message: str = ""
    failures: int = 0
    compiled: Path | None = None
    examples: tuple[Mapping[str, str], ...] = ()
    """A few of the rows that a test found: column -> value."""


Event = Started | NodeStarted | NodeFinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command of dbt's on one project."""

    command: str
    project: Path
    root: Path
    """The folder of the whgen project, which paths in the specs are relative to."""
    target: str
    select: tuple[str, ...] = ()
    select_words: str = ""
    """The option that the selection came of, where it is not given name by name."""
    exclude: tuple[str, ...] = ()
    full_refresh: bool = False
    threads: int | None = None
    is_local: bool = False
    """Whether the warehouse is embedded, so that questions to it cost nothing."""
    place: str = ""
    """Folder below `target` and `logs` for what this command leaves behind, so that others beside it keep theirs."""
    retry: bool = False
    """Go on where the last command of the same words failed, if there was one."""
    state: Path | None = None
    """A folder with the manifest of another target, which has what is not selected."""
    schema_prefix: str = ""
    """What stands before all schemas of a throw-away environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended. `error` is dbt's own, when it could not run at all; `warnings` counts its complaints about the project."""

    nodes: tuple[NodeFinished, ...]
    error: str = ""
    error_kind: str = ""
    interrupted: bool = False
    warnings: int = 0
    log: Path

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for was done."""
        return not self.error and not self.interrupted and all(n.status in (Status.OK, Status.WARNED) for n in self.nodes)
