"""Scheduled occurrences: a unique row each, so that however many clocks run, one acts (law 10)."""

from __future__ import annotations

from django.db import models


class Occurrence(models.Model):
    """One slot of one schedule. `slot` is the publication's wall-clock time, ISO without zone,

    so that an hour which comes twice in autumn is still one slot.
    """

    job = models.CharField(
        max_length=8, choices=[("gather", "gather"), ("compose", "compose"), ("send", "send")]
    )
    slot = models.CharField(max_length=16)
    state = models.CharField(
        max_length=8,
        choices=[(s, s) for s in ("claimed", "done", "waiting", "missed", "failed", "skipped")],
    )
    note = models.TextField(blank=True)
    claimed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("job", "slot"), name="one_occurrence")]
        ordering = ("-slot",)

    def __str__(self) -> str:
        return f"{self.job} {self.slot}: {self.state}"
