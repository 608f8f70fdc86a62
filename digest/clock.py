"""The clock: APScheduler wakes it, it claims the slots that are due, and calls the pipeline.

A scheduled occurrence is a unique row keyed by its slot: however many clocks run, it happens
once; if it is too late, it asks (law 10). The clock only decides when; what is done is the
pipeline's, and sending is handed on as a scheduled issue, so that a long send blocks no slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from django.db import close_old_connections, transaction
from django.db.models import Q

from digest.config import Config, Keys
from digest.delivery.records import NEXT_TRY
from digest.errors import DeliveryError, DigestError, Refused
from digest.models import Issue, Occurrence
from digest.pipeline import review
from digest.pipeline.alarm import Alarm
from digest.pipeline.answer import answer
from digest.pipeline.compose import compose
from digest.pipeline.deliver import send_issue
from digest.pipeline.gather import gather
from digest.pipeline.hear_back import hear_back
from digest.pipeline.notices import tell_held_back, tell_stopped, withdraw
from digest.pipeline.queued import flush_queue
from digest.pipeline.retention import retain
from digest.timetable import due_times, instant_of, slot_of

TICK_SECONDS = 15
ANSWER_SECONDS = 5  # somebody sits and waits for that mail
HEAR_SECONDS = 60  # a mail server is asked once a minute
DAY_SECONDS = 86_400
ABANDONED_AFTER = timedelta(minutes=15)  # a claimed slot whose process died is taken up again
RESTS = NEXT_TRY[:4]  # one minute to two hours
WHO = "the schedule"

log = structlog.get_logger("clock")
NEVER = Event()  # nobody stops it
# Configuration, slot, now and what is set to stop it → how the occurrence ends, and a note.
Steps = dict[str, Callable[[Config, str, datetime, Event], tuple[str, str]]]


def start_clock(config: Config, keys: Keys, stop: Event) -> BackgroundScheduler:
    """Start ticking in the background; the caller sets `stop`, then shuts the scheduler down."""
    scheduler = BackgroundScheduler(timezone=config.zone)
    for name, work, seconds in (  # each in a thread of its own: a long issue keeps nobody waiting
        ("slots", partial(tick, config, stop=stop), TICK_SECONDS),
        ("mails", partial(mails, config, keys, stop, alarm=Alarm(config, keys)), TICK_SECONDS),
        ("queue", partial(queue, config, keys, rest=Rest()), TICK_SECONDS),
        ("answers", _answers, ANSWER_SECONDS),
        ("feedback", partial(hear, config, keys), HEAR_SECONDS),
        ("retention", partial(forget, config), DAY_SECONDS),
    ):
        scheduler.add_job(
            _quietly(name, work),
            "interval",
            seconds=seconds,
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            id=name,
        )
    scheduler.start()
    return scheduler


def _quietly(name: str, work: Callable[[datetime], None]) -> Callable[[], None]:
    """One tick that ends in a log line, never in a traceback; the next tick tries again."""

    def run() -> None:
        close_old_connections()
        try:
            with _told(name):
                work(datetime.now(UTC))
        except Exception as error:
            # Only the kind of error: its text could hold an address, and logs must not.
            log.error(name, problem=f"unexpected {type(error).__name__}; see `digest check`")
        finally:
            close_old_connections()

    return run


def tick(config: Config, now: datetime, stop: Event = NEVER) -> None:
    """Claim and do every slot that is due; take up what waits or was abandoned."""
    for job in STEPS:
        expression = getattr(config.schedule, job)
        if expression is not None:
            _claim_due(job, expression, config, now)
        for occurrence in _open_occurrences(job, now):
            if _take(occurrence, now):
                _do(occurrence, config, now, stop)


@dataclass
class Rest:
    """How long single mails are left alone by a server that refused us altogether.

    One that is asked four times a minute with a wrong password locks the account.
    """

    refusals: int = 0  # in a row
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it may be asked again."""
        return self.until is None or now >= self.until

    def begin(self, now: datetime, error: DeliveryError) -> None:
        """It refused us: for longer each time."""
        self.until = now + RESTS[min(self.refusals, len(RESTS) - 1)]
        self.refusals += 1

    def end(self) -> None:
        """It serves us."""
        self.refusals, self.until = 0, None


def mails(
    config: Config, keys: Keys, stop: Event, now: datetime, *, alarm: Alarm | None = None
) -> None:
    """Send what is scheduled and due, and go on with what is under way.

    An issue that is refused altogether is paused, and its editors are told (law 10: it asks). Of
    one that cannot go on for a while, the `alarm` tells them.
    """
    alarm = alarm or Alarm(config, keys)
    in_time = Q(send_at__lte=now, send_at__gte=now - config.schedule.max_lateness)
    due = Q(state=Issue.State.SCHEDULED) & in_time | Q(state=Issue.State.SENDING)
    for issue in Issue.objects.filter(due):
        with _told("sending"), _if_refused(partial(_stop, issue, config, now)):
            with alarm.watching(issue, now):
                counts = send_issue(issue.number, config, keys, progress=partial(_go_on, stop))
            log.info("sending", issue=issue.number, **counts)


def queue(config: Config, keys: Keys, now: datetime, *, rest: Rest) -> None:
    """Send the single mails that are due: confirmations, and notices to editors."""
    if rest.is_over(now):
        with _told("queue"), _if_refused(partial(rest.begin, now)):
            flush_queue(config, keys)
            rest.end()


def _answers(now: datetime) -> None:
    """Answer what was asked for on the public pages: rows, and mails in the queue."""
    answer(now)


def hear(config: Config, keys: Keys, now: datetime) -> None:
    """Apply what came back; a mailbox that cannot be read is told, and stops nothing else."""
    with _told("feedback"):
        heard = hear_back(config, keys, now)
        if heard.anything:
            log.info("feedback", **heard.document())


def forget(config: Config, now: datetime) -> None:
    """Let go of what is kept no longer; a start does it too, however seldom it runs a whole day."""
    with _told("retention"):
        if any((gone := retain(config, now=now)).values()):
            log.info("retention", **gone)


def _go_on(stop: Event, done: int, total: int) -> None:
    """Between two mails: a stopping process lets go at once; the next one goes on."""
    if stop.is_set():
        raise Refused("stopped", mend=f"{done} of {total} are through; the next start goes on")


@contextmanager
def _told(event: str) -> Iterator[None]:
    """What is refused or cannot work now is told; the next thing goes on, the next tick retries."""
    try:
        yield
    except DigestError as error:
        log.error(event, problem=error.line())


@contextmanager
def _if_refused(act: Callable[[DeliveryError], None]) -> Iterator[None]:
    """Do this when trying again would not help."""
    try:
        yield
    except DeliveryError as error:
        if not error.temporary:
            act(error)
        raise


def _stop(issue: Issue, config: Config, now: datetime, error: DeliveryError) -> None:
    with suppress(Refused), transaction.atomic():  # else somebody paused or cancelled it just now
        review.pause(issue, who=WHO, now=now, why=error.line())
        tell_stopped(issue, config, error, now=now)


def _claim_due(job: str, expression: str, config: Config, now: datetime) -> None:
    last = Occurrence.objects.filter(job=job).first()  # ordered: the latest slot
    if last is None:
        # The very first start: nothing before it was ever due.
        _occur(job, slot_of(now, config.zone), "skipped", "the clock's first start", now)
        return
    due = due_times(expression, config.zone, instant_of(last.slot, config.zone), now)
    slots = sorted({slot for moment in due if (slot := slot_of(moment, config.zone)) > last.slot})
    for slot in slots[:-1]:
        _occur(job, slot, "skipped", "the clock was not running; a later slot stands for it", now)
    for slot in slots[-1:]:
        _occur(job, slot, "waiting", "", now)


def _occur(job: str, slot: str, state: str, note: str, now: datetime) -> None:
    """A row for the slot, unless another clock was first (law 10: the unique row decides)."""
    row = Occurrence(job=job, slot=slot, state=state, note=note, claimed_at=now)
    Occurrence.objects.bulk_create([row], ignore_conflicts=True)


def _open_occurrences(job: str, now: datetime) -> Iterator[Occurrence]:
    yield from Occurrence.objects.filter(job=job, state="waiting").order_by("slot")
    abandoned = Occurrence.objects.filter(job=job, state="claimed")
    yield from abandoned.filter(claimed_at__lt=now - ABANDONED_AFTER).order_by("slot")


def _take(occurrence: Occurrence, now: datetime) -> bool:
    """Claim by conditional update; the one whose update changed the row acts."""
    same = Occurrence.objects.filter(
        pk=occurrence.pk, state=occurrence.state, claimed_at=occurrence.claimed_at
    )
    return same.update(state="claimed", claimed_at=now) == 1


def _do(occurrence: Occurrence, config: Config, now: datetime, stop: Event) -> None:
    with _failures_noted(occurrence, now):
        if _too_late(occurrence.job, instant_of(occurrence.slot, config.zone), config, now):
            _finish(occurrence, "missed", _ask(occurrence, config), now)
        else:
            _finish(occurrence, *STEPS[occurrence.job](config, occurrence.slot, now, stop), now)


def _too_late(job: str, due: datetime, config: Config, now: datetime) -> bool:
    """Law 10: what is too late asks. Gathering is never too late, for it catches up."""
    return job != "gather" and now - due > config.schedule.max_lateness


def _ask(occurrence: Occurrence, config: Config) -> str:
    late = f"more than {config.schedule.max_lateness} late"
    if occurrence.note:  # why it waited, and what to do about that
        return f"{occurrence.note}; {late}, so run `digest {occurrence.job}` yourself"
    return f"{late}: run `digest {occurrence.job}` yourself"


@contextmanager
def _failures_noted(occurrence: Occurrence, now: datetime) -> Iterator[None]:
    try:
        yield
    except DigestError as error:
        _finish(occurrence, "failed", error.line(), now)
    except Exception as error:
        _finish(occurrence, "failed", f"unexpected {type(error).__name__}", now)
        raise


def _finish(occurrence: Occurrence, state: str, note: str, now: datetime) -> None:
    if (state, note) != ("waiting", occurrence.note):
        log.info(occurrence.job, slot=occurrence.slot, state=state, note=note)
    Occurrence.objects.filter(pk=occurrence.pk).update(state=state, note=note, finished_at=now)


def _gather(config: Config, slot: str, now: datetime, stop: Event) -> tuple[str, str]:
    results = gather(config, now=now, due_only=True, stop=stop)
    new, failed = sum(r.new for r in results), sum(r.failed for r in results)
    resting = sum(bool(r.skipped) for r in results)
    rest = f", {resting} of {len(results)} sources not asked" if resting else ""
    return "done", f"{new} new, {failed} refused{rest}"


def _compose(config: Config, slot: str, now: datetime, stop: Event) -> tuple[str, str]:
    issue = compose(config, now=now, slot=slot)
    return "done", f"issue {issue.number} is a {issue.state}"


def _send(config: Config, slot: str, now: datetime, stop: Event) -> tuple[str, str]:
    """Hand the approved issue on to be sent; one that nobody approves or may approve waits."""
    draft = Issue.objects.filter(state=Issue.State.DRAFT).first()
    if draft and config.issue.approval == "none":
        try:
            draft = review.approve(draft, config, who=f"{WHO} (approval: none)", now=now)
        except DigestError as error:
            # Mended in time it still goes out. Why is not said here: this is logged (law 7).
            tell_held_back(draft, config, error, slot=slot, now=now)
            look = f"`digest preflight {draft.number}` says why"
            return "waiting", f"issue {draft.number} could not be approved: {look}"
        withdraw(draft, now)  # what editors were to be told of the draft is past
    approved = Issue.objects.filter(state=Issue.State.APPROVED).first()
    if approved:
        with transaction.atomic():
            review.schedule(approved, now, who=WHO, now=now)
        return "done", f"issue {approved.number} goes out"
    if draft:
        approve = f"`digest approve {draft.number} --by NAME`"
        return "waiting", f"issue {draft.number} waits for approval: {approve}"
    return "skipped", "no issue is open"


STEPS: Steps = {"gather": _gather, "compose": _compose, "send": _send}
