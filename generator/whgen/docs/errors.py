"""The catalogue of codes -> the text of docs/errors.md: a table of contents, and a section for each code."""

from __future__ import annotations

from whgen.diagnostics.code import Code
from whgen.diagnostics.codes import CODES, EXAMPLE_PROJECT

_HEAD = """\
# Errors and warnings

What each code means, why it is reported, what causes it and how to mend it. `whgen explain CODE` shows the same.
Most of them come from the specs, before anything is built, and point at the very word; tests/errors holds the exact
output for many mistakes. This page is made of the catalogue in generator/whgen/diagnostics: change it there.

The examples are whole documents. They stand in a project with these two, unless they bring their own:

"""


def errors_page() -> str:
    """The whole page."""
    of_specs = [c for c in CODES.values() if not c.at_run_time]
    of_runs = [c for c in CODES.values() if c.at_run_time]
    contents = f"## Found in specs\n\n{_table(of_specs)}\n## Found by commands and builds\n\n{_table(of_runs)}"
    project = "".join(f"```yaml\n# {name}\n{text}```\n\n" for name, text in EXAMPLE_PROJECT.items())
    return "\n".join([_HEAD + project.rstrip("\n") + "\n", contents, *(_section(c) for c in (*of_specs, *of_runs))]).rstrip("\n") + "\n"


def _table(codes: list[Code]) -> str:
    rows = "".join(f"| [`{c.name}`](#{c.name}) | {c.title} |\n" for c in codes)
    return f"| Code | Meaning |\n| --- | --- |\n{rows}"


def _section(code: Code) -> str:
    language = "shell" if code.at_run_time else "yaml"
    editor = "\nEditors that use the JSON Schema of the specs show it while you type.\n" if code.in_schema else ""
    return f"### {code.name}\n\n{code.what}\n{code.why}\n\n```{language}\n{code.example}\n```\n\nRemedy: {code.fix}\n{editor}"
