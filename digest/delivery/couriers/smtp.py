"""Deliveries over several SMTP connections at once.

    give ──► given ──► take, compose ──► journal: begun ──► body ──► answer
    settled ◄── results ◄── journal: settled ◄──────────────────────────┘

One thread does all: the connections' loop runs inside of `settled`, and stands still while the
caller is with its database. What the server says meanwhile waits in the system's buffers. So that
a slow disk does not slow the wire, `settled` takes a multiple of the time that the caller took.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from digest.delivery.couriers import FLUSH_MAILS, FLUSH_SECONDS, Clock, Mails, Result
from digest.delivery.journal import Journal
from digest.delivery.records import Claimed
from digest.delivery.smtp import Patience, Server, send_all
from digest.errors import Refused
from digest.values import Envelope, Outcome

CALLERS_SHARE = 0.1  # of the time, at most, unless that would keep outcomes for too long


class SmtpCourier:
    """Some connections to one server."""

    repeatable = False

    def __init__(
        self,
        server: Server,
        mails: Mails,
        journal: Journal,
        now: Clock,
        *,
        patience: Patience | None = None,
        context: ssl.SSLContext | None = None,
    ):
        self.connections = server.connections
        self._server, self._patience, self._context = server, patience, context
        self._mails, self._journal, self._now = mails, journal, now
        self._given: deque[Claimed] = deque()
        self._results: list[Result] = []
        self._left: list[int] = []  # taken by the client, and never begun
        self._under_way: dict[str, int] = {}  # Message-ID → delivery
        self._strained, self._stopped = 0, False
        self._left_at = monotonic()  # when the loop last stood still

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        try:
            self._runner.run(self._begin())
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # After an error nothing is waited for: what was begun is then noted as unknown.
        self._runner.close()

    @property
    def waiting(self) -> int:
        """Deliveries that were given and are not begun."""
        return len(self._given)

    @property
    def busy(self) -> bool:
        """Whether `settled` has something to tell, or will have."""
        if self._stopped:
            return bool(self._results) or not self._sending.done()
        return bool(self._given or self._under_way or self._results) or self._sending.done()

    def give(self, claims: Sequence[Claimed]) -> None:
        """More to do."""
        self._given.extend(claims)
        self._more.set()

    def settled(self) -> list[Result]:
        """What became known since."""
        self._runner.run(self._some(monotonic() - self._left_at))
        self._left_at = monotonic()
        results, self._results = self._results, []
        if not results and self._sending.done() and not self._stopped:
            self._sending.result()  # raises
        return results

    @property
    def resting(self) -> float:
        """It never says until when."""
        return 0.0

    def strained(self) -> int:
        """How many answers asked for less."""
        strained, self._strained = self._strained, 0
        return strained

    def take_back(self) -> list[int]:
        """What is not begun."""
        back = [*self._left, *(claimed.delivery_id for claimed in self._given)]
        self._left.clear()
        self._given.clear()
        return back

    def stop(self) -> None:
        """Hang up, after the answers to what is begun."""
        self._stopped = True
        self._stopping.set()

    def cancel(self) -> None:
        """SMTP has no such command."""

    # ── inside of the loop ────────────────────────────────────────────────────────────────

    async def _begin(self) -> None:
        """Until there is a connection. Raises what kept us from having one."""
        self._stopping, self._more, self._told = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._sending = asyncio.create_task(
            send_all(
                self._server,
                self,
                begun=self._begun,
                settled=self._settled,
                returned=self._returned,
                slow_down=self._slow_down,
                patience=self._patience,
                context=self._context,
                stop=self._stopping,
            )
        )
        self._sending.add_done_callback(lambda task: self._told.set())
        await self._told.wait()
        if self._sending.done():
            self._sending.result()

    async def _some(self, away: float) -> None:
        """Until there are some results, or a moment has passed. The caller was away for so long."""
        loop = asyncio.get_running_loop()
        not_before = loop.time() + min(FLUSH_SECONDS, away / CALLERS_SHARE)
        not_after = loop.time() + FLUSH_SECONDS
        while not self._sending.done() and (self._under_way or not self._results):
            enough = len(self._results) >= FLUSH_MAILS
            self._told.clear()
            try:
                async with asyncio.timeout_at(not_before if enough else not_after):
                    await self._told.wait()
            except TimeoutError:
                return
            if len(self._results) >= FLUSH_MAILS and loop.time() >= not_before:
                return

    def take(self) -> Envelope | None:
        """The next mail, for the client."""
        while self._given:
            claimed = self._given.popleft()
            try:
                envelope = self._mails.envelope(claimed, self._now())
            except Refused as refusal:
                self._tell((claimed.delivery_id, Outcome("failed", refusal.line())))
            else:
                self._under_way[envelope.message_id] = claimed.delivery_id
                return envelope
        return None

    async def ready(self) -> bool:
        """Wait until there may be a mail; there always may be, until we are stopped."""
        if not self._under_way:
            self._told.set()
        while not self._given:
            self._more.clear()
            await self._more.wait()
        return True

    def _begun(self, mail: Envelope) -> None:
        self._journal.begun((self._under_way[mail.message_id],))

    def _settled(self, mail: Envelope, outcome: Outcome) -> None:
        result = self._under_way.pop(mail.message_id), outcome
        self._tell(result)
        self._journal.settled((result,))

    def _returned(self, mail: Envelope) -> None:
        self._left.append(self._under_way.pop(mail.message_id))

    def _slow_down(self, detail: str) -> None:
        self._strained += 1

    def _tell(self, result: Result) -> None:
        self._results.append(result)
        if len(self._results) == FLUSH_MAILS or not self._under_way:
            self._told.set()
