"""Connections: none is kept for longer than it stands, and no wait is longer than the time left."""

from __future__ import annotations

import gc
import socket
import weakref

import pytest

from digest.errors import SourceError
from digest.sources.fetch import line
from digest.sources.fetch.line import CONNECT_SECONDS, Errand, Lines, dial, secure


class Secured(socket.socket):
    """Speaks no TLS, and remembers how long it may take."""

    patience: float | None = None

    def settimeout(self, value: float | None) -> None:
        self.patience = value

    def do_handshake(self) -> None:
        pass


class Certificates:
    def __init__(self, given: Secured):
        self.given = given

    def wrap_socket(self, plain: socket.socket, **how: object) -> Secured:
        return self.given


def test_a_line_that_was_ended_is_not_kept() -> None:
    lines, ended = Lines(), socket.socket()
    lines.add(ended)
    lines.end(ended)
    assert ended.fileno() == -1
    kept = weakref.ref(ended)
    del ended
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize(("seconds", "most"), [(3.0, 3.0), (100.0, CONNECT_SECONDS)])
def test_a_handshake_has_the_time_that_is_left_and_ten_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch, seconds: float, most: float
) -> None:
    with Secured() as secured, socket.socket() as plain:
        monkeypatch.setattr(line, "certificates", lambda: Certificates(secured))
        errand = Errand("https://a.example/", seconds, Lines())
        assert secure(plain, "a.example", errand.shown, errand) is secured
        assert secured.patience is not None
        assert 0 < secured.patience <= most


def test_the_line_below_a_secured_one_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with Secured() as secured:
        monkeypatch.setattr(line, "certificates", lambda: Certificates(secured))
        plain, lines = socket.socket(), Lines()
        lines.add(plain)
        errand = Errand("https://a.example/", 5, lines)
        secure(plain, "a.example", errand.shown, errand)
        assert plain.fileno() == -1
        kept = weakref.ref(plain)
        del plain
        gc.collect()
        assert kept() is None


@pytest.mark.parametrize(("seconds", "what"), [(-1.0, "took more than"), (5.0, "broken off by us")])
def test_nobody_is_blamed_for_not_answering_when_it_was_us_who_gave_up(
    seconds: float, what: str
) -> None:
    errand = Errand("http://a.example/", seconds, Lines())
    if seconds > 0:
        errand.lines.hang_up()
    with pytest.raises(SourceError, match=what):
        dial([], errand.shown, errand)
