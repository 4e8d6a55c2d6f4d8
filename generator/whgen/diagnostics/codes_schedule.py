"""Codes of schedules: times, groups, gates."""

from __future__ import annotations

from whgen.diagnostics.code import Code

SCHEDULE: tuple[Code, ...] = (
    Code(
        name="invalid-cron",
        title="Not a cron expression",
        what="A field of `cron:` is missing, holds what it cannot, or names a day that never comes.",
        why="Only what cron, Airflow and Prefect all read the same way can be scheduled with each of them.",
        example="""\
schedule: daily
target: dev
cron: 30 25 * * *""",
        fix="Write minute, hour, day of the month, month and day of the week. `L`, `#`, `?` and `@daily` are not known everywhere.",
    ),
    Code(
        name="unknown-time-zone",
        title="An unknown time zone",
        what="`time_zone:` is not in the IANA database.",
        why="The schedule would run at the wrong hour, or not at all.",
        example="""\
schedule: daily
target: dev
cron: 30 5 * * *
time_zone: Europe/Berlim""",
        fix="Write its name as in `Europe/Berlin`. Abbreviations such as CEST mean several zones, or only half the year.",
    ),
    Code(
        name="unknown-in-schedule",
        title="A schedule of what is not there",
        what="A schedule names a target, source, tag or table that the project does not have.",
        why="There would be nothing to build.",
        example="""\
schedule: daily
target: prdo
cron: 30 5 * * *""",
        fix="Correct the name.",
    ),
    Code(
        name="empty-group",
        title="A group without models",
        what="A group of a schedule has no models: it names none, or groups before it took them all.",
        why="A model belongs to the first group that names it; a task without models does nothing.",
        example="""\
schedule: daily
target: dev
cron: 30 5 * * *
groups:
  everything: {layers: [staging, production]}
  shop: {sources: shop}""",
        fix="Put it before the groups that took its models, or take it out.",
    ),
    Code(
        name="circular-groups",
        title="Groups that read each other",
        what="A model of one group reads a model of another, and the other way round.",
        why="One task would have to wait for the other.",
        example="""\
# specs/customer.yml
dimension: customer
from: shop.orders
key: order_id
# specs/volume.yml
model: volume
columns: {order_id: integer}
sql: select order_id from dim_customer
# specs/daily.yml
schedule: daily
target: dev
cron: 30 5 * * *
groups:
  ends: {tables: [stg_shop__orders, volume]}
  middle: {tables: dim_customer}""",
        fix="Move a model to another group, or use `groups: layer`.",
    ),
    Code(
        name="no-freshness",
        title="A gate that is always open",
        what="A schedule has a `freshness_gate`, and no source that it reads has `freshness:` with `error_after`.",
        why="There is nothing to hold the run back.",
        example="""\
schedule: daily
target: dev
cron: 30 5 * * *
freshness_gate: skip""",
        fix="Say how fresh the source has to be, or take the gate out.",
    ),
    Code(
        name="no-schedule",
        title="No schedule to write",
        what="`whgen schedule` was called in a project without a `schedule:`.",
        why="The specs say when what is built.",
        example="whgen schedule airflow",
        fix="Write one: `schedule: NAME` with `target:` and `cron:` is enough.",
        at_run_time=True,
    ),
    Code(
        name="unknown-group",
        title="An unknown group",
        what="The group that `--group` asks for is in no schedule.",
        why="A task of a scheduler builds one group; its file may be older than the specs.",
        example="whgen build --group daily/stagging",
        fix="Use one of the groups that are listed, or bring the scheduler's file up to date with `whgen schedule`.",
        at_run_time=True,
    ),
    Code(
        name="stale-source",
        title="A source is older than it may be",
        what="The newest row of a table of a source is older than `warn_after` or `error_after` of its `freshness:`.",
        why="What is built of it would look current, and not be.",
        example="whgen freshness",
        fix="Load the source, or change what its spec asks for.",
        at_run_time=True,
    ),
    Code(
        name="alert-failed",
        title="An alert that reached nobody",
        what="`whgen alert` could not post its message.",
        why="The variable is not set where the scheduler runs, or the address does not answer.",
        example="whgen alert WHGEN_ALERTS 'a task failed'",
        fix="Set the variable to the address of the webhook.",
        at_run_time=True,
    ),
)
