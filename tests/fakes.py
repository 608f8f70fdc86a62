"""Stand-ins for the outside: a transport that follows a script, and SMTP servers on loopback.

`smtp_server` is aiosmtpd, an implementation that is not ours; `scripted_server` is a socket
that says and breaks what a test asks for, at the very step.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from digest.errors import DeliveryError
from digest.values import Envelope, Outcome

ACCEPTED = Outcome("accepted", "250 ok")


class FakeTransport:
    """Records envelopes. `script` gives outcomes (or a DeliveryError) by recipient address."""

    def __init__(
        self,
        script: Mapping[str, Outcome | DeliveryError] | None = None,
        *,
        repeatable: bool = False,
        on_deliver: Callable[[Envelope], None] | None = None,
    ):
        self.repeatable = repeatable
        self.script = dict(script or {})
        self.sent: list[Envelope] = []
        self._on_deliver = on_deliver

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def deliver(self, envelope: Envelope) -> Outcome:
        """Follow the script; whoever is not in it is accepted."""
        if self._on_deliver:
            self._on_deliver(envelope)
        outcome = self.script.get(envelope.recipient, ACCEPTED)
        if isinstance(outcome, DeliveryError):
            raise outcome
        self.sent.append(envelope)
        return outcome

    @property
    def recipients(self) -> list[str]:
        """Who was put on the wire, in order."""
        return [envelope.recipient for envelope in self.sent]


@dataclass
class Mailbox:
    """An aiosmtpd handler that keeps what it accepted and refuses what it is told to."""

    refuse_sender: str | None = None
    refuse: dict[str, str] = field(default_factory=dict)  # recipient → reply
    refuse_content: str | None = None
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    connections: int = 0

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count connections; offer what aiosmtpd offers."""
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the sender, or refuse it."""
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the recipient, or refuse it."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep the bytes as they came, dots undone."""
        if self.refuse_content:
            return self.refuse_content
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 queued as 17"


@contextmanager
def smtp_server(
    mailbox: Mailbox,
    *,
    tls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    implicit_tls: bool = False,
) -> Iterator[int]:
    """An aiosmtpd server on a free port of 127.0.0.1; the port is given."""
    options: dict[str, Any] = {"ssl_context" if implicit_tls else "tls_context": tls} if tls else {}
    if login:
        options |= {"authenticator": _authenticator(login), "auth_require_tls": tls is not None}
    controller = Controller(mailbox, hostname="127.0.0.1", port=_free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _authenticator(login: tuple[str, str]) -> Callable[..., AuthResult]:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=right, handled=False)

    return check


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Script:
    """What a scripted server says to each verb; "drop" cuts the connection instead.

    `dot` is the answer to the final dot, `body` may be "drop" to cut after the first bytes.
    Replies of a list are used up one by one, the last one stays.
    """

    replies: dict[str, str | list[str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    def reply(self, step: str) -> str:
        """The answer to this step now."""
        usual = {"DATA": "354 go ahead", "QUIT": "221 bye", "greeting": "220 hello", "body": ""}
        answer = self.replies.get(step, usual.get(step, "250 ok"))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer


@contextmanager
def scripted_server(script: Script) -> Iterator[int]:
    """A server that follows the script, one connection after the other; the port is given."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, script), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listener: socket.socket, script: Script) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        script.connections += 1
        with connection:
            try:
                _converse(connection, script)
            except (_Drop, OSError):
                # Closing at once, with a reset: what is not read is lost for the other side too.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class _Drop(Exception):
    """The script says: cut the connection here."""


def _converse(connection: socket.socket, script: Script) -> None:
    def say(step: str) -> str:
        answer = script.reply(step)
        if answer == "drop":
            raise _Drop
        connection.sendall(answer.encode() + b"\r\n")
        return answer

    reader = connection.makefile("rb")
    say("greeting")
    while line := reader.readline():
        script.commands.append(line.decode().rstrip("\r\n"))
        verb = line.split()[0].decode().upper()
        answer = say(verb)
        if verb == "QUIT" or answer.startswith("421"):
            return
        if verb == "DATA" and answer.startswith("354"):
            script.bodies.append(_read_body(reader, script))
            say("dot")


def _read_body(reader: Any, script: Script) -> bytes:
    lines = []
    while (line := reader.readline()) not in (b".\r\n", b""):
        lines.append(line)
        if script.reply("body") == "drop":
            raise _Drop
    return b"".join(lines)
