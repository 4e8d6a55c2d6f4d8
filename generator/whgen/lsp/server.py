"""The language server: what an editor asks, given on to what answers it. With `protocol` the only door to pygls and lsprotocol."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from whgen import __version__
from whgen.diagnostics.diagnostic import Diagnostic
from whgen.lsp.completion import complete
from whgen.lsp.hover import hover
from whgen.lsp.project import Project
from whgen.lsp.protocol import RefusedError, at_of, completion_of, diagnostics_of, location_of, path_of, range_of, stretch_of, uri_of
from whgen.lsp.session import Session
from whgen.lsp.text import At, Text

_MOST_SYMBOLS = 200
_TRIGGERS = [".", "{", "[", ",", " ", ":"]


class _Protocol(LanguageServerProtocol):
    """pygls would keep texts, too. Its lines end at other characters (U+2028), and places behind these it moves beforehand."""

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Iterator[Any]:
        """Pass it on as it is."""
        if (handler := self.fm.features.get(types.TEXT_DOCUMENT_DID_CHANGE)) is not None:
            yield handler, (params,), None


class Server(LanguageServer):
    """A server with the session of its editor."""

    def __init__(self) -> None:
        super().__init__("whgen", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Incremental, protocol_cls=_Protocol)
        self.session = Session(publish=self._publish)
        self.uris: dict[Path, str] = {}
        """How the editor writes the names of the files that it has open."""

    def uri(self, path: Path) -> str:
        """The URI of a file, as the editor writes it where it did."""
        return self.uris.get(path) or uri_of(path)

    def at(self, uri: str, position: types.Position) -> tuple[Project, str, Text, int] | None:
        """The project, the file, its text as it is read, and the offset in that; None where there is no such place."""
        path = path_of(uri)
        project = self.session.project_of(path) if path is not None else None
        file = project.file_of(path) if project is not None and path is not None else None
        if project is None or path is None or file is None:
            return None
        text = self.text(project, file)
        return project, file, text, text.as_read(text.offset(at_of(position)))

    def text(self, project: Project, file: str) -> Text:
        """The text of a file: the open one, or that on disk."""
        return project.open.get(file) or Text(project.text(file) or "", self.session.unit)

    def _publish(self, path: Path, text: Text, found: Iterable[Diagnostic]) -> None:
        project = self.session.project_of(path)
        shown = diagnostics_of(
            found,
            text,
            project.root if project is not None else None,
            lambda file: self.text(project, file) if project is not None else text,
        )
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=self.uri(path), diagnostics=shown))


def make_server() -> Server:
    """A server that answers everything, and is not started yet."""
    server = Server()
    _follow_files(server)
    _answer_questions(server)
    # What follows needs the server's class, and is asked less often.
    from whgen.lsp.questions import answer_fixes, answer_names, answer_renaming

    answer_names(server)
    answer_renaming(server)
    answer_fixes(server)
    return server


def serve() -> None:
    """Serve one editor over standard input and output, until it says goodbye."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="whgen lsp: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_fault)
    # What any library prints must not get between the messages.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    server = make_server()
    try:
        server.start_io(sys.stdin.buffer, output)
    finally:
        server.session.stop()


def _is_fault(record: logging.LogRecord) -> bool:
    """Whether something belongs into the log: what is refused was told to who asked."""
    return not (record.exc_info and isinstance(record.exc_info[1], RefusedError))


def _follow_files(server: Server) -> None:
    session = server.session

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        session.unit = str(getattr(server.workspace.position_encoding, "value", None) or server.workspace.position_encoding or "utf-16")
        folders = [f.uri for f in server.workspace.folders.values()] or ([server.workspace.root_uri] if server.workspace.root_uri else [])
        for path in filter(None, map(path_of, folders)):
            session.add_folder(path)
        watched = server.client_capabilities.workspace and server.client_capabilities.workspace.did_change_watched_files
        if watched and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in ("**/specs/**", "**/sources.lock")]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
            wanted = types.Registration(id="whgen-files", method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options)
            server.client_register_capability(types.RegistrationParams(registrations=[wanted]))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        if (path := path_of(params.text_document.uri)) is not None:
            server.uris[path] = params.text_document.uri
            session.opened(path, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        if (path := path_of(params.text_document.uri)) is not None:
            partial = types.TextDocumentContentChangePartial
            session.edited(path, [(stretch_of(c.range) if isinstance(c, partial) else None, c.text) for c in params.content_changes])

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        if (path := path_of(params.text_document.uri)) is not None:
            session.closed(path)
            server.uris.pop(path, None)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        if (path := path_of(params.text_document.uri)) is not None:
            session.changed_on_disk([path])

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def touched(params: types.DidChangeWatchedFilesParams) -> None:
        session.changed_on_disk(filter(None, (path_of(change.uri) for change in params.changes)))

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for path in filter(None, (path_of(f.uri) for f in params.event.removed)):
            session.remove_folder(path)
        for path in filter(None, (path_of(f.uri) for f in params.event.added)):
            session.add_folder(path)


def _answer_questions(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS))
    def completion(params: types.CompletionParams) -> types.CompletionList | None:
        if (place := server.at(params.text_document.uri, params.position)) is None:
            return None
        project, _, text, offset = place
        word, items = complete(text.read, offset, project.knowledge)
        here = at_of(params.position)
        end = text.position(text.offset(here))
        # A word is letters of ASCII and digits, each one unit in every encoding.
        begin = text.position(text.offset(here) - len(word))
        return completion_of(items, text.stretch(text.offset(At(*begin)), text.offset(At(*end))))

    @server.feature(types.WORKSPACE_SYMBOL)
    def symbols(params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
        found: list[types.SymbolInformation] = []
        for project in server.session.projects.values():
            for table in project.knowledge.tables.values():
                if params.query.lower() in table.name and len(found) < _MOST_SYMBOLS:
                    place = location_of(table.span, project.root, server.text(project, table.span.file))
                    found.append(
                        types.SymbolInformation(name=table.name, kind=types.SymbolKind.Class, location=place, container_name=table.kind)
                    )
        return found

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        if (place := server.at(params.text_document.uri, params.position)) is None:
            return None
        project, file, text, offset = place
        found = hover(project, file, text.read, offset)
        if found is None:
            return None
        (start, end), told = found
        shift = text.offset(at_of(params.position)) - offset
        return types.Hover(
            contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=told),
            range=range_of(text.stretch(start + shift, end + shift)),
        )
