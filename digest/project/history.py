"""The issues that somebody got, as the subscribers app is handed them: a part of their data."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

TOLD = ("kind", "detail", "at", "received_at", "applied_at")  # of what came back


def issues_of(subscriber_id: int) -> list[dict[str, Any]]:
    """Each delivery to this subscriber with all that we keep of it, the oldest first.

    `events`: what came back about it (bounces and the like), with kind, detail and time.
    """
    # Imported when somebody asks: settings are read before there are models.
    from digest.models import Delivery, StoredEvent

    rows = Delivery.objects.filter(subscriber_id=subscriber_id).order_by("id")
    names = [f.attname for f in Delivery._meta.concrete_fields]
    named = [name for name in names if name not in ("id", "issue_id", "subscriber_id")]
    issues = list(rows.values(*named, "issue__number"))
    references = rows.exclude(reference="").order_by().values("reference")
    about: dict[str, list[dict[str, Any]]] = defaultdict(list)
    events = StoredEvent.objects.filter(reference__in=references).order_by("id")
    for event in events.values("reference", *TOLD):
        about[event.pop("reference")].append(event)
    for issue in issues:
        issue["issue"] = issue.pop("issue__number")
        issue["events"] = about[issue["reference"]]
    return issues
