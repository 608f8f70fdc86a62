"""Notices: the editors are told that a draft is ready, was skipped, or is held back, and that an

issue was stopped on its way. A notice is queued in the transaction that makes it true, so it is
told exactly when it is; one that is no longer true is withdrawn. It names no diagnosis and nobody
on the lists (law 7).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from digest.config import Config
from digest.delivery.queue import notices_about, queue_notices, withdraw_notices
from digest.errors import DigestError
from digest.mail import wording
from digest.models import AuditEntry, Issue
from digest.pipeline.choices import kept
from digest.pipeline.issues import hold
from digest.timetable import day_of, next_time

State = Issue.State
COMPOSE = "digest compose"
BY_SCHEDULE = " (schedule of "  # in the audit, before the slot

Notice = tuple[str, tuple[str, ...]]  # a subject and its paragraphs


def editors(config: Config) -> tuple[str, ...]:
    """Who is told, each once: `issue.tell`, else where readers' replies go, else nobody.

    Nobody either while the sender names a diagnosis (law 7): `digest check` says so.
    """
    if config.diagnosis_in_sender():
        return ()
    reply_to = config.sender.reply_to
    told = config.issue.tell or ((reply_to,) if reply_to else ())
    return tuple({address.casefold(): address for address in reversed(told)}.values())[::-1]


def tell_editors(
    issue: Issue,
    config: Config,
    *,
    studies: int,
    was: str | None,
    slot: str,
    now: datetime,
    dropped: str = "",
) -> None:
    """Queue what this composing gives to tell, if anything; the caller holds a transaction.

    `studies` is how many were found. The schedule (`slot`) always tells, but once a slot. By
    hand only what nobody sees coming is told: an issue that `was` not skipped before, and is now.
    What was queued and is no longer so is withdrawn. `dropped` is what `choices.let_go` said.
    """
    skipped = issue.state == State.SKIPPED
    if was is not None and skipped != (was == State.SKIPPED):
        withdraw(issue, now)
    if not slot and (not skipped or was == State.SKIPPED):
        return
    said = f"it {'was skipped' if skipped else 'is ready'}{_schedule(slot)}"
    if slot and issue.audit.filter(what__endswith=said).exists():
        return
    subject, paragraphs = (_skipped if skipped else _ready)(issue, config, studies, now)
    if slot and was is not None and (line := _from_before(issue, dropped)):
        paragraphs = (*paragraphs, line)
    _tell(issue, config, (subject, paragraphs), said, slot=slot, now=now)


def tell_held_back(
    issue: Issue, config: Config, why: DigestError, *, slot: str, now: datetime
) -> None:
    """Queue, once a slot, that the schedule could not approve a draft and so does not send it."""
    with transaction.atomic():
        hold(issue)
        said = f"it is held back{_schedule(slot)}"
        if issue.state != State.DRAFT or issue.audit.filter(what__endswith=said).exists():
            return
        _tell(issue, config, _held_back(issue, config, why), said, slot=slot, now=now)


def tell_stopped(issue: Issue, config: Config, why: DigestError, *, now: datetime) -> None:
    """Queue that an issue on its way was paused, as its mails are refused altogether.

    The caller holds a transaction.
    """
    _tell(issue, config, _stopped(issue, config, why), "it was stopped", slot="", now=now)


def withdraw(issue: Issue, now: datetime) -> None:
    """Take back what editors were to be told of an issue, where no mail of it was tried yet."""
    if withdraw_notices(_about(issue)):
        _audit(issue, now, "withdrew a mail to the editors that was not sent: no longer true")


def waiting(issue: Issue) -> int:
    """How many mails to editors about this issue wait to be sent."""
    return notices_about(_about(issue)).count()


def is_later_slot(issue: Issue, slot: str) -> bool:
    """Whether the schedule took this issue up before, but not in this slot."""
    by_schedule = issue.audit.filter(who="digest", what__contains=BY_SCHEDULE)
    return (
        bool(slot)
        and by_schedule.exists()
        and not by_schedule.filter(what__endswith=_schedule(slot)).exists()
    )


def _schedule(slot: str) -> str:
    return f"{BY_SCHEDULE}{slot.replace('T', ', ')})" if slot else ""


def _about(issue: Issue) -> str:
    return f"issue-{issue.number}"


def _audit(issue: Issue, now: datetime, what: str) -> None:
    AuditEntry.objects.create(issue=issue, at=now, who="digest", what=what)


def _tell(
    issue: Issue, config: Config, notice: Notice, said: str, *, slot: str, now: datetime
) -> None:
    subject, paragraphs = notice
    withdraw_notices(_about(issue))  # what is told now stands for it
    queued = queue_notices(
        editors(config),
        subject,
        "\n\n".join(paragraphs),
        about=_about(issue),
        sender=config.sender_value(),
        now=now,
    )
    if queued:
        _audit(issue, now, f"told the editors that {said}")
    elif slot:  # later slots look for it, too
        _audit(issue, now, f"there was nobody to tell that {said}")


def _from_before(issue: Issue, dropped: str) -> str:
    """What an editor decided when the issue was composed before, and what became of it."""
    if dropped:
        return f"It was skipped before. Let go of what was meant for then: {dropped}."
    if still := kept(issue):
        return f"Still there from before, so look whether it still fits: {still}."
    return ""


def _ready(issue: Issue, config: Config, studies: int, now: datetime) -> Notice:
    themes = issue.items.order_by().values("theme").distinct().count()
    found = f"{wording.studies(studies)} in {wording.themes(themes)}"
    paragraphs = (
        f"Issue {issue.number} was composed up to {day_of(issue.cut_off, config.zone)}: {found}.",
        f"Look at it, and change what you like:\n{_studio(issue, config)}",
        _what_next(issue, config, now),
    )
    return f"Issue {issue.number} is ready to look at: {found}", paragraphs


def _what_next(issue: Issue, config: Config, now: datetime) -> str:
    sends, approve = config.schedule.send, f"digest approve {issue.number} --by NAME"
    when = f" on {day_of(next_time(sends, config.zone, now), config.zone)}" if sends else ""
    if config.issue.approval == "required":
        return f"It goes out{when} only if somebody approves it: {approve}"
    if sends:
        return f"The schedule sends it{when}, approved or not, unless preflight blocks it."
    return f"Nothing sends it by itself: {approve}"


def _skipped(issue: Issue, config: Config, studies: int, now: datetime) -> Notice:
    found = f"{studies} of the {config.issue.min_items} items it needs"
    paragraphs = (
        f"Issue {issue.number} has {found}, so nothing will be sent. All is kept for the next.",
        f"To have it all the same, gather more or lower issue.min_items, then run:\n{COMPOSE}",
        f"What it has, and why:\n{_studio(issue, config)}",
    )
    subject = f"Issue {issue.number} was skipped: {found}; all is kept"
    return subject, paragraphs


def _held_back(issue: Issue, config: Config, why: DigestError) -> Notice:
    reason, n = _said(why, config), issue.number
    by_hand = f"digest approve {n} --by NAME\ndigest send {n}"
    paragraphs = (
        f"Issue {n} was to go out by itself, and could not be approved: {reason}.",
        f"All that stands against it:\ndigest preflight {n}\n{_studio(issue, config)}",
        f"Mended in time, it still goes out by itself. Later it takes both of these:\n{by_hand}",
    )
    return f"Issue {n} is held back: something has to be mended first", paragraphs


def _stopped(issue: Issue, config: Config, why: DigestError) -> Notice:
    n = issue.number
    paragraphs = (
        f"Issue {n} was going out, and was stopped: {_said(why, config)}.",
        "It is paused. Nothing is lost, and nobody gets it twice.",
        f"Who has it, and who has not:\ndigest deliveries {n}",
        f"Once that is mended, let it go on:\ndigest resume {n}\n{_studio(issue, config)}",
    )
    return f"Issue {n} is paused: its mails are refused", paragraphs


def _said(why: DigestError, config: Config) -> str:
    """An inbox shows how a mail begins, and a reason may quote what names a diagnosis (law 7)."""
    reason = why.line().rstrip(".")
    told = config.privacy.diagnosis_in(reason)
    return "what stands against it would tell a diagnosis here" if told else reason


def _studio(issue: Issue, config: Config) -> str:
    return f"{config.publication.site_url}/studio/issues/{issue.number}"
