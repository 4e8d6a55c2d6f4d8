"""What is known of a table or a column (see `about`) -> lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Data = Mapping[str, Any]


def column_lines(column: Data) -> Iterator[str]:
    """All that is known of a column."""
    role = f", {column['role']} of a {column['kind']}" if column.get("role") else f", of a {column['kind']}"
    yield f"{column['table']}.{column['name']}{role}  [{_place(column)}]"
    yield from _told([column.get("description", "")])
    yield ""
    yield f"Type: {column['type'] or 'unknown'}{_nullable(column)}"
    for name, title in (("unit", "Unit"), ("additivity", "Additivity"), ("pii", "Personal data"), ("history", "History")):
        if column.get(name):
            yield f"{title}: {column[name]}"
    if points := column.get("points_to"):
        yield f"Points to: {points['dimension']}.{points['key']}{_as_of(points)}; missing members: {points['missing']}"
        if points["history"]:
            yield f"History: {points['dimension']} has {points['history']}"
    if column["kind"] != "source":
        yield from _section("Sources", [_node(n) for n in column["sources"]] or ["none: it is made here"])
    yield from _section("Rules, in this order", [f"{n}. {text}" for n, text in enumerate(_steps(column["steps"]), 1)])
    yield from _section("Which rows there are, by", _merged_rows(column["rows"]))
    yield from _section("Tests", [_test(t) for t in column.get("tests", ())])
    users = [f"{_node(e['to'])}: {_said(e)}" for e in column["used_by"]]
    users += [f"{r['table']}.{r['column']}, which joins it" for r in column["joined_by"]]
    direct = {_node(e["to"]) for e in column["used_by"]}
    users += [f"{name}, by way of these" for name in column["reaches"] if name not in direct]
    users += [f"exposure {name}" for name in column["exposures"]]
    yield from _section("Used by", users or ["nothing in this project"])


def table_lines(table: Data) -> Iterator[str]:
    """All that is known of a table."""
    yield f"{table['name']}, a {'table of a source' if table['kind'] == 'source' else table['kind']}  [{_place(table)}]"
    yield from _told([table["description"]])
    titles = (("grain", "Grain"), ("materialized", "Kept as"), ("reference", "In specs"), ("history", "History"))
    facts = [f"{title}: {table[name]}" for name, title in titles if table.get(name)]
    facts += [f"Key: {', '.join(table['key'])}"] if table["key"] else []
    yield from (["", *facts] if facts else [])
    width = max((len(c["name"]) for c in table["columns"]), default=0)
    yield from _section("Columns", [f"{c['name']:{width}}  {c['type'] or 'unknown'}{_nullable(c)}{_role(c)}" for c in table["columns"]])
    levels = [f"{name}: {' > '.join(found)}" for name, found in table.get("hierarchies", {}).items()]
    yield from _section("Hierarchies", levels)
    roles = [f"{r['role']}: {r['dimension']}{_as_of(r)}, by {', '.join(r['on'])}" for r in table.get("roles", ())]
    yield from _section("Dimensions", roles)
    yield from _section("Facts that use it", [f"{r['table']} as {r['role']}{_as_of(r)}" for r in table.get("played", ())])
    yield from _section("Dimensions that refer to it", [f"{r['table']} as {r['role']}" for r in table.get("outrigger_of", ())])
    yield from _section("Which rows there are, by", _merged_rows(table["rows"]))
    yield from _section("Reads", table["reads"])
    yield from _section("Read by", [*table["read_by"], *(f"exposure {e}" for e in table["exposures"])])
    yield from _section("Tests of the table", [_test(t) for t in table["tests"]])
    number = sum(len(c.get("tests", ())) for c in table["columns"])
    if number:
        yield ""
        yield f"Its columns have {number} tests: `whgen explain {table['name']}.COLUMN` names them."


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def _told(texts: Iterable[str]) -> Iterator[str]:
    yield from (text for text in texts if text)


def _place(data: Data) -> str:
    return f"{data['place']['file']}:{data['place']['line']}"


def _nullable(column: Data) -> str:
    return "" if "nullable" not in column else ", may be missing" if column["nullable"] else ", never missing"


def _role(column: Data) -> str:
    return f", {column['role']}" if column.get("role") else ""


def _as_of(role: Data) -> str:
    return f" as of {role['as_of']}" if role["as_of"] else ""


def _node(node: Data) -> str:
    return f"{node['table']}.{node['column']}" if node["column"] else f"rows of {node['table']}"


def _said(edge: Data) -> str:
    places = dict.fromkeys(f"{r['file']}:{r['line']}" for r in edge["rules"])
    return f"{'; '.join(r['text'] for r in edge['rules'])}{' (inferred)' if edge['inferred'] else ''}  [{', '.join(places)}]"


def _steps(edges: Iterable[Data]) -> list[str]:
    """One line for each column that is made in one way, of one column or several."""
    found: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        found.setdefault((_node(edge["to"]), _said(edge)), []).append(_node(edge["from"]))
    return [f"{made} of {', '.join(sources)}: {text}" for (made, text), sources in found.items()]


def _merged_rows(edges: Iterable[Data]) -> list[str]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        found.setdefault(f"{edge['to']['table']}: {_said(edge)}", []).append(_node(edge["from"]))
    return [f"{text} of {', '.join(columns)}" for text, columns in found.items()]


def _test(test: Data) -> str:
    arguments = "; ".join(f"{k}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for k, v in test["arguments"].items())
    where = f" where {test['where']}" if test["where"] else ""
    severity = "" if test["severity"] == "error" else f" ({test['severity']})"
    return f"{test['test']}{f' ({arguments})' if arguments else ''}{where}{severity}  [{_place(test)}]"
