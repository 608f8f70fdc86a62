"""How often a page or an operator's order may bring a mail to an address, whoever asks.

In: the keyed hash of an address and what the mail is for. Out: yes or no, and a row of `Asked` for
each mail that goes out. Nobody can use our pages to bother somebody else, nor to make us a source
of unwanted mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max

from subscribers.models import Asked, ConsentRecord, Membership, Subscriber

DAY, YEAR = timedelta(hours=24), timedelta(days=365)
A_YEAR = 3  # mails a year to an address that does not confirm
AT_ONCE = 5000  # addresses in one statement
ASKERS = 5_141_907  # PostgreSQL's number of the lock that those who ask take in turn
Purpose = Asked.Purpose
TO_JOIN = {Purpose.CONFIRM, Purpose.ORDER}


def one_at_a_time() -> None:
    """Whoever is about to ask somebody by mail waits here, until the other's transaction ends.

    Call it first in the transaction: else two who ask at the same moment both find that nobody
    has asked yet. SQLite needs nothing, for its writers take turns (BEGIN IMMEDIATE).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ASKERS])


def allows(address_key: str, purpose: Asked.Purpose, *, now: datetime) -> bool:
    """Whether an address may get one more mail for this purpose.

    One in 24 hours and three a year, whatever they were for, and counted anew once the person has
    confirmed: for that shows whose address it is. A member's link counts by itself, and may be
    asked for each day. The same whether a public page or an operator brings the mail about.
    """
    return address_key in _allowed([address_key], purpose, now=now)


def take(subscriber_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Those whom an operator's order may ask by mail to confirm, in order; each is counted.

    In the transaction that puts them down, which called `one_at_a_time` first.
    """
    taken: list[int] = []
    for start in range(0, len(subscriber_ids), AT_ONCE):
        some = Subscriber.objects.filter(pk__in=subscriber_ids[start : start + AT_ONCE])
        keys = dict(some.order_by("pk").values_list("pk", "address_key"))
        allowed = _allowed(list(keys.values()), Purpose.ORDER, now=now)
        Asked.objects.bulk_create(
            Asked(address_key=key, purpose=Purpose.ORDER, at=now) for key in sorted(allowed)
        )
        taken += [pk for pk, key in keys.items() if key in allowed]
    return taken


def note(address_key: str, purpose: Asked.Purpose, *, now: datetime) -> None:
    """Count a mail that is about to go out."""
    Asked.objects.create(address_key=address_key, purpose=purpose, at=now)


def cap_reached(*, now: datetime) -> bool:
    """Whether the public pages brought about all the mails that they may in one hour."""
    lately = Asked.objects.filter(at__gt=now - timedelta(hours=1)).exclude(purpose=Purpose.ORDER)
    return lately.count() >= int(settings.SUBSCRIBERS_MAILS_PER_HOUR)


def _allowed(keys: Sequence[str], purpose: Asked.Purpose, *, now: datetime) -> set[str]:
    """Of some thousands of keyed hashes, those that may get one more mail (see `allows`)."""
    asked: dict[str, list[Asked]] = defaultdict(list)
    for one in Asked.objects.filter(address_key__in=keys, at__gt=now - YEAR):
        asked[one.address_key].append(one)
    suspects = list(asked)  # the others were never mailed
    confirmed, members = _last_confirmed(suspects), _members(suspects)
    alike = {purpose} if purpose in (Purpose.LINK, Purpose.CHANGE) else TO_JOIN
    barred = set()
    for key, mails in asked.items():
        link = key in members and purpose == Purpose.LINK
        since = now - YEAR if link else confirmed.get(key, now - YEAR)
        count = [m.at for m in mails if m.at > since and (key not in members or m.purpose in alike)]
        if any(at > now - DAY for at in count) or (len(count) >= A_YEAR and not link):
            barred.add(key)
    return set(keys) - barred


def _last_confirmed(keys: Sequence[str]) -> dict[str, datetime]:
    confirmed = ConsentRecord.objects.filter(subscriber__address_key__in=keys, event="confirmed")
    last = confirmed.order_by().values_list("subscriber__address_key")
    return dict(last.annotate(last=Max("at")))


def _members(keys: Sequence[str]) -> set[str]:
    confirmed = Membership.objects.filter(
        subscriber__address_key__in=keys, state=Membership.State.CONFIRMED
    )
    return set(confirmed.values_list("subscriber__address_key", flat=True))
