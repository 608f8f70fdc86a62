"""Deliveries through a transport that takes one envelope after the other: a Maildir, a fake."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from digest.delivery.couriers import FLUSH_MAILS, FLUSH_SECONDS, Clock, Mails, Result
from digest.delivery.journal import Journal
from digest.delivery.records import Claimed
from digest.delivery.transports import Transport
from digest.errors import DeliveryError, Refused
from digest.values import Outcome


class OneByOne:
    """Through a transport that takes one envelope after the other."""

    connections = 1

    def __init__(self, transport: Transport, mails: Mails, journal: Journal, now: Clock):
        self._transport, self._mails, self._journal, self._now = transport, mails, journal, now
        self.repeatable = transport.repeatable
        self._given: deque[Claimed] = deque()
        self._trouble: DeliveryError | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        self._transport.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.__exit__(kind, error, trace)

    @property
    def waiting(self) -> int:
        """Deliveries that were given and are not begun."""
        return len(self._given)

    @property
    def busy(self) -> bool:
        """Whether `settled` has something to tell, or will have."""
        return bool(self._given) and not self._stopped

    def give(self, claims: Sequence[Claimed]) -> None:
        """More to do."""
        self._given.extend(claims)

    def settled(self) -> list[Result]:
        """Deliver some, and tell what became of them."""
        if self._stopped:
            return []
        if self._trouble is not None:
            raise self._trouble
        results: list[Result] = []
        until = monotonic() + FLUSH_SECONDS
        while self._given and len(results) < FLUSH_MAILS and monotonic() < until:
            try:
                self._deliver(self._given[0], results)
            except DeliveryError as error:
                self._trouble = error
                break
        return results

    @property
    def resting(self) -> float:
        """It never says until when."""
        return 0.0

    def strained(self) -> int:
        """It never says."""
        return 0

    def take_back(self) -> list[int]:
        """What was not delivered."""
        left = [claimed.delivery_id for claimed in self._given]
        self._given.clear()
        return left

    def stop(self) -> None:
        """Nothing is ever under way between two calls."""
        self._stopped = True

    def cancel(self) -> None:
        """What was taken is delivered."""

    def _deliver(self, claimed: Claimed, results: list[Result]) -> None:
        outcome, noted = self._outcome(claimed)
        result = self._given.popleft().delivery_id, outcome
        results.append(result)  # told even if it cannot be noted, or it would be sent again
        if noted:
            self._journal.settled([result])

    def _outcome(self, claimed: Claimed) -> tuple[Outcome, bool]:
        """What became of it, and whether its beginning stands in the journal."""
        try:
            envelope = self._mails.envelope(claimed, self._now())
        except Refused as refusal:
            return Outcome("failed", refusal.line()), False
        if not self.repeatable:  # else nothing is to be told of it: it may be done again
            self._journal.begun([claimed.delivery_id])
        return self._transport.deliver(envelope), not self.repeatable
