"""At most one at a time: a lock of the operating system on a file beside config.yaml.

The system lets go of it when its holder dies, however it dies. It is one machine's lock; several
machines on one database know their claims by the owner that stands in each (journal.py).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digest.errors import DeliveryError, Refused

QUEUE_LOCK = ".digest-queue.lock"


class Busy(Refused):
    """Another process holds the lock."""


@contextmanager
def only_one(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock `name` in `folder`. Raises Busy while another process holds it."""
    descriptor = hold(folder / name)
    try:
        yield
    finally:
        os.close(descriptor)


def hold(path: Path) -> int:
    """A descriptor of the file, made when missing and locked until it is closed.

    Raises Busy while another holds it, DeliveryError when it cannot be opened.
    """
    # The file stays: removing it would let two hold a lock, each on a file of its own.
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DeliveryError(
            f"the lock of sending cannot be opened ({error.strerror or error})",
            where=str(path),
            mend="It must be a file of ours in a folder that we may write to",
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is(descriptor, path):  # its holder put another in its place meanwhile
            raise BlockingIOError
    except BlockingIOError:
        os.close(descriptor)
        raise Busy(
            "another process is sending already",
            where=str(path),
            mend="Wait for it to end; `digest deliveries` shows how far it is",
        ) from None
    return descriptor


def _is(descriptor: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(descriptor), path.stat())
