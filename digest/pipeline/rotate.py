"""Rotate: a new data key, and every sealed text sealed anew by it; a new key for tokens.

In: the keys of the site, and every sealed column of every table. Out: the key file with the new
key first, rows under it, how many. Rows tell which key sealed them, so that a run killed at any
moment goes on where it was. Batches are short: nobody else waits. The hashing key never rotates.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Count

from digest.config import Config, DataKeys, Keys
from digest.config.keys import LOOK_AGAIN, is_in_environment, new_key, store_keys
from digest.delivery.lock import Busy, only_one
from digest.errors import Refused
from subscribers.errors import SubscribersError
from subscribers.sealing import SEALED, key_id, outdated_rows, sealed_columns, stored_rows

DATA, TOKENS = "DIGEST_DATA_KEY", "DIGEST_SECRET_KEY"
LOCK = ".digest-keys.lock"
BATCH = 300  # rows; a fraction of a second
# Pages that were let go still hold what stood in them, and so does the log of writes.
SWEEPS = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Seals:
    """How many texts lie in plain text, and how many under the key of each mark."""

    plain: int
    by_mark: Counter[bytes]

    def under(self, key: str) -> int:
        """Texts that this key sealed."""
        return self.by_mark[SEALED + key_id(key)]

    def under_none_of(self, keys: tuple[str, ...]) -> int:
        """Sealed texts that none of these keys opens."""
        return self.by_mark.total() - sum(self.under(key) for key in keys)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did."""

    new_key: bool  # whether one was made
    sealed: dict[str, int]  # column → texts that are stored anew
    unreadable: int  # texts that none of our keys opens; they stay as they are
    old_keys: int  # that stand in the key file still
    to_set: str = ""  # the new key that the environment must name first; then nothing was done

    def document(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {
            "done": not self.to_set,
            "new_key": self.new_key,
            "sealed": self.sealed,
            "unreadable": self.unreadable,
            "old_keys": self.old_keys,
            **({"to_set": self.to_set} if self.to_set else {}),
        }


def count_seals() -> Seals:
    """How every sealed column of every table lies."""
    marks: Counter[bytes] = Counter()
    for column in sealed_columns():
        for mark, texts in stored_rows(column).values_list("mark").annotate(texts=Count("pk")):
            marks[bytes(mark)] += texts
    return Seals(marks.pop(b"", 0), marks)


def rotate_data_key(
    config: Config, *, report: Report | None = None, wait: Callable[[float], None] = time.sleep
) -> Rotation:
    """Seal every text by a new key; or go on with that, if it was begun.

    No new key is made while an old one stands in the key file, or texts lie in another way than
    config.yaml says: a rotation was killed, or `privacy.encrypt_addresses` changed. Then what is
    begun is brought to its end. Raises Refused while another rotates, ConfigError.
    """
    with _alone(config.folder):
        keys: DataKeys = settings.SUBSCRIBERS_DATA_KEYS
        wanted = bool(settings.SUBSCRIBERS_SEAL)
        fresh = wanted and len(tuple(keys)) == 1 and not count_seals().plain
        if fresh and is_in_environment(DATA):
            return Rotation(False, {}, 0, 0, to_set=new_key())
        if fresh:
            store_keys(config.folder, DATA, (new_key(), *keys))
            keys.look()
            wait(2 * LOOK_AGAIN)  # until processes that run have it too
        sealed, unreadable = _seal_anew(report)
        _sweep()
        return Rotation(fresh, dict(sealed), unreadable, len(tuple(keys)) - 1)


def drop_old_keys(config: Config) -> Rotation:
    """Take the old data keys that seal nothing any more out of the key file.

    Raises Refused where the environment sets them, for it must be changed there; ConfigError.
    """
    with _alone(config.folder):
        keys: DataKeys = settings.SUBSCRIBERS_DATA_KEYS
        seals = count_seals()
        newest, *old = keys
        used = [key for key in old if seals.under(key)]
        if is_in_environment(DATA) and len(used) < len(old):
            raise Refused(
                f"{len(old) - len(used)} of the old keys seal nothing any more, but they come "
                "from the environment",
                where=DATA,
                mend=f"Leave {len(used)} of the {len(old)} after the newest one there",
            )
        if len(used) < len(old):
            store_keys(config.folder, DATA, (newest, *used))
            keys.look()
        return Rotation(False, {}, seals.under_none_of(tuple(keys)), len(used))


def rotate_tokens(config: Config, keys: Keys) -> str:
    """Sign links with a new key from now on; those signed before go on to work.

    Returns "" when done, else the key that the environment must name first. Raises ConfigError.
    """
    with _alone(config.folder):
        made = new_key()
        if is_in_environment(TOKENS):
            return made
        store_keys(config.folder, TOKENS, (made, *keys.secret_keys))
        return ""


def _seal_anew(report: Report | None) -> tuple[Counter[str], int]:
    total = sum(outdated_rows(column).count() for column in sealed_columns())
    sealed: Counter[str] = Counter()
    seen = unreadable = 0
    for column in sealed_columns():
        name, after = f"{column.model._meta.object_name}.{column.name}", 0
        while batch := _one_batch(column, after):
            after, done, failed = batch
            sealed[name] += done
            unreadable, seen = unreadable + failed, seen + done + failed
            if report:
                report(seen, max(seen, total))
    return sealed, unreadable


@transaction.atomic
def _one_batch(column: Any, after: int) -> tuple[int, int, int] | None:
    """The last row of the batch, how many were sealed, how many cannot be opened."""
    # Locked, so that what somebody changes meanwhile is not put back to what it was.
    rows = outdated_rows(column).filter(pk__gt=after).order_by("pk").select_for_update()
    found = list(rows.values_list("pk", "stored")[:BATCH])
    opened = []
    for pk, stored in found:
        try:
            opened.append(column.model(**{"pk": pk, column.name: column.read(bytes(stored))}))
        except SubscribersError:
            continue  # counted: it may be another site's, or its key was lost
    column.model._base_manager.bulk_update(opened, [column.name])
    return (found[-1][0], len(opened), len(found) - len(opened)) if found else None


def _sweep() -> None:
    """Where the database is a file: nothing of the old texts stays in it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    try:
        with connection.cursor() as cursor:
            for sweep in SWEEPS:
                cursor.execute(sweep)
    except OperationalError:
        raise Refused(
            "every text is sealed anew, but old ones may lie in free pages of the database",
            where="database",
            mend="Another process holds it: stop `digest run` and run this again",
        ) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with only_one(folder, LOCK):
            yield
    except Busy:
        raise Refused("another process changes the keys", mend="Wait for it to end") from None
