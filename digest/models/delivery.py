"""Delivery records: one issue to one subscriber, and the mails that are no issue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from digest.models.issue import AUDIENCE_CHOICES, Issue
from subscribers.sealing import SealedBytesField, SealedTextField


class Delivery(models.Model):
    """One issue to one subscriber: a unique row, and its state is the truth (law 3)."""

    class State(models.TextChoices):
        QUEUED = "queued"
        CLAIMED = "claimed"
        ACCEPTED = "accepted"
        DEFERRED = "deferred"
        FAILED = "failed"
        UNKNOWN = "unknown"
        SKIPPED = "skipped"

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="deliveries")
    # Emptied by erasure: the anonymous count stays.
    subscriber = models.ForeignKey(
        "subscribers.Subscriber", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    audience = models.CharField(max_length=10, choices=AUDIENCE_CHOICES)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(null=True)
    detail = models.TextField(blank=True)
    # The local part of its Message-ID: what comes back names it by that. Empty in older rows.
    reference = models.CharField(max_length=40, blank=True, default="")
    changed_at = models.DateTimeField()
    # Whose claim it is: the sender's journal has this name (delivery/journal.py).
    owner = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=("issue", "subscriber"), name="one_delivery_per_subscriber"
            ),
        ]
        indexes = [
            # What a sender still has to do, in the order of claiming.
            models.Index(
                fields=("issue", "id"),
                condition=Q(state__in=("queued", "claimed", "deferred")),
                name="delivery_open",
            ),
            models.Index(fields=("reference",), name="delivery_reference"),
            # What a dead sender left, of whatever issue.
            models.Index(fields=("owner",), condition=Q(state="claimed"), name="delivery_claimed"),
        ]

    def __str__(self) -> str:
        return f"{self.issue} to subscriber {self.subscriber_id}: {self.state}"


class QueuedMail(models.Model):
    """A mail that is no issue. Gone once a transport accepted it."""

    class Purpose(models.TextChoices):
        CONFIRMATION = "confirmation"  # to somebody who joins; void once they need none
        NOTICE = "notice"  # to an editor

    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.CONFIRMATION)
    recipient = SealedTextField()
    recipient_key = models.CharField(max_length=64, blank=True, db_index=True)  # its keyed hash
    message_id = models.CharField(max_length=200, unique=True)
    content = SealedBytesField()
    attempts = models.PositiveIntegerField(default=0)
    detail = models.TextField(blank=True)
    queued_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.message_id
