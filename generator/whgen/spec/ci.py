"""`ci:` of the project file - what the workflow of GitHub or GitLab needs to know beside the targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whgen.spec.common import Name, Names, SpecModel, Text, Texts, eg


class CiSpec(SpecModel):
    """How the specs are checked, built and deployed by a workflow. The targets say the rest."""

    install: Annotated[Texts | None, eg("python -m pip install -r requirements.txt")] = None
    """Commands that install whgen; from the package index, with the adapters of the targets, when not given."""
    prepare: Annotated[Texts | None, eg("python -m load_samples data/raw")] = None
    """Commands before the build on DuckDB, such as those that fetch its data."""
    python: Annotated[Literal["3.11", "3.12", "3.13"], eg("3.12")] = "3.12"
    """The version of Python; in quotes, since it is no number."""
    branch: Annotated[Text, eg("main")] = "main"
    """The branch whose merges are deployed."""
    deploy: Annotated[tuple[Name, ...] | None, Field(json_schema_extra={"uniqueItems": True}), eg(["qa", "prod"])] = None
    """The targets that are deployed to, one after the other; all that are no local files and no emulators when not given."""
    approve: Annotated[Names | None, eg("prod")] = None
    """Those among them that wait for an approval; the last one when not given."""
    preview: Annotated[Name | None, eg("qa")] = None
    """The target on which the change of a pull request is built, in schemas of its own that are dropped at the end, also when the build
    failed. Whoever may open a branch in the repository then builds with its secrets. On DuckDB alone when not given."""
