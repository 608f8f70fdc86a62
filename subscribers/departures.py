"""Departures: an append-only file outside of the database that notes who must not be mailed.

    2026-11-21T10:00:00Z left 3f1c… patient        (or `suppressed`, `erased`, `returned`)

In: each leaving, suppression and erasure, by the keyed hash of the address; no address stands
here. Out: lines that a restored backup replays before anything may be sent. A line is on the disk
before the database commits: noting one that is then rolled back only errs towards silence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from django.conf import settings

Departure = Literal["left", "suppressed", "erased", "returned"]


def note_departures(
    kind: Departure, keys: Iterable[str], detail: str = "", *, at: datetime
) -> None:
    """Append a line for each keyed hash. `detail`: the list that was left, why suppressed.

    Nothing is noted where the settings name no file. Raises OSError when it cannot be written:
    then nothing is to be committed either.
    """
    if not settings.SUBSCRIBERS_DEPARTURES:
        return
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    lines = "".join(f"{moment} {kind} {key} {detail}".rstrip() + "\n" for key in keys)
    if not lines:
        return
    path = Path(settings.SUBSCRIBERS_DEPARTURES)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, lines.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
