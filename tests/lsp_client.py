"""A real LSP client over stdio, for tests and benchmarks: it starts `whgen lsp`, speaks in turns, and edits by increments."""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import to_fs_path

PATIENCE = 60.0
Put = tuple[tuple[int, int], tuple[int, int], str]


class Editor:
    """An editor with some folders open. Use it in a `with`."""

    def __init__(self, *folders: Path, encodings: Sequence[str] | None = None) -> None:
        self.folders = folders
        self.shown: dict[str, list[types.Diagnostic]] = {}
        self.times: dict[str, float] = {}
        self.rounds: dict[str, int] = {}
        self.texts: dict[Path, str] = {}
        self.versions: dict[Path, int] = {}
        self.encodings = encodings
        self.news = threading.Condition()
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("tests", "1")
        self.told: list[str] = []
        """What the server wrote to its standard error, and showed as messages: nothing, unless it has a bug."""

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def shown(params: types.PublishDiagnosticsParams) -> None:
            with self.news:
                self.shown[params.uri] = list(params.diagnostics)
                self.times[params.uri] = time.perf_counter()
                self.rounds[params.uri] = self.rounds.get(params.uri, 0) + 1
                self.news.notify_all()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def message(params: types.ShowMessageParams) -> None:
            self.told.append(params.message)

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None: ...

    def __enter__(self) -> Editor:
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self._run(self.client.start_io(sys.executable, "-m", "whgen", "lsp", "--stdio"))
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop)
        general = types.GeneralClientCapabilities(position_encodings=self.encodings)  # type: ignore[arg-type]
        code_action = types.CodeActionClientCapabilities(
            code_action_literal_support=types.ClientCodeActionLiteralOptions(
                code_action_kind=types.ClientCodeActionKindOptions(value_set=[types.CodeActionKind.QuickFix])
            )
        )
        capabilities = types.ClientCapabilities(
            general=general if self.encodings else None,
            workspace=types.WorkspaceClientCapabilities(
                did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
            ),
            text_document=types.TextDocumentClientCapabilities(code_action=code_action),
        )
        folders = [types.WorkspaceFolder(uri=f.as_uri(), name=f.name) for f in self.folders]
        root = folders[0].uri if folders else None
        params = types.InitializeParams(capabilities=capabilities, workspace_folders=folders, root_uri=root)
        self.can = self._run(self.client.initialize_async(params)).capabilities
        self.client.initialized(types.InitializedParams())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.client._server is not None and self.client._server.returncode is None:
                self._run(self.client.shutdown_async(None))
                self._call(self.client.exit, None)
            self.exit_code = self._run(asyncio.wait_for(self.client._server.wait(), 20))
        finally:
            self._run(self.client.stop())
            self.loop.call_soon_threadsafe(self.loop.stop)

    @property
    def is_alive(self) -> bool:
        """Whether the server still runs."""
        return self.client._server is not None and self.client._server.returncode is None

    def open(self, path: Path, text: str | None = None) -> Path:
        """Open a file, with another text than it has on disk if one is given."""
        self.texts[path] = path.read_bytes().decode() if text is None else text
        self.versions[path] = 1
        item = types.TextDocumentItem(uri=path.as_uri(), language_id="yaml", version=1, text=self.texts[path])
        self._call(self.client.text_document_did_open, types.DidOpenTextDocumentParams(text_document=item))
        return path

    def close(self, path: Path) -> None:
        """Close a file without saving it."""
        del self.texts[path]
        document = types.TextDocumentIdentifier(uri=path.as_uri())
        self._call(self.client.text_document_did_close, types.DidCloseTextDocumentParams(text_document=document))

    def put(self, path: Path, *changes: Put) -> None:
        """Put texts in the place of others: (line, character) of both ends, each as the text is after the change before."""
        self.versions[path] += 1
        found = [
            types.TextDocumentContentChangePartial(range=types.Range(start=types.Position(*a), end=types.Position(*b)), text=new)
            for a, b, new in changes
        ]
        document = types.VersionedTextDocumentIdentifier(uri=path.as_uri(), version=self.versions[path])
        params = types.DidChangeTextDocumentParams(text_document=document, content_changes=found)
        self._call(self.client.text_document_did_change, params)

    def write(self, path: Path, old: str, new: str) -> None:
        """Type: the one place with `old` in an open file becomes `new`, as one incremental change."""
        text = self.texts[path]
        assert text.count(old) == 1, f"{text.count(old)} of {old!r} in {path}"
        start = text.index(old)
        self.texts[path] = text.replace(old, new)
        self.put(path, (position(text, start), position(text, start + len(old)), new))

    def touched(self, *paths: Path) -> None:
        """Tell that files changed on disk."""
        changes = [
            types.FileEvent(uri=p.as_uri(), type=types.FileChangeType.Changed if p.exists() else types.FileChangeType.Deleted)
            for p in paths
        ]
        self._call(self.client.workspace_did_change_watched_files, types.DidChangeWatchedFilesParams(changes=changes))

    def codes(self, path: Path) -> list[str]:
        """The codes of what is shown in a file now."""
        return [str(d.code) for d in self.shown.get(path.as_uri(), ())]

    def until(self, path: Path, holds: Callable[[list[types.Diagnostic]], bool], patience: float = PATIENCE) -> list[types.Diagnostic]:
        """What is shown in a file as soon as something holds of it."""
        uri, end = path.as_uri(), time.monotonic() + patience
        with self.news:
            while not (uri in self.shown and holds(self.shown[uri])):
                left = end - time.monotonic()
                assert self.is_alive, "the server has ended"
                assert left > 0, f"still shown in {path.name}: {[(d.code, d.message) for d in self.shown.get(uri, [])]}"
                self.news.wait(min(left, 1))
            return self.shown[uri]

    def until_codes(self, path: Path, *codes: str) -> list[types.Diagnostic]:
        """What is shown in a file as soon as it has just these codes."""
        return self.until(path, lambda found: [d.code for d in found] == [*codes])

    def until_known(self, *tables: str) -> None:
        """Wait until a whole check knows of some tables."""
        end = time.monotonic() + PATIENCE
        for table in tables:
            while not any(t.name == table for t in self.request("workspace_symbol_async", types.WorkspaceSymbolParams(query=table)) or ()):
                assert time.monotonic() < end, f"{table} is not known"
                time.sleep(0.05)

    def complete(self, path: Path, after: str, count: int = 1) -> list[types.CompletionItem]:
        """What may be typed behind a text that stands in a file."""
        params = types.CompletionParams(
            text_document=types.TextDocumentIdentifier(uri=path.as_uri()), position=self.behind(path, after, count)
        )
        found = self._run(self.client.text_document_completion_async(params))
        return found.items if isinstance(found, types.CompletionList) else list(found or [])

    def labels(self, path: Path, after: str, count: int = 1) -> list[str]:
        """The names of what may be typed."""
        return [item.label for item in self.complete(path, after, count)]

    def hover(self, path: Path, on: str, count: int = 1) -> str:
        """What is told of the last letter of a text that stands in a file."""
        params = types.HoverParams(text_document=types.TextDocumentIdentifier(uri=path.as_uri()), position=self.behind(path, on, count))
        found = self._run(self.client.text_document_hover_async(params))
        return found.contents.value if found is not None else ""

    def ask(self, method: str, path: Path, at: str, count: int = 1, **more: Any) -> Any:
        """Another question about the place behind a text, by the name of the client's method and its parameters."""
        kind = more.pop("kind")
        params = kind(text_document=types.TextDocumentIdentifier(uri=path.as_uri()), position=self.behind(path, at, count), **more)
        return self._run(getattr(self.client, method)(params))

    def definition(self, path: Path, on: str, count: int = 1) -> str:
        """The line that a name leads to, with its file; empty where it leads nowhere."""
        found = self.ask("text_document_definition_async", path, on, count, kind=types.DefinitionParams)
        return self._shown(found) if found is not None else ""

    def references(self, path: Path, on: str, count: int = 1) -> list[str]:
        """Every place where a name stands: its file, its line, and what stands there."""
        context = types.ReferenceContext(include_declaration=True)
        found = self.ask("text_document_references_async", path, on, count, kind=types.ReferenceParams, context=context)
        return sorted(self._shown(place) for place in found or ())

    def rename(self, path: Path, on: str, new: str, count: int = 1) -> dict[Path, str]:
        """The files after a renaming, as far as it changes them."""
        found = self.ask("text_document_rename_async", path, on, count, kind=types.RenameParams, new_name=new)
        return self.after(found)

    def after(self, edit: types.WorkspaceEdit | None) -> dict[Path, str]:
        """The files after an edit of the workspace."""
        found = {}
        for uri, edits in (edit.changes if edit is not None and edit.changes else {}).items():
            path = Path(to_fs_path(uri) or "")
            found[path] = edited(self.texts.get(path) or path.read_text(), edits)
        return found

    def _shown(self, place: types.Location) -> str:
        path = Path(to_fs_path(place.uri) or "")
        text = (self.texts.get(path) or path.read_text()).split("\n")[place.range.start.line]
        units = text.encode("utf-16-le")[2 * place.range.start.character : 2 * place.range.end.character]
        return f"{path.name}:{place.range.start.line + 1}: {units.decode('utf-16-le')}"

    def request(self, method: str, params: Any) -> Any:
        """Any question."""
        return self._run(getattr(self.client, method)(params))

    def behind(self, path: Path, text: str, count: int = 1) -> types.Position:
        """The position behind the `count`th place of a text."""
        start = -1
        for _ in range(count):
            start = self.texts[path].index(text, start + 1)
        return types.Position(*position(self.texts[path], start + len(text)))

    async def _listen(self) -> None:
        while line := await self.client._server.stderr.readline():
            self.told.append(line.decode().rstrip())

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def _call(self, function: Callable[[Any], Any], params: Any) -> None:
        done: asyncio.Future[Any] = asyncio.run_coroutine_threadsafe(_called(function, params), self.loop)  # type: ignore[assignment]
        done.result()


async def _called(function: Callable[[Any], Any], params: Any) -> None:
    found = function(params)
    if asyncio.iscoroutine(found):
        await found


def edited(text: str, edits: Sequence[types.TextEdit]) -> str:
    """A text after edits, as an editor makes them."""
    lines = [0]
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)

    def offset(at: types.Position) -> int:
        line = text[lines[at.line] :].split("\n", 1)[0]
        return lines[at.line] + len(line.encode("utf-16-le")[: 2 * at.character].decode("utf-16-le"))

    found = sorted(((offset(e.range.start), offset(e.range.end), e.new_text) for e in edits), reverse=True)
    for (_, end, _), (start, _, _) in itertools.pairwise(reversed(found)):
        assert end <= start, "edits overlap"
    for start, end, new in found:
        text = text[:start] + new + text[end:]
    return text


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and character of an offset, in units of UTF-16."""
    before = text[:offset]
    line = before.rpartition("\n")[2]
    return before.count("\n"), len(line.encode("utf-16-le")) // 2
