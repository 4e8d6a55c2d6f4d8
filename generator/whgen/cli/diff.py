"""`whgen diff`: how the rows of a target differ from those of another one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import opened, require_environment, said_of, with_prefix
from whgen.cli.say import fail, find_project, leave, say, say_for_programs, show
from whgen.cli.settings import FAILED, OK, STALE, Settings, common, formatted
from whgen.cli.states import now
from whgen.diagnostics.diagnostic import Report, candidates_help

if TYPE_CHECKING:
    from whgen.changes.plan import State
    from whgen.compilation import Generated
    from whgen.dbt.connection import Connection
    from whgen.dbt.held import Held
    from whgen.dialects.base import Dialect
    from whgen.diff.difference import Difference
    from whgen.diff.prepare import Prepared
    from whgen.ir.warehouse import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A side of the comparison: a target of the project, or a throw-away environment on it."""

    root: Path
    project: Generated
    target: str
    prefix: str
    dialect: Dialect

    @property
    def name(self) -> str:
        """What it is called where it is shown."""
        return f"{self.prefix}{self.target}"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Connection]:
        """A connection to it; what is refused ends the command."""
        with opened(self.root, self.project, self.target, self.prefix) as connection:
            yield connection

    def held(self, tables: Sequence[Table]) -> Held:
        """What it holds of some tables."""
        from whgen.dbt.held import Held, held

        former = {t.was: t.name for t in tables if t.was}
        describe = self.dialect.describe_sql if self.dialect.describe else None
        with self.opened() as connection:
            file = self.dialect.database_file(connection.settings)
            # Asking would make the database.
            if file is not None and not Path(file).exists():
                return Held(tables={}, former={})
            return held(connection, former, describe, frozenset(t.name for t in tables))


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Whose rows are compared; the first target when not given.")
@click.option("--against-target", required=True, metavar="NAME", help="The target to compare with.")
@with_prefix
@click.option("--where", "condition", metavar="CONDITION", help="Compare only rows for which this holds, as an expression of the specs.")
@click.option(
    "--limit", type=click.IntRange(0, 100), default=3, show_default=True, metavar="N", help="How many examples of each difference."
)
@formatted("json", "markdown")
@common
@click.pass_obj
def diff(settings: Settings, /, tables: tuple[str, ...], **options: Any) -> None:
    """Show how the rows of tables differ between two targets: all production tables when none is named. Ends with 3 where they do.

    With --schema-prefix, a throw-away environment on --target is compared.
    """
    from whgen.diff.show import to_data, to_markdown, to_text

    root = find_project(settings)
    state = now(settings, root)
    left, right = (
        _place(root, state, options["target"], options["schema_prefix"] or ""),
        _place(root, state, options["against_target"], ""),
    )
    if (left.target, left.prefix) == (right.target, right.prefix):
        raise click.UsageError(f"--target and --against-target are both `{left.target}`: there is nothing to compare")
    wanted = _tables(tables, state)
    prepared = _prepared(settings, wanted, left, right, options["condition"])
    if all(p.comparison is None for p in prepared):
        fail("nothing-to-compare", _nothing(prepared, left, right), help="build the tables on both targets first")
    found = _compared(state, prepared, left, right, options["limit"])
    code = OK if all(d.is_equal for d in found) else STALE
    names = (left.name, right.name)
    if settings.form == "json":
        head = {"ok": code == OK, "exit_code": code, "target": left.name, "against_target": right.name}
        say_for_programs(settings, {**head, "tables": to_data(found)}, ())
    else:
        say((to_markdown if settings.form == "markdown" else to_text)(found, names).rstrip("\n"))
    leave(code)


def _place(root: Path, state: State, wanted: str | None, prefix: str) -> _Place:
    from whgen.warehouses import DIALECTS

    name, project = target_of(state.compilation, wanted)
    require_adapter(project)
    require_environment(project, name, prefix)
    return _Place(root=root, project=project, target=name, prefix=prefix, dialect=DIALECTS[project.warehouse])


def _tables(names: Sequence[str], state: State) -> list[Table]:
    """The tables that are meant; the command ends when one is unknown."""
    if not names:
        return [t for t in state.warehouse.production_tables if t.materialized != "ephemeral"]
    found = []
    for name in dict.fromkeys(names):
        table = state.warehouse.table(name)
        if table is None:
            known = [t.name for t in state.warehouse.tables if t.materialized != "ephemeral"]
            label, help_ = candidates_help(name, known, kind="tables")
            fail("unknown-table", f"there is no table `{name}`", help=label or help_)
        found.append(table)
    return found


def _prepared(settings: Settings, tables: Sequence[Table], left: _Place, right: _Place, condition: str | None) -> list[Prepared]:
    from whgen.diff.prepare import conditions, prepare

    report, dialects = Report(), (left.dialect, right.dialect)
    asked = conditions(tables, condition, dialects, report) if condition is not None else {}
    _require(settings, report, condition)
    there, here = right.held(tables), left.held(tables)
    found = [prepare(t, (here, there), dialects, asked.get(t.name), report) for t in tables]
    _require(settings, report, condition)
    return found


def _require(settings: Settings, report: Report, condition: str | None) -> None:
    """End the command with what is wrong with the condition, if anything is."""
    from whgen.diff.prepare import CONDITION

    if not report.has_errors:
        return
    texts = {CONDITION: condition or ""}
    if settings.is_text:
        show(report, texts, err=True)
    else:
        say_for_programs(settings, {"ok": False, "exit_code": FAILED}, report, texts)
    leave(FAILED)


def _compared(state: State, prepared: Sequence[Prepared], left: _Place, right: _Place, limit: int) -> list[Difference]:
    from whgen.dbt.run import DbtError
    from whgen.diff.difference import Difference

    names = (left.name, right.name)
    missing = {p.table: Difference(table=p.table, missing=tuple(names[n] for n in p.missing)) for p in prepared if p.comparison is None}
    both = [p for p in prepared if p.comparison is not None]
    try:
        found = _in_one_query(both, left, limit) if _is_one_database(state, left, right) else _by_segments(both, left, right, limit)
    except DbtError as problem:
        code, message, help_ = said_of(str(problem), left.project)
        fail(code, message, help=help_)
    by_name = missing | {d.table: d for d in found}
    return [by_name[p.table] for p in prepared]


def _nothing(prepared: Sequence[Prepared], left: _Place, right: _Place) -> str:
    """Why there is nothing to compare."""
    if not prepared:
        return "the specs have no production table"
    of = f"of `{prepared[0].table}`" if len(prepared) == 1 else "of the tables"
    lacking = [place.name for n, place in enumerate((left, right)) if all(n in p.missing for p in prepared)]
    return f"there is nothing {of} on `{'`, and nothing on `'.join(lacking)}`" if lacking else "no table is built on both targets"


def _is_one_database(state: State, left: _Place, right: _Place) -> bool:
    """Whether a query on one of them can read the tables of the other."""
    settings = {t.name: t.settings for t in state.warehouse.targets}
    here, there = settings[left.target], settings[right.target]
    return left.dialect is right.dialect and all(here.get(s) == there.get(s) for s in left.dialect.one_database)


def _in_one_query(prepared: Sequence[Prepared], left: _Place, limit: int) -> list[Difference]:
    from whgen.diff.difference import difference_of
    from whgen.diff.prepare import one_query

    found = []
    with left.opened() as connection:
        for p in prepared:
            rows = connection.rows(one_query(p, left.dialect, limit))
            found.append(difference_of(p.of_both, rows, limit))
    return found


def _by_segments(prepared: Sequence[Prepared], left: _Place, right: _Place, limit: int) -> list[Difference]:
    """Each side is asked twice, one after the other: a process holds one embedded database at a time."""
    from whgen.dbt.scratch import scratch
    from whgen.diff.between import Between
    from whgen.warehouses import DIALECTS

    between = [Between(prepared=p, dialects=(left.dialect, right.dialect), limit=limit) for p in prepared]
    with scratch() as database:
        with left.opened() as connection:
            for b in between:
                b.count(connection.rows)
                b.sum_up(0, connection.rows)
        with right.opened() as connection:
            for n, b in enumerate(between):
                b.sum_up(1, connection.rows)
                b.fetch(1, connection.rows, database, f"right_{n}")
        with left.opened() as connection:
            for n, b in enumerate(between):
                b.fetch(0, connection.rows, database, f"left_{n}")
        embedded = next(d for d in DIALECTS.values() if d.is_local)
        return [b.compare(database, f"left_{n}", f"right_{n}", embedded) for n, b in enumerate(between)]
