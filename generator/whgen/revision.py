"""The specs of a commit, read out of git without checking anything out. The only door to git, which is the only program that is run.

In: a folder within a repository, and a name of a commit. Out: a folder with the files of then.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_READ = ("specs", "sources.lock")
"""What a project is compiled of, unless a spec names a file elsewhere."""
_SECONDS = 120


class RevisionError(Exception):
    """What was asked for cannot be read; with what to do."""

    def __init__(self, message: str, help_: str) -> None:
        super().__init__(message)
        self.help = help_


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit, and in words how it was found."""

    commit: str
    words: str


def found(root: Path, wanted: str | None, branch: str) -> Revision:
    """The commit that is wanted; or when none is, where the work of now left the main branch. Raises RevisionError."""
    if wanted is not None:
        commit = _commit(root, wanted)
        return Revision(commit=commit, words=_words(commit, wanted))
    _commit(root, "HEAD")
    for name in (f"origin/{branch}", branch):
        if _asked(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is None:
            continue
        base = _asked(root, "merge-base", "HEAD", name)
        if base is None:
            help_ = "fetch more of the history (`fetch-depth: 0` in a workflow), or name a commit with `--against`"
            raise RevisionError(f"this commit and `{name}` have no common ancestor here", help_)
        commit = base.decode().strip()
        return Revision(commit=commit, words=f"{commit[:8]} (where this work left {name})")
    raise RevisionError(f"there is no branch `{branch}`, here or at origin", "name a commit or a branch with `--against`")


def _words(commit: str, wanted: str) -> str:
    return commit[:8] if commit.startswith(wanted) else f"{commit[:8]} ({wanted})"


def _commit(root: Path, name: str) -> str:
    # A name that begins with a dash would be an option.
    answer = None if name.startswith("-") else _asked(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if answer is not None:
        return answer.decode().strip()
    if _asked(root, "rev-parse", "--git-dir") is None:
        raise RevisionError(f"{root} is in no git repository", "run `git init` and commit, or compare with a target: `--target NAME`")
    help_ = "commit something first" if name == "HEAD" else "`git log --oneline` and `git branch --all` list what there is"
    raise RevisionError(f"git knows no commit `{name}`", help_)


def head(root: Path) -> str | None:
    """The commit that is checked out, where there is one."""
    try:
        answer = _asked(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except RevisionError:
        return None
    return answer.decode().strip() if answer is not None else None


def read(root: Path, revision: Revision, folder: Path, *, everything: bool = False) -> None:
    """Write the files of a project as they were at a commit to a folder: what it is compiled of, or `everything` but what is generated."""
    names = _asked(root, "ls-tree", "-r", "-z", revision.commit, "--", *(() if everything else _READ))
    entries = [entry for entry in _entries(names or b"") if not (everything and entry[2].startswith("generated/"))]
    objects = b"".join(f"{digest}\n".encode() for _, digest, _ in entries)
    answer = _asked(root, "cat-file", "--batch", given=objects) if entries else b""
    for (mode, _, name), content in zip(entries, _contents(answer or b"", len(entries)), strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == "120000" and not content.startswith(b"/"):
            path.symlink_to(content.decode())
        else:
            path.write_bytes(content)


def _entries(listed: bytes) -> Iterator[tuple[str, str, str]]:
    """(mode, object, path relative to the folder) of each file; modules of others are left out."""
    for line in listed.split(b"\0"):
        if line:
            head, _, name = line.partition(b"\t")
            mode, kind, digest = head.decode().split()
            if kind == "blob":
                yield mode, digest, name.decode(errors="surrogateescape")


def _contents(answer: bytes, count: int) -> Iterator[bytes]:
    place = 0
    for _ in range(count):
        begin = answer.index(b"\n", place) + 1
        size = int(answer[place:begin].split()[2])
        yield answer[begin : begin + size]
        place = begin + size + 1


def _asked(root: Path, *words: str, given: bytes | None = None) -> bytes | None:
    """What git answers; None where it refuses. Raises RevisionError where there is no git."""
    program = shutil.which("git")
    if program is None:
        raise RevisionError("there is no git here", "install git, or compare with a target: `--target NAME`")
    done = _run([program, "-C", str(root), "--no-optional-locks", "--literal-pathspecs", *words], given)
    return done.stdout if done.returncode == 0 else None


def _run(words: Sequence[str], given: bytes | None) -> subprocess.CompletedProcess[bytes]:
    try:
        # What is given is empty rather than nothing, so that git never waits for a terminal.
        return subprocess.run(words, capture_output=True, check=False, timeout=_SECONDS, input=given or b"")
    except subprocess.TimeoutExpired as problem:
        raise RevisionError(f"git did not answer within {_SECONDS} seconds", "look whether it waits for something") from problem
