"""Rotation of keys: every text under the new one, from wherever a run was killed."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from digest.config import Config, DataKeys, key_file_of, load_keys, new_keys
from digest.config.keys import store_keys
from digest.delivery.lock import only_one
from digest.delivery.queue import queue_notices
from digest.errors import Refused
from digest.models import QueuedMail
from digest.pipeline import rotate
from digest.pipeline.rotate import (
    DATA,
    LOCK,
    TOKENS,
    count_seals,
    drop_old_keys,
    rotate_data_key,
    rotate_tokens,
)
from subscribers.models import Request, Subscriber
from subscribers.tokens import Links, Purpose, WrongToken, make_token, read_token
from tests.builders import NOW, a_config, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PEOPLE = 7
PURPOSES: tuple[Purpose, ...] = ("leave", "confirm")


@pytest.fixture
def site(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A site with a key file of its own and batches of two rows."""
    path = key_file_of(tmp_path)
    path.write_text(new_keys() + "DIGEST_SMTP_PASSWORD=p=w\n", encoding="utf-8")
    path.chmod(0o600)
    settings.SUBSCRIBERS_DATA_KEYS = DataKeys(tmp_path, load_keys(tmp_path).data_keys)
    monkeypatch.setattr(rotate, "BATCH", 2)
    return a_config(tmp_path)


def people(count: int = PEOPLE) -> None:
    for n in range(count):
        a_subscriber(f"reader{n}@example.org", name=f"Reader {n}", new_address=f"n{n}@example.org")


def turn(site: Config, **options: Any) -> rotate.Rotation:
    return rotate_data_key(site, wait=lambda seconds: None, **options)


def keys(site: Config) -> tuple[str, ...]:
    return load_keys(site.folder).data_keys


def readable() -> list[str]:
    return sorted(Subscriber.objects.values_list("address", flat=True))


def test_every_column_is_sealed_by_a_new_key_and_reads_as_before(site: Config) -> None:
    people()
    Request.objects.create(kind="join", content="{}", at=NOW)
    queue_notices(["ada@example.org"], "S", "Text", sender=site.sender_value(), now=NOW)
    mail = bytes(QueuedMail.objects.get().content)
    before, (old,) = readable(), keys(site)
    done = turn(site)
    new, kept = keys(site)
    assert (kept, done.new_key, done.old_keys, done.unreadable) == (old, True, 1, 0)
    assert {name: count for name, count in done.sealed.items() if count} == {
        "Subscriber.address": PEOPLE,
        "Subscriber.name": PEOPLE,
        "Subscriber.new_address": PEOPLE,
        "Request.content": 1,
        "QueuedMail.recipient": 1,
        "QueuedMail.content": 1,
    }
    seals = count_seals()
    assert (seals.under(new), seals.under(old)) == (3 * PEOPLE + 3, 0)
    assert readable() == before
    assert bytes(QueuedMail.objects.get().content) == mail


def test_the_key_file_keeps_its_mode_and_everything_else(site: Config) -> None:
    path = key_file_of(site.folder)
    before = path.read_text(encoding="utf-8").splitlines()
    turn(site)
    after = path.read_text(encoding="utf-8").splitlines()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line for line in after if not line.startswith(DATA)] == [
        line for line in before if not line.startswith(DATA)
    ]
    assert len(after) == len(before)
    assert not list(site.folder.glob(".digest.keys*"))


def test_run_again_it_has_nothing_to_do_and_makes_no_further_key(site: Config) -> None:
    people()
    turn(site)
    before = key_file_of(site.folder).read_bytes()
    again = turn(site)
    assert (again.new_key, sum(again.sealed.values())) == (False, 0)
    assert key_file_of(site.folder).read_bytes() == before


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize("after", range(1, 12))
def test_killed_at_any_batch_it_reads_whole_and_goes_on_where_it_was(
    site: Config, after: int
) -> None:
    people()
    before, texts = readable(), 3 * PEOPLE
    left = iter(range(after - 1, -1, -1))

    def die(done: int, total: int) -> None:
        assert done <= total == texts
        if next(left) == 0:
            raise Killed

    with pytest.raises(Killed):
        turn(site, report=die)
    assert readable() == before
    new, old = keys(site)
    sealed = count_seals().under(new)
    assert 0 < sealed < texts
    assert count_seals().under(old) == texts - sealed
    done = turn(site)
    assert keys(site) == (new, old)
    assert sum(done.sealed.values()) == texts - sealed
    assert readable() == before


def test_killed_before_the_first_row_the_new_key_is_not_lost(site: Config) -> None:
    people()

    def die(seconds: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        rotate_data_key(site, wait=die)
    new, _ = keys(site)
    a_subscriber("late@example.org")  # by a process that runs on
    assert count_seals().under(new) == 1
    turn(site)
    assert keys(site)[0] == new
    assert count_seals().under(new) == 3 * PEOPLE + 1


def test_killed_while_the_key_file_is_replaced_the_old_one_stands(
    site: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_file_of(site.folder).read_bytes()

    def die(self: Path, target: Path) -> None:
        raise Killed

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(Killed):
        turn(site)
    assert key_file_of(site.folder).read_bytes() == before
    monkeypatch.undo()
    assert turn(site).new_key


def test_a_process_that_runs_follows_a_rotation_by_itself(
    site: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = DataKeys(site.folder, keys(site))
    turn(site)
    assert tuple(running) == keys(site)[1:]
    monkeypatch.setattr("digest.config.keys.LOOK_AGAIN", 0)
    assert tuple(running) == keys(site)


def test_old_keys_go_only_when_they_seal_nothing(site: Config) -> None:
    people()
    old = keys(site)[0]
    store_keys(site.folder, DATA, ("n" * 64, "u" * 64, old))
    keys_now(site).look()
    assert drop_old_keys(site).old_keys == 1  # the one that was never used went
    assert keys(site) == ("n" * 64, old)
    turn(site)
    assert drop_old_keys(site).old_keys == 0
    assert keys(site) == ("n" * 64,)
    assert len(readable()) == PEOPLE
    before = key_file_of(site.folder).read_bytes()
    drop_old_keys(site)
    assert key_file_of(site.folder).read_bytes() == before


def keys_now(site: Config) -> DataKeys:
    from django.conf import settings

    found: DataKeys = settings.SUBSCRIBERS_DATA_KEYS
    return found


def test_turning_encryption_off_and_on_converts_every_row(site: Config, settings: Settings) -> None:
    people()
    before = readable()
    settings.SUBSCRIBERS_SEAL = False
    off = turn(site)
    assert (off.new_key, sum(off.sealed.values())) == (False, 3 * PEOPLE)
    assert (count_seals().plain, count_seals().by_mark.total()) == (3 * PEOPLE, 0)
    assert turn(site).new_key is False  # and none is made while nothing is sealed
    assert readable() == before
    settings.SUBSCRIBERS_SEAL = True
    on = turn(site)
    assert (on.new_key, sum(on.sealed.values())) == (False, 3 * PEOPLE)
    assert count_seals().plain == 0
    assert readable() == before


def test_what_no_key_opens_stays_and_the_rest_goes_on(site: Config) -> None:
    people(3)
    lost = Subscriber.objects.order_by("pk").first()
    assert lost is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscribers_subscriber SET address = %s WHERE id = %s",
            [b"\x01" + b"lost" + b"x" * 40, lost.pk],
        )
    done = turn(site)
    assert (done.unreadable, done.sealed["Subscriber.address"]) == (1, 2)
    assert count_seals().under_none_of(keys(site)) == 1
    assert drop_old_keys(site).old_keys == 0


@pytest.mark.parametrize("name", [DATA, TOKENS])
def test_a_key_of_the_environment_is_told_and_nothing_is_done(
    site: Config, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    people(1)
    monkeypatch.setenv(name, "e" * 64)
    before = key_file_of(site.folder).read_bytes()
    made = turn(site).to_set if name == DATA else rotate_tokens(site, load_keys(site.folder))
    assert len(made) == 64
    assert key_file_of(site.folder).read_bytes() == before


def test_with_a_new_key_first_in_the_environment_it_goes_on(
    site: Config, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(3)
    old, new = keys(site)[0], "e" * 64
    monkeypatch.setenv(DATA, f"{new},{old}")
    settings.SUBSCRIBERS_DATA_KEYS = DataKeys(site.folder, load_keys(site.folder).data_keys)
    done = turn(site)
    assert (done.to_set, done.new_key, sum(done.sealed.values())) == ("", False, 9)
    assert count_seals().under(new) == 9
    with pytest.raises(Refused, match=r"come from the environment\. Leave 0 of the 1"):
        drop_old_keys(site)


def test_two_at_once_are_refused(site: Config) -> None:
    orders: list[Callable[[], object]] = [
        lambda: turn(site),
        lambda: drop_old_keys(site),
        lambda: rotate_tokens(site, load_keys(site.folder)),
    ]
    with only_one(site.folder, LOCK):
        for order in orders:
            with pytest.raises(Refused, match="another process changes the keys"):
                order()


def test_links_made_before_a_new_token_key_work_after_it(site: Config, settings: Settings) -> None:
    reader = a_subscriber()
    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = load_keys(site.folder).secret_keys
    tokens = {purpose: make_token(purpose, reader, "patient") for purpose in PURPOSES}
    link = Links().leave(reader, "patient")
    assert rotate_tokens(site, load_keys(site.folder)) == ""
    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = load_keys(site.folder).secret_keys
    assert Links().leave(reader, "patient") != link
    for purpose, token in tokens.items():
        assert read_token(purpose, token) == (reader.public_id, "patient")
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(WrongToken):
        read_token("leave", tokens["leave"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_sqlite
def test_no_plain_text_stays_in_the_file_once_encryption_is_on(
    tmp_path: Path, site: Config, settings: Settings
) -> None:
    copy = tmp_path / "copy.db"
    settings.SUBSCRIBERS_SEAL = False
    people(50)
    settings.SUBSCRIBERS_SEAL = True
    turn(site)
    with connection.cursor():
        with sqlite3.connect(copy) as target:
            connection.connection.backup(target)
        target.close()
    assert b"@example.org" not in copy.read_bytes()
