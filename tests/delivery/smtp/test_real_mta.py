"""Against Postfix itself: what arrives in its Maildirs, and what it refuses and why."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator, Sequence
from email.parser import BytesParser

import pytest

from digest.delivery.smtp import Listed, Patience, send_all
from digest.errors import DeliveryError
from digest.values import Envelope
from tests.delivery.smtp.conftest import Certificate
from tests.delivery.smtp.fakes import Heard, a_mail, plain
from tests.delivery.smtp.postfix import POSTFIX, Postfix, postfix

pytestmark = [
    pytest.mark.skipif(POSTFIX is None, reason="no postfix (apt-get install postfix)"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start postfix"),
]
LIMIT = 60_000
LINES = [b"A line of a summary, long enough for one.", b".", b"..", b".hidden", b"", b"caf\xc3\xa9"]
BODY = b"\r\n".join(LINES * 740) + b"\r\n"  # 50 KB
NAMES = [f"m{number}" for number in range(200)]


@pytest.fixture(scope="module")
def mta(certificate: Certificate) -> Iterator[Postfix]:
    """One server, with a door for each of its moods."""
    settings = {
        "virtual_mailbox_domains": "example.net",
        "virtual_mailbox_maps": "texthash:$etc/mailboxes",
        "smtpd_recipient_restrictions": "check_recipient_access texthash:$etc/access",
        "message_size_limit": str(LIMIT),
        "smtpd_tls_chain_files": f"{certificate.key}, {certificate.chain}",
        "smtpd_tls_security_level": "may",
    }
    doors = {
        "usual": {},
        "one by one": {"smtpd_discard_ehlo_keywords": "pipelining, size"},
        "few": {
            "smtpd_client_connection_count_limit": "2",
            "smtpd_client_event_limit_exceptions": "",
        },
    }
    names = [*NAMES, "later", "filtered"]
    tables = {
        "mailboxes": {f"{name}@example.net": f"{name}/" for name in names},
        "access": {
            "later@example.net": "451 4.7.1 come back later",
            "filtered@example.net": "550 5.7.1 not wanted here",
        },
    }
    with postfix(settings, doors, tables) as running:
        yield running


def a_letter(name: str, mark: str, body: bytes = BODY) -> Envelope:
    """A mail as we make them, no two alike."""
    head = f"From: digest@example.org\r\nTo: {name}@example.net\r\nSubject: {mark} {name}\r\n"
    head += f"Date: Sat, 21 Nov 2026 08:00:00 +0000\r\nMessage-ID: <{mark}.{name}@example.org>\r\n"
    head += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    head += "Content-Transfer-Encoding: 8bit\r\n\r\n"
    return a_mail(name, head.encode() + body)


def letters(mark: str, names: Sequence[str]) -> list[Envelope]:
    """One to each."""
    return [a_letter(name, mark) for name in names]


def send(
    port: int,
    mails: Sequence[Envelope],
    *,
    connections: int = 5,
    context: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Heard:
    """What became of each."""
    heard = Heard()
    tls = "starttls" if context else "none"
    asyncio.run(
        send_all(
            plain(port, host=host, connections=connections, tls=tls),
            Listed(mails),
            begun=heard.begun,
            settled=heard.settled,
            returned=heard.returned,
            slow_down=heard.slowed.append,
            patience=Patience(reopen=(0.05,)),
            context=context,
        )
    )
    return heard


def arrived(mta: Postfix, mark: str) -> dict[str, list[bytes]]:
    """The mails of this mark as they arrived, without what Postfix writes above them."""
    found: dict[str, list[bytes]] = {}
    for name, mails in mta.delivered().items():
        for mail in mails:
            above, subject = mail.split(b"From: digest@example.org\n", 1)
            added = BytesParser().parsebytes(above).keys()
            assert set(added) == {"Return-Path", "X-Original-To", "Delivered-To", "Received"}
            if f"\nSubject: {mark} ".encode() in subject:
                found.setdefault(name, []).append(b"From: digest@example.org\n" + subject)
    return found


def meant(mails: Sequence[Envelope]) -> dict[str, list[bytes]]:
    """What a Maildir should hold: each once, its lines ended the way Unix does."""
    return {
        mail.recipient.partition("@")[0]: [mail.content.replace(b"\r\n", b"\n")] for mail in mails
    }


@pytest.mark.parametrize("door", ["usual", "one by one"])
def test_two_hundred_mails_arrive_once_each_with_the_bytes_they_were_sent_with(
    mta: Postfix, door: str
) -> None:
    mails = letters(door, NAMES)
    heard = send(mta.ports[door], mails)
    assert heard.ends == sorted(f"accepted {name}" for name in NAMES)
    assert "queued as" in heard.details["m0"]
    assert arrived(mta, door) == meant(mails)


def test_tls_is_begun_with_a_server_whose_name_we_can_check(
    mta: Postfix, certificate: Certificate
) -> None:
    mails, port = letters("secret", NAMES[:20]), mta.ports["usual"]
    heard = send(port, mails, context=certificate.client)
    assert heard.ends == sorted(f"accepted {name}" for name in NAMES[:20])
    with pytest.raises(DeliveryError, match="shows no valid certificate"):
        send(port, mails, context=certificate.client, host="localhost")
    with pytest.raises(DeliveryError, match="shows no valid certificate"):
        send(port, mails, context=ssl.create_default_context())
    found = arrived(mta, "secret")
    assert found == meant(mails)


@pytest.mark.parametrize("door", ["usual", "one by one"])
def test_what_is_refused_is_that_mail_alone(mta: Postfix, door: str) -> None:
    mark = f"some {door}"
    names = ["m0", "nobody", "m1", "later", "m2", "filtered", "m3"]
    mails = [*letters(mark, names), a_letter("m4", mark, BODY * 2), a_letter("m5", mark)]
    heard = send(mta.ports[door], mails, connections=1)
    states = {end.split()[1]: end.split()[0] for end in heard.ends}
    refused = {"nobody": "failed", "later": "deferred", "filtered": "failed", "m4": "failed"}
    assert {name: state for name, state in states.items() if state != "accepted"} == refused
    assert heard.details["nobody"].startswith("550 5.1.1 <(the address)>: ")
    assert heard.details["later"].startswith("451 4.7.1 <(the address)>: ")
    assert heard.slowed == [heard.details["later"]]
    limit = f"({LIMIT})" if door == "usual" else "552 5.3.4 "
    assert limit in heard.details["m4"]
    assert ("begun m4" in heard.events) is (door == "one by one")
    assert arrived(mta, mark) == meant([mail for mail in mails if _name(mail) not in refused])


def test_a_server_that_relays_for_nobody_stops_everybody(mta: Postfix) -> None:
    away = [a_mail(name, recipient=f"{name}@example.com") for name in NAMES]
    with pytest.raises(DeliveryError) as caught:
        send(mta.ports["usual"], away)
    assert "refuses every recipient (554 5.7.1 <(the address)>: Relay" in caught.value.line()


def test_a_server_that_hangs_up_after_twenty_errors_is_asked_again(mta: Postfix) -> None:
    unknown = [f"gone{number}" for number in range(30)]
    mails = letters("errors", ["m0", *unknown, "m1"])
    heard = send(mta.ports["usual"], mails, connections=1)
    assert mta.log.count("too many errors") >= 2
    assert heard.ends == sorted(
        ["accepted m0", "accepted m1", *(f"failed {name}" for name in unknown)],
        key=lambda end: end.split()[1],
    )
    assert arrived(mta, "errors") == meant([mails[0], mails[-1]])


def test_a_server_that_takes_two_connections_is_served_over_two(mta: Postfix) -> None:
    mails = letters("few", NAMES)
    heard = send(mta.ports["few"], mails, connections=5)
    assert heard.ends == sorted(f"accepted {name}" for name in NAMES)
    assert any(
        "421 4.7.0 mta.example.net Error: too many connections" in said for said in heard.slowed
    )
    assert arrived(mta, "few") == meant(mails)


def _name(mail: Envelope) -> str:
    return mail.recipient.partition("@")[0]
