"""What was gathered: summaries and articles, and how each source is doing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class StoredSummary(models.Model):
    """One summary (or article). `identity` makes it one however often it is gathered."""

    slug = models.CharField(max_length=120, unique=True)
    identity = models.CharField(max_length=600, unique=True)
    text_key = models.CharField(max_length=64, db_index=True)  # the same words from elsewhere
    title_key = models.CharField(max_length=64, db_index=True, default="")  # the same title
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
    pmid = models.CharField(max_length=12, blank=True, default="", db_index=True)
    date_problem = models.TextField(blank=True, default="")  # why the stated date is none
    gone_at = models.DateTimeField(null=True, blank=True)  # its file is no longer in the folder

    class Meta:
        ordering = ("slug",)
        indexes = [
            # By what the same study is looked for with each entry that is gathered.
            models.Index("url", name="summary_url"),
            models.Index(Lower("doi"), name="summary_doi"),
        ]

    def __str__(self) -> str:
        return self.slug


class Appearance(models.Model):
    """The same study in another source than the one whose words we keep."""

    summary = models.ForeignKey(StoredSummary, on_delete=models.CASCADE, related_name="appearances")
    source = models.CharField(max_length=40)
    identity = models.CharField(max_length=600, unique=True)
    url = models.TextField(blank=True)
    place = models.TextField()
    first_seen = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.summary} in {self.source}"


class Revision(models.Model):
    """What a summary said before its source changed it."""

    summary = models.ForeignKey(StoredSummary, on_delete=models.CASCADE, related_name="revisions")
    replaced_at = models.DateTimeField()
    content = models.JSONField()  # field → its text; published_at in ISO 8601
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.summary} until {self.replaced_at}"


class Flag(models.Model):
    """Something about a summary that an editor should look at; nothing happens by itself."""

    class Kind(models.TextChoices):
        SIMILAR = "similar"  # to `other`, and may be the same study
        CHANGED = "changed"  # by its source after it was sent
        REMOVED = "removed"  # its file is gone from the folder

    summary = models.ForeignKey(StoredSummary, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    other = models.ForeignKey(
        StoredSummary, on_delete=models.CASCADE, null=True, related_name="flagged_by"
    )
    detail = models.TextField()
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("pk",)
        constraints = [
            # One open flag of a kind; a settled one does not stand in the way of the next change.
            models.UniqueConstraint(
                fields=("summary", "kind", "other"),
                condition=Q(settled_at=None, other__isnull=False),
                name="one_open_flag_of_two",
            ),
            models.UniqueConstraint(
                fields=("summary", "kind"),
                condition=Q(settled_at=None, other=None),
                name="one_open_flag",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.summary}: {self.kind}"


class SourceState(models.Model):
    """How the last check of a source went; its name is the one in config.yaml."""

    name = models.CharField(max_length=40, unique=True)
    last_check = models.DateTimeField(null=True)
    last_success = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    notes = models.TextField(blank=True, default="")
    found = models.PositiveIntegerField(default=0)  # at the last success
    failures = models.PositiveIntegerField(default=0)  # in a row, of the source as a whole
    next_try = models.DateTimeField(null=True)  # not before; None: at the next gathering
    asked_to_wait = models.BooleanField(default=False)  # next_try is what the site asked for
    gone_at = models.DateTimeField(null=True)  # the site said that it is gone for good
    settings_hash = models.CharField(max_length=64, default="")  # another: it starts afresh

    def __str__(self) -> str:
        return self.name


class SeenAddress(models.Model):
    """What is remembered of one address of a source: `values.Seen` as a row."""

    source = models.CharField(max_length=40)
    url_hash = models.CharField(max_length=64)  # an address may be too long to index
    url = models.TextField()
    etag = models.TextField(blank=True)
    last_modified = models.TextField(blank=True)
    moved_to = models.TextField(blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(default=0)
    said = models.CharField(max_length=64, blank=True)
    dated = models.TextField(blank=True)
    far = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True, default="")
    answered = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("source", "url_hash"), name="one_seen_address")
        ]

    def __str__(self) -> str:
        return f"{self.url} of {self.source}"
