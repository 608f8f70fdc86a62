"""`python -m bench.crash.sink LOG [SITE]`: an SMTP server whose log is the truth of what it took.

A line is in the log before the client reads its 250, so that a mail is taken or not whatever
becomes of the client; a moment passes before the one or the other, as nobody would die there else.
Whose client is gone before the line is written is not taken. Where SITE names a config.yaml, it
reads, in a database connection of its own, in which state a delivery is at the moment in which its
recipient is named. Ended by SIGTERM, it first hears all that was written to it.

    T reader1@example.org 0a1b2c…     taken, with the local part of the Message-ID
    N reader1@example.org claimed     named, with the state of the row
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

USUAL, SLOW = 0.004, 0.05  # seconds at most
SLOW_ONES = 0.1  # of all mails
MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.IGNORECASE | re.MULTILINE)
END = b"\r\n.\r\n"
Look = Callable[[str], str]
Write = Callable[[str], None]


class Session(asyncio.Protocol):
    """One connection. Commands of a group are answered in their order (RFC 2920)."""

    open: set[Session] = set()

    def __init__(self, log: Write, look: Look | None, chance: random.Random):
        self._log, self._look, self._chance = log, look, chance
        self._heard = bytearray()
        self._recipient = ""
        self._in_body = self._answering = False
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.open.add(self)
        self._say(b"220 sink.example.org ESMTP")

    def data_received(self, data: bytes) -> None:
        """Something was said; while an answer is due it waits."""
        self._heard += data
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, or dead."""
        self.open.discard(self)
        if self._taking is not None:
            self._taking.cancel()

    def _go_on(self) -> None:
        while not self._answering:
            if self._in_body:
                if (end := self._heard.find(END)) < 0:
                    return
                self._hear_out(bytes(self._heard[:end]))
                del self._heard[: end + len(END)]
            else:
                if (end := self._heard.find(b"\r\n")) < 0:
                    return
                command = bytes(self._heard[:end])
                del self._heard[: end + 2]
                self._obey(command)

    def _obey(self, command: bytes) -> None:
        verb = command[:4].upper()
        if verb == b"EHLO":
            self._say(b"250-sink.example.org\r\n250-8BITMIME\r\n250 PIPELINING")
        elif verb == b"RCPT":
            self._recipient = command[command.index(b"<") + 1 : command.rindex(b">")].decode()
            if self._look is not None:
                self._log(f"N {self._recipient} {self._look(self._recipient)}")
            self._say(b"250 2.1.5 ok")
        elif verb == b"DATA":
            self._in_body = True
            self._say(b"354 go ahead")
        elif verb == b"QUIT":
            self._say(b"221 2.0.0 bye")
            self._transport.close()
        else:
            self._say(b"250 2.0.0 ok")

    def _hear_out(self, mail: bytes) -> None:
        """Take it, then answer; a while passes before the one or the other."""
        self._in_body, self._answering = False, True
        found = MESSAGE_ID.search(mail)
        line = f"T {self._recipient} {found[1].decode() if found else '-'}"
        most = SLOW if self._chance.random() < SLOW_ONES else USUAL
        loop, pause = asyncio.get_running_loop(), self._chance.uniform(0, most)
        if self._chance.random() < 0.5:
            self._taking = loop.call_later(pause, self._take, line)
        else:
            self._log(line)
            loop.call_later(pause, self._answer)

    def _take(self, line: str) -> None:
        self._taking = None
        self._log(line)
        self._answer()

    def _answer(self) -> None:
        self._answering = False
        self._say(b"250 2.0.0 taken")
        self._go_on()

    def _say(self, line: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(line + b"\r\n")


async def serve(log: Write, look: Look | None) -> None:
    """Until SIGTERM, and then until every connection is at its end."""
    chance = random.Random(1)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    server = await loop.create_server(lambda: Session(log, look, chance), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ending.wait()
    server.close()
    while Session.open:
        await asyncio.sleep(0.01)


def _looking(site: Path) -> Look:
    """Asks the database of the site that stands in the file, once it is asked."""

    @cache
    def ready() -> None:
        import django

        os.environ["DIGEST_CONFIG"] = site.read_text(encoding="utf-8")
        os.environ["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # it has one thread, and may wait
        django.setup()

    def look(address: str) -> str:
        ready()
        from digest.models import Delivery
        from subscribers.addresses import address_key

        row = Delivery.objects.filter(subscriber__address_key=address_key(address)).first()
        return row.state if row else "nothing"

    return look


def main() -> None:
    """Write the port, then serve."""
    descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log(line: str) -> None:
        os.write(descriptor, f"{line}\n".encode())

    look = _looking(Path(sys.argv[2])) if len(sys.argv) > 2 else None
    asyncio.run(serve(log, look))


if __name__ == "__main__":
    main()
