"""An SMTP server on loopback that follows a rule. What it took is the truth of every test here.

It offers PIPELINING and talks to several clients at once, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

# Step ("greeting", "AUTH", "MAIL", "RCPT", "DATA", "body", "dot"), recipient ("" before RCPT),
# and the how-manieth time this is → the reply; "" the usual one, "drop" none: the connection is
# cut, "hold" the usual one, after `release`.
Rule = Callable[[str, str, int], str]

USUAL = {"greeting": "220 hello", "DATA": "354 go", "QUIT": "221 bye", "body": "", "AUTH": "235 ok"}
EHLO = "250-fake.example\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250-8BITMIME\r\n250 SIZE 90000000"
TOO_LONG = 20.0  # seconds that a reply is held at most, if a client waits for it in vain


class MailServer:
    """Use it inside of `with`; `port` is where it listens."""

    def __init__(
        self,
        rule: Rule,
        *,
        on_taken: Callable[[int], None] = lambda mails: None,
        window: int | None = None,
    ):
        self.rule = rule
        self._window = window  # octets that may be on their way here; None: as the system likes
        self.on_taken = on_taken  # called with how many mails it has, before it answers
        self.taken: list[str] = []  # recipients, in the order of their final dots
        self.asked: Counter[tuple[str, str]] = Counter()
        self.connections = self.held = 0
        self.failures: list[BaseException] = []  # of a rule or of `on_taken`
        self.port = 0
        self._listening = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="server")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        assert not self._thread.is_alive()
        if self.failures:
            raise self.failures[0] from error

    def release(self) -> None:
        """Say what is held, now and from now on."""
        self._loop.call_soon_threadsafe(self._released.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over, self._released = asyncio.Event(), asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        listening = await asyncio.start_server(self._met, "127.0.0.1", 0)
        address = listening.sockets[0]
        if self._window is not None:  # those that it accepts have it of this one
            address.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._window)
        self.port = address.getsockname()[1]
        self._listening.set()
        await self._over.wait()
        listening.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(_Cut, ConnectionError):
                await _Talk(self, reader, writer).run()
        except Exception as error:
            self.failures.append(error)
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def reply(self, step: str, about: str) -> str:
        """What to say now."""
        self.asked[step, about] += 1
        answer = self.rule(step, about, self.asked[step, about])
        if answer == "hold":
            self.held += 1
            async with asyncio.timeout(TOO_LONG):
                await self._released.wait()
        return answer if answer not in ("", "hold") else USUAL.get(step, "250 ok")

    def take(self, recipient: str) -> None:
        """A mail is ours now, whether or not its client hears of it."""
        self.taken.append(recipient)
        self.on_taken(len(self.taken))


class _Cut(Exception):
    """The connection ends here."""


class _Closing(Exception):
    """It ends once the client has heard so."""


class _Talk:
    """One connection."""

    def __init__(
        self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ):
        self._server, self._reader, self._writer = server, reader, writer
        self._recipient = ""
        self._let_in = {"MAIL": False, "RCPT": False}

    async def run(self) -> None:
        """Answer until one side hangs up."""
        try:
            await self._answer()
        except _Closing:
            while await self._reader.read(65_536):
                pass

    async def _answer(self) -> None:
        await self._say("greeting")
        while line := (await self._reader.readline()).decode().rstrip("\r\n"):
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self._write(EHLO)
            elif verb == "DATA":
                await self._data()
            else:
                await self._command(verb, line)

    async def _command(self, verb: str, line: str) -> None:
        if verb == "RCPT":
            self._recipient = line[line.index("<") + 1 : line.index(">")]
        yes = await self._say(verb, self._recipient if verb == "RCPT" else "")
        if verb in self._let_in:
            self._let_in[verb] = yes
        if verb == "QUIT":
            raise _Cut

    async def _data(self) -> None:
        """Only an envelope that was let in has a body (RFC 2920 3.1 allows this answer)."""
        if not all(self._let_in.values()):
            self._write("554 no valid recipients")
        elif await self._say("DATA", self._recipient):
            await self._body()
        self._let_in = {"MAIL": False, "RCPT": False}

    async def _body(self) -> None:
        await self._reader.readline()  # its first bytes are here
        await self._say("body", self._recipient)
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise _Cut
        answer = await self._server.reply("dot", self._recipient)
        if answer[0] in "2d":
            self._server.take(self._recipient)
        self._write(answer)

    async def _say(self, step: str, about: str = "") -> bool:
        answer = await self._server.reply(step, about)
        self._write(answer)
        return answer[:1] in "23"

    def _write(self, answer: str) -> None:
        if answer == "drop":
            raise _Cut
        if answer:
            self._writer.write(answer.encode() + b"\r\n")
        if answer.startswith("421"):
            raise _Closing
