"""Connections that break or hang: what provably did not arrive is sent again, the rest never."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from digest.delivery.smtp.connection import Connection
from tests.journeys.faults.site import CONNECTIONS, Site, a_site

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def of(*numbers: int) -> set[str]:
    """The addresses of some readers."""
    return {f"p{n:03}@example.net" for n in numbers}


def in_state(site: Site, state: str) -> set[str]:
    """Whose delivery is in it."""
    return {address for address, now in site.states().items() if now == state}


def test_without_a_fault_everybody_gets_one_mail_in_one_run(tmp_path: Path) -> None:
    with a_site(tmp_path) as site:
        assert site.send() == {"accepted": 200}
        site.assert_once_each()
        assert (site.state, site.server.connections) == ("sent", CONNECTIONS)


@pytest.fixture
def _slow_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system takes little off the client's hands: what it wrote has not left."""
    made = Connection.connection_made

    def narrow(self: Connection, transport: asyncio.BaseTransport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", narrow)


@pytest.mark.usefixtures("_slow_line")
def test_a_connection_dropped_in_mid_body_is_deferred_and_sent_once_later(tmp_path: Path) -> None:
    cut = of(0, 7, 21, 38)

    def rule(step: str, about: str, time: int) -> str:
        return "drop" if step == "body" and about in cut and time == 1 else ""

    with a_site(tmp_path, rule, people=40, octets=400_000, window=4096) as site:
        assert site.send() == {"accepted": 36, "deferred": 4}
        assert in_state(site, "deferred") == cut
        site.assert_once_each(but=cut)
        site.pass_on()
        assert site.send() == {"accepted": 40}
        site.assert_once_each()


def test_a_connection_dropped_after_the_dot_leaves_an_unknown_that_is_never_sent_again(
    tmp_path: Path,
) -> None:
    cut = of(3, 50, 51, 52, 120, 199)

    def rule(step: str, about: str, time: int) -> str:
        return "drop" if step == "dot" and about in cut else ""

    with a_site(tmp_path, rule) as site:
        assert site.send() == {"accepted": 194, "unknown": 6}
        assert in_state(site, "unknown") == cut
        site.server.rule = lambda step, about, time: ""
        site.hours.sleep(9 * 86_400)
        assert site.send() == {"accepted": 194, "unknown": 6}
        site.assert_once_each()


def test_a_connection_that_never_answers_holds_up_nobody_else(tmp_path: Path) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "hold" if step == "dot" and about in of(0) else ""

    def all_others_have_theirs(mails: int) -> None:
        if mails == 198:  # one mail is on the connection that hangs, and one behind it
            site.server.release()

    with a_site(tmp_path, rule, on_taken=all_others_have_theirs) as site:
        assert site.send() == {"accepted": 200}
        assert site.server.held == 1
        assert of(0) < set(site.server.taken[198:])
        site.assert_once_each()


def test_a_server_that_hangs_up_after_each_few_mails_is_only_slower(tmp_path: Path) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "421 4.7.0 enough of you" if step == "MAIL" and time % 15 == 0 else ""

    with a_site(tmp_path, rule) as site:
        site.send_to_the_end()
        site.assert_once_each()
        assert site.server.connections > CONNECTIONS
