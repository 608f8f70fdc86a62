"""Mail through an SMTP server: one connection, one mail and one recipient at a time.

In: an envelope. Out: what the server said, on one line. MAIL, RCPT, DATA and the final dot are
sent step by step, so that it is known what was on the wire when a connection broke (law 3):
before the final dot nothing was accepted, after it nobody can tell.

The standard library's client blocks and has one time-out at a time; that is enough for one
connection. An asyncio client of our own is to bring several connections and pipelining.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

from digest.config.keys import Keys
from digest.config.settings import Config
from digest.config.settings import SmtpTransport as SmtpSettings
from digest.errors import ConfigError, DeliveryError
from digest.values import Envelope, Outcome

# RFC 5321 4.5.3.2, in seconds: the least that a client has to wait.
GREETING, COMMAND, DATA_START, DATA_BLOCK, DATA_END = 300, 300, 120, 180, 600
QUIT = 5  # nothing hangs on this answer
MAILS_PER_CONNECTION = 100  # servers drop clients that stay for ever
MAX_DETAIL = 500
# No answer that can be understood: a drop, a time-out, a line that is no reply.
BROKEN = (OSError, smtplib.SMTPException)


def open_smtp(config: Config, keys: Keys) -> Smtp:
    """The server that config.yaml names. Raises ConfigError when its password is missing."""
    settings = cast(SmtpSettings, config.transport)
    if settings.username and not (keys.smtp_password and keys.smtp_password.isascii()):
        raise ConfigError(
            "transport.username is set, but DIGEST_SMTP_PASSWORD is missing or not ASCII",
            mend="Set it in the environment or in the key file",
        )
    return Smtp(settings, keys.smtp_password)


class Smtp:
    """One connection to one server, opened at once and again after a drop."""

    repeatable = False

    def __init__(
        self,
        settings: SmtpSettings,
        password: str = "",
        *,
        context: ssl.SSLContext | None = None,
        mails_per_connection: int = MAILS_PER_CONNECTION,
    ):
        self._settings, self._password = settings, password
        self._context, self._mails_per_connection = context, mails_per_connection
        self._client: smtplib.SMTP | None = None
        self._mails = 0

    def __enter__(self) -> Self:
        self._client = self._connect()  # whom nobody lets in learns it before a row is claimed
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up(politely=error is None)

    def deliver(self, envelope: Envelope) -> Outcome:
        """Send one mail: accepted, deferred (4xx or a drop), failed (5xx) or unknown.

        Raises DeliveryError when the server cannot be reached or refuses us altogether.
        """
        if self._mails >= self._mails_per_connection:
            self._hang_up(politely=True)
        reused = self._client is not None
        client = self._client = self._client or self._connect()
        try:
            code, reply = self._mail_from(client, envelope)
        except BROKEN as error:
            self._hang_up()
            if reused:  # the server closed it while we were silent; this mail never began
                return self.deliver(envelope)
            return _deferred_by(error)
        if code == 421 and reused:
            self._hang_up()
            return self.deliver(envelope)
        self._mails += 1
        if code >= 500:
            self._hang_up(politely=True)
            raise self._refused("refuses the sender", code, reply)
        if not _is_yes(code):
            return self._refusal(client, code, reply, envelope)
        return self._recipient_and_content(client, envelope)

    def _mail_from(self, client: smtplib.SMTP, envelope: Envelope) -> tuple[int, bytes]:
        size = [f"SIZE={len(envelope.content)}"] if client.has_extn("size") else []  # RFC 1870
        return _ask(client, COMMAND, lambda: client.mail(envelope.sender, size))

    def _recipient_and_content(self, client: smtplib.SMTP, envelope: Envelope) -> Outcome:
        content = _wire_form(envelope.content)
        try:
            code, reply = _ask(client, COMMAND, lambda: client.rcpt(envelope.recipient))
            if not _is_yes(code):
                return self._refusal(client, code, reply, envelope)
            code, reply = _ask(client, DATA_START, lambda: client.docmd("DATA"))
            if code != 354:
                return self._refusal(client, code, reply, envelope)
            _wait_at_most(client, DATA_BLOCK)
            client.send(content)
        except BROKEN as error:
            self._hang_up()
            return _deferred_by(error)
        return self._final_dot(client, envelope)

    def _final_dot(self, client: smtplib.SMTP, envelope: Envelope) -> Outcome:
        """From here on the server may have the mail, whatever becomes of its answer."""
        try:
            client.send(b".\r\n")
            code, reply = _ask(client, DATA_END, client.getreply)
        except BROKEN as error:
            self._hang_up()
            return Outcome("unknown", f"sent, but not answered ({_one_line(str(error))})")
        if _is_yes(code):
            return Outcome("accepted", _detail(code, reply, envelope.recipient))
        if not 400 <= code < 600:
            self._hang_up()
            return Outcome("unknown", _detail(code, reply, envelope.recipient))
        return self._refusal(client, code, reply, envelope)

    def _refusal(
        self, client: smtplib.SMTP, code: int, reply: bytes, envelope: Envelope
    ) -> Outcome:
        """A reply that is no yes, before or in answer to the final dot; the next mail is free."""
        detail = _detail(code, reply, envelope.recipient)
        if code == 421 or not 400 <= code < 600:  # it closes, or it does not speak SMTP
            self._hang_up()
            return Outcome("deferred", detail)
        try:
            _ask(client, COMMAND, client.rset)
        except BROKEN:
            self._hang_up()
        return Outcome("failed" if code >= 500 else "deferred", detail)

    def _connect(self) -> smtplib.SMTP:
        try:
            client = self._open()
        except smtplib.SMTPResponseException as error:
            raise self._refused("does not let us in", error.smtp_code, error.smtp_error) from None
        except ssl.SSLCertVerificationError as error:
            raise self._error(
                f"shows no valid certificate ({error.verify_message})",
                "Correct transport.host, or have the server's certificate mended",
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise self._error(
                f"does not offer what transport.tls and username ask for ({error})",
                "Correct transport.port and transport.tls",
            ) from None
        except BROKEN as error:
            raise self._error(
                f"cannot be reached ({_one_line(str(error))})",
                "Correct transport.host, port and tls, or try again later; nothing is lost",
                temporary=True,
            ) from None
        self._mails = 0
        return client

    def _open(self) -> smtplib.SMTP:
        settings = self._settings
        context = self._context or ssl.create_default_context()
        client: smtplib.SMTP
        if settings.tls == "implicit":
            client = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=GREETING, context=context
            )
        else:
            client = smtplib.SMTP(settings.host, settings.port, timeout=GREETING)
        try:
            if settings.tls == "starttls":
                client.ehlo_or_helo_if_needed()
                client.starttls(context=context)
            client.ehlo_or_helo_if_needed()
            if settings.username:
                self._sign_in(client, settings.username)
        except BaseException:
            client.close()
            raise
        return client

    def _sign_in(self, client: smtplib.SMTP, username: str) -> None:
        client.user, client.password = username, self._password
        offered = client.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            client.auth("PLAIN", client.auth_plain)
        elif "LOGIN" in offered:
            client.auth("LOGIN", client.auth_login)
        else:
            raise smtplib.SMTPNotSupportedError("neither AUTH PLAIN nor AUTH LOGIN")

    def _hang_up(self, *, politely: bool = False) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            if politely:
                _ask(client, QUIT, client.quit)
        except BROKEN:
            pass
        finally:
            client.close()

    def _refused(self, what: str, code: int, reply: bytes | str) -> DeliveryError:
        return self._error(
            f"{what} ({_detail(code, reply)})",
            "Correct sender.address, transport.username and DIGEST_SMTP_PASSWORD",
            temporary=code < 500,
        )

    def _error(self, what: str, mend: str, *, temporary: bool = False) -> DeliveryError:
        where = f"{self._settings.host}:{self._settings.port}"
        return DeliveryError(f"the mail server {what}", where=where, mend=mend, temporary=temporary)


def _ask(
    client: smtplib.SMTP, seconds: int, command: Callable[[], tuple[int, bytes]]
) -> tuple[int, bytes]:
    _wait_at_most(client, seconds)
    return command()


def _wait_at_most(client: smtplib.SMTP, seconds: int) -> None:
    if client.sock is not None:
        client.sock.settimeout(seconds)


def _is_yes(code: int) -> bool:
    return 200 <= code < 300


def _deferred_by(error: Exception) -> Outcome:
    return Outcome("deferred", f"the connection broke ({_one_line(str(error))})")


def _wire_form(content: bytes) -> bytes:
    """CRLF line ends only (a bare CR or LF smuggles mails past some servers) and dots doubled

    at the start of a line (RFC 5321 4.5.2).
    """
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"^\.", b"..", lines, flags=re.MULTILINE)


def _detail(code: int, reply: bytes | str, recipient: str = "") -> str:
    """`550 5.1.1 no such user`, without the address: this outlives the subscriber's erasure."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    line = _one_line(f"{code} {text}")
    if recipient:
        line = re.sub(re.escape(recipient), "(the address)", line, flags=re.IGNORECASE)
    return line[:MAX_DETAIL]


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
