"""Addresses that must not be mailed, kept as keyed hashes so that they outlive erasure.

Law 4: read at claim time; a suppressed address is never mailed, whatever its memberships say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from subscribers.addresses import address_key, parse_address
from subscribers.consent import Circumstances, append
from subscribers.departures import note_departures
from subscribers.models import Membership, Suppression

KEYS_PER_QUERY = 500

Done = Literal["new", "stronger", "already"]


def suppress(
    address: str, reason: Suppression.Reason, actor: str, *, now: datetime | None = None
) -> bool:
    """Never mail this address again; True when that is new. Raises BadAddress.

    Lists that the person left stay left. A reason once given stays, save that any other
    replaces "erased", which alone the person could lift by joining anew.
    """
    key, at = address_key(parse_address(address).address), now or timezone.now()
    order = Suppression(address_key=key, reason=reason, at=at, actor=actor)
    return suppress_keys([order], now=at)[key] == "new"


def suppress_keys(orders: Sequence[Suppression], *, now: datetime) -> dict[str, Done]:
    """The same for keyed hashes, 500 at most, in one transaction; what became of each.

    An order is a row that is not stored yet: who wished it, when and why. Memberships end now.
    """
    by_key = {order.address_key: order for order in sorted(orders, key=_outweighs)}
    with transaction.atomic():
        known = suppressed_keys(by_key)
        fresh = [order for key, order in by_key.items() if key not in known]
        Suppression.objects.bulk_create(fresh, ignore_conflicts=True)
        stronger = _replace_erased(by_key)
        ended = _end_memberships(by_key, now)
        changed: dict[str, list[str]] = defaultdict(list)  # reason → keys
        for key, order in by_key.items():
            if key not in known or key in stronger or key in ended:
                changed[str(order.reason)].append(key)
        for reason, keys in changed.items():
            note_departures("suppressed", keys, reason, at=now)
    return {
        key: "new" if key not in known else "stronger" if key in stronger else "already"
        for key in by_key
    }


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


def _outweighs(order: Suppression) -> bool:
    """Whether it is more than an erasure: of two orders for one key, such a one counts."""
    return order.reason != Suppression.Reason.ERASED


def _replace_erased(orders: Mapping[str, Suppression]) -> set[str]:
    """Keys that were only erased and have a reason now that the person cannot lift."""
    keys = [key for key, order in orders.items() if _outweighs(order)]
    rows = Suppression.objects.select_for_update().filter(
        address_key__in=keys, reason=Suppression.Reason.ERASED
    )
    weak = list(rows)
    for row in weak:
        order = orders[row.address_key]
        row.reason, row.at, row.actor = order.reason, order.at, order.actor
    Suppression.objects.bulk_update(weak, ("reason", "at", "actor"))
    return {row.address_key for row in weak}


def _end_memberships(orders: Mapping[str, Suppression], now: datetime) -> set[str]:
    """Suppress the live memberships behind these keys; the keys that had some."""
    live = Membership.objects.select_for_update(of=("self",)).filter(
        subscriber__address_key__in=list(orders),
        state__in=(Membership.State.PENDING, Membership.State.CONFIRMED),
    )
    rows = list(live.values_list("pk", "subscriber_id", "list_name", "subscriber__address_key"))
    together: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for _, subscriber_id, list_name, key in rows:
        order = orders[key]
        together[list_name, order.actor, str(order.reason)].append(subscriber_id)
    for (list_name, actor, reason), ids in together.items():
        how = Circumstances(actor, f"suppressed: {reason}")
        append("withdrawn", ids, list_name, how, at=now)
    _suppress([pk for pk, *_ in rows], now)
    return {key for *_, key in rows}


def _suppress(memberships: Collection[int], now: datetime) -> None:
    Membership.objects.filter(pk__in=memberships).update(
        state=Membership.State.SUPPRESSED, changed_at=now
    )
