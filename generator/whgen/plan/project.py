"""What a dbt project shall contain, as data: files to be filled from templates, YAML to be written, nodes and where they come from.

SQL is already text in the warehouse's dialect, each piece complete in itself; templates only put pieces in their places. `columns`,
`kept`, `unknown` and the like are what stands behind a SELECT, beginning with a space or a new line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from whgen.diagnostics.diagnostic import Span
from whgen.plan.computed_views import CalendarView, TimeView


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionBranch:
    """One of several source tables that are read as one."""

    columns: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A CTE that adds columns to the one before it."""

    name: str
    reads: str
    columns: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The window that numbers the rows of each key."""

    partition_by: str
    order_by: str
    reads: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingView:
    """What templates/models/staging.sql.j2 shows."""

    origin: str
    config: tuple[str, ...]
    relation: str
    branches: tuple[UnionBranch, ...]
    columns: str
    steps: tuple[Step, ...]
    ranking: Ranking | None
    kept: str
    final: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceView:
    """Where business keys of inferred members come from."""

    columns: str
    model: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredView:
    """The members that facts refer to and the source lacks."""

    references: tuple[ReferenceView, ...]
    columns: str
    join: tuple[str, ...]
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptView:
    """The attributes that keep their first value: how they are read from the table as it stands."""

    columns: str
    surrogate_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """How the versions of a dimension are made of dated rows: what each query of the model selects."""

    key: str
    moment: str
    changes: str
    is_extract: bool
    followed: str
    gone: str
    sequenced: str
    looked_back: str
    followed_up: str
    """The query that versions are made of."""
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionView:
    """What templates/models/dimension.sql.j2 shows."""

    origin: str
    config: tuple[str, ...]
    base: str
    model: str
    columns: str
    lookups: tuple[LookupView, ...]
    where: tuple[str, ...]
    history: HistoryView | None
    inferred: InferredView | None
    kept: KeptView | None
    unknown: str
    not_found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupView:
    """A dimension that a fact must be joined to, to learn whether it has a member, or which version is meant."""

    alias: str
    model: str
    columns: str
    comment: str
    on: tuple[str, ...]
    has_composite_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementView:
    """How a run adds to a fact: `before` it dbt runs a statement, and `rows` says which of the base it loads."""

    config: tuple[str, ...]
    before: str
    rows: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """What templates/models/fact.sql.j2 shows."""

    origin: str
    config: tuple[str, ...]
    notes: tuple[str, ...]
    base: str
    model: str
    lookups: tuple[LookupView, ...]
    columns: str
    where: tuple[str, ...]
    increment: IncrementView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuery:
    """A CTE with its query."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A model that is read, and what it is called in SQL."""

    name: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWrittenView:
    """What templates/models/model.sql.j2 shows."""

    origin: str
    config: tuple[str, ...]
    imports: tuple[Import, ...]
    queries: tuple[NamedQuery, ...]
    select: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadmeView:
    """What templates/README.md.j2 shows."""

    name: str
    description: str
    adapter: str
    default_target: str
    folder: str
    has_files: bool
    tables: tuple[str, ...]


View = StagingView | DimensionView | CalendarView | TimeView | FactView | HandWrittenView | ReadmeView


@dataclass(frozen=True, slots=True, kw_only=True)
class FromTemplate:
    """A file that a template fills."""

    path: PurePosixPath
    template: str
    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """A file of YAML; `origin` is named in its first line."""

    path: PurePosixPath
    origin: str
    tree: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file that goes through as it is."""

    path: PurePosixPath
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the dbt project, and the place in the specs that it comes from. `reads`: the tables that a test looks at."""

    name: str
    kind: Literal["source", "model", "seed", "snapshot", "test", "exposure"]
    layer: str
    description: str
    span: Span
    columns: Mapping[str, Span] = field(default_factory=dict)
    """The places of its columns in the specs."""
    file: str = ""
    """The user's own file that it is, when that goes through untouched."""
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """What one task builds: models, and the tests that can run then; `after` are the groups that must be built before."""

    name: str
    nodes: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSchedule:
    """A schedule, with groups that can be built in their order. `one_writer`: the warehouse takes one task at a time."""

    project: str
    name: str
    file: str
    description: str
    tags: tuple[str, ...]
    target: str
    cron: str
    in_words: str
    time_zone: str
    gate: str
    sources: tuple[str, ...]
    retries: int
    wait_seconds: int
    webhook: str
    groups: tuple[PlannedGroup, ...]
    one_writer: bool

    def group(self, name: str) -> PlannedGroup | None:
        """The group of that name."""
        return next((g for g in self.groups if g.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A target that a workflow builds. `variables`: name -> value, or `secret`, or `file` for one that a secret fills."""

    target: str
    is_approved: bool
    variables: tuple[tuple[str, str], ...]
    estimates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a workflow does: install, check, plan, build `local` (if any target is), try changes on `preview`, deploy."""

    origin: str
    install: tuple[str, ...]
    prepare: tuple[str, ...]
    python: str
    branch: str
    local: str
    deployments: tuple[Deployment, ...]
    preview: Deployment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A target as a set of schemas: those of the layers, and what the target puts before them."""

    target: str
    prefix: str
    per_developer: bool
    schemas: tuple[str, ...]
    home: str = ""
    """The schema where whgen keeps what happened; empty where it keeps nothing."""
    audited_file: str = ""
    """The database file, of which builds make a copy first, if they do; `file_variable` names the variable that says where it is."""
    file_variable: str = ""

    def names(self, *, schema_prefix: str = "", developer: str = "") -> tuple[str, ...]:
        """The schemas that a build makes, as macros/environment.sql names them."""
        return tuple(self._full(schema, schema_prefix, developer) for schema in self.schemas)

    def home_name(self, *, schema_prefix: str = "", developer: str = "") -> str:
        """The full name of `home`."""
        return self._full(self.home, schema_prefix, developer) if self.home else ""

    def _full(self, schema: str, schema_prefix: str, developer: str) -> str:
        return f"{schema_prefix}{self.prefix}{f'{developer}_' if self.per_developer else ''}{schema}"

    def is_of_developer(self, name: str) -> bool:
        """Whether a schema is one that some developer would have here."""
        return any(name.startswith(self.prefix) and name.endswith(f"_{s}") and len(name) > len(f"{self.prefix}_{s}") for s in self.schemas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a dbt project: the files that one source or table becomes, and its nodes."""

    files: tuple[FromTemplate | YamlFile | TextFile, ...]
    nodes: tuple[Node, ...] = ()
