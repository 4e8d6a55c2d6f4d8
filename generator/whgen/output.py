"""The ownership of a generated folder: which files in it are whgen's, what a render would change, and the change itself.

In: a root folder and a render (path -> text). Out: a `Comparison`, a diff, or the files on disk and the manifest that lists them.
Neighbours: the commands call it with what `render` made. Beside the manifest it keeps `.whgen/` in the root: the lock, the files
of a write under way, and `.whgen/backup/<path>/<digest>`, the hand-edited files that a forced write replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from whgen.file_lock import try_lock
from whgen.output_manifest import (
    MANIFEST_NAME,
    WORK_FOLDER,
    OutputError,
    digest_of,
    digests_of,
    encode,
    finished,
    folded,
    parse,
    unfinished,
    unified,
)

__all__ = ["BACKUP_FOLDER", "MANIFEST_NAME", "WORK_FOLDER", "Comparison", "EditedFilesError", "OutputError", "compare", "diff", "write"]

BACKUP_FOLDER = PurePosixPath(WORK_FOLDER, "backup")
LOCK_WAIT_SECONDS = 5.0

_COMPLETES = "then generate again: that completes what was begun"
_HINTS = {
    errno.ENOSPC: f"free some space, {_COMPLETES}",
    errno.EDQUOT: f"free some space, {_COMPLETES}",
    errno.EFBIG: f"raise the limit on file sizes, {_COMPLETES}",
    errno.ENAMETOOLONG: "shorten the names in the specs, or generate into a folder nearer to the root of the disk",
    errno.ENOTDIR: "a file stands where a folder belongs: move it away",
    errno.EEXIST: "a file stands where a folder belongs: move it away",
    errno.EISDIR: "a folder stands where a file belongs: move it away",
    errno.ENOTEMPTY: "a folder stands where a file belongs: move it away",
}


class EditedFilesError(OutputError):
    """A write was refused because files were changed by hand; `diff` leads from the generated text to the edited one."""

    def __init__(self, root: Path, comparison: Comparison, diff: str) -> None:
        shown = ", ".join(str(path) for path in comparison.edited[:5])
        more = f" and {len(comparison.edited) - 5} more" if len(comparison.edited) > 5 else ""
        super().__init__(
            f"changed by hand in {root}: {shown}{more}; take the change into the specs, or generate with --force, "
            f"which keeps the edited files in {root / BACKUP_FOLDER}",
            root,
        )
        self.comparison = comparison
        self.diff = diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a write would do to each file; `edited` ones were changed by hand. `manifest_is_stale`: the list itself is out of date."""

    created: tuple[PurePosixPath, ...] = ()
    changed: tuple[PurePosixPath, ...] = ()
    removed: tuple[PurePosixPath, ...] = ()
    unchanged: tuple[PurePosixPath, ...] = ()
    edited: tuple[PurePosixPath, ...] = ()
    manifest_is_stale: bool = False

    @property
    def is_current(self) -> bool:
        """Whether a write would have nothing to do."""
        return not (self.created or self.changed or self.removed or self.edited or self.manifest_is_stale)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A folder at one moment against a render. `known` holds, per listed path, the digests of what whgen may have left there."""

    root: Path
    wanted: Mapping[PurePosixPath, bytes]
    known: Mapping[PurePosixPath, frozenset[str]]
    disk: Mapping[PurePosixPath, bytes | None]
    manifest: bytes | None
    comparison: Comparison


def compare(root: Path, wanted: Mapping[PurePosixPath, str]) -> Comparison:
    """What `write` would do. Takes no lock and writes nothing, so it works in a read-only folder.

    Raises OutputError when the render or the folder cannot be used as it stands.
    """
    return _inspect(root, encode(wanted)).comparison


def diff(root: Path, wanted: Mapping[PurePosixPath, str]) -> str:
    """The unified diff from the files on disk to the render, hand-edited files included; empty when nothing would change.

    The manifest follows from the files, so it is shown only when it alone is out of date. Raises OutputError as `compare` does.
    """
    state = _inspect(root, encode(wanted))
    found = state.comparison
    differing = sorted({*found.created, *found.changed, *found.removed, *found.edited})
    if not differing and found.manifest_is_stale:
        return unified(PurePosixPath(MANIFEST_NAME), state.manifest, finished(state.wanted))
    return "".join(unified(path, state.disk[path], state.wanted.get(path)) for path in differing)


def write(root: Path, wanted: Mapping[PurePosixPath, str], *, force: bool = False) -> Comparison:
    """Make the folder hold the render, and return what was done; files that are right already are not touched.

    With `force`, hand-edited files are first copied to `BACKUP_FOLDER` (one file per version, none ever overwritten). A write that
    was interrupted anywhere is completed by the next one. Raises EditedFilesError when files were edited and `force` is off, and
    OutputError when the folder cannot be written or another process writes it.
    """
    encoded = encode(wanted)
    with _lock(root), _staging(root) as staging:
        state = _inspect(root, encoded)
        edited = state.comparison.edited
        if edited and not force:
            # The text that was generated then is gone; what would be generated now is the nearest thing to hold the edit against.
            changes = (unified(path, state.wanted.get(path), state.disk[path]) for path in edited)
            raise EditedFilesError(root, state.comparison, "".join(changes))
        if not state.comparison.is_current:
            for path in edited:
                _back_up(state, path, staging)
            _apply(state, staging)
        return state.comparison


def _apply(state: _State, staging: Path) -> None:
    """Stage everything, journal, swap, finalise. A full disk shows while staging, when the project is still wholly the old one."""
    found = state.comparison
    doomed = [path for path in (*found.removed, *found.edited) if path not in state.wanted]
    arriving = [path for path in (*found.created, *found.changed, *found.edited) if path in state.wanted]
    staged = {path: _stage(staging / str(number), state.wanted[path]) for number, path in enumerate(arriving)}
    journal = _stage(staging / "journal", unfinished(state.known, state.wanted))
    final = _stage(staging / "manifest", finished(state.wanted))
    manifest = state.root / MANIFEST_NAME
    with _explained(manifest, "write"):
        # From here to the end every file is either a version that the journal knows or the user's own.
        journal.replace(manifest)
    # Removals come first: a folder may give way to a file, and `A.sql` to `a.sql` where the two are one file.
    for path in doomed:
        _recheck(state, path)
        with _explained(state.root / path, "remove"):
            (state.root / path).unlink(missing_ok=True)
    _prune(state)
    folders: set[PurePosixPath] = set()
    for path, temporary in staged.items():
        _recheck(state, path, folders)
        place = state.root / path
        with _explained(place, "write"):
            if path.parent not in folders:
                place.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(place)
    with _explained(manifest, "write"):
        final.replace(manifest)


def _recheck(state: _State, path: PurePosixPath, folders: set[PurePosixPath] | None = None) -> None:
    """Stop before a file that somebody saved since it was read; the next write reports it as edited. `folders` as in `_read`."""
    now = _read(state.root, path, listed=state.known, is_wanted=path in state.wanted, folders=folders)
    if now is not None and now != state.disk[path]:
        raise OutputError(f"{state.root / path} was saved by somebody else during the write; generate again", state.root / path)


def _prune(state: _State) -> None:
    """Remove the folders that the removed files leave empty, also those of an earlier write that was interrupted."""
    needed = {folder for path in state.wanted for folder in path.parents} | {PurePosixPath()}
    left = {folder for path in state.known if path not in state.wanted for folder in path.parents} - needed
    for folder in sorted(left, key=lambda path: len(path.parts), reverse=True):
        # A folder that holds something else stays; one that cannot be removed harms nobody, unless a file is to take its place,
        # and then that file's own error tells.
        with contextlib.suppress(OSError):
            (state.root / folder).rmdir()


def _back_up(state: _State, path: PurePosixPath, staging: Path) -> None:
    """Keep an edited file under a name made from its content: the name holds no suffix that dbt or a linter would look for."""
    data = state.disk[path]
    if data is None:
        return
    folder = state.root / BACKUP_FOLDER / path
    with _explained(folder, "write"):
        place, number = folder / digest_of(data)[:12], 1
        while place.exists():
            if place.read_bytes() == data:
                return
            place, number = folder / f"{digest_of(data)[:12]}-{number}", number + 1
        folder.mkdir(parents=True, exist_ok=True)
        with (staging / "backup").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the only copy of somebody's work, unlike all else here
        (staging / "backup").replace(place)


def _stage(place: Path, data: bytes) -> Path:
    with _explained(place, "write"):
        place.write_bytes(data)
    return place


@contextlib.contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """An empty folder on the same disk for files under way: out of dbt's sight, and cleared of what a killed write left."""
    folder = root / WORK_FOLDER / "under-way"
    with _explained(folder, "clear"):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    """Keep other writers out of the folder. The lock dies with its process, and its file stays for the next."""
    work = root / WORK_FOLDER
    with _explained(work, "write"):
        work.mkdir(parents=True, exist_ok=True)
        if work.is_symlink():
            raise OutputError(f"{work} is a symbolic link; remove it and generate again", work)
        ignore = work / ".gitignore"
        if not ignore.exists() or not ignore.stat().st_size:
            ignore.write_bytes(b"*\n")
        descriptor = os.open(work / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        with _explained(work / "lock", "lock"):
            while not try_lock(descriptor):
                if time.monotonic() >= deadline:
                    raise OutputError(f"somebody else is generating into {root}; wait until they are done, then generate again", root)
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _inspect(root: Path, wanted: Mapping[PurePosixPath, bytes]) -> _State:
    """Read the folder as one moment's state: a writer that is at work meanwhile shows in the manifest, before and after."""
    if os.path.lexists(root) and not root.is_dir():
        raise OutputError(f"{root} is not a folder; move it away, or generate into another folder", root)
    for _ in range(10):
        manifest = _read(root, PurePosixPath(MANIFEST_NAME), listed=(), is_wanted=True)
        known = parse(root / MANIFEST_NAME, manifest)
        paths = {*known, *wanted}
        seen: set[PurePosixPath] = set()
        disk = {}
        for path in paths:
            found, new = _read(root, path, listed=known, is_wanted=path in wanted, folders=seen), wanted.get(path)
            # Nearly all files are as they should be: what is equal is kept once.
            disk[path] = new if found == new else found
        if manifest == _read(root, PurePosixPath(MANIFEST_NAME), listed=(), is_wanted=True):
            stale = manifest is None or digest_of(finished(wanted)) not in digests_of(manifest)
            comparison = _classify(wanted, known, disk, manifest_is_stale=stale)
            return _State(root=root, wanted=wanted, known=known, disk=disk, manifest=manifest, comparison=comparison)
        time.sleep(0.1)
    raise OutputError(f"{root} changes while it is read: somebody else is generating into it; wait until they are done", root)


def _classify(
    wanted: Mapping[PurePosixPath, bytes],
    known: Mapping[PurePosixPath, frozenset[str]],
    disk: Mapping[PurePosixPath, bytes | None],
    *,
    manifest_is_stale: bool,
) -> Comparison:
    if disk == wanted:
        return Comparison(unchanged=tuple(sorted(wanted)), manifest_is_stale=manifest_is_stale)
    ours: dict[str, frozenset[str]] = {}
    for path, digests in known.items():
        ours[folded(path)] = ours.get(folded(path), frozenset()) | digests
    leaving = {folded(path) for path in known if path not in wanted}
    kinds: dict[str, list[PurePosixPath]] = {"created": [], "changed": [], "removed": [], "unchanged": [], "edited": []}
    for path in sorted({*known, *wanted}):
        data, new = disk[path], wanted.get(path)
        if data is None:
            if new is not None:
                kinds["created"].append(path)
        elif new is not None and digest_of(new) in digests_of(data):
            # Where `A.sql` and `a.sql` are one file, removing the old name takes the new one along.
            kinds["changed" if folded(path) in leaving else "unchanged"].append(path)
        elif digests_of(data) & ours.get(folded(path), frozenset()):
            kinds["removed" if new is None else "changed"].append(path)
        else:
            kinds["edited"].append(path)
    return Comparison(**{kind: tuple(paths) for kind, paths in kinds.items()}, manifest_is_stale=manifest_is_stale)


def _read(
    root: Path, path: PurePosixPath, *, listed: Collection[PurePosixPath], is_wanted: bool, folders: set[PurePosixPath] | None = None
) -> bytes | None:
    """The bytes of a file, or None when there is none. Raises OutputError when something else stands in a wanted file's way.

    `folders` are those that were found to be folders before, to which the file's own are added.
    """
    known_folders = folders if folders is not None else set()
    for part in (path,) if path.parent in known_folders else (*reversed(path.parents[:-1]), path):
        place = root / part
        with _explained(place, "read"):
            try:
                mode = place.lstat().st_mode
                if part == path and stat.S_ISREG(mode):
                    return place.read_bytes()
            except FileNotFoundError:
                return None
            if stat.S_ISLNK(mode):
                raise OutputError(f"{place} is a symbolic link, and whgen writes through none; remove it and generate again", place)
            if part != path and stat.S_ISDIR(mode):
                known_folders.add(part)
                continue
            if is_wanted and not _gives_way(root, part, listed):
                wanted, found = ("folder", "file") if part != path else ("file", "folder" if stat.S_ISDIR(mode) else "special file")
                raise OutputError(f"a {found} that is not whgen's stands where a {wanted} belongs: move {place} away", place)
            return None
    return None


def _gives_way(root: Path, path: PurePosixPath, listed: Collection[PurePosixPath]) -> bool:
    """Whether all that stands at a path is ours: files and folders may change places between two renders."""
    folders = {folder for other in listed for folder in other.parents}
    found = [path, *(PurePosixPath(inner.relative_to(root).as_posix()) for inner in (root / path).rglob("*"))]
    return all(part in (folders if stat.S_ISDIR((root / part).lstat().st_mode) else listed) for part in found)


@contextlib.contextmanager
def _explained(place: Path, doing: str) -> Iterator[None]:
    """Turn the system's refusal into an OutputError that says what to do about it."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "check that the folder is yours to write and generate again")
        raise OutputError(f"cannot {doing} {place}: {error.strerror or error}; {hint}", place) from error
