"""`exposure:` - who uses the warehouse: a dashboard, a notebook, an application."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from whgen.spec.combination import AnyOf
from whgen.spec.common import Documented, Name, SpecModel, Text, eg


class Owner(SpecModel):
    """Whom to ask."""

    combinations: ClassVar[tuple[AnyOf, ...]] = (AnyOf(("name", "email"), "an owner has a `name`, an `email` or both"),)

    name: Annotated[Text | None, eg("Sales analysts")] = None
    """Name of a person or team."""
    email: Annotated[Text | None, eg("sales@example.org")] = None
    """Address to write to."""


class ExposureSpec(Documented):
    """A use of the warehouse downstream."""

    exposure: Annotated[Name, eg("sales_report")]
    """Name of the exposure."""
    label: Annotated[Text | None, eg("Sales report")] = None
    """Its title for people."""
    type: Literal["dashboard", "notebook", "analysis", "ml", "application"]
    """What kind of use it is."""
    owner: Annotated[Owner, eg({"name": "Sales analysts", "email": "sales@example.org"})]
    """Whom to ask."""
    url: Annotated[Text | None, eg("https://example.org/sales")] = None
    """Where it is."""
    maturity: Literal["low", "medium", "high"] | None = None
    """How much others may rely on it."""
    depends_on: Annotated[tuple[Name, ...], Field(min_length=1), eg(["fact_order", "dim_customer"])]
    """The models that it reads, by their names in the warehouse."""
