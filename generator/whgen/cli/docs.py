"""`whgen docs`: the documentation of the warehouse as a site that opens from a file."""

from __future__ import annotations

import json

import click

from whgen.cli.say import fail, find_project, leave, meaning, say
from whgen.cli.settings import OK, Settings, common, formatted


@click.command()
@click.option("-o", "--out", metavar="DIR", type=click.Path(), help="The folder to write to; `site` of the project when not given.")
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Whose last build to show; the first target when not given.")
@formatted("json")
@common
@click.pass_obj
def docs(settings: Settings, /, out: str | None, target: str | None) -> None:
    """Write the documentation of the warehouse as one static site, which needs no server: open its index.html.

    Bus matrix, star diagrams, a page for each table and column, lineage, search, and the results of the last build.
    """
    from whgen.dbt.results import last_results
    from whgen.diagnostics.diagnostic import candidates_help
    from whgen.lineage.about import Atlas
    from whgen.output_file import write_file
    from whgen.output_manifest import OutputError
    from whgen.site.data import site_data
    from whgen.site.files import site_files
    from whgen.warehouses import DIALECTS

    if out == "":
        raise click.BadOptionUsage("out", "the name of the folder is empty")
    root = find_project(settings)
    warehouse = meaning(settings, root)
    chosen = next((t for t in warehouse.targets if target in (None, t.name)), None)
    if chosen is None:
        label, help_ = candidates_help(str(target), [t.name for t in warehouse.targets], kind="targets")
        fail("unknown-target", f"there is no target `{target}`", help=label or help_)
    atlas = Atlas.of(warehouse, DIALECTS[chosen.warehouse])
    results = last_results(root / "generated" / chosen.warehouse, chosen.name)
    folder = root / "site" if out is None else settings.folder / out
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in site_files(site_data(atlas, chosen.name, results)).items():
            write_file(folder / name, [text])
    except OutputError as problem:
        fail("output-failed", problem.message)
    except OSError as problem:
        fail("output-failed", f"cannot write {folder}: {problem.strerror or problem}")
    if not settings.is_text:
        say(json.dumps({"ok": True, "index": str(folder / "index.html"), "tables": len(atlas.lineage.tables), "results": len(results)}))
    elif not settings.quiet:
        say(f"  written  {folder / 'index.html'}")
        if not results:
            say(f"  No build of `{chosen.name}` is known here: its results will show after `whgen build`.")
    leave(OK)
