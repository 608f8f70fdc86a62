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
from digest.pipeline.compose import give_back, recompose, void_approval
from digest.pipeline.issues import hold
from digest.pipeline.render import freeze
from digest.values import AUDIENCES, Audience

State = Issue.State
LONGEST_NAME = 150  # characters, as the tables hold
OPEN = (State.DRAFT, State.SKIPPED, State.APPROVED, State.SCHEDULED)


def known_audience(name: str) -> Audience:
    """The audience of that name. Raises Refused naming the three."""
    if name not in AUDIENCES:
        raise Refused(f"there is no audience '{name}'", mend=f"Known: {', '.join(AUDIENCES)}")
    return name


def move(issue: Issue, slug: str, theme: str, config: Config, *, who: str, now: datetime) -> Issue:
    """Put an item under another theme."""
    themes = load_taxonomy(config.themes_path).themes
    if theme not in themes:
        raise Refused(f"there is no theme '{theme}'", mend=f"Known: {', '.join(themes)}")
    return _decide(issue, slug, config, who, now, f"moved {slug} to {theme}", theme=theme)


def put(
    issue: Issue, slug: str, placing: EditorPlacing, config: Config, *, who: str, now: datetime
) -> Issue:
    """Exclude an item, hold it over, or bring it in."""
    assert placing in get_args(EditorPlacing)
    return _decide(issue, slug, config, who, now, f"{placing} {slug}", placing=placing)


def set_subject(
    issue: Issue, audience: Audience, text: str, config: Config, *, who: str, now: datetime
) -> Issue:
    """The editor's own subject for one edition; an empty one brings the proposal back."""
    text = text.strip()
    if any(not char.isprintable() for char in text):
        raise Refused("the subject holds a line break or control character", mend="Use one line")
    word = config.privacy.diagnosis_in(text)
    if word:
        raise Refused(
            f"the subject names a diagnosis ('{word}'), and an inbox is seen by others",
            mend="Say it without that word",
        )
    with transaction.atomic():
        _hold_open(issue)
        others = {name: own for name, own in issue.subjects.items() if name != audience}
        issue.subjects = {**others, audience: text} if text else others
        void_approval(issue)
        issue.save()
        _audit(issue, who, now, f"subject of {audience}: {text or 'as proposed'}")
    return issue


def approve(issue: Issue, config: Config, *, who: str, now: datetime) -> Issue:
    """Freeze the renditions: what they are now is what will be sent."""
    who = who.strip()
    if not who or len(who) > LONGEST_NAME or any(not char.isprintable() for char in who):
        mend = f"Say who approves with --by NAME, in {LONGEST_NAME} characters at most"
        raise Refused("an approval needs a name", mend=mend)
    if problem := config.diagnosis_in_sender():
        raise Refused(problem, mend="Choose another in config.yaml, without that word")
    with transaction.atomic():
        hold(issue)
        _refuse_unless_draft(issue)
        issue.approved_hash = approval_hash(freeze(issue, config))
        issue.state, issue.approved_by, issue.approved_at = State.APPROVED, who, now
        issue.save()
        _audit(issue, who, now, f"approved ({issue.approved_hash[:12]})")
    return issue


def schedule(issue: Issue, at: datetime, *, who: str, now: datetime) -> Issue:
    """Have the clock send an approved issue at an instant to come."""
    if at < now:
        raise Refused("that moment has passed", mend="Leave --at out to send at once")
    with transaction.atomic():
        hold(issue)
        if issue.state not in (State.APPROVED, State.SCHEDULED):
            raise Refused(
                f"issue {issue.number} is {issue.state}, not approved",
                mend=f"Run `digest approve {issue.number} --by NAME` first",
            )
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
        hold(issue)
        if issue.state not in allowed:
            raise Refused(
                f"issue {issue.number} is {issue.state}",
                mend=f"Only {' or '.join(allowed)} can become {to}",
            )
        issue.state = to
        issue.save()
        _audit(issue, who, now, str(to))
    return issue


def _refuse_unless_draft(issue: Issue) -> None:
    if issue.state in (State.APPROVED, State.SCHEDULED):
        raise Refused(
            f"issue {issue.number} was approved by {issue.approved_by} already",
            mend=f"Run `digest send {issue.number}`",
        )
    if issue.state not in (State.DRAFT, State.SKIPPED):
        raise Refused(f"issue {issue.number} is {issue.state}", mend="Only a draft is approved")


def _hold_open(issue: Issue) -> None:
    hold(issue)
    if issue.state not in OPEN:
        raise Refused(
            f"issue {issue.number} is {issue.state} and can no longer be changed",
            mend="Change the open draft, or run `digest compose` for a new one",
        )


def _decide(
    issue: Issue, slug: str, config: Config, who: str, now: datetime, what: str, **choice: str
) -> Issue:
    """Keep the editor's choice and compose the draft again with it, both or neither."""
    with transaction.atomic():
        _hold_open(issue)
        summary = _summary(issue, slug)
        if "theme" in choice and summary.kind == "article":
            mend = f"`digest exclude {issue.number} {slug}` takes it out of “Also worth reading”"
            raise Refused(f"'{slug}' is an article, and articles have no theme", mend=mend)
        EditorChoice.objects.update_or_create(issue=issue, summary=summary, defaults=choice)
        recompose(issue, config, now=now)
        _audit(issue, who, now, what)
    return issue


def _summary(issue: Issue, slug: str) -> StoredSummary:
    entry = issue.ledger.filter(summary__slug=slug).select_related("summary").first()
    if entry is None:
        raise Refused(
            f"there is no item '{slug}' in the ledger of issue {issue.number}",
            mend=f"`digest show {issue.number}` lists them",
        )
    return entry.summary


def _audit(issue: Issue, who: str, now: datetime, what: str) -> None:
    AuditEntry.objects.create(issue=issue, at=now, who=who[:LONGEST_NAME], what=what)
