"""What the rows of a dimension, a fact or a model are made of beside its `from`: joins, a grouping, computed columns.

One set of parts for all three nouns. They work in this order: join, where, group_by with aggregates, derive.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from whgen.spec.base import ValueOf
from whgen.spec.combination import Combination, Excludes, Needs
from whgen.spec.common import (
    ColumnSpec,
    Documented,
    ListedNames,
    Name,
    Names,
    Scalar,
    SpecModel,
    Sql,
    SqlByWarehouse,
    Text,
    TypeName,
    columns_as_mapping,
    eg,
    is_list_of_names,
)
from whgen.spec.source import Dedupe


def _same_names(value: object) -> object:
    """`a` or `[a, b]` -> `{a: a, b: b}`: columns that both sides call the same."""
    value = [value] if isinstance(value, str) else value
    return {name: name for name in value} if is_list_of_names(value) else value


def _named_alike(value: object) -> object:
    """`[a, b]` -> `{a: {expr: a}, b: {expr: b}}`: columns that keep their names."""
    value = [value] if isinstance(value, str) else value
    return {name: {"expr": name} for name in value} if is_list_of_names(value) else value


def _tables_as_mapping(value: object) -> object:
    """`[a, b]` -> `{a: a, b: b}`: tables that are marked by their names."""
    return {table: table for table in value} if is_list_of_names(value) else value


class UnionOfTables(SpecModel):
    """The rows of several tables of one shape, one below the other."""

    tables: Annotated[
        dict[Text, Scalar],
        Field(min_length=2),
        BeforeValidator(
            _tables_as_mapping,
            json_schema_input_type=Annotated[dict[Text, Scalar], Field(min_length=2)]
            | Annotated[tuple[Text, ...], Field(min_length=2, json_schema_extra={"uniqueItems": True})],
        ),
        eg(["crm.customers", "web.customers"], {"crm.customers": "CRM", "web.customers": "WEB"}),
    ]
    """The tables, each with the value that says where a row is from; a list takes their names."""
    column: Annotated[Name | None, eg("source_system")] = None
    """The column that says where a row is from."""
    columns: Annotated[Names | None, eg(["customer_id", "city"])] = None
    """Take only these columns; all of them when not given."""
    may_lack: Annotated[Names | None, eg("discount")] = None
    """Columns that some of the tables lack, and that have no value in the rows of these. That a table lacks any other is an error."""


class Unnest(SpecModel):
    """The elements of an array, each in a row of its own."""

    array: Annotated[Sql, eg("tags", "split(codes, ',')")]
    """The array, or the JSON with one: an expression over the columns so far."""
    element: Annotated[Name, eg("tag")]
    """The column with the element. That of a JSON array is JSON, of which `json_value` takes values."""
    type: TypeName | None = None
    """The logical type of the elements, where it is not known."""
    position: Annotated[Name | None, eg("tag_number")] = None
    """A column with the place of the element in its array, from 1. With it, the rows have a key again."""
    empty: Literal["drop", "keep"] = "drop"
    """What becomes of a row whose array is empty or missing: no row, or one without an element."""


class JoinedColumn(Documented):
    """A column that a join brings, under its own or another name."""

    short_form: ClassVar[ValueOf] = ValueOf("column")

    column: Annotated[Name | None, eg("name")] = None
    """The column of the joined table, where it is named differently."""
    default: Annotated[Scalar | None, eg(0)] = None
    """The value that stands in for a missing one, as where no row matches."""


class GroupColumn(ColumnSpec):
    """A column that rows are grouped by."""

    short_form: ClassVar[ValueOf] = ValueOf("expr")

    expr: Annotated[SqlByWarehouse, eg("date_trunc(ordered_on, month)")]
    """The SQL expression."""


class AggregateColumn(ColumnSpec):
    """A column that sums up the rows of a group."""

    short_form: ClassVar[ValueOf] = ValueOf("expr")

    expr: Annotated[Sql, eg("count(*)", "sum(amount)", "count(distinct product_id)", "max(ordered_at) - min(ordered_at)")]
    """The SQL expression, with aggregates."""
    where: Annotated[Sql | None, eg("status = 'returned'")] = None
    """Its aggregates look only at rows for which this holds."""
    default: Annotated[Scalar | None, eg(0)] = None
    """The value that stands in for a missing one, as where no row matches."""


Aggregates = Annotated[
    dict[Name, AggregateColumn],
    eg({"items": "count(*)", "returned_items": {"expr": "count(*)", "where": "is_returned"}, "revenue": "sum(price)"}),
]


class Between(SpecModel):
    """A period of the joined table in which a value must lie."""

    short_form: ClassVar[ValueOf] = ValueOf("value")
    combinations: ClassVar[tuple[Combination, ...]] = (
        Needs(("to", "from"), "`to` needs `from`: the column with the beginning"),
        Needs(("ends", "to"), "`ends` needs `to`: the column with the end"),
    )

    value: Annotated[Sql, eg("ordered_at", "date(shipped_at)")]
    """The value, mostly a day or moment: an expression over the columns so far."""
    from_: Annotated[Name, Field(alias="from"), eg("priced_from")] = "valid_from"
    """The column of the joined table with the beginning of a period, which belongs to it. A row without one matches nothing."""
    to: Annotated[Name | None, eg("priced_to")] = None
    """The column with the end of the period; a row without one has no end. Where no `to` is given, a row holds until the next one of
    the same `on` begins; only for `valid_from` it is `valid_to`, if there is one."""
    ends: Literal["before", "with"] = "before"
    """Whether a period ends just before the value of `to`, or with it."""


class Join(SpecModel):
    """Another table, whose columns stand beside each row."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        Excludes(
            ("aggregates", "columns", "matches", "dedupe", "between"),
            "`aggregates` sums up the rows of each match to one, without `columns`, `matches`, `dedupe` and `between`",
        ),
        Excludes(("dedupe", "matches", "between"), "`dedupe` takes one match, without `matches` and `between`"),
    )

    table: Annotated[Text, eg("shop.customers", "dim_customer")]
    """The table: `source.table`, a seed, a model, a dimension or a fact."""
    on: Annotated[
        dict[Name, Sql],
        Field(min_length=1),
        BeforeValidator(
            _same_names,
            json_schema_input_type=Annotated[dict[Name, Sql], Field(min_length=1)]
            | Name
            | Annotated[tuple[Name, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True})],
        ),
        eg("customer_id", ["order_id", "line_number"], {"country_code": "upper(ship_country)"}),
    ]
    """The columns of the joined table that find its row, each with what it equals: an expression over the columns so far. Columns that
    both sides call the same are listed."""
    between: Annotated[Between | None, eg("ordered_at", {"value": "ordered_on", "from": "priced_from", "to": "priced_to"})] = None
    """Of the rows that `on` finds, those in whose period a value lies. That periods do not overlap is proven or tested."""
    kind: Literal["left", "inner"] = "left"
    """What becomes of a row without a match: `left` keeps it, `inner` drops it."""
    matches: Literal["one", "many"] = "one"
    """How many rows may match. `one` is proven from the key of the joined table; with `many` there is a row for each match."""
    where: Annotated[Sql | None, eg("is_current")] = None
    """Only rows of the joined table for which this holds can match."""
    dedupe: Annotated[Dedupe | None, eg({"latest": "updated_at"})] = None
    """Only one of several matches is taken. Rows are the same that are alike in the columns of `on`."""
    columns: Annotated[
        dict[Name, JoinedColumn],
        BeforeValidator(columns_as_mapping, json_schema_input_type=dict[Name, JoinedColumn] | ListedNames),
        eg(["city"], {"customer_city": "city", "discount": {"column": "discount", "default": 0}}),
    ] = {}
    """The columns that it brings. From here on they are columns like the others."""
    aggregates: Aggregates = {}
    """Instead of `columns`: the joined table is summed up first, to one row for each value of the columns of `on`."""


class Parts(Documented):
    """The parts that an input can have, whatever is made of it."""

    union: Annotated[UnionOfTables | None, eg({"tables": {"crm.customers": "CRM", "web.customers": "WEB"}, "column": "source_system"})] = (
        None
    )
    """Instead of `from`: several tables of one shape, read as one."""
    dedupe: Annotated[Dedupe | None, eg({"key": "customer_id", "latest": "updated_at"})] = None
    """Keep one row for each key. Comes before everything else."""
    unnest: Annotated[Unnest | None, eg({"array": "tags", "element": "tag", "position": "tag_number"})] = None
    """A row for each element of an array. Comes before joins."""
    join: Annotated[
        dict[Name, Join],
        eg({"customer": {"table": "shop.customers", "on": "customer_id", "columns": ["city"]}}),
    ] = {}
    """Other tables, joined one after the other, each under a name for what it is."""
    group_by: Annotated[
        dict[Name, GroupColumn],
        BeforeValidator(_named_alike, json_schema_input_type=dict[Name, GroupColumn] | Name | ListedNames),
        eg(["customer_id"], {"customer_id": "customer_id", "month_start": "date_trunc(ordered_on, month)"}),
    ] = {}
    """Makes one row of all rows that are alike in these columns. Comes after `where`."""
    aggregates: Aggregates = {}
    """What sums up the rows of each group."""
    qualify: Annotated[Sql | None, eg("orders > 1", "recency = 1")] = None
    """Keep only the rows for which this holds, once they are grouped and columns are computed. Comes last."""

    @property
    def has_parts(self) -> bool:
        """Whether the rows are other than those of one table."""
        return bool(self.union or self.dedupe or self.unnest or self.join or self.group_by or self.aggregates or self.qualify)


PARTS = ("union", "dedupe", "unnest", "join", "group_by", "aggregates", "qualify")
"""The keys of the parts."""
GROUPED = Needs(("aggregates", "group_by"), "`aggregates` needs `group_by`: the columns that rows must share to be summed up")
