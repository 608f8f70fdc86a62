"""Joining by a public page: what the form says is stored at once, and answered in the background.

In: what somebody typed. Out: a sealed `Request` row, whatever the address, so that neither the
page's answer nor its time tells who is a subscriber; then, from `answer_requests`, rows of who
joins and the mail that asks, within the limits. Law 4: only the person's own confirmation brings
back who left.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, get_args

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from subscribers import limits
from subscribers.addresses import address_key, clean_name, parse_address
from subscribers.confirmations import ask_about, consent_text, send_link, tell_member
from subscribers.consent import Circumstances, append
from subscribers.enrolling import check_references
from subscribers.lists import list_names
from subscribers.models import Membership, Request, Subscriber, Suppression

ACTOR, SOURCE, FORM = "subscriber", "sign-up page", "/subscribe"
MAX_FORM = 60
WAIT_AT_MOST = timedelta(hours=24)
AT_ONCE = 500  # requests that one call answers: some seconds of work
# mailed; silent: a suppressed or unknown address, or limits; dropped: waited for too long
Answer = Literal["mailed", "silent", "dropped", "failed"]
State = Membership.State
Mail = Callable[[], Any]
log = logging.getLogger(__name__)


def request_to_join(
    address: str,
    lists: Sequence[str],
    *,
    name: str = "",
    form: str = "",
    now: datetime | None = None,
) -> None:
    """Store that this address asks for these lists, in the words of `consent_text`.

    `form` names the form on another site. Raises BadAddress. Lists that are not ours are left out.
    """
    parsed = parse_address(address)
    content = {
        "address": parsed.address,
        "name": clean_name(name) or parsed.name,
        "texts": {known: consent_text(known) for known in list_names() if known in lists},
        "form": clean_name(form)[:MAX_FORM] or FORM,
        "locale": settings.SUBSCRIBERS_LANGUAGE,
    }
    _store(Request.Kind.JOIN, parsed.address, content, now)


def request_link(address: str, *, now: datetime | None = None) -> None:
    """Store that this address asks for the link to its page. Raises BadAddress."""
    parsed = parse_address(address).address
    _store(Request.Kind.LINK, parsed, {"address": parsed}, now)


def answer_requests(now: datetime) -> dict[Answer, int]:
    """Answer what was asked, first come first served; how many were mailed, silent, and so on.

    Each request is settled in a transaction of its own, and its mail is handed over after that:
    never call this inside a transaction (law 11). What is over the hourly cap waits for the next
    call, a day at most. A request or mail that fails stops no other.
    """
    counts: Counter[Answer] = Counter()
    counts["dropped"] = Request.objects.filter(at__lt=now - WAIT_AT_MOST).delete()[0]
    after = 0
    for _ in range(AT_ONCE):
        answered = _answer_next(after, now)
        if answered is None:
            break
        after, answer = answered
        counts[answer] += 1
    return {answer: counts[answer] for answer in get_args(Answer)}


def _store(kind: Request.Kind, address: str, content: dict[str, Any], now: datetime | None) -> None:
    """In one statement, the same for every address: the latest of an address and kind counts."""
    key, at = address_key(address), now or timezone.now()
    Request.objects.bulk_create(
        [Request(address_key=key, kind=kind, content=json.dumps(content), at=at)],
        update_conflicts=True,
        unique_fields=("address_key", "kind"),
        update_fields=("content", "at"),
    )


def _answer_next(after: int, now: datetime) -> tuple[int, Answer] | None:
    """Settle the first request behind `after`; its id. None when there is none, or no room."""
    waiting = Request.objects.filter(pk__gt=after).order_by("pk")
    with transaction.atomic():
        limits.one_at_a_time()
        # The first one is locked: of two processes one answers, the other comes back later.
        request = waiting.only("pk").select_for_update().first()
        if request is None or limits.cap_reached(now=now):
            return None
        try:
            with transaction.atomic():
                mail = _settle(request, now)
                check_references()
        except Exception as error:
            return request.pk, _failed(error)
    try:
        if mail:
            mail()
    except Exception as error:
        return request.pk, _failed(error)
    return request.pk, "mailed" if mail else "silent"


def _failed(error: Exception) -> Answer:
    # Only the kind of error: its text could hold an address, and logs must not.
    log.error("a request of a public page failed: %s", type(error).__name__)
    return "failed"


def _settle(request: Request, now: datetime) -> Mail | None:
    """What a request brings about, but for the mail that is to follow; None where none is."""
    content, kind, request_id = json.loads(request.content), request.kind, request.pk
    Request.objects.filter(pk=request_id).delete()
    key = address_key(content["address"])
    reason = Suppression.objects.filter(address_key=key).values_list("reason", flat=True).first()
    if reason not in (None, Suppression.Reason.ERASED):
        return None
    if kind == Request.Kind.LINK:
        return _settle_link(key, now)
    return _settle_join(key, content, bool(reason), now)


def _settle_link(key: str, now: datetime) -> Mail | None:
    subscriber = Subscriber.objects.filter(address_key=key).first()
    if subscriber is None or not limits.allows(key, limits.Purpose.LINK, now=now):
        return None
    limits.note(key, limits.Purpose.LINK, now=now)
    return partial(send_link, subscriber)


def _settle_join(key: str, content: dict[str, Any], erased: bool, now: datetime) -> Mail | None:
    """Rows for who joins, and the mail that asks; nothing at all where the limits forbid the mail.

    Who left stays so, with a record that they asked anew: `membership.confirm` goes by it.
    """
    closed = Membership.objects.filter(subscriber__address_key=key, state=State.SUPPRESSED)
    no_way_in = set() if erased else set(closed.values_list("list_name", flat=True))
    offered = set(list_names()) - no_way_in
    texts = {name: text for name, text in content["texts"].items() if name in offered}
    if not texts or not limits.allows(key, limits.Purpose.CONFIRM, now=now):
        return None
    limits.note(key, limits.Purpose.CONFIRM, now=now)
    subscriber, _ = Subscriber.objects.get_or_create(
        address_key=key,
        defaults={
            "address": content["address"],
            "public_id": secrets.token_urlsafe(16),
            "name": content["name"],
            "language": content["locale"],
            "created_at": now,
        },
    )
    member_of = subscriber.memberships.filter(state=State.CONFIRMED)
    confirmed = set(member_of.values_list("list_name", flat=True))
    asked = [name for name in texts if name not in confirmed]
    if not asked:
        return partial(tell_member, subscriber)
    how = Circumstances(ACTOR, SOURCE, content["form"], content["locale"])
    for name in asked:
        subscriber.memberships.get_or_create(
            list_name=name, defaults={"state": State.PENDING, "changed_at": now}
        )
        append("asked", [subscriber.pk], name, how, at=now, text=texts[name])
    return partial(ask_about, subscriber, asked)
