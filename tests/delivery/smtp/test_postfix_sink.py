"""Against Postfix's smtp-sink, a server that is not ours, with its switches for faults."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from digest.delivery.smtp import Listed, send_all
from digest.errors import DeliveryError
from tests.delivery.smtp.fakes import AT_ONCE, Heard, mails, plain

SINK = shutil.which("smtp-sink", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = pytest.mark.skipif(SINK is None, reason="no smtp-sink (apt-get install postfix)")
NAMES = " ".join(f"m{n}" for n in range(30))


@contextmanager
def sink(*switches: str) -> Iterator[int]:
    """A sink with these switches; its port is given."""
    assert SINK is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    server = subprocess.Popen([SINK, *user, *switches, f"127.0.0.1:{port}", "100"])
    try:
        _until_it_listens(port)
        yield port
    finally:
        server.kill()
        server.wait()


def _until_it_listens(port: int) -> None:
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            continue
        return
    pytest.fail("smtp-sink does not listen")


def send(port: int, connections: int = 3, heard: Heard | None = None) -> Heard:
    """Thirty mails."""
    heard = heard or Heard()
    asyncio.run(
        send_all(
            plain(port, connections=connections),
            Listed(mails(NAMES)),
            begun=heard.begun,
            settled=heard.settled,
            returned=heard.returned,
            slow_down=heard.slowed.append,
            patience=AT_ONCE,
        )
    )
    return heard


@pytest.mark.parametrize(
    ("switches", "state", "begun", "slowed"),
    [
        ([], "accepted", 30, 0),
        (["-p"], "accepted", 30, 0),
        (["-e"], "accepted", 30, 0),
        (["-8", "-E"], "accepted", 30, 0),
        (["-f", "RCPT"], "failed", 0, 0),
        (["-r", "MAIL"], "deferred", 0, 0),
        (["-r", "RCPT"], "deferred", 0, 0),
        (["-r", ".", "-b", "451 4.3.0 not now"], "deferred", 30, 30),
        (["-q", "MAIL"], "deferred", 0, 0),
        (["-q", "RCPT"], "deferred", 0, 0),
        (["-q", "DATA"], "deferred", 0, 0),
        (["-Q", "RCPT"], "deferred", 0, 30),
        (["-Q", "."], "deferred", 30, 30),
    ],
)
def test_each_fault_has_its_outcome(
    switches: list[str], state: str, begun: int, slowed: int
) -> None:
    with sink(*switches) as port:
        heard = send(port)
    assert Counter(end.split()[0] for end in heard.ends) == {state: 30}
    assert sum(event.startswith("begun") for event in heard.events) == begun
    assert len(heard.slowed) == slowed


@pytest.mark.parametrize("switch", ["CONNECT", "EHLO,HELO", "MAIL", "DATA", "."])
def test_what_holds_for_everybody_stops_everybody(switch: str) -> None:
    with sink("-f", switch) as port, pytest.raises(DeliveryError) as caught:
        send(port)
    assert "500 5.3.0 Error: command failed" in caught.value.line()
    assert not caught.value.temporary


def test_a_server_that_hangs_up_at_each_final_dot_is_given_few_mails() -> None:
    heard = Heard()
    with sink("-q", ".") as port, pytest.raises(DeliveryError, match="unanswered") as caught:
        send(port, heard=heard)
    ends = Counter(end.split()[0] for end in heard.ends)
    assert 3 + 3 <= ends.pop("unknown") <= 3 + 3 + 2  # two others may be under way
    assert ends.keys() <= {"returned"}
    assert not caught.value.temporary
