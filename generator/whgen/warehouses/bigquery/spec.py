"""What specs say of BigQuery: where it is, and how tables are kept there: partitions, clusters, expiry, labels, grants.

Shape only. Whether a column can be partitioned or clustered by is known to the dialect, which knows the columns' types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt
from pydantic_core import PydanticCustomError

from whgen.spec.base import Named, ValueOf
from whgen.spec.combination import Combination, Excludes, OneOf
from whgen.spec.common import Flag, Name, SourceName, SpecModel, Text, Texts, eg
from whgen.spec.warehouse_parts import Place, Prefix, Shape, TableSettings, TargetSpec, WarehouseParts

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


_ON_THIS_MACHINE = r"^http://(localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5}$"


def _on_this_machine(value: object) -> object:
    # Only what stays on this machine may do without a login.
    if isinstance(value, str) and re.fullmatch(_ON_THIS_MACHINE, value):
        return value
    raise PydanticCustomError("on_this_machine", "the address of an emulator on this machine, such as http://127.0.0.1:9050")


Emulator = Annotated[
    str,
    BeforeValidator(_on_this_machine, json_schema_input_type=str),
    Named(
        name="Emulator",
        adds={"pattern": _ON_THIS_MACHINE, "patternErrorMessage": "This must be an address on this machine such as http://127.0.0.1:9050."},
    ),
]
"""The address of a service on this machine."""


class BigqueryTarget(TargetSpec):
    """A target on BigQuery: one Google Cloud project."""

    warehouse: Literal["bigquery"]
    """The kind of warehouse."""
    project: Annotated[Text, eg("acme-prod")]
    """Google Cloud project that holds the datasets."""
    location: Annotated[Text, eg("EU", "europe-west3")] = "US"
    """Location of the datasets, such as US, EU or europe-west3."""
    emulator: Annotated[Emulator | None, eg("http://127.0.0.1:9050")] = None
    """Address of an emulator of BigQuery on this machine, which is asked instead of Google and needs no login."""
    threads: Annotated[StrictInt, Field(ge=1, le=64), eg(4)] = 8
    """How many models dbt builds at once."""
    schema_prefix: Annotated[Prefix | None, eg("qa_")] = None
    """Put before the dataset of every layer, so that several environments can share one project."""
    execution_project: Annotated[Text | None, eg("acme-billing")] = None
    """Google Cloud project that runs the queries and pays for them; the one of the datasets when not given."""
    maximum_bytes_billed: Annotated[StrictInt | None, Field(ge=10 * 1024 * 1024), eg(1099511627776)] = None
    """How many bytes one query may be billed for: one that would read more fails and costs nothing. At least 10485760."""
    priority: Literal["interactive", "batch"] = "interactive"
    """Whether queries run at once, or wait until slots are idle."""
    impersonate_service_account: Annotated[Text | None, eg("dbt@acme-prod.iam.gserviceaccount.com")] = None
    """Service account that dbt acts as after its login."""
    job_execution_timeout_seconds: Annotated[StrictInt | None, Field(ge=1), eg(3600)] = None
    """After how many seconds dbt gives up on a query; none when not given."""
    job_retries: Annotated[StrictInt | None, Field(ge=0, le=10), eg(3)] = None
    """How often a query that fails for reasons of the service is tried again; once when not given."""


class BigqueryLocation(SpecModel):
    """Where BigQuery finds the tables."""

    dataset: Annotated[SourceName, eg("raw_shop")]
    """Dataset that holds the tables."""
    project: Annotated[SourceName | None, eg("acme-raw")] = None
    """Google Cloud project of the dataset; the target's project when not given."""


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
    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("column", "ingestion"), "a table is partitioned either by a `column` or by the time of its `ingestion`"),
        Excludes(("range", "granularity"), "`range` is for whole numbers, and `granularity` for days and times"),
        Excludes(("ingestion", "granularity"), "`ingestion` says by itself how much time a partition holds, so there is no `granularity`"),
        Excludes(("ingestion", "range"), "partitions by the time of `ingestion` have no `range`"),
    )

    column: Annotated[Name | None, eg("ordered_on")] = None
    """The column: a date, timestamp or datetime, or an integer with its `range`."""
    ingestion: Literal["hour", "day", "month", "year"] | None = None
    """How much time a partition holds of the time at which rows were put into the table, or last replaced in it; BigQuery keeps that in
    `_PARTITIONTIME`, and the table has no column more. For facts with `incremental: {loaded: ...}`, which are never put in anew whole."""
    granularity: Literal["hour", "day", "month", "year"] | None = None
    """How much time a partition holds; a day when not given."""
    range: Annotated[BigqueryRange | None, eg({"start": 0, "end": 1000000, "interval": 1000})] = None
    """The partitions of an integer column."""


class BigqueryDefaults(TableSettings):
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
        BigqueryPartition | None,
        eg("ordered_on", {"column": "customer_id", "range": {"start": 0, "end": 1000000, "interval": 1000}}, {"ingestion": "day"}),
    ] = None
    """What the table is partitioned by: one of its columns, or the time of ingestion."""
    cluster_by: Annotated[
        tuple[Name, ...] | None,
        Field(min_length=1, max_length=4),
        BeforeValidator(_as_tuple, json_schema_input_type=Name | _Clustered),
        eg("customer_id", ["customer_id", "product_id"]),
    ] = None
    """The columns that rows are sorted by inside partitions, at most four, the one that is filtered by most often first."""
    require_partition_filter: Flag | None = None
    """Refuse queries that do not say which partitions they need. For tables that no other table is made of."""
    copy_partitions: Flag | None = None
    """Put the partitions of an increment into the table by copies, which cost nothing, instead of by a statement. They are copied one after
    the other: whoever reads meanwhile may see some partitions replaced and others not yet."""
    partition_expiration_days: Annotated[StrictInt | None, Field(ge=1), eg(730)] = None
    """After how many days BigQuery deletes a partition, counted from its date."""
    hours_to_expiration: Annotated[StrictInt | None, Field(ge=1), eg(72)] = None
    """After how many hours BigQuery deletes the table, counted from when it was last built."""

    def named(self) -> Iterator[tuple[Place, str]]:
        """The columns that it speaks of, each with its place."""
        if self.partition_by is not None and self.partition_by.column is not None:
            yield ("partition_by", "column"), self.partition_by.column
        yield from ((("cluster_by", number), column) for number, column in enumerate(self.cluster_by or ()))


PARTS = WarehouseParts(
    title="BigQuery",
    target=BigqueryTarget,
    location=Shape(model=BigqueryLocation, examples=({"project": "acme-raw", "dataset": "shop"},)),
    table=Shape(
        model=BigqueryTable,
        examples=(
            {"partition_by": {"column": "ordered_on", "granularity": "month"}, "cluster_by": ["customer_id"]},
            {"date_partitions": False},
        ),
    ),
    layer=Shape(model=BigqueryDefaults, examples=({"labels": {"team": "sales"}},)),
    is_written=True,
    has_policy_tags=True,
)
