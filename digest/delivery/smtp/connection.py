"""One connection's bytes: commands go out, replies are waited for, silence is given up on.

Out of it come replies in their order, then `Broken` once nothing more can come: what was said
before a drop is still heard. Which mail that leaves unknown is for the conversation to say.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from digest.delivery.smtp.replies import Garbage, Reply, ReplyParser
from digest.delivery.smtp.server import Patience
from digest.delivery.smtp.wire import QUIT

CLOSED = "the server closed the connection"
LOOK_BELOW_TLS = 0.02  # seconds
BUFFER = 16_384  # octets that are read at once; asyncio's own would be mapped anew for each read


class Broken(Exception):
    """Nothing more can be said or heard on this connection; `reason` on one line."""

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(reason)


class Connection(asyncio.BufferedProtocol):
    """A socket, perhaps under TLS, between us and one server. One task at a time uses it."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._loop = asyncio.get_running_loop()
        self._parser = ReplyParser()
        self._replies = self._parser.replies
        self._buffer = memoryview(bytearray(BUFFER))
        self._transport: asyncio.Transport = asyncio.Transport()  # until connection_made
        self._socket = self._transport  # the same, or what lies below TLS
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._allowance = 0.0
        self._unsent = 0  # as the watch saw it last
        self._timer: asyncio.TimerHandle | None = None
        self._broken = ""

    @property
    def buffered(self) -> bool:
        """Whether something that was written has not left this process."""
        if self._transport.get_write_buffer_size():
            return True
        # TLS does not count what it passed on and the system has not taken.
        return self._socket is not self._transport and self._socket.get_write_buffer_size() > 0

    @property
    def own_address(self) -> str:
        """Our address as EHLO may say it: `[192.0.2.1]` or `[IPv6:2001:db8::1]`."""
        name = self._transport.get_extra_info("sockname")
        host = str(name[0]) if name else "127.0.0.1"
        return f"[IPv6:{host}]" if ":" in host else f"[{host}]"

    def write(self, data: bytes) -> None:
        """Send bytes that ask for a reply. Raises Broken, also at a reply nobody asked for."""
        self._refuse_to_write()
        self._transport.write(data)

    def heard(self) -> Reply | None:
        """The next reply, if it has come: to await one that is there costs more than to look."""
        return self._replies.popleft() if self._replies else None

    async def reply(self, seconds: float) -> Reply:
        """The next reply. Raises Broken when it does not come within `seconds`."""
        while not self._replies:
            await self._wait(seconds)
        return self._replies.popleft()

    async def flush(self, seconds: float) -> None:
        """Wait until all that was written has left, or the connection is lost: `write` tells.

        Raises Broken after `seconds` of standstill.
        """
        allowed: float | None = seconds
        while self.buffered:
            self._refuse_to_write()
            if not self._transport.get_write_buffer_size():  # below TLS: nobody says when it left
                self._loop.call_later(LOOK_BELOW_TLS, self._wake)
            await self._wait(allowed)
            allowed = None  # to look again is no progress

    async def ask(self, command: bytes, seconds: float) -> Reply:
        """Send one command and wait for its reply."""
        self.write(command)
        return await self.reply(seconds)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on under TLS; what was said before it is thrown away (RFC 3207 4.2).

        Before the handshake, as its last octets may bring the first words under TLS.
        """
        self._parser.forget()
        secured = await self._loop.start_tls(
            self._transport,
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=self.patience.connect,
        )
        if secured is None:
            raise Broken("the connection was closed during the TLS handshake")
        self._use(secured)

    async def quit(self) -> None:
        """Say QUIT and hang up; nothing depends on the answer."""
        try:
            async with asyncio.timeout(self.patience.quit):
                await self.ask(QUIT, self.patience.command)
        except (Broken, TimeoutError):
            pass
        finally:
            self.close()

    def fail(self, reason: str) -> None:
        """Give the connection up at once; nothing that is still buffered leaves."""
        self._broken = self._broken or reason
        self._transport.abort()
        self._wake()

    def close(self) -> None:
        """Hang up; the watch stops."""
        self._broken = self._broken or "closed"
        if self._timer is not None:  # else it was never open
            self._timer.cancel()
            self._transport.abort()

    # ── called by asyncio ─────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._socket = cast(asyncio.Transport, transport)
        self._use(self._socket)
        self._watch()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the server's words are to be put."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """The server said something."""
        if self._broken:
            return
        try:
            self._parser.feed(bytes(self._buffer[:nbytes]))
        except Garbage as error:
            self.fail(f"the server does not speak SMTP: {error}")
        if self._replies:
            self._wake()

    def resume_writing(self) -> None:
        """All that was buffered has left."""
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, by whomever."""
        reason = f"the connection broke: {exc}" if exc else CLOSED
        self._broken = self._broken or reason
        self._wake()

    # ── helpers ───────────────────────────────────────────────────────────────────────────

    def _use(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=0)  # resume_writing then means: all has left

    def _refuse_to_write(self) -> None:
        """On a lost connection, and when the server spoke before it was asked: such a reply

        could pass for the answer to the final dot.
        """
        if self._replies and not self._broken:
            self.fail(f"the server spoke out of turn: {self._replies[0].text}")
        if self._broken or self._socket.is_closing():  # TLS learns of it only later
            raise Broken(self._broken or CLOSED)

    async def _wait(self, seconds: float | None) -> None:
        """Until something happened. Raises Broken when nothing more can, or none did in `seconds`.

        None: what is left of the last wait's.
        """
        if self._broken:
            raise Broken(self._broken)
        if seconds is not None:
            self._allowance = seconds
            self._deadline = self._loop.time() + seconds
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _watch(self) -> None:
        """One slow timer a connection: a timer for each reply would cost more than the reply."""
        self._timer = self._loop.call_later(self.patience.tick, self._watch)
        unsent = self._transport.get_write_buffer_size()
        if self._socket is not self._transport:
            unsent += self._socket.get_write_buffer_size()
        if unsent < self._unsent:  # it still takes our bytes
            self._deadline = self._loop.time() + self._allowance
        self._unsent = unsent
        if self._waiter is not None and self._loop.time() > self._deadline:
            self.fail(f"the server was silent for {self._allowance:g} s")
