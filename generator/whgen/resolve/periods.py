"""`between:` of a join -> the period of a row in which a value lies; and what says that no value lies in two."""

from __future__ import annotations

from whgen.diagnostics.diagnostic import Related
from whgen.ir.inputs import Period, Tested
from whgen.ir.types import a
from whgen.ir.warehouse import Column, Dimension, Expression, Table
from whgen.resolve.history import VALID_FROM, VALID_TO
from whgen.resolve.matches import check_one_match, is_one_match
from whgen.resolve.rows import Rows
from whgen.resolve.symbols import Path, declared_as
from whgen.spec.inputs import Between


def period_of(rows: Rows, path: Path, spec: Between, table: Table) -> Period | None:
    """The period, or None when something of it is unknown (and reported)."""
    here = (*path, "between")
    value_path = (*here, "value") if rows.at.document.has((*here, "value")) else here
    value = rows.expression(spec.value, value_path)
    begins = _column(rows, here, "from", spec.from_, table)
    to = spec.to or (VALID_TO if spec.from_ == VALID_FROM and table.column(VALID_TO) is not None else None)
    ends = _column(rows, here, "to", to, table) if to is not None else None
    if value is None or begins is None or (to is not None and ends is None):
        rows.is_broken = True
        return None
    for column in (begins, ends):
        if column is not None and not column.type.matches(value.type):
            rows.is_broken = True
            rows.symbols.report.error(
                "key-mismatch",
                rows.at.at(*value_path),
                f"this is {a(value.type)}, and `{column.name}` of `{table.name}` {a(column.type)}",
                help="cast one of them in staging, or here",
                related=[declared_as(column)],
            )
            return None
    return Period(value=value, begins=begins, ends=ends, is_end_included=spec.ends == "with")


def _column(rows: Rows, here: Path, part: str, name: str, table: Table) -> Column | None:
    if rows.at.document.has((*here, part)):
        return rows.symbols.column_in(table, name, rows.at.at(*here, part))
    if (found := table.column(name)) is None:
        rows.symbols.report.error(
            "missing-key",
            rows.at.key(*here),
            f"where a period of `{table.name}` begins is not said, and there is no `{name}`",
            help=f"add `{part}:` with the column, as in `between: {{value: ..., {part}: ...}}`",
            related=[Related(span=table.span, message=f"`{table.name}` is declared here")],
        )
    return found


def check_period(rows: Rows, path: Path, table: Table, on: tuple[str, ...], period: Period, where: Expression | None) -> None:
    """Prove that a value lies in one period at most, or have it tested."""
    if period.ends is None:
        # Periods that follow each other are apart, unless two begin at once.
        key = (*on, period.begins.name)
        way = f"where no two of one `{', '.join(on)}` begin at once, make `{', '.join(key)}` the key"
        check_one_match(table, key, where, rows.at, path, rows.symbols, way=way)
        return
    is_versions = isinstance(table, Dimension) and table.history is not None and set(table.business_key) <= set(on)
    names = (period.begins.name, period.ends.name)
    if is_one_match(table, on, where) or (is_versions and names == (VALID_FROM, VALID_TO) and not period.is_end_included):
        return
    rows.periods.append(Tested(table=table.name, key=on, period=period, where=where, span=rows.at.key(*path, "between")))
