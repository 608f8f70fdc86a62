"""Addresses that must not be mailed, kept as keyed hashes so that they outlive erasure.

Law 4: read at claim time; a suppressed address is never mailed, whatever its memberships say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from subscribers.addresses import address_key, parse_address
from subscribers.consent import Circumstances, append
from subscribers.departures import note_departures
from subscribers.models import Membership, Suppression

KEYS_PER_QUERY = 500


def suppress(
    address: str, reason: Suppression.Reason, actor: str, *, now: datetime | None = None
) -> bool:
    """Never mail this address again; True when that is new. Raises BadAddress.

    Lists that the person left stay left. A reason once given stays, save that any other
    replaces "erased", which alone the person could lift by joining anew.
    """
    key, at = address_key(parse_address(address).address), now or timezone.now()
    with transaction.atomic():
        _, is_new = Suppression.objects.get_or_create(
            address_key=key, defaults={"reason": reason, "at": at, "actor": actor}
        )
        if not is_new and reason != Suppression.Reason.ERASED:
            Suppression.objects.filter(address_key=key, reason=Suppression.Reason.ERASED).update(
                reason=reason, at=at, actor=actor
            )
        _suppress_memberships(key, reason, actor, at)
        note_departures("suppressed", [key], reason, at=at)
    return is_new


def is_suppressed(address: str) -> bool:
    """Whether this address must not be mailed. Raises BadAddress."""
    return bool(suppressed_keys([address_key(parse_address(address).address)]))


def suppressed_keys(keys: Iterable[str]) -> set[str]:
    """Those of the keyed hashes that must not be mailed."""
    found: set[str] = set()
    rest = iter(keys)
    while some := list(islice(rest, KEYS_PER_QUERY)):
        rows = Suppression.objects.filter(address_key__in=some)
        found.update(rows.values_list("address_key", flat=True))
    return found


def suppression_of(key_field: str) -> Exists:
    """For a query: is the address behind `key_field` (a path to an address_key) suppressed?"""
    return Exists(Suppression.objects.filter(address_key=OuterRef(key_field)))


def _suppress_memberships(key: str, reason: str, actor: str, at: datetime) -> None:
    live = Membership.objects.select_for_update().filter(
        subscriber__address_key=key,
        state__in=(Membership.State.PENDING, Membership.State.CONFIRMED),
    )
    how = Circumstances(actor, f"suppressed: {reason}")
    for membership in live:
        append("withdrawn", [membership.subscriber_id], membership.list_name, how, at=at)
    live.update(state=Membership.State.SUPPRESSED, changed_at=at)
