"""What the newsletter knows of its readers, as the subscribers app is handed it for segments.

Out: name → a function that makes a condition on subscribers; of a number, where the name has an
N. They are evaluated with the segment, so what came back a moment ago counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings come before the models
    from django.db.models import Exists, Q


def segment_fields() -> dict[str, Callable[..., Q | Exists]]:
    """`had issue N` and `bounced`."""
    return {"had issue N": _had_issue, "bounced": _bounced}


def _had_issue(number: int) -> Q | Exists:
    """Whose mail of it was accepted. Raises SubscribersError for an issue that there is not."""
    from django.db.models import Exists, OuterRef

    from digest.models import Delivery, Issue
    from subscribers.errors import SubscribersError

    if not Issue.objects.filter(number=number).exists():
        raise SubscribersError(f"there is no issue {number}", mend="`digest issues` lists them")
    return Exists(
        Delivery.objects.filter(
            issue__number=number, subscriber=OuterRef("pk"), state=Delivery.State.ACCEPTED
        )
    )


def _bounced() -> Q | Exists:
    """Of whom a mail came back, for now or for good, or whom a bounce suppressed."""
    from django.db.models import Exists, OuterRef, Q

    from digest.models import Delivery, StoredEvent
    from subscribers.models import Suppression

    back = StoredEvent.objects.filter(kind__in=("hard bounce", "soft bounce"))
    theirs = Delivery.objects.filter(
        subscriber=OuterRef("pk"), reference__in=back.values("reference")
    )
    suppressed = Suppression.objects.filter(
        address_key=OuterRef("address_key"), reason=Suppression.Reason.BOUNCE
    )
    return Q(Exists(theirs.exclude(reference=""))) | Q(Exists(suppressed))
