"""Greeting, EHLO, STARTTLS, AUTH: what refuses everybody is said once, before a mail is taken."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from digest.delivery.smtp import Listed, Server, send_all
from digest.errors import DeliveryError
from tests.delivery.smtp.conftest import Certificate
from tests.delivery.smtp.fakes import (
    CONTENT,
    Heard,
    Script,
    a_mail,
    mails,
    plain,
    run,
)
from tests.fakes import Mailbox, smtp_server

# aiosmtpd still reads an attribute of its own that it calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")


def at(**changes: Any) -> Callable[[int], Server]:
    """A server on this machine with these settings, its port still open."""
    return lambda port: plain(port, **changes)


def send(server: Server, heard: Heard, context: ssl.SSLContext | None = None) -> None:
    """One mail to a server that runs elsewhere."""
    asyncio.run(
        send_all(
            server,
            Listed(mails("ann")),
            begun=heard.begun,
            settled=heard.settled,
            returned=heard.returned,
            context=context,
        )
    )


def stopped(script: Script, **options: Any) -> DeliveryError:
    """The error that stops everybody; no mail was taken."""
    heard = Heard()
    with pytest.raises(DeliveryError) as caught:
        run(script, mails("ann"), heard=heard, **options)
    assert heard.events == []
    return caught.value


def test_a_server_that_is_not_there_is_a_temporary_trouble_of_everybody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for host in ("127.0.0.1", "nowhere.invalid"):
        heard = Heard()
        with pytest.raises(DeliveryError) as caught:
            send(plain(port, host=host), heard)
        assert caught.value.temporary
        assert f"{host}:{port}: the mail server cannot be reached" in caught.value.line()
        assert heard.events == []


@pytest.mark.parametrize(
    ("step", "reply", "words", "temporary"),
    [
        ("greeting", "554 go away", "does not let us in (554 go away)", False),
        ("greeting", "421 busy", "does not let us in (421 busy)", True),
        ("greeting", "hang", "cannot be reached (the server was silent for 300 s)", True),
        ("greeting", "drop", "cannot be reached", True),
        ("greeting", "SSH-2.0-OpenSSH_9.2", "does not speak SMTP", True),
        ("EHLO", "421 busy", "does not let us in (421 busy)", True),
        ("HELO", "550 bad name", "does not let us in (550 bad name)", False),
    ],
)
def test_who_lets_nobody_in_stops_everybody(
    step: str, reply: str, words: str, temporary: bool
) -> None:
    replies: dict[str, str | list[str]] = {"EHLO": "502 what?"} if step == "HELO" else {}
    error = stopped(Script(replies | {step: reply}))
    assert words in error.line()
    assert error.temporary is temporary


def test_a_server_without_ehlo_is_greeted_with_helo() -> None:
    script = Script({"EHLO": "500 what?"})
    assert run(script, mails("ann bob")).ends == ["accepted ann", "accepted bob"]
    assert script.commands[:3] == [
        "EHLO [127.0.0.1]",
        "HELO [127.0.0.1]",
        "MAIL FROM:<digest@example.org>",
    ]


def test_an_answer_longer_than_our_buffer_is_read_whole() -> None:
    script = Script({"EHLO": "250-fake\r\n" + f"250-{'x' * 1000}\r\n" * 90 + "250 PIPELINING"})
    assert run(script, mails("ann bob")).ends == ["accepted ann", "accepted bob"]
    assert any(b"DATA" in chunk and chunk.count(b"\r\n") > 2 for chunk in script.chunks)


def test_our_name_is_said_when_it_is_given() -> None:
    script = Script()
    run(script, mails("ann"), server=lambda port: plain(port, local_hostname="out.example.org"))
    assert script.commands[0] == "EHLO out.example.org"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_is_used_with_a_certificate_that_is_checked(certificate: Certificate, tls: str) -> None:
    box = Mailbox()
    with smtp_server(box, tls=certificate.server, implicit_tls=tls == "implicit") as port:
        heard = Heard()
        send(at(tls=tls)(port), heard, certificate.client)
        assert heard.ends == ["accepted ann"]
        for server, trust in (
            (at(tls=tls)(port), None),  # an authority that nobody knows
            (plain(port, tls=tls, host="localhost"), certificate.client),  # another name
        ):
            with pytest.raises(DeliveryError, match="shows no valid certificate") as caught:
                send(server, Heard(), trust)
            assert not caught.value.temporary
    assert [mail[2] for mail in box.mails] == [CONTENT]


def test_starttls_is_not_skipped_where_the_server_does_not_offer_it() -> None:
    script = Script()
    error = stopped(script, server=at(tls="starttls"))
    assert "does not offer what transport.tls and username ask for (STARTTLS)" in error.line()
    assert not any(command.startswith("MAIL") for command in script.commands)


@pytest.mark.parametrize(("reply", "temporary"), [("454 not now", True), ("501 no", False)])
def test_a_server_that_does_not_begin_tls_is_not_mailed(reply: str, temporary: bool) -> None:
    script = Script({"EHLO": "250-fake\r\n250 STARTTLS", "STARTTLS": reply})
    error = stopped(script, server=at(tls="starttls"))
    assert error.temporary is temporary
    assert script.commands[-1] == "STARTTLS"


def test_what_was_said_before_tls_is_thrown_away(certificate: Certificate) -> None:
    """CVE-2011-0411: whoever sits in the line adds an answer of his own to the last clear one."""
    script = Script(
        {
            "EHLO": ["250-fake\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 SIZE 1", "250 fake"],
            "STARTTLS": "220 go\r\n250-evil\r\n250 AUTH LOGIN\r\n250 half",
        },
        tls=certificate.server,
    )
    to = at(tls="starttls")
    heard = run(script, mails("ann bob"), server=to, context=certificate.client)
    assert heard.ends == ["accepted ann", "accepted bob"]
    assert script.commands[2].startswith("EHLO")
    assert script.commands[3] == "MAIL FROM:<digest@example.org>"  # no SIZE: not offered now
    assert not any(chunk.count(b"\r\n") > 1 for chunk in script.chunks if b"DATA" in chunk)


@pytest.mark.parametrize(
    ("mechanisms", "auth", "said"),
    [
        ("LOGIN PLAIN", "auto", ["AUTH PLAIN " + base64.b64encode(b"\0me\0a b").decode()]),
        ("LOGIN", "auto", ["AUTH LOGIN", "bWU=", "YSBi"]),
        ("PLAIN LOGIN", "login", ["AUTH LOGIN", "bWU=", "YSBi"]),
        ("PLAIN XOAUTH2", "xoauth2",
         ["AUTH XOAUTH2 " + base64.b64encode(b"user=me\1auth=Bearer a b\1\1").decode()]),
    ],
)  # fmt: skip
def test_each_mechanism_says_what_its_rfc_says(mechanisms: str, auth: str, said: list[str]) -> None:
    script = Script({"EHLO": f"250-fake\r\n250 AUTH {mechanisms}"})
    script.replies["AUTH"] = "334 VXNlcm5hbWU6" if len(said) > 1 else "235 welcome"
    script.replies |= {"BWU=": "334 UGFzc3dvcmQ6", "YSBI": "235 welcome"}
    to = at(username="me", password="a b", auth=auth)
    assert run(script, mails("ann"), server=to).ends == ["accepted ann"]
    assert script.commands[1 : 1 + len(said)] == said


@pytest.mark.parametrize(
    ("reply", "temporary"), [("535 5.7.8 wrong", False), ("454 4.7.0 not now", True)]
)
def test_a_sign_in_that_is_refused_stops_everybody(reply: str, temporary: bool) -> None:
    script = Script({"EHLO": "250-fake\r\n250 AUTH PLAIN", "AUTH": reply})
    to = at(username="me", password="secret word", connections=5)
    error = stopped(script, server=to)
    assert f"does not sign us in ({reply})" in error.line()
    assert error.temporary is temporary
    assert "secret word" not in error.line() + repr(to(25))
    assert script.connections == 1  # a wrong password is tried once, not once a connection


def test_the_reason_of_xoauth2_is_acknowledged_with_an_empty_line() -> None:
    script = Script(
        {"EHLO": "250-fake\r\n250 AUTH XOAUTH2", "AUTH": "334 eyJzdGF0dXMiOiI0MDAifQ=="}
    )
    script.replies[""] = "535 5.7.8 token expired"
    error = stopped(script, server=at(username="me", password="token"))
    assert "535 5.7.8 token expired" in error.line()


def test_a_mechanism_that_is_not_offered_is_not_guessed() -> None:
    script = Script({"EHLO": "250-fake\r\n250 AUTH CRAM-MD5 PLAIN"})
    error = stopped(script, server=at(username="me", auth="login"))
    assert "does not offer" in error.line()
    assert not any(command.startswith("AUTH") for command in script.commands)


def test_a_password_is_checked_by_aiosmtpd_too() -> None:
    box, heard = Mailbox(), Heard()
    with smtp_server(box, login=("digest", "secret word")) as port:
        send(plain(port, username="digest", password="secret word"), heard)
        with pytest.raises(DeliveryError, match="does not sign us in"):
            send(plain(port, username="digest", password="other"), heard)
    assert heard.ends == ["accepted ann"]


def test_aiosmtpd_keeps_the_bytes_it_was_sent() -> None:
    box, heard = Mailbox(refuse={"no@example.net": "550 5.1.1 <no@example.net> unknown"}), Heard()
    content = b"Subject: x\r\n\r\n.\r\n..two\r\nlast"
    with smtp_server(box) as port:
        asyncio.run(
            send_all(
                plain(port, connections=3),
                Listed([a_mail(name, content) for name in ("ann", "no", "bob")]),
                begun=heard.begun,
                settled=heard.settled,
                returned=heard.returned,
            )
        )
    assert heard.ends == ["accepted ann", "accepted bob", "failed no"]
    assert sorted(mail[1][0] for mail in box.mails) == ["ann@example.net", "bob@example.net"]
    assert {mail[2] for mail in box.mails} == {content + b"\r\n"}
