"""A session with one server: some connections, each taking the next mail when it is free.

What one connection meets (a drop, a 421, an answer that takes a minute) is its own affair: the
others go on. What holds for everybody stops them all, once every mail that was begun is settled.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from digest.delivery.smtp.connection import Connection
from digest.delivery.smtp.conversation import Conversation
from digest.delivery.smtp.features import Features
from digest.delivery.smtp.opening import TurnedAway, open_connection
from digest.delivery.smtp.outgoing import Outgoing, Source
from digest.delivery.smtp.server import Listener, Patience, Server
from digest.delivery.smtp.standing import Standing
from digest.errors import DeliveryError
from digest.values import Envelope, Outcome

Open = tuple[Connection, Features]

# A connection that ends after fewer mails than this is opened again only after a delay: some
# servers close each connection after 20 mails, and that is no storm.
SERVED_WELL = 10
TRIES_ALONE = 5  # to open one when no other is open, before everybody is told


def _ignore(detail: str) -> None:
    return None


async def send_all(
    server: Server,
    source: Source,
    *,
    begun: Callable[[Envelope], None],
    settled: Callable[[Envelope, Outcome], None],
    returned: Callable[[Envelope], None],
    slow_down: Callable[[str], None] = _ignore,
    patience: Patience | None = None,
    context: ssl.SSLContext | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Send what `source` gives, and return when it has no more and every mail is settled.

    Each mail that was taken is either settled (accepted, deferred, failed, unknown) or returned,
    once. `begun` comes before the first byte of a body may leave and never for a mail that is
    returned, unless `begun` itself raised. The callbacks are called in this thread and must be
    quick. Set `stop` and nothing more is begun, and no connection is opened or waited for any
    more; it is set here too when there is trouble.
    Cancelled, it does not wait: a mail whose final dot is written is then `unknown`.

    Raises DeliveryError when the server refuses everybody (`temporary` if trying again later may
    help), at once when the first connection cannot be opened, before any mail is taken; and
    whatever a callback or the source raised.
    """
    listener = Listener(begun, settled, returned, slow_down)
    outgoing = Outgoing(source, stop or asyncio.Event())
    await _Pool(server, outgoing, listener, patience or Patience(), context).run()


class _Pool:
    def __init__(
        self,
        server: Server,
        outgoing: Outgoing,
        listener: Listener,
        patience: Patience,
        context: ssl.SSLContext | None,
    ):
        self._server, self._outgoing, self._listener = server, outgoing, listener
        self._patience, self._standing = patience, Standing(server.connections)
        self._context = context or (None if server.tls == "none" else ssl.create_default_context())
        self._talking: set[Conversation] = set()
        self._trouble: Exception | None = None

    async def run(self) -> None:
        if (first := await self._open()) is None:
            return
        workers = [asyncio.create_task(self._work(first))]
        workers += [asyncio.create_task(self._work()) for _ in range(1, self._server.connections)]
        watch = asyncio.create_task(self._halt_on_stop())
        try:
            await asyncio.gather(*workers)
        finally:
            for task in (*workers, watch):
                task.cancel()
            await asyncio.gather(*workers, watch, return_exceptions=True)
            self._outgoing.give_back(self._listener.returned)
        if self._trouble is not None:
            raise self._trouble

    async def _work(self, opened: Open | None = None) -> None:
        """One connection after the other, until there are no more mails."""
        try:
            await self._send_in_turns(opened)
        except Exception as error:
            self._trouble = self._trouble or error
            self._outgoing.stopping.set()

    async def _send_in_turns(self, opened: Open | None) -> None:
        mail: Envelope | None = None
        failures = alone = 0  # in a row; tries to open one while no other was open
        try:
            while (mail := await self._mail(mail)) is not None:
                if opened is None:
                    alone = 0 if self._talking else alone + 1
                    opened = await self._reopen(alone)
                if opened is None:
                    self._outgoing.put_back(mail)  # the others are free to send it
                    mail, well = None, False
                else:
                    (connection, features), opened = opened, None
                    offered, mail = mail, None
                    mail, well = await self._converse(connection, features, offered)
                failures = 0 if well else failures + 1
                if failures:
                    await self._pause(failures, mail)
        finally:
            if mail is not None:
                self._outgoing.put_back(mail)
            if opened is not None:  # it was not needed
                await opened[0].quit()

    async def _mail(self, held: Envelope | None) -> Envelope | None:
        """The one that is held, or the next; None when nothing more may begin."""
        if held is not None and self._outgoing.stopped:
            self._outgoing.put_back(held)
            return None
        return held or await self._outgoing.next()

    async def _converse(
        self, connection: Connection, features: Features, mail: Envelope
    ) -> tuple[Envelope | None, bool]:
        """The mail that it leaves for the next connection, and whether this one served well."""
        conversation = Conversation(
            self._server, connection, features, self._outgoing, self._listener, self._standing
        )
        self._talking.add(conversation)
        try:
            left = await conversation.run(mail)
        finally:
            self._talking.discard(conversation)
        return left, conversation.ended_well or conversation.accepted >= SERVED_WELL

    async def _reopen(self, tries_alone: int) -> Open | None:
        """None when it is to be tried later. Raises DeliveryError when that would not help."""
        try:
            return await self._open()
        except DeliveryError as error:
            alone = not self._talking
            if alone and tries_alone >= TRIES_ALONE:
                raise
            if not error.temporary and (alone or not isinstance(error, TurnedAway)):
                raise
            self._listener.slow_down(error.what)
            return None

    async def _open(self) -> Open | None:
        """None when told to stop meanwhile: a greeting may take five minutes."""
        return await self._outgoing.unless_stopped(
            open_connection(self._server, self._patience, self._context)
        )

    async def _pause(self, failures: int, held: Envelope | None) -> None:
        """Growing delays; none when there is nothing left to open a connection for."""
        if held is None:
            if (mail := await self._outgoing.next()) is None:
                return
            self._outgoing.put_back(mail)  # the others are free to send it
        delays = self._patience.reopen
        seconds = delays[min(failures, len(delays)) - 1]
        await self._outgoing.pause(seconds, holding=held is not None)

    async def _halt_on_stop(self) -> None:
        await self._outgoing.stopping.wait()
        self._outgoing.end()
        for conversation in tuple(self._talking):
            conversation.halt()
