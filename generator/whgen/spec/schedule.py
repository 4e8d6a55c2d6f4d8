"""`schedule:` - when a target is built, in which groups of models, and what happens when that fails."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt

from whgen.spec.combination import AnyOf
from whgen.spec.common import Name, Names, SpecModel, Text, Texts, eg

LayerName = Literal["staging", "production"]


class GroupSpec(SpecModel):
    """A group of models that one task builds. A model belongs to the first group that names it."""

    combinations: ClassVar[tuple[AnyOf, ...]] = (
        AnyOf(("layers", "sources", "tags", "tables"), "a group names `layers`, `sources`, `tags` or `tables`"),
    )

    layers: Annotated[tuple[LayerName, ...] | None, Field(min_length=1), eg(["staging"])] = None
    """All models of these layers."""
    sources: Annotated[Names | None, eg("shop", ["shop", "crm"])] = None
    """The staging models of these sources."""
    tags: Annotated[Texts | None, eg("hourly", ["hourly", "daily"])] = None
    """The models that have one of these tags."""
    tables: Annotated[Names | None, eg("fact_order", ["dim_customer", "fact_order"])] = None
    """These models, by their names in the warehouse."""


class Retries(SpecModel):
    """How often a task that failed is tried again. It goes on at the model that failed."""

    count: Annotated[StrictInt, Field(ge=1, le=100), eg(2)]
    """How often."""
    wait: Annotated[Text, eg("10 minutes")] = "5 minutes"
    """How long to wait before each try, such as `30 seconds`, `10 minutes` or `1 hour`."""


class Alerts(SpecModel):
    """Who is told when a task has failed for good."""

    webhook: Annotated[Text, eg("WHGEN_ALERTS")]
    """Name of the environment variable that holds the address to post to. Posted is JSON with a `text`, as chat programs take it."""


class ScheduleSpec(SpecModel):
    """When a target is built, and how: `whgen schedule` makes a DAG of Airflow, a flow of Prefect or a crontab of it."""

    schedule: Annotated[Name, eg("daily")]
    """Name of the schedule."""
    description: Annotated[Text | None, eg("Everything, before the office opens.")] = None
    """What it is for, in a sentence."""
    tags: Annotated[Texts | None, eg("finance", ["finance", "daily"])] = None
    """Tags that the scheduler shows."""
    target: Annotated[Name, eg("prod")]
    """The target that is built."""
    cron: Annotated[Text, eg("30 5 * * *", "0 7-19 * * mon-fri")]
    """When: minute, hour, day of the month, month, day of the week, as cron reads them."""
    time_zone: Annotated[Text, eg("Europe/Berlin")] = "UTC"
    """The time zone in which `cron` counts, by its IANA name."""
    groups: Annotated[
        Literal["layer", "source", "tag"] | Annotated[dict[Name, GroupSpec], Field(min_length=1)],
        eg("source", {"reference": {"sources": ["crm"]}, "rest": {"layers": ["staging", "production"]}}),
    ] = "layer"
    """What one task builds: a layer; the staging models of a source, then dimensions, facts and other models; the models of a tag; or
    groups of your own. Models that are in no group are not built."""
    freshness_gate: Annotated[Literal["fail", "skip"] | None, eg("skip")] = None
    """What happens when a source that is read is older than its `freshness:` allows: the run fails, or is skipped. When not given, sources
    are not looked at."""
    retries: Annotated[Retries | None, eg({"count": 2, "wait": "10 minutes"})] = None
    """How often a failed task is tried again; not at all when not given."""
    alerts: Annotated[Alerts | None, eg({"webhook": "WHGEN_ALERTS"})] = None
    """Who is told of failures; nobody when not given."""
