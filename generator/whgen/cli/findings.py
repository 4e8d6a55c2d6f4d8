"""What `whgen doctor` looks at on this machine, before it asks the warehouse."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from whgen.cli.environment import UnusableSchemaError, schemas_of
from whgen.output import OutputError, compare

if TYPE_CHECKING:
    from whgen.compilation import Generated

_PYTHON = ((3, 11), (3, 14))
_DBT = ((1, 11), (3, 0))
_LITTLE = 1 << 30
_VARIABLE = re.compile(r"env_var\('(?P<name>\w+)'(?P<default>,)?")


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found, and what to do where it is not as it should be."""

    check: str
    message: str
    state: State = State.OK
    help: str = ""


def local_findings(root: Path, project: Generated, target: str, schema_prefix: str = "") -> Iterator[Finding]:
    """Versions, the generated project, schemas, variables, space."""
    yield _version("python", ".".join(map(str, sys.version_info[:3])), _PYTHON, "install whgen into a virtual environment of such a Python")
    yield _package("dbt-core", _DBT)
    yield _package(f"dbt-{project.warehouse}", None)
    yield _package("sqlglot", None)
    yield _generated(root, project)
    yield _schemas(project, target, schema_prefix)
    yield from _variables(project, target)
    yield space(root)


def space(folder: Path) -> Finding:
    """How much room there is on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    message = f"{free / (1 << 30):.1f} GB free where {folder} lies"
    if free >= _LITTLE:
        return Finding(check="space", message=message)
    return Finding(check="space", message=message, state=State.WARNING, help="make room, or move the project or the database")


def variables_of(project: Generated, target: str) -> str:
    """What the names of the variables begin with that the profile of a target reads."""
    (name,) = _profiles(project)
    return f"{name}_{target}".upper()


def _profiles(project: Generated) -> Mapping[str, Any]:
    import yaml

    profiles: Mapping[str, Any] = yaml.safe_load(project.files[PurePosixPath("profiles.yml")])
    return profiles


def _package(name: str, bounds: tuple[tuple[int, int], tuple[int, int]] | None) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(check=name, message="is not installed", state=State.ERROR, help=f"pip install {name}")
    if bounds is None:
        return Finding(check=name, message=version)
    return _version(name, version, bounds, f"pip install '{name}>={_dotted(bounds[0])},<{_dotted(bounds[1])}'")


def _version(check: str, version: str, bounds: tuple[tuple[int, int], tuple[int, int]], help_: str) -> Finding:
    major, minor = (int(n) for n in re.findall(r"\d+", version)[:2])
    if bounds[0] <= (major, minor) < bounds[1]:
        return Finding(check=check, message=version)
    message = f"{version}, where {_dotted(bounds[0])} or newer, and older than {_dotted(bounds[1])}, is needed"
    return Finding(check=check, message=message, state=State.ERROR, help=help_)


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _generated(root: Path, project: Generated) -> Finding:
    try:
        comparison = compare(root / project.folder, project.files)
    except OutputError as problem:
        return Finding(check="generated", message=problem.message, state=State.ERROR, help="see that the folder can be read")
    if comparison.is_current:
        return Finding(check="generated", message=f"{project.folder} is current")
    if comparison.edited:
        message, help_ = f"files in {project.folder} were edited by hand", "`whgen generate` shows the edits and the ways out"
        return Finding(check="generated", message=message, state=State.ERROR, help=help_)
    return Finding(check="generated", message=f"{project.folder} is not current", state=State.ERROR, help="run `whgen generate`")


def _schemas(project: Generated, target: str, schema_prefix: str) -> Finding:
    try:
        return Finding(check="schemas", message=", ".join(schemas_of(project, target, schema_prefix)))
    except UnusableSchemaError as problem:
        return Finding(check="schemas", message=str(problem), state=State.ERROR, help=problem.help)


def _variables(project: Generated, target: str) -> Iterator[Finding]:
    """The variables that the profile reads: their names alone, since some hold secrets."""
    (profile,) = _profiles(project).values()
    found = {
        match["name"]: match["default"] is None
        for value in profile["outputs"][target].values()
        if isinstance(value, str)
        for match in _VARIABLE.finditer(value)
    }
    missing = [name for name, is_needed in found.items() if is_needed and name not in os.environ]
    if missing:
        yield Finding(
            check="variables", message=f"not set: {', '.join(missing)}", state=State.ERROR, help="set them; the profile has no default"
        )
    else:
        given = [name for name in found if name in os.environ]
        message = f"{', '.join(given) or 'none'} set; the others have defaults in profiles.yml"
        yield Finding(check="variables", message=message)
