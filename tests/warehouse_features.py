"""What whgen generates, feature by feature, and the page of the documentation that shows what of it runs on which warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VALUES = Path(__file__).parent / "emulator_values.yml"
"""What the emulator makes of each expression of the catalogue's proof."""

COLUMNS = {
    "duckdb": "DuckDB",
    "postgres": "Postgres",
    "bigquery": "BigQuery: analyzed",
    "emulator": "BigQuery: run on the emulator",
}
"""Where a feature is tried -> what stands above its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature of the project in `tests/features/`. It runs where all of its nodes do, in one of the runs."""

    name: str
    spec: str
    nodes: tuple[str, ...]
    run: str = "build"
    analyzed: bool = True
    """Whether it is SQL that the analyzer can judge."""


def _feature(name: str, spec: str, *nodes: str, run: str = "build", analyzed: bool = True) -> Feature:
    return Feature(name=name, spec=spec, nodes=nodes, run=run, analyzed=analyzed)


FEATURES = (
    _feature("Staging as a table", "materialized: table", "stg_shop__customers"),
    _feature("Staging as a view", "materialized: view", "stg_shop__orders"),
    _feature("Staging as a CTE", "materialized: ephemeral", "fact_kind"),
    _feature("Several tables read as one", "union", "stg_shop__orders"),
    _feature("One row for each key", "dedupe", "stg_shop__customers", "stg_shop__customers__customer_id__unique"),
    _feature("Every type, cast from text", "type", "fact_kind", "stg_shop__kinds__casts_keep_values"),
    _feature("Seeds", "seed", "country", analyzed=False),
    _feature("Dimensions with special and inferred members", "dimension", "dim_customer", "dim_customer__customer_key__has_members"),
    _feature("Attributes that keep their first value, first run", "scd: 0", "dim_customer"),
    _feature("Attributes that keep their first value, next run (merge)", "scd: 0", "dim_customer", run="build again"),
    _feature("Versions from dated changes", "history: {changed_at: ...}", "dim_buyer", "dim_buyer__versions_in_order"),
    _feature("Versions from full extracts", "history: {extracted_at: ...}", "dim_price", "dim_price__changes_have_versions"),
    _feature("Versions from a snapshot, first run", "history: {snapshot: true}", "seen_snapshot", "dim_seen"),
    _feature("Versions from a snapshot, next run", "history: {snapshot: true}", "seen_snapshot", "dim_seen", run="build again"),
    _feature("Facts that point to the version of their moment", "as_of", "fact_purchase", "fact_purchase__buyer_key__relationships"),
    _feature("Days of events loaded by increments, first run", "incremental: {by: ...}", "fact_order_by_day"),
    _feature("Days of events loaded by increments, next run", "incremental: {by: ...}", "fact_order_by_day", run="build again"),
    _feature("Changed rows merged by increments, first run", "incremental: {loaded: ...}", "fact_change"),
    _feature("Changed rows merged by increments, next run", "incremental: {loaded: ...}", "fact_change", run="build again"),
    _feature("Partitions by the time of ingestion, first run", "partition_by: {ingestion: ...}", "fact_notice"),
    _feature("Partitions by the time of ingestion, next run", "partition_by: {ingestion: ...}", "fact_notice", run="build again"),
    _feature("Tables kept as the warehouse can: partitions, indexes", "warehouse_options", "fact_purchase"),
    _feature("Keys of several columns", "key", "dim_place", "stg_shop__orders__unique_combination"),
    _feature("Calendars", "calendar", "dim_date"),
    _feature("Times of a day", "time_of_day", "dim_minute", "fact_reading__minute_key__relationships"),
    _feature("Junk dimensions", "junk", "dim_flags", "fact_reading__flags_key__relationships"),
    _feature("Dimensions that refer to dimensions", "outriggers", "dim_client", "dim_client__home_key__relationships"),
    _feature("Views of roles", "role_views", "dim_home_country"),
    _feature("Levels with one parent each", "hierarchies", "dim_client__customer_name__one_country_code"),
    _feature("Bridges whose weights sum to 1", "bridge", "bridge_price_share", "bridge_price_share__weights_sum_to_one"),
    _feature("Facts that look up their members", "missing: unknown", "fact_order", "fact_order__place_key__relationships"),
    _feature("Hand-written SELECTs", "sql", "customer_total"),
    _feature("Hand-written files with dbt's Jinja", "file", "customer_names"),
    _feature("Tests of columns", "tests", "stg_shop__customers__customer_id__positive", "stg_shop__orders__amount__at_least"),
    _feature("Tests of rows", "expression", "stg_shop__customers__expression"),
    _feature("References to other tables, tested", "references", "stg_shop__customers__country_code__references"),
    _feature("Tests that only warn", "severity: warn", "stg_shop__orders__amount__between"),
    _feature("Casts that lose values, counted", "unasked", "stg_shop__customers__casts_keep_values"),
    _feature("Descriptions in the warehouse", "dbt: {persist_docs: ...}", "dim_customer", analyzed=False),
    _feature("Freshness of sources", "freshness", "orders_de", "orders_fr", run="source freshness", analyzed=False),
    _feature("dbt's documentation, with the columns that are there", "`dbt docs generate`", "catalog", run="docs generate", analyzed=False),
)

_NO_INGESTION = ("the emulator writes its clock for each `_PARTITIONTIME`, also where dbt-bigquery names it as a column to write", "MP(")
REASONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("Days of events loaded by increments, next run", "emulator"): (
        "the emulator does not understand the aggregate with which dbt-bigquery finds the partitions of the new rows",
        "Required keyword",
    ),
    ("Partitions by the time of ingestion, first run", "emulator"): _NO_INGESTION,
    ("Partitions by the time of ingestion, next run", "emulator"): _NO_INGESTION,
    ("dbt's documentation, with the columns that are there", "emulator"): (
        "the emulator has no `__TABLES__`, where dbt-bigquery reads what there is",
        "__TABLES__",
    ),
}
"""(feature, where) that does not run -> why, and what the message of the failure holds."""

_HEAD = """# What runs on which warehouse

Each row is a part of the project in `tests/features/`, which is built by real dbt on DuckDB, on a real Postgres 18 and, through
dbt-bigquery, on an emulator of BigQuery; on the side of BigQuery every query is analyzed by Google's own ZetaSQL, too. What is shown is
what happened: `tests/test_warehouses.py` fails when something else does.

Whether the values are the same is another question, to which `tests/test_equality.py` has the answer: DuckDB, Postgres and Google's
reference evaluator of BigQuery's SQL have to agree in every row. The emulator is no judge of values: its NUMERIC keeps three digits behind
the point, DATE_TRUNC gives a midnight instead of a day, and it rounds and counts hours in its own way. `tests/test_emulator.py` builds the
whole example on it.

Snowflake has no column: nothing was ever run on it. What is generated for it is written by its documentation, parsed by sqlglot, and read
by dbt with the real adapter, which reads the profile, too (`tests/test_snowflake.py`, `make snowflake`); so names, types and values are as
documented, and not as seen. A second opinion is sqlglot's, which translates expressions for Snowflake to DuckDB, where they give what the
proven ones do. `docs/functions.md` says which functions are refused there. `whgen lock` cannot ask it, and a second 60 is lost in a cast.

"""


def page(outcomes: Mapping[str, Mapping[str, bool]], values: Mapping[str, Any]) -> str:
    """The whole page. `outcomes` say for each feature and place whether it runs there, `values` what the emulator makes of expressions."""
    lines = [f"| feature | in the spec | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 2) + "|"]
    for feature in FEATURES:
        cells = [_cell(feature, place, outcomes[feature.name].get(place)) for place in COLUMNS]
        spec = feature.spec if "`" in feature.spec or feature.spec == "unasked" else f"`{feature.spec}`"
        lines.append(f"| {feature.name} | {spec} | {' | '.join(cells)} |")
    notes = [f"{n}. {name}: {why}." for n, ((name, _), (why, _)) in enumerate(REASONS.items(), 1)]
    return _HEAD + "\n".join(lines) + "\n\nWhat does not run, and why:\n\n" + "\n".join(notes) + "\n" + _values(values)


def _cell(feature: Feature, place: str, runs: bool | None) -> str:
    if runs is None:
        return "-"
    return "yes" if runs else f"no ({list(REASONS).index((feature.name, place)) + 1})"


def _values(values: Mapping[str, Any]) -> str:
    every = values["same"] + len(values["differs"]) + len(values["refused"])
    lines = [
        "\n## Values on the emulator\n",
        f"Of the {every} expressions that prove the [catalogue of functions](functions.md), over eleven rows of difficult values, the "
        f"emulator gives the values of Google's evaluator for {values['same']}, and others, in some row, for these:\n",
        *(f"- `{text}`" for text in values["differs"]),
        "\nIt refuses these, or stops where BigQuery does not:\n",
        *(f"- `{text}`" for text in values["refused"]),
    ]
    return "\n".join(lines) + "\n"
