"""What the specs mean, resolved and checked, for any warehouse product: frozen data, made by `resolve`, read by `plan` and `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.acknowledgement import Acknowledgement
from whgen.ir.ci import Ci
from whgen.ir.environment import Exposure, Layer, Target
from whgen.ir.incremental import Incremental
from whgen.ir.options import Options
from whgen.ir.schedule import Schedule
from whgen.ir.source import Arrival, Source
from whgen.ir.trees import copied, nodes_of
from whgen.ir.types import Scalar, Type

Materialized = Literal["view", "table", "ephemeral", "incremental"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A SQL expression over column names. `trees` has one tree for each warehouse that needs its own, `tree` serves the rest."""

    tree: exp.Expr | None
    trees: Mapping[str, exp.Expr]
    type: Type
    span: Span

    def on(self, warehouse: str) -> exp.Expr:
        """A copy of the tree for one warehouse."""
        tree = self.trees.get(warehouse, self.tree)
        assert tree is not None, "resolve reports expressions that lack a warehouse of the project"
        return copied(tree)

    @property
    def columns(self) -> frozenset[str]:
        """The names of all columns that it uses, on any warehouse."""
        trees = [t for t in (self.tree, *self.trees.values()) if t is not None]
        return frozenset(n.name for tree in trees for n in nodes_of(tree) if isinstance(n, exp.Column))


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A data test as the spec declares it. `argument` belongs to the kind: values, bounds, an expression, a model name."""

    __test__ = False

    kind: str
    argument: Any = None
    severity: str = "error"
    where: Expression | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table in the warehouse."""

    name: str
    type: Type
    description: str = ""
    unit: str = ""
    pii: str = ""
    """The class of personal data that it is of; `none` where the spec says so, until classes are inherited."""
    tests: tuple[Test, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    was: str = ""
    """What it was called before."""
    span: Span

    def that_is(self, *, nullable: bool) -> Column:
        """The column in a place where its value can be missing, or cannot."""
        return self if self.type.nullable is nullable else replace(self, type=replace(self.type, nullable=nullable))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What everything that is read by others has: a name in the warehouse, columns and a key."""

    name: str
    file: str
    span: Span
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    key_span: Span | None = None
    """Where the spec declares the key; None when it does not."""
    meta: Mapping[str, Any]
    tags: tuple[str, ...]
    tests: tuple[Test, ...] = ()
    materialized: Materialized
    dbt: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    was: str = ""
    """What it was called before."""

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)


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

    @property
    def business_key(self) -> tuple[str, ...]:
        """The columns that identify a member; with history, its key has the beginning of a version, too."""
        return self.key[:-1] if self.history is not None else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDimension(Table):
    """A dimension with one row for each day; its key is the day as an integer, yyyymmdd."""

    noun: str
    surrogate_key: str
    first: date
    last: date
    week_starts: Literal["monday", "sunday"]
    fiscal_month: int
    fiscal_year_named_by: Literal["end", "start"]

    @property
    def business_key(self) -> tuple[str, ...]:
        """The day."""
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A dimension as a fact uses it."""

    column: Column
    dimension: Dimension | CalendarDimension
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
    dimensions: tuple[Dimension | CalendarDimension, ...] = ()
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
