"""Diagnostics, completions and places -> what the protocol calls them. With `server` the only door to pygls and lsprotocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path, to_fs_path

from whgen.diagnostics.diagnostic import Diagnostic, Severity, Span
from whgen.lsp.completion import Item
from whgen.lsp.text import At, Stretch, Text

_KINDS = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "type": types.CompletionItemKind.TypeParameter,
    "table": types.CompletionItemKind.Class,
    "column": types.CompletionItemKind.Field,
    "function": types.CompletionItemKind.Function,
}
_SEVERITIES = {Severity.ERROR: types.DiagnosticSeverity.Error, Severity.WARNING: types.DiagnosticSeverity.Warning}
TextOf = Callable[[str], Text]


class RefusedError(JsonRpcException):
    """A request that cannot be done, and why: an answer to the user, and no fault of the server."""

    CODE = -32803
    MESSAGE = "Request failed"


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None for one that names no file."""
    if not uri.startswith("file:"):
        return None
    found = to_fs_path(uri)
    return Path(found) if found else None


def uri_of(path: Path) -> str:
    """The URI of a file."""
    return from_fs_path(str(path)) or path.as_uri()


def range_of(stretch: Stretch) -> types.Range:
    """A stretch of a text."""
    return types.Range(start=types.Position(*stretch.start), end=types.Position(*stretch.end))


def stretch_of(found: types.Range) -> Stretch:
    """A range of the protocol."""
    return Stretch(at_of(found.start), at_of(found.end))


def at_of(position: types.Position) -> At:
    """A position of the protocol."""
    return At(position.line, position.character)


def diagnostics_of(found: Iterable[Diagnostic], text: Text, root: Path | None, text_of: TextOf) -> list[types.Diagnostic]:
    """Diagnostics of one file, with the places of others that help to understand them."""
    return [_diagnostic(d, text, root, text_of) for d in found]


def _diagnostic(found: Diagnostic, text: Text, root: Path | None, text_of: TextOf) -> types.Diagnostic:
    message = "\n".join(filter(None, (found.message, found.label, found.help)))
    related = [
        types.DiagnosticRelatedInformation(location=location_of(r.span, root, text_of(r.span.file)), message=r.message)
        for r in found.related
        if root is not None
    ]
    return types.Diagnostic(
        range=range_of(text.of(found.span)),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source="whgen",
        message=message,
        related_information=related or None,
    )


def location_of(span: Span, root: Path, text: Text) -> types.Location:
    """A place in a file of a project."""
    return types.Location(uri=uri_of(root / span.file), range=range_of(text.of(span)))


def completion_of(items: Iterable[Item], replaced: Stretch) -> types.CompletionList:
    """What may be typed in the place of a word."""
    found = [
        types.CompletionItem(
            label=item.label,
            kind=_KINDS[item.kind],
            detail=item.detail or None,
            documentation=item.documentation or None,
            sort_text=f"{item.rank}{number:05}",
            text_edit=types.TextEdit(range=range_of(replaced), new_text=item.insert or item.label),
        )
        for number, item in enumerate(items)
    ]
    return types.CompletionList(is_incomplete=False, items=found)
