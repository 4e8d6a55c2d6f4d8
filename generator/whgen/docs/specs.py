"""docs/spec.md: the reference of the spec language, made from its JSON Schema, which is made from the models that read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from whgen.ir.types import TYPE_NAMES
from whgen.spec.common import SpecModel
from whgen.spec.described import descriptions
from whgen.spec.json_schema import spec_schema
from whgen.spec.load import NOUNS
from whgen.spec.lock import LockedColumn, LockedSource

_HEAD = """# The spec language

A project is a folder with `specs/`. Any file there that ends in `.yml` holds one or more YAML documents, separated by `---`; the first
key of a document says what it describes. Files may be named and grouped as you like: neither names nor order matter.

- YAML 1.2: `on`, `off`, `yes`, `no`, `08` and `12:30` are texts; `true` and `false` are the truth values.
- Expressions are SQL in the `dialect` of the project, BigQuery's by default. They may use the [functions of the
  catalogue](functions.md), which mean the same on every warehouse; anything else takes one expression for each
  warehouse, `expr: {duckdb: ..., bigquery: ...}`, and a `type`.
- In a table of a source, the keys of `columns` are the names that the source uses. Everything else - `key`, `where`, `derive`, `dedupe`,
  `exclude` - speaks of the names after renaming.
- `{{`, `{%` and `{#` are refused in every text: dbt would execute them.
- A table of a source is referred to as `source.table`, everything else by its name in the warehouse, such as `fact_flight`; in a
  hand-written SELECT and in `depends_on`, everything by its name in the warehouse.

## What rows are made of

A dimension, a fact and a `model:` take their rows `from:` one table, or as a `union:` of several, and may have parts that make other rows
of them. The parts work in this order, whatever the order in which they are written, and each sees the columns that there are after the
one before it:

1. `union:` puts the rows of several tables of one shape one below the other, with a column that says where a row is from. A column that
   one of them lacks is an error, unless `may_lack:` names it; types must agree.
2. `dedupe:` keeps one row for each key, as it does for a table of a source. Of several rows that are first in its order, the other columns
   decide, so that the outcome never varies.
3. `unnest:` makes a row of each element of an array, or of JSON with one. With a `position:` the rows have a key again.
4. `join:` puts columns of other tables beside each row. It may find one row at most, which is proven from the keys that are declared:
   a join on less than a key is an error. `aggregates:` in a join sums the other table up first, to one row for each value of the columns
   of `on`; `dedupe:` in a join takes one of several matches; `between:` takes the one in whose period a moment lies, and a test of the
   other table says that its periods do not overlap, where nothing proves it; `matches: many` says that there is to be a row for each
   match.
5. `where:` keeps some of the rows.
6. `group_by:` with `aggregates:` makes one row of all that are alike. An aggregate with a `where:` of its own looks at some of them.
7. `derive:` computes columns, with window functions over the rows that are left. A column may need others; their order is found.
   (For a dimension, `derive:` makes attributes.) A function that depends on the order of rows, such as LAG, needs an ORDER BY, and is
   warned of where rows may be equal in it.
8. `qualify:` keeps some of the rows by what was summed up and computed.

What a join brings is listed in its `columns:` and is a column like the others from there on: names of tables stand in no expression.
What a fact or dimension with such parts is made of becomes a view of its own before it, `int_` and its name, so that it can be looked at;
a `model:` is what others may be made of again. Keys follow: those of the base while each row finds one match (of a union with its
`column:`, that and the key of its tables), the key of `dedupe`, with the `position:` of `unnest` added to it, the columns of `group_by`
after a grouping. A `key:` that does not follow is an error where it cannot be one, and a warning where nothing says that it is.

## Kinds of dimensions

`calendar:` makes a row for each day, `time_of_day:` one for each minute or second of a day. Their keys are numbers, yyyymmdd, hhmm or
hhmmss, which a fact computes of its own column without a join: of a date, a datetime or a time. Of a timestamp, derive the local date
or time in staging first.

`role_views:` of a dimension makes a view for each of the roles that it lists, as facts call them: `role_views: [origin]` of `airport`
makes `dim_origin_airport`. Its key has the name of the facts' key, `origin_key`, and before all other names stands the role's, as in
`origin_city`, so that the views of several roles can be joined to a fact without an alias.

`outriggers:` of a dimension are other dimensions that its members refer to: `outriggers: {region: region_code}` makes a column
`region_key`, found as that of a fact would be, with the same choices for what is `missing:`, and tested as one. The special members point
to those of the other dimension, inferred members to the unknown one. Neither side keeps history: as of which moment would a member refer?

`bridge:` makes a fact a bridge, where an account has many owners and an owner many accounts: `bridge: {group: account, weight: share}`.
It is named `bridge_` and its name. A test says that the weights of each group sum to 1, so that what a fact measures of an account
is shared out and not multiplied: join the fact to the bridge by the key of the group, and sum the measure times the weight.

`unit_in:` of a measure names the role or degenerate column that says in what unit its values are, as where payments are in many
currencies. Its `additivity` is then that within one unit: models and facts that sum it over several are refused. For one that may be summed
over all, make the rates a dimension with history, and join it `between` its versions as of the event:
`join: {quote: {table: dim_currency, on: currency, between: paid_at, columns: [euros]}}`, and a measure `{expr: amount * euros, unit: EUR}`.
A value without a rate has none in euros; `tests: [not_null]` says that there is always one.

`hierarchies:` of a dimension name columns that are levels of one another, the widest first. For each pair of neighbours a test says that
each value of a level has one parent; special and inferred members, and versions that are over, are left out. Where two parents may have
children of one name, as cities of two states, take a column that tells them apart.

`junk:` makes a junk dimension of flags and codes that are of no dimension otherwise: a member for each combination that its table has,
and for those that facts have beyond them. A missing value is one like others, so that every row of a fact has a member. Its key is hashed
of all of them, on both sides, without a join. A fact lists its columns in the same order: `dimensions: {order_flags: [is_gift, method]}`.
Where a fact is loaded by increments, the dimension is kept, too: rows that stay may point to combinations that the source has lost.
A mini-dimension is made in the same way, of bands that are derived in staging and that the fact gets by a `join:`.

## Facts made of another fact

`aggregate:` makes a fact at a coarser grain: `by:` keeps roles and degenerate columns of the other fact, `periods:` roles of a calendar as
the first day of their week (as the calendar begins it), month, quarter or year. Keys of dimensions are carried over as they are, special
members among them, so that no row is lost. A measure without `expr` sums up the one of its name, which must be declared additive - or
semi-additive, where all dates of the other fact are kept. An `expr` has aggregates over the columns of the other fact. For each sum and
count, a test proves that it is the same over all rows here and there (`same_totals`). An aggregate may be made of an aggregate.

`dense:` makes it a periodic snapshot: a row for each combination and period of the calendar, also when nothing happened, up to the last
period that has rows; a test proves that none is missing (`is_dense`). There, sums and counts are 0 and other measures NULL. A measure
with `balance_of:` adds up another one over all periods so far, as a stock does with what came and went; it is semi-additive. Rows
without a known day stand in no period: they are kept, and have no balance.

`milestones:` makes a fact an accumulating snapshot: it lists roles of a calendar in the order in which they are reached. The days from each
to the next are measures, `ordered_to_shipped_days`, NULL while one of both is not known. For each two of them a test proves the order, of
those days that the calendar has.

## Which columns are never NULL

Only what the SQL itself guarantees counts. A test reports a NULL after the table was built, and with `severity: warn` it does not
even stop the build, so tests change nothing here; in doubt a column can be NULL.

- A column of a source can be NULL, whatever the source promises: a cast, `null_if` or a change over there may make it so. With a
  `default:` it never is. The `column` of a `union` never is.
- A derived column or measure follows from its expression, as the [catalogue](functions.md) says of each function; a measure with
  a `default:` is never NULL.
- A `where` makes a column that it compares, or of which it says `is not null`, never NULL in the rows that are kept.
- The surrogate key of one column is NULL where that column is; of several columns it never is. The keys that a fact has of its dimensions
  never are, since -1 and -2 stand in. Special members have no business key, and of their attributes only texts and those with
  a value under both `unknown:` and `not_found:`; inferred members have no attributes at all.
- What a join brings can be NULL, unless the join is `inner` and the column never is where it comes from; with a `default:` it never is.
- In a hand-written SELECT, an outer join makes the columns of the other side NULL, an aggregate other than a count can be, and a
  column of a union can be where it can be in one of its parts.
- In an incremental table every column can be NULL: its older rows may be of other specs.
"""
_LOCK = """## sources.lock

What the tables of the sources really hold, beside the folder `specs/`: one document for each source and warehouse. `whgen lock`
writes the file; it is committed, and so a change of a source is a line of a diff. A project may do without it. With it,

- a column that a table lacks is an error at the very column, and `columns: all` and `rest: keep` know what there is;
- a column that declares no `type` has that of the source. Where the warehouses differ, it has to declare one;
- what arrives as the declared type is not cast, nor tested for what a cast loses; a cast that can never work is an error at its `type`;
- rules for text (`trim`, `case`, a `null_if` that no number can be) are left out where a column arrives typed;
- a table that is missing from it is a warning. Tables and columns that no spec uses do no harm. A warehouse that it does
  not speak of is not checked.
"""


_WORDS = {
    "AnyText": "text", "Anything": "anything", "Day": "date", "LabelKey": "label", "LabelValue": "label", "Name": "name",
    "SourceName": "name in the source", "PolicyTag": "policy tag", "Sql": "SQL",
    "Text": "text", "Emulator": "address", "TypeName": "type",
    "string": "text", "integer": "number", "number": "number", "boolean": "true or false",
}  # fmt: skip


def spec_page() -> str:
    """The whole page."""
    definitions = spec_schema()["$defs"]
    nouns = {noun: definitions[model.__name__] for noun, model in NOUNS.items()}
    parts = [_HEAD, f"Logical types: {', '.join(f'`{t}`' for t in TYPE_NAMES)}.\n"]
    parts += ["| document | what it describes |", "|---|---|"]
    parts += [f"| [`{noun}:`](#{noun}) | {schema['description'].split('. ')[0].rstrip('.')} |" for noun, schema in nouns.items()]
    parts.append("")
    for noun, schema in nouns.items():
        parts += [f"## {noun}", "", *_section(schema, definitions)]
        for name in _inner(schema, definitions, seen=set()):
            parts += [f"### {noun}: {_value({'$ref': name}, definitions)}", "", *_section(_definition(name, definitions), definitions)]
    parts += [_LOCK, *_lock_table(LockedSource), "", "### sources.lock: locked column", "", *_lock_table(LockedColumn)]
    return "\n".join(parts).rstrip() + "\n"


def _lock_table(model: type[SpecModel]) -> Iterator[str]:
    """The keys of a part of the lock, which no editor needs a schema of."""
    yield from ["| key | default | meaning |", "|---|---|---|"]
    said = descriptions(model)
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {'required' if field.is_required() else ''} | {' '.join(said.get(name, '').split())} |"


def _section(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    """What a mapping is, its keys, and which of them go together."""
    long = _long(schema)
    yield from [schema["description"], "", "| key | value | default | example | meaning |", "|---|---|---|---|---|"]
    for key, value in long["properties"].items():
        default = "required" if key in long.get("required", ()) else f"`{_flow(value['default'])}`" if "default" in value else ""
        example = f"`{_flow(value['examples'][0])}`" if "examples" in value else ""
        meaning = value.get("description") or _definition(value["$ref"], definitions)["description"]
        yield f"| `{key}` | {_value(value, definitions)} | {default} | {example} | {meaning} |"
    remarks = [long["$comment"]] if "$comment" in long else []
    if long is not schema:
        short = schema["anyOf"][0]
        key = next((k for k, value in long["properties"].items() if value == short), None)
        remarks.insert(0, f"Short form: {f'the value of `{key}` alone' if key else _value(short, definitions)}.")
    yield from ["", " ".join(remarks), ""] if remarks else [""]


def _value(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _WORDS.get(name) or str(_long(definitions[name])["title"])
    if "const" in schema or "enum" in schema:
        return " \\| ".join(f"`{_flow(choice)}`" for choice in schema.get("enum") or [schema["const"]])
    if choices := schema.get("anyOf") or [choice["then"] for choice in schema.get("allOf", ())]:
        return " or ".join(dict.fromkeys(_value(choice, definitions) for choice in choices))
    if schema["type"] == "array":
        item = _value(schema["items"], definitions)
        return f"[{item}, {item}]" if schema.get("minItems") == schema.get("maxItems") == 2 else f"list of {item}"
    if schema["type"] == "object":
        return f"mapping to {_value(schema['additionalProperties'], definitions)}"
    return _WORDS[schema["type"]]


def _flow(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if not isinstance(value, str):
        return str(value).lower()
    return f'"{value}"' if not value or re.search(r"[{}\[\],]|: |^[0-9]+$", value) else value


def _inner(schema: Any, definitions: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    """References to the mappings that a schema holds, each once, in the order in which they are met."""
    if isinstance(schema, list):
        for item in schema:
            yield from _inner(item, definitions, seen)
    elif isinstance(schema, dict):
        name = schema.get("$ref")
        if isinstance(name, str) and name not in seen and "properties" in _long(_definition(name, definitions)):
            seen.add(name)
            yield name
            yield from _inner(_definition(name, definitions), definitions, seen)
        for key, value in schema.items():
            if key not in ("examples", "default"):
                yield from _inner(value, definitions, seen)


def _definition(reference: str, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = definitions[reference.rpartition("/")[2]]
    return found


def _long(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a definition that speaks of the mapping, where there is a short form, too."""
    return next((choice for choice in schema.get("anyOf", ()) if "properties" in choice), schema)
