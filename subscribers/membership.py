"""How someone comes onto a list: asked, confirmed, each step kept in the consent record.

In come parsed addresses and the consent that covers them; out goes what became of each. This
is the only room that confirms. Law 4: an opt-out or a suppression is never revived here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, get_args

from django.db import transaction
from django.utils import timezone

from subscribers.addresses import ParsedAddress, address_key, clean_name, parse_address
from subscribers.confirmations import ask_to_confirm
from subscribers.consent import Circumstances, append
from subscribers.errors import BadAddress, SubscribersError
from subscribers.lists import check_list
from subscribers.models import Membership, Subscriber
from subscribers.suppression import suppressed_keys

Joined = Literal["new", "joins_list", "already_there", "opted_out_before", "suppressed"]
JOINED: tuple[Joined, ...] = get_args(Joined)
Confirmed = Literal["confirmed", "already_confirmed", "refused"]
ASK_AGAIN_AFTER = timedelta(hours=24)
State = Membership.State


@dataclass(frozen=True, slots=True)
class Consent:
    """What people agreed to. With a `source` it was given already; without, each is asked.

    `given_at` (aware) is when it was given; None means at the moment of joining. Raises
    SubscribersError where the three do not hold together.
    """

    text: str
    actor: str
    source: str = ""
    given_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.source and not self.text:
            raise SubscribersError(
                "consent has a source but no text", mend="Say what these people agreed to"
            )
        if self.given_at and not self.source:
            raise SubscribersError(
                "consent has a date but no source",
                mend="Say where it came from, or leave out the date: then each is asked",
            )


def find_subscriber(address: str) -> Subscriber | None:
    """The subscriber with this address, in whatever case it is written. Raises BadAddress."""
    key = address_key(parse_address(address).address)
    return Subscriber.objects.filter(address_key=key).first()


def awaits_confirmation(address: str) -> bool:
    """Whether a mail that asks this address to confirm still has a sense (law 4).

    Not for who confirmed, left or was erased since, nor for a suppressed address.
    """
    try:
        key = address_key(parse_address(address).address)
    except BadAddress:
        return False  # nobody is subscribed with it
    pending = Membership.objects.filter(subscriber__address_key=key, state=State.PENDING)
    return pending.exists() and not suppressed_keys([key])


def join(
    address: str, list_name: str, consent: Consent, *, name: str = "", now: datetime | None = None
) -> Joined:
    """Put one address on a list: confirmed if the consent has a source, else asked by mail.

    Someone still pending is asked again, at most once in 24 hours. Raises BadAddress, and
    SubscribersError for an unknown list.
    """
    at = now or timezone.now()
    parsed = parse_address(address)
    person = ParsedAddress(parsed.address, clean_name(name) or parsed.name)
    (result,) = enrol([person], check_list(list_name), consent, now=at)
    if result == "already_there" and not consent.source:
        _ask_again(person, list_name, consent, at)
    return result


def enrol(
    people: Sequence[ParsedAddress],
    list_name: str,
    consent: Consent,
    *,
    now: datetime,
    dry_run: bool = False,
) -> list[Joined]:
    """Put some hundreds of people (different addresses) on a list in one transaction.

    Mails that ask for confirmation leave after its commit (law 11).
    """
    by_key = {address_key(person.address): person for person in people}
    with transaction.atomic():
        results = _foresee(list(by_key), list_name, consent)
        if not dry_run:
            joining = {
                key: by_key[key] for key, what in results.items() if what in ("new", "joins_list")
            }
            _write(joining, list_name, consent, now)
    return list(results.values())


def confirm(
    subscriber: Subscriber,
    list_name: str,
    *,
    source: str,
    text: str,
    actor: str,
    now: datetime | None = None,
) -> Confirmed:
    """The person says yes. Refused for those who left since, are suppressed or were not asked."""
    at = now or timezone.now()
    if suppressed_keys([subscriber.address_key]):
        return "refused"
    mine = Membership.objects.filter(subscriber=subscriber, list_name=list_name)
    with transaction.atomic():
        # A conditional update: of two clicks at once, one confirms and writes the record.
        if mine.filter(state=State.PENDING).update(
            state=State.CONFIRMED, joined_at=at, changed_at=at
        ):
            how = Circumstances(actor, source)
            append("confirmed", [subscriber.pk], list_name, how, at=at, text=text)
            return "confirmed"
    return "already_confirmed" if mine.filter(state=State.CONFIRMED).exists() else "refused"


def _foresee(keys: list[str], list_name: str, consent: Consent) -> dict[str, Joined]:
    """What would become of each address, in the order given."""
    suppressed = suppressed_keys(keys)
    known = set(
        Subscriber.objects.filter(address_key__in=keys).values_list("address_key", flat=True)
    )
    states = dict(
        Membership.objects.filter(
            subscriber__address_key__in=keys, list_name=list_name
        ).values_list("subscriber__address_key", "state")
    )
    return {
        key: _outcome(key in suppressed, key in known, states.get(key), consent) for key in keys
    }


def _outcome(suppressed: bool, known: bool, state: str | None, consent: Consent) -> Joined:
    if suppressed or state == State.SUPPRESSED:
        return "suppressed"
    if not known:
        return "new"
    if state == State.LEFT:
        return "opted_out_before"
    if state is None or (state == State.PENDING and consent.source):
        return "joins_list"
    return "already_there"


def _write(
    joining: Mapping[str, ParsedAddress], list_name: str, consent: Consent, now: datetime
) -> None:
    """Rows for those who join. What another process added meanwhile is left as it is."""
    Subscriber.objects.bulk_create(
        [
            Subscriber(
                address=person.address,
                address_key=key,
                public_id=secrets.token_urlsafe(16),
                name=person.name,
                created_at=now,
            )
            for key, person in joining.items()
        ],
        ignore_conflicts=True,
    )
    subscribers = list(Subscriber.objects.filter(address_key__in=list(joining)).order_by("id"))
    given_at = (consent.given_at or now) if consent.source else None
    state = State.CONFIRMED if given_at else State.PENDING
    if given_at:
        Membership.objects.filter(
            subscriber__in=subscribers, list_name=list_name, state=State.PENDING
        ).update(state=State.CONFIRMED, joined_at=given_at, changed_at=now)
    Membership.objects.bulk_create(
        [
            Membership(
                subscriber=subscriber,
                list_name=list_name,
                state=state,
                joined_at=given_at,
                changed_at=now,
            )
            for subscriber in subscribers
        ],
        ignore_conflicts=True,
    )
    _record(subscribers, list_name, consent, given_at or now)


def _record(
    subscribers: Sequence[Subscriber], list_name: str, consent: Consent, at: datetime
) -> None:
    """Append to the consent record; who has yet to confirm gets the mail after the commit."""
    append(
        "confirmed" if consent.source else "asked",
        [subscriber.pk for subscriber in subscribers],
        list_name,
        Circumstances(consent.actor, consent.source),
        at=at,
        text=consent.text,
    )
    if subscribers and not consent.source:
        asked = [(subscriber, list_name) for subscriber in subscribers]
        transaction.on_commit(partial(ask_to_confirm, asked))


def _ask_again(person: ParsedAddress, list_name: str, consent: Consent, now: datetime) -> None:
    with transaction.atomic():
        subscriber = Subscriber.objects.filter(
            address_key=address_key(person.address),
            memberships__list_name=list_name,
            memberships__state=State.PENDING,
        ).first()
        if subscriber is None:
            return
        lately = subscriber.consents.filter(event="asked", at__gt=now - ASK_AGAIN_AFTER)
        if not lately.exists():
            _record([subscriber], list_name, consent, now)
