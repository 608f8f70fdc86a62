"""Forget: everything about a person goes, in the lists and in what waits to be mailed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from digest.models import QueuedMail
from subscribers.addresses import address_key, parse_address
from subscribers.erase import Erased, erase


def forget(address: str, *, now: datetime) -> Erased:
    """Erase the person behind this address; a keyed hash stays. Raises BadAddress.

    Deliveries keep their anonymous row, so that the counts of an issue stay true.
    """
    with transaction.atomic():
        result = erase(address, now=now)
        key = address_key(parse_address(address).address)
        QueuedMail.objects.filter(recipient_key=key).delete()
    return result
