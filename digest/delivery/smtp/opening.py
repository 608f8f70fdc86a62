"""Opens one connection: socket, greeting, EHLO, STARTTLS, AUTH; after it mails may be offered.

Whatever refuses us here refuses everybody, so it is a DeliveryError that says what to mend.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable

from digest.delivery.smtp.connection import Broken, Connection
from digest.delivery.smtp.features import Features, features_of
from digest.delivery.smtp.replies import Reply, one_line
from digest.delivery.smtp.server import Patience, Server
from digest.errors import DeliveryError

OUR_SETTINGS = "Correct sender.address, transport.username and DIGEST_SMTP_PASSWORD"


class TurnedAway(DeliveryError):
    """Refused at the greeting: by all means, or only because we have too many connections."""


async def open_connection(
    server: Server, patience: Patience, context: ssl.SSLContext | None = None
) -> tuple[Connection, Features]:
    """A connection on which MAIL may be said, and what its server offers.

    `context` None: the system's authorities, certificate and name verified. Raises DeliveryError.
    """
    if server.tls != "none" and context is None:
        context = ssl.create_default_context()
    connection = Connection(patience)
    try:
        await _connect(connection, server, context if server.tls == "implicit" else None)
        return connection, await _introduce(connection, server, context)
    except BaseException as error:
        connection.close()
        if isinstance(error, OSError | Broken):
            raise _unreachable(server, error) from None
        raise


def refused(
    server: Server, what: str, reply: Reply, recipient: str = "", *, mend: str = OUR_SETTINGS
) -> DeliveryError:
    """The server's no to everybody, in its own words; an address that it names is blotted out."""
    return trouble(
        server,
        f"{what} ({reply.detail(recipient)})",
        mend=mend,
        temporary=reply.code < 500,
    )


def trouble(server: Server, what: str, *, mend: str, temporary: bool = False) -> DeliveryError:
    """A DeliveryError that names the server."""
    where = f"{server.host}:{server.port}"
    return DeliveryError(f"the mail server {what}", where=where, mend=mend, temporary=temporary)


def _unreachable(server: Server, error: Exception) -> DeliveryError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return trouble(
            server,
            f"shows no valid certificate ({error.verify_message})",
            mend="Correct transport.host, or have the server's certificate mended",
        )
    return trouble(
        server,
        f"cannot be reached ({one_line(str(error)) or 'no answer in time'})",
        mend="Correct transport.host, port and tls, or try again later; nothing is lost",
        temporary=True,
    )


async def _connect(connection: Connection, server: Server, tls: ssl.SSLContext | None) -> None:
    async with asyncio.timeout(connection.patience.connect):
        await asyncio.get_running_loop().create_connection(
            lambda: connection,
            server.host,
            server.port,
        )
        if tls is not None:  # begun here, so that the connection knows what is still below TLS
            await connection.start_tls(tls, server.host)


async def _introduce(
    connection: Connection, server: Server, context: ssl.SSLContext | None
) -> Features:
    greeting = await connection.reply(connection.patience.greeting)
    if not greeting.ok:
        error = refused(server, "does not let us in", greeting)
        raise TurnedAway(error.what, where=error.where, mend=error.mend, temporary=error.temporary)
    features = await _ehlo(connection, server)
    if server.tls == "starttls":
        await _start_tls(connection, server, features, context)
        features = await _ehlo(connection, server)  # nothing said in clear text is believed
    if server.username:
        await _sign_in(connection, server, features, server.username)
    return features


async def _ehlo(connection: Connection, server: Server) -> Features:
    name = server.local_hostname or connection.own_address
    seconds = connection.patience.command
    reply = await connection.ask(f"EHLO {name}\r\n".encode(), seconds)
    if reply.ok:
        return features_of(reply)
    if reply.code >= 500 and server.tls == "none":  # a server from before 1995
        reply = await connection.ask(f"HELO {name}\r\n".encode(), seconds)
        if reply.ok:
            return Features()
    raise refused(server, "does not let us in", reply)


async def _start_tls(
    connection: Connection, server: Server, features: Features, context: ssl.SSLContext | None
) -> None:
    if not features.starttls:
        raise _not_offered(server, "STARTTLS")
    reply = await connection.ask(b"STARTTLS\r\n", connection.patience.command)
    if reply.code != 220:
        raise refused(server, "does not begin TLS", reply)
    assert context is not None  # open_connection makes one
    await connection.start_tls(context, server.host)


async def _sign_in(
    connection: Connection, server: Server, features: Features, username: str
) -> None:
    offered = {name.lower() for name in features.auth}
    wanted = ("plain", "login", "xoauth2") if server.auth == "auto" else (server.auth,)
    chosen = next((name for name in wanted if name in offered), None)
    if chosen is None:
        raise _not_offered(server, " or ".join(f"AUTH {name.upper()}" for name in wanted))
    first, *more = _CREDENTIALS[chosen](username, server.password)
    seconds = connection.patience.command
    reply = await connection.ask(f"AUTH {chosen.upper()}{first}\r\n".encode(), seconds)
    for answer in more:
        if reply.code == 334:
            reply = await connection.ask(f"{answer}\r\n".encode(), seconds)
    if reply.code == 334:  # XOAUTH2 says its reason as a challenge; an empty line ends it
        reply = await connection.ask(b"\r\n", seconds)
    if reply.code != 235:
        raise refused(server, "does not sign us in", reply)


def _not_offered(server: Server, what: str) -> DeliveryError:
    return trouble(
        server,
        f"does not offer what transport.tls and username ask for ({what})",
        mend="Correct transport.port and transport.tls",
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# Mechanism → what follows its name, then the answers to each 334 (RFC 4616, RFC 4954).
_CREDENTIALS: dict[str, Callable[[str, str], tuple[str, ...]]] = {
    "plain": lambda user, secret: (" " + _encoded(f"\0{user}\0{secret}"),),
    "login": lambda user, secret: ("", _encoded(user), _encoded(secret)),
    "xoauth2": lambda user, token: (" " + _encoded(f"user={user}\1auth=Bearer {token}\1\1"),),
}
