"""Codes of builds that are published when they are good."""

from __future__ import annotations

from whgen.diagnostics.code import Code

PUBLISH: tuple[Code, ...] = (
    Code(
        name="build-running",
        title="Another build is at work",
        what="A build of the target is under way, and another one was asked for.",
        why="Tables of the two would be mixed; with `publish: audited`, the last to end would undo what the other has published.",
        example="whgen build --target prod   # while the nightly build runs",
        fix="Wait until it is done. The message says whose it is, and since when; the lock of a process that has died is free.",
        at_run_time=True,
    ),
    Code(
        name="untested-build",
        title="A build without tests, where only tested ones are published",
        what="`whgen run` was asked to build a target with `publish: audited`.",
        why="What is published there has passed all tests of its run.",
        example="whgen run --target prod",
        fix="`whgen build` builds and tests. To build without tests, name another target.",
        at_run_time=True,
    ),
    Code(
        name="audit-needs-file",
        title="A database that cannot be copied",
        what="A target with `publish: audited` is in memory, or not on this machine.",
        why="The build works on a copy of the file.",
        example="whgen build --target prod   # with `path: ':memory:'`",
        fix="Name a file, or leave `publish: audited` away.",
        at_run_time=True,
    ),
    Code(
        name="not-published",
        title="A build that could not be published",
        what="The copy of the database could not be made, or not be put into its place.",
        why="The disk may be full, the folder read-only, or the file in use by a program that lets nobody replace it.",
        example="whgen build --target prod   # in a folder that is read-only",
        fix="Read the message of the system, mend it, and build again. What was there before is untouched.",
        at_run_time=True,
    ),
    Code(
        name="no-previous-build",
        title="Nothing to return to",
        what="`whgen rollback` was asked for, and the target has no build but the last.",
        why="Only `publish: audited` keeps the build before the last one.",
        example="whgen rollback --target dev",
        fix="Publish twice first; or correct the specs, and build again.",
        at_run_time=True,
    ),
)
