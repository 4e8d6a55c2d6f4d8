"""Everything that one warehouse does differently, as one value. Adding a warehouse is adding one of these.

The modules of `warehouses` each define theirs; nothing else in the code asks which warehouse it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlglot import Dialect as SqlglotDialect
from sqlglot import exp

from whgen.dbt.lock_queries import BuildLock
from whgen.dialects.incremental import Increment, Window, add_to
from whgen.dialects.lowering import Lowerings, lowered
from whgen.dialects.physical import Physical
from whgen.dialects.values import Values
from whgen.ir.environment import Target
from whgen.ir.trees import copied, nodes_of
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Fact, Table, Warehouse
from whgen.sql.reference import NATIVE

# What fits on one line stays on one line.
LINE = 88
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


# There is one of each, told apart by what it is and not by what is in it.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """One warehouse.

    `printer` writes trees as SQL; `lowerings` say how, where sqlglot would write what means something else here; `settle` casts
    an expression whose type this warehouse makes another one of than the logical type says; `spine` is a
    SELECT of all days between two, as `calendar_date`; `source` and `profile` are parts of dbt's YAML.
    """

    name: str
    """The name of the warehouse in specs, which is that of sqlglot's dialect."""
    adapter: str
    is_local: bool
    printer: type[SqlglotDialect]
    types: Mapping[Kind, str]
    reserved: frozenset[str]
    reserved_schemas: re.Pattern[str]
    """Schemas that it keeps for itself."""
    longest_name: int
    """How many bytes the name of a table or column may have; what is longer is refused or cut off."""
    bounds_decimals: bool
    """Whether a cast to a decimal of some precision fails for a number that has more digits before the point."""
    folds_columns: bool
    """Whether names of columns that differ only in case are one, even in quotes."""
    lowerings: Lowerings
    offers: Callable[[exp.Expr], bool] = lambda _: True
    """Whether what is in the catalogue of functions is known to mean here what it means in the reference dialect."""
    has_asof: bool = False
    """Whether it has ASOF, a join with the last of the rows that began before a moment."""
    is_tried: bool = True
    """Whether what it writes was ever run on the warehouse."""
    settle: Callable[[exp.Expr, Type], exp.Expr]
    spine: Callable[[date, date], str]
    describe: str | None
    """A query for the columns of the table `{relation}`, in their order: name, name of the type. `{text}` is the relation inside quotes.
    None where the tables of sources cannot be read."""
    narrower: Mapping[str, Kind]
    """Types that hold no value which the one that whgen uses would not hold too, without what stands in parentheses."""
    physical: Callable[[Table, Warehouse], Physical]
    """How a table is kept, by the spec's `warehouse_options` and by what the warehouse needs."""
    variables: Callable[[Warehouse], Mapping[str, Any]] = lambda _: {}
    """Variables of the dbt project that the configuration of its tables uses."""
    increment: Callable[[Fact, Window], Increment] = add_to
    """How a run adds to an incremental fact."""
    granularity: Callable[[Fact], str] = lambda _: "day"
    """What of an incremental fact is replaced whole: `day`, or the unit of its partitions."""
    source: Callable[[Mapping[str, str]], Mapping[str, Any]]
    profile: Callable[[Target, str], Mapping[str, Any]]
    attached: str | None = None
    """A query for what goes with the schema `{schema}` of `{database}` beside its tables and views, when `{schemas}` are dropped."""
    listed: Callable[[Any, str, str], Iterable[str]] = lambda *_: ()
    """What the client of the warehouse lists in a schema of a database that no query tells of, and that is dropped with it."""
    drop: Callable[[Sequence[str], Sequence[tuple[str, str]]], Iterable[str]] | None = None
    """The statements that drop schemas, by what is in them as (type, name), and nothing elsewhere; None where dbt does it so."""
    database_file: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    """The file that a connection with these settings opens, and makes if it is missing."""
    file_setting: str = ""
    """The setting of a target that names the file; a variable of the target and this name stands in for it, as in SHOP_DEV_PATH."""
    server_version: str | None = None
    """A query for the version of the server."""
    oldest_server: int = 0
    """The first number of the oldest version that generated SQL runs on."""
    in_location: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    """A query for the schemas that lie where a connection with these settings looks for them; None where they all do."""
    missing_login: Callable[[Mapping[str, Any]], tuple[str, str] | None] = lambda _: None
    """What a connection with these settings lacks to log in, as far as that shows offline, and what to do, with `{variable}` in it."""
    build_lock: BuildLock | None = None
    """How builds on one target keep each other out; None where its server has no locks."""
    values: Values
    """How values become texts that are equal on every warehouse."""
    one_database: tuple[str, ...]
    """The settings in which two targets agree where a query on one can read the tables of the other."""
    estimates: bool = False
    """Whether it says what a query would read, without running it."""
    credentials: Mapping[str, str] = field(default_factory=dict)
    """What a machine that logs in sets of the variables of `profile`, by the end of its name: a value, `secret`, or `file` of a secret."""

    def describe_sql(self, relation: str) -> str:
        """The query for the columns of a table, whose name is written as in SQL."""
        assert self.describe is not None, "asked for first"
        return self.describe.replace("{relation}", relation).replace("{text}", relation.replace("'", "''"))

    def type_name(self, type_: Type) -> str | None:
        """What the warehouse calls a logical type; None for an unknown one."""
        if type_.kind is Kind.ARRAY and type_.element is not None:
            element = self.type_name(type_.element)
            return self.types[Kind.ARRAY].format(element) if element else None
        if type_.kind is Kind.DECIMAL:
            return self.types[Kind.DECIMAL].format(type_.precision, type_.scale)
        return self.types.get(type_.kind)

    def sql(self, tree: exp.Expr, *, beside: int = 0, one_line: bool = True, comments: bool = False) -> str:
        """A tree as SQL of this warehouse: on one line when it fits (and `one_line` allows it), else laid out.

        `beside` is the number of characters that stand on the same line before and behind it; `comments` are kept where asked for.
        """
        if isinstance(tree, exp.Column) and len(tree.parts) == 1:
            return self.name_sql(tree.name)
        tree = self._ready(tree)
        line = self._print(tree, comments=comments) if one_line else "\n"
        if len(line) + beside <= LINE and "\n" not in line:
            return line
        return self._print(tree, comments=comments, pretty=True, indent=4, pad=4, max_text_width=LINE - beside)

    def line(self, tree: exp.Expr) -> str:
        """A tree as SQL on one line, however long."""
        return self._print(self._ready(tree))

    def _ready(self, tree: exp.Expr) -> exp.Expr:
        tree = self._lowered(_with_parentheses(copied(tree)))
        for node in nodes_of(tree):
            if isinstance(node, exp.Identifier):
                node.set("quoted", self.needs_quotes(node.name))
        return tree

    def _lowered(self, tree: exp.Expr) -> exp.Expr:
        # From the leaves up, since what replaces a node holds what stood below it.
        for node in reversed(nodes_of(tree)):
            if type(node) not in self.lowerings or node.meta_get(NATIVE):
                continue
            new = lowered(node, self.lowerings, self.printer)
            if new is not node:
                if node is tree:
                    return new
                node.replace(new)
        return tree

    def _print(self, tree: exp.Expr, **layout: Any) -> str:
        return _instance(self.printer).generate(tree, normalize_functions="upper", copy=False, **{"comments": False, **layout})

    def name_sql(self, name: str) -> str:
        """A name as this warehouse writes it, in quotes where it must be."""
        if not self.needs_quotes(name):
            return name
        return self.sql(exp.to_identifier(name))

    def needs_quotes(self, name: str) -> bool:
        """Whether a name means something else, or nothing, without quotes."""
        return not _PLAIN_NAME.fullmatch(name) or name.upper() in self.reserved


@cache
def _instance(printer: type[SqlglotDialect]) -> SqlglotDialect:
    return printer()


def _with_parentheses(tree: exp.Expr) -> exp.Expr:
    """`DIV(a - 1, 7)` becomes `a - 1 // 7` where the function is an operator, unless its operands are in parentheses."""
    for node in nodes_of(tree):
        if not isinstance(node, exp.IntDiv | exp.Mod):
            continue
        for place in ("this", "expression"):
            operand = node.args[place]
            if isinstance(operand, exp.Binary | exp.Unary) and not isinstance(operand, exp.Paren):
                node.set(place, exp.Paren(this=operand))
    return tree


class Layout:
    """How SQL is laid out, the same for every warehouse; mixed into the generators of sqlglot."""

    pretty: bool
    max_text_width: int
    sql: Callable[..., str]
    indent: Callable[..., str]

    def not_sql(self, expression: exp.Not) -> str:
        """`x IS NOT NULL` and its kin as people write them, instead of `NOT x IS NULL`."""
        inner = expression.this
        for kind, word in ((exp.Is, "IS"), (exp.In, "IN"), (exp.Like, "LIKE"), (exp.Between, "BETWEEN")):
            if isinstance(inner, kind):
                left, text = self.sql(inner, "this"), self.sql(inner)
                if text.startswith(f"{left} {word} "):
                    rest = text[len(left) + len(word) + 2 :]
                    return f"{left} IS NOT {rest}" if kind is exp.Is else f"{left} NOT {word} {rest}"
        return f"NOT {self.sql(expression, 'this')}"

    def select_sql(self, expression: exp.Select) -> str:
        """A SELECT with its column on the same line, when it has one only."""
        text: str = super().select_sql(expression)  # type: ignore[misc] # of the generator beside it
        if not self.pretty or len(expression.expressions) != 1:
            return text
        target = self.sql(expression.expressions[0])
        word = "SELECT DISTINCT" if expression.args.get("distinct") else "SELECT"
        before, lines, after = text.rpartition(f"{word}\n{self.indent(target, level=0, pad=4)}\n")
        return f"{before}{word} {target}\n{after}" if lines and "\n" not in target else text

    def alias_sql(self, expression: exp.Alias) -> str:
        """A column that keeps its name needs no alias."""
        this = expression.this
        is_same = isinstance(this, exp.Column) and not this.table and this.name == expression.alias
        return self.sql(this) if is_same else super().alias_sql(expression)  # type: ignore[misc] # of the generator beside it

    def dpipe_sql(self, expression: exp.DPipe) -> str:
        """A long chain of `||` with one operand on each line."""
        parts = [self.sql(part) for part in expression.flatten(unnest=False)]
        line = " || ".join(parts)
        return "\n|| ".join(parts) if self.pretty and (len(line) > self.max_text_width or "\n" in line) else line

    def case_sql(self, expression: exp.Case) -> str:
        """A CASE with one WHEN on each line, unless all of it fits on one."""
        head = " ".join(part for part in ("CASE", self.sql(expression, "this")) if part)
        arms = [self._arm(self.sql(arm, "this"), self.sql(arm, "true")) for arm in expression.args["ifs"]]
        default = self.sql(expression, "default")
        arms += [f"ELSE {default}"] if default else []
        line = " ".join([head, *arms, "END"])
        if not self.pretty or (len(line) <= self.max_text_width and "\n" not in line):
            return line
        return "\n".join([head, *(self.indent(arm, level=0, pad=4) for arm in arms), "END"])

    def _arm(self, condition: str, value: str) -> str:
        if not self.pretty or "\n" not in condition:
            return f"WHEN {condition} THEN {value}"
        return f"WHEN\n{self.indent(condition, level=0, pad=4)}\n{self.indent(f'THEN {value}', level=0, pad=4)}"

    def join_sql(self, expression: exp.Join, join_op: str | None = None) -> str:
        """A join; conditions that take several lines stand below ON."""
        text: str = super().join_sql(expression, join_op)  # type: ignore[misc] # of the generator beside it
        on = self.sql(expression.args.get("on") or exp.true())
        if not self.pretty or "\n" not in on:
            return text
        return text.replace(f"    ON {self.indent(on, skip_first=True)}", f"    ON\n{self.indent(on, level=0, pad=8)}")
