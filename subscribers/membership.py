"""How someone comes onto a list: asked, confirmed, each step kept in the consent record.

In come parsed addresses and the consent that covers them; out goes what became of each. This
is the only room that confirms. Law 4: no order of ours revives an opt-out. The person does, who
asked anew and then pressed the button; a bounce, a complaint or an operator's word stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from django.db import transaction
from django.utils import timezone

from subscribers import limits
from subscribers.addresses import ParsedAddress, address_key, clean_name, parse_address
from subscribers.confirmations import ask_to_confirm
from subscribers.consent import Circumstances, append
from subscribers.departures import note_departures
from subscribers.enrolling import Joined, Person, enrol_many
from subscribers.errors import BadAddress, SubscribersError
from subscribers.lists import check_list, list_names
from subscribers.models import Asked, Membership, Subscriber, Suppression

Confirmed = Literal["confirmed", "already_confirmed", "refused"]
# What a confirmation would find; "returning": it lifts that they left, or were erased.
Standing = Literal["pending", "returning", "already_confirmed", "refused"]
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
    """Whether a mail that a public page or an order brought to this address has a sense still.

    Yes for who has yet to confirm, and for who asked for it since anything changed (law 4). No
    for who confirmed, left or was erased since, nor for who is suppressed.
    """
    try:
        key = address_key(parse_address(address).address)
    except BadAddress:
        return False  # nobody is subscribed with it
    asked = Asked.objects.filter(address_key=key)
    if suppression := Suppression.objects.filter(address_key=key).first():
        if suppression.reason != Suppression.Reason.ERASED:
            return False
        asked = asked.filter(at__gte=suppression.at)
    mine = Membership.objects.filter(subscriber__address_key=key)
    if suppression is None and mine.filter(state=State.PENDING).exists():
        return True
    if latest := mine.order_by("-changed_at").first():
        asked = asked.filter(at__gte=latest.changed_at)
    elif not Subscriber.objects.filter(address_key=key).exists():
        asked = asked.filter(purpose=Asked.Purpose.CHANGE)  # nobody's yet
    return asked.exists()


def join(
    address: str, list_name: str, consent: Consent, *, name: str = "", now: datetime | None = None
) -> Joined:
    """Put one address on a list: confirmed if the consent has a source, else asked by mail.

    Someone still pending is asked again, within the limits of `limits.allows`. Raises BadAddress,
    and SubscribersError for an unknown list.
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
    persons = [Person(address_key(one.address), one.address, one.name) for one in people]
    with transaction.atomic():
        if not consent.source:
            limits.one_at_a_time()
        found = enrol_many(persons, list_name, consent, now=now, dry_run=dry_run)
        if found.subscriber_ids and not consent.source:
            _ask_after_commit(limits.take(found.subscriber_ids, now=now), list_name)
    return found.results


def confirm(
    subscriber: Subscriber,
    list_name: str,
    *,
    source: str,
    text: str,
    actor: str,
    now: datetime | None = None,
    made_at: datetime | None = None,
    form: str = "",
    locale: str = "",
) -> Confirmed:
    """The person says yes. Refused for who is suppressed, was not asked, or left since.

    Who left or was erased, and then asked to come back, is back by this (`standing_to_confirm`).
    """
    at = now or timezone.now()
    with transaction.atomic():
        mine = subscriber.memberships.filter(list_name=list_name)
        mine.select_for_update().first()  # of two clicks at once, one confirms
        standing = standing_to_confirm(subscriber, list_name, made_at=made_at)
        if standing == "already_confirmed":
            # Their own yes to what an import had confirmed: undoing that takes it away no more.
            if made_at and mine.filter(imported__isnull=False).update(imported=None):
                how = Circumstances(actor, source, form, locale)
                append("confirmed", [subscriber.pk], list_name, how, at=at, text=text)
            return standing
        if standing == "refused":
            return standing
        mine.update(state=State.CONFIRMED, joined_at=at, changed_at=at, why_left="", imported=None)
        how = Circumstances(actor, source, form, locale)
        append("confirmed", [subscriber.pk], list_name, how, at=at, text=text)
        if standing == "returning":
            _lift(subscriber, list_name, at)
    return "confirmed"


def standing_to_confirm(
    subscriber: Subscriber, list_name: str, *, made_at: datetime | None = None
) -> Standing:
    """What a confirmation would find. `made_at`: when its link was made (whole seconds).

    It lifts a leaving only when the last thing on the consent record is that the person asked
    anew, and by a link that was made after they had left. It lifts no suppression but "erased".
    """
    key = subscriber.address_key
    reason = Suppression.objects.filter(address_key=key).values_list("reason", flat=True).first()
    mine = subscriber.memberships.filter(list_name=list_name).first()
    if mine is None or reason not in (None, Suppression.Reason.ERASED):
        return "refused"
    if reason is None and mine.state == State.CONFIRMED:
        return "already_confirmed"
    if reason is None and mine.state == State.PENDING:
        return "pending"
    if reason is None and mine.state == State.SUPPRESSED:
        return "refused"
    last = subscriber.consents.filter(list_name=list_name).order_by("-id").first()
    asked_anew = last is not None and last.event == "asked"
    new_link = made_at is None or made_at >= mine.changed_at.replace(microsecond=0)
    return "returning" if asked_anew and new_link else "refused"


def close_others(subscriber: Subscriber, at: datetime) -> None:
    """Who was erased and is back on some lists is on no other: no import opens those."""
    known = set(subscriber.memberships.values_list("list_name", flat=True))
    others = [name for name in list_names() if name not in known]
    Membership.objects.bulk_create(
        Membership(subscriber=subscriber, list_name=name, state=State.LEFT, changed_at=at)
        for name in others
    )
    for name in others:
        note_departures("left", [subscriber.address_key], name, at=at)


def _lift(subscriber: Subscriber, list_name: str, at: datetime) -> None:
    """They came back to this list. Who was erased came back to no other: those are closed."""
    key = subscriber.address_key
    erased = Suppression.objects.filter(address_key=key, reason=Suppression.Reason.ERASED)
    lifted, _ = erased.delete()
    note_departures("returned", [key], list_name, at=at)
    if lifted:
        close_others(subscriber, at)


def _ask_after_commit(ids: Sequence[int], list_name: str) -> None:
    """The mail that asks to confirm (law 11: never inside the transaction)."""
    asked = [(person, list_name) for person in Subscriber.objects.filter(pk__in=ids)]
    transaction.on_commit(partial(ask_to_confirm, asked))


def _ask_again(person: ParsedAddress, list_name: str, consent: Consent, now: datetime) -> None:
    with transaction.atomic():
        limits.one_at_a_time()
        subscriber = Subscriber.objects.filter(
            address_key=address_key(person.address),
            memberships__list_name=list_name,
            memberships__state=State.PENDING,
        ).first()
        if subscriber is None:
            return
        if taken := limits.take([subscriber.pk], now=now):
            how = Circumstances(consent.actor, consent.source)
            append("asked", taken, list_name, how, at=now, text=consent.text)
            _ask_after_commit(taken, list_name)
