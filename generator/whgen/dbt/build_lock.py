"""Keeps other builds of a target away, by a lock that its server keeps for one session. The lock dies with the process.

In: an invocation, and the queries of the warehouse. The session is one of its own, opened as dbt opens those of a build, which come and go.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import socket
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from whgen.dbt.events import Invocation
from whgen.dbt.lock_queries import BuildLock
from whgen.dbt.run import DbtError
from whgen.dbt.session import refusals, session


class HeldError(Exception):
    """Another build has the lock; the text says whose it is, and since when."""


@contextlib.contextmanager
def locked(invocation: Invocation, lock: BuildLock, schemas: tuple[str, ...], group: str) -> Iterator[None]:
    """Hold the lock of the schemas. Raises HeldError, and DbtError where the server does not answer.

    Groups of a schedule write different tables, and a scheduler may run some at once: so each takes the lock together with other groups,
    and one of its own alone.
    """
    with contextlib.ExitStack() as held:
        handle = None
        # Who cannot log in cannot build either, and is told why by the build.
        with contextlib.suppress(*refusals()), session(invocation):
            handle = _opened(invocation)
        if handle is not None:
            held.callback(handle.close)
            _ask(handle, lock.introduce.format(who=_quoted(_who(invocation.command, lock.longest))))
            target = ",".join(schemas)
            _take(handle, lock, target, lock.together if group else lock.alone)
            if group:
                _take(handle, lock, f"{target}/{group}", lock.alone)
        yield


def _take(handle: Any, lock: BuildLock, what: str, query: str) -> None:
    name = int.from_bytes(hashlib.sha256(what.encode()).digest()[:4]) & 0x7FFFFFFF
    if _ask(handle, query.format(name=name))[0][0]:
        return
    found = _ask(handle, lock.holder.format(name=name))
    if not found:
        # It ended between the two questions.
        raise HeldError("it was at it a moment ago")
    who, since = found[0]
    raise HeldError(f"{who} has been at it since {since} UTC" if since else f"{who} is at it")


def _ask(handle: Any, query: str) -> list[tuple[Any, ...]]:
    try:
        with handle.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    except refusals() as refusal:
        raise DbtError(str(refusal)) from refusal


def _opened(invocation: Invocation) -> Any:
    from dbt.adapters.contracts.connection import Connection, ConnectionState
    from dbt.adapters.factory import FACTORY
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context

    folder = str(invocation.project)
    set_from_args(Namespace(profiles_dir=folder, project_dir=folder, target=invocation.target), None)
    set_invocation_context(os.environ)
    credentials = load_profile(folder, {}, target_override=invocation.target).credentials
    manager = FACTORY.get_adapter_class_by_name(credentials.type).ConnectionManager
    wanted = Connection(type=credentials.type, name="whgen lock", state=ConnectionState.INIT, credentials=credentials)
    handle = manager.open(wanted).handle
    # A session that waits within a transaction would keep the server from tidying up, and may be ended for it.
    handle.rollback()
    handle.autocommit = True
    return handle


def _who(command: str, longest: int) -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    end = f" (process {os.getpid()}, whgen {command})"
    # Servers keep ASCII alone.
    name = f"{user} on {socket.gethostname()}".encode("ascii", "replace").decode()
    return name[: longest - len(end)] + end


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
