"""Tables of the people who receive. No logic beyond constraints and simple queries."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from subscribers.sealing import SealedTextField


class ImportRun(models.Model):
    """One file that was imported, or is being imported: what resuming and undoing need."""

    file_name = models.CharField(max_length=200)
    file_hash = models.CharField(max_length=64)  # SHA-256 of its bytes
    list_name = models.CharField(max_length=40)
    actor = models.CharField(max_length=150)
    order = models.JSONField(default=dict)  # consent, columns and the like: what resuming compares
    counts = models.JSONField(default=dict)  # result → rows, of the batches that are in
    next_row = models.PositiveBigIntegerField(default=0)  # rows of the file that are in
    asking = models.JSONField(default=list)  # subscribers whose mail of the last batch is due
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"import {self.pk}"


class Subscriber(models.Model):
    """One address. `address_key` is its keyed hash: the only way it is looked up."""

    address = SealedTextField()
    address_key = models.CharField(max_length=64, unique=True)
    public_id = models.CharField(max_length=32, unique=True)  # random; stands in tokens
    name = SealedTextField(blank=True)
    main_list = models.CharField(max_length=40, blank=True)
    themes = models.JSONField(default=list)  # ids of the themes they chose; none: every theme
    not_now = models.JSONField(default=list)  # ids of themes they do not want for now
    text_only = models.BooleanField(default=False)
    paused_until = models.DateField(null=True)  # no mail before this day, in the publication's zone
    language = models.CharField(max_length=12, blank=True)  # BCP 47; "" where nobody said
    tags = models.JSONField(default=list)  # an operator's words, for segments
    created_at = models.DateTimeField()
    # An address to change to, until its owner confirms it.
    new_address = SealedTextField(blank=True)
    new_address_at = models.DateTimeField(null=True)
    imported = models.ForeignKey(
        ImportRun, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return f"subscriber {self.pk}"  # never the address: this may reach a log


class Membership(models.Model):
    """A subscriber on one list, and how it stands."""

    class State(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        LEFT = "left"
        SUPPRESSED = "suppressed"

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    list_name = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices)
    joined_at = models.DateTimeField(null=True)  # when confirmed; readers see it in each mail
    changed_at = models.DateTimeField()
    why_left = models.CharField(max_length=20, blank=True)  # one of some answers, if they gave one
    # The import that confirmed it, and whether it was pending before: what undoing needs.
    imported = models.ForeignKey(
        ImportRun, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    was_pending = models.BooleanField(default=False)

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


class ConsentWording(models.Model):
    """The exact words of a consent, once."""

    text_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of `text`
    text = models.TextField()
    version = models.CharField(max_length=20)  # the day on which it was first used

    def __str__(self) -> str:
        return f"wording {self.text_hash[:8]} of {self.version}"


class AppendOnly(models.QuerySet[Any]):
    """Rows that nobody changes; they go with their subscriber alone."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("the consent record is only ever appended")

    def delete(self) -> NoReturn:
        raise TypeError("the consent record goes with its subscriber alone")


class ConsentRecord(models.Model):
    """What someone agreed to, and when. Only ever appended (`consent.append`)."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consents")
    list_name = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40, default="newsletter")
    event = models.CharField(
        max_length=10,
        choices=[("asked", "asked"), ("confirmed", "confirmed"), ("withdrawn", "withdrawn")],
    )
    at = models.DateTimeField()
    wording = models.ForeignKey(
        ConsentWording, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.TextField(blank=True)
    form = models.CharField(max_length=60, blank=True)
    locale = models.CharField(max_length=12, blank=True)
    actor = models.CharField(max_length=150)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.subscriber} {self.event} {self.list_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("the consent record is only ever appended")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the consent record goes with its subscriber alone")

    @property
    def text(self) -> str:
        """The exact words; "" where none belong to the event."""
        return self.wording.text if self.wording else ""


class ConsentProof(models.Model):
    """That somebody who is erased since had agreed. Linked to nobody: months, and no more."""

    list_name = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40)
    text_hash = models.CharField(max_length=64, blank=True)
    confirmed_in = models.CharField(max_length=7, blank=True)  # 2026-11
    withdrawn_in = models.CharField(max_length=7, blank=True)
    erased_in = models.CharField(max_length=7)

    def __str__(self) -> str:
        return f"proof of {self.erased_in}"


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
    actor = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"suppressed: {self.reason}"


class Asked(models.Model):
    """A mail that a public page or an operator's order brought to an address: what limits count.

    By keyed hash, so that it outlives a pending membership that is deleted; kept for a year.
    """

    class Purpose(models.TextChoices):
        CONFIRM = "confirm"  # to join
        LINK = "link"  # the link to one's own page
        CHANGE = "change"  # to confirm a new address
        ORDER = "order"  # to join, as an operator's order put them down

    address_key = models.CharField(max_length=64)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=("address_key", "purpose", "at"), name="asked_address"),
            models.Index(fields=("at",), name="asked_at"),
        ]

    def __str__(self) -> str:
        return f"asked: {self.purpose}"


class Request(models.Model):
    """What somebody sent from a public page, until a background step has answered it.

    Storing it costs the same for every address, so that the page's time tells nothing of it. One
    row for an address and kind, the latest: nobody fills the database by asking again and again.
    """

    class Kind(models.TextChoices):
        JOIN = "join"
        LINK = "link"

    address_key = models.CharField(max_length=64)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    content = SealedTextField()  # JSON
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("address_key", "kind"), name="one_request"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}: {self.kind}"


class Segment(models.Model):
    """A saved choice of readers: an expression that `segments` reads anew each time."""

    name = models.CharField(max_length=60, unique=True)
    expression = models.TextField()
    created_at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    def __str__(self) -> str:
        return f"segment {self.name}"
