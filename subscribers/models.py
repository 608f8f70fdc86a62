"""Tables of the people who receive. No logic beyond constraints and simple queries."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Subscriber(models.Model):
    """One address. `address_key` is its keyed hash: the only way it is looked up."""

    address = models.TextField()
    address_key = models.CharField(max_length=64, unique=True)
    public_id = models.CharField(max_length=32, unique=True)  # random; stands in tokens
    name = models.TextField(blank=True)
    main_list = models.CharField(max_length=40, blank=True)
    themes = models.JSONField(default=list)  # ids of the themes they chose; none: every theme
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"subscriber {self.pk}"  # never the address: this may reach a log


class Membership(models.Model):
    """A subscriber on one list, and how it stands."""

    class State(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        LEFT = "left"
        SUPPRESSED = "suppressed"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="memberships")
    list_name = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices)
    joined_at = models.DateTimeField(null=True)  # when confirmed; readers see it in each mail
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("subscriber", "list_name"), name="one_membership"),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(joined_at__isnull=False),
                name="confirmed_has_a_date",
            ),
        ]
        indexes = [models.Index(fields=("list_name", "state", "subscriber"), name="list_members")]

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.list_name}: {self.state}"


class ConsentRecord(models.Model):
    """What someone agreed to, and when. Only ever appended."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consents")
    list_name = models.CharField(max_length=40)
    event = models.CharField(
        max_length=10,
        choices=[("asked", "asked"), ("confirmed", "confirmed"), ("withdrawn", "withdrawn")],
    )
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    source = models.TextField(blank=True)
    actor = models.CharField(max_length=150)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.subscriber} {self.event} {self.list_name}"


class Suppression(models.Model):
    """An address that must not be mailed, as a keyed hash that outlives erasure."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce"
        COMPLAINT = "complaint"
        OPERATOR = "operator"
        ERASED = "erased"

    address_key = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"suppressed: {self.reason}"
