"""The type of every node of a tree, from its leaves up, by what the catalogue says of each; what cannot be is reported.

Unknown types satisfy every check: one mistake is one diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report
from whgen.ir.literals import is_written_well
from whgen.ir.trees import copied
from whgen.ir.types import BOOLEAN, FLOAT, INTEGER, STRING, UNKNOWN, Kind, Type, a
from whgen.sql.catalogue.entry import NUMBERS, Function, Nulls, Parameter, Signature
from whgen.sql.catalogue.lookup import entry_of
from whgen.sql.catalogue.operators import surely_not_zero
from whgen.sql.nullable import is_framed
from whgen.sql.parse import SqlText
from whgen.sql.types import MOMENTS, can_become, common_type, is_nullable, logical_type, set_nullable, shared_sql_type, sql_type

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.NullSafeEQ, exp.NullSafeNEQ)
_LOGIC = (exp.And, exp.Or, exp.Not, exp.If)
# What FORMAT_DATE and FORMAT_TIMESTAMP wrap their argument in is of no account: the argument must be a date as it is.
_SAME_AS_INSIDE = (exp.Paren, exp.Alias, exp.Order, exp.Ordered, exp.TsOrDsToDate, exp.TsOrDsToTimestamp)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)
_SHIFTS = (exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub)
_STRING_ONLY = (Kind.STRING,)


@dataclass(frozen=True, slots=True)
class _Argument:
    """One thing that goes into a function, and the parameter that it is for."""

    node: exp.Expr
    parameter: Parameter

    @property
    def type(self) -> Type:
        return logical_type(self.node)

    @property
    def is_text_literal(self) -> bool:
        inner = self.node.unnest()
        return isinstance(inner, exp.RawString) or (isinstance(inner, exp.Literal) and inner.is_string)


def assign_types(nodes: Iterable[exp.Expr], sql: SqlText, report: Report) -> None:
    """Give each node its type and whether it can be missing. Children must come before their parents, and columns have theirs already."""
    for node in nodes:
        _assign(node, sql, report)


def _assign(node: exp.Expr, sql: SqlText, report: Report) -> None:
    match node:
        case exp.Column():
            return
        case exp.Literal():
            # sqlglot makes a text of the number of an interval.
            is_text = node.is_string and not (isinstance(node.parent, _SHIFTS) and node.arg_key == "expression")
            kind = STRING if is_text else FLOAT if set(node.name) & set(".eE") else INTEGER
            _set(node, kind, nullable=False)
        case exp.RawString():
            _set(node, STRING, nullable=False)
        case exp.Boolean():
            _set(node, BOOLEAN, nullable=False)
        case exp.Null():
            _set(node, UNKNOWN, nullable=True)
        case exp.Exists():
            _set(node, BOOLEAN, nullable=False)
        case exp.Distinct() if node.expressions:
            _set(node, logical_type(node.expressions[0]), nullable=is_nullable(node.expressions[0]))
        case exp.Subquery() if isinstance(node.this, exp.Query) and len(node.this.selects) == 1:
            _set(node, logical_type(node.this.selects[0]), nullable=True)
        case exp.If() if isinstance(node.parent, exp.Case):
            # A WHEN of a CASE, which is judged as a whole.
            _set(node, logical_type(node.args["true"]), nullable=is_nullable(node.args["true"]))
        case exp.Case():
            _assign_case(node, sql, report)
        case exp.Window() if isinstance(node.this, exp.Expr):
            _set(node, logical_type(node.this), nullable=is_nullable(node.this) or is_framed(node))
        case _ if isinstance(node, _SAME_AS_INSIDE) and isinstance(node.this, exp.Expr):
            _set(node, logical_type(node.this), nullable=is_nullable(node.this))
        case _:
            entry = entry_of(node)
            if entry is not None:
                _assign_function(node, entry, sql, report)


def _set(node: exp.Expr, type_: Type, *, nullable: bool) -> None:
    node.type = shared_sql_type(type_)
    set_nullable(node, nullable=nullable)


def _assign_case(node: exp.Case, sql: SqlText, report: Report) -> None:
    arms, default = node.args["ifs"], node.args.get("default")
    if node.this is not None:
        values = [_Argument(n, _ANY) for n in (node.this, *(arm.this for arm in arms))]
        _unify(node, values, sql, report)
    else:
        for arm in arms:
            _check_condition(arm.this, sql, report)
    results = [_Argument(n, _ANY) for n in (*(arm.args["true"] for arm in arms), *([default] if default is not None else []))]
    nullable = default is None or any(is_nullable(r.node) for r in results)
    _set(node, _unify(node, results, sql, report), nullable=nullable)


_ANY = Parameter(name="", kinds=tuple(Kind), generic=True)


def _check_condition(node: exp.Expr, sql: SqlText, report: Report) -> None:
    type_ = logical_type(node)
    if type_.is_known and type_.kind is not Kind.BOOLEAN:
        report.error(
            "not-a-condition", sql.span_of(node), f"this is {a(type_)}, where a condition that is true or false belongs", help="compare it"
        )


def _assign_function(node: exp.Expr, entry: Function, sql: SqlText, report: Report) -> None:
    found = [(s, _arguments(node, s)) for s in entry.signatures]
    chosen = next(((s, args) for s, args in found if all(_fits(x) for x in args)), None)
    if chosen is None:
        # The one that got furthest is the one that was meant.
        signature, args = max(found, key=lambda pair: sum(map(_fits, pair[1])))
        _report_misfit(node, entry, next(x for x in args if not _fits(x)), [s for s, _ in found], sql, report)
        _set(node, Type(signature.result) if signature.result and len(found) == 1 else UNKNOWN, nullable=True)
        return
    signature, args = chosen
    if isinstance(node, _COMPARISONS):
        _check_nulls(node, args, sql, report)
    common = _unify(node, [x for x in args if x.parameter.generic], sql, report)
    for argument in args:
        _check_written(argument, argument.parameter.kinds, sql, report)
    nullable = _nullable(entry, [x.node for x in args]) or _may_lose(node)
    _set(node, _result(node, signature, common), nullable=nullable)


def _check_nulls(node: exp.Expr, arguments: list[_Argument], sql: SqlText, report: Report) -> None:
    if isinstance(node, exp.NullSafeEQ | exp.NullSafeNEQ) or (isinstance(node, exp.In) and not isinstance(node.parent, exp.Not)):
        return
    missing = next((x for x in arguments if isinstance(x.node.unnest(), exp.Null)), None)
    if missing is not None:
        other = next((_shown(x.node) for x in arguments if x is not missing), "x")
        report.error(
            "comparison-with-null",
            sql.span_of(node),
            "nothing equals NULL, nor is it larger or smaller: this is never true",
            help=_without_null(node, other),
        )


def _without_null(node: exp.Expr, other: str) -> str:
    if isinstance(node, exp.In):
        return "take NULL out of the list"
    return f"write `{other} is {'not ' if isinstance(node, exp.NEQ) else ''}null`"


def _arguments(node: exp.Expr, signature: Signature) -> list[_Argument]:
    found = []
    for parameter in signature.parameters:
        value = node.args.get(parameter.name)
        values = value if isinstance(value, list) else [value]
        found += [_Argument(v, parameter) for v in values if isinstance(v, exp.Expr) and not isinstance(v, exp.Star | exp.JSONPath)]
    return found


def _fits(argument: _Argument) -> bool:
    type_, kinds = argument.type, argument.parameter.kinds
    if not type_.is_known or type_.kind in kinds:
        return True
    if type_.kind in (Kind.INTEGER, Kind.DECIMAL) and Kind.FLOAT in kinds:
        return True
    return argument.is_text_literal and bool(MOMENTS & set(kinds))


def _check_written(argument: _Argument, kinds: tuple[Kind, ...], sql: SqlText, report: Report) -> None:
    """A text where a date belongs is read as one, if it is one."""
    if not argument.is_text_literal or Kind.STRING in kinds or not MOMENTS & set(kinds):
        return
    kind = next((k for k in kinds if k in MOMENTS and is_written_well(argument.node.unnest().name, k)), None)
    if kind is None:
        _malformed(argument, kinds[0], sql, report)
    else:
        # Not every warehouse would see from the function alone what the text is.
        cast = exp.Cast(this=copied(argument.node), to=sql_type(Type(kind)))
        cast.type = shared_sql_type(Type(kind))
        argument.node.replace(cast)


def _malformed(argument: _Argument, kind: Kind, sql: SqlText, report: Report) -> None:
    report.error(
        "malformed-literal",
        sql.span_of(argument.node),
        f"`{argument.node.unnest().name}` is not {a(Type(kind))}",
        help="dates are written 2013-01-31, with the time 2013-01-31 23:59:59",
    )


def _unify(node: exp.Expr, arguments: list[_Argument], sql: SqlText, report: Report) -> Type:
    """The type that the generic arguments have in common; unknown when they have none, which is reported."""
    common, first = UNKNOWN, None
    # A text that is written down may stand for a date, so the others decide what it is.
    for argument in sorted(arguments, key=lambda x: x.is_text_literal):
        if argument.is_text_literal and common.kind in MOMENTS:
            if not is_written_well(argument.node.unnest().name, common.kind):
                _malformed(argument, common.kind, sql, report)
            continue
        is_number = isinstance(argument.node.unnest(), exp.Literal) and argument.type.kind in (Kind.INTEGER, Kind.FLOAT)
        joined = common_type(common, argument.type, literal=is_number or _is_number_literal(first))
        if joined is None:
            _report_clash(node, first or argument, argument, sql, report)
            return UNKNOWN
        if argument.type.is_known:
            first = first or argument
        common = joined
    return common


def _is_number_literal(argument: _Argument | None) -> bool:
    return argument is not None and isinstance(argument.node.unnest(), exp.Literal)


def _report_clash(node: exp.Expr, one: _Argument, other: _Argument, sql: SqlText, report: Report) -> None:
    kinds = {one.type.kind, other.type.kind}
    at = sql.span_of(other.node)
    if not isinstance(node, (*_COMPARISONS, exp.Case)) or (isinstance(node, exp.Case) and one.node is not node.this):
        report.error(
            "mixed-types",
            at,
            f"this is {a(other.type)}, and `{_shown(one.node)}` before it {a(one.type)}: together they have no type",
            help=_cast_help(other.node, one.type),
        )
    elif Kind.STRING in kinds and kinds & MOMENTS:
        text, moment = (one, other) if one.type.kind is Kind.STRING else (other, one)
        report.error(
            "text-compared-to-date",
            sql.span_of(text.node),
            f"`{_shown(text.node)}` is a string, which is compared to {a(moment.type)}",
            help=_cast_help(text.node, moment.type),
        )
    else:
        report.error(
            "incomparable-types",
            at,
            f"{a(one.type)} cannot be compared to {a(other.type)}",
            help=_cast_help(*_cast_one(one, other)),
        )


def _cast_one(one: _Argument, other: _Argument) -> tuple[exp.Expr, Type]:
    return (one.node, other.type) if isinstance(other.node.unnest(), exp.Column) and other.is_text_literal else (other.node, one.type)


def _shown(node: exp.Expr) -> str:
    text = node.sql(dialect="bigquery", normalize_functions="lower")
    return text if len(text) <= 40 else text[:37] + "..."


def _cast_help(node: exp.Expr, wanted: Type) -> str:
    if isinstance(node.unnest(), exp.Literal):
        return f"write {a(wanted)}"
    if not can_become(logical_type(node), wanted):
        return "take another column or value"
    name = {"integer": "int64", "float": "float64", "boolean": "bool"}.get(wanted.kind.value, wanted.kind.value)
    name = "numeric" if wanted.kind is Kind.DECIMAL else name
    return f"cast one of them, as in `safe_cast({_shown(node)} as {name})`"


def _report_misfit(node: exp.Expr, entry: Function, misfit: _Argument, signatures: list[Signature], sql: SqlText, report: Report) -> None:
    if isinstance(node, _LOGIC):
        _check_condition(misfit.node, sql, report)
        return
    kinds = dict.fromkeys(k for s in signatures for p in s.parameters if p.name == misfit.parameter.name for k in p.kinds)
    if isinstance(node, exp.Cast):
        report.error(
            "impossible-cast",
            sql.span_of(misfit.node),
            f"{a(misfit.type)} cannot become {a(logical_type(node))}",
            help="leave the cast out, or take another column",
        )
        return
    wanted = _one_of(kinds)
    help_ = _cast_help(misfit.node, Type(next(iter(kinds)))).replace("cast one of them", "cast it")
    if misfit.type.kind in MOMENTS and isinstance(node, _ARITHMETIC):
        help_ = "use date_add, date_sub or date_diff"
    elif tuple(kinds) == _STRING_ONLY and not misfit.type.has_common_text:
        help_ = (
            "use format_date, format_datetime or format_timestamp"
            if misfit.type.kind in MOMENTS
            else "cast it to an integer first, and that to a string"
        )
    report.error(
        "wrong-argument", sql.span_of(misfit.node), f"`{entry.name}` takes {wanted} here, and this is {a(misfit.type)}", help=help_
    )


def _one_of(kinds: Iterable[Kind]) -> str:
    left = list(kinds)
    names = ["a number"] if set(NUMBERS) <= set(left) else []
    names += [f"{'an' if k.value[0] in 'aeiou' else 'a'} {k.value}" for k in left if not names or k not in NUMBERS]
    return " or ".join(names)


def _result(node: exp.Expr, signature: Signature, common: Type) -> Type:
    if isinstance(node, exp.Cast):
        return logical_type(node)
    if isinstance(node, exp.Bracket):
        return logical_type(node.this).element or UNKNOWN
    if signature.result is None:
        # Sums and products have more digits than what they are made of.
        return Type(Kind.DECIMAL, 38, 9) if isinstance(node, (*_ARITHMETIC, exp.Sum)) and common.kind is Kind.DECIMAL else common
    if signature.result is Kind.DECIMAL:
        return Type(Kind.DECIMAL, 38, 9)
    return Type(Kind.ARRAY, element=STRING) if signature.result is Kind.ARRAY else Type(signature.result)


def _nullable(entry: Function, arguments: list[exp.Expr]) -> bool:
    match entry.nulls:
        case Nulls.NEVER:
            return False
        case Nulls.STRICT | Nulls.LOGIC:
            return any(is_nullable(n) for n in arguments)
        case Nulls.FIRST:
            return all(is_nullable(n) for n in arguments)
        case _:
            return True


def _may_lose(node: exp.Expr) -> bool:
    """Whether this use of a function may give NULL although what goes in is there."""
    match node:
        case exp.Div() | exp.IntDiv() | exp.Mod():
            # Where a project has one warehouse, it may be DuckDB, which gives no value instead of an error.
            return not surely_not_zero(node.expression)
        case exp.Cast():
            # The JSON null is a value, and becomes none.
            return logical_type(node.this).kind in (Kind.JSON, Kind.UNKNOWN)
        case exp.In():
            # What stands in an array can be missing.
            return any(node.args.get(part) is not None for part in ("query", "unnest", "field"))
        case exp.If():
            return node.args.get("false") is None
        case _:
            return False
