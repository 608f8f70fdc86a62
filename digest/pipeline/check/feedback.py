"""Whether anything tells of bounces, complaints and wishes to leave, and whether it can be read."""

from __future__ import annotations

from collections.abc import Iterator

from digest.config import Config
from digest.errors import DigestError
from digest.feedback.mailboxes import open_mailbox
from digest.feedback.sendgrid_events import public_key
from digest.pipeline.check.finding import Finding, error, ok, warning


def examine(config: Config) -> Iterator[Finding]:
    """The keys under `feedback`, and those that the transport would need there."""
    if key := config.feedback.sendgrid_public_key:
        yield _posts(config, key)
    elif config.transport.kind == "sendgrid":
        yield warning(
            "feedback.sendgrid_public_key",
            "without it bounces go unheard, and unknown mails are settled only by hand",
            "Copy the key of SendGrid's signed event webhook; until then use `digest resolve`",
        )
    if config.feedback.mailbox:
        yield _mailbox(config, config.feedback.mailbox)
    elif config.transport.kind == "smtp" and not config.feedback.sendgrid_public_key:
        yield warning(
            "feedback",
            "nothing tells of bounces and complaints, so dead addresses are mailed for ever",
            "Name the mailbox that they reach in feedback.mailbox",
        )
    if config.feedback.tokened_addresses:
        yield _tokened(config)


def _posts(config: Config, key: str) -> Finding:
    try:
        public_key(key)
    except DigestError as trouble:
        return error("feedback.sendgrid_public_key", trouble.what, trouble.mend)
    posts = f"SendGrid may post to {config.publication.site_url}/hooks/sendgrid"
    return ok("feedback.sendgrid_public_key", posts)


def _mailbox(config: Config, setting: str) -> Finding:
    from django.conf import settings

    password = settings.KEYS.imap_password
    try:
        box = open_mailbox(setting, folder=config.folder, password=password)
        next(box.mails(), None)
    except DigestError as trouble:
        return error("feedback.mailbox", trouble.what, trouble.mend)
    return ok("feedback.mailbox", "it opens")


def _tokened(config: Config) -> Finding:
    key = "feedback.tokened_addresses"
    if not config.feedback.mailbox:
        return error(
            key,
            "it is true, but there is no feedback.mailbox that reads what comes to them",
            "Name that mailbox, or write false",
        )
    domain = config.sender.address.rpartition("@")[2]
    return ok(
        key,
        f"mails to bounce+…@{domain} and leave+…@{domain} must reach feedback.mailbox",
        "Send a mail to one of each, and see that it arrives there",
    )
