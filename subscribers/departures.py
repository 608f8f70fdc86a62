"""Departures: an append-only file outside of the database that notes who must not be mailed.

    2026-11-21T10:00:00+00:00 left 3f1c… patient        (or `suppressed`, `erased`, `returned`)
    2026-11-21T10:30:00+00:00 moved 3f1c… 9ab0…         (a new address: old key, new key)
    2026-11-21T10:45:00+00:00 began issue-7             (an issue began to go out)
    2026-11-21T11:00:00.000001+00:00 backup             (a backup was begun here)

In: each leaving, suppression, erasure and change of address, by the keyed hash of the address; no
address stands here. Out: lines that a restored backup replays before anything may be sent
(replay.py). A line is on the disk before the database commits: noting one that is then rolled back
only errs towards silence.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, cast, get_args

from django.conf import settings

Departure = Literal["left", "suppressed", "erased", "returned", "moved", "began"]
KEY = r"[0-9a-f]{64}|issue-[0-9]{1,9}"
LINE = re.compile(rf"(\S+) ({'|'.join(get_args(Departure))}) ({KEY})(?: (\S{{1,64}}))?")
# A line is written before its transaction commits: what a backup's snapshot did not see yet may
# stand a little before the mark of the backup.
MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Noted:
    """One line of the file."""

    at: datetime
    kind: Departure
    key: str  # a keyed hash, or `issue-7`
    detail: str = ""


def note_departures(
    kind: Departure, keys: Iterable[str], detail: str = "", *, at: datetime
) -> None:
    """Append a line for each keyed hash. `detail`: the list that was left, why suppressed, the

    keyed hash of the new address. An issue that began goes by `issue-7`.

    Nothing is noted where the settings name no file. Raises OSError when it cannot be written:
    then nothing is to be committed either.
    """
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    _append("".join(f"{moment} {kind} {key} {detail}".rstrip() + "\n" for key in keys))


def note_backup(*, at: datetime) -> None:
    """Mark that a backup is about to be taken. Raises OSError when it cannot be written."""
    _append(_mark(at) + "\n")


def departures_since(taken_at: datetime) -> tuple[list[Noted], list[str]]:
    """The lines since a backup, in the order of the file, and what is wrong with others.

    Raises OSError when the file cannot be read, and LookupError when it does not hold the mark of
    the backup: then it is another file, or an older copy.
    """
    noted: list[Noted] = []
    problems: list[str] = []
    marked, mark = False, _mark(taken_at)
    for number, line in _numbered():
        if line == mark:
            marked = True
        elif line.endswith(" backup") or not line:
            continue  # another backup's, or a line that was begun anew
        elif (one := _read(line)) is None:
            problems.append(f"line {number} is damaged and was passed over")
        elif marked or one.at >= taken_at - MARGIN:
            noted.append(one)
    if not marked:
        raise LookupError(mark)
    return noted, problems


def _append(lines: str) -> None:
    if not (lines and settings.SUBSCRIBERS_DEPARTURES):
        return
    path = Path(settings.SUBSCRIBERS_DEPARTURES)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # gone with the descriptor
        whole = lines.encode("ascii")
        if _ends_in_half_a_line(descriptor):
            whole = b"\n" + whole
        while whole:
            whole = whole[os.write(descriptor, whole) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_in_half_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _numbered() -> Iterator[tuple[int, str]]:
    path = Path(settings.SUBSCRIBERS_DEPARTURES)
    with path.open(encoding="ascii", errors="replace") as file:
        for number, line in enumerate(file, 1):
            yield number, line.removesuffix("\n")


def _read(line: str) -> Noted | None:
    if (found := LINE.fullmatch(line)) is None:
        return None
    at, kind, key, detail = found.groups()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return Noted(moment, cast(Departure, kind), key, detail or "")


def _mark(at: datetime) -> str:
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')} backup"
