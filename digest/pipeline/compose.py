"""Compose: what was gathered → the open draft, with a ledger entry for every summary seen.

The stages compute first, on values; then one transaction writes the draft. Composing again
refreshes the draft, keeps its number and what the editor decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from digest.config import Config
from digest.editorial.evidence import read_evidence
from digest.editorial.selection import (
    NO_ROOM,
    Candidate,
    EditorPlacing,
    Room,
    Window,
    place_articles,
    place_items,
)
from digest.editorial.teasers import make_teasers
from digest.editorial.themes import Taxonomy, classify, load_taxonomy
from digest.errors import Refused
from digest.models import EditorChoice, Issue, IssueItem, LedgerEntry, StoredSummary
from digest.pipeline.issues import hold
from digest.pipeline.rows import evidence_json, summary_value, teasers_json
from digest.values import AUDIENCES, Audience, Item, Placing, Summary

State = Issue.State
# An issue in one of these has its own summaries; the rest of the states give them back.
UNDER_WAY = (State.APPROVED, State.SCHEDULED, State.SENDING, State.PAUSED, State.SENT)


@dataclass(frozen=True, slots=True)
class Composed:
    """A stored summary and what the editorial stage made of it; an article is no item."""

    row: StoredSummary
    summary: Summary
    item: Item | None = None


def compose(config: Config, *, now: datetime, until: datetime | None = None) -> Issue:
    """The open draft, fresh, with the cut-off `until` (or now).

    Raises Refused while an approved issue waits to be sent.
    """
    waiting = Issue.objects.filter(state__in=(State.APPROVED, State.SCHEDULED)).first()
    if waiting:
        raise Refused(
            f"issue {waiting.number} is {waiting.state} and not yet sent",
            mend=f"Run `digest send {waiting.number}`, or `digest cancel {waiting.number}`",
        )
    # A skipped issue was never sent: the next composing takes it up again under its number.
    draft = Issue.objects.filter(state__in=(State.DRAFT, State.SKIPPED)).order_by("-number").first()
    return _write(draft, config, now, until or now)


def recompose(issue: Issue, config: Config, *, now: datetime) -> Issue:
    """The same draft once more, up to its own cut-off: after an editor's change."""
    return _write(issue, config, now, issue.cut_off)


def _write(draft: Issue | None, config: Config, now: datetime, until: datetime) -> Issue:
    taxonomy = load_taxonomy(config.themes_path)
    window = _window(draft, config, until)
    choices = _choices(draft)
    composed = [_read(row, taxonomy, choices.get(row.pk)) for row in _unsettled(draft)]
    placings = [
        placing
        for audience in config.audience_order
        for placing in _place(composed, audience, window, config, taxonomy, draft, choices)
    ]
    try:
        with transaction.atomic():
            return _store(draft, window, now, composed, placings, config)
    except IntegrityError:
        raise Refused(
            "another composing was under way", mend="Look at `digest issues`, then try again"
        ) from None


def _window(draft: Issue | None, config: Config, until: datetime) -> Window:
    others = _others(draft).filter(state__in=UNDER_WAY)
    before = others.order_by("-cut_off").first()
    first_start = until - timedelta(days=config.issue.first_lookback_days)
    start = min(before.cut_off, until) if before else first_start
    return Window(start, until, before is None, config.zone)


def _others(draft: Issue | None) -> QuerySet[Issue]:
    """Every issue but this draft, which may be approved while its editor changes it."""
    return Issue.objects.exclude(pk=draft.pk) if draft else Issue.objects.all()


def _unsettled(draft: Issue | None) -> list[StoredSummary]:
    """Summaries that some audience still waits for: in or left out nowhere but in this draft."""
    settled = LedgerEntry.objects.exclude(issue=draft).filter(state__in=("in", "left out"))
    counts = Counter(settled.values_list("summary_id", flat=True))
    done = [pk for pk, audiences in counts.items() if audiences >= len(AUDIENCES)]
    return list(StoredSummary.objects.exclude(pk__in=done).order_by("slug"))


def _choices(draft: Issue | None) -> dict[int, EditorChoice]:
    if draft is None:
        return {}
    return {choice.summary_id: choice for choice in draft.choices.all()}


def _read(row: StoredSummary, taxonomy: Taxonomy, choice: EditorChoice | None) -> Composed:
    summary = summary_value(row)
    if summary.kind == "article":
        return Composed(row, summary)
    verdict = classify(summary, taxonomy)
    if choice and choice.theme:
        also = verdict.theme if verdict.theme != choice.theme else verdict.also
        verdict = replace(verdict, theme=choice.theme, also=also, terms=("moved by the editor",))
    evidence = read_evidence(summary)
    return Composed(row, summary, Item(summary, verdict, evidence, make_teasers(summary, evidence)))


def _place(
    composed: Iterable[Composed],
    audience: Audience,
    window: Window,
    config: Config,
    taxonomy: Taxonomy,
    draft: Issue | None,
    choices: Mapping[int, EditorChoice],
) -> list[Placing]:
    settled, times_held = _past(draft, audience)
    candidates = [
        Candidate(
            summary=one.summary,
            theme=one.item.verdict.theme if one.item else "",
            evidence=one.item.evidence if one.item else None,
            asks_for_date=one.row.asks_for_date,
            times_held=times_held[one.row.pk],
            placing=_placing_of(choices.get(one.row.pk)),
        )
        for one in composed
        if one.row.pk not in settled
    ]
    own_order = config.audiences[audience].order
    order = [*own_order, *(theme for theme in taxonomy.themes if theme not in own_order)]
    room = Room(config.issue.max_items, config.issue.max_per_theme)
    items = [c for c in candidates if c.summary.kind == "summary"]
    articles = [c for c in candidates if c.summary.kind == "article"]
    linked = config.issue.articles == "link"
    return [
        *place_items(items, audience, window, room, order),
        *place_articles(articles, audience, window, linked=linked),
    ]


def _past(draft: Issue | None, audience: Audience) -> tuple[set[int], Counter[int]]:
    """What other issues settled for this audience, and how often want of room held each over."""
    entries = LedgerEntry.objects.exclude(issue=draft).filter(audience=audience)
    settled = set(entries.filter(state__in=("in", "left out")).values_list("summary_id", flat=True))
    held = entries.filter(
        state="held", reason__startswith=NO_ROOM, issue__state__in=UNDER_WAY
    )  # a cancelled or skipped issue held nothing over: nobody got it
    return settled, Counter(held.values_list("summary_id", flat=True))


def _placing_of(choice: EditorChoice | None) -> EditorPlacing:
    return cast(EditorPlacing, choice.placing) if choice else ""


def _store(
    draft: Issue | None,
    window: Window,
    now: datetime,
    composed: Iterable[Composed],
    placings: list[Placing],
    config: Config,
) -> Issue:
    issue = _held(draft) if draft else Issue(number=_next_number())
    rows = {one.summary.slug: one for one in composed}
    ins = {placing.slug for placing in placings if placing.state == "in"}
    studies = {slug: item for slug in sorted(ins) if (item := rows[slug].item)}
    void_approval(issue)
    issue.state = State.DRAFT
    if len(studies) < config.issue.min_items:
        placings = _skipped(placings, len(studies), config.issue.min_items)
        issue.state = State.SKIPPED
    issue.window_start, issue.cut_off, issue.composed_at = window.start, window.cut_off, now
    issue.save()
    for related in (issue.items, issue.ledger):
        related.all().delete()
    IssueItem.objects.bulk_create(
        _item_row(issue, rows[slug].row, item) for slug, item in studies.items()
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            issue=issue,
            summary=rows[placing.slug].row,
            audience=placing.audience,
            state=placing.state,
            reason=placing.reason,
            content_hash=rows[placing.slug].row.content_hash,
            position=placing.position,
        )
        for placing in placings
    )
    return issue


def _held(draft: Issue) -> Issue:
    """The draft's row, held; it must still be what the stages composed from."""
    before = (draft.state, draft.composed_at)
    hold(draft)
    if (draft.state, draft.composed_at) != before:
        raise Refused(
            f"issue {draft.number} was changed while it was composed",
            mend=f"Look at `digest show {draft.number}`, then try again",
        )
    return draft


def void_approval(issue: Issue) -> None:
    """An edit voids an approval, and what was frozen goes (law 2). The caller saves the row."""
    issue.state = State.DRAFT if issue.state in (State.APPROVED, State.SCHEDULED) else issue.state
    issue.approved_by, issue.approved_at, issue.approved_hash, issue.send_at = "", None, "", None
    if issue.pk:
        issue.renditions.all().delete()


def _next_number() -> int:
    last = Issue.objects.order_by("-number").first()
    return last.number + 1 if last else 1


def _skipped(placings: list[Placing], found: int, needed: int) -> list[Placing]:
    """Too few items: what would be in is kept for the next issue."""
    reason = f"the issue was skipped: {found} of the {needed} items that it needs"
    return [
        replace(p, state="held", reason=reason, position=-1) if p.state == "in" else p
        for p in placings
    ]


def _item_row(issue: Issue, row: StoredSummary, item: Item) -> IssueItem:
    return IssueItem(
        issue=issue,
        summary=row,
        theme=item.verdict.theme,
        also=item.verdict.also,
        margin=round(item.verdict.margin, 4),
        terms=list(item.verdict.terms),
        evidence=evidence_json(item.evidence),
        teasers=teasers_json(item.teasers),
    )


def give_back(issue: Issue) -> None:
    """A cancelled issue's summaries wait for the next one again."""
    issue.ledger.filter(Q(state="in") | Q(state="left out")).update(
        state="held", reason=f"issue {issue.number} was cancelled", position=-1
    )
