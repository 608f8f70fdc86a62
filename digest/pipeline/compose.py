"""Compose: what was gathered → the open draft, with a ledger entry for every summary seen.

The stages compute first, on values; then one transaction writes the draft, and what the editors
are told of it. Composing again refreshes the draft, keeps its number and what the editor decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from digest.config import Config
from digest.editorial.evidence import read_evidence
from digest.editorial.selection import (
    Candidate,
    Room,
    Window,
    is_open,
    place_articles,
    place_items,
)
from digest.editorial.teasers import make_teasers
from digest.editorial.themes import Learned, Taxonomy, classify, load_taxonomy
from digest.errors import Refused
from digest.models import AuditEntry, Issue, IssueItem, LedgerEntry, StoredSummary
from digest.pipeline.choices import Choices, choices_of, let_go
from digest.pipeline.issues import hold
from digest.pipeline.lessons import moved_before, taught
from digest.pipeline.notices import is_later_slot, tell_editors
from digest.pipeline.past import ROWS_AT_ONCE, Past, candidates, past_of, window_of
from digest.pipeline.rows import as_composed, evidence_json, summary_value, teasers_json
from digest.values import Audience, Evidence, Item, Placing, Summary, ThemeVerdict

State = Issue.State
BY_THE_EDITOR = "because you moved it"


@dataclass(frozen=True, slots=True)
class Composed:
    """A stored summary and what the editorial stage read in it; of an article, nothing."""

    pk: int
    content_hash: str
    asks_for_date: bool
    summary: Summary
    verdict: ThemeVerdict | None = None
    evidence: Evidence | None = None


def compose(
    config: Config, *, now: datetime, until: datetime | None = None, slot: str = ""
) -> Issue:
    """The open draft, fresh, with the cut-off `until` (or now).

    `slot` names the occurrence of the schedule that asks for it; then the editors are told.
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
    return _write(draft, config, now, until or now, slot)


def recompose(issue: Issue, config: Config, *, now: datetime) -> Issue:
    """The same draft once more, up to its own cut-off: after an editor's change."""
    return _write(issue, config, now, issue.cut_off)


def _write(
    draft: Issue | None, config: Config, now: datetime, until: datetime, slot: str = ""
) -> Issue:
    taxonomy = load_taxonomy(config.themes_path)
    window = window_of(draft, config, until)
    choices, anew = choices_of(draft), _is_new_month(draft, slot)
    if anew:
        choices = choices.without_holds()
    learned, moved = taught(taxonomy), {**moved_before(), **choices.themes}
    past = past_of(draft)
    seen = [_seen(row) for row in candidates(draft)]
    composed = [
        _read(one, taxonomy, learned, moved.get(one.pk, ""))
        if any(
            is_open(_candidate(one, audience, past, choices), window)
            for audience in config.audience_order
        )
        else one
        for one in seen
    ]
    placings = [
        placing
        for audience in config.audience_order
        for placing in _place(composed, audience, window, config, taxonomy, past, choices)
    ]
    chosen = _chosen(composed, placings)
    was = draft.state if draft else None
    try:
        with transaction.atomic():
            issue = _store(draft, window, now, composed, placings, chosen, config)
            studies = sum(isinstance(one, Item) for one in chosen.values())
            dropped = _let_go(issue, now) if anew else ""
            tell_editors(
                issue, config, studies=studies, was=was, slot=slot, now=now, dropped=dropped
            )
            return issue
    except IntegrityError:
        raise Refused(
            "another composing was under way", mend="Look at `digest issues`, then try again"
        ) from None


def _is_new_month(draft: Issue | None, slot: str) -> bool:
    """Whether the schedule takes up again what it skipped in an earlier slot.

    Then that "next issue" is here for which an item was held over, and the words are old. A draft
    keeps all that its editor decided, until it is sent or cancelled.
    """
    return draft is not None and draft.state == State.SKIPPED and is_later_slot(draft, slot)


def _let_go(issue: Issue, now: datetime) -> str:
    if dropped := let_go(issue):
        what = f"let go of what was meant for the skipped issue: {dropped}"
        AuditEntry.objects.create(issue=issue, at=now, who="digest", what=what)
    return dropped


def _seen(row: StoredSummary) -> Composed:
    summary = summary_value(row, body=False)
    return Composed(row.pk, row.content_hash, row.asks_for_date, summary)


def _read(one: Composed, taxonomy: Taxonomy, learned: Learned, moved_to: str) -> Composed:
    """The same with theme and evidence; an archive that no issue will take is never read."""
    if one.summary.kind == "article":
        return one
    verdict = classify(one.summary, taxonomy, learned)
    if moved_to in taxonomy.themes:
        verdict = _moved(verdict, moved_to)
    return replace(one, verdict=verdict, evidence=read_evidence(one.summary))


def _moved(verdict: ThemeVerdict, theme: str) -> ThemeVerdict:
    """The editor is sure, whatever the words say; what they say stays as the second theme."""
    terms = [term for term in verdict.terms if term != BY_THE_EDITOR]
    also = verdict.also if verdict.theme == theme else verdict.theme
    return ThemeVerdict(theme, also, 1.0, (BY_THE_EDITOR, *terms))


def _candidate(one: Composed, audience: Audience, past: Past, choices: Choices) -> Candidate:
    return Candidate(
        summary=one.summary,
        theme=one.verdict.theme if one.verdict else "",
        evidence=one.evidence,
        asks_for_date=one.asks_for_date,
        times_held=past.times_held.get((one.pk, audience), 0),
        held_in=past.held_in.get((one.pk, audience)),
        placing=choices.placing(one.pk, audience),
    )


def _place(
    composed: Sequence[Composed],
    audience: Audience,
    window: Window,
    config: Config,
    taxonomy: Taxonomy,
    past: Past,
    choices: Choices,
) -> list[Placing]:
    waiting = [
        _candidate(one, audience, past, choices)
        for one in composed
        if (one.pk, audience) not in past.settled
    ]
    own, issue = config.audiences[audience], config.issue
    order = [*own.order, *(theme for theme in taxonomy.themes if theme not in own.order)]
    room = Room(own.max_items or issue.max_items, own.max_per_theme or issue.max_per_theme)
    studies = [c for c in waiting if c.summary.kind == "summary"]
    linked = [c for c in waiting if c.summary.kind == "article"]
    items = place_items(studies, audience, window, room, order, own.leave_out)
    articles = place_articles(linked, audience, window, linked=issue.articles == "link")
    if not any(placing.state == "in" for placing in items):
        # Without a study there is no edition to link an article in; see `render.renditions`.
        articles = _kept(articles, "no edition for this audience: no study is in it")
    return items + articles


def _kept(placings: Iterable[Placing], reason: str) -> list[Placing]:
    """What would be in waits for the next issue."""
    return [
        replace(p, state="held", reason=reason, position=-1) if p.state == "in" else p
        for p in placings
    ]


def _chosen(composed: Iterable[Composed], placings: Iterable[Placing]) -> dict[int, Item | Summary]:
    """What is in for some audience, by primary key: studies with their teasers, and articles."""
    ins = {placing.slug for placing in placings if placing.state == "in"}
    return {one.pk: _item(one) or one.summary for one in composed if one.summary.slug in ins}


def _item(one: Composed) -> Item | None:
    if one.verdict is None or one.evidence is None:
        return None
    return Item(one.summary, one.verdict, one.evidence, make_teasers(one.summary, one.evidence))


def _store(
    draft: Issue | None,
    window: Window,
    now: datetime,
    composed: Iterable[Composed],
    placings: list[Placing],
    chosen: Mapping[int, Item | Summary],
    config: Config,
) -> Issue:
    issue = _held(draft) if draft else Issue(number=_next_number(), opened_at=now)
    void_approval(issue)
    studies = {pk: one for pk, one in chosen.items() if isinstance(one, Item)}
    issue.state, needed = State.DRAFT, config.issue.min_items
    if len(studies) < needed:
        found = f"{len(studies)} of the {needed} items that it needs"
        placings = _kept(placings, f"the issue was skipped: {found}")
        issue.state = State.SKIPPED
    issue.window_start, issue.cut_off, issue.composed_at = window.start, window.cut_off, now
    issue.as_composed = dict(map(as_composed, chosen.values()))
    issue.save()
    for related in (issue.items, issue.ledger):
        related.all().delete()
    IssueItem.objects.bulk_create(
        (_item_row(issue, pk, item) for pk, item in studies.items()), batch_size=ROWS_AT_ONCE
    )
    LedgerEntry.objects.bulk_create(
        _ledger_rows(issue, composed, placings), batch_size=ROWS_AT_ONCE
    )
    return issue


def _ledger_rows(
    issue: Issue, composed: Iterable[Composed], placings: Iterable[Placing]
) -> list[LedgerEntry]:
    by_slug = {one.summary.slug: one for one in composed}
    return [
        LedgerEntry(
            issue=issue,
            summary_id=by_slug[placing.slug].pk,
            audience=placing.audience,
            state=placing.state,
            reason=placing.reason,
            content_hash=by_slug[placing.slug].content_hash,
            position=placing.position,
        )
        for placing in placings
    ]


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


def _item_row(issue: Issue, summary_id: int, item: Item) -> IssueItem:
    return IssueItem(
        issue=issue,
        summary_id=summary_id,
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
