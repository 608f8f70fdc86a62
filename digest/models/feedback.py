"""What came back, as it came: kept first, applied later, each thing once (law 3)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StoredEvent(models.Model):
    """One event of a post, or one mail of the feedback mailbox. It names no address.

    `raw` is the event's JSON without what is personal; empty for a mail, which stays in its
    mailbox. `kind` is empty for what we do not act on, `reference` for what names no delivery.
    """

    raw_id = models.CharField(max_length=250, unique=True)  # however often it comes
    raw = models.TextField(blank=True)
    kind = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=100, blank=True)
    detail = models.TextField(blank=True)
    at = models.DateTimeField()  # when it happened
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)  # set in the transaction of its consequences

    class Meta:
        indexes = [
            models.Index(
                fields=("id",), condition=Q(applied_at__isnull=True), name="event_to_apply"
            ),
            models.Index(fields=("reference", "kind"), name="event_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'ignored'}: {self.raw_id}"
