"""Values that a session of SMTP is opened with: which server, how long to wait, whom to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from digest.values import Envelope, Outcome

Tls = Literal["none", "starttls", "implicit"]
Auth = Literal["auto", "plain", "login", "xoauth2"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mails go and how we sign in (with `xoauth2`, `password` is an access token).

    `local_hostname` "" says our own address in EHLO (RFC 5321 4.1.4). After
    `mails_per_connection` mails a connection is renewed: servers drop clients that stay for ever.
    """

    host: str
    port: int
    tls: Tls = "starttls"
    username: str | None = None
    password: str = field(default="", repr=False)
    auth: Auth = "auto"
    connections: int = 10
    local_hostname: str = ""
    mails_per_connection: int = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: the least that RFC 5321 4.5.3.2 allows a client.

    A time-out after the final dot that is too short makes mails unknown that were accepted.
    `reopen`: the delays before a connection that served badly is opened again, growing.
    """

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data_start: float = 120
    data_block: float = 180
    data_end: float = 600
    quit: float = 5  # nothing hangs on this answer
    reopen: tuple[float, ...] = (1, 2, 4, 8, 16, 32, 60)

    @property
    def tick(self) -> float:
        """How often a connection looks at its watch: a silence may last so much longer."""
        waits = (self.greeting, self.command, self.data_start, self.data_block, self.data_end)
        return min(waits) / 12


def _ignore(detail: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom to tell, in the loop's own thread.

    `begun` just before the first byte of a body may leave; `settled` once its outcome is known,
    or without `begun` when the mail was refused before; `returned` when it was taken and never
    begun; `slow_down` at each 421, 451 or 452, and when one more connection is refused: the server
    wants less.
    """

    begun: Callable[[Envelope], None]
    settled: Callable[[Envelope, Outcome], None]
    returned: Callable[[Envelope], None]
    slow_down: Callable[[str], None] = _ignore
