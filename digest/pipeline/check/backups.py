"""Whether a backup could be restored as it should: the departures file, and a restore that waits.

In: the configuration. Out: findings; the file is opened to be written, and nothing is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from digest.config import Config
from digest.errors import DigestError
from digest.pipeline.backup.paused import refuse_unreleased
from digest.pipeline.check.finding import Finding, error, ok, warning

KEY = "privacy.departures"


def examine(config: Config) -> Iterator[Finding]:
    """Without that file nobody can leave, and a restored backup would mail who had left."""
    try:
        refuse_unreleased()
    except DigestError as refusal:
        yield warning("database", refusal.what, refusal.mend)
    path = config.path(config.privacy.departures)
    if problem := _unwritable(path):
        yield error(
            KEY,
            f"the departures file cannot be written ({problem}), so nobody can leave a list",
            "Name a file in a folder that we may write to",
        )
    elif _beside_database(config, path):
        hint = "What destroys the one takes the other: better on another disk, or copied often"
        yield ok(KEY, "it can be written; it lies in the same folder as the database", hint)
    else:
        yield ok(KEY, "it can be written")


def _unwritable(path: Path) -> str:
    """Why it cannot be written; "" when it can. One that is not there yet is not made."""
    if not path.exists():
        if path.parent.is_dir() and os.access(path.parent, os.W_OK | os.X_OK):
            return ""
        return f"the folder {path.parent} is not there, or is not ours to write to"
    try:
        os.close(os.open(path, os.O_RDWR | os.O_APPEND))
    except OSError as trouble:
        return trouble.strerror or str(trouble)
    return ""


def _beside_database(config: Config, path: Path) -> bool:
    file = config.database.removeprefix("sqlite:///")
    return file != config.database and config.path(file).parent == path.parent
