"""What a connection to BigQuery lacks to log in, as far as that shows without a network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
_MACHINE = Path("/sys/class/dmi/id/product_name")


def missing_login(settings: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is missing, and what to do; None when there is a login, or only Google can tell."""
    method = str(settings.get("method", "oauth"))
    if method == "service-account":
        keyfile = str(settings.get("keyfile") or "")
        if not keyfile:
            return (
                "the method is `service-account`, and no key file is named",
                "set {variable}_KEYFILE to its path",
            )
        if not Path(keyfile).is_file():
            return "the key file of the service account is not there", "set {variable}_KEYFILE to its path"
    if method != "oauth" or _is_of_google():
        return None
    if named := os.environ.get(_VARIABLE):
        found = Path(named).is_file()
        return (
            None if found else (f"`{_VARIABLE}` names a file that is not there", "correct the variable, or unset it and log in with gcloud")
        )
    if _of_gcloud().is_file():
        return None
    return (
        "there are no credentials of Google's on this machine",
        "log in with `gcloud auth application-default login`; or set {variable}_METHOD to `service-account` and {variable}_KEYFILE to the\n"
        "path of its key",
    )


def _of_gcloud() -> Path:
    if folder := os.environ.get("CLOUDSDK_CONFIG"):
        return Path(folder) / "application_default_credentials.json"
    base = Path(os.environ["APPDATA"]) if os.name == "nt" and "APPDATA" in os.environ else Path.home() / ".config"
    return base / "gcloud" / "application_default_credentials.json"


def _is_of_google() -> bool:
    """Whether this is a machine of Google's, which has a login of its own."""
    try:
        return "Google" in _MACHINE.read_text(encoding="utf-8") or "K_SERVICE" in os.environ
    except OSError:
        return "K_SERVICE" in os.environ
