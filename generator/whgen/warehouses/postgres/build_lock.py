"""How builds on one target of Postgres keep each other out: by advisory locks, which end with the session that has them."""

from __future__ import annotations

from whgen.dbt.lock_queries import BuildLock

# The first of the two numbers that name such a lock: other programs have theirs.
_OURS = 2003331438
BUILD_LOCK = BuildLock(
    # A build may take hours, in which the session that holds the lock asks nothing.
    introduce="select set_config('application_name', {who}, false), set_config('idle_session_timeout', '0', false)",
    alone=f"select pg_try_advisory_lock({_OURS}, {{name}})",
    together=f"select pg_try_advisory_lock_shared({_OURS}, {{name}})",
    # Since when a session of another role is there is not shown to everybody.
    holder=f"""
select
    session.application_name,
    to_char(session.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
from pg_locks as held
inner join pg_stat_activity as session
    on held.pid = session.pid
where
    held.locktype = 'advisory'
    and held.granted
    and held.objsubid = 2
    and held.database = (select oid from pg_database where datname = current_database())
    and held.classid = {_OURS}
    and held.objid = {{name}}
    and held.pid <> pg_backend_pid()
order by session.backend_start
""",
    longest=63,
)
