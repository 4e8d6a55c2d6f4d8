"""How warehouses write the elements of an array as rows. An empty or missing array has none, nor has JSON that is no array."""

from __future__ import annotations

from sqlglot import exp

from whgen.ir.trees import copied
from whgen.ir.types import Kind
from whgen.sql.types import logical_type


def _parts(node: exp.Expr) -> tuple[exp.Expr, bool, exp.Identifier, exp.Identifier | None]:
    """The array, whether it is JSON, the names of the element and of its place."""
    array = copied(node.expressions[0])
    element, *place = node.args["alias"].args["columns"]
    return array, logical_type(array).kind is Kind.JSON, copied(element), copied(place[0]) if place else None


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _named(node: exp.Expr, columns: list[exp.Identifier]) -> exp.TableAlias:
    return exp.TableAlias(this=copied(node.args["alias"].this), columns=columns)


def as_subquery(node: exp.Expr) -> exp.Expr:
    """A sub-query beside the row, whose places GENERATE_SUBSCRIPTS counts."""
    array, is_json, element, place = _parts(node)
    if is_json:
        array = _call("JSON_EXTRACT", array, exp.Literal.string("$[*]"))
    items: list[exp.Expr] = [exp.Alias(this=exp.Explode(this=array), alias=element)]
    if place is not None:
        items.append(exp.Alias(this=_call("GENERATE_SUBSCRIPTS", copied(array), exp.Literal.number(1)), alias=place))
    return exp.Lateral(this=exp.Subquery(this=exp.Select(expressions=items)), alias=_named(node, []))


def with_ordinality(node: exp.Expr) -> exp.Expr:
    """A function of the row, with WITH ORDINALITY."""
    array, is_json, element, place = _parts(node)
    if is_json:
        is_array = exp.EQ(this=_call("JSONB_TYPEOF", copied(array)), expression=exp.Literal.string("array"))
        array = _call("JSONB_ARRAY_ELEMENTS", exp.Case(ifs=[exp.If(this=is_array, true=array)]))
    else:
        array = _call("UNNEST", array)
    columns = [element, *([place] if place is not None else [])]
    return exp.Lateral(this=array, alias=_named(node, columns), ordinality=place is not None)


def with_offset(node: exp.Expr) -> exp.Expr:
    """UNNEST WITH OFFSET, which counts from zero."""
    array, is_json, element, place = _parts(node)
    if is_json:
        array = _call("JSON_QUERY_ARRAY", array)
    return exp.Unnest(expressions=[array], alias=exp.TableAlias(columns=[element]), offset=place)
