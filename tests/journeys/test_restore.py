"""The worst day, end to end: the database is lost, a backup is old, and people left meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from digest.shipped import shipped
from tests.journeys.conftest import CONFIG, Shell

NAMES = ("stays", "left", "bounced", "erased")


@pytest.fixture
def shell(new_site: Callable[[str], Shell]) -> Shell:
    """A site with four readers and an approved issue; its departures lie elsewhere."""
    site = new_site(CONFIG + 'privacy: {departures: "../departures.log"}\n')
    for file in sorted((shipped("examples") / "incoming").iterdir())[:3]:
        shutil.copy(file, site.folder / "incoming" / file.name)
    site.digest("gather")
    site.digest("compose")
    people = "\n".join(["address", *(f"{name}@example.net" for name in NAMES)])
    (site.folder / "people.csv").write_text(people, encoding="utf-8")
    site.digest("subscribers", "import", site.folder / "people.csv", "--list", "patient",
                "--consent", "Yes.", "--consent-source", "paper")  # fmt: skip
    site.digest("approve", 1, "--by", "Ada")
    return site


def mailed(site: Shell) -> set[str]:
    """To whom a mail lies in the Maildir."""
    mails = [path.read_text("utf-8") for path in (site.folder / "outbox" / "new").glob("*")]
    return {name for name in NAMES if any(f"{name}@example.net" in mail for mail in mails)}


def lose_the_database(site: Shell) -> None:
    for file in site.folder.glob("digest.db*"):
        file.unlink()


def test_nobody_who_left_since_an_old_backup_gets_a_mail(shell: Shell) -> None:
    file = shell.folder / "old.backup"
    written = shell.json("backup", file)
    assert written["bytes"] == file.stat().st_size
    assert written["rows"]["subscribers_subscriber"] == 4
    assert shell.json("backup", "--verify", file)["sha256"] == written["sha256"]
    shell.digest("subscribers", "leave", "left@example.net")
    shell.digest("subscribers", "suppress", "bounced@example.net")
    shell.digest("subscribers", "erase", "erased@example.net")
    lose_the_database(shell)
    assert "digest migrate" in shell.digest("restore", file, code=1).err
    shell.digest("migrate")
    told = shell.json("restore", file)
    assert told["departures"]["erased"] == 1
    assert told["problem"] == ""
    refused = shell.digest("send", 1, code=1).err
    assert refused.count("\n") == 1
    assert "digest release --by NAME" in refused
    assert any("restored" in one["reason"] for one in shell.json("check")["findings"])
    shell.json("release", "--by", "Ada")
    shell.digest("send", 1)
    assert mailed(shell) == {"stays"}
    assert "holds data already" in shell.digest("restore", file, code=1).err


def test_a_departures_file_that_is_lost_keeps_the_site_silent(shell: Shell) -> None:
    file = shell.folder / "old.backup"
    shell.digest("backup", file)
    (shell.folder.parent / "departures.log").unlink()
    ran = shell.digest("restore", file, "--replace")
    assert "the departures file cannot be read" in ran.err
    assert "--without-departures" in shell.digest("release", "--by", "Ada", code=1).err
    shell.digest("send", 1, code=1)
    told = shell.json("release", "--by", "Ada", "--without-departures")
    assert "may be mailed" in told["departures"]["problems"][0]
    shell.digest("send", 1)
    assert mailed(shell) == set(NAMES)


def test_wrong_files_and_keys_are_one_line_each(shell: Shell) -> None:
    file = shell.folder / "old.backup"
    shell.digest("backup", file)
    content = file.read_bytes()
    wrong = {
        "cut": content[:-40],
        "altered": content[:-40] + bytes(40),
        "no backup": b"PK" * 100,
    }
    for words, changed in wrong.items():
        (shell.folder / "x").write_bytes(changed)
        for command in (("restore", "--replace"), ("backup", "--verify")):
            error = shell.digest(*command, shell.folder / "x", code=1).err
            assert words in error
            assert error.count("\n") == 1
    assert "cannot be read" in shell.digest("restore", shell.folder / "none", code=1).err
    shell.digest("backup", "--verify", code=2)
    keys = shell.folder / "digest.keys"
    lines = keys.read_text().splitlines()
    for name in ("DIGEST_DATA_KEY", "DIGEST_HASH_KEY"):
        other = [f"{name}={'f' * 64}" if line.startswith(name) else line for line in lines]
        keys.write_text("\n".join(other) + "\n")
        assert name in shell.digest("backup", "--verify", file, code=1).err
    keys.write_text("\n".join(lines) + "\n")
    shell.digest("backup", "--verify", file)


SNAPSHOT = """
import sqlite3, sys
import django
django.setup()
from django.conf import settings
from digest.models import SourceState
from digest.pipeline.backup import dump
with dump.snapshot():
    before = list(dump.lines())
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=0)
    other.execute("UPDATE digest_sourcestate SET last_error = 'meanwhile'")
    other.commit()
    assert list(dump.lines()) == before
assert list(dump.lines()) != before
"""


def test_a_backup_sees_one_moment_and_keeps_no_writer_waiting(shell: Shell) -> None:
    settings = {
        "DIGEST_CONFIG": str(shell.folder / "config.yaml"),
        "DJANGO_SETTINGS_MODULE": "digest.project.settings",
    }
    subprocess.run([sys.executable, "-c", SNAPSHOT], env=shell.environment() | settings, check=True)
