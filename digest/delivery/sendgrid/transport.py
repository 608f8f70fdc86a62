"""Single envelopes through the API: confirmations, notices, test mails, and issues for now.

In: an `Envelope`. Out: what the API said. The API takes no bytes but makes the mail anew, so
the envelope is read back into its parts; only headers that mean something to a reader's mail
program go along.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from digest.config.keys import Keys
from digest.config.settings import Config, SendgridTransport
from digest.delivery.message import local_part
from digest.delivery.sendgrid.client import Client
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.errors import ConfigError, Refused
from digest.values import Envelope, Outcome, Sender

CARRIED = ("List-Id", "Feedback-ID", "Auto-Submitted")
# As in mails: plain http is for rehearsals, on names that mean nothing outside of this house.
INSIDE = re.compile(r"[\w-]+|[\w.-]+\.(test|local|localhost)|127\.\d+\.\d+\.\d+|::1", re.ASCII)


def open_sendgrid(config: Config, keys: Keys) -> Sendgrid:
    """The transport for single envelopes. Raises ConfigError as `open_client` does."""
    return Sendgrid(open_client(config, keys))


def open_client(config: Config, keys: Keys) -> Client:
    """The API that config.yaml names. Raises ConfigError when the key is missing or would leak."""
    url = cast(SendgridTransport, config.transport).api_url
    parts = urlsplit(url)
    if parts.scheme != "https" and not INSIDE.fullmatch(parts.hostname or ""):
        raise ConfigError(
            "the API key would cross the net in the clear",
            where="transport.api_url",
            mend="Write it with https://",
        )
    return Client(url, keys.sendgrid_api_key)


class Sendgrid:
    """One mail a request."""

    repeatable = False

    def __init__(self, client: Client):
        self.client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()

    def deliver(self, envelope: Envelope) -> Outcome:
        """What became of this mail. Raises DeliveryError when nothing can be sent now."""
        content, recipient = taken_apart(envelope)
        try:
            (outcome,) = self.client.send_batch(content, [recipient])
        except Refused as refusal:  # of this mail; nothing left
            return Outcome("failed", refusal.line())
        return outcome


def taken_apart(envelope: Envelope) -> tuple[Content, Recipient]:
    """The envelope as the API wants it; its delivery's id is that of its Message-ID."""
    mail = message_from_bytes(envelope.content, policy=policy.default)
    name, address = parseaddr(str(mail["From"]))
    reply_to = parseaddr(str(mail["Reply-To"] or ""))[1] or None
    content = Content(
        sender=Sender(name, address, reply_to),
        subject=str(mail["Subject"]),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
        headers=tuple((name, str(mail[name])) for name in CARRIED if mail[name]),
    )
    ways = re.findall(r"<([^<>]+)>", str(mail["List-Unsubscribe"] or ""))
    mailboxes = [way.removeprefix("mailto:") for way in ways if way.startswith("mailto:")]
    return content, Recipient(
        delivery_id=local_part(envelope.message_id),
        address=envelope.recipient,
        name=parseaddr(str(mail["To"] or ""))[0],
        unsubscribe_url=next((way for way in ways if not way.startswith("mailto:")), ""),
        unsubscribe_mailto=next(iter(mailboxes), ""),
        message_id=envelope.message_id,
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
