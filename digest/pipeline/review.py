"""Review: what an editor may do with a draft, and the approval that freezes it (law 2).

Every change voids an approval; every act is kept in the audit with who did it.
"""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from django.db import transaction

from digest.config import Config
from digest.editorial.selection import EditorPlacing
from digest.editorial.themes import load_taxonomy
from digest.errors import Refused
from digest.models import AuditEntry, EditorChoice, Issue, StoredSummary
from digest.pipeline.approval import approval_hash
from digest.pipeline.compose import give_back, recompose
from digest.pipeline.render import renditions
from digest.values import AUDIENCES, Audience

State = Issue.State
OPEN = (State.DRAFT, State.SKIPPED, State.APPROVED, State.SCHEDULED)


def find_issue(number: int) -> Issue:
    """The issue of that number. Raises Refused when there is none."""
    issue = Issue.objects.filter(number=number).first()
    if issue is None:
        numbers = ", ".join(str(n) for n in Issue.objects.values_list("number", flat=True))
        mend = f"There are: {numbers}" if numbers else "Run `digest compose` first"
        raise Refused(f"there is no issue {number}", mend=mend)
    return issue


def known_audience(name: str) -> Audience:
    """The audience of that name. Raises Refused naming the three."""
    if name not in AUDIENCES:
        raise Refused(f"there is no audience '{name}'", mend=f"Known: {', '.join(AUDIENCES)}")
    return name


def move(issue: Issue, slug: str, theme: str, config: Config, *, who: str, now: datetime) -> Issue:
    """Put an item under another theme."""
    themes = load_taxonomy(config.path(config.themes) if config.themes else None).themes
    if theme not in themes:
        raise Refused(f"there is no theme '{theme}'", mend=f"Known: {', '.join(themes)}")
    summary = _summary(issue, slug)
    if summary.kind == "article":
        raise Refused(
            f"'{slug}' is an article, and articles have no theme",
            mend=f"It stands under “Also worth reading”; `digest exclude {issue.number} {slug}` "
            "takes it out",
        )
    return _decide(issue, summary, config, who, now, f"moved {slug} to {theme}", theme=theme)


def put(
    issue: Issue, slug: str, placing: EditorPlacing, config: Config, *, who: str, now: datetime
) -> Issue:
    """Exclude an item, hold it over, or bring it in."""
    assert placing in get_args(EditorPlacing)
    summary = _summary(issue, slug)
    return _decide(issue, summary, config, who, now, f"{placing} {slug}", placing=placing)


def set_subject(
    issue: Issue, audience: Audience, text: str, config: Config, *, who: str, now: datetime
) -> Issue:
    """The editor's own subject for one edition; an empty one brings the proposal back."""
    _must_be_open(issue)
    if any(not char.isprintable() for char in text):
        raise Refused("the subject holds a line break or control character", mend="Use one line")
    word = config.privacy.diagnosis_in(text)
    if word:
        raise Refused(
            f"the subject names a diagnosis ('{word}'), and an inbox is seen by others",
            mend="Say it without that word",
        )
    with transaction.atomic():
        issue.subjects = {**issue.subjects, audience: text.strip()}
        if not text.strip():
            del issue.subjects[audience]
        issue.renditions.all().delete()
        _void_approval(issue)
        _audit(issue, who, now, f"subject of {audience}: {text.strip() or 'as proposed'}")
    return issue


def approve(issue: Issue, config: Config, *, who: str, now: datetime) -> Issue:
    """Freeze the renditions: what they are now is what will be sent."""
    if issue.state in (State.APPROVED, State.SCHEDULED):
        raise Refused(
            f"issue {issue.number} was approved by {issue.approved_by} already",
            mend=f"Run `digest send {issue.number}`",
        )
    if issue.state not in (State.DRAFT, State.SKIPPED):
        raise Refused(f"issue {issue.number} is {issue.state}", mend="Only a draft is approved")
    if not who.strip() or any(not char.isprintable() for char in who):
        raise Refused("an approval needs a name", mend="Say who approves with --by NAME")
    made = renditions(issue, config)
    with transaction.atomic():
        issue.state, issue.approved_by, issue.approved_at = State.APPROVED, who.strip(), now
        issue.approved_hash = approval_hash(made)
        issue.save()
        _audit(issue, who, now, f"approved ({issue.approved_hash[:12]})")
    return issue


def schedule(issue: Issue, at: datetime, *, who: str, now: datetime) -> Issue:
    """Have the clock send an approved issue at an instant to come."""
    if issue.state not in (State.APPROVED, State.SCHEDULED):
        raise Refused(
            f"issue {issue.number} is {issue.state}, not approved",
            mend=f"Run `digest approve {issue.number} --by NAME` first",
        )
    if at < now:
        raise Refused("that moment has passed", mend="Leave --at out to send at once")
    with transaction.atomic():
        issue.state, issue.send_at = State.SCHEDULED, at
        issue.save()
        _audit(issue, who, now, f"scheduled for {at.isoformat(timespec='minutes')}")
    return issue


def pause(issue: Issue, *, who: str, now: datetime) -> Issue:
    """Stop an issue that is going out; the sender looks before each claim."""
    return _turn(issue, (State.SENDING,), State.PAUSED, who, now)


def resume(issue: Issue, *, who: str, now: datetime) -> Issue:
    """Let a paused issue go on; `digest send` or the clock takes it up."""
    return _turn(issue, (State.PAUSED,), State.SENDING, who, now)


def cancel(issue: Issue, *, who: str, now: datetime) -> Issue:
    """Give up an issue before its first mail; its summaries wait for the next one."""
    with transaction.atomic():
        _turn(issue, OPEN, State.CANCELLED, who, now)
        give_back(issue)
    return issue


def _turn(
    issue: Issue, allowed: tuple[Issue.State, ...], to: Issue.State, who: str, now: datetime
) -> Issue:
    with transaction.atomic():
        rows = Issue.objects.filter(pk=issue.pk, state__in=allowed).update(state=to)
        if rows != 1:
            raise Refused(
                f"issue {issue.number} is {issue.state}",
                mend=f"Only {' or '.join(allowed)} can become {to}",
            )
        _audit(issue, who, now, str(to))
    issue.refresh_from_db()
    return issue


def _must_be_open(issue: Issue) -> None:
    if issue.state not in OPEN:
        raise Refused(
            f"issue {issue.number} is {issue.state} and can no longer be changed",
            mend="Change the open draft, or run `digest compose` for a new one",
        )


def _summary(issue: Issue, slug: str) -> StoredSummary:
    _must_be_open(issue)
    entry = issue.ledger.filter(summary__slug=slug).select_related("summary").first()
    if entry is None:
        raise Refused(
            f"there is no item '{slug}' in the ledger of issue {issue.number}",
            mend=f"`digest show {issue.number}` lists them",
        )
    return entry.summary


def _decide(
    issue: Issue,
    summary: StoredSummary,
    config: Config,
    who: str,
    now: datetime,
    what: str,
    **choice: str,
) -> Issue:
    """Keep the editor's choice and compose the draft again with it, both or neither."""
    with transaction.atomic():
        EditorChoice.objects.update_or_create(issue=issue, summary=summary, defaults=choice)
        fresh = recompose(issue, config, now=now)
        _audit(fresh, who, now, what)
    return fresh


def _void_approval(issue: Issue) -> None:
    if issue.state in (State.APPROVED, State.SCHEDULED):
        issue.state = State.DRAFT
    issue.approved_by, issue.approved_at, issue.approved_hash, issue.send_at = "", None, "", None
    issue.save()


def _audit(issue: Issue, who: str, now: datetime, what: str) -> None:
    AuditEntry.objects.create(issue=issue, at=now, who=who, what=what)
