"""Forget: what the newsletter holds of a person who is erased, and mails to people who were.

In: subscribers' ids and keyed hashes of their addresses. Out: deliveries that name nobody (the
counts of an issue stay true), no events of theirs, no mail that waits, no mail in our Maildir.
A mail that is under way at that moment goes; `forget_mails` finds its file in the next night.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from email.utils import parseaddr
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from digest.config import Config
from digest.delivery.headers import ascii_domain
from digest.delivery.transports.maildir import file_name
from digest.errors import Refused
from digest.models import Delivery, QueuedMail, StoredEvent
from subscribers.addresses import address_key
from subscribers.erase import Erased, erase
from subscribers.models import Subscriber
from subscribers.suppression import suppressed_keys

HEADERS = 16_384  # octets in which the headers of a mail of ours end
RECIPIENT = re.compile(rb"^To:((?:.|\n[ \t])*)", re.MULTILINE | re.IGNORECASE)
MAILS_AT_ONCE = 500
Mail = tuple[Path, str]  # a file, and the keyed hash of whom it is to


def forget(address: str, *, now: datetime) -> Erased:
    """Erase the person behind this address, as `subscribers.erase.erase` does.

    Raises BadAddress, and Refused when a file of theirs stays: then their rows are as they were.
    """
    try:
        return erase(address, now=now)
    except OSError as error:
        raise Refused(
            f"nothing is erased yet: {error.strerror or 'a file cannot be removed or written'}",
            where=str(error.filename or ""),
            mend="Mend that, then erase them again",
        ) from None


class Traces:
    """What else names people; SUBSCRIBERS_TRACES of the settings."""

    def __init__(self, subscriber_ids: Collection[int], keys: Collection[str]):
        self._keys = frozenset(keys)
        self._deliveries = Delivery.objects.filter(subscriber_id__in=subscriber_ids)

    def remove_files(self) -> None:
        """Their mails in our Maildir: by the deliveries that row for row name them, whatever

        address they had then, and by the address in `To:` (confirmations, tests). Raises OSError.
        """
        config: Config = settings.CONFIG
        if (outbox := _maildir(config)) is None:
            return
        host = ascii_domain(config.sender.address.rpartition("@")[2])
        references = self._named().values_list("reference", flat=True)
        names = {file_name(f"<{reference}@{host}>") for reference in references}
        for path, key in _mails(outbox):
            if path.name.partition(":")[0] in names or key in self._keys:
                path.unlink(missing_ok=True)

    def remove_rows(self) -> None:
        """Events and waiting mails go; deliveries stay as numbers.

        A row that a sender has in hand keeps its claim, and its state will be true.
        """
        StoredEvent.objects.filter(reference__in=self._named().values("reference")).delete()
        QueuedMail.objects.filter(recipient_key__in=self._keys).delete()
        empty(self._deliveries)

    def _named(self) -> QuerySet[Delivery]:
        return self._deliveries.exclude(reference="")


def empty(deliveries: QuerySet[Delivery]) -> int:
    """Leave of them what counts: issue, audience, state, attempts and time. Returns how many."""
    return deliveries.update(subscriber=None, detail="", reference="")


def forget_mails(config: Config, *, dry_run: bool = False) -> int:
    """Remove mails in our Maildir to people who were erased; how many there are.

    They are known by the keyed hash in `To:`: it is suppressed, and no subscriber has it. So a
    killed erasure, and one that met a mail under way, ends here. Raises OSError.
    """
    found = 0
    if (outbox := _maildir(config)) is not None:
        mails = _mails(outbox)
        while some := list(islice(mails, MAILS_AT_ONCE)):
            gone = _erased({key for _, key in some if key})
            for path in (path for path, key in some if key in gone):
                found += 1
                if not dry_run:
                    path.unlink(missing_ok=True)
    return found


def _erased(keys: set[str]) -> set[str]:
    known = Subscriber.objects.filter(address_key__in=keys).values_list("address_key", flat=True)
    return suppressed_keys(keys).difference(known)


def _maildir(config: Config) -> Path | None:
    transport = config.transport
    return config.path(transport.path) if transport.kind == "maildir" else None


def _mails(outbox: Path) -> Iterator[Mail]:
    """Every mail of a Maildir, also what a killed sender left in tmp/."""
    for folder in ("tmp", "new", "cur"):
        with suppress(FileNotFoundError):
            # Listed first: files go while we walk.
            for path in [Path(entry.path) for entry in os.scandir(outbox / folder)]:
                with suppress(FileNotFoundError, IsADirectoryError):
                    yield path, _recipient_key(path)


def _recipient_key(path: Path) -> str:
    """The keyed hash of whom a mail is to; "" for a file that says it of nobody."""
    with path.open("rb") as file:
        head = file.read(HEADERS).replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = RECIPIENT.search(head)
    _, address = parseaddr(found[1].decode("utf-8", "replace")) if found else ("", "")
    return address_key(address) if address else ""
