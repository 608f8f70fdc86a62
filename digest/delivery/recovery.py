"""Recovery: what a dead sender left claimed → settled, unknown, or queued again (law 3).

In: what its journal tells. Out: rows. Only for who holds the journal, so that its former owner is
known to be dead. Claims of other machines' senders are theirs to settle, until nobody has come
back for them in a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from digest.delivery import records
from digest.delivery.journal import Left
from digest.models import Delivery
from digest.values import Outcome

# A claim of 500 mails over one connection that answers each after ten minutes takes half of it.
GIVEN_UP = timedelta(days=1)
ON_ITS_WAY = "the sender stopped while this mail was on its way"
RESTARTED = "the machine was started anew while this mail was claimed"
NEVER_CAME_BACK = "the sender that claimed this mail never came back"


def left_claims(owner: str) -> bool:
    """Whether rows are claimed by this owner still: what its journal tells is needed then."""
    return Delivery.objects.filter(owner=owner, state=Delivery.State.CLAIMED).exists()


def recover(left: Left, now: datetime) -> dict[int, str]:
    """Settle the claims of a sender that died; why they failed, of those that did, by id.

    A journal that is not to be trusted (the machine was started anew) leaves the whole claim
    unknown, unless its transport cannot double a mail: then all of it is queued again.
    """
    failed = _settle_own(left, now) if left.owner else {}
    _give_up(now)
    return failed


def _settle_own(left: Left, now: datetime) -> dict[int, str]:
    claimed = Delivery.objects.filter(owner=left.owner, state=Delivery.State.CLAIMED)
    held = list(claimed.order_by("pk").values_list("pk", flat=True))
    settled = _noted(left, held) if left.trusted or left.repeatable else _all(RESTARTED, held)
    failed = records.settle(settled, now, owner=left.owner)
    records.give_back(claimed, now)  # the rest was never on the wire
    return failed


def _noted(left: Left, held: Iterable[int]) -> list[tuple[int, Outcome]]:
    on_wire = dict(_all(ON_ITS_WAY, left.begun))
    noted = {**on_wire, **left.outcomes} if left.trusted else {}
    return [(one, noted[one]) for one in held if one in noted]


def _all(detail: str, deliveries: Iterable[int]) -> list[tuple[int, Outcome]]:
    return [(one, Outcome("unknown", detail)) for one in deliveries]


def _give_up(now: datetime) -> None:
    """Claims of an earlier version, which named no owner, and of machines that are gone."""
    forgotten = Q(owner="") | Q(changed_at__lt=now - GIVEN_UP)
    Delivery.objects.filter(forgotten, state=Delivery.State.CLAIMED).update(
        state=Delivery.State.UNKNOWN, detail=NEVER_CAME_BACK, changed_at=now
    )
