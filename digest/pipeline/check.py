"""Check: what an operator should know before the first issue, each with key, reason and hint."""

from __future__ import annotations

import difflib
import os
import socket
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from jinja2 import TemplateError

from digest.config import Config
from digest.config.examples import examples_in, is_example
from digest.config.settings import MaildirTransport, SendgridTransport, SmtpTransport
from digest.delivery.message import WEB_ADDRESS, mailable
from digest.delivery.transports import open_transport
from digest.editorial.glossary import load_glossary
from digest.editorial.themes import load_taxonomy
from digest.errors import DigestError
from digest.feedback.mailboxes import open_mailbox
from digest.feedback.sendgrid_events import public_key
from digest.mail.environment import mail_environment
from digest.pipeline.notices import editors
from digest.shipped import shipped
from subscribers.addresses import address_key
from subscribers.suppression import suppressed_keys

Level = Literal["ok", "warning", "error"]

OURS = shipped("templates")
TEMPLATES = (".html", ".htm", ".txt", ".css", ".j2", ".jinja", ".jinja2")
MOST_NAMED = 5  # templates without effect


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what it concerns in config.yaml, what was seen, what to do."""

    level: Level
    key: str
    reason: str
    hint: str = ""

    def document(self) -> dict[str, str]:
        """As JSON prints it."""
        return asdict(self)


def check_site(config: Config) -> list[Finding]:
    """Every finding, errors first."""
    findings = [finding for examine in EXAMINATIONS for finding in examine(config)]
    rank = {"error": 0, "warning": 1, "ok": 2}
    return sorted(findings, key=lambda finding: rank[finding.level])


def _database(config: Config) -> Iterator[Finding]:
    # `digest check` opened the site before this, so the tables are there.
    yield Finding("ok", "database", "it opens, and its tables are up to date")


def _sender(config: Config) -> Iterator[Finding]:
    for key, word in config.diagnoses_seen().items():
        yield Finding(
            "error",
            key,
            f"it names a diagnosis ('{word}'), and an inbox is seen by others",
            "Choose one without that word",
        )
    if not WEB_ADDRESS.fullmatch(f"{config.publication.site_url}/"):
        yield Finding(
            "error",
            "publication.site_url",
            "mail programs leave a list with one click only over https (RFC 8058)",
            "Write it with https://; without it no issue is sent",
        )
    examples = examples_in(config)
    if "publication.site_url" in examples:
        site = config.publication.site_url
        yield Finding(
            "warning",
            "publication.site_url",
            f"{site} is an example: the links of every mail would lead nowhere",
            "Write the address under which readers reach `digest run`",
        )
    if "sender.postal_address" in examples:
        yield Finding(
            "warning",
            "sender.postal_address",
            "it is still the example",
            "Write your own: the law asks for it in every mail",
        )


def _subjects(config: Config) -> Iterator[Finding]:
    for audience, words in config.audiences.items():
        for part, text in (("subject", words.subject), ("preheader", words.preheader)):
            if word := config.privacy.diagnosis_in(text):
                yield Finding(
                    "error",
                    f"audiences.{audience}.{part}",
                    f"it names a diagnosis ('{word}')",
                    "Say it without that word; an issue with it cannot be approved",
                )


def _editors(config: Config) -> Iterator[Finding]:
    told = editors(config)
    if not told:
        yield Finding(
            "warning", "issue.tell", "nobody is told when a draft is ready or an issue is skipped",
            "Write the editors' addresses, or sender.reply_to",
        )  # fmt: skip
    for address in told:
        try:
            suppressed = suppressed_keys([address_key(mailable(address))])
        except DigestError as error:
            yield Finding("error", "issue.tell", f"{address}: {error.what}", error.mend)
            continue
        if suppressed:
            yield Finding(
                "warning", "issue.tell", f"{address} is suppressed, so it is not mailed",
                "Write another address",
            )  # fmt: skip


def _sources(config: Config) -> Iterator[Finding]:
    if not config.sources:
        yield Finding("warning", "sources", "there is none", "Add one; docs/sources.md tells how")
    for number, source in enumerate(config.sources):
        key = f"sources[{number}]"
        if source.kind == "folder" and not config.path(source.path).is_dir():
            yield Finding(
                "error", f"{key}.path", f"there is no folder {source.path}", "Make it, or mend it"
            )
        elif source.kind == "pages":
            yield Finding(
                "error", f"{key}.kind", "'pages' is not built yet", "Use a feed or a folder"
            )
        else:
            yield Finding("ok", key, f"{source.kind} '{source.name}'")


def _files(config: Config) -> Iterator[Finding]:
    try:
        load_glossary(config.glossary_path)
    except DigestError as error:
        yield Finding("error", "glossary", f"{error.where}: {error.what}", error.mend)
    try:
        known = list(load_taxonomy(config.themes_path).themes)
    except DigestError as error:
        yield Finding("error", "themes", f"{error.where}: {error.what}", error.mend)
        return
    for audience, words in config.audiences.items():
        for key, themes in (("order", words.order), ("leave_out", words.leave_out)):
            for theme in themes:
                if theme not in known:
                    near = difflib.get_close_matches(theme, known, n=1)
                    hint = f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(known)}"
                    where = f"audiences.{audience}.{key}"
                    yield Finding("error", where, f"there is no theme '{theme}'", hint)


def _templates(config: Config) -> Iterator[Finding]:
    """Own templates that cannot be used, and those that take no effect."""
    if (site := config.templates_path) is None:
        return
    ours = {path.relative_to(OURS).as_posix() for path in OURS.rglob("*.*")}
    try:
        environment = mail_environment(site)
    except DigestError as error:
        yield Finding("error", "templates", error.what, error.mend)
        return
    for name in sorted(ours):
        try:
            environment.get_template(name)
        except DigestError as error:
            yield Finding("error", "templates", f"{name}: {error.what}", error.mend)
        except TemplateError as error:
            line = getattr(error, "lineno", "?")
            yield Finding(
                "error", "templates", f"{name} line {line}: {error}", "Mend it, or remove it"
            )
    idle = _without_effect(site, ours)
    for name in idle[:MOST_NAMED]:
        near = difflib.get_close_matches(name, sorted(ours), n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        yield Finding(
            "warning", "templates", f"{name} overrides nothing",
            f"{meant}docs/templates.md names every part",
        )  # fmt: skip
    if more := idle[MOST_NAMED:]:
        yield Finding(
            "warning", "templates", f"{len(more)} more files override nothing",
            "Name a folder that holds templates alone",
        )  # fmt: skip


def _without_effect(site: Path, ours: Collection[str]) -> list[str]:
    """Templates of a site that have no name of ours and that none of its others asks for."""
    own = {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in (*site.glob("[!.]*.*"), *site.glob("[!.]*/[!.]*.*"))
        if path.suffix in TEMPLATES and path.is_file() and os.access(path, os.R_OK)
    }
    return sorted(
        name
        for name in own
        if name not in ours
        and not any(name in text for other, text in own.items() if other != name)
    )


def _transport(config: Config) -> Iterator[Finding]:
    if isinstance(config.transport, MaildirTransport):
        folder = config.path(config.transport.path)
        place = folder if folder.exists() else folder.parent
        if os.access(place, os.W_OK):
            yield Finding(
                "ok", "transport", f"maildir {config.transport.path}: mails are files here, "
                "nobody is mailed", "Set transport.kind to smtp for a real issue"
            )  # fmt: skip
        else:
            yield Finding("error", "transport.path", f"{place} is not writable", "Mend its mode")
    elif isinstance(config.transport, SmtpTransport):
        yield from _smtp(config, config.transport)
    else:
        yield from _sendgrid(config, config.transport)


def _smtp(config: Config, smtp: SmtpTransport) -> Iterator[Finding]:
    from django.conf import settings

    if smtp.tls == "none" and smtp.username:
        yield Finding(
            "warning", "transport.tls", "the password would cross the network in plain text",
            "Use starttls or implicit",
        )  # fmt: skip
    if smtp.username and not settings.KEYS.smtp_password:
        yield Finding(
            "error", "transport.username", "DIGEST_SMTP_PASSWORD is not set",
            "Set it in the environment or in digest.keys",
        )  # fmt: skip
        return
    try:
        with open_transport(config, settings.KEYS):
            pass
        yield Finding("ok", "transport", f"smtp {smtp.host}:{smtp.port} answers")
    except DigestError as error:
        yield Finding("error", "transport", error.what, error.mend)


def _sendgrid(config: Config, sendgrid: SendgridTransport) -> Iterator[Finding]:
    from django.conf import settings

    try:
        with open_transport(config, settings.KEYS):
            pass  # it connects with its first mail
    except DigestError as error:
        yield Finding("error", error.where or "transport.kind", error.what, error.mend)
        return
    yield Finding(
        "ok", "transport", f"SendGrid at {sendgrid.api_url}: each mail is a request of its own",
        "`digest test-send` tries it",
    )  # fmt: skip


def _feedback(config: Config) -> Iterator[Finding]:
    from django.conf import settings

    feedback = config.feedback
    if feedback.sendgrid_public_key:
        try:
            public_key(feedback.sendgrid_public_key)
            posts = f"SendGrid may post to {config.publication.site_url}/hooks/sendgrid"
            yield Finding("ok", "feedback.sendgrid_public_key", posts)
        except DigestError as error:
            yield Finding("error", "feedback.sendgrid_public_key", error.what, error.mend)
    if feedback.mailbox:
        password = settings.KEYS.imap_password
        try:
            box = open_mailbox(feedback.mailbox, folder=config.folder, password=password)
            next(box.mails(), None)
            yield Finding("ok", "feedback.mailbox", "it opens")
        except DigestError as error:
            yield Finding("error", "feedback.mailbox", error.what, error.mend)


def _names(config: Config) -> Iterator[Finding]:
    domain = config.sender.address.rpartition("@")[2]
    if is_example(domain):
        yield Finding(
            "warning", "sender.address", f"{domain} is an example", "Write an address of your own"
        )
        return
    try:
        socket.getaddrinfo(domain, None)
    except OSError:
        yield Finding(
            "warning", "sender.address", f"{domain} was not found in DNS",
            "Its mail needs MX, SPF, DKIM and DMARC records; ask your mail provider for them",
        )  # fmt: skip
        return
    yield Finding(
        "ok", "sender.address", f"{domain} is in DNS",
        "See that SPF, DKIM and DMARC records name your mail server",
    )  # fmt: skip


def _not_built(config: Config) -> Iterator[Finding]:
    """A key that this version reads but does not act on must not pass silently."""
    if config.privacy.encrypt_addresses:
        yield Finding(
            "warning", "privacy.encrypt_addresses",
            "not built yet: addresses lie in the database in plain text",
            "Keep the database on an encrypted disk",
        )  # fmt: skip
    yield Finding(
        "warning", "privacy.retention.delivery_details",
        "not built yet: nothing of a delivery is deleted by itself",
        "Nothing to do; `digest subscribers erase` deletes what is kept of one person",
    )  # fmt: skip
    transport = config.transport
    several = isinstance(transport, SmtpTransport) and transport.connections > 1
    if several and "connections" in transport.model_fields_set:
        yield Finding(
            "warning", "transport.connections",
            "not built yet: mail goes through one connection, whatever is written here",
            "Leave it out, or write 1",
        )  # fmt: skip
    if isinstance(transport, SendgridTransport) and "batch" in transport.model_fields_set:
        yield Finding(
            "warning", "transport.batch",
            "not built yet: an issue goes out with one request a mail, whatever is written here",
            "Leave it out",
        )  # fmt: skip
    if config.pace.warm_up:
        yield Finding(
            "warning", "pace.warm_up", "not built yet: it has no effect", "Leave it null"
        )  # fmt: skip


EXAMINATIONS = (
    _database, _sender, _subjects, _editors, _sources, _files, _templates, _transport, _names,
    _feedback, _not_built,
)  # fmt: skip
