"""Which courier config.yaml asks for, one line each."""

from __future__ import annotations

from collections.abc import Callable

from digest.config.keys import Keys
from digest.config.settings import Config, SendgridTransport, SmtpTransport
from digest.delivery.couriers import Clock, Courier, Mails
from digest.delivery.couriers.one_by_one import OneByOne
from digest.delivery.couriers.sendgrid import SendgridCourier
from digest.delivery.couriers.smtp import SmtpCourier
from digest.delivery.journal import Journal
from digest.delivery.sendgrid.transport import open_client
from digest.delivery.transports import Transport, open_transport
from digest.delivery.transports.smtp import server_of

Make = Callable[[Mails, Journal, Clock], Courier]


def courier_for(config: Config, keys: Keys) -> Make:
    """How to make it, once there are mails and a journal. Raises ConfigError; nobody is called."""
    if isinstance(config.transport, SmtpTransport):
        server = server_of(config, keys)
        return lambda mails, journal, now: SmtpCourier(server, mails, journal, now)
    if isinstance(config.transport, SendgridTransport):
        client, batch = open_client(config, keys), config.transport.batch
        return lambda mails, journal, now: SendgridCourier(client, batch, mails, journal)
    return one_by_one(open_transport(config, keys))


def one_by_one(transport: Transport) -> Make:
    """Through a transport that is at hand."""
    return lambda mails, journal, now: OneByOne(transport, mails, journal, now)
