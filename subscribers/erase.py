"""Everything about a person goes; a keyed hash stays, so that no import brings them back.

In: an address. Out: nothing of it, here or in the traces that the newsletter holds
(SUBSCRIBERS_TRACES names the class that finds them). Files go first and rows after them: as long
as a row tells what is to be removed, a killed erasure can be run again and ends.

    files (mails in a Maildir) ──► rows, in one commit ──► free pages of the database
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, Protocol

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from subscribers import limits
from subscribers.addresses import address_key, parse_address
from subscribers.consent import keep_proof
from subscribers.departures import note_departures
from subscribers.models import Asked, Request, Subscriber, Suppression

Erased = Literal["erased", "already_erased", "unknown"]
SMALL = 64 * 1024**2  # octets of a SQLite file that is rewritten in a fraction of a second


class Traces(Protocol):
    """What else names people, in rooms that this app does not know."""

    def __init__(self, subscriber_ids: Collection[int], keys: Collection[str]) -> None:
        """Some subscribers, and the keyed hashes of their addresses."""

    def remove_files(self) -> None:
        """Outside of any transaction of ours; done again, it does no harm."""

    def remove_rows(self) -> None:
        """In the transaction that erases them, while they are still there."""


def erase(address: str, *, now: datetime | None = None) -> Erased:
    """Erase the person behind this address. Raises BadAddress; OSError when a file stays.

    "unknown": nobody has this address; a mail that waited for it went all the same. An older,
    stronger suppression (bounce, complaint, operator) stays as it is. Of the mails asked for
    (`Asked`), only the keyed hash is kept, for those that ask to join: else a stranger could
    have the person asked again and again. These go after a year.
    """
    key, at = address_key(parse_address(address).address), now or timezone.now()
    person = Subscriber.objects.filter(address_key=key).first()
    traces = traces_of([person.pk] if person else [], _keys(key, person))
    traces.remove_files()
    with transaction.atomic():
        traces.remove_rows()
        result = _erase_rows(key, at)
        transaction.on_commit(overwrite_leftovers)
    return result


def erase_subscriber(subscriber: Subscriber, *, now: datetime | None = None) -> None:
    """Erase this subscriber, whatever their address is by now. Raises OSError as `erase` does."""
    mine = Subscriber.objects.filter(pk=subscriber.pk)
    while row := mine.first():  # again if their address changed at this very moment
        erase(row.address, now=now)


def traces_of(subscriber_ids: Collection[int], keys: Collection[str]) -> Traces:
    """What else names these subscribers, and these keyed hashes of their addresses."""
    find: type[Traces] = import_string(settings.SUBSCRIBERS_TRACES)
    return find(subscriber_ids, keys)


def overwrite_leftovers(largest: int | None = SMALL) -> bool:
    """On SQLite: no deleted byte stays in free pages or in the write-ahead log; True when done.

    `PRAGMA secure_delete` overwrites what is deleted, but now and then a page keeps a copy of a
    row that was moved to another; only rewriting the file (VACUUM) is sure to leave none. It
    holds up writers, so a file above `largest` octets is left to the daily retention (None: any
    size). False also when somebody reads or writes just then: the daily retention does it.
    PostgreSQL does this by itself (autovacuum).
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return False
    with suppress(OperationalError), connection.cursor() as cursor:
        pages, size = _pragma(cursor, "page_count"), _pragma(cursor, "page_size")
        small = largest is None or pages * size <= largest
        if small:
            cursor.execute("VACUUM")
        return _pragma(cursor, "wal_checkpoint(TRUNCATE)") == 0 and small
    return False


def _keys(key: str, person: Subscriber | None) -> list[str]:
    """Keyed hashes of the address and of the one they were about to change to.

    Not of that one where it is somebody else's: what waits for it may be theirs.
    """
    keys = [key]
    if person and person.new_address:
        other = address_key(person.new_address)
        if not Subscriber.objects.filter(address_key=other).exists():
            keys.append(other)
    return keys


def _erase_rows(key: str, at: datetime) -> Erased:
    person = Subscriber.objects.select_for_update().filter(address_key=key).first()
    requests, _ = Request.objects.filter(address_key=key).delete()
    # Not what is counted for an address they asked to change to: it may be somebody else's.
    Asked.objects.filter(address_key=key).exclude(purpose__in=limits.TO_JOIN).delete()
    if person is None and not requests:
        erased = Suppression.objects.filter(address_key=key, reason=Suppression.Reason.ERASED)
        return "already_erased" if erased.exists() else "unknown"
    if person is not None:
        keep_proof(person, at=at)
        person.delete()
    Suppression.objects.get_or_create(
        address_key=key, defaults={"reason": Suppression.Reason.ERASED, "at": at}
    )
    note_departures("erased", [key], at=at)
    return "erased"


def _pragma(cursor: Any, name: str) -> int:
    """The first number that a pragma answers; of a checkpoint, 0: it was not held up."""
    cursor.execute(f"PRAGMA {name}")
    return int(cursor.fetchone()[0])
