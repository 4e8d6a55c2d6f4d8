"""Codes of renames, of breaking changes, and of what is compared with what."""

from __future__ import annotations

from whgen.diagnostics.code import Code

CHANGE: tuple[Code, ...] = (
    Code(
        name="wrong-rename",
        title="A rename of something that is still there",
        what="`was:` names a column or table that the specs still have, or that something else says it was, too.",
        why="A rename is one thing with two names, one after the other. Its data moves from the old name to the new one.",
        example="""\
dimension: customer
from: shop.orders
key: order_id
columns:
  status: {}
  total: {column: amount, was: status}
""",
        fix="Remove `was:`, or the other column that has the name.",
    ),
    Code(
        name="unknown-change",
        title="An acknowledgement of no breaking change",
        what="An entry of `breaking:` does not begin with a kind of breaking change, or does not say of what.",
        why="An acknowledgement is of one change, which it names as `whgen plan` does.",
        example="""\
breaking: amount_in_euro
because: All readers moved in October.
changes: [column-dropped fact_order.amount]
""",
        fix="Copy the line that `whgen plan` prints.",
    ),
    Code(
        name="spent-acknowledgement",
        title="An acknowledgement that is spent",
        what="An entry of `breaking:` is of no change that is made here: it was made before, or never.",
        why="If it stayed, the same change would go through unseen the next time.",
        example="whgen plan   # after a breaking change was merged",
        fix="Remove the entry, and the document with its last one.",
        at_run_time=True,
    ),
    Code(
        name="unknown-revision",
        title="Nothing to compare with",
        what="The commit that the specs are compared with cannot be found: git does not know it, or there is no repository.",
        why="A plan is what goes from one state of the specs to another.",
        example="whgen plan --against origin/mian",
        fix="Name a commit, a tag or a branch. In a workflow fetch the history: `fetch-depth: 0`.",
        at_run_time=True,
    ),
    Code(
        name="broken-revision",
        title="Specs that were wrong before",
        what="The specs of the commit to compare with have errors, as this version of whgen sees it.",
        why="What specs with errors mean is not known, so nothing can be said of what changed.",
        example="whgen plan --against v0.1",
        fix="Compare with a later commit, or with what is built: `--target NAME`.",
        at_run_time=True,
    ),
    Code(
        name="cannot-defer",
        title="A target that cannot stand in",
        what="What a build of changes does not build should be read from another target, and cannot be.",
        why="A query on one target reads tables of another only where both are in one database; on BigQuery, in one location.",
        example="whgen build --changed --defer prod   # where dev and prod are files of their own",
        fix="Name a target beside the one that is built, or build the rest on this one first, and leave `--defer` out.",
        at_run_time=True,
    ),
    Code(
        name="nothing-to-compare",
        title="Nothing to compare",
        what="`whgen diff` was asked for tables of which one target, or both, hold none.",
        why="Rows can only be compared with rows.",
        example="whgen diff --target dev --against-target prod   # before the first build on dev",
        fix="Build the tables on both targets, or name others.",
        at_run_time=True,
    ),
    Code(
        name="migration-failed",
        title="A rename that the target refused",
        what="A table that keeps its rows - one that is added to, or a snapshot - could not be given the names that the specs have now.",
        why="A build would not find its rows under the new names, and would begin anew without them.",
        example="whgen build --target prod   # with a role that may not alter the table",
        fix="Give the role the right, or rename the table or column yourself: the next build sees that it is done.",
        at_run_time=True,
    ),
)
