"""An issue, what is in it and why, what the editor changed, and what was approved."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from digest.models.gathered import StoredSummary
from digest.values import AUDIENCES

AUDIENCE_CHOICES = [(audience, audience) for audience in AUDIENCES]


class Issue(models.Model):
    """One number of the newsletter."""

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        SCHEDULED = "scheduled"
        SENDING = "sending"
        SENT = "sent"
        PAUSED = "paused"
        CANCELLED = "cancelled"
        SKIPPED = "skipped"

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    window_start = models.DateTimeField()
    cut_off = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)  # when it was composed for the first time
    composed_at = models.DateTimeField()
    # The editor's own words: audience → part (subject, preheader, intro) → text.
    wording = models.JSONField(default=dict)
    # What each item that is in said of itself when it was composed: slug → title, journal, …
    # A source may change it later; the issue stays as it was.
    as_composed = models.JSONField(default=dict)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    approved_hash = models.CharField(max_length=64, blank=True)
    send_at = models.DateTimeField(null=True)
    # To whom it goes besides being on its lists: a segment's expression, "" for everybody.
    segment = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("number",)
        constraints = [
            # DESIGN, States: one open draft at a time. A skipped issue is refreshed, not joined.
            models.UniqueConstraint(
                fields=("state",), condition=Q(state="draft"), name="one_open_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"issue {self.number}"


class IssueItem(models.Model):
    """A summary as composed for an issue: theme, evidence and teasers, as plain JSON."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="items")
    summary = models.ForeignKey(StoredSummary, on_delete=models.PROTECT)
    theme = models.CharField(max_length=40)
    also = models.CharField(max_length=40, null=True)
    margin = models.FloatField()
    terms = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    teasers = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("issue", "summary"), name="one_item_per_summary")
        ]

    def __str__(self) -> str:
        return f"{self.summary} in {self.issue}"


class LedgerEntry(models.Model):
    """Why a summary is in, held over, or left out of an issue, for one audience (law 1)."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="ledger")
    summary = models.ForeignKey(StoredSummary, on_delete=models.PROTECT, related_name="ledger")
    audience = models.CharField(max_length=10, choices=AUDIENCE_CHOICES)
    state = models.CharField(
        max_length=8, choices=[("in", "in"), ("held", "held"), ("left out", "left out")]
    )
    reason = models.TextField()
    content_hash = models.CharField(max_length=64)  # of the summary as it was composed
    position = models.IntegerField(default=-1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("issue", "summary", "audience"), name="one_entry_per_audience"
            ),
            # Law 1: a summary goes into exactly one issue per audience.
            models.UniqueConstraint(
                fields=("summary", "audience"), condition=Q(state="in"), name="in_one_issue_only"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.summary} {self.state} {self.issue} for {self.audience}"


class EditorChoice(models.Model):
    """What an editor decided about one summary in one issue; it outlives composing again.

    With an audience it is about that edition alone and goes before the one for all.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="choices")
    summary = models.ForeignKey(StoredSummary, on_delete=models.CASCADE)
    audience = models.CharField(max_length=10, blank=True, choices=AUDIENCE_CHOICES)
    theme = models.CharField(max_length=40, blank=True)
    placing = models.CharField(
        max_length=8,
        blank=True,
        choices=[("exclude", "exclude"), ("hold", "hold"), ("bring", "bring")],
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("issue", "summary", "audience"), name="one_choice_per_audience"
            )
        ]

    def __str__(self) -> str:
        return f"{self.summary}: {self.theme} {self.placing}"


class Lesson(models.Model):
    """A summary that an editor moved: a labelled example, which later similar ones follow."""

    summary = models.OneToOneField(StoredSummary, on_delete=models.CASCADE, related_name="lesson")
    theme = models.CharField(max_length=40)
    instead_of = models.CharField(max_length=40)  # where the machine had put it
    issue = models.ForeignKey(Issue, null=True, on_delete=models.SET_NULL, related_name="lessons")
    who = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.summary} belongs to {self.theme}"


class StoredRendition(models.Model):
    """The frozen mail of one audience; what was approved is what is sent (law 2)."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="renditions")
    audience = models.CharField(max_length=10, choices=AUDIENCE_CHOICES)
    subject = models.TextField()
    preheader = models.TextField()
    html = models.TextField()
    text = models.TextField()
    page = models.TextField()
    # How the mail follows a reader's choice of themes; null when frozen before they could choose.
    splicing = models.JSONField(null=True)
    content_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("issue", "audience"), name="one_rendition_per_audience")
        ]

    def __str__(self) -> str:
        return f"{self.issue} for {self.audience}"


class AuditEntry(models.Model):
    """Who did what to an issue, and when. Only ever appended."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="audit")
    at = models.DateTimeField()
    who = models.CharField(max_length=150)
    what = models.TextField()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"
