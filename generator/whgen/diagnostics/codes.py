"""The catalogue of all codes, in the order in which a project meets them: files, shape, names, SQL, meaning, build.

`docs/errors.md` is made of it (`whgen.docs.errors`); tests/test_errors.py holds it against the code and the error cases.
"""

from __future__ import annotations

from collections.abc import Mapping

from whgen.diagnostics.code import Code
from whgen.diagnostics.codes_run import RUN
from whgen.diagnostics.codes_spec import SPEC
from whgen.diagnostics.codes_sql import SQL
from whgen.diagnostics.codes_warehouse import WAREHOUSE

CODES: Mapping[str, Code] = {code.name: code for code in (*SPEC, *WAREHOUSE, *SQL, *RUN)}
"""Code -> its explanation."""
