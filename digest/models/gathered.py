"""What was gathered: summaries and articles, and how each source is doing."""

from __future__ import annotations

from django.db import models


class StoredSummary(models.Model):
    """One summary (or article). `identity` makes it one however often it is gathered."""

    slug = models.CharField(max_length=120, unique=True)
    identity = models.CharField(max_length=600, unique=True)
    text_key = models.CharField(max_length=64, db_index=True)  # the same words from elsewhere
    kind = models.CharField(max_length=10, choices=[("summary", "summary"), ("article", "article")])
    source = models.CharField(max_length=40)
    place = models.TextField()
    title = models.TextField()
    headline = models.TextField(blank=True)
    found = models.TextField(blank=True)
    why = models.TextField(blank=True)
    limits = models.TextField(blank=True)
    body = models.TextField(blank=True)
    journal = models.TextField(blank=True)
    doi = models.CharField(max_length=300, blank=True, db_index=True)
    url = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    asks_for_date = models.BooleanField(default=False)
    first_seen = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


class SourceState(models.Model):
    """How the last check of a source went; its name is the one in config.yaml."""

    name = models.CharField(max_length=40, unique=True)
    last_check = models.DateTimeField(null=True)
    last_success = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
