"""Write: the rows of one moment → a sealed file, read back before it gets its name.

In: the open database and the keys. Out: a file for its owner only. Plain rows are nowhere but in
memory; what is not whole or does not read back never has the name that was asked for.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from digest import __version__
from digest.config import Keys
from digest.errors import Refused
from digest.pipeline import Progress
from digest.pipeline.backup import dump
from digest.pipeline.backup.seal import MAGIC, Sealing, new_header
from digest.pipeline.backup.verify import TOLD_EVERY, Verified, verify_backup
from subscribers.departures import note_backup


def write_backup(
    path: Path, keys: Keys, *, now: datetime, progress: Progress | None = None
) -> Verified:
    """Every row of now, in `path`; `progress` counts each row twice: written, and read back.

    An older backup of that name is replaced at the end. Raises Refused when the file or the
    departures file cannot be written, or another kind of file has the name.
    """
    _refuse_other_files(path)
    _note(now)
    with _beside(path) as (part, file):
        total = _fill(file, keys, now, progress)
        file.flush()
        os.fsync(file.fileno())

        def second_half(done: int, _: int) -> None:
            if progress:
                progress(total + done, 2 * total)

        verified = verify_backup(part, keys, progress=second_half)
        part.rename(path)
        _sync(path.parent)
    return replace(verified, path=path)


def _fill(file: IO[bytes], keys: Keys, now: datetime, progress: Progress | None) -> int:
    with dump.snapshot():
        header = new_header(
            keys,
            taken_at=now.astimezone(UTC).isoformat(timespec="microseconds"),
            version=__version__,
            schema=dump.schema(),
            counts=dump.counts(),
        )
        sealing = Sealing(file, header, keys)
        for count, line in enumerate(dump.lines()):
            sealing.write(line + b"\n")
            if progress and count % TOLD_EVERY == 0:
                progress(count, 2 * header.total)
        sealing.end()
    return header.total


def _note(now: datetime) -> None:
    """The departures file gets a mark first: a restore knows by it that the file is the one."""
    try:
        note_backup(at=now)
    except OSError as error:
        raise Refused(
            f"the departures file cannot be written ({error.strerror or error}), and without it "
            "a restored backup would mail people who left",
            where="privacy.departures",
            mend="Name a file in a folder that we may write to",
        ) from None


def _refuse_other_files(path: Path) -> None:
    try:
        with path.open("rb") as file:
            ours = file.read(len(MAGIC)) in (MAGIC, b"")
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from None
    if not ours:
        raise Refused("that file is no backup", where=str(path), mend="Choose another name")


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the same folder, for its owner only; gone again unless it was renamed."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield part, file
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> Refused:
    return Refused(
        f"the backup cannot be written ({error.strerror or error})",
        where=str(path),
        mend="Name a file in a folder that we may write to and that has room",
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
