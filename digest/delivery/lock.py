"""At most one sender: a lock of the operating system on a file beside config.yaml.

The system lets go of it when its holder dies, however it dies; so whoever holds it knows that
a row left `claimed` belongs to nobody. It is one machine's lock: senders on several machines
need one of the database.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digest.errors import Refused

SEND_LOCK = ".digest-send.lock"
QUEUE_LOCK = ".digest-queue.lock"


class Busy(Refused):
    """Another process holds the lock."""


@contextmanager
def only_one(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock `name` in `folder`. Raises Busy while another process holds it."""
    # The file stays: removing it would let two hold a lock, each on a file of its own.
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                "another process is sending already",
                where=str(folder / name),
                mend="Wait for it to end; `digest deliveries` shows how far it is",
            ) from None
        yield
    finally:
        os.close(descriptor)
