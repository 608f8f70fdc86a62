"""Single mails through the API, and what config.yaml may say of it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from digest.config.keys import Keys
from digest.delivery.message import build_notice
from digest.delivery.sendgrid.client import Client
from digest.delivery.sendgrid.transport import Sendgrid, open_sendgrid
from digest.errors import ConfigError, DeliveryError
from tests.builders import NOW, a_config
from tests.delivery.mails import LEAVE, SENDER, an_envelope
from tests.delivery.sendgrid.api import Answer, a_content, recipients, sendgrid_api

KEYS = Keys("s" * 32, "d" * 32, "h" * 32, sendgrid_api_key="SG.x")


def test_a_confirmation_goes_as_it_was_written() -> None:
    text = (
        "Hallo Zoë,\n\n.a dot, and a line that is long enough to be broken up on its way: "
        + "x" * 90
    )
    notice = build_notice(
        sender=SENDER,
        recipient_address="zoe@example.net",
        recipient_name="Zoë, Ünal",
        subject="Bitte bestätigen – es fehlt nur noch dieser eine Schritt bis zum ersten Brief",
        text=text,
        html=None,
        message_id="<issue-7.1@example.org>",
        date=NOW,
    )
    with sendgrid_api() as api, Sendgrid(Client(api.url, "SG.x")) as transport:
        assert transport.deliver(notice).state == "accepted"

    ((_, _, body),) = api.requests
    (one,) = body["personalizations"]
    assert one["to"] == [{"email": "zoe@example.net", "name": "Zoë  Ünal"}]
    assert one["headers"] == {"Message-ID": "<issue-7.1@example.org>"}
    assert body["headers"] == {"Auto-Submitted": "auto-generated"}
    assert body["from"] == {"email": SENDER.address, "name": SENDER.name}
    assert body["reply_to"] == {"email": SENDER.reply_to}
    assert body["subject"].startswith("Bitte bestätigen – es fehlt nur noch dieser eine Schritt")
    assert [part["type"] for part in body["content"]] == ["text/plain"]
    assert body["content"][0]["value"].replace("\r\n", "\n").strip() == text


def test_a_test_mail_keeps_its_links_to_leave_and_its_html() -> None:
    mail = an_envelope(unsubscribe_url=LEAVE, unsubscribe_mailto="leave+t@example.org")
    with sendgrid_api() as api, Sendgrid(Client(api.url, "SG.x")) as transport:
        transport.deliver(mail)
        transport.deliver(mail)

    first, second = (body["personalizations"][0] for _, _, body in api.requests)
    assert first["headers"]["List-Unsubscribe"] == f"<{LEAVE}>, <mailto:leave+t@example.org>"
    assert first["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert set(api.requests[0][2]["headers"]) == {"List-Id", "Feedback-ID"}
    assert api.requests[0][2]["content"][1]["value"].strip() == "<p>Hello</p>"
    assert first["custom_args"] == second["custom_args"]  # a resend is known as one
    assert api.connections == 1


def test_what_concerns_everybody_is_raised_from_a_single_mail_too() -> None:
    with (
        sendgrid_api(Answer(403, (("access forbidden", None),))) as api,
        Sendgrid(Client(api.url, "SG.x")) as transport,
        pytest.raises(DeliveryError, match="access forbidden"),
    ):
        transport.deliver(an_envelope())


def test_a_mail_that_cannot_be_sent_fails_alone() -> None:
    with sendgrid_api() as api, Sendgrid(Client(api.url, "SG.x")) as transport:
        outcome = transport.deliver(an_envelope(subject=""))
    assert (outcome.state, api.requests) == ("failed", [])
    assert "without subject" in outcome.detail


def config(tmp_path: Path, **transport: Any) -> Any:
    return a_config(tmp_path, transport={"kind": "sendgrid", **transport})


@pytest.mark.parametrize(
    "url",
    ["https://api.eu.sendgrid.com", "http://127.0.0.1:4010", "http://prism:4010", "http://[::1]:1"],
)
def test_the_key_is_given_to_https_and_to_this_house(tmp_path: Path, url: str) -> None:
    with open_sendgrid(config(tmp_path, api_url=url), KEYS) as transport:
        assert not transport.repeatable


@pytest.mark.parametrize("url", ["http://api.sendgrid.com", "http://127.0.0.1.example.org"])
def test_the_key_never_crosses_the_net_in_the_clear(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"transport\.api_url"):
        open_sendgrid(config(tmp_path, api_url=url), KEYS)


def test_without_a_key_nothing_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SENDGRID_API_KEY"):
        open_sendgrid(config(tmp_path), Keys("s" * 32, "d" * 32, "h" * 32))


def test_a_certificate_is_checked(tmp_path: Path) -> None:
    certificate, key = a_certificate(tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with sendgrid_api(tls=theirs) as api:
        url = f"https://localhost:{api.port}"
        with Client(url, "SG.x") as client, pytest.raises(DeliveryError) as error:
            client.send_batch(a_content(), recipients(1))
        assert "no valid certificate" in error.value.line()
        assert not error.value.temporary
        with Client(url, "SG.x", context=trusting) as client:
            for _ in range(3):
                (outcome,) = client.send_batch(a_content(), recipients(1))
                assert outcome.state == "accepted"

    assert len(api.mailed) == 3
    assert api.connections == 2  # the one that was not trusted, and one for three requests


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """One of this run for localhost, signed by itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key)]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
