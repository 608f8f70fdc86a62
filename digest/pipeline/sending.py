"""One run over the deliveries of an issue: claim → hand over → store what became of them.

In: an issue that is `sending`, its mails, a courier, a pace. Out: rows. Intent is committed before
the wire and the outcome after it, and no transaction is open in between (laws 3 and 11). Claims
are small (two seconds of the pace, 500 at most), so that who leaves meanwhile gets no later mail
(law 4); what is not begun when the issue is paused, or the server wants less, is released.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

from digest.delivery import records
from digest.delivery.couriers import FLUSH_SECONDS, Clock, Courier, Result
from digest.delivery.journal import Journal
from digest.delivery.pace import Pace
from digest.delivery.records import Claimed
from digest.delivery.recovery import recover
from digest.errors import DeliveryError
from digest.models import Delivery, Issue
from digest.pipeline import Progress
from digest.pipeline.mailing import Mailing
from digest.pipeline.refusals import store_refusals

T = TypeVar("T")
Sleep = Callable[[float], None]

LOOK_SECONDS = 0.1  # how soon a pause is seen
FRESH_SECONDS = 4.0  # twice what a claim should last
AROUND_SECONDS = 1.0  # how soon a domain's next turn is seen
BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on in a laptop's sleep
DATABASE_PATIENCE = 600.0  # how long a locked or restarting database is waited for
DATABASE_WAITS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Sending:
    """What is due of one issue, once; `run` it."""

    def __init__(
        self,
        issue: Issue,
        mailing: Mailing,
        courier: Courier,
        journal: Journal,
        pace: Pace,
        *,
        now: Clock,
        progress: Progress | None = None,
        sleep: Sleep = time.sleep,
    ):
        self._issue, self._courier, self._journal, self._pace = issue, courier, journal, pace
        self._themes, self._by_domain = mailing.themes(), bool(mailing.config.pace.per_domain)
        self._now, self._sleep = now, sleep
        self._show = progress or (lambda done, total: None)
        self._held: deque[Claimed] = deque()  # claimed; the pace has not let them begin
        self._after, self._all_seen, self._put_off = 0, False, False
        self._looked = self._around = time.monotonic()
        self._claimed_at = 0.0
        self._going_on, self._cancelled = True, False

    def run(self) -> None:
        """Send until nothing is due, or the issue is paused.

        Raises DeliveryError when the courier or the database cannot work; what was not begun is
        released by then, and what was begun is settled or stands in the journal.
        """
        self._total = self._issue.deliveries.count()
        self._done = self._total - records.open_rows(self._issue)
        self._show(self._done, self._total)
        with self._courier:
            try:
                while self._turn():
                    pass
            except (Exception, KeyboardInterrupt):
                self._show = lambda done, total: None  # it may be what raised, and would again
                self._wind_up()
                raise
            self._wind_up()
            if self._cancelled:
                with suppress(DeliveryError):  # it promises little; what is accepted stays so
                    self._courier.cancel()
        self._show(self._total - records.open_rows(self._issue), self._total)

    def _turn(self) -> bool:
        """One round; False when there is nothing more to do now."""
        self._look()
        if not self._going_on:
            return False
        if self._is_stale() or self._courier.resting:
            self._release()
        if self._courier.resting:
            self._forget_turns()
        if self._courier.resting and not self._courier.busy:
            self._sleep(min(self._courier.resting, FLUSH_SECONDS))
            return True
        if not self._courier.resting:
            self._claim()
            self._hand_over()
        if not self._courier.busy:
            return self._rest()
        results = self._courier.settled()
        self._pace.heard(len(results), self._courier.strained())
        self._store(results)
        if self._pace.storming:
            self._release()
        return True

    def _look(self) -> None:
        """Whether somebody paused, cancelled or stops it, and whether a domain's turn may come."""
        moment = time.monotonic()
        if moment - self._looked >= LOOK_SECONDS:
            self._looked = moment
            state = self._patiently(
                lambda: Issue.objects.values_list("state").get(pk=self._issue.pk)
            )
            self._going_on = state == (Issue.State.SENDING,)
            self._cancelled = state == (Issue.State.CANCELLED,)
            self._show(min(self._done, self._total), self._total)  # it may stop us, in a wait too
        if self._put_off and moment - self._around >= AROUND_SECONDS:
            self._around, self._after, self._all_seen = moment, 0, False

    def _is_stale(self) -> bool:
        """Whether what is claimed and not begun was claimed too long ago: people leave (law 4)."""
        waits = self._held or self._courier.waiting
        return bool(waits) and seconds_of_life() - self._claimed_at > FRESH_SECONDS

    # ── claimed, then handed over ─────────────────────────────────────────────────────────

    def _claim(self) -> None:
        size = self._pace.claim_size(self._courier.connections)
        while not self._all_seen and len(self._held) + self._courier.waiting < self._wanted(size):
            batch = self._patiently(partial(self._next_batch, size)) if size else []
            if batch:
                self._claimed_at = seconds_of_life()
                self._after = batch[-1].delivery_id
                self._held.extend(self._in_turn(batch))
                self._forget_answers(batch)
            elif self._after and size:
                self._after = 0  # around again, for those that came due meanwhile
            else:
                self._all_seen = True

    def _wanted(self, size: int) -> int:
        """How many should be at hand, so that no connection waits for the next claim."""
        return size if self._pace.rate else max(size // 2 + 1, 2 * self._courier.connections)

    def _next_batch(self, size: int) -> list[Claimed]:
        return records.claim(
            self._issue,
            size,
            self._now(),
            owner=self._journal.owner,
            after=self._after,
            themes=self._themes,
        )

    def _in_turn(self, batch: Sequence[Claimed]) -> list[Claimed]:
        """Those whose domain is free now; the others are put off until their own turn."""
        if not self._by_domain:
            return list(batch)
        at_once: list[Claimed] = []
        later: list[tuple[int, datetime]] = []
        for claimed in batch:
            wait = 0.0 if claimed.in_turn else self._pace.domain_wait(claimed.domain)
            if wait <= FLUSH_SECONDS:
                at_once.append(claimed)
            else:
                later.append((claimed.delivery_id, self._now() + timedelta(seconds=wait)))
        if later:
            self._put_off = True
            put_off = partial(records.put_off, later, self._now(), owner=self._journal.owner)
            self._patiently(put_off)
        return at_once

    def _forget_answers(self, batch: Sequence[Claimed]) -> None:
        """What this journal noted of an earlier attempt must not be believed of this one."""
        if again := [claimed.delivery_id for claimed in batch if claimed.attempts > 1]:
            self._journal.returned(again)

    def _hand_over(self) -> None:
        begin = min(self._pace.allowance(), len(self._held))
        if begin:
            self._pace.spend(begin)
            self._courier.give([self._held.popleft() for _ in range(begin)])

    def _rest(self) -> bool:
        """Nothing is under way: wait for the pace or for a domain's turn; False: all is done."""
        if self._pace.left_today == 0:  # the rest is for another day
            return False
        if self._held:
            wait = self._pace.wait()
        elif not self._all_seen:
            wait = 0.0
        elif turn := self._patiently(self._next_turn) if self._put_off else None:
            wait = max(0.0, (turn - self._now()).total_seconds())
            self._all_seen = wait > 0
        elif self._patiently(self._is_due):  # somebody had them locked when we claimed
            wait, self._after, self._all_seen = FLUSH_SECONDS, 0, False
        else:
            return False
        self._sleep(min(wait, FLUSH_SECONDS))
        return True

    def _is_due(self) -> bool:
        return records.is_due(self._issue, self._now())

    def _next_turn(self) -> datetime | None:
        return records.next_turn(self._issue)

    # ── what became of them ───────────────────────────────────────────────────────────────

    def _store(self, results: Sequence[Result]) -> None:
        if not results:
            return
        now, owner = self._now(), self._journal.owner
        self._patiently(lambda: keep(results, now, owner=owner))
        self._journal.stored(delivery for delivery, _ in results)
        self._done += sum(outcome.state != "deferred" for _, outcome in results)
        self._show(min(self._done, self._total), self._total)

    def _release(self) -> None:
        """Give back what is not begun."""
        unspent, spent = [claimed.delivery_id for claimed in self._held], self._courier.take_back()
        self._held.clear()
        self._pace.refund(len(spent))
        back = unspent + spent
        if back:
            release = partial(records.release, back, self._now(), owner=self._journal.owner)
            self._patiently(release)
            self._after, self._all_seen = 0, False  # they are behind, and due

    def _forget_turns(self) -> None:
        """Nothing goes on for a while: after it, all who were put off would come at once."""
        if self._put_off:
            self._patiently(partial(records.forget_turns, self._issue))
            self._pace.forget_turns()
            self._put_off, self._after, self._all_seen = False, 0, False

    def _wind_up(self) -> None:
        self._courier.stop()
        trouble: DeliveryError | None = None
        while self._courier.busy:  # also when nothing can be stored: the journal has each answer
            results = self._courier.settled()
            try:
                self._store(results if trouble is None else ())
            except DeliveryError as error:
                trouble = error
        if trouble is not None:
            raise trouble
        self._release()

    def _patiently(self, act: Callable[[], T]) -> T:
        """Wait for a database that is locked or starts again. Each act may be done twice."""
        given_up, tries = time.monotonic() + DATABASE_PATIENCE, 0
        while True:
            try:
                return act()
            except (OperationalError, InterfaceError) as error:
                full = "full" in str(error) or "No space" in str(error)
                if full or connection.in_atomic_block or time.monotonic() > given_up:
                    raise _unavailable(error) from None
                connection.close_if_unusable_or_obsolete()
            self._sleep(DATABASE_WAITS[min(tries, len(DATABASE_WAITS) - 1)])
            tries += 1


def seconds_of_life() -> float:
    """Since the machine was started, its sleep included where the system counts it."""
    return time.clock_gettime(BOOT_CLOCK)


def keep(results: Sequence[Result], now: datetime, *, owner: str) -> None:
    """Store what became of claimed rows, and what it tells of their readers, in one commit."""
    with transaction.atomic():
        keep_refusals(records.settle(results, now, owner=owner), now)


def keep_left(journal: Journal, now: datetime) -> None:
    """The same for what a dead sender left."""
    with transaction.atomic():
        keep_refusals(recover(journal.left(), now), now)


def keep_refusals(failed: Mapping[int, str], now: datetime) -> None:
    """A reader's own server that says no is as good as a bounce: it is heard like one."""
    if failed:
        references = Delivery.objects.filter(pk__in=failed).values_list("pk", "reference")
        store_refusals([(reference, failed[one]) for one, reference in references], now)


@contextmanager
def database_needed() -> Iterator[None]:
    """A database that fails is told as one that cannot be written now, and nothing is lost."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _unavailable(error) from None


def _unavailable(error: Exception) -> DeliveryError:
    return DeliveryError(
        f"the database cannot be written ({str(error).strip().splitlines()[0]})",
        where="database",
        mend="Make room, or see that it runs, then send again; nothing is lost",
        temporary=True,
    )
