"""Keeping is set-based: queries do not grow with entries, and two gatherings do not collide."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from digest.models import Appearance, StoredSummary
from digest.pipeline import keep as step
from digest.pipeline.keeping.slugs import name_all
from digest.pipeline.keeping.window import Window
from digest.values import Entry
from tests.builders import NOW, an_entry
from tests.pipeline.harvests import kept


def entries(count: int, **changes: str) -> list[Entry]:
    return [
        an_entry(
            title=f"Trial {n} of Walking",
            headline=f"What trial {n} of walking found.",
            url=f"https://x.example.org/{n}",
            place=f"incoming/{n}.html",
            doi=f"10.5555/{n}",
            **changes,
        )
        for n in range(count)
    ]


def queries(of: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        of()
    return len(captured)


ROUNDS: dict[str, Callable[[list[Entry]], object]] = {
    "new": lambda few: kept("one", *few),
    "the same": lambda few: kept("one", *few, complete=True),
    "changed": lambda few: kept("one", *(edited(one) for one in few)),
    "from elsewhere": lambda few: kept("two", *few),
    "elsewhere again": lambda few: kept("two", *few),
    "gone": lambda few: kept("one", complete=True),
    "back": lambda few: kept("one", *few, complete=True),
}


def edited(entry: Entry) -> Entry:
    return replace(entry, found=f"{entry.found} More.", headline=f"{entry.headline} More.")


@pytest.mark.django_db
@pytest.mark.both_databases
def test_the_number_of_queries_does_not_grow_with_the_entries() -> None:
    def round_of(count: int) -> dict[str, int]:
        StoredSummary.objects.all().delete()
        few = entries(count)
        return {name: queries(partial(do, few)) for name, do in ROUNDS.items()}

    few, many = round_of(4), round_of(35)
    assert many == few
    assert max(many.values()) <= 20
    assert many["the same"] <= (6 if connection.vendor == "postgresql" else 5)  # one for the lock


@pytest.mark.django_db
@pytest.mark.both_databases
def test_a_big_harvest_is_kept_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from digest.pipeline.keeping import flags, known

    monkeypatch.setattr(known, "AT_ONCE", 7)
    monkeypatch.setattr(flags, "AT_ONCE", 7)
    monkeypatch.setattr(step, "AT_ONCE", 7)
    assert kept("one", *entries(40)).new == 40
    assert kept("two", *entries(40)).merged == 40
    assert kept("one", *map(edited, entries(40)), complete=True).changed == 40
    result = kept("one", complete=True)
    assert (result.removed, result.flagged) == (40, 40)
    assert StoredSummary.objects.exclude(gone_at=None).count() == 40


@pytest.mark.django_db
@pytest.mark.both_databases
def test_what_another_gathering_stored_just_now_is_known_at_the_second_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = list[int]()

    def overtaken(rows: Any, wishes: Any) -> None:
        calls.append(len(rows))
        name_all(rows, wishes)
        if len(calls) == 1:
            raise IntegrityError("UNIQUE constraint failed: digest_storedsummary.identity")

    monkeypatch.setattr("digest.pipeline.keep.name_all", overtaken)
    assert kept("one", an_entry()).new == 1
    assert (calls, StoredSummary.objects.count()) == ([1, 1], 1)


@pytest.mark.django_db
def test_a_clash_that_stays_is_told_and_nothing_is_half_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def always(rows: Any, wishes: Any) -> None:
        raise IntegrityError("UNIQUE constraint failed")

    kept("one", an_entry(guid="1"))
    monkeypatch.setattr("digest.pipeline.keep.name_all", always)
    with pytest.raises(IntegrityError):
        kept("one", an_entry(guid="1", found="Changed."))
    assert StoredSummary.objects.get().found == an_entry().found


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.only_postgresql  # SQLite lets one writer in at a time
@pytest.mark.parametrize("other", ["two", "one"])
def test_who_gathers_at_the_same_time_waits_and_finds_the_same_study(other: str) -> None:
    results = list[Any]()

    def gathering() -> None:
        try:
            with transaction.atomic():
                told = an_entry(doi="10.5555/X", guid="b", title="Else", headline="E.", url="")
                results.append(kept(other, told))
        finally:
            connection.close()

    thread = threading.Thread(target=gathering)
    with transaction.atomic():
        kept("one", an_entry(doi="10.5555/x", guid="a"))
        thread.start()
        while thread.is_alive() and not waits_for_the_lock():
            thread.join(timeout=0.01)
    thread.join(timeout=60)
    assert [result.new for result in results] == [0]
    assert StoredSummary.objects.count() == 1


def waits_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.only_postgresql  # SQLite lets one writer in at a time
def test_two_gatherings_at_once_store_a_study_once() -> None:
    start, results, faults = threading.Barrier(2), list[Any](), list[Exception]()

    def gathering(source: str) -> None:
        try:
            start.wait(timeout=20)
            with transaction.atomic():
                results.append(kept(source, *entries(20), window=Window(NOW)))
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=gathering, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert StoredSummary.objects.count() == 20
    assert sorted((kept.new, kept.merged) for kept in results) == [(0, 20), (20, 0)]
    assert Appearance.objects.count() == 20
