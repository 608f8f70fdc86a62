"""Check: whether the transport lets us in, and what a mail server offers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from digest.delivery.smtp import Patience, Server
from digest.delivery.smtp.features import Features
from digest.pipeline.check import Finding
from digest.pipeline.check import transport as examined
from tests.delivery.smtp.conftest import Certificate
from tests.delivery.smtp.fakes import Script, Talk
from tests.pipeline.check.found import SENDGRID, SMTP, findings, listed

pytestmark = pytest.mark.django_db


@contextmanager
def serving(script: Script) -> Iterator[int]:
    """The port of a server that follows the script in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(lambda: Talk(script), "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        for transport in script.transports:
            transport.abort()
        await asyncio.sleep(0)  # so that they are closed

    listening = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(listening), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def asked(folder: Path, script: Script, **changes: Any) -> list[Finding]:
    """What is said under `transport` after this server was asked."""
    with serving(script) as port:
        found = listed(folder, transport={**SMTP, "port": port, **changes})
    return [finding for finding in found if finding.key.startswith("transport")]


def of_features(
    folder: Path, monkeypatch: pytest.MonkeyPatch, features: Features, **changes: Any
) -> dict[str, Finding]:
    """What is said of a server that offers these, without asking one."""

    async def offered(server: Server) -> Features:
        return features

    monkeypatch.setattr(examined, "_offered", offered)
    return findings(folder, transport={**SMTP, **changes})


def with_keys(monkeypatch: pytest.MonkeyPatch, **keys: str) -> None:
    monkeypatch.setattr(settings, "KEYS", replace(settings.KEYS, **keys))


# ── SMTP ──────────────────────────────────────────────────────────────────────────────────


def test_a_mail_server_is_asked_what_it_offers_and_left_politely(tmp_path: Path) -> None:
    offers = "250-fake.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SIZE 50000000"
    script = Script({"EHLO": offers})
    (found,) = asked(tmp_path, script)
    assert found.level == "ok"
    assert found.reason.endswith(" answers (PIPELINING, STARTTLS, SIZE 50 MB)")
    assert found.reason.startswith("smtp 127.0.0.1:")
    assert [line.split()[0] for line in script.commands] == ["EHLO", "QUIT"]
    assert script.connections == 1


def test_starttls_counts_as_offered_though_it_is_gone_under_tls(
    tmp_path: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    before = "250-fake.example\r\n250 STARTTLS"
    script = Script({"EHLO": [before, "250-fake.example\r\n250 PIPELINING"]}, certificate.server)
    script.replies["STARTTLS"] = "220 go"
    (found,) = asked(tmp_path, script, tls="starttls")
    assert found.reason.endswith(" answers (PIPELINING, STARTTLS)")


def test_a_mail_server_that_shows_no_valid_certificate_is_an_error(
    tmp_path: Path, certificate: Certificate
) -> None:
    script = Script({"EHLO": "250-fake.example\r\n250 STARTTLS", "STARTTLS": "220 go"})
    script.tls = certificate.server
    (found,) = asked(tmp_path, script, tls="starttls")
    assert (found.level, "no valid certificate" in found.reason) == ("error", True)
    assert "transport.host" in found.hint


@pytest.mark.parametrize(
    ("replies", "changes", "reason", "hint"),
    [
        ({"greeting": "554 go away"}, {}, "does not let us in (554 go away)", "sender.address"),
        ({"greeting": "hello"}, {}, "does not speak SMTP", "transport.host"),
        ({"greeting": "drop"}, {}, "cannot be reached", "transport.host"),
        ({}, {"tls": "starttls"}, "does not offer", "transport.tls"),
        ({}, {"username": "ann"}, "does not offer", "transport.tls"),
        (
            {"EHLO": "250-fake.example\r\n250 AUTH PLAIN", "AUTH": "535 no"},
            {"username": "ann"},
            "does not sign us in (535 no)",
            "DIGEST_SMTP_PASSWORD",
        ),
    ],
)
def test_a_mail_server_that_does_not_let_us_in_is_an_error_with_its_mend(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    replies: dict[str, str | list[str]],
    changes: dict[str, str],
    reason: str,
    hint: str,
) -> None:
    with_keys(monkeypatch, smtp_password="x")
    (found,) = asked(tmp_path, Script(replies), **changes)
    assert (found.level, found.key) == ("error", "transport")
    assert reason in found.reason
    assert hint in found.hint


def test_a_mail_server_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    found = findings(tmp_path, transport=SMTP)["transport"]
    assert (found.level, "cannot be reached" in found.reason) == ("error", True)
    assert "transport.host" in found.hint


def test_a_silent_mail_server_is_given_up_on_soon(tmp_path: Path) -> None:
    assert examined.SHORT.connect == 10
    assert examined.SHORT.greeting == 30 < Patience().greeting


def test_a_mail_server_is_named_when_it_has_no_pipelining(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = of_features(tmp_path, monkeypatch, Features())
    assert found["transport"].reason == "smtp 127.0.0.1:1 answers"
    named = found["transport.host"]
    assert (named.level, "PIPELINING" in named.reason) == ("warning", True)
    assert "transport.connections" in named.hint
    assert "transport.host" not in of_features(tmp_path, monkeypatch, Features(pipelining=True))


@pytest.mark.parametrize(
    ("size", "shown", "small"),
    [
        (None, "(PIPELINING)", False),
        (0, "(PIPELINING)", False),
        (999_999, "(PIPELINING, SIZE 999,999 bytes)", True),
        (1_000_000, "(PIPELINING, SIZE 1 MB)", False),
        (10_240_000, "(PIPELINING, SIZE 10 MB)", False),
    ],
)
def test_a_mail_server_is_named_when_it_takes_small_mails_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int | None, shown: str, small: bool
) -> None:
    found = of_features(tmp_path, monkeypatch, Features(pipelining=True, size=size))
    assert found["transport"].reason.endswith(f" answers {shown}")
    assert ("transport.host" in found) == small
    if small:
        named = found["transport.host"]
        assert (named.level, "at most 999,999 bytes" in named.reason) == ("warning", True)
        assert named.hint


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("192.0.2.1", False),
        ("mail.example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_mails_in_plain_text_warn_unless_they_stay_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, here: bool
) -> None:
    with_keys(monkeypatch, smtp_password="x")
    seen = Features(pipelining=True)
    assert ("transport.tls" in of_features(tmp_path, monkeypatch, seen, host=host)) != here
    for tls in ("starttls", "implicit"):
        safe = of_features(tmp_path, monkeypatch, seen, host=host, tls=tls)
        assert "transport.tls" not in safe
    if not here:
        found = of_features(tmp_path, monkeypatch, seen, host=host, username="ann")["transport.tls"]
        assert (found.level, "the password and every mail" in found.reason) == ("warning", True)
        assert found.hint == "Use starttls or implicit"


def test_a_username_without_its_password_is_an_error_and_nobody_is_asked(tmp_path: Path) -> None:
    script = Script()
    (found,) = asked(tmp_path, script, username="ann")
    assert (found.level, found.key) == ("error", "transport.username")
    assert "DIGEST_SMTP_PASSWORD" in found.reason
    assert found.hint
    assert script.connections == 0


@pytest.mark.parametrize("connections", [1, 200])
def test_several_connections_are_nothing_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connections: int
) -> None:
    seen = Features(pipelining=True)
    found = of_features(tmp_path, monkeypatch, seen, connections=connections)
    assert "transport.connections" not in found


# ── Maildir and SendGrid ──────────────────────────────────────────────────────────────────


def test_a_maildir_says_that_nobody_is_mailed(tmp_path: Path) -> None:
    found = findings(tmp_path)["transport"]
    assert (found.level, "nobody is mailed" in found.reason) == ("ok", True)
    missing = findings(tmp_path, transport={"kind": "maildir", "path": "none/outbox"})
    assert missing["transport.path"].level == "error"


def test_sendgrid_without_its_key_is_an_error(tmp_path: Path) -> None:
    found = findings(tmp_path, transport=SENDGRID)["transport.kind"]
    assert found.level == "error"
    assert "SENDGRID_API_KEY is missing" in found.reason
    assert found.hint


@pytest.mark.parametrize(("batch", "most"), [(1000, "1,000"), (100, "100"), (1, "one")])
def test_sendgrid_with_its_key_says_how_many_mails_may_end_as_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, most: str
) -> None:
    with_keys(monkeypatch, sendgrid_api_key="SG.x")
    found = findings(tmp_path, transport={**SENDGRID, "batch": batch})
    assert (found["transport"].level, "transport.batch" in found) == ("ok", False)
    assert f"at most {most} of an issue's mails go in one request" in found["transport"].reason
    assert "as many end as unknown if it is not answered" in found["transport"].reason


def test_sendgrid_at_an_address_where_its_key_would_leak_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_keys(monkeypatch, sendgrid_api_key="SG.x")
    found = findings(tmp_path, transport={**SENDGRID, "api_url": "http://api.example.org"})
    assert found["transport.api_url"].level == "error"
