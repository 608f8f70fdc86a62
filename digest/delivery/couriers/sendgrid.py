"""Deliveries through SendGrid's API: together those that share an edition and how they get it.

    records' thread                   wire's thread, one request at a time
    give ──► groups ──► a request ──► recipients ──► journal: begun ──► body ──► answer
    settled ◄── results ◄── journal: settled, or returned when nothing was sent ◄──┘

Law 3: what left whole and was not answered is `unknown`. Law 4: nobody waits for their group to
fill while others go; when the API asks for patience, `resting` tells, and all can be taken back.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from types import TracebackType
from typing import Self

from digest.delivery.couriers import FLUSH_MAILS, FLUSH_SECONDS, Mails, Result
from digest.delivery.journal import Journal
from digest.delivery.records import Claimed
from digest.delivery.sendgrid.client import Client, NotYet
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.errors import DeliveryError, Refused
from digest.values import Outcome

MOMENT = 1.0  # seconds that somebody may wait for their group to fill
PARTING = 5.0  # seconds that an answer is waited for when all else ends
CONTENTS_KEPT = 32
UNCLEAR_MOST = 3  # requests in a row that end `unknown`
LONG_AGO = float("-inf")

Group = tuple[str, frozenset[str], bool]  # audience, ids of chosen themes, text alone


@dataclass(frozen=True, slots=True)
class _Trip:
    """What one request led to: outcomes, and who was sent nothing because of what."""

    results: list[Result]
    left: list[Claimed]
    trouble: NotYet | DeliveryError | None = None


class SendgridCourier:
    """One connection; up to `batch` recipients a request, which bounds what can be `unknown`.

    `mails` is asked in the wire's thread: it must not touch the database. `clock` counts seconds.
    """

    repeatable = False

    def __init__(
        self,
        client: Client,
        batch: int,
        mails: Mails,
        journal: Journal,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.connections = batch  # mails at once, whatever carries them
        self.batch_id = ""  # of all requests of this run; "" when it could not be had
        self._client, self._mails, self._journal = client, mails, journal
        self._clock, self._sleep = clock, sleep
        self._groups: dict[Group, deque[tuple[float, Claimed]]] = {}  # with when they were given
        self._content = lru_cache(maxsize=CONTENTS_KEPT)(self._new_content)
        self._wire = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sendgrid")
        self._under_way: tuple[Group, Future[_Trip]] | None = None
        self._more_came = self._stopped = False
        self._tries, self._strained, self._unclear, self._rests_until = 0, 0, 0, 0.0
        self._trouble: DeliveryError | None = None

    def __enter__(self) -> Self:
        with suppress(DeliveryError):  # what is really wrong will stop the first request
            self.batch_id = self._client.new_batch_id()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped = True
        if self._under_way is not None:
            wait([self._under_way[1]], PARTING)
            self._client.hang_up()
        self._wire.shutdown()
        self._client.close()

    @property
    def waiting(self) -> int:
        """Deliveries that were given and are not begun."""
        return sum(map(len, self._groups.values()))

    @property
    def busy(self) -> bool:
        """Whether `settled` has something to tell, or will have."""
        if self._under_way is not None:
            return True
        return not self._stopped and (bool(self._groups) or self._trouble is not None)

    @property
    def resting(self) -> float:
        """Seconds until a request may begin; 0 when one may. Claims had better be taken back."""
        return max(0.0, self._rests_until - self._clock())

    def give(self, claims: Sequence[Claimed]) -> None:
        """More to do."""
        now = self._clock()
        for claimed in claims:
            group = claimed.audience, claimed.chosen, claimed.text_only
            self._groups.setdefault(group, deque()).append((now, claimed))
        self._more_came = bool(claims)

    def settled(self) -> list[Result]:
        """What became known since; begins the next request meanwhile."""
        if self._trouble is not None and not (self._under_way or self._stopped):
            raise self._trouble
        results: list[Result] = []
        until = self._clock() + FLUSH_SECONDS
        self._begin()
        while self._under_way is not None and len(results) < FLUSH_MAILS:
            if not wait([self._under_way[1]], max(0.0, until - self._clock())).done:
                break
            results += self._ended(*self._under_way)
            self._begin()
        if self._groups and not results and (rest := self.resting):
            self._sleep(min(rest, FLUSH_SECONDS))
        self._more_came = False
        return results

    def strained(self) -> int:
        """How many answers asked for less."""
        strained, self._strained = self._strained, 0
        return strained

    def take_back(self) -> list[int]:
        """What is not begun. What the API was asked to wait for stays waited for."""
        back = [claimed.delivery_id for group in self._groups.values() for _, claimed in group]
        self._groups.clear()
        return back

    def stop(self) -> None:
        """Begin nothing more; what is under way is waited for."""
        self._stopped = True

    def cancel(self) -> None:
        """Ask that what SendGrid has not sent yet be dropped; it promises little.

        Raises DeliveryError.
        """
        if self.batch_id:  # the connection is that thread's
            self._wire.submit(self._client.cancel, self.batch_id).result()

    def _begin(self) -> None:
        if self._under_way or self._stopped or self._trouble or self.resting:
            return
        if (group := self._next_group()) is not None:
            given = self._groups[group]
            claims = [given.popleft()[1] for _ in range(min(len(given), self.connections))]
            if not given:
                del self._groups[group]
            self._under_way = group, self._wire.submit(self._request, group, claims)

    def _next_group(self) -> Group | None:
        """Whose oldest waits too long; else the largest, unless it may still grow."""
        if not self._groups:
            return None
        oldest = min(self._groups, key=lambda group: self._groups[group][0][0])
        if self._clock() - self._groups[oldest][0][0] > MOMENT:
            return oldest
        largest = max(self._groups, key=lambda group: len(self._groups[group]))
        full = len(self._groups[largest]) >= self.connections
        return largest if full or not self._more_came else None

    def _ended(self, group: Group, ended: Future[_Trip]) -> list[Result]:
        self._under_way = None
        trip = ended.result()
        self._trouble = self._silence(trip)
        if trip.left:  # first again, as old as can be
            again = self._groups.setdefault(group, deque())
            again.extendleft((LONG_AGO, claimed) for claimed in reversed(trip.left))
        if isinstance(trip.trouble, NotYet):
            self._tries += 1
            self._strained += trip.trouble.busy
            try:
                self._rests_until = self._clock() + trip.trouble.wait(self._tries)
            except DeliveryError as error:
                self._trouble = error
        else:
            self._tries, self._trouble = 0, trip.trouble or self._trouble
        return trip.results

    def _silence(self, trip: _Trip) -> DeliveryError | None:
        """An API that is down must not make a whole issue `unknown`, batch after batch.

        So it is not told as temporary: the clock would begin to count anew at each tick.
        """
        if any(outcome.state == "unknown" for _, outcome in trip.results):
            self._unclear += 1
        elif trip.trouble is None:
            self._unclear = 0
        if self._unclear < UNCLEAR_MOST:
            return None
        return DeliveryError(
            f"the SendGrid API gave no clear answer {UNCLEAR_MOST} times in a row",
            mend="Look at status.sendgrid.com, then `digest resume N` (if it is not paused, "
            "`digest send N`): the rest goes out",
        )

    # ── the wire's thread ─────────────────────────────────────────────────────────────────

    def _request(self, group: Group, claims: Sequence[Claimed]) -> _Trip:
        """One request; whoever it did not settle was sent nothing."""
        try:
            content = self._content(group)
        except Refused as refusal:
            failed = Outcome("failed", refusal.line())
            return _Trip([(claimed.delivery_id, failed) for claimed in claims], [])
        results, mailed, recipients = self._recipients(claims)
        begun: list[int] = []

        def leaving(places: Sequence[int]) -> None:
            if self._stopped:
                raise NotYet(DeliveryError("sending was stopped", temporary=True))
            begun.extend(mailed[place].delivery_id for place in places)
            self._journal.begun(begun)

        found: dict[int, Outcome] = {}
        trouble: NotYet | DeliveryError | None = None
        try:
            if mailed:
                found = self._client.try_batch(content, recipients, leaving)
        except (NotYet, DeliveryError) as error:
            trouble = error
        except Refused as refusal:  # what is wrong with every mail fails nobody
            trouble = DeliveryError(refusal.what, where=refusal.where, mend=refusal.mend)
        results += [(mailed[place].delivery_id, outcome) for place, outcome in found.items()]
        left = [claimed for place, claimed in enumerate(mailed) if place not in found]
        return _Trip(results, left, self._noted(results, left, begun) or trouble)

    def _recipients(
        self, claims: Sequence[Claimed]
    ) -> tuple[list[Result], list[Claimed], list[Recipient]]:
        """Who cannot be mailed, and who can, as the API wants them."""
        results, mailed, recipients = [], [], []
        for claimed in claims:
            try:
                recipients.append(self._mails.recipient(claimed))
                mailed.append(claimed)
            except Refused as refusal:
                results.append((claimed.delivery_id, Outcome("failed", refusal.line())))
        return results, mailed, recipients

    def _noted(
        self, results: list[Result], left: list[Claimed], begun: list[int]
    ) -> DeliveryError | None:
        """What became of them, in the journal; the results stand even where it cannot be noted."""
        unsent = {claimed.delivery_id for claimed in left}.intersection(begun)
        try:
            if results:
                self._journal.settled(results)
            if unsent:
                self._journal.returned(unsent)
        except DeliveryError as error:
            return error
        return None

    def _new_content(self, group: Group) -> Content:
        content = self._mails.content(*group)
        return replace(content, batch_id=self.batch_id) if self.batch_id else content
