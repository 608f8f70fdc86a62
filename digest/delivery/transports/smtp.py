"""Single mails through an SMTP server: confirmations, notices, test mails.

In: one envelope after the other. Out: what the server said. The client is that of issues
(delivery/smtp), over one connection that stays open between two mails.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from types import TracebackType
from typing import Self, cast

from digest.config.keys import Keys
from digest.config.settings import Config, SmtpTransport
from digest.delivery.smtp import Patience, Server, send_all
from digest.errors import ConfigError, DeliveryError
from digest.values import Envelope, Outcome


def open_smtp(config: Config, keys: Keys) -> Smtp:
    """The server that config.yaml names. Raises ConfigError when its password is missing."""
    return Smtp(server_of(config, keys))


def server_of(config: Config, keys: Keys) -> Server:
    """Where the mails go and how we sign in. Raises ConfigError when the password is missing."""
    settings = cast(SmtpTransport, config.transport)
    if settings.username and not (keys.smtp_password and keys.smtp_password.isascii()):
        raise ConfigError(
            "transport.username is set, but DIGEST_SMTP_PASSWORD is missing or not ASCII",
            mend="Set it in the environment or in the key file",
        )
    return Server(
        settings.host,
        settings.port,
        tls=settings.tls,
        username=settings.username,
        password=keys.smtp_password,
        auth=settings.auth,
        connections=settings.connections,
        local_hostname=settings.local_hostname or "",
    )


class Smtp:
    """One connection to one server."""

    repeatable = False

    def __init__(
        self,
        server: Server,
        *,
        patience: Patience | None = None,
        context: ssl.SSLContext | None = None,
    ):
        self._server, self._patience, self._context = server, patience, context
        self._runner: asyncio.Runner | None = None
        self._session: _Session | None = None

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        try:
            self._open()  # whom nobody lets in learns it before anything is sent
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._runner is not None
        try:
            if self._session is not None:
                self._runner.run(self._session.end())
        finally:
            self._runner.close()

    def deliver(self, envelope: Envelope) -> Outcome:
        """Send one mail: accepted, deferred (4xx or a drop), failed (5xx) or unknown.

        Raises DeliveryError when the server cannot be reached or refuses us altogether.
        """
        assert self._runner is not None
        session = self._session or self._open()
        try:
            return self._runner.run(session.send(envelope))
        except DeliveryError:
            self._session = None
            raise

    def _open(self) -> _Session:
        assert self._runner is not None
        session = _Session()
        self._runner.run(session.begin(self._server, self._patience, self._context))
        self._session = session
        return session


class _Session:
    """`send_all` as a conversation: it is given the next mail when the last is settled."""

    async def begin(
        self, server: Server, patience: Patience | None, context: ssl.SSLContext | None
    ) -> None:
        self._mail: Envelope | None = None
        self._outcome: Outcome | None = None
        self._over = False
        self._event = asyncio.Event()  # a mail is there, or it is over
        self._opened, self._settled = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(
            send_all(
                replace(server, connections=1),
                self,
                begun=lambda mail: None,
                settled=self._keep,
                returned=lambda mail: None,
                patience=patience,
                context=context,
            )
        )
        await self._either(self._opened)

    async def send(self, envelope: Envelope) -> Outcome:
        self._mail, self._outcome = envelope, None
        self._settled.clear()
        self._event.set()
        await self._either(self._settled)
        assert self._outcome is not None
        return self._outcome

    async def end(self) -> None:
        self._over = True
        self._event.set()
        await self._task

    def take(self) -> Envelope | None:
        mail, self._mail = self._mail, None
        return mail

    async def ready(self) -> bool:
        self._opened.set()
        while not (self._mail or self._over):
            self._event.clear()
            await self._event.wait()
        return self._mail is not None

    def _keep(self, mail: Envelope, outcome: Outcome) -> None:
        self._outcome = outcome
        self._settled.set()

    async def _either(self, event: asyncio.Event) -> None:
        """Until it is set. Raises what ended the session first."""
        waiting = asyncio.create_task(event.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done() and not event.is_set():
            self._task.result()  # raises
            raise AssertionError("the session ended by itself")
