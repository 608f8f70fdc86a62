"""The same edition gives the same bytes: again, elsewhere, and without asking anybody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from digest.mail.environment import fresh
from digest.mail.render import render
from tests.mail.material import Mail, fingerprint

ROOT = Path(__file__).resolve().parents[2]


def test_the_same_edition_gives_the_same_bytes_and_opens_no_socket(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname", "socketpair"):
        monkeypatch.setattr(socket, name, refuse)
    again = render(mail.edition, fresh())
    assert again == mail.rendition
    assert again.content_hash == mail.rendition.content_hash


def test_two_processes_with_other_hash_seeds_give_the_bytes_of_this_one() -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.mail.material"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    printed = [child.communicate(timeout=60)[0].strip() for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert printed == [fingerprint()] * 2
