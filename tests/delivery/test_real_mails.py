"""Real editions as bytes on the wire: three audiences, at 5, 15 and 45 cards."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from digest.delivery.message import feedback_id
from digest.values import AUDIENCES, Audience
from tests.builders import a_config, a_subscriber, an_approved_issue
from tests.delivery.mails import (
    HEADERS,
    LEAVE,
    RealMail,
    head_of,
    header_line,
    parsed,
    real_mail,
)
from tests.fakes import FakeTransport

ROOT = Path(__file__).parents[2]
PERSONAL_HEADERS = {"To", "Subject", "Message-ID", "List-Unsubscribe"}


@pytest.fixture(params=[(audience, cards) for audience in AUDIENCES for cards in (5, 15, 45)])
def mail(request: pytest.FixtureRequest) -> RealMail:
    """Each edition at each size, made once."""
    return made(*request.param)


@cache
def made(audience: Audience, cards: int) -> RealMail:
    return real_mail(audience, cards)


def test_every_byte_is_ascii_in_short_lines_that_end_in_crlf(mail: RealMail) -> None:
    content = mail.envelope.content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", content)
    head, _, body = content.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76


def test_both_parts_read_back_to_the_letter_plain_first(mail: RealMail) -> None:
    message = parsed(mail.envelope)
    plain, rich = message.iter_parts()
    assert [part.get_content_type() for part in (message, plain, rich)] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    assert [part.defects for part in (message, plain, rich)] == [[], [], []]
    assert plain.get_content().replace("\r\n", "\n") == mail.text
    assert rich.get_content().replace("\r\n", "\n") == mail.html


def test_the_html_as_it_leaves_is_below_what_gmail_cuts(mail: RealMail) -> None:
    part = mail.envelope.content.rpartition(b"Content-Type: text/html")[2]
    assert len(part) <= 80_000


def test_the_headers_stand_once_each_and_read_back(mail: RealMail) -> None:
    message = parsed(mail.envelope)
    assert sorted(message.keys()) == sorted(HEADERS)
    for name in HEADERS:
        raw = header_line(mail.envelope, name)
        assert all(len(word) <= 75 for word in re.findall(rb"=\?\S*\?=", raw))
    assert str(message["Subject"]) == mail.subject
    assert [str(one) for one in message["To"].addresses] == [
        '"Zoë Ünal, a patient with MS" <zoe@example.net>'
    ]


def test_one_https_address_to_leave_by_stands_unfolded(mail: RealMail) -> None:
    raw = header_line(mail.envelope, "List-Unsubscribe")
    assert raw == f"List-Unsubscribe: <{LEAVE}>\r\n".encode()
    post = header_line(mail.envelope, "List-Unsubscribe-Post")
    assert post == b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def test_no_header_tells_the_audience_or_a_diagnosis(mail: RealMail) -> None:
    privacy = a_config().privacy
    raw = head_of(mail.envelope).replace(header_line(mail.envelope, "To"), b"").decode("ascii")
    read = [f"{name}: {text}" for name, text in parsed(mail.envelope).items() if name != "To"]
    for line in [*raw.split("\r\n"), *read]:
        assert not any(audience in line.casefold() for audience in AUDIENCES)
        assert privacy.diagnosis_in(line) is None
        assert privacy.diagnosis_in_address(line) is None


@pytest.mark.parametrize("audience", AUDIENCES)
def test_rendering_and_building_open_no_socket(
    audience: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostname", "getfqdn"):
        monkeypatch.setattr(socket, name, refuse)
    assert real_mail(audience, 5) == made(audience, 5)


def test_two_processes_build_the_same_bytes_whatever_their_hash_seeds() -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.mails"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    first, second = (child.communicate(timeout=60)[0] for child in children)
    assert [child.returncode for child in children] == [0, 0]
    assert re.fullmatch(r"[0-9a-f]{64}\n", first)
    assert first == second


@pytest.mark.django_db
def test_an_issue_as_sent_has_the_same_headers_for_every_audience(tmp_path: Path) -> None:
    from digest.pipeline.deliver import send_issue
    from digest.project.settings import KEYS

    an_approved_issue(7)
    for audience in AUDIENCES:
        a_subscriber(f"reader-of-{audience}@example.net", lists=(audience,))
    transport = FakeTransport()
    send_issue(7, a_config(tmp_path), KEYS, transport=transport)

    shared = set()
    for envelope in transport.sent:
        told = header_line(envelope, "Feedback-ID")
        assert told == f"Feedback-ID: {feedback_id(7, 'example.org')}\r\n".encode()
        assert b"mailto:" not in head_of(envelope)  # nothing reads such a mailbox yet
        lines = [header_line(envelope, name) for name in HEADERS if name not in PERSONAL_HEADERS]
        shared.add(tuple(line for line in lines if not line.startswith(b"Date:")))
    assert len(transport.sent) == len(AUDIENCES)
    assert len(shared) == 1
