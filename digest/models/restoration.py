"""That this database came out of a backup, and how far it is from being trusted to send."""

from __future__ import annotations

from django.db import models


class Restoration(models.Model):
    """One restored backup. Nothing is sent until it is replayed and released."""

    taken_at = models.DateTimeField()  # when the backup was made
    restored_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True)  # the departures since are in
    released_at = models.DateTimeField(null=True)  # an operator let it send again
    released_by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"restored from {self.taken_at:%Y-%m-%d %H:%M}"
