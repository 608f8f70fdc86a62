"""Backup and restore on both databases: the same rows, or nothing at all, and nothing is sent."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from digest.config import Config
from digest.delivery.journal import JOURNAL
from digest.delivery.lock import only_one
from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue, QueuedMail, Restoration
from digest.pipeline.backup import dump
from digest.pipeline.backup.replay import release
from digest.pipeline.backup.restore import restore_backup
from digest.pipeline.backup.verify import Verified, verify_backup
from digest.pipeline.backup.write import write_backup
from digest.pipeline.deliver import send_issue
from digest.pipeline.forget import forget
from digest.pipeline.queued import flush_queue
from digest.pipeline.send_test import send_test
from digest.project.settings import KEYS
from digest.web.accounts import add_user
from subscribers.leave import leave
from subscribers.membership import find_subscriber
from subscribers.models import Membership, Subscriber, Suppression
from subscribers.suppression import is_suppressed, suppress
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
LATER = NOW + timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path, settings: Any) -> Config:
    """A site in a folder of this test, its departures file too."""
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures.log")
    return a_config(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup lies."""
    return tmp_path / "site.backup"


def rows() -> dict[str, list[bytes]]:
    """Every row of every table, as a backup writes it."""
    found: dict[str, list[bytes]] = {}
    for line in dump.lines():
        if line.startswith(b"{"):
            mine = found.setdefault(line.decode(), [])
        else:
            mine.append(line)
    return found


def a_site() -> Issue:
    """Some of everything, wild texts among it."""
    add_user("ada", "editor", "correct horse battery")
    a_stored_summary(title='Ünï "quoted" \\ \u2028 {"table"}', published_at=None)
    a_subscriber("ann@example.org", name="Ann Ⅷ", themes=["symptoms"], lists=("patient",))
    a_subscriber("bob@example.org", state="pending")
    QueuedMail.objects.create(
        recipient="bob@example.org", message_id="<1@x>", content=bytes(range(256)), queued_at=NOW
    )
    return an_approved_issue(as_composed={"a": [None, 1.5, "é"]})


def lose_everything() -> None:
    """As a new machine has it."""
    with transaction.atomic():
        dump.empty()


def backup(file: Path, **changes: Any) -> Verified:
    return write_backup(file, KEYS, **{"now": NOW, **changes})


def restore(file: Path, config: Config, **changes: Any) -> Any:
    return restore_backup(file, config, KEYS, **{"now": LATER, "replace": True, **changes})


def test_what_is_restored_is_what_was_there(file: Path, config: Config) -> None:
    a_site()
    before = rows()
    progress: list[tuple[int, int]] = []
    written = backup(file, progress=lambda done, total: progress.append((done, total)))
    assert progress[-1] == (2 * written.header.total, 2 * written.header.total)
    lose_everything()
    assert not any(rows().values())
    restored = restore(file, config, replace=False)
    after = rows()
    assert restored.stopped.keys() == {1}
    changed = {table for table in before if before[table] != after[table]}
    assert all('"digest_auditentry"' in t or '"digest_restoration"' in t for t in changed)
    assert find_subscriber("ann@example.org") == Subscriber.objects.get(name_is("Ann Ⅷ"))
    assert bytes(QueuedMail.objects.get().content) == bytes(range(256))
    assert User.objects.get().check_password("correct horse battery")


def name_is(name: str) -> Any:
    """Names are sealed: found by reading them."""
    from django.db.models import Q

    return Q(pk__in=[person.pk for person in Subscriber.objects.all() if person.name == name])


def test_new_rows_are_numbered_after_the_restored_ones(file: Path, config: Config) -> None:
    for n in range(5):
        a_subscriber(f"p{n}@example.org")
    last = Subscriber.objects.latest("pk").pk
    backup(file)
    lose_everything()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER SEQUENCE subscribers_subscriber_id_seq RESTART")
    restore(file, config)
    assert a_subscriber("new@example.org").pk > last


def test_the_file_is_for_its_owner_and_names_nobody(file: Path, config: Config) -> None:
    a_site()
    written = backup(file)
    content = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for canary in (b"ann@", b"example.org", b"Ann", b"quoted", b"symptoms"):
        assert canary not in content
    assert {path.name for path in file.parent.iterdir()} == {"site.backup", "departures.log"}
    found = verify_backup(file, KEYS)
    assert (found.sha256, found.size) == (written.sha256, len(content))
    assert found.header.counts["subscribers_subscriber"] == 2


def test_a_backup_replaces_an_older_one_but_no_other_file(file: Path, config: Config) -> None:
    backup(file)
    backup(file, now=LATER)
    assert verify_backup(file, KEYS).header.taken_at.startswith("2026-11-22")
    file.write_text("my notes", encoding="utf-8")
    with pytest.raises(Refused, match="Choose another name"):
        backup(file)
    assert file.read_text(encoding="utf-8") == "my notes"
    with pytest.raises(Refused, match="cannot be written"):
        backup(file.parent / "nowhere" / "x")


def test_a_backup_that_fails_leaves_the_older_one(
    file: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(file)
    before = file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Refused, match="No space left"):
        backup(file)
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".*part"))


def test_a_database_with_data_is_refused_unless_it_may_be_lost(file: Path, config: Config) -> None:
    a_site()
    backup(file)
    a_subscriber("new@example.org")
    with pytest.raises(Refused, match="holds data already"):
        restore(file, config, replace=False)
    assert find_subscriber("new@example.org")
    restore(file, config)
    assert find_subscriber("new@example.org") is None


def test_a_backup_of_other_tables_says_which_version_to_install(
    file: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_site()
    monkeypatch.setattr("digest.pipeline.backup.write.__version__", "0.0.9")
    schema = dump.schema()
    with monkeypatch.context() as older:
        older.setattr(dump, "schema", lambda: schema[:-1])
        backup(file)
    with pytest.raises(Refused, match=r"Install version 0\.0\.9"):
        restore(file, config)
    assert find_subscriber("ann@example.org")


@pytest.mark.parametrize("how", ["cut", "altered"])
def test_a_file_that_is_not_whole_changes_nothing(file: Path, config: Config, how: str) -> None:
    a_site()
    backup(file)
    content = file.read_bytes()
    last = content[-1] ^ 1
    file.write_bytes(content[:-1] + (b"" if how == "cut" else bytes([last])))
    before = rows()
    with pytest.raises(Refused, match=how):
        restore(file, config)
    assert rows() == before
    assert not Restoration.objects.exists()


def test_a_restore_that_is_killed_half_way_leaves_what_was_there(
    file: Path, config: Config
) -> None:
    a_site()
    backup(file)
    a_subscriber("new@example.org")
    before = rows()

    def die(done: int, total: int) -> None:
        if done > total / 2 + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(file, config, progress=die)
    assert rows() == before


def test_nobody_restores_under_a_sender(file: Path, config: Config) -> None:
    backup(file)
    with only_one(config.folder, JOURNAL), pytest.raises(Refused, match="already"):
        restore(file, config)


def test_what_was_going_out_stops_and_is_never_resent_by_itself(file: Path, config: Config) -> None:
    issue = an_approved_issue(1, state="sending")
    an_approved_issue(2, state="scheduled", send_at=NOW)
    an_approved_issue(3, state="paused")
    an_approved_issue(4, state="sent")
    states = ("queued", "claimed", "deferred", "accepted", "failed")
    for n, state in enumerate(states):
        Delivery.objects.create(
            issue=issue, subscriber=a_subscriber(f"p{n}@example.org"), audience="patient",
            state=state, changed_at=NOW,
        )  # fmt: skip
    backup(file)
    restored = restore(file, config)
    assert restored.unknown == 3
    assert dict(Issue.objects.values_list("number", "state")) == {
        1: "paused", 2: "approved", 3: "paused", 4: "sent",
    }  # fmt: skip
    assert Issue.objects.get(number=2).send_at is None
    assert list(Delivery.objects.values_list("state", flat=True)) == [
        "unknown", "unknown", "unknown", "accepted", "failed",
    ]  # fmt: skip
    assert set(AuditEntry.objects.values_list("issue__number", flat=True)) == {1, 2}


def test_nothing_at_all_is_sent_before_the_release(file: Path, config: Config) -> None:
    issue = a_site()
    backup(file)
    restore(file, config)
    wire = FakeTransport()
    with pytest.raises(Refused, match="digest release"):
        send_issue(1, config, KEYS, transport=wire)
    with pytest.raises(Refused, match="digest release"):
        flush_queue(config, KEYS, transport=wire, now=lambda: LATER)
    with pytest.raises(Refused, match="digest release"):
        send_test(issue, "ada@example.org", config, KEYS, only=None, who="ada", now=NOW)
    assert not wire.sent
    release(who="ada", now=LATER)
    assert flush_queue(config, KEYS, transport=wire, now=lambda: LATER)["accepted"] == 1
    send_issue(1, config, KEYS, transport=wire)
    assert [mail.recipient for mail in wire.sent] == ["bob@example.org", "ann@example.org"]
    assert AuditEntry.objects.filter(who="ada", what__contains="released").count() == 1
    assert Restoration.objects.get().released_by == "ada"
    with pytest.raises(Refused, match="nothing waits"):
        release(who="ada", now=LATER)


def test_who_left_was_suppressed_or_erased_since_gets_no_mail(file: Path, config: Config) -> None:
    an_approved_issue()
    names = ("stays", "left", "bounced", "erased")
    people = {name: a_subscriber(f"{name}@example.org", name=name) for name in names}
    QueuedMail.objects.create(recipient="left@example.org", message_id="<1@x>", content=b"",
                              recipient_key=people["left"].address_key, queued_at=NOW)  # fmt: skip
    backup(file)
    leave(people["left"], None, actor="reader", source="page", now=LATER)
    suppress("bounced@example.org", Suppression.Reason.BOUNCE, "digest", now=LATER)
    forget("erased@example.org", now=LATER)
    restore(file, config)
    assert Membership.objects.filter(state="confirmed").count() == 4
    departed = release(who="ada", now=LATER)
    assert (departed.changed.left, departed.changed.erased) == (
        3,
        1,
    )  # of each list that is offered
    assert departed.changed.suppressed >= 1
    wire = FakeTransport()
    send_issue(1, config, KEYS, transport=wire)
    assert [mail.recipient for mail in wire.sent] == ["stays@example.org"]
    assert find_subscriber("erased@example.org") is None
    assert is_suppressed("erased@example.org")
    assert Suppression.objects.get(address_key=people["bounced"].address_key).reason == "bounce"
    assert not QueuedMail.objects.exists()


def test_the_release_waits_for_the_departures_file_that_knows_the_backup(
    file: Path, config: Config, tmp_path: Path, settings: Any
) -> None:
    a_site()
    backup(file)
    restore(file, config)
    log = tmp_path / "departures.log"
    whole = log.read_bytes()
    log.unlink()
    with pytest.raises(Refused, match="cannot be read"):
        release(who="ada", now=LATER)
    leave(Subscriber.objects.earliest("pk"), None, actor="reader", source="page", now=LATER)
    with pytest.raises(Refused, match="does not know of the backup"):
        release(who="ada", now=LATER)
    assert Restoration.objects.filter(released_at=None).exists()
    released = release(who="ada", now=LATER, without_departures=True)
    assert "may be mailed" in released.problems[0]
    assert AuditEntry.objects.filter(what__contains="without the departures").exists()
    assert whole


def test_a_backup_that_is_changed_between_the_two_readings_changes_nothing(
    file: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_site()
    backup(file)
    before = rows()

    def then_changed(path: Path, *rest: Any, **options: Any) -> Verified:
        found = verify_backup(path, *rest, **options)
        path.unlink()
        backup(path, now=LATER)
        return found

    monkeypatch.setattr("digest.pipeline.backup.restore.verify_backup", then_changed)
    with pytest.raises(Refused, match="changed while it was read"):
        restore(file, config)
    assert rows() == before
