"""What all spec models share: strictness, names, the short forms, column rules and tests.

Shape only: whether a name exists or an expression is right is decided in `resolve`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

MAX_NAME = 60
FLAGS = {**dict.fromkeys(("true", "yes", "on", "y"), "true"), **dict.fromkeys(("false", "no", "off", "n"), "false")}
"""What people write for true and false."""


class SpecModel(BaseModel):
    """Base of all spec models: frozen, no unknown keys, docstrings of fields become their documentation.

    Strictness lies in the leaf types below (`Flag`, `Number`, `Day`): pydantic's strict mode would refuse YAML's lists for tuples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=MAX_NAME)]
"""A name that whgen puts into the warehouse: lower-case letters, digits and underscores, starting with a letter."""

SourceName = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A name that the source uses, spelled as it spells it."""

Text = Annotated[str, StringConstraints(min_length=1)]
Sql = Annotated[str, StringConstraints(min_length=1)]
"""A SQL expression in the dialect of the project."""

TypeName = Annotated[str, StringConstraints(min_length=1, max_length=60)]
"""A logical type: string, integer, decimal(p,s), float, boolean, date, timestamp, datetime, time, json, bytes or array<type>."""

SqlByWarehouse = Sql | dict[str, Sql]
"""One SQL expression for all warehouses, or one for each, as in `{duckdb: ..., bigquery: ...}`."""

Flag = StrictBool
"""true or false."""

Number = StrictInt | StrictFloat

Scalar = StrictStr | StrictInt | StrictFloat | StrictBool


Day = Annotated[date, BeforeValidator(lambda v: v if isinstance(v, str) else "")]
"""A date such as 2013-01-31."""
Materialized = Literal["view", "table", "ephemeral"]


def _as_tuple(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
"""One name, or a list of names."""

Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
"""One text, or a list of texts."""


class Documented(SpecModel):
    """What can be said about every object and column."""

    description: Text | None = None
    """What it means, in a sentence. Becomes the dbt description."""
    meta: dict[str, Any] = {}
    """Anything else to keep with it, passed on as dbt `meta`."""
    tags: Texts | None = None
    """Tags for selecting it in dbt, as in `--select tag:daily`."""


class TestRule(SpecModel):
    """One test. Exactly one of the kinds, and optionally how strict it is and on which rows."""

    __test__ = False  # pytest would otherwise collect it

    not_null: Literal[True] | None = None
    """No value is missing."""
    unique: Literal[True] | None = None
    """No value occurs twice."""
    positive: Literal[True] | None = None
    """All values are above zero."""
    accepted_values: tuple[Scalar, ...] | None = Field(default=None, min_length=1)
    """All values are in this list."""
    between: tuple[Number | Day, Number | Day] | None = None
    """All values lie between these two, both included."""
    at_least: Number | Day | None = None
    """No value is below this one."""
    at_most: Number | Day | None = None
    """No value is above this one."""
    expression: Sql | None = None
    """This condition is true for every row."""
    references: Text | None = None
    """Every value occurs as the key of this table, written `source.table` or as the name of a model."""
    dbt: dict[str, dict[str, Any]] | None = Field(default=None, min_length=1, max_length=1)
    """Any generic test of dbt or of a package, with its arguments, as in `{dbt_utils.at_least_one: {}}`."""
    severity: Literal["error", "warn"] = "error"
    """Whether rows that fail stop the build or only warn."""
    where: Sql | None = None
    """Test only the rows for which this holds."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {value: True} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> TestRule:
        if len(self.kinds) != 1:
            raise ValueError(f"a test has exactly one kind, here are {len(self.kinds)}")
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are set; exactly one once validated."""
        return tuple(n for n in type(self).model_fields if n not in ("severity", "where") and getattr(self, n) is not None)


class ColumnSpec(Documented):
    """What is said of a column wherever it stands: its type, its meaning, its tests."""

    type: TypeName | None = None
    """The logical type. Inherited from the column dictionary when not given."""
    unit: Text | None = None
    """Unit of measure, such as minute or USD."""
    tests: tuple[TestRule, ...] = ()
    """Tests beyond those that whgen writes unasked."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"type": value} if isinstance(value, str) else value


class DerivedColumn(ColumnSpec):
    """A column computed from the others of its table."""

    expr: SqlByWarehouse
    """The SQL expression, over the names that the columns have after renaming."""


def columns_as_mapping(value: object) -> object:
    """`[a, b]` -> `{a: {}, b: {}}`, the short form of a mapping whose entries say nothing more."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value):
        return {item: {} for item in value}
    return value


__all__ = [
    "FLAGS",
    "MAX_NAME",
    "ColumnSpec",
    "Day",
    "DerivedColumn",
    "Documented",
    "Flag",
    "Materialized",
    "Name",
    "Names",
    "Scalar",
    "SourceName",
    "SpecModel",
    "Sql",
    "SqlByWarehouse",
    "TestRule",
    "Text",
    "Texts",
    "TypeName",
    "columns_as_mapping",
]
