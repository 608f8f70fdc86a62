"""The one seam to the outside: an `Envelope` goes in, an `Outcome` comes out.

Each kind of transport is one line in `_OPENERS`. A transport knows no rows
and no Django; what it raises (DeliveryError) holds for everybody, what it returns for one mail.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from digest.config.keys import Keys
from digest.config.settings import Config
from digest.delivery.sendgrid.transport import open_sendgrid
from digest.delivery.transports import maildir, smtp
from digest.values import Envelope, Outcome


class Transport(Protocol):
    """Opened by `with`, then given one envelope at a time.

    `repeatable`: delivering the same Message-ID twice leaves one mail, so that a mail whose
    outcome was lost may simply be delivered again.
    """

    repeatable: bool

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def deliver(self, envelope: Envelope) -> Outcome:
        """What became of this one mail.

        Raises DeliveryError when nothing can be sent now; then this mail was not sent either.
        """
        ...


def open_transport(config: Config, keys: Keys) -> Transport:
    """The transport that config.yaml names, not yet connected. Raises ConfigError."""
    return _OPENERS[config.transport.kind](config, keys)


_OPENERS: dict[str, Callable[[Config, Keys], Transport]] = {
    "maildir": maildir.open_maildir,
    "smtp": smtp.open_smtp,
    "sendgrid": open_sendgrid,
}
