"""Claims without rows, mails without an issue, and a server in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread

from digest.delivery.records import Claimed
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.errors import Refused
from digest.values import Envelope
from subscribers.models import Subscriber
from tests.builders import NOW
from tests.delivery.smtp.fakes import Script as Replies
from tests.delivery.smtp.fakes import Talk

CONTENT = b"Subject: x\r\n\r\nA line.\r\n"


def now() -> datetime:
    """Always the same."""
    return NOW


def a_claim(number: int) -> Claimed:
    """Delivery `number`, to p`number`@example.net."""
    reader = Subscriber(address=f"p{number}@example.net", public_id=str(number))
    return Claimed(number, reader, "patient", NOW, 1)


def claims(*numbers: int) -> list[Claimed]:
    """One each."""
    return [a_claim(number) for number in numbers]


@dataclass
class FakeMails:
    """An issue as mails; `refused` cannot be mailed."""

    refused: frozenset[int] = frozenset()
    composed: list[int] = field(default_factory=list)

    def envelope(self, claimed: Claimed, date: datetime) -> Envelope:
        """The mail of one delivery."""
        number = claimed.delivery_id
        self.composed.append(number)
        if number in self.refused:
            raise Refused("an address outside of ASCII cannot be mailed")
        return Envelope(
            "digest@example.org", claimed.subscriber.address, f"<{number}@example.org>", CONTENT
        )

    def content(self, audience: str, chosen: frozenset[str], text_only: bool) -> Content:
        """Nobody asks."""
        raise AssertionError

    def recipient(self, claimed: Claimed) -> Recipient:
        """Nobody asks."""
        raise AssertionError


@dataclass
class Script(Replies):
    """What the server says, and where it listens."""

    port: int = 0


@contextmanager
def serving(script: Script) -> Iterator[Callable[[Callable[[], None]], object]]:
    """A server that follows the script, in a thread of its own; `script.port` is where.

    Gives a function that calls another in that thread: `call(script.release)`.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: Talk(script), "127.0.0.1", 0)

    async def close(listening: asyncio.Server) -> None:
        listening.close()
        for transport in script.transports:
            transport.abort()
        await asyncio.sleep(0)  # so that they are closed

    listening = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    script.port = listening.sockets[0].getsockname()[1]
    try:
        yield loop.call_soon_threadsafe
    finally:
        asyncio.run_coroutine_threadsafe(close(listening), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
