"""`exposure:` - who uses the warehouse: a dashboard, a notebook, an application."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from whgen.spec.common import Documented, Name, SpecModel, Text


class Owner(SpecModel):
    """Whom to ask."""

    name: Text | None = None
    """Name of a person or team."""
    email: Text | None = None
    """Address to write to."""

    @model_validator(mode="after")
    def _somebody(self) -> Owner:
        if self.name is None and self.email is None:
            raise ValueError("an owner has a `name`, an `email` or both")
        return self


class ExposureSpec(Documented):
    """A use of the warehouse downstream."""

    exposure: Name
    """Name of the exposure."""
    label: Text | None = None
    """Its title for people."""
    type: Literal["dashboard", "notebook", "analysis", "ml", "application"]
    """What kind of use it is."""
    owner: Owner
    """Whom to ask."""
    url: Text | None = None
    """Where it is."""
    maturity: Literal["low", "medium", "high"] | None = None
    """How much others may rely on it."""
    depends_on: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The models that it reads, by their names in the warehouse."""
