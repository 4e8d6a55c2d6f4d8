"""What lineage says of a model and what its generated SQL does, read by scopes: every project of the tests, on every warehouse.

The two know nothing of each other: lineage comes from the specs, and the SQL was written by templates.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot

from histories import SPECS as HISTORY
from projects import REPOSITORY, write_project
from test_cases import CASES, case_files
from whgen.ir.warehouse import Dimension, Fact
from whgen.lineage.compiler import lineage_of
from whgen.lineage.graph import Lineage, Node
from whgen.pipeline import compile_specs, understand
from whgen.plan.sql import source_table_name
from whgen.sql.lineage import influences
from whgen.warehouses import DIALECTS

Found = set[tuple[str, str]]


def _projects() -> list[str]:
    return ["example", "history", *sorted(p.name for p in CASES.iterdir())]


def _root(name: str, folder: Path) -> Path:
    if name == "example":
        return REPOSITORY
    if name == "history":
        return write_project(folder, {"specs/project.yml": HISTORY})
    return write_project(folder, case_files(name))


def _plain(text: str, sources: dict[str, str]) -> str:
    """The SQL of a model without dbt's Jinja, as it is built for the first time."""
    text = re.sub(r"\{%-? if is_incremental\(\) -?%\}.*?\{%-? else -?%\}(.*?)\{%-? endif -?%\}", r"\1", text, flags=re.DOTALL)
    text = re.sub(r"\{%-? if is_incremental\(\) -?%\}.*?\{%-? endif -?%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{\{\s*config\(.*?\)\s*\}\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{\{\s*ref\('(\w+)'\)\s*\}\}", r"\1", text)

    def raw(found: re.Match[str]) -> str:
        name = f"{found[1]}.{found[2]}"
        return sources.setdefault(name, f"raw__{len(sources)}")

    text = re.sub(r"\{\{\s*source\('(\w+)', '([^']+)'\)\s*\}\}", raw, text)
    assert "{{" not in text, text
    return text


def _beyond(lineage: Lineage, node: Node) -> Found:
    """The columns of other tables that a node is made of; steps within its table are followed."""
    found: Found = set()
    pending, seen = [node], {node}
    while pending:
        for edge in lineage.into(pending.pop()):
            if edge.source.table != node.table:
                found.add((edge.source.table, edge.source.column))
            elif edge.source not in seen:
                seen.add(edge.source)
                pending.append(edge.source)
    return found


def _named(found: Found, real: dict[str, str]) -> Found:
    """Columns under the names that lineage has for them, without those of dbt's own in a snapshot."""
    return {(real.get(table, table), column) for table, column in found if not column.startswith("dbt_")}


@pytest.mark.parametrize("name", _projects())
def test_lineage_is_what_the_sql_does(name: str, tmp_path: Path) -> None:
    root = _root(name, tmp_path)
    compilation, (_, warehouse) = compile_specs(root), understand(root, generate=False)
    assert warehouse is not None
    checked = 0
    for project in compilation.projects:
        dialect = DIALECTS[project.warehouse]
        lineage = lineage_of(warehouse, dialect)
        # A table of a source whose name dbt cannot take has another there.
        raw_names = {f"{s.name}.{source_table_name(t.name)}": f"{s.name}.{t.name}" for s in warehouse.sources for t, _, _ in s.tables}
        snapshots = {d.history.snapshot: d.base for d in warehouse.snapshotted if d.history and d.history.snapshot}
        for path, text in project.files.items():
            if (
                path.parts[0] != "models"
                or path.suffix != ".sql"
                or "{%" in re.sub(r"\{%-? (if is_incremental\(\)|else|endif) -?%\}", "", text)
            ):
                continue
            table = warehouse.table(path.stem)
            if table is None:
                # The time spine of the semantic layer is no table of the specs.
                continue
            sources: dict[str, str] = {}
            tree = sqlglot.parse_one(_plain(text, sources), read=project.warehouse)
            known = {n: list(t.columns) for n, t in lineage.tables.items()}
            tables = known | {alias: known[raw_names[s]] for s, alias in sources.items()}
            tables |= {n: [*known[b.name], "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted"] for n, b in snapshots.items() if n}
            values, rows = influences(tree, tables)
            own = path.stem
            columns = {c: set(made_of) for c, made_of in values.items()}
            named_rows = _beyond(lineage, Node(own))

            real = {alias: raw_names[s] for s, alias in sources.items()} | {n: b.name for n, b in snapshots.items() if n}
            assert set(columns) == {c.name for c in table.columns}, own
            # A lookup finds at most one row, and never loses one: its columns decide the key, and no rows.
            table = warehouse.table(own)
            roles = table.roles if isinstance(table, Fact) else table.outriggers if isinstance(table, Dimension) else ()
            looked_up = [_beyond(lineage, Node(own, role.column.name)) for role in roles]
            assert _named(set(rows), real) <= named_rows.union(*looked_up), (project.warehouse, own)
            for column, made_of in columns.items():
                named = _beyond(lineage, Node(own, column))
                assert _named(made_of, real) <= named | named_rows, (project.warehouse, own, column)
                # Nor does lineage name a value that the SQL does not use, but for the rows of a table that is looked into.
                assert {(t, c) for t, c in named if c} <= _named(made_of, real) | _named(set(rows), real), (project.warehouse, own, column)
                checked += 1
    assert checked > 0 or name == "seed_and_exposure"
