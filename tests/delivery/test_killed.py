"""kill -9 in the middle of an issue, and again: nobody is lost and nobody gets two (law 3)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import yaml

from digest.config import new_keys
from digest.shipped import shipped
from tests.fakes import Mailbox, smtp_server

PEOPLE = 60
KILLED_AFTER = (7, 25)  # the second sender dies too
ROOT = Path(__file__).parents[2]
READERS = {f"reader{n}@example.net" for n in range(PEOPLE)}


def a_site(folder: Path, transport: dict[str, Any]) -> Path:
    """A site with a database of its own and an approved issue."""
    raw = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    raw |= {"transport": transport, "database": "sqlite:///digest.db"}
    (folder / "config.yaml").write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    (folder / "digest.keys").write_text(new_keys(), encoding="utf-8")
    (folder / "digest.keys").chmod(0o600)
    assert run(folder, "prepare", PEOPLE).returncode == 0
    return folder


def run(site: Path, act: str, number: int) -> subprocess.CompletedProcess[str]:
    """`killed_sender` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.delivery.killed_sender", act, str(number)],
        env={**os.environ, "DIGEST_CONFIG": str(site / "config.yaml")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def kill_then_finish(site: Path) -> dict[str, int]:
    """Two senders die, the third ends; its counts, without the states that do not occur."""
    for after in KILLED_AFTER:
        assert run(site, "send", after).returncode == -signal.SIGKILL
    ended = run(site, "send", 0)
    assert ended.returncode == 0, ended.stderr
    return {state: rows for state, rows in json.loads(ended.stdout).items() if rows}


def test_a_killed_sender_into_a_maildir_leaves_every_reader_exactly_one_mail(
    tmp_path: Path,
) -> None:
    site = a_site(tmp_path, {"kind": "maildir", "path": "outbox"})
    assert kill_then_finish(site) == {"accepted": PEOPLE}
    mails = [path.read_bytes() for path in (site / "outbox/new").iterdir()]
    recipients = [str(message_from_bytes(mail, policy=policy.default)["To"]) for mail in mails]
    assert Counter(recipients) == Counter(READERS)
    assert list((site / "outbox/tmp").iterdir()) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_a_killed_sender_over_smtp_leaves_one_mail_unknown_and_doubles_none(tmp_path: Path) -> None:
    box = Mailbox()
    with smtp_server(box) as port:
        transport = {"kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "none"}
        site = a_site(tmp_path, transport)
        deaths = len(KILLED_AFTER)
        assert kill_then_finish(site) == {"accepted": PEOPLE - deaths, "unknown": deaths}
    assert Counter(recipient for _, to, _ in box.mails for recipient in to) == Counter(READERS)
