"""Single mails over SMTP: against aiosmtpd, and a scripted server that breaks at each step."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from digest.config import Keys
from digest.delivery.smtp import Patience, Server
from digest.delivery.transports.smtp import Smtp, open_smtp, server_of
from digest.errors import ConfigError, DeliveryError
from digest.values import Envelope
from tests.builders import a_config
from tests.delivery.couriers.material import Script as Talking
from tests.delivery.couriers.material import serving
from tests.delivery.smtp.fakes import AT_ONCE
from tests.fakes import Mailbox, Script, scripted_server, smtp_server

# aiosmtpd still reads an attribute of its own that it calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")

CONTENT = b"Subject: x\r\n\r\n.\r\n..two\r\nlast"


def an_envelope(recipient: str = "ann@example.net", content: bytes = CONTENT) -> Envelope:
    """A mail whose lines begin with dots."""
    return Envelope("digest@example.org", recipient, "<1@example.org>", content)


def to(port: int, **changes: Any) -> Server:
    """A server on this machine."""
    usual: dict[str, Any] = {"host": "localhost", "tls": "none"}
    return Server(port=port, **usual | changes)


def a_transport(port: int, **changes: Any) -> Smtp:
    """To that server; a connection that was lost is opened again at once."""
    return Smtp(to(port, **changes), patience=AT_ONCE)


def test_a_mail_arrives_to_the_byte_with_one_recipient() -> None:
    box = Mailbox()
    with smtp_server(box) as port, a_transport(port) as smtp:
        outcome = smtp.deliver(an_envelope())
    assert (outcome.state, outcome.detail) == ("accepted", "250 2.0.0 queued as 17")
    assert box.mails == [("digest@example.org", ["ann@example.net"], CONTENT + b"\r\n")]


def test_dots_are_doubled_and_no_bare_line_end_leaves() -> None:
    script = Script()
    smuggled = b"a\n.\nb\r.\rMAIL FROM:<x@y.org>\r\n.end"
    with scripted_server(script) as port, a_transport(port) as smtp:
        assert smtp.deliver(an_envelope(content=smuggled)).state == "accepted"
    assert script.bodies == [b"a\r\n..\r\nb\r\n..\r\nMAIL FROM:<x@y.org>\r\n..end\r\n"]


def test_a_refused_recipient_leaves_the_connection_to_the_next_mail() -> None:
    box = Mailbox(refuse={"no@example.net": "550 5.1.1 <no@example.net> unknown\x07"})
    with smtp_server(box) as port, a_transport(port) as smtp:
        refused = smtp.deliver(an_envelope("no@example.net"))
        accepted = smtp.deliver(an_envelope("ann@example.net"))
    assert (refused.state, accepted.state) == ("failed", "accepted")
    assert refused.detail == "550 5.1.1 <(the address)> unknown"
    assert box.connections == 1
    assert [mail[1] for mail in box.mails] == [["ann@example.net"]]


def test_a_recipient_that_is_refused_for_now_is_deferred() -> None:
    box = Mailbox(refuse={"busy@example.net": "450 4.2.0 greylisted"})
    with smtp_server(box) as port, a_transport(port) as smtp:
        assert smtp.deliver(an_envelope("busy@example.net")).state == "deferred"


def test_a_refused_sender_stops_the_issue() -> None:
    box = Mailbox(refuse_sender="550 5.7.1 not yours")
    with (
        smtp_server(box) as port,
        a_transport(port) as smtp,
        pytest.raises(DeliveryError) as caught,
    ):
        smtp.deliver(an_envelope())
    assert "refuses the sender (550 5.7.1 not yours)" in caught.value.line()
    assert not caught.value.temporary


@pytest.mark.parametrize(
    ("step", "reply", "state"),
    [
        ("MAIL", "451 later", "deferred"),
        ("RCPT", "421 shutting down", "deferred"),
        ("RCPT", "drop", "deferred"),
        ("DATA", "451 later", "deferred"),
        ("DATA", "554 no", "deferred"),  # it may be a no to all: none was accepted yet
        ("DATA", "drop", "deferred"),
        ("DATA", "what?", "deferred"),
        ("dot", "550 spam", "deferred"),
        ("dot", "452 full", "deferred"),
        ("dot", "421 shutting down", "deferred"),
        ("dot", "drop", "unknown"),
        ("dot", "what?", "unknown"),
        ("dot", "", "unknown"),
    ],
)  # fmt: skip
def test_each_step_that_fails_gives_what_can_be_known(step: str, reply: str, state: str) -> None:
    script = Script({step: [reply, "354 go ahead" if step == "DATA" else "250 ok"]})
    with scripted_server(script) as port, a_transport(port) as smtp:
        outcome = smtp.deliver(an_envelope())
        assert outcome.state == state
        assert outcome.detail.isprintable()
        assert smtp.deliver(an_envelope()).state == "accepted"


def test_a_drop_before_the_final_dot_was_sent_is_deferred() -> None:
    script = Script({"body": "drop"})
    more_than_the_buffers_hold = b"x" * 76 + b"\r\n"
    with scripted_server(script) as port, a_transport(port) as smtp:
        outcome = smtp.deliver(an_envelope(content=more_than_the_buffers_hold * 400_000))
    assert outcome.state == "deferred"


def test_silence_after_the_final_dot_is_unknown() -> None:
    script = Talking({"dot": ["hang", "250 ok"]})
    soon = Patience(data_end=0.01, reopen=(0,))
    with serving(script), Smtp(to(script.port, host="127.0.0.1"), patience=soon) as smtp:
        outcome = smtp.deliver(an_envelope())
        assert (outcome.state, "silent" in outcome.detail) == ("unknown", True)
        assert smtp.deliver(an_envelope()).state == "accepted"
    assert script.connections == 2


def test_details_do_not_name_the_address() -> None:
    """A record outlives the address's erasure."""
    script = Script({"dot": "550 5.1.1 <ANN@example.net> is unknown"})
    with scripted_server(script) as port, a_transport(port) as smtp:
        assert smtp.deliver(an_envelope()).detail == "550 5.1.1 <(the address)> is unknown"


@pytest.mark.parametrize("reply", ["drop", "421 idle for too long"])
def test_a_connection_that_was_closed_meanwhile_is_opened_again(reply: str) -> None:
    script = Script({"MAIL": ["250 ok", reply, "250 ok"]})
    with scripted_server(script) as port, a_transport(port) as smtp:
        assert [smtp.deliver(an_envelope()).state for _ in range(2)] == ["accepted", "accepted"]
    assert script.connections == 2
    assert len(script.bodies) == 2


@pytest.mark.parametrize("reply", ["drop", "421 shutting down"])
def test_a_server_that_closes_at_every_mail_defers_it(reply: str) -> None:
    script = Script({"MAIL": reply})
    with scripted_server(script) as port, a_transport(port) as smtp:
        for opened in (1, 2):
            assert smtp.deliver(an_envelope()).state == "deferred"
            assert script.connections == opened


def test_a_connection_is_renewed_after_its_share_of_mails() -> None:
    script = Script()
    with scripted_server(script) as port, a_transport(port, mails_per_connection=2) as smtp:
        for _ in range(5):
            assert smtp.deliver(an_envelope()).state == "accepted"
    assert script.connections == 3
    assert script.commands.count("QUIT") == 3


def test_one_connection_is_kept_over_several_mails_and_ended_with_quit() -> None:
    script = Script()
    with scripted_server(script) as port:
        with a_transport(port, connections=10) as smtp:
            for n in range(4):
                assert smtp.deliver(an_envelope(f"p{n}@example.net")).state == "accepted"
        assert (script.connections, script.commands[-1]) == (1, "QUIT")


def test_who_sends_nothing_says_goodbye_all_the_same() -> None:
    script = Script()
    with scripted_server(script) as port, a_transport(port):
        pass
    assert (script.connections, script.commands[-1]) == (1, "QUIT")


def test_an_error_of_somebody_else_hangs_up_too() -> None:
    script = Script()
    with (
        scripted_server(script) as port,
        pytest.raises(ValueError, match="a bug"),
        a_transport(port),
    ):
        raise ValueError("a bug")
    assert script.commands[-1] == "QUIT"


def test_after_the_server_refused_us_the_next_mail_begins_anew() -> None:
    script = Script({"MAIL": ["550 5.7.1 not yours", "250 ok"]})
    with scripted_server(script) as port, a_transport(port) as smtp:
        with pytest.raises(DeliveryError, match="refuses the sender"):
            smtp.deliver(an_envelope())
        assert smtp.deliver(an_envelope()).state == "accepted"
    assert script.connections == 2


def test_a_server_that_is_not_there_is_a_temporary_trouble_of_everybody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for host in ("127.0.0.1", "nowhere.invalid"):
        with pytest.raises(DeliveryError) as caught, a_transport(port, host=host):
            pass
        assert caught.value.temporary
        assert f"{host}:{port}: the mail server cannot be reached" in caught.value.line()


@pytest.mark.parametrize(("greeting", "temporary"), [("554 go away", False), ("421 busy", True)])
def test_a_server_that_lets_nobody_in_stops_the_issue(greeting: str, temporary: bool) -> None:
    with (
        scripted_server(Script({"greeting": greeting})) as port,
        pytest.raises(DeliveryError) as caught,
        a_transport(port),
    ):
        pass
    assert greeting in caught.value.line()
    assert caught.value.temporary is temporary


def test_starttls_is_not_skipped_where_the_server_does_not_offer_it() -> None:
    script = Script()
    with (
        scripted_server(script) as port,
        pytest.raises(DeliveryError, match="does not offer"),
        a_transport(port, tls="starttls"),
    ):
        pass
    assert not any(command.upper().startswith("MAIL") for command in script.commands)


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN"])
def test_the_password_signs_in_and_a_wrong_one_stops_the_issue(mechanisms: str) -> None:
    script = Script({"EHLO": f"250-hello\r\n250 AUTH {mechanisms}", "AUTH": "535 5.7.8 wrong"})
    with (
        scripted_server(script) as port,
        pytest.raises(DeliveryError) as caught,
        a_transport(port, username="digest", password="secret word"),
    ):
        pass
    assert "535 5.7.8 wrong" in caught.value.line()
    assert "secret word" not in caught.value.line()
    assert any(c.startswith(f"AUTH {mechanisms.partition(' ')[0]}") for c in script.commands)
    box = Mailbox()
    with smtp_server(box, login=("digest", "secret word")) as port:
        with a_transport(port, username="digest", password="secret word") as smtp:
            assert smtp.deliver(an_envelope()).state == "accepted"
        other = a_transport(port, username="digest", password="other")
        with pytest.raises(DeliveryError, match="does not sign us in"), other:
            pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this run for localhost, signed by itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    command += ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run(command, check=True, capture_output=True)
    return paths


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_is_used_with_a_certificate_that_is_checked(
    certificate: tuple[Path, Path], tls: str
) -> None:
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(*certificate)
    box = Mailbox()
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with smtp_server(box, tls=ours, implicit_tls=tls == "implicit") as port:
        with Smtp(to(port, tls=tls), context=trusting) as smtp:
            assert smtp.deliver(an_envelope()).state == "accepted"
        with pytest.raises(DeliveryError, match="no valid certificate"), Smtp(to(port, tls=tls)):
            pass
    assert len(box.mails) == 1


def test_config_yaml_names_the_server(tmp_path: Path) -> None:
    settings = {"kind": "smtp", "host": "mail.example.org", "port": 465, "tls": "implicit",
                "username": "digest", "auth": "plain", "connections": 3,
                "local_hostname": "news.example.org"}  # fmt: skip
    keys = Keys("", "", "", smtp_password="secret word")
    server = server_of(a_config(tmp_path, transport=settings), keys)
    assert server == Server(
        "mail.example.org", 465, tls="implicit", username="digest", password="secret word",
        auth="plain", connections=3, local_hostname="news.example.org",
    )  # fmt: skip
    assert "secret word" not in repr(server)


@pytest.mark.parametrize("password", ["", "pässword"])
def test_a_password_that_is_missing_or_cannot_be_said_is_refused(
    tmp_path: Path, password: str
) -> None:
    settings = {"kind": "smtp", "host": "mail.example.org", "port": 25, "username": "digest"}
    with pytest.raises(ConfigError, match="DIGEST_SMTP_PASSWORD"):
        open_smtp(a_config(tmp_path, transport=settings), Keys("", "", "", smtp_password=password))
