"""Definition, references, renaming and fixes, as the protocol asks for them. With `server` and `protocol` the only door to pygls."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types

from whgen.diagnostics.diagnostic import Diagnostic, Edit, Span
from whgen.diagnostics.edits import fitting
from whgen.lsp.hover import word_at
from whgen.lsp.links import definition, named_at, references
from whgen.lsp.project import Project
from whgen.lsp.protocol import RefusedError, location_of, path_of, range_of, stretch_of
from whgen.lsp.rename import Renaming
from whgen.lsp.server import Server
from whgen.lsp.text import Stretch
from whgen.lsp.worker import renamed
from whgen.spec.text import SourceText


def answer_names(server: Server) -> None:
    """Answer where names come from and where they are used."""

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(params: types.DefinitionParams) -> types.Location | None:
        if (place := server.at(params.text_document.uri, params.position)) is None:
            return None
        project, file, text, offset = place
        span = definition(project, file, text.read, offset)
        return _location(server, project, span) if span is not None else None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def used(params: types.ReferenceParams) -> list[types.Location]:
        if (place := server.at(params.text_document.uri, params.position)) is None:
            return []
        project, file, text, offset = place
        node = named_at(project, file, text.read, offset)
        if node is None:
            return []
        knowledge = await server.session.fresh(project)
        spans = list(references(knowledge, node))
        table = knowledge.tables.get(node[0])
        if not node[1] and params.context.include_declaration and table is not None:
            spans.append(table.span)
        return [_location(server, project, span) for span in spans]


def answer_renaming(server: Server) -> None:
    """Answer what may be renamed, and rename it."""

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepared(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        if (place := server.at(params.text_document.uri, params.position)) is None:
            return None
        project, file, text, offset = place
        node, extent = named_at(project, file, text.read, offset), word_at(text.read, offset)
        if node is None or not node[1] or extent is None or text.read[slice(*extent)] != node[1]:
            return None
        shift = text.offset(stretch_of(types.Range(params.position, params.position)).start) - offset
        here = range_of(text.stretch(extent[0] + shift, extent[1] + shift))
        return types.PrepareRenamePlaceholder(range=here, placeholder=node[1])

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        if (place := server.at(params.text_document.uri, params.position)) is None:
            return None
        project, file, text, offset = place
        at = SourceText.of(file, text.read).span(offset, offset)
        found = await server.session.ask(renamed, project.root, project.texts(), file, at.line, at.column, params.new_name)
        if not isinstance(found, Renaming) or found.problem:
            raise RefusedError(found.problem if isinstance(found, Renaming) else "renaming failed: see the log of the server")
        return _workspace_edit(server, project, found.edits)


def answer_fixes(server: Server) -> None:
    """Offer the fixes of `whgen validate --fix`."""

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]))
    def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        path = path_of(params.text_document.uri)
        project = server.session.project_of(path) if path is not None else None
        if project is None or path is None:
            return []
        shown, wanted = server.session.shown.get(path, ()), stretch_of(params.range)
        return [found for d in shown if (found := _action(server, project, path, d, wanted, params)) is not None]


def _action(
    server: Server, project: Project, path: Path, found: Diagnostic, wanted: Stretch, params: types.CodeActionParams
) -> types.CodeAction | None:
    file = project.file_of(path)
    if found.fix is None or file is None:
        return None
    here = server.text(project, file).of(found.span)
    if here.start > wanted.end or here.end < wanted.start:
        return None
    files = {edit.span.file for edit in found.fix.edits}
    fix = fitting(found.fix, {f: project.text(f) or "" for f in files})
    if fix is None:
        return None
    mended = [d for d in params.context.diagnostics if d.code == found.code and d.range == range_of(here)]
    return types.CodeAction(
        title=fix.title[:1].upper() + fix.title[1:],
        kind=types.CodeActionKind.QuickFix,
        diagnostics=mended or None,
        is_preferred=True,
        edit=_workspace_edit(server, project, fix.edits),
    )


def _workspace_edit(server: Server, project: Project, edits: Iterable[Edit]) -> types.WorkspaceEdit:
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        text = server.text(project, edit.span.file)
        new = types.TextEdit(range=range_of(text.of(edit.span)), new_text=edit.new)
        changes.setdefault(server.uri(project.root / edit.span.file), []).append(new)
    return types.WorkspaceEdit(changes=changes)


def _location(server: Server, project: Project, span: Span) -> types.Location:
    found = location_of(span, project.root, server.text(project, span.file))
    found.uri = server.uri(project.root / span.file)
    return found
