"""Everything that we hold about somebody, as one JSON document that is theirs (GDPR 15 and 20).

In: a subscriber. Out: their row, memberships, consents with the exact words, the mails that were
asked for, a suppression, and the issues they got (SUBSCRIBERS_HISTORY tells those, for this app
knows of no issue). Each column that is about a person stands here under its own name.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Model
from django.utils import timezone

from subscribers.models import Asked, ImportRun, Request, Subscriber, Suppression

ABOUT = (
    "This is all that {publication} holds about you: times are in UTC, each public_id is a random "
    "mark, and each address_key is a scrambled form of your address that nobody can read back."
)


def own_data(subscriber: Subscriber) -> dict[str, Any]:
    """The document, with dates and times (UTC) as Python's own."""
    # Not of the address they are about to change to: it may be somebody else's.
    key = subscriber.address_key
    memberships = subscriber.memberships.select_related("imported").order_by("id")
    consents = subscriber.consents.select_related("wording").order_by("id")
    asked = Asked.objects.filter(address_key=key).order_by("id")
    requests = Request.objects.filter(address_key=key).order_by("id")
    suppressed = Suppression.objects.filter(address_key=key)
    return {
        "about": ABOUT.format(publication=settings.SUBSCRIBERS_PUBLICATION),
        "publication": settings.SUBSCRIBERS_PUBLICATION,
        "made_at": timezone.now(),
        "you": _columns(subscriber),
        "lists": [_columns(one, "subscriber") for one in memberships],
        "consents": [_columns(one, "subscriber") for one in consents],
        "mails_that_were_asked_for": [_columns(one) for one in asked],
        "requests_that_wait": [_columns(one) for one in requests],
        "suppressions": [_columns(one) for one in suppressed],
        "issues": settings.SUBSCRIBERS_HISTORY(subscriber.pk),
    }


def own_data_as_json(subscriber: Subscriber) -> str:
    """The same, as text to keep."""
    return json.dumps(own_data(subscriber), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def _columns(row: Model, *left_out: str) -> dict[str, Any]:
    """Each column by its name but the row's number; of an import and a wording, what it says."""
    fields = (f for f in row._meta.concrete_fields if f.name not in ("id", *left_out))
    return {field.name: _value(row, field) for field in fields}


def _value(row: Model, field: models.Field[Any, Any]) -> Any:
    value = getattr(row, field.name)
    if isinstance(value, ImportRun):
        return {"file_name": value.file_name, "at": value.started_at, "by": value.actor}
    return _columns(value) if isinstance(value, Model) else value
