"""Whether mails can go out by the transport that config.yaml names; none is sent.

A mail server is asked the way an issue asks it: one connection, EHLO, STARTTLS, AUTH, QUIT.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Iterator

from digest.config import Config
from digest.config.settings import MaildirTransport, SendgridTransport, SmtpTransport
from digest.delivery.sendgrid.transport import open_client
from digest.delivery.smtp import Patience, Server
from digest.delivery.smtp.features import Features
from digest.delivery.smtp.opening import open_connection
from digest.delivery.transports.smtp import server_of
from digest.errors import ConfigError, DigestError
from digest.pipeline.check.finding import Finding, error, ok, warning

# Somebody waits for the answer, and no mail hangs on it.
SHORT = Patience(connect=10, greeting=30, command=30)
MEGABYTE = 1_000_000


def examine(config: Config) -> Iterator[Finding]:
    """What stands under `transport`, and whether who is behind it lets us in."""
    if isinstance(config.transport, MaildirTransport):
        yield _maildir(config, config.transport)
    elif isinstance(config.transport, SmtpTransport):
        yield from _smtp(config, config.transport)
    else:
        yield _sendgrid(config, config.transport)


def _maildir(config: Config, maildir: MaildirTransport) -> Finding:
    folder = config.path(maildir.path)
    place = folder if folder.exists() else folder.parent
    if not os.access(place, os.W_OK):
        return error("transport.path", f"{place} is not writable", "Mend its mode")
    return ok(
        "transport",
        f"maildir {maildir.path}: mails are files here, nobody is mailed",
        "Set transport.kind to smtp for a real issue",
    )


def _smtp(config: Config, smtp: SmtpTransport) -> Iterator[Finding]:
    from django.conf import settings

    if smtp.tls == "none" and not _on_this_machine(smtp.host):
        secret = "the password and every mail" if smtp.username else "every mail"
        yield warning(
            "transport.tls",
            f"{secret} would cross the network in plain text",
            "Use starttls or implicit",
        )
    try:
        server = server_of(config, settings.KEYS)
        features = asyncio.run(_offered(server))
    except ConfigError as trouble:
        yield error(trouble.where or "transport.username", trouble.what, trouble.mend)
        return
    except DigestError as trouble:
        yield error("transport", trouble.what, trouble.mend)
        return
    yield ok("transport", f"smtp {smtp.host}:{smtp.port} answers{_listed(server, features)}")
    if not features.pipelining:
        yield warning(
            "transport.host",
            "it does not offer PIPELINING, so each mail waits for several answers: slower",
            "Nothing is lost by it; switch it on at the server, or raise transport.connections",
        )
    if features.size and features.size < MEGABYTE:
        yield warning(
            "transport.host",
            f"it takes mails of at most {_in_bytes(features.size)}; longer ones are refused",
            "Raise the limit at the server (Postfix: message_size_limit)",
        )


async def _offered(server: Server) -> Features:
    """What a server says it can do. Raises DeliveryError when it does not let us in."""
    connection, features = await open_connection(server, SHORT)
    await connection.quit()
    return features


def _listed(server: Server, features: Features) -> str:
    """` (PIPELINING, STARTTLS, SIZE 50 MB)`: as far as a sending makes use of it."""
    offers = ["PIPELINING"] if features.pipelining else []
    # Under TLS a server no longer offers it; without it we would not have been let in.
    offers += ["STARTTLS"] if features.starttls or server.tls == "starttls" else []
    offers += [f"SIZE {_in_bytes(features.size)}"] if features.size else []
    return f" ({', '.join(offers)})" if offers else ""


def _in_bytes(size: int) -> str:
    if size < MEGABYTE:
        return f"{size:,} bytes"
    return f"{size / MEGABYTE:,.0f} MB"


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _sendgrid(config: Config, sendgrid: SendgridTransport) -> Finding:
    from django.conf import settings

    try:
        open_client(config, settings.KEYS).close()  # it connects with its first mail
    except DigestError as trouble:
        return error(trouble.where or "transport.kind", trouble.what, trouble.mend)
    most = f"{sendgrid.batch:,}" if sendgrid.batch > 1 else "one"
    return ok(
        "transport",
        f"SendGrid at {sendgrid.api_url}: at most {most} of an issue's mails go in one request, "
        "and as many end as unknown if it is not answered",
        "`digest test-send` tries it; a smaller transport.batch leaves fewer unknown",
    )
