"""A server that follows a script, a listener that writes down what it is told, and one `run`.

Client and server share one event loop, so a test needs no thread; its clock jumps to the next
timer when nothing happens, so ten minutes of silence take no time either.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from digest.delivery.smtp import Listed, Patience, Server, Source, send_all
from digest.values import Envelope, Outcome

CONTENT = b"Subject: x\r\n\r\nA line.\r\n"
FEATURES = "250-fake.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 90000000"
ONE_BY_ONE = "250-fake.example\r\n250 SIZE 90000000"
USUAL = {"greeting": "220 hello", "EHLO": FEATURES, "DATA": "354 go", "QUIT": "221 bye", "body": ""}
AT_ONCE = Patience(reopen=(0,))  # for servers outside this loop, whose clock is the real one
SIP = 4_000_000
GRACE = 0.001  # seconds in which bytes that were sent on this machine do arrive


def a_mail(name: str, content: bytes = CONTENT, **changes: Any) -> Envelope:
    """A mail to `name`@example.net."""
    return replace(
        Envelope("digest@example.org", f"{name}@example.net", f"<{name}@example.org>", content),
        **changes,
    )


def mails(names: str) -> list[Envelope]:
    """A mail to each."""
    return [a_mail(name) for name in names.split()]


@dataclass
class Script:
    """What to say at each step; a key "RCPT ann@example.net" goes before "RCPT".

    "drop" resets the connection, "drop: 354 go" after these words; "hang" says nothing from then
    on, "hang: 250-x" only that much; "hold: 250 ok" says it, and what follows, at `release`. A list
    is used up one by one, the last stays. `sip`: seconds of rest after each 4 MB.
    """

    replies: dict[str, str | list[str]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    connections: int = 0
    transports: list[asyncio.Transport] = field(default_factory=list)
    opened_at: list[float] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    sip: float = 0
    held: list[Callable[[], None]] = field(default_factory=list)
    react: Callable[[], None] = lambda: None  # called when a client hung up

    def reply(self, step: str, about: str = "") -> str:
        """The answer to this step now."""
        key = f"{step} {about}" if f"{step} {about}" in self.replies else step
        answer = self.replies.get(key, USUAL.get(step, "250 ok"))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    def release(self) -> None:
        """Say what was held."""
        held, self.held = self.held, []
        for say in held:
            say()


class Talk(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._buffer = b""
        self._lines: list[bytes] | None = None  # of a body that is being received
        self._recipient = ""
        self._mute = False
        self._received = 0
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._script.transports.append(self._transport)
        self._script.connections += 1
        self._script.opened_at.append(asyncio.get_running_loop().time())
        self._script.open += 1
        self._script.most_open = max(self._script.open, self._script.most_open)
        self._say("greeting")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count."""
        self._script.open -= 1
        self._script.react()

    def data_received(self, data: bytes) -> None:
        """Answer line by line, as many as have come."""
        self._script.chunks.append(data)
        self._buffer += data
        self._received += len(data)
        if self._script.sip and self._received > SIP:
            self._received = 0
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(self._script.sip, self._transport.resume_reading)
        self._answer()

    def _answer(self) -> None:
        while b"\r\n" in self._buffer and not (self._mute or self._transport.is_closing()):
            line, self._buffer = self._buffer.split(b"\r\n", 1)
            if self._lines is None:
                self._command(line.decode())
            else:
                self._body_line(line)

    def _command(self, line: str) -> None:
        self._script.commands.append(line)
        verb = (line.split() or [""])[0].upper()
        if verb == "RCPT":
            self._recipient = line[line.index("<") + 1 : line.index(">")]
        answer = self._say(verb, self._recipient if verb in ("RCPT", "DATA") else "")
        if answer.startswith("354"):
            self._lines = []
        if answer.startswith("220") and verb == "STARTTLS":
            self._task = asyncio.create_task(self._start_tls())

    def _body_line(self, line: bytes) -> None:
        assert self._lines is not None
        if line == b".":
            self._script.bodies.append(b"\r\n".join([*self._lines, b""]))
            self._lines = None
            self._say("dot", self._recipient)
        else:
            self._lines.append(line)
            self._say("body", self._recipient)

    def _say(self, step: str, about: str = "") -> str:
        """Do what the script says; the words that are said, now or later."""
        answer = self._script.reply(step, about)
        how, _, words = answer.partition(": ")
        if how not in ("drop", "hang", "hold"):
            how, words = "", answer
        self._mute = how in ("hang", "hold")
        if how == "hold":
            self._script.held.append(lambda: self._release(words))
        elif words:
            self._transport.write(words.encode() + b"\r\n")
        if how == "drop":
            self._reset()
        if self._mute and step == "body":
            self._transport.pause_reading()
        if words.startswith("421") or (step == "QUIT" and not self._mute):
            self._transport.close()
        return words

    def _reset(self) -> None:
        """Close so that the other side learns it at once, not when it next writes."""
        at_once = struct.pack("ii", 1, 0)
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self._transport.abort()

    def _release(self, words: str) -> None:
        self._mute = False
        self._transport.write(words.encode() + b"\r\n")
        self._answer()

    async def _start_tls(self) -> None:
        assert self._script.tls is not None
        self._buffer, self._mute = b"", True  # until we know that the handshake is over
        secured = await asyncio.get_running_loop().start_tls(
            self._transport, self, self._script.tls, server_side=True
        )
        assert secured is not None
        self._transport, self._mute = secured, False
        self._answer()


@dataclass
class Heard:
    """What the client told us: `events` in order, "begun ann", "accepted ann", "returned ann"."""

    events: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)
    slowed: list[str] = field(default_factory=list)
    seconds: float = 0  # that the session took, by the clock that jumps

    def begun(self, mail: Envelope) -> None:
        """Its body may be on the wire from now on."""
        self.events.append(f"begun {_name(mail)}")

    def settled(self, mail: Envelope, outcome: Outcome) -> None:
        """What became of it."""
        self.events.append(f"{outcome.state} {_name(mail)}")
        self.details[_name(mail)] = outcome.detail

    def returned(self, mail: Envelope) -> None:
        """It was never begun."""
        self.events.append(f"returned {_name(mail)}")

    @property
    def ends(self) -> list[str]:
        """How each mail ended, by name."""
        ends = [event for event in self.events if not event.startswith("begun ")]
        return sorted(ends, key=lambda event: event.split()[1])


def run(
    script: Script,
    source: Source | Sequence[Envelope],
    *,
    heard: Heard | None = None,
    server: Callable[[int], Server] | None = None,
    connections: int = 1,
    **options: Any,
) -> Heard:
    """Send the mails to a server that follows the script. Time passes only as it is waited for."""
    heard = heard or Heard()
    listed = Listed(source) if isinstance(source, Sequence) else source

    async def session() -> None:
        loop = asyncio.get_running_loop()
        begun_at = loop.time()
        listening = await loop.create_server(lambda: Talk(script), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        to = server(port) if server else plain(port, connections=connections)
        try:
            await send_all(
                to,
                listed,
                begun=heard.begun,
                settled=heard.settled,
                returned=heard.returned,
                slow_down=heard.slowed.append,
                **options,
            )
        finally:
            listening.close()
            heard.seconds = loop.time() - begun_at
            for transport in script.transports:
                transport.abort()
            await asyncio.sleep(0)  # so that they are closed

    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        runner.run(session())
    return heard


def plain(port: int, **changes: Any) -> Server:
    """A server on this machine, without TLS."""
    usual: dict[str, Any] = {"host": "127.0.0.1", "tls": "none", "connections": 1}
    return Server(port=port, **usual | changes)


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for a moment; what is left of the wait is skipped."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Ready sockets, at once; a wait in vain is counted and not waited."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(min(timeout, GRACE))
        if not events:
            self.skipped += timeout
        return events


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds, those skipped included."""
        return super().time() + self._jumping.skipped


def _name(mail: Envelope) -> str:
    return mail.recipient.partition("@")[0]
