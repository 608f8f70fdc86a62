"""The titles of what is stored, for one gathering: read once, and only if something is new.

Out: `Titles` of summaries that are dated, or were first seen, not long ago; older ones with just
the same title are found by its key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q

from digest.models import StoredSummary
from digest.sources.similar import Titles

LOOK_BACK = timedelta(days=90)


class Window:
    """What new titles are compared with. One serves all sources of a gathering."""

    def __init__(self, now: datetime) -> None:
        self._since = now - LOOK_BACK

    def renew(self) -> None:
        """Forget what was taken in: it was rolled back, and is read anew when it is asked for."""
        self.__dict__.pop("titles", None)

    @cached_property
    def titles(self) -> Titles:
        """By primary key; whoever stores a summary adds it."""
        titles = Titles()
        recent = Q(first_seen__gte=self._since) | Q(published_at__gte=self._since)
        rows = StoredSummary.objects.filter(recent, kind="summary").order_by("pk")
        columns = ("pk", "title", "headline", "published_at", "first_seen")
        for pk, title, headline, published, seen in rows.values_list(*columns).iterator():
            titles.add(pk, title, headline, published or seen)
        return titles
