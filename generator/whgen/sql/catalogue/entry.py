"""What one entry of the catalogue says, and the small language in which its signatures are written.

A signature such as `this: string, expression: integer, fill_pattern?: string -> string` names the arguments as sqlglot's node holds them.
`?` marks one that may be left out, `*` a list. A type is a kind, several kinds (`date|datetime`), `number`, `any`, or `T`: what all
arguments marked `T` have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from whgen.ir.types import Kind

NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_GROUPS = {"number": NUMBERS, "orderable": tuple(k for k in Kind if k not in (Kind.JSON, Kind.ARRAY, Kind.UNKNOWN))}
_PARAMETER = re.compile(r"(\w+)([?*]?):\s*(.+)")


class Nulls(StrEnum):
    """What comes out when something that goes in is missing."""

    STRICT = "NULL if any argument is"
    NEVER = "never NULL"
    FIRST = "NULL if all arguments are"
    MAYBE = "may be NULL even if no argument is"
    LOGIC = "three-valued: NULL only where the rest does not decide"
    SKIPS = "skips NULL; NULL if nothing is left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument: its place in the node, and the kinds that fit; `generic` ones must have a type in common."""

    name: str
    kinds: tuple[Kind, ...]
    generic: bool = False
    optional: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a function takes and gives; `result` is None where it gives what its generic arguments have in common."""

    parameters: tuple[Parameter, ...]
    result: Kind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Uses of a function that differ between warehouses: `differs(node)` finds them, `what` names them, `instead` is the way out.

    `on` names the warehouses that stray from BigQuery; empty means that it cannot be told for any of them.
    """

    differs: Callable[[exp.Expr], bool]
    what: str
    instead: str = ""
    on: tuple[str, ...] = ()
    code: str = "not-portable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function or operator.

    `usage` is how it is written, `node` what sqlglot makes of it (where `when` holds), and `example` an expression over the columns
    that tests and docs share. `limits` are the uses that are refused when a project has several warehouses.
    """

    usage: str
    node: type[exp.Expr]
    signatures: tuple[Signature, ...]
    example: str
    nulls: Nulls = Nulls.STRICT
    when: Callable[[exp.Expr], bool] | None = None
    limits: tuple[Limit, ...] = ()
    is_aggregate: bool = False
    is_window: bool = False

    @property
    def name(self) -> str:
        """The word or sign that it is known by.

        >>> from sqlglot import exp
        >>> function("lpad(text, length)", exp.Pad, "this: string -> string", "lpad(s, 8)").name
        'lpad'
        """
        return self.usage.split("(")[0] if re.match(r"\w+\(", self.usage) else self.usage


def function(usage: str, node: type[exp.Expr], signature: str, example: str, **more: object) -> Function:
    """An entry; several signatures are separated by `;`."""
    return Function(
        usage=usage,
        node=node,
        signatures=tuple(_signature(s) for s in signature.split(";")),
        example=example,
        **more,  # type: ignore[arg-type] # they are the fields of Function
    )


def _signature(text: str) -> Signature:
    taken, _, given = text.partition("->")
    given = given.strip()
    parameters = tuple(_parameter(p.strip()) for p in taken.split(",") if p.strip())
    return Signature(parameters=parameters, result=None if given == "T" else Kind(given))


def _parameter(text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(f"not a parameter: {text}")
    name, mark, types = found[1], found[2], found[3].strip()
    generic = types == "T" or types.startswith("T ")
    types = types.removeprefix("T").strip() or "any"
    return Parameter(name=name, kinds=_kinds(types), generic=generic, optional=mark == "?", many=mark == "*")


def _kinds(text: str) -> tuple[Kind, ...]:
    if text == "any":
        return tuple(Kind)
    return tuple(k for part in text.split("|") for k in _GROUPS.get(part, ()) or (Kind(part),))


def is_literal(node: exp.Expr | None) -> bool:
    """Whether a value is written down."""
    return isinstance(node, exp.Literal | exp.RawString | exp.Boolean) or (isinstance(node, exp.Neg) and is_literal(node.this))


def needs_literal(place: str, what: str, instead: str = "") -> Limit:
    """A limit: the argument must be written down, so that its meaning can be known."""
    return Limit(differs=lambda node: not is_literal(node.args.get(place)), what=what, instead=instead)
