"""A canary is on the lists, gets mails of every kind, is erased: no byte of it is left anywhere."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest

from digest.shipped import shipped
from tests.journeys.conftest import CONFIG, Shell

CANARY = "canary.bird@example.org"
NAME = "Serinus Canaria"
OTHERS = 3000  # enough rows to move each other from page to page
TODAY = "2026-11-01 00:00:00"
CONSENT = ("--consent", "One mail a month.", "--consent-source", "a form")


def a_site_at_work(shell: Shell) -> None:
    """The canary got an issue, a test of it and a mail to confirm; another waits in the queue."""
    shutil.copytree(shipped("examples") / "incoming", shell.folder / "incoming", dirs_exist_ok=True)
    shell.digest("subscribers", "add", CANARY, "--list", "patient", "--name", NAME, *CONSENT)
    shell.digest("subscribers", "add", CANARY, "--list", "caregiver")
    shell.digest("subscribers", "add", "ann@example.net", "--list", "patient", *CONSENT)
    others_join(shell)
    shell.digest("gather")
    shell.digest("compose", "--until", "2026-11-01")
    shell.digest("test-send", 1, "--to", CANARY)
    shell.digest("approve", 1, "--by", "Ada")
    shell.digest("send", 1)
    with rows_of(shell) as database, database:
        database.execute("UPDATE digest_delivery SET detail = '250 queued as ' || reference")
        database.execute(
            "INSERT INTO digest_storedevent (raw_id, raw, kind, reference, detail, at, received_at)"
            " SELECT 'sg-' || reference, detail, 'deferred', reference, detail, changed_at,"
            " changed_at FROM digest_delivery"
        )


def others_join(shell: Shell) -> None:
    """On no list, but in the tables: their rows and index entries push the canary's about."""
    with rows_of(shell) as database, database:
        database.executemany(
            "INSERT INTO subscribers_subscriber (address, address_key, public_id, name, main_list,"
            " themes, not_now, text_only, language, tags, created_at, new_address)"
            " VALUES (?, ?, ?, ?, '', '[]', '[]', 0, '', '[]', ?, ?)",
            (
                (b"\x00%d@example.net" % n, token_hex(32), token_hex(11), b"\x00N", TODAY, b"\x00")
                for n in range(OTHERS)
            ),
        )


def rows_of(shell: Shell) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(shell.folder / "digest.db"))


def identities(shell: Shell) -> dict[str, set[bytes]]:
    """Public id of each reader → what else in the database is theirs alone."""
    with rows_of(shell) as database:
        found = database.execute(
            "SELECT s.public_id, s.address, s.name, d.reference FROM subscribers_subscriber s"
            " LEFT JOIN digest_delivery d ON d.subscriber_id = s.id"
        )
        return {
            row[0]: {one if isinstance(one, bytes) else one.encode() for one in row if one}
            for row in found
        }


def places(folder: Path, texts: set[bytes]) -> set[str]:
    """The files of a site that hold any of these."""
    return {
        path.relative_to(folder).parts[0]
        for path in folder.rglob("*")
        if path.is_file() and any(text in path.read_bytes() for text in texts)
    }


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
def test_after_an_erasure_no_byte_of_the_person_is_left(
    new_site: Callable[[str], Shell], encrypted: bool
) -> None:
    shell = new_site(CONFIG + f"privacy: {{encrypt_addresses: {str(encrypted).lower()}}}\n")
    a_site_at_work(shell)
    before = identities(shell)
    mails = len(list((shell.folder / "outbox" / "new").iterdir()))
    plain = {CANARY.encode(), b"canary.bird", NAME.encode(), b"Serinus"}
    found = places(shell.folder, plain)  # so the search can find it, and encryption hides it
    assert found == {"outbox"} | (set() if encrypted else {"digest.db"})
    # Somebody reads meanwhile, as `digest run` does: the log of writes lives on.
    with rows_of(shell) as open_elsewhere:
        open_elsewhere.execute("SELECT count(*) FROM subscribers_subscriber").fetchone()
        assert shell.json("subscribers", "erase", CANARY)["result"] == "erased"
        left = identities(shell)
        (canary,) = before.keys() - left.keys()
        assert len(left) == OTHERS + 1
        assert len(before[canary]) == 4  # public id, address and name as they lay there, reference
        assert places(shell.folder, plain | before[canary]) == set()
    gone = mails - len(list((shell.folder / "outbox" / "new").iterdir()))
    assert gone == 5  # one issue, three editions of the test, one mail to confirm
    assert "erased" in (shell.folder / "departures.log").read_text(encoding="ascii")
    shown = shell.json("show", 1)["deliveries"]
    assert shown["accepted"] == 2  # the count stays true
    assert shell.json("subscribers", "erase", CANARY)["result"] == "already_erased"


def test_retention_is_told_before_it_is_done(new_site: Callable[[str], Shell]) -> None:
    shell = new_site(CONFIG)
    shell.digest("subscribers", "add", CANARY, "--list", "patient")
    with rows_of(shell) as database, database:
        long_ago = "2020-01-01 00:00:00"
        database.execute("UPDATE subscribers_membership SET changed_at = ?", (long_ago,))
        database.execute("UPDATE subscribers_consentrecord SET at = ?", (long_ago,))
        database.execute("UPDATE subscribers_subscriber SET created_at = ?", (long_ago,))
    foreseen = shell.json("retention", "--dry-run")
    assert (foreseen["dry_run"], foreseen["counts"]["pending"]) == (True, 1)
    done = shell.json("retention")
    assert (done["counts"]["pending"], done["counts"]["people"]) == (1, 1)
    assert "never confirmed" in shell.digest("retention").out
