"""What the specs mean, resolved and checked, for any warehouse product: frozen data, made by `resolve`, read by `plan` and `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.acknowledgement import Acknowledgement
from whgen.ir.ci import Ci
from whgen.ir.computed import CalendarDimension as CalendarDimension
from whgen.ir.computed import ComputedDimension as ComputedDimension
from whgen.ir.computed import TimeDimension as TimeDimension
from whgen.ir.environment import Exposure, Layer, Target
from whgen.ir.incremental import Incremental
from whgen.ir.schedule import Schedule
from whgen.ir.source import Arrival, Source
from whgen.ir.table import Column as Column
from whgen.ir.table import Expression as Expression
from whgen.ir.table import Materialized as Materialized
from whgen.ir.table import Table as Table
from whgen.ir.table import Test as Test
from whgen.ir.types import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """How a column of the source becomes one of the staging model: cleaned as its warehouse needs it, cast, default, in this order."""

    source_name: str
    column: Column
    default: Scalar | None = None
    arrivals: Mapping[str, Arrival]
    """What it is, and what cleans it, on each warehouse of the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A column computed from others. `level` 0 needs cleaned columns only, level n needs columns of level n - 1."""

    column: Column
    expression: Expression
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One term of an order; missing values always come last."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedupe:
    """Keep the first row of each key in an order that has no ties but between equal rows."""

    key: tuple[str, ...]
    order: tuple[Ordering, ...]
    where: Expression | None
    terms: int
    """How many terms of the order the spec names; the others decide between what it leaves undecided."""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging(Table):
    """A staging model: one row per row of the source, renamed, cast, cleaned, filtered."""

    source: str
    table: str
    """The name of the table in the spec."""
    inputs: tuple[tuple[str, Scalar | None], ...]
    """The tables of the source that are read, each with the value that marks its rows (None when there is only one)."""
    union_column: Column | None
    cleanings: tuple[Cleaning, ...]
    derivations: tuple[Derivation, ...]
    where: Expression | None
    dedupe: Dedupe | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute of a dimension: a column of its base, or an expression over it."""

    column: Column
    expression: Expression
    scd: int
    unknown: Scalar | None
    not_found: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How versions of a member are made of dated rows."""

    moment: Column
    """The column that dates the rows: of the base, or of its snapshot."""
    is_extract: bool
    """Whether the rows of one moment are all members, and not only those that changed."""
    deleted: Expression | None
    """Which rows say that the member is gone."""
    snapshot: str | None = None
    """The dbt snapshot that makes dated rows of a base that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where inferred members of a dimension come from: columns of a fact's base that hold its business key."""

    base: str
    columns: tuple[str, ...]
    where: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Columns of a dimension that are levels of one another, the widest first."""

    name: str
    levels: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension(Table):
    """A dimension made of a table.

    Its columns are the surrogate key, the business key, the attributes, with history `valid_from`, `valid_to` and `is_current`, and
    `is_inferred`.
    """

    noun: str
    surrogate_key: str
    base: Table
    attributes: tuple[Attribute, ...]
    where: Expression | None
    references: tuple[Reference, ...] = ()
    history: History | None = None
    hierarchies: tuple[Hierarchy, ...] = ()
    outriggers: tuple[Role, ...] = ()
    """Keys of other dimensions, found by columns of its base."""
    is_junk: bool = False
    """Whether its members are combinations of values, of which a missing one is a value like others."""

    @property
    def business_key(self) -> tuple[str, ...]:
        """The columns that identify a member; with history, its key has the beginning of a version, too."""
        return self.key[:-1] if self.history is not None else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A dimension as a fact, or another dimension, uses it."""

    column: Column
    dimension: Dimension | ComputedDimension
    on: tuple[str, ...]
    missing: Literal["infer", "unknown", "fail"]
    as_of: Column | None = None
    """The column of the fact's base whose moment chooses the version; None for the last one."""
    before_first: Literal["first", "unknown"] = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure of a fact."""

    column: Column
    expression: Expression
    additivity: str
    default: Scalar | None
    unit_in: str = ""
    """The column of the fact that says in what unit a value is, where not all are in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Columns of a fact that a group of its rows is known by, and the measure that says what part of it each is."""

    group: tuple[str, ...]
    weight: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Table):
    """A fact: its surrogate key (the hash of the grain), a key for each role, degenerate columns, measures."""

    noun: str
    grain: str
    grain_key: tuple[Column, ...]
    """The columns of the base that make the grain."""
    surrogate_key: str
    base: Table
    where: Expression | None
    roles: tuple[Role, ...]
    degenerate: tuple[Column, ...]
    measures: tuple[Measure, ...]
    incremental: Incremental | None = None
    bridge: Bridge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWritten(Table):
    """A hand-written model: `selects` by warehouse, or `verbatim` texts that hold dbt's Jinja."""

    grain: str
    selects: Mapping[str, exp.Query]
    verbatim: Mapping[str, str]
    verbatim_file: str = ""
    """The file that the `verbatim` texts are of."""
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed(Table):
    """A CSV file of the project."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """Everything. Each tuple is sorted by name; of each of the `inputs`, one fact or dimension is made."""

    name: str
    file: str
    targets: tuple[Target, ...]
    staging: Layer
    production: Layer
    description: str = ""
    policy_tags: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    """For classes of personal data their policy tag, for all targets or by target."""
    persist_docs: bool = False
    run_history: bool = True
    unit_tests: bool = False
    semantic_layer: bool = False
    sources: tuple[Source, ...] = ()
    stagings: tuple[Staging, ...] = ()
    seeds: tuple[Seed, ...] = ()
    dimensions: tuple[Dimension | ComputedDimension, ...] = ()
    facts: tuple[Fact, ...] = ()
    models: tuple[HandWritten, ...] = ()
    inputs: tuple[HandWritten, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    ci: Ci = field(default_factory=Ci)
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """Everything that has rows."""
        return (*self.stagings, *self.seeds, *self.inputs, *self.production_tables)

    @property
    def production_tables(self) -> tuple[Table, ...]:
        """The tables of the production layer."""
        return (*self.dimensions, *self.facts, *self.models)

    def table(self, reference: str) -> Table | None:
        """The table that a spec calls `source.table`, or by its name in the warehouse."""
        return next(
            (t for t in self.tables if reference == t.name or (isinstance(t, Staging) and reference == f"{t.source}.{t.table}")), None
        )

    @property
    def snapshotted(self) -> tuple[Dimension, ...]:
        """The dimensions whose dated rows a snapshot makes."""
        return tuple(d for d in self.dimensions if isinstance(d, Dimension) and d.history is not None and d.history.snapshot is not None)

    @property
    def warehouses(self) -> tuple[str, ...]:
        """The warehouse products that the targets use."""
        return tuple(sorted({t.warehouse for t in self.targets}))
