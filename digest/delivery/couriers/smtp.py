"""Deliveries over several SMTP connections at once, in a thread of their own.

    records' thread                          wire's thread (asyncio)
    give ──► given ──► take, compose ──► journal: begun ──► body ──► answer
    settled ◄── results ◄── journal: settled ◄──────────────────────────┘

The threads share two queues and the journal, nothing else: the wire's thread sees no database.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

from digest.delivery.couriers import FLUSH_MAILS, FLUSH_SECONDS, Clock, Mails, Result
from digest.delivery.journal import Journal
from digest.delivery.records import Claimed
from digest.delivery.smtp import Patience, Server, send_all
from digest.errors import Refused
from digest.values import Envelope, Outcome


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
        self._results: deque[Result] = deque()
        self._left: deque[int] = deque()  # taken by the client, and never begun
        self._under_way: dict[str, int] = {}  # Message-ID → delivery
        self._out = 0  # given, and not told of yet
        self._strained = 0
        self._trouble: BaseException | None = None
        self._open, self._told, self._stopped = Event(), Event(), False
        self._thread = Thread(target=self._run, name="smtp", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._open.wait()  # until there is a connection, or none can be had
        if self._trouble is not None:
            self._thread.join()
            raise self._trouble
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self._call(self._stopping.set if error is None else self._sending.cancel)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Deliveries that were given and are not begun."""
        return len(self._given)

    @property
    def busy(self) -> bool:
        """Whether `settled` has something to tell, or will have."""
        if self._stopped:
            return self._thread.is_alive() or bool(self._results)
        return self._out > 0 or self._trouble is not None

    def give(self, claims: Sequence[Claimed]) -> None:
        """More to do."""
        self._out += len(claims)
        self._given.extend(claims)
        self._call(self._more.set)

    def settled(self) -> list[Result]:
        """What became known since."""
        if len(self._results) < FLUSH_MAILS:
            self._told.wait(FLUSH_SECONDS)
        self._told.clear()
        results = [self._results.popleft() for _ in range(len(self._results))]
        self._out -= len(results)
        over = not self._thread.is_alive()  # asked first: it may have told and ended just now
        if over and not (results or self._results or self._stopped):
            raise self._trouble or AssertionError("the wire's thread ended by itself")
        return results

    def strained(self) -> int:
        """How many answers asked for less."""
        strained, self._strained = self._strained, 0
        return strained

    def take_back(self) -> list[int]:
        """What is not begun."""
        back = [self._left.popleft() for _ in range(len(self._left))]
        while self._given:  # the wire's thread takes of it too
            try:
                back.append(self._given.popleft().delivery_id)
            except IndexError:
                break
        self._out -= len(back)
        return back

    def stop(self) -> None:
        """Hang up, after the answers to what is begun."""
        self._stopped = True
        if self._thread.is_alive():
            self._call(self._stopping.set)

    # ── the wire's thread ─────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            asyncio.run(self._send())
        except (Exception, asyncio.CancelledError) as error:
            self._trouble = error
        finally:
            self._open.set()
            self._told.set()

    async def _send(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping, self._more = asyncio.Event(), asyncio.Event()
        self._sending = asyncio.ensure_future(
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
        await self._sending

    def take(self) -> Envelope | None:
        """The next mail, for the client."""
        while True:
            try:
                claimed = self._given.popleft()
            except IndexError:
                return None
            try:
                envelope = self._mails.envelope(claimed, self._now())
            except Refused as refusal:
                self._tell((claimed.delivery_id, Outcome("failed", refusal.line())))
                continue
            self._under_way[envelope.message_id] = claimed.delivery_id
            return envelope

    async def ready(self) -> bool:
        """Wait until there may be a mail; there always may be, until we are stopped."""
        self._open.set()
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
        if len(self._results) >= FLUSH_MAILS or not self._under_way:
            self._told.set()

    def _call(self, what: object) -> None:
        with suppress(RuntimeError):  # its loop is over: `settled` tells why
            self._loop.call_soon_threadsafe(what)  # type: ignore[arg-type]
