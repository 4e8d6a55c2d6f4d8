"""Secrets that got into a text: tokens and keys by their shapes, passwords by the keys that they stand behind.

A text that only looks random is none: hashes and codes are data. What is found is reported without being shown.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from whgen.diagnostics.diagnostic import Report
from whgen.spec.document import Path, ReadDocument, Value
from whgen.spec.text import SourceText

# What each shape begins with is looked for first, since that takes no time.
_SHAPES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("an access key of AWS", ("AKIA", "ASIA"), re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])(?<!EXAMPLE)")),
    (
        "a token of GitHub",
        ("gh", "github_pat_"),
        re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ),
    ("a token of GitLab", ("glpat-",), re.compile(r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}")),
    ("an API key of Google", ("AIza",), re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
    ("an access token of Google", ("ya29.",), re.compile(r"(?<![A-Za-z0-9])ya29\.[A-Za-z0-9_-]{20,}")),
    ("a token of Slack", ("xox",), re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("a token of Databricks", ("dapi",), re.compile(r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?![0-9a-f])")),
    ("a key of Stripe", ("k_live_",), re.compile(r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{16,}")),
    ("a web token", ("eyJ",), re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")),
    (
        "a private key",
        ("PRIVATE KEY-----",),
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\\n|\\r|\s)*[A-Za-z0-9+/=]{16}"
            r"(?:[A-Za-z0-9+/=\s\\,:-]*?-----END [A-Z0-9 ]*-----)?"
        ),
    ),
    ("a password in an address", ("://",), re.compile(r"(?<=://)[^\s/:@'\"]*:(?P<secret>[^\s/@'\"]+)@")),
    (
        "a password in a connection string",
        ("assword=", "ASSWORD=", "wd=", "WD="),
        re.compile(r"(?<=[;?&\s'\"])(?i:password|passwd|pwd)=(?P<secret>[^\s;&'\",}\]]{3,})"),
    ),
)
_CONNECTION = re.compile(r"(?i)(?:^|[;?&\s'\"])(?:host|hostaddr|server|data source|user|user id|uid|dbname|database)=|://")
_SECRET_WORDS = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "private_key",
    "access_key",
    "credential",
)
_SECRET_KEY = re.compile(rf"(?i)(?:^|.*[_-])(?:{'|'.join(_SECRET_WORDS)}|secret_key|credentials)")
_PLACEHOLDER = re.compile(
    r"(?i)[<\[%*$].*|(.)\1*|\.\.\.|(?:your|my|the|some)[_-].*|password|passwd|pass|pwd|secret|token|change_?me|example"
    # Where a vault keeps it is no secret.
    r"|(?:projects|vault|arn|env|op|sm|kv|gs|s3|file|https?|secrets?)[:/].*"
)
_TEXTS_OF_ANY_KIND = ("meta", "dbt")
_PLACES = ("targets", "location")
# A shorter one may stand elsewhere by chance.
_WORD = 6
_HELP = "take it out, and have it replaced where it was issued; generated profiles read credentials from environment variables"


def report_secrets(source: SourceText, report: Report) -> None:
    """Report the secrets in a text that have a known shape."""
    for start, end, kind in _found(source.text):
        span = source.span(start, end)
        report.hide(span, source.text[start:end])
        # Messages quote what YAML makes of it.
        report.hide(span, source.text[start:end].replace("\\n", "\n").replace("\\r", "\r"))
        report.error("secret-in-spec", span, f"this is {kind}, which everyone can read who can read the specs", help=_HELP)


def report_passwords(read: ReadDocument, report: Report) -> None:
    """Report literal passwords of a document: behind keys that say so, where free text stands or connections are described."""
    document = read.document
    written = document.source.text.lower()
    # An escape such as \x70 writes a key in another way.
    if "\\" not in written and not any(word in written for word in _SECRET_WORDS):
        return
    for path, text in _texts(read.value, ()):
        key = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
        if _SECRET_KEY.fullmatch(key) and not _PLACEHOLDER.fullmatch(text) and _can_be_one(path, text):
            span = document.span(*path)
            report.hide(span, text)
            for other in re.finditer(re.escape(text), document.source.text) if len(text) >= _WORD else ():
                report.hide(document.source.span(other.start(), other.end()), text)
            report.error("secret-in-spec", span, f"`{key}` is given as it is, where everyone can read it", help=_HELP)


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    for kind, beginnings, shape in _SHAPES:
        if not any(beginning in text for beginning in beginnings):
            continue
        for match in shape.finditer(text):
            group = "secret" if "secret" in shape.groupindex else 0
            if _is_secret(kind, match[group], text, match.start()):
                yield match.start(group), match.end(group), kind


def _is_secret(kind: str, found: str, text: str, start: int) -> bool:
    if _PLACEHOLDER.fullmatch(found):
        return False
    if kind == "a web token":
        return _is_header(found.split(".")[0])
    if kind == "a password in a connection string":
        line = text[text.rfind("\n", 0, start) + 1 : start]
        return _CONNECTION.search(line) is not None
    # Real keys are random; `ghp_xxxxxxxx...` in a description is not.
    return "password" in kind or len(set(found)) >= 10


def _is_header(part: str) -> bool:
    try:
        return b'"alg"' in base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        return False


def _texts(value: Value, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def _can_be_one(path: Path, text: str) -> bool:
    """Whether a value can be a secret at its place: `password: string` among columns describes one."""
    if any(part in _TEXTS_OF_ANY_KIND for part in path[:-1]):
        return len(text) >= _WORD and re.fullmatch(r"(?=.*[0-9])(?=.*[A-Za-z])\S+", text) is not None
    return path[0] in _PLACES
