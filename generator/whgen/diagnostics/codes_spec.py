"""Codes of files and of the shape of documents."""

from __future__ import annotations

from whgen.diagnostics.code import Code

SPEC: tuple[Code, ...] = (
    Code(
        name="unreadable-file",
        title="A file cannot be read",
        what="A file is missing, too large, not UTF-8, or lies outside the project.",
        why="Everything that goes into a warehouse is in the project folder, as text that every editor shows alike.",
        example="""\
seed: country
file: countries.csv   # no such file
columns: {code: string}""",
        fix="Save the file as UTF-8 below the folder of the specs, and name it relative to the spec that uses it.",
    ),
    Code(
        name="wrong-file-name",
        title="A spec has an unfit file name",
        what="A spec ends in something else than `.yml`, or its path has characters that cannot stand in a comment.",
        why="A file that is left out in silence is missed only when its table is. Paths stand in the first line of every generated file.",
        example="""\
# specs/customer.yaml
dimension: customer
from: shop.customers
key: customer_id""",
        fix="Rename the file: plain letters, ending in `.yml`.",
    ),
    Code(
        name="yaml-syntax",
        title="The file is not YAML",
        what="The reader of YAML stumbled at this place.",
        why="Nothing of the file can be used before it can be read.",
        example="""\
dimension: order
description: The order: what was bought
from: shop.orders
key: order_id""",
        fix="Quote texts that hold `: ` or begin with a special character, indent with spaces, close quotes and brackets.",
    ),
    Code(
        name="not-a-mapping",
        title="A document is no mapping",
        what="A document is a list or a single value.",
        why="The first key of a document says what it describes.",
        example="- dimension: order",
        fix="Begin with a noun, as in `dimension: order`.",
        in_schema=True,
    ),
    Code(
        name="duplicate-key",
        title="A key stands twice",
        what="A mapping has the same key twice.",
        why="Most readers of YAML keep the last one in silence.",
        example="""\
dimension: order
from: shop.orders
key: order_id
key: customer_id""",
        fix="Remove one of them.",
    ),
    Code(
        name="key-not-text",
        title="A key is no text",
        what="A list or a mapping stands where a key belongs.",
        why="Keys are names.",
        example="""\
dimension: order
from: shop.orders
key: order_id
columns: {[a, b]: {}}""",
        fix="Write a name, in quotes if it has special characters.",
    ),
    Code(
        name="merge-key",
        title="A merge key",
        what="`<<` is used to take over another mapping.",
        why="Merge keys were removed from YAML; readers disagree on them.",
        example="""\
dimension: order
from: shop.orders
key: order_id
columns:
  status: {<<: {description: State of the order}}""",
        fix="Write the keys out. What several columns share goes into `columns:` of the warehouse file.",
    ),
    Code(
        name="recursive-alias",
        title="An alias without an end",
        what="An alias contains itself, or aliases repeat an absurd number of values.",
        why="Such a value has no end.",
        example="""\
dimension: order
from: shop.orders
key: order_id
meta: &loop {again: *loop}""",
        fix="Write the value out.",
    ),
    Code(
        name="jinja-in-spec",
        title="Jinja in a spec",
        what="A text or key of a spec holds `{{`, `{%` or `{#`.",
        why="dbt reads generated files as Jinja templates and would run it, with other results for each target.",
        example="""\
dimension: order
from: shop.orders
key: order_id
where: "status = '{{ var('status') }}'\"""",
        fix="Name models and columns plainly. A SELECT that needs Jinja goes into a file that `file:` of a `model:` names.",
        in_schema=True,
    ),
    Code(
        name="unusable-character",
        title="A character that cannot stand in a spec",
        what="A text holds a control character, half a character, or a mark that turns the direction of text.",
        why="Some cannot be written to a file; others make people read something else than what is run.",
        example="""\
dimension: order
description: "An \\0 order"
from: shop.orders
key: order_id""",
        fix="Remove it.",
    ),
    Code(
        name="ambiguous-word",
        title="A word that older YAML reads otherwise",
        what="A bare word such as `no`, `on`, `010` or `12:30` stands as a text. A warning.",
        why="whgen reads YAML 1.2, where it is a text; many other programs read 1.1, where it is false, true, 8 or 750.",
        example="""\
dimension: order
from: shop.orders
key: order_id
columns: {status: {tests: [{accepted_values: [yes, no]}]}}""",
        fix="Quote it.",
        is_warning=True,
    ),
    Code(
        name="unknown-noun",
        title="A document describes nothing known",
        what="No key of the document is a noun of whgen.",
        why="The noun decides what the other keys mean.",
        example="""\
dimensoin: order
from: shop.orders
key: order_id""",
        fix="Use `warehouse`, `source`, `dimension`, `fact`, `seed`, `model` or `exposure`.",
        in_schema=True,
    ),
    Code(
        name="unknown-key",
        title="An unknown key",
        what="A key is not known at this place.",
        why="A misspelled key would otherwise have no effect.",
        example="""\
dimension: order
from: shop.orders
key: order_id
colums: [status]""",
        fix="Correct the spelling or the indentation, or quote a text that holds a comma.",
        in_schema=True,
    ),
    Code(
        name="missing-key",
        title="A key is missing",
        what="A key that is needed is not there.",
        why="What it says cannot be guessed.",
        example="""\
fact: sale   # what does one row stand for?
from: shop.orders
key: order_id""",
        fix="Add the key.",
        in_schema=True,
    ),
    Code(
        name="wrong-type",
        title="A value of the wrong kind",
        what="A value is not the text, number, list or mapping that belongs here.",
        why="It could not mean anything.",
        example="""\
dimension: order
from: shop.orders
key: order_id
where: 3""",
        fix="Write what the message asks for.",
        in_schema=True,
    ),
    Code(
        name="invalid-choice",
        title="Not one of the choices",
        what="A value is none of those that are possible.",
        why="Each of them has a meaning of its own.",
        example="""\
dimension: order
from: shop.orders
key: order_id
materialized: tabel""",
        fix="Use one of the choices that are listed.",
        in_schema=True,
    ),
    Code(
        name="wrong-combination",
        title="Keys that do not go together",
        what="Keys stand together that exclude each other, or one is missing that another needs.",
        why="Guessing which of them is meant would hide the mistake.",
        example="dimension: date\nfrom: shop.days\ncalendar: {from: 2013-01-01, to: 2013-12-31}",
        fix="Add or remove the key that the message names.",
        in_schema=True,
    ),
    Code(
        name="invalid-value",
        title="A value that makes no sense",
        what="The shape is right, but the values contradict each other or cannot be read.",
        why="Guessing which of them is meant would hide the mistake.",
        example="""\
dimension: date
calendar: {from: 2014-01-01, to: 2013-12-31}""",
        fix="Do what the message says.",
    ),
    Code(
        name="invalid-name",
        title="A name that cannot be one",
        what="A name has other characters than lower-case letters, digits and underscores, or is too long.",
        why="Such names need no quotes on any warehouse and mean the same in any case.",
        example="""\
dimension: Order
from: shop.orders
key: order_id""",
        fix="Choose a plain name of at most 60 characters; a column of the source gets one with `as:`.",
        in_schema=True,
    ),
    Code(
        name="no-warehouse",
        title="No project file",
        what="No document of the project is a `warehouse:`.",
        why="It says where the warehouse is built.",
        example="""\
# specs/date.yml
# and no other file
dimension: date
calendar: {from: 2013-01-01, to: 2013-12-31}""",
        fix="Create it, or start with `whgen init`.",
    ),
)
