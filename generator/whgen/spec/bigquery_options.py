"""`warehouse_options: {bigquery: ...}` - how tables are kept on BigQuery: partitions, clusters, expiry, labels, grants.

Shape only. Whether a column can be partitioned or clustered by is known to the dialect, which knows the columns' types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt
from pydantic_core import PydanticCustomError

from whgen.spec.base import Named, ValueOf
from whgen.spec.combination import Excludes
from whgen.spec.common import Flag, Name, SpecModel, Text, Texts, eg

_KEY = r"^[a-z][a-z0-9_-]{0,62}$"
_VALUE = r"^[a-z0-9_-]{0,63}$"
_TAG = r"projects/[^/{}]+/locations/[a-z0-9-]+/taxonomies/[0-9]+/policyTags/[0-9]+"
_IN_LABEL = "at most 63 lower-case letters, digits, underscores and hyphens"


def _matches(pattern: str, wanted: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value):
            return value
        raise PydanticCustomError("label", "{text}", {"text": f"this must be {wanted}"})

    return check


LabelKey = Annotated[
    str, AfterValidator(_matches(_KEY, f"a key of a label: {_IN_LABEL}, a letter first")), Named(name="LabelKey", adds={"pattern": _KEY})
]
"""Key of a label."""
LabelValue = Annotated[
    str, AfterValidator(_matches(_VALUE, f"a value of a label: {_IN_LABEL}")), Named(name="LabelValue", adds={"pattern": _VALUE})
]
"""Value of a label."""
PolicyTag = Annotated[
    str,
    AfterValidator(_matches(_TAG, "the name of a policy tag, as in `projects/acme/locations/us/taxonomies/123/policyTags/456`")),
    Named(name="PolicyTag", adds={"pattern": f"^{_TAG}$"}),
]
"""The full name of a policy tag."""


def _as_tuple(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Clustered = Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]


class BigqueryRange(SpecModel):
    """Partitions of whole numbers. What lies outside is kept together in one partition more."""

    start: Annotated[StrictInt, eg(0)]
    """The lowest number of the first partition."""
    end: Annotated[StrictInt, eg(1000000)]
    """The number behind the last partition."""
    interval: Annotated[StrictInt, Field(ge=1), eg(1000)]
    """How many numbers a partition holds."""


class BigqueryPartition(SpecModel):
    """What a table is partitioned by; the column alone is the short form."""

    short_form: ClassVar[ValueOf] = ValueOf("column")
    combinations: ClassVar[tuple[Excludes, ...]] = (
        Excludes(("range", "granularity"), "`range` is for whole numbers, and `granularity` for days and times"),
    )

    column: Annotated[Name, eg("ordered_on")]
    """The column: a date, timestamp or datetime, or an integer with its `range`."""
    granularity: Literal["hour", "day", "month", "year"] | None = None
    """How much time a partition holds; a day when not given."""
    range: Annotated[BigqueryRange | None, eg({"start": 0, "end": 1000000, "interval": 1000})] = None
    """The partitions of an integer column."""


class BigqueryDefaults(SpecModel):
    """How the tables of a layer are kept on BigQuery."""

    date_partitions: Flag | None = None
    """Partition facts by the date of their event. True when not given."""
    key_clusters: Flag | None = None
    """Cluster facts by the keys of their dimensions, the first four. True when not given."""
    labels: Annotated[dict[LabelKey, LabelValue] | None, Field(min_length=1, max_length=64), eg({"team": "sales"})] = None
    """Labels of tables and views, by which costs are told apart."""
    grants: Annotated[
        dict[Text, Texts] | None,
        Field(min_length=1),
        eg({"roles/bigquery.dataViewer": ["group:analysts@example.com"]}),
    ] = None
    """Who may use the tables: roles, each with those who have it. dbt takes the role away from all others."""


class BigqueryTable(BigqueryDefaults):
    """How a table is kept on BigQuery."""

    partition_by: Annotated[
        BigqueryPartition | None, eg("ordered_on", {"column": "customer_id", "range": {"start": 0, "end": 1000000, "interval": 1000}})
    ] = None
    """The column that the table is partitioned by."""
    cluster_by: Annotated[
        tuple[Name, ...] | None,
        Field(min_length=1, max_length=4),
        BeforeValidator(_as_tuple, json_schema_input_type=Name | _Clustered),
        eg("customer_id", ["customer_id", "product_id"]),
    ] = None
    """The columns that rows are sorted by inside partitions, at most four, the one that is filtered by most often first."""
    require_partition_filter: Flag | None = None
    """Refuse queries that do not say which partitions they need. For tables that no other table is made of."""
    partition_expiration_days: Annotated[StrictInt | None, Field(ge=1), eg(730)] = None
    """After how many days BigQuery deletes a partition, counted from its date."""
    hours_to_expiration: Annotated[StrictInt | None, Field(ge=1), eg(72)] = None
    """After how many hours BigQuery deletes the table, counted from when it was last built."""

    def named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The columns that it speaks of, each with its place."""
        if self.partition_by is not None:
            yield ("partition_by", "column"), self.partition_by.column
        yield from ((("cluster_by", number), column) for number, column in enumerate(self.cluster_by or ()))
