"""Generated files as bytes: how they are named and encoded, the manifest that lists them, and diffs. No disk is touched here.

In: a render (path -> text), or bytes from the disk. Out: bytes to write, the digests of what whgen may have written, diffs.
Neighbours: `output` reads and writes the folder with it; its caller needs this module only for `OutputError`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

MANIFEST_NAME = "whgen-manifest.json"
WORK_FOLDER = ".whgen"

_FORMAT = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CONFLICT = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)


class OutputError(Exception):
    """The folder cannot be read or written as it stands. The message names the path and says what to do."""

    def __init__(self, message: str, path: Path | PurePosixPath) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def encode(wanted: Mapping[PurePosixPath, str]) -> dict[PurePosixPath, bytes]:
    """The bytes to write: UTF-8 and plain newlines, since git would make them so on the way through a repository anyway.

    Raises OutputError for paths that leave the folder, that not every system can hold, or that some would take for one.
    """
    spelled: dict[str, tuple[PurePosixPath, bool]] = {}
    folders: set[str] = set()
    encoded: dict[PurePosixPath, bytes] = {}
    for path, text in sorted(wanted.items()):
        if flaw := _flaw(path):
            raise OutputError(f"cannot generate a file named {str(path)!r}: {flaw}; rename what it is made from", path)
        folder = str(path).rpartition("/")[0]
        for part in (path,) if folder in folders else (path, *path.parents[:-1]):
            other, is_file = spelled.setdefault(folded(part), (part, part == path))
            if other != part or is_file != (part == path):
                raise OutputError(f"cannot generate both {other} and {path}: some disks take them for one; rename one of them", path)
        folders.add(folder)
        try:
            encoded[path] = (re.sub(r"\r+\n", "\n", text) if "\r" in text else text).encode()
        except UnicodeEncodeError as error:
            raise OutputError(f"cannot generate {path}: it holds half a character at offset {error.start}; mend the specs", path) from error
    return encoded


def folded(path: PurePosixPath) -> str:
    """The name by which a disk that ignores case, or the form of accents, knows a path.

    >>> folded(PurePosixPath("models/Straße.SQL"))
    'models/strasse.sql'
    """
    return unicodedata.normalize("NFC", str(path)).casefold()


def finished(wanted: Mapping[PurePosixPath, bytes]) -> bytes:
    """The manifest of a folder that holds just what is wanted; it follows from the files alone."""
    return _json({"format": _FORMAT, "files": {str(path): digest_of(data) for path, data in wanted.items()}})


def unfinished(known: Mapping[PurePosixPath, frozenset[str]], wanted: Mapping[PurePosixPath, bytes]) -> bytes:
    """The manifest during a write: for each path every version that may be found there, wherever the write is cut off."""
    digests = {path: set(known.get(path, ())) for path in (*known, *wanted)}
    for path, data in wanted.items():
        digests[path].add(digest_of(data))
    return _json({"format": _FORMAT, "unfinished": {str(path): sorted(found) for path, found in digests.items()}})


def parse(place: Path, raw: bytes | None) -> dict[PurePosixPath, frozenset[str]]:
    """Per listed path the digests of what whgen may have left there; nothing for a manifest that does not exist.

    Raises OutputError when the bytes are no manifest of this version: guessing could remove or overwrite somebody's file.
    """
    if raw is None:
        return {}
    if _CONFLICT.search(raw):
        hint = f"take either side (git checkout --ours -- {place}) and generate again"
        raise OutputError(f"{place} holds the conflict markers of a git merge; {hint}", place)
    known = _listed(raw)
    if known is None:
        hint = "restore it from version control, or delete it and generate again: what then differs counts as edited by hand"
        raise OutputError(f"{place} is damaged, or another version of whgen wrote it; {hint}", place)
    return known


def digest_of(data: bytes) -> str:
    """The sha256 by which the manifest knows a file."""
    return hashlib.sha256(data).hexdigest()


def digests_of(data: bytes) -> frozenset[str]:
    """The digests that bytes on disk may be listed under: their own, and that of what a checkout with autocrlf made them from."""
    unix = unix_newlines(data)
    return frozenset({digest_of(data)} if unix is data else {digest_of(data), digest_of(unix)})


def unix_newlines(data: bytes) -> bytes:
    """The bytes before a checkout with autocrlf, which turns every newline; a file with only some turned stays as it is."""
    if b"\r\n" not in data:
        return data
    unix = data.replace(b"\r\n", b"\n")
    return unix if unix.replace(b"\n", b"\r\n") == data else data


def unified(path: PurePosixPath, before: bytes | None, after: bytes | None) -> str:
    """The difference between two versions of a file as a unified diff; None is a file that is not there, as in git."""
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    lines = list(difflib.unified_diff(_lines(before), _lines(after), *names))
    if not lines and (before is None or after is None):
        lines = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _listed(raw: bytes) -> dict[PurePosixPath, frozenset[str]] | None:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        return None
    entries = document.get("files", document.get("unfinished"))
    if not isinstance(entries, dict):
        return None
    known: dict[PurePosixPath, frozenset[str]] = {}
    for name, found in entries.items():
        path, digests = PurePosixPath(name), [found] if isinstance(found, str) else found
        if _flaw(path) or str(path) != name or not isinstance(digests, list):
            return None
        if not all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in digests):
            return None
        known[path] = frozenset(digests)
    return known


def _flaw(path: PurePosixPath) -> str:
    name = str(path)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        return "it does not lie inside the generated folder"
    if not name.isprintable() or "\\" in name or ":" in name:
        return "it holds a character that not every system allows in a file name"
    if name.casefold() == MANIFEST_NAME or path.parts[0].casefold() == WORK_FOLDER:
        return "whgen keeps that name for itself"
    return ""


def _lines(data: bytes | None) -> list[str]:
    # Only \n ends a line: `str.splitlines` would cut at form feeds and the like too.
    return re.findall(r"[^\n]*\n|[^\n]+", unix_newlines(data or b"").decode(errors="backslashreplace"))


def _json(document: Mapping[str, object]) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
