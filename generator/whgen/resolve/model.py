"""`model:`, `seed:` and `exposure:` specs -> hand-written models, seeds and exposures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.environment import Exposure
from whgen.ir.types import Type
from whgen.ir.warehouse import HandWritten, Seed, Table
from whgen.resolve.nullable import stored
from whgen.resolve.options import resolve_options
from whgen.resolve.seed_file import check_seed
from whgen.resolve.symbols import Query, Symbols, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.resolve.written import check_written
from whgen.spec.exposure import ExposureSpec
from whgen.spec.load import Located, read_text
from whgen.spec.model import ModelSpec
from whgen.spec.secrets import report_secrets
from whgen.spec.seed import SeedSpec
from whgen.spec.text import SourceText
from whgen.spec.warehouse import WAREHOUSES, WarehouseSpec
from whgen.sql.parse import SqlText, parse_select
from whgen.sql.query import resolve_query


def resolve_model(at: Located[ModelSpec], project: WarehouseSpec, symbols: Symbols) -> HandWritten:
    """A hand-written model as far as its declaration goes; `with_select` adds its SELECT once every table is known."""
    spec, span = at.spec, at.at("model")
    symbols.claim(spec.model, span)
    columns = symbols.with_tests(symbols.column(n, s, at, ("columns", n)) for n, s in (spec.columns or {}).items())
    names = {c.name for c in columns}
    for index, name in enumerate(spec.key or ()):
        _known(name, names, at.at("key", index), spec.model, symbols)
    return HandWritten(
        name=spec.model,
        file=at.file,
        span=span,
        description=spec.description or "",
        columns=columns,
        key=tuple(spec.key or ()),
        key_span=at.at("key") if spec.key else None,
        meta=spec.meta,
        was=spec.was or "",
        tags=tuple(spec.tags or ()),
        tests=resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None),
        dbt=spec.dbt,
        options=resolve_options(spec.warehouse_options, project.layers.production, at, (), columns, symbols),
        materialized=spec.materialized or project.layers.production.materialized,
        grain=spec.grain or "",
        selects={},
        verbatim={},
        reads=(),
    )


def with_select(
    model: HandWritten,
    at: Located[ModelSpec],
    root: Path,
    texts: dict[str, str],
    scopes: Mapping[str, Mapping[str, Type]],
    symbols: Symbols,
) -> HandWritten:
    """The model with its SELECT parsed, its tables and columns found among `scopes`, for each warehouse."""
    spec = at.spec
    if spec.file is not None:
        texts_of = _from_file(at, spec.file, root, texts, symbols)
        if texts_of is None:
            return model
        if any(opening in texts_of.text for opening in ("{{", "{%", "{#")):
            # Jinja is dbt's: such a file goes through untouched, and its author answers for every warehouse.
            return replace(model, verbatim=dict.fromkeys(symbols.warehouses, texts_of.text), verbatim_file=texts_of.locate(0, 0).file)
        selects, warehouses = dict.fromkeys(symbols.warehouses, texts_of), symbols.common_warehouses
    elif isinstance(spec.sql, str):
        text = SqlText(text=spec.sql, dialect=symbols.dialect, locate=lambda s, e: at.document.inside(("sql",), s, e))
        selects, warehouses = dict.fromkeys(symbols.warehouses, text), symbols.common_warehouses
    else:
        selects, warehouses = _by_warehouse(spec.sql or {}, at, symbols), ()
    found: dict[str, exp.Query] = {}
    queries: list[Query] = []
    reads: set[str] = set()
    never: frozenset[str] | None = None
    for warehouse, text in selects.items():
        tree = parse_select(text, symbols.report)
        if tree is None:
            continue
        resolved = resolve_query(
            tree,
            scopes,
            {c.name: c.type for c in model.columns},
            text,
            symbols.report,
            warehouses=warehouses,
            columns_at=at.key("columns"),
            is_lost=symbols.is_lost,
            declared=symbols.declared,
        )
        if resolved is not None:
            check_written(resolved.tree, (warehouse,) if warehouses else (), text, symbols.report, query=True)
            queries.append(Query(model=model.name, tree=resolved.tree, text=text))
            for table in resolved.tree.find_all(exp.Table):
                symbols.read_at.setdefault((model.name, table.name), text.span_of(table.this))
            found[warehouse] = resolved.tree
            never = resolved.present if never is None else never & resolved.present
            reads |= set(resolved.reads)
    if len(found) == len(selects):
        symbols.queries += queries
    there = never or frozenset()
    columns = tuple(c.that_is(nullable=c.name not in there or len(found) < len(selects)) for c in model.columns)
    columns = stored(columns, model.materialized, model.dbt)
    return replace(model, selects=found, reads=tuple(sorted(reads)), columns=columns)


def _by_warehouse(written: Mapping[str, str], at: Located[ModelSpec], symbols: Symbols) -> dict[str, SqlText]:
    unknown = [name for name in written if name not in WAREHOUSES]
    for name in unknown:
        symbols.unknown_warehouse(name, at.key("sql", name))
    for warehouse in symbols.warehouses:
        if warehouse not in written and not unknown:
            symbols.report.error(
                "missing-warehouse",
                at.key("sql"),
                f"there is no SELECT for {warehouse}",
                help=f"add `{warehouse}: ...`",
                related=[symbols.target_on(warehouse)],
            )
    return {
        w: SqlText(text=t, dialect=w, locate=lambda s, e, w=w: at.document.inside(("sql", w), s, e))  # type: ignore[misc]
        for w, t in written.items()
        if w in symbols.warehouses
    }


def _from_file(at: Located[ModelSpec], file: str, root: Path, texts: dict[str, str], symbols: Symbols) -> SqlText | None:
    found = _beside(at.file, file, root, at.at("file"), symbols, texts)
    if found is None:
        return None
    name, text = found
    texts[name] = text
    source = SourceText.of(name, text)
    return SqlText(text=text, dialect=symbols.dialect, locate=source.span)


def _beside(
    spec_file: str, file: str, root: Path, span: Span, symbols: Symbols, texts: Mapping[str, str] | None = None
) -> tuple[str, str] | None:
    """The name (relative to the project) and text of a file named relative to a spec file; `texts` are known already."""
    path = (root / spec_file).parent / file
    try:
        name = path.resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        symbols.report.error("unreadable-file", span, f"`{file}` lies outside the project", help="keep it below specs/")
        return None
    if not path.is_file():
        symbols.report.error("unreadable-file", span, f"there is no file `{name}`", help="the path is relative to the file that names it")
        return None
    text = (texts or {}).get(name) or read_text(path, name, symbols.report)
    if text is not None:
        report_secrets(SourceText.of(name, text), symbols.report)
    return (name, text) if text is not None else None


def resolve_seed(at: Located[SeedSpec], root: Path, texts: dict[str, str], symbols: Symbols) -> Seed:
    """A seed with the text of its file, which must be a table of the declared columns."""
    spec, span = at.spec, at.at("seed")
    symbols.claim(spec.seed, span)
    columns = symbols.with_tests(symbols.column(n, s, at, ("columns", n)) for n, s in spec.columns.items())
    for index, name in enumerate(spec.key or ()):
        _known(name, {c.name for c in columns}, at.at("key", index), spec.seed, symbols)
    found = _beside(at.file, spec.file, root, at.at("file"), symbols)
    text = found[1] if found else ""
    if found and not check_seed(SourceText.of(*found), tuple(spec.columns), at.key("columns"), symbols.report):
        # Diagnostics show lines of it.
        texts[found[0]] = text
    return Seed(
        name=spec.seed,
        file=at.file,
        span=span,
        description=spec.description or "",
        columns=columns,
        key=tuple(spec.key or ()),
        key_span=at.at("key") if spec.key else None,
        meta=spec.meta,
        was=spec.was or "",
        tags=tuple(spec.tags or ()),
        tests=resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None),
        materialized="table",
        text=text,
    )


def resolve_exposure(at: Located[ExposureSpec], tables: Mapping[str, Table], symbols: Symbols) -> Exposure:
    """An exposure whose models all exist."""
    spec = at.spec
    for index, name in enumerate(spec.depends_on):
        _known(name, set(tables), at.at("depends_on", index), None, symbols)
    return Exposure(
        name=spec.exposure,
        file=at.file,
        span=at.at("exposure"),
        description=spec.description or "",
        label=spec.label or "",
        type=spec.type,
        owner=spec.owner.model_dump(exclude_none=True),
        url=spec.url or "",
        maturity=spec.maturity or "",
        depends_on=spec.depends_on,
        meta=spec.meta,
        tags=tuple(spec.tags or ()),
    )


def _known(name: str, known: set[str], span: Span, table: str | None, symbols: Symbols) -> None:
    if name not in known and (table or not symbols.is_lost(name)):
        message = f"`{table}` has no column `{name}`" if table else f"there is no model `{name}`"
        kind = "columns" if table else "models"
        symbols.report.unknown("unknown-column" if table else "unknown-table", span, message, name=name, known=known, kind=kind)
    elif name in known:
        symbols.report.used(table or name, name if table else "", span)
