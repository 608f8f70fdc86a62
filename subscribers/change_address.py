"""A new address: asked for on one's own page, confirmed by a link that goes to the new one alone.

    ask ──► mail to the new address ──► its owner presses the button ──► a notice to the old one

In: a subscriber and what they typed. Out: the same answer whoever has that address, so that
nobody learns who is a subscriber. The old address stays as a keyed hash: no import brings it back,
only its owner does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import formataddr, make_msgid
from functools import partial
from typing import Literal

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import timezone

from subscribers import limits
from subscribers.addresses import address_key, parse_address
from subscribers.departures import note_departures
from subscribers.membership import close_others
from subscribers.models import Asked, Membership, Subscriber, Suppression
from subscribers.tokens import CONFIRM_WITHIN, change_url, is_change_to

Asking = Literal["asked", "too_often", "later"]
Changed = Literal["changed", "changed_already", "refused"]
A_DAY = 3  # new addresses that one subscriber may ask for in 24 hours
CHANGE = Asked.Purpose.CHANGE

SUBJECT_NEW = "Please confirm your new address"
BODY_NEW = """\
Hello,

somebody, most likely you, asked us to send {publication} to this address from now on.

If that is right, please open this page and press the button:

{url}

The link works for {days} days. If it was not you, do nothing: you will get no more mail from us.
"""
SUBJECT_OLD = "Your address was changed"
BODY_OLD = """\
Hello,

as was asked for on your page, {publication} goes to another address from now on. This one gets no
more mail from us.

If it was not you, please write to {contact}.
"""


def ask(subscriber: Subscriber, typed: str, *, now: datetime | None = None) -> Asking:
    """Keep the new address until its owner confirms it, and mail them. Raises BadAddress.

    "asked" also when nothing was mailed, because somebody has that address already, it is
    suppressed, or it was mailed today. "later": our pages brought about all the mails of this
    hour. Never call this inside a transaction (law 11).
    """
    at = now or timezone.now()
    new = parse_address(typed).address
    own_key, key = subscriber.address_key, address_key(new)
    lately = Asked.objects.filter(address_key=own_key, purpose=CHANGE, at__gt=at - limits.DAY)
    with transaction.atomic():
        limits.one_at_a_time()
        if lately.count() >= A_DAY:
            return "too_often"
        if limits.cap_reached(now=at):
            return "later"
        Subscriber.objects.filter(pk=subscriber.pk).update(new_address=new, new_address_at=at)
        limits.note(own_key, CHANGE, now=at)
        if _is_free(key) and limits.allows(key, CHANGE, now=at):
            limits.note(key, CHANGE, now=at)
            url = change_url(subscriber, key)
            transaction.on_commit(partial(_mail, new, SUBJECT_NEW, BODY_NEW, url=url))
    return "asked"


def forget_new(subscriber: Subscriber) -> None:
    """They would rather keep the address that they have."""
    Subscriber.objects.filter(pk=subscriber.pk).update(new_address="", new_address_at=None)


def awaits(subscriber: Subscriber, *, now: datetime | None = None) -> bool:
    """Whether a new address still waits for its owner's yes."""
    at = now or timezone.now()
    asked_at = subscriber.new_address_at
    return bool(subscriber.new_address and asked_at and asked_at > at - CONFIRM_WITHIN)


def standing_of(subscriber: Subscriber, mark: str, *, now: datetime | None = None) -> Changed:
    """What pressing the button would find: "changed" when it would change the address."""
    if is_change_to(mark, subscriber, subscriber.address_key):
        return "changed_already"
    if not awaits(subscriber, now=now):
        return "refused"
    key = address_key(subscriber.new_address)
    right = is_change_to(mark, subscriber, key) and _is_free(key)
    return "changed" if right else "refused"


def change(subscriber: Subscriber, mark: str, *, now: datetime | None = None) -> Changed:
    """The owner of the new address says yes. Refused when the link is for another address than

    the one asked for last, or somebody else has it by now. Not inside a transaction (law 11).
    """
    at = now or timezone.now()
    try:
        with transaction.atomic():
            row = Subscriber.objects.select_for_update().filter(pk=subscriber.pk).first()
            outcome = standing_of(row, mark, now=at) if row else "refused"
            if row and outcome == "changed":
                _change(row, at)
    except IntegrityError:  # somebody joined with it at this very moment
        return "refused"
    return outcome


def _change(row: Subscriber, at: datetime) -> None:
    old, old_key = row.address, row.address_key
    row.address, row.address_key = row.new_address, address_key(row.new_address)
    row.new_address, row.new_address_at = "", None
    row.save(update_fields=["address", "address_key", "new_address", "new_address_at"])
    Suppression.objects.get_or_create(
        address_key=old_key, defaults={"reason": Suppression.Reason.ERASED, "at": at}
    )
    note_departures("moved", [old_key], row.address_key, at=at)
    # Who was erased, or had this address before, and says yes anew is back; any other suppression
    # stands, also one that came in this moment.
    mine = Suppression.objects.filter(address_key=row.address_key)
    erased = mine.filter(reason=Suppression.Reason.ERASED)
    if erased.delete()[0]:
        confirmed = row.memberships.filter(state=Membership.State.CONFIRMED)
        for list_name in confirmed.values_list("list_name", flat=True):
            note_departures("returned", [row.address_key], list_name, at=at)
        close_others(row, at)
    limits.note(old_key, CHANGE, now=at)  # counted, and not void for being nobody's now
    transaction.on_commit(partial(_mail, old, SUBJECT_OLD, BODY_OLD))


def _is_free(key: str) -> bool:
    taken = Subscriber.objects.filter(address_key=key)
    stopped = Suppression.objects.filter(address_key=key)
    stopped = stopped.exclude(reason=Suppression.Reason.ERASED)
    return not taken.exists() and not stopped.exists()


def _mail(to: str, subject: str, body: str, *, url: str = "") -> None:
    name, address = settings.SUBSCRIBERS_SENDER
    EmailMessage(
        subject=subject,
        body=body.format(
            publication=settings.SUBSCRIBERS_PUBLICATION,
            url=url,
            days=CONFIRM_WITHIN // timedelta(days=1),
            contact=address,
        ),
        from_email=formataddr((name, address)),
        to=[to],
        headers={
            # Set here, because Django would ask DNS for this machine's name and tell it.
            "Message-ID": make_msgid(domain=address.rpartition("@")[2]),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes in reply
        },
    ).send()
