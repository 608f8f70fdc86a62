"""Couriers: claimed deliveries go in, what became of each comes out.

    one_by_one   a transport that takes one envelope at a time (Maildir)
    smtp         several connections at once
    sendgrid     many recipients a request

Each is used by one thread, the records' own, and never while a transaction is open (law 11). What
is put on the wire is noted in the journal first, and its outcome before it is told (law 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from digest.delivery.records import Claimed
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.values import Envelope, Outcome

Result = tuple[int, Outcome]  # the delivery's id, and what became of its mail
Clock = Callable[[], datetime]

# Outcomes are committed after so many mails, or so many seconds, whichever is sooner.
FLUSH_MAILS, FLUSH_SECONDS = 20, 0.05


class Mails(Protocol):
    """An issue as mails; each raises Refused for a delivery that cannot be mailed."""

    def envelope(self, claimed: Claimed, date: datetime) -> Envelope:
        """The whole mail of one delivery."""
        ...

    def content(self, audience: str, chosen: frozenset[str], text_only: bool) -> Content:
        """What the mails of one edition and choice of themes have in common, with slots.

        One that is text alone has no HTML.
        """
        ...

    def recipient(self, claimed: Claimed) -> Recipient:
        """What differs: who it is for, and what fills the slots."""
        ...


class Courier(Protocol):
    """For use inside of `with`; entering raises DeliveryError when nobody lets us in.

    `repeatable`: a mail may be delivered twice and leaves one. `connections`: how many mails it
    has under way at once.
    """

    repeatable: bool
    connections: int

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def waiting(self) -> int:
        """Deliveries that were given and are not begun."""
        ...

    @property
    def busy(self) -> bool:
        """Whether `settled` has something to tell, or will have."""
        ...

    def give(self, claims: Sequence[Claimed]) -> None:
        """More to do."""
        ...

    def settled(self) -> list[Result]:
        """What became known since; waits for FLUSH_MAILS of them, at most FLUSH_SECONDS.

        Raises DeliveryError when nothing can be sent any more, once all else was told.
        """
        ...

    @property
    def resting(self) -> float:
        """Seconds until the other side takes more, where it says until when; 0.0: now."""
        ...

    def strained(self) -> int:
        """How many answers asked for less, since this was asked last."""
        ...

    def take_back(self) -> list[int]:
        """Ids of what was given and is not begun; it will not be. More may be given later."""
        ...

    def stop(self) -> None:
        """Begin nothing more, ever. What is begun is waited for by `settled` while `busy`;

        after it `take_back` has the rest. `settled` raises nothing any more.
        """
        ...

    def cancel(self) -> None:
        """Ask the other side to drop what it took and has not passed on, where it can be asked.

        Raises DeliveryError.
        """
        ...
