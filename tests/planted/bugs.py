"""The bugs: which text of which file becomes which other, and the project in whose rehearsal that must show."""

from __future__ import annotations

from dataclasses import dataclass

HISTORY, FACT, DIMENSION = "generator/whgen/plan/history.py", "generator/whgen/plan/fact.py", "generator/whgen/plan/dimension.py"
STAGING, SQL = "generator/whgen/plan/staging.py", "generator/whgen/plan/sql.py"
INCREMENT = "generator/whgen/dialects/incremental.py"
OF_DIMENSION, OF_FACT, OF_STAGING = (f"templates/models/{noun}.sql.j2" for noun in ("dimension", "fact", "staging"))


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug by its name."""

    name: str
    project: str
    file: str
    old: str
    new: str


BUGS = (
    Bug("as of: the end of a version is part of it", "ties", HISTORY, "({moment} < {alias}.valid_to", "({moment} <= {alias}.valid_to"),
    Bug("as of: the beginning of a version is not", "ties", HISTORY, "({moment} >= {alias}.valid_from OR", "({moment} > {alias}.valid_from OR"),
    Bug("as of, before_first unknown: the beginning is not", "ties", HISTORY, 'f"{moment} >= {alias}.valid_from"', 'f"{moment} > {alias}.valid_from"'),
    Bug("as of: before the first, the last version", "ties", HISTORY, "LAG(valid_from) OVER ({in_order}) IS NULL AS is_first", "LEAD(valid_from) OVER ({in_order}) IS NULL AS is_first"),
    Bug("the last version is the first", "ties", HISTORY, "LEAD(valid_from) OVER ({in_order}) IS NULL AS is_last", "LAG(valid_from) OVER ({in_order}) IS NULL AS is_last"),
    Bug("versions: a missing value equals every other", "revival", HISTORY, 'f"{name} IS DISTINCT FROM {_before(n)}" for', 'f"{name} <> {_before(n)}" for'),
    Bug("versions: a delete begins nothing", "revival", HISTORY, 'f"{_GONE} <> {_WAS_GONE}", ', ""),
    Bug("versions: the first row begins nothing", "ties", HISTORY, 'f"{_WAS_GONE} IS NULL", ', ""),
    Bug("versions: no flag is a delete", "revival", HISTORY, "deleted = exp.Coalesce(this=history.deleted.on(dialect.name), expressions=[exp.false()])", "deleted = exp.Coalesce(this=history.deleted.on(dialect.name), expressions=[exp.true()])"),
    Bug("versions: every row is alive", "revival", HISTORY, "if history.deleted is not None:\n        deleted =", "if False:\n        deleted ="),
    Bug("type 0 is the last value", "revival", HISTORY, "{self._alive} valid_from) AS {name}\",)", "{self._alive} valid_from DESC) AS {name}\",)"),
    Bug("type 1 is the first value", "revival", HISTORY, "{self._alive} valid_from DESC) AS {name}\",)", "{self._alive} valid_from) AS {name}\",)"),
    Bug("type 1 also of rows that say that the member is gone", "revival", HISTORY, "PARTITION BY {key}, {_GONE} ORDER BY", "PARTITION BY {key} ORDER BY"),
    Bug("type 3: a missing value was none before", "revival", HISTORY, "CASE WHEN {name} IS DISTINCT FROM", "CASE WHEN {name} <>"),
    Bug("type 3: the first change", "ties", HISTORY, "ORDER BY {changed}, valid_from DESC", "ORDER BY {changed}, valid_from"),
    Bug("snapshots do not see what is gone", "revival", HISTORY, '"hard_deletes": "new_record"', '"hard_deletes": "ignore"'),
    Bug("snapshots watch one column", "revival", HISTORY, "if c.name in read] or", "if c.name in read][:1] or"),
    Bug("versions end where the one before begins", "reverse", OF_DIMENSION, "ORDER BY valid_from) AS valid_to", "ORDER BY valid_from DESC) AS valid_to"),
    Bug("deleted versions stay", "revival", OF_DIMENSION, "    WHERE NOT _is_deleted\n", ""),
    Bug("extracts: a member that the next one lacks stays", "revival", OF_DIMENSION, "(followed._next_here IS NULL OR followed._next_here > extracts._next_extract)", "followed._next_here > extracts._next_extract"),
    Bug("extracts: a member that comes back was never gone", "revival", OF_DIMENSION, "(followed._next_here IS NULL OR followed._next_here > extracts._next_extract)", "followed._next_here IS NULL"),
    Bug("history: the filter of the dimension is dropped", "revival", OF_DIMENSION, "[%- if model.where %]\n    WHERE\n        [[ all_of(model.where) | indent(8) ]]\n[%- endif %]\n\n),\n[% if", "\n\n),\n[% if"),
    Bug("a special member is dropped", "composite_keys", OF_DIMENSION, "\n\n    UNION ALL\n\n    SELECT[[ model.not_found | indent(4) ]]", ""),
    Bug("inferred members come twice", "composite_keys", OF_DIMENSION, "SELECT DISTINCT[[ model.inferred.columns", "SELECT[[ model.inferred.columns"),
    Bug("inferred members stay beside the real ones", "composite_keys", DIMENSION, '''            f"members.{dialect.name_sql(dimension.surrogate_key)} IS NULL",\n''', ""),
    Bug("first values are not kept", "composite_keys", DIMENSION, "THEN existing.{name} ELSE current_rows.{name}", "THEN current_rows.{name} ELSE current_rows.{name}"),
    Bug("an inferred member never gets its first value", "composite_keys", DIMENSION, "WHEN NOT existing.is_inferred THEN", "WHEN existing.is_inferred IS NOT NULL THEN"),
    Bug("the filter of a dimension is dropped", "composite_keys", DIMENSION, "where=conditions(dimension.where, dialect, table=table)", "where=()"),
    Bug("declared values of special members are dropped", "composite_keys", DIMENSION, "    if declared is not None:\n        return declared\n", ""),
    Bug("facts lose rows without a partner", "composite_keys", OF_FACT, "LEFT JOIN [[ lookup.alias ]]", "INNER JOIN [[ lookup.alias ]]"),
    Bug("the filter of a fact is dropped", "composite_keys", FACT, "where=conditions(fact.where, dialect, table=table)", "where=()"),
    Bug("the default of a measure is dropped", "composite_keys", FACT, "if measure.default is not None:", "if measure.default is None:"),
    Bug("a key is missing only where all of it is", "composite_keys", SQL, "return exp.or_(*tests, copy=False)", "return exp.and_(*tests, copy=False)"),
    Bug("missing: unknown is not looked up", "composite_keys", FACT, 'return role.dimension if role.missing == "unknown" or role.dimension.history', "return role.dimension if role.dimension.history"),
    Bug("what is not found is unknown", "composite_keys", FACT, "exp.Literal.string(NOT_FOUND_MEMBER)", "exp.Literal.string(UNKNOWN_MEMBER)"),
    Bug("days after the calendar have keys", "reverse", FACT, "high=literal(calendar.last.isoformat(), DATE)", "high=literal('9999-12-31', DATE)"),
    Bug("days before the calendar have keys", "reverse", FACT, "low=literal(calendar.first.isoformat(), DATE)", "low=literal('0001-01-01', DATE)"),
    Bug("keys: texts without their length", "composite_keys", SQL, "exp.DPipe(this=exp.DPipe(this=_length(text), expression=exp.Literal.string(\":\")), expression=text)", "text"),
    Bug("keys: instants in seconds", "ties", SQL, "node = exp.UnixMicros(this=column)", "node = exp.UnixSeconds(this=column)"),
    Bug("dedupe: missing values come first", "composite_keys", STAGING, "nulls_first=False", "nulls_first=True"),
    Bug("dedupe: the other way round", "composite_keys", STAGING, "desc=o.descending", "desc=not o.descending"),
    Bug("dedupe: drafts take part", "ties", STAGING, "where=conditions(staging.dedupe.where, dialect)", "where=()"),
    Bug("dedupe: two rows of each key", "composite_keys", STAGING, 'f"{ROW_NUMBER} = 1"', 'f"{ROW_NUMBER} <= 2"'),
    Bug("dedupe: after the filter", "ties", OF_STAGING, "FROM [[ model.ranking.reads ]]\n[%- if model.ranking.where %]\n    WHERE\n", "FROM [[ model.ranking.reads ]]\n[%- if model.ranking.where %]\n    WHERE NOT COALESCE(is_void, FALSE) AND\n"),
    Bug("the filter of a staging table is dropped", "composite_keys", STAGING, "else conditions(staging.where, dialect),", "else (),"),
    Bug("nothing is trimmed", "composite_keys", SQL, "    if arrival.trim:\n", "    if arrival.trim is None:\n"),
    Bug("one value of null_if", "reverse", SQL, "for value in arrival.null_if:", "for value in arrival.null_if[:1]:"),
    Bug("upper is lower", "composite_keys", SQL, 'if arrival.case == "upper" else', 'if arrival.case == "lower" else'),
    Bug("no default for missing values", "composite_keys", SQL, "    if cleaning.default is not None:\n", "    if cleaning.default is None and cleaning.column is None:\n"),
    Bug("union: all rows are of the first table", "reverse", OF_STAGING, "    FROM [[ branch.relation ]]", "    FROM [[ model.branches[0].relation ]]"),
    Bug("increments: no look-back", "increments", INCREMENT, ">= (SELECT {window.start(f'MAX({window.column})')} FROM {THIS})", ">= (SELECT MAX({window.column}) FROM {THIS})"),
    Bug("increments: the newest row that stays comes twice", "increments", INCREMENT, 'rows=f"{window.column} > (', 'rows=f"{window.column} >= ('),
    Bug("increments by load: no look-back", "increments", INCREMENT, "SELECT COALESCE({window.start(f'MAX({window.column})')}, {lowest})", "SELECT COALESCE(MAX({window.column}), {lowest})"),
    Bug("increments by load: what is left out stays", "increments", INCREMENT, "    if window.where:\n", "    if not window.where:\n"),
)  # fmt: skip
