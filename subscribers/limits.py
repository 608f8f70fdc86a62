"""How often a public page may bring a mail to an address, whoever sits at the page.

In: the keyed hash of an address and what the mail is for. Out: yes or no, and a row of `Asked` for
each mail that goes out. Nobody can use our pages to bother somebody else, nor to make us a source
of unwanted mail.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from subscribers.models import Asked, ConsentRecord, Membership

DAY, YEAR = timedelta(hours=24), timedelta(days=365)
A_YEAR = 3  # mails a year to an address that does not confirm
Purpose = Asked.Purpose


def allows(address_key: str, purpose: Asked.Purpose, *, now: datetime) -> bool:
    """Whether an address may get one more mail for this purpose.

    One in 24 hours and three a year, whatever they were for, and counted anew once the person has
    confirmed: for that shows whose address it is. A member's link counts by itself, and may be
    asked for each day.
    """
    since = max(now - YEAR, _last_confirmed(address_key) or now - YEAR)
    counted = Asked.objects.filter(address_key=address_key)
    if _is_member(address_key):
        counted = counted.filter(purpose=purpose)
        if purpose == Purpose.LINK:
            return not counted.filter(at__gt=now - DAY).exists()
    mails = counted.filter(at__gt=since)
    lately = max(since, now - DAY)
    return (
        mails.count() < A_YEAR
        and not mails.filter(at__gt=lately).exists()
        and not _records(address_key, "asked").filter(at__gt=lately).exists()  # by an operator too
    )


def note(address_key: str, purpose: Asked.Purpose, *, now: datetime) -> None:
    """Count a mail that is about to go out."""
    Asked.objects.create(address_key=address_key, purpose=purpose, at=now)


def cap_reached(*, now: datetime) -> bool:
    """Whether the public pages brought about all the mails that they may in one hour."""
    lately = Asked.objects.filter(at__gt=now - timedelta(hours=1))
    return lately.count() >= int(settings.SUBSCRIBERS_MAILS_PER_HOUR)


def _records(address_key: str, event: str) -> QuerySet[ConsentRecord]:
    return ConsentRecord.objects.filter(subscriber__address_key=address_key, event=event)


def _last_confirmed(address_key: str) -> datetime | None:
    confirmed = _records(address_key, "confirmed").order_by("-at")
    return confirmed.values_list("at", flat=True).first()


def _is_member(address_key: str) -> bool:
    return Membership.objects.filter(
        subscriber__address_key=address_key, state=Membership.State.CONFIRMED
    ).exists()
