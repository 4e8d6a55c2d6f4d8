"""The kinds of change, and how much each asks of whom: the catalogue that plans are made of and docs/changes.md shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a change asks."""

    ADDITIVE = "additive"
    REBUILD = "rebuild"
    BREAKING = "breaking"


MEANING: Mapping[Weight, str] = {
    Weight.ADDITIVE: "Nothing that is read today is taken away or gets another value.",
    Weight.REBUILD: "Names and types stay, and values may not: what is made of it must be built anew.",
    Weight.BREAKING: "Who reads it has to change, too.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of change: what a plan says of it, and for the documentation when it is one."""

    name: str
    weight: Weight
    says: str
    when: str


def _of(weight: Weight, **kinds: tuple[str, str]) -> dict[str, Kind]:
    return {(name := key.replace("_", "-")): Kind(name=name, weight=weight, says=says, when=when) for key, (says, when) in kinds.items()}


KINDS: Mapping[str, Kind] = {
    **_of(
        Weight.BREAKING,
        target_removed=("target removed", "a target is no longer in the warehouse file"),
        schema_changed=("schema", "a layer, or what a target puts before its schemas, has another name: its tables are elsewhere"),
        schedule_removed=("schedule removed", "what it built is not built any more"),
        table_removed=("table removed", "a table of the production layer is gone"),
        table_renamed=("renamed from", "a table has another name, as its `was:` says"),
        relation_dropped=("no longer in the warehouse", "a table becomes `ephemeral`"),
        key_changed=("key", "other columns, or the same in another order, identify a row"),
        bridge_changed=("bridge", "other rows make a group, or something else weighs them: what is shared out by them is another part"),
        grain_changed=("grain", "a row of a fact stands for something else: its key has other columns"),
        column_removed=("column removed", "a column is gone"),
        column_renamed=("renamed from", "a column has another name, as its `was:` says"),
        type_changed=("type", "a column has a type that cannot hold all values of the one before"),
        unit_changed=("unit", "a column is measured in something else"),
        history_added=("history", "a dimension gets a row for each version"),
        history_removed=("history removed", "a dimension gets one row for each member"),
        role_repointed=("dimension", "a key of a fact points to another dimension"),
        additivity_narrowed=("additivity", "a measure may be summed over fewer dimensions than before"),
        calendar_shortened=("calendar", "days are missing that were there"),
        times_changed=("times of day", "they are minutes instead of seconds, or the other way round, and their keys are others"),
    ),
    **_of(
        Weight.REBUILD,
        target_changed=("target", "a target has other settings"),
        persist_docs_changed=("descriptions in the warehouse", "`persist_docs` is turned on or off"),
        policy_tag_changed=("policy tag", "a class of personal data is protected otherwise"),
        source_moved=("location", "the tables of a source lie elsewhere"),
        materialization_changed=("materialized", "a table becomes a view, or the other way round"),
        rows_changed=("where", "other rows are kept"),
        base_changed=("made of", "a table is made of another one"),
        storage_changed=("warehouse options", "a table is kept otherwise: partitions, clusters, indexes"),
        config_changed=("dbt", "what is passed on to dbt as it is"),
        values_changed=("values", "a column is computed otherwise"),
        cleaning_changed=("cleaning", "a column of a source is read, trimmed, cast or cleaned otherwise"),
        default_changed=("default", "something else stands in for a missing value"),
        type_widened=("type", "a column has a type that holds all values of the one before, as decimal(12, 2) those of decimal(10, 2)"),
        nullable=("can be missing", "values of a column can be missing that could not"),
        protection_changed=("personal data", "a column is of another class of personal data"),
        dedupe_changed=("dedupe", "another one of several rows is kept"),
        inputs_changed=("read from", "a staging table reads other tables of its source"),
        history_changed=("history", "versions are told apart otherwise"),
        attribute_policy_changed=("scd", "a change of an attribute is kept otherwise"),
        special_members_changed=("special members", "the members for what is unknown or not found have other attributes"),
        inferred_members_changed=("inferred members", "facts add members from other columns"),
        calendar_extended=("calendar", "a calendar has more days"),
        calendar_changed=("calendar", "weeks or fiscal years begin elsewhere"),
        day_parts_changed=("day parts", "parts of a day begin elsewhere, or are called otherwise"),
        role_rejoined=("joined on", "a key of a fact is found by other columns, or as of another moment"),
        missing_policy_changed=("missing", "something else happens where a dimension lacks a member"),
        select_changed=("select", "the SELECT of a hand-written model"),
        seed_changed=("rows", "the rows of a seed"),
        setting_changed=("setting", "anything else that a table is made by"),
    ),
    **_of(
        Weight.ADDITIVE,
        target_added=("new target", "a target is new"),
        default_target_changed=("default target", "another target is the first one"),
        run_history_changed=("history of runs", "`run_history` is turned on or off"),
        semantic_layer_changed=("semantic layer", "`semantic_layer` is turned on or off"),
        workflow_changed=("workflow", "`ci:` says something else"),
        schedule_added=("new schedule", "a schedule is new"),
        schedule_changed=("schedule", "a schedule runs at other times, or does something else"),
        exposure_added=("new exposure", "somebody begins to use tables"),
        exposure_removed=("exposure removed", "somebody stops using tables"),
        exposure_changed=("exposure", "an exposure reads other tables or is described otherwise"),
        source_added=("new source", "a source is new"),
        source_removed=("source removed", "a source is read no more"),
        freshness_changed=("freshness", "a table of a source may be of another age"),
        table_added=("new table", "a table is new"),
        description_changed=("description", "something is described otherwise"),
        meta_changed=("meta", "`meta` of a table or column"),
        tags_changed=("tags", "tags of a table or column"),
        grain_reworded=("grain in words", "the grain is put otherwise, and its key is the same"),
        test_added=("new test", "a test is declared"),
        test_removed=("test removed", "a test is declared no more"),
        test_changed=("test", "a test is stricter or looser, or looks at other rows"),
        column_added=("new column", "a column is new"),
        never_missing=("cannot be missing", "values of a column cannot be missing any more"),
        hierarchy_changed=("hierarchy", "a hierarchy of a dimension is new, has other levels, or is gone; its tests are others"),
        additivity_widened=("additivity", "a measure may be summed over more dimensions than before"),
    ),
}
"""Name -> the kind; of each weight those that speak of the whole first."""
