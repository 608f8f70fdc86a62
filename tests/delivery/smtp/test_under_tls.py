"""Under TLS a break in mid-body is as much before the final dot as without it."""

from __future__ import annotations

import pytest

from digest.delivery.smtp import Patience, connection
from tests.delivery.smtp.conftest import Certificate
from tests.delivery.smtp.fakes import CONTENT, Heard, Script, a_mail, mails, plain, run

LARGE = (b"x" * 76 + b"\r\n") * 300_000  # more than the buffers of two sockets hold
OFFERED = "250-fake\r\n250-STARTTLS\r\n250 PIPELINING"


@pytest.fixture
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that jumps from one look to the next would jump often."""
    monkeypatch.setattr(connection, "LOOK_BELOW_TLS", 1.0)


def over_tls(certificate: Certificate, script: Script, names: str = "ann bob") -> Heard:
    """The first mail is large; what became of them."""
    script.replies |= {"EHLO": OFFERED, "STARTTLS": "220 go"}
    script.tls = certificate.server
    first, *others = mails(names)
    return run(
        script,
        [a_mail(first.recipient.partition("@")[0], LARGE), *others],
        server=lambda port: plain(port, tls="starttls"),
        context=certificate.client,
        patience=Patience(reopen=(0,)),
    )


@pytest.mark.parametrize("reply", ["drop", "552 5.3.4 enough", "421 4.3.2 going down"])
def test_a_break_before_the_final_dot_was_written_is_deferred(
    certificate: Certificate, reply: str
) -> None:
    script = Script({"body ann@example.net": [reply, ""]})
    heard = over_tls(certificate, script)
    assert heard.events == ["begun ann", "deferred ann", "begun bob", "accepted bob"]
    assert script.bodies == [CONTENT]


@pytest.mark.usefixtures("_seldom")
def test_a_server_that_takes_no_more_of_a_body_is_given_three_minutes(
    certificate: Certificate,
) -> None:
    heard = over_tls(certificate, Script({"body ann@example.net": "hang"}), "ann")
    assert heard.ends == ["deferred ann"]
    assert "silent for 180 s" in heard.details["ann"]
    assert heard.seconds >= 180


@pytest.mark.usefixtures("_seldom")
def test_a_server_that_takes_a_body_slowly_is_not_given_up_on(certificate: Certificate) -> None:
    script = Script(sip=100)
    heard = over_tls(certificate, script)
    assert heard.ends == ["accepted ann", "accepted bob"]
    assert script.bodies == [LARGE, CONTENT]
    assert heard.seconds > 300
