"""What all spec models share: names, texts, tests, the rules of columns.

Shape only: whether a name exists or an expression is right is decided in `resolve`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, TypeGuard

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, StringConstraints

from whgen.ir.types import TYPE_EXAMPLES, TYPE_PATTERN
from whgen.spec.base import Named, SpecModel, ValueOf, YesTo, eg, exactly
from whgen.spec.combination import OneOf

MAX_NAME = 60
FLAGS = {**dict.fromkeys(("true", "yes", "on", "y"), "true"), **dict.fromkeys(("false", "no", "off", "n"), "false")}
"""What people write for true and false."""
_NO_JINJA = {
    "pattern": r"^([^{]|\{[^{%#])*\{?$",
    "patternErrorMessage": "`{{`, `{%` and `{#` begin dbt's Jinja, which a spec cannot hold.",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# For those who have no calendar: years, the days of long, short and other months, and the leap day.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_FOURTH = "(0[48]|[2468][048]|[13579][26])"
_DAYS = (
    rf"^({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    rf"|({_FOURTH}00|[0-9]{{2}}{_FOURTH})-02-29)$"
)

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=MAX_NAME),
    Named(
        name="Name",
        adds={
            "patternErrorMessage": "A name in the warehouse has lower-case letters, digits and underscores, and starts with a letter.",
        },
    ),
]
"""A name that whgen puts into the warehouse: lower-case letters, digits and underscores, starting with a letter."""

SourceName = Annotated[str, StringConstraints(min_length=1, max_length=300), Named(name="SourceName", adds=_NO_JINJA)]
"""A name that the source uses, spelled as it spells it."""

Text = Annotated[str, StringConstraints(min_length=1), Named(name="Text", adds=_NO_JINJA)]
Sql = Annotated[str, StringConstraints(min_length=1), Named(name="Sql", adds=_NO_JINJA)]
"""A SQL expression in the dialect of the project."""

TypeName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60),
    Named(
        name="TypeName",
        adds={
            "pattern": TYPE_PATTERN,
            "patternErrorMessage": f"A logical type is one of: {', '.join(TYPE_EXAMPLES)}.",
            "examples": list(TYPE_EXAMPLES),
        },
    ),
]
"""A logical type: string, integer, decimal(p,s), float, boolean, date, timestamp, datetime, time, json, bytes or array<type>."""

SqlByWarehouse = Sql | dict[Text, Sql]
"""One SQL expression for all warehouses, or one for each, as in `{duckdb: ..., bigquery: ...}`."""

Flag = StrictBool
"""true or false."""

Yes = Annotated[Literal[True], BeforeValidator(exactly([True]))]
"""true: the key is left out where it is not."""

Number = StrictInt | StrictFloat

AnyText = Annotated[StrictStr, Named(name="AnyText", adds=_NO_JINJA)]
"""A text that may be empty."""

Scalar = AnyText | StrictInt | StrictFloat | StrictBool

_OF_ANYTHING = {"$ref": "#/$defs/Anything"}
Anything = Annotated[
    Any,
    Named(
        name="Anything",
        adds={
            "if": {"type": "string"},
            "then": {"$ref": "#/$defs/AnyText"},
            "items": _OF_ANYTHING,
            "additionalProperties": _OF_ANYTHING,
            "propertyNames": {"$ref": "#/$defs/AnyText"},
        },
    ),
]
"""Any value, passed on as it is."""

Config = dict[AnyText, Anything]
"""A mapping that whgen passes on as it is."""


def _day(value: object) -> object:
    # Left to itself, pydantic also takes seconds since 1970, and midnights.
    return value if isinstance(value, str) and _DAY.fullmatch(value) else ""


Day = Annotated[
    date,
    BeforeValidator(_day, json_schema_input_type=str),
    Named(name="Day", adds={"pattern": _DAYS, "patternErrorMessage": "This must be a date such as 2013-01-31."}),
]
"""A date such as 2013-01-31."""
Materialized = Literal["view", "table", "ephemeral"]


def _as_tuple(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[
    tuple[Name, ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple, json_schema_input_type=Name | Annotated[tuple[Name, ...], Field(min_length=1)]),
]
"""One name, or a list of names."""

Texts = Annotated[
    tuple[Text, ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple, json_schema_input_type=Text | Annotated[tuple[Text, ...], Field(min_length=1)]),
]
"""One text, or a list of texts."""


ListedNames = Annotated[tuple[Name, ...], Field(json_schema_extra={"uniqueItems": True})]
"""What the JSON Schema knows of the list that stands for a mapping: see `columns_as_mapping`."""


class Documented(SpecModel):
    """What can be said about every object and column."""

    description: Annotated[Text | None, eg("One row for each order.")] = None
    """What it means, in a sentence. Becomes the dbt description."""
    meta: Annotated[Config, eg({"owner": "sales", "contains_pii": False})] = {}
    """Anything else to keep with it, passed on as dbt `meta`."""
    tags: Annotated[Texts | None, eg("daily", ["daily", "finance"])] = None
    """Tags for selecting it in dbt, as in `--select tag:daily`."""


_KINDS = ("not_null", "unique", "positive", "accepted_values", "between", "at_least", "at_most", "expression", "references", "dbt")


class TestRule(SpecModel):
    """One test. Exactly one of the kinds, and optionally how strict it is and on which rows."""

    __test__ = False  # pytest would otherwise collect it

    short_form: ClassVar[YesTo] = YesTo(("not_null", "positive", "unique"))
    combinations: ClassVar[tuple[OneOf, ...]] = (OneOf(_KINDS, "a test has exactly one kind, here are {count}"),)

    not_null: Yes | None = None
    """No value is missing."""
    unique: Yes | None = None
    """No value occurs twice."""
    positive: Yes | None = None
    """All values are above zero."""
    accepted_values: Annotated[tuple[Scalar, ...] | None, Field(min_length=1), eg(["open", "paid", "returned"])] = None
    """All values are in this list."""
    between: Annotated[tuple[Number | Day, Number | Day] | None, eg([0, 100], ["2013-01-01", "2013-12-31"])] = None
    """All values lie between these two, both included."""
    at_least: Annotated[Number | Day | None, eg(0, "2013-01-01")] = None
    """No value is below this one."""
    at_most: Annotated[Number | Day | None, eg(100, "2013-12-31")] = None
    """No value is above this one."""
    expression: Annotated[Sql | None, eg("shipped_on >= ordered_on")] = None
    """This condition is true for every row."""
    references: Annotated[Text | None, eg("shop.customers", "country")] = None
    """Every value occurs as the key of this table, written `source.table` or as the name of a model."""
    dbt: Annotated[dict[Text, Config] | None, Field(min_length=1, max_length=1), eg({"dbt_utils.at_least_one": {}})] = None
    """Any generic test of dbt or of a package, with its arguments, as in `{dbt_utils.at_least_one: {}}`."""
    severity: Literal["error", "warn"] = "error"
    """Whether rows that fail stop the build or only warn."""
    where: Annotated[Sql | None, eg("status = 'paid'")] = None
    """Test only the rows for which this holds."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are set; exactly one once validated."""
        return tuple(n for n in _KINDS if getattr(self, n) is not None)


class ColumnSpec(Documented):
    """What is said of a column wherever it stands: its type, its meaning, its tests."""

    short_form: ClassVar[ValueOf] = ValueOf("type")

    type: TypeName | None = None
    """The logical type. Inherited from the column dictionary when not given."""
    was: Annotated[Name | None, eg("order_number")] = None
    """Its name before, when it was renamed: `whgen plan` then shows one column with a new name, not one lost and one gained. In a table
    that keeps its rows, a build renames it."""
    unit: Annotated[Text | None, eg("minute", "USD")] = None
    """Unit of measure, such as minute or USD."""
    pii: Annotated[Name | None, eg("contact", "none")] = None
    """Class of personal data, one of the project's `pii:`. Inherited by every column that is made of this one, until one says `none`."""
    tests: Annotated[
        tuple[TestRule, ...], eg(["not_null"], [{"between": [0, 100]}, {"accepted_values": ["A", "B"], "severity": "warn"}])
    ] = ()
    """Tests beyond those that whgen writes unasked."""


class DerivedColumn(ColumnSpec):
    """A column computed from the others of its table."""

    expr: Annotated[SqlByWarehouse, eg("quantity * price", {"duckdb": "soundex(name)", "bigquery": "soundex(name)"})]
    """The SQL expression, over the names that the columns have after renaming."""


def columns_as_mapping(value: object) -> object:
    """`[a, b]` -> `{a: {}, b: {}}`, the short form of a mapping whose entries say nothing more."""
    return {item: {} for item in value} if is_list_of_names(value) else value


def is_list_of_names(value: object) -> TypeGuard[list[str]]:
    """Whether a value is a list of texts, none of them twice: the short form of a mapping with these keys."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)


__all__ = [
    "FLAGS",
    "MAX_NAME",
    "AnyText",
    "Anything",
    "ColumnSpec",
    "Config",
    "Day",
    "DerivedColumn",
    "Documented",
    "Flag",
    "ListedNames",
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
    "eg",
    "exactly",
    "is_list_of_names",
]
