"""The consent record: who agreed to what, when, in which words. Only ever appended.

In: one event for some subscribers. Out: rows, each naming the wording by its hash; the same words
are stored once. Of somebody who is erased, a proof stays that is linked to nobody. No IP address is
asked for or kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from subscribers.models import ConsentProof, ConsentRecord, ConsentWording, Subscriber

NEWSLETTER = "newsletter"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How it came to an event. `form`: the page or file; `locale`: the language of its words."""

    actor: str
    source: str = ""
    form: str = ""
    locale: str = ""
    purpose: str = NEWSLETTER


def text_hash(text: str) -> str:
    """SHA-256 of the exact words, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def wording(text: str, *, at: datetime) -> ConsentWording | None:
    """The row of these words, made when they are new; None for no words.

    A wording's version is the day on which it was first used.
    """
    if not text:
        return None
    row, _ = ConsentWording.objects.get_or_create(
        text_hash=text_hash(text), defaults={"text": text, "version": at.date().isoformat()}
    )
    return row


def append(
    event: str,
    subscriber_ids: Iterable[int],
    list_name: str,
    circumstances: Circumstances,
    *,
    at: datetime,
    text: str = "",
) -> None:
    """A record for each of them. `event` is asked, confirmed or withdrawn; `at` when it was."""
    words = wording(text, at=at)
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            subscriber_id=subscriber_id,
            list_name=list_name,
            event=event,
            at=at,
            wording=words,
            source=circumstances.source,
            form=circumstances.form,
            locale=circumstances.locale,
            purpose=circumstances.purpose,
            actor=circumstances.actor,
        )
        for subscriber_id in subscriber_ids
    )


def keep_proof(subscriber: Subscriber, *, at: datetime) -> None:
    """What may stay of the consents of somebody who is erased at this moment.

    Per list the words agreed to, and the months of yes and no: nothing that leads back to the
    person. The rows' ids are random, for in order they would pair with the suppressions.
    """
    proofs: dict[tuple[str, str], ConsentProof] = {}
    for record in subscriber.consents.select_related("wording"):  # the oldest first
        of = record.list_name, record.purpose
        if record.event == "confirmed":
            proofs[of] = ConsentProof(
                pk=secrets.randbelow(2**62) + 1,
                list_name=record.list_name,
                purpose=record.purpose,
                text_hash=record.wording.text_hash if record.wording else "",
                confirmed_in=_month(record.at),
                erased_in=_month(at),
            )
        elif record.event == "withdrawn" and of in proofs:
            proofs[of].withdrawn_in = _month(record.at)
    ConsentProof.objects.bulk_create(proofs.values())


def _month(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m")
