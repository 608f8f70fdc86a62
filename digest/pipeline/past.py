"""Past: what other issues did with the summaries at hand (law 1).

Out: the window that an issue looks at, the summaries that still wait for one, and by audience
which of them were settled or held over before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from digest.config import Config
from digest.editorial.selection import NO_ROOM, Window
from digest.models import Issue, LedgerEntry, StoredSummary
from digest.values import AUDIENCES

State = Issue.State
# An issue in one of these has its own summaries; the rest of the states give them back.
UNDER_WAY = (State.APPROVED, State.SCHEDULED, State.SENDING, State.PAUSED, State.SENT)
SETTLED = ("in", "left out")
ROWS_AT_ONCE = 1000

Waiting = tuple[int, str]  # a summary's primary key, and the audience that waits for it


@dataclass(frozen=True, slots=True)
class Past:
    """What other issues did with the summaries at hand, by primary key and audience."""

    settled: frozenset[Waiting]
    times_held: Mapping[Waiting, int]  # for want of room
    held_in: Mapping[Waiting, int]  # the number of the last issue that held it, for any reason


def window_of(draft: Issue | None, config: Config, until: datetime) -> Window:
    """From the cut-off of the issue before; the first one looks back as config says."""
    others = _others(draft).filter(state__in=UNDER_WAY)
    before = others.order_by("-cut_off").first()
    start = min(before.cut_off, until) if before else _first_start(config, until)
    return Window(start, until, before is None, config.zone)


def candidates(draft: Issue | None) -> Iterable[StoredSummary]:
    """The unsettled rows, read in parts and without what composing does not look at."""
    lean = _unsettled(draft).defer("body", "place", "identity", "text_key").order_by("slug")
    return lean.iterator(chunk_size=ROWS_AT_ONCE)


def past_of(draft: Issue | None) -> Past:
    """What every issue but this draft did; a cancelled or skipped one held nothing over."""
    waiting = _unsettled(draft).order_by().values("pk")
    entries = LedgerEntry.objects.exclude(issue=draft).filter(summary__in=waiting)
    settled = entries.filter(state__in=SETTLED)
    held = entries.filter(state="held", issue__state__in=UNDER_WAY).order_by("issue__number")
    times_held: Counter[Waiting] = Counter()
    held_in: dict[Waiting, int] = {}
    for summary, audience, reason, number in held.values_list(
        "summary_id", "audience", "reason", "issue__number"
    ):
        held_in[summary, audience] = number
        times_held[summary, audience] += reason.startswith(NO_ROOM)
    return Past(frozenset(settled.values_list("summary_id", "audience")), times_held, held_in)


def _first_start(config: Config, until: datetime) -> datetime:
    """How far back the first issue looks, from the first time that one was composed.

    However long it is skipped, cancelled or left lying, what it had is kept.
    """
    opened = Issue.objects.filter(opened_at__lt=until).aggregate(first=Min("opened_at"))["first"]
    return (opened or until) - timedelta(days=config.issue.first_lookback_days)


def _others(draft: Issue | None) -> QuerySet[Issue]:
    """Every issue but this draft, which may be approved while its editor changes it."""
    return Issue.objects.exclude(pk=draft.pk) if draft else Issue.objects.all()


def _unsettled(draft: Issue | None) -> QuerySet[StoredSummary]:
    """Summaries that some audience still waits for: in or left out nowhere but in this draft."""
    elsewhere = LedgerEntry.objects.exclude(issue=draft).filter(
        summary=OuterRef("pk"), state__in=SETTLED
    )
    settled_for_all = Q()
    for audience in AUDIENCES:
        settled_for_all &= Q(Exists(elsewhere.filter(audience=audience)))
    return StoredSummary.objects.exclude(settled_for_all)
