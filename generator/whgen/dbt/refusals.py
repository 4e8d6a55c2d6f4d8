"""What a server of a database says when it refuses something -> what that means, and what to do. A table, read from the top.

In: messages of libpq and Postgres. Neighbour: `failures`, which explains everything else.
"""

from __future__ import annotations

import re

_SETTINGS = "`profiles.yml` of the generated project names the variables that go before it"
_SORTED = "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
_REFUSALS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), headline, help_)
    for pattern, headline, help_ in (
        (
            r'connection to server at "(?P<at>[^"]+)".*?, port (?P<port>\d+) failed: Connection refused',
            "no server answers at {at}, port {port}",
            f"start it, or correct `host` and `port` of the target; {_SETTINGS}",
        ),
        (
            r'connection to server on socket "(?P<at>[^"]+)" failed: (?:Connection refused|No such file or directory)',
            "no server answers at the socket {at}",
            f"start it, or correct `host` and `port` of the target; {_SETTINGS}",
        ),
        (
            r'could not translate host name "(?P<at>[^"]+)"',
            "there is no host `{at}`",
            f"correct `host` of the target, or the network; {_SETTINGS}",
        ),
        (
            r'connection to server at "(?P<at>[^"]+)".*?failed: (?:timeout expired|Connection timed out|.*[Uu]nreachable|No route to host)',
            "{at} does not answer",
            "correct `host` of the target, ask for a way through the firewall, or raise `connect_timeout`",
        ),
        (
            r'password authentication failed for user "(?P<user>[^"]+)"',
            "the server refuses the password of `{user}`",
            "set the variable that `profiles.yml` of the generated project names as the password of the target, or correct `user`",
        ),
        (
            r"no password supplied",
            "the server asks for a password, and there is none",
            "set the variable that `profiles.yml` of the generated project names as the password of the target, or keep it in ~/.pgpass",
        ),
        (
            r"no pg_hba\.conf entry for host .*, user \"(?P<user>[^\"]+)\"",
            "the server lets `{user}` in from nowhere near here",
            "have an entry added to its pg_hba.conf, or give the target another `sslmode`",
        ),
        (
            r"server does not support SSL",
            "the server does not encrypt connections, and the target's `sslmode` demands it",
            "have encryption switched on, or lower `sslmode`",
        ),
        (
            r'FATAL:\s+database "(?P<name>[^"]+)" does not exist',
            "there is no database `{name}`",
            f'correct `dbname` of the target, or create it: CREATE DATABASE "{{name}}" TEMPLATE template0 {_SORTED}',
        ),
        (
            r'FATAL:\s+role "(?P<name>[^"]+)" does not exist',
            "the server knows no role `{name}`",
            f"correct `user` of the target, or create the role; {_SETTINGS}",
        ),
        (
            r"permission denied for (?P<kind>schema|database|table|view|sequence) (?P<name>\S+)",
            "the role that dbt logs in as may not use the {kind} `{name}`",
            "have it granted: USAGE on the schemas of sources, SELECT on their tables, and CREATE on the database",
        ),
        (
            r'relation "(?P<name>[^"]+)" does not exist',
            "there is no table `{name}`",
            "load or build it first, or correct `location:` of the source or `identifier:` of the table",
        ),
        (
            r'column "?(?P<name>[^"\s]+)"? does not exist',
            "the table that it reads has no column `{name}`",
            "correct the column's name in the spec, or the data",
        ),
        (
            r"(?P<what>operator does not exist: .*|function .* does not exist)",
            "{what}",
            "a column is of another type than the spec says: `whgen lock` finds out which, or declare `source_type:`",
        ),
    )
)


def explained_refusal(message: str) -> tuple[str, str] | None:
    """What a message of a server means, and what to do; None where it is best left as it is.

    >>> explained_refusal('FATAL:  role "ada" does not exist')[0]
    'the server knows no role `ada`'
    """
    for pattern, headline, help_ in _REFUSALS:
        if found := pattern.search(message):
            return headline.format(**found.groupdict()), help_.format(**found.groupdict())
    return None
