"""The `database` key of config.yaml as Django wants it; SQLite and PostgreSQL (law 12)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Also where the server's own settings are laxer: a claim is on the disk before the wire (law 3).
POSTGRESQL_OPTIONS = "-c synchronous_commit=on"
# WAL lets readers go on while one writes; FULL puts a claim on the disk before the wire (law 3);
# IMMEDIATE takes the write lock at the start, so that no transaction fails half-way for it.
# What is deleted is overwritten (secure_delete): it names the ill.
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
    "PRAGMA secure_delete=ON;",
}


def database_settings(url: str, path: Callable[[str], Path]) -> dict[str, Any]:
    """Django's settings of one database. `path` makes a relative SQLite file absolute.

    A SQLite file that is not there yet is made here, whichever command opens it first, and for
    its owner only: it names the ill. SQLite gives its -wal and -shm files the same mode.
    """
    if url.startswith("sqlite:///"):
        file = path(url.removeprefix("sqlite:///"))
        with suppress(OSError):  # it is there, or cannot be made: then opening it says why
            file.touch(mode=0o600, exist_ok=False)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(file),
            "OPTIONS": SQLITE_OPTIONS,
        }
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    options["options"] = f"{options.get('options', '')} {POSTGRESQL_OPTIONS}".strip()  # last wins
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
