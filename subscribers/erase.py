"""Everything about a person goes; a keyed hash stays, so that no import brings them back.

Deliveries keep their anonymous row: the database empties their link to the subscriber.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.utils import timezone

from subscribers.addresses import address_key, parse_address
from subscribers.departures import note_departures
from subscribers.models import Subscriber, Suppression

Erased = Literal["erased", "already_erased", "unknown"]


def erase(address: str, *, now: datetime | None = None) -> Erased:
    """Erase the person behind this address. Raises BadAddress.

    "unknown": nobody has this address, and nothing was done. An older, stronger suppression
    (bounce, complaint, operator) stays as it is.
    """
    key, at = address_key(parse_address(address).address), now or timezone.now()
    with transaction.atomic():
        deleted, _ = Subscriber.objects.filter(address_key=key).delete()
        if deleted:
            Suppression.objects.get_or_create(
                address_key=key,
                defaults={"reason": Suppression.Reason.ERASED, "at": at},
            )
            note_departures("erased", [key], at=at)
            return "erased"
    erased_before = Suppression.objects.filter(
        address_key=key, reason=Suppression.Reason.ERASED
    ).exists()
    return "already_erased" if erased_before else "unknown"
