"""Who builds: the name in the schemas of a target that is `per_developer`, the same as the macro `developer_name` makes for plain dbt."""

from __future__ import annotations

import getpass
import os
import re
import unicodedata
from collections.abc import Mapping

VARIABLE = "WHGEN_DEV_SCHEMA"
PREFIX_VARIABLE = "WHGEN_SCHEMA_PREFIX"


class DeveloperError(Exception):
    """A name that cannot be one of a schema; the text says whose it is and why."""


def developer(variables: Mapping[str, str] = os.environ) -> str:
    """The name in schemas: of the variable, or of the user. Raises DeveloperError.

    >>> developer({"USER": "CORP\\\\Ada.Lovelace"})
    'ada_lovelace'
    >>> developer({"USER": "ada", "WHGEN_DEV_SCHEMA": "Zoë-2"})
    'zoe_2'
    """
    source = next((name for name in (VARIABLE, "USER", "USERNAME") if name in variables), "")
    given = variables[source] if source else _login()
    whose = f"`{source}`" if source == VARIABLE else "the user name"
    # The part of `CORP\ada` or `ada@example.org` that is hers; and letters without their accents, where they have any.
    own = given.split("\\")[-1].split("@")[0]
    plain = "".join(c for c in unicodedata.normalize("NFKD", own) if not unicodedata.combining(c)).lower()
    strange = next((c for c in plain if not c.isascii()), None)
    if strange is not None:
        raise DeveloperError(f"{whose} is {given!r}, and {strange!r} can stand in no name of a schema")
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not name:
        raise DeveloperError(f"{whose} is {given!r}, of which nothing can stand in the name of a schema" if given else f"{whose} is empty")
    return name if name[0].isalpha() else f"dev_{name}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in containers
        return ""
