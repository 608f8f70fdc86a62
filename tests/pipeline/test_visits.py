"""Visits: what is remembered of a source, when it rests, and what `digest sources` tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from digest.config import Config
from digest.errors import SourceError
from digest.models import SeenAddress, SourceState
from digest.pipeline.report import source_lines
from digest.pipeline.visits import (
    Memory,
    forget_the_old,
    minute_after,
    note_failure,
    note_success,
    reason_to_skip,
    remembered,
    until_told,
)
from digest.values import Harvest, Refusal, Seen
from tests.builders import NOW, a_config, an_entry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

URL = "https://news.example.org/rss"
SEEN = Seen(URL, etag='"1"', body_hash="a" * 64, read_at=NOW, found=3)
BROKEN = SourceError("the site answered 500", where=URL, mend="Try later", status=500)
GONE = SourceError("the site answered 410 Gone", where=URL, mend="Remove it", status=410)
REFUSAL = Refusal(f"{URL} entry 2", "it has no title", "Tell the site")


def a_site(**changes: Any) -> Config:
    feed = {"name": "feed", "kind": "feed", "url": URL, **changes}
    other = {"name": "other", "kind": "folder", "path": "incoming"}
    return a_config(sources=[feed, other], schedule={"gather": "0 * * * *"})


def memory(config: Config | None = None) -> Memory:
    return remembered((config or a_site()).sources)["feed"]


def fail(error: SourceError = BROKEN, *, now: datetime = NOW) -> bool:
    return note_failure(memory(), error, now=now)


def succeed(harvest: Harvest | None = None, *, now: datetime = NOW) -> None:
    note_success(memory(), harvest or Harvest((an_entry(),), seen=(SEEN,)), now=now)


def state() -> SourceState:
    return SourceState.objects.get(name="feed")


def line(config: Config | None = None, now: datetime = NOW) -> dict[str, Any]:
    return source_lines(config or a_site(), now)[0]


def skipped(*, now: datetime = NOW, due_only: bool = True) -> str:
    config = a_site()
    return reason_to_skip(memory().state, now=now, due_only=due_only, zone=config.zone)


# ── when it rests ─────────────────────────────────────────────────────────────────────────


def test_a_source_that_fails_again_rests_twice_as_long_each_time_but_a_day_at_most() -> None:
    rests = []
    for _ in range(10):
        fail()
        tried = state().next_try
        assert tried is not None
        rests.append(int((tried - NOW).total_seconds() // 60))
    assert rests == [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]
    SourceState.objects.update(failures=5_000)
    fail()  # and no number grows beyond what a computer counts
    assert state().next_try == NOW + timedelta(days=1)


def test_the_schedule_waits_for_the_rest_to_be_over_and_a_person_does_not() -> None:
    fail()
    assert "it failed once; next try after 2026-11-" in skipped()
    assert skipped(due_only=False) == ""
    assert skipped(now=NOW + timedelta(minutes=15)) == ""


def test_until_when_a_source_rests_is_said_to_the_next_minute_and_with_the_zone() -> None:
    fail(now=NOW.replace(hour=14, minute=0, second=1))
    assert "next try after 2026-11-" in (said := skipped())
    assert said.endswith(":16 (America/New_York)")
    busy = SourceError("busy", where=URL, status=429, retry_after=timedelta(minutes=30))
    told = until_told(busy, now=NOW.replace(hour=14, minute=0, second=0), zone=a_site().zone)
    assert told.line().endswith(
        "it is not asked before "
        + minute_after(NOW.replace(hour=14, minute=30, second=0), a_site().zone)
    )
    assert until_told(BROKEN, now=NOW, zone=a_site().zone) is BROKEN


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(days=9999), timedelta(days=7)),
        (timedelta(seconds=-5), timedelta(0)),
    ],
    ids=["what it asks", "a week at most", "no time in the past"],
)
def test_what_a_site_asks_for_goes_before_our_own_rest(
    asked: timedelta, granted: timedelta
) -> None:
    fail(SourceError("busy", where=URL, status=429, retry_after=asked))
    assert (state().next_try, state().asked_to_wait) == (NOW + granted, True)
    assert bool(skipped(due_only=False)) == (granted > timedelta(0))


def test_a_success_ends_every_rest() -> None:
    fail(SourceError("busy", where=URL, status=503, retry_after=timedelta(hours=9)))
    succeed()
    row = state()
    assert (row.failures, row.next_try, row.asked_to_wait, row.last_error) == (0, None, False, "")
    assert (row.last_success, row.found) == (NOW, 1)
    assert skipped() == ""


def test_a_source_that_is_gone_is_told_once_and_never_asked_again() -> None:
    assert [fail(GONE), fail(GONE), fail(BROKEN)] == [True, False, False]
    for due_only in (True, False):
        said = skipped(now=NOW + timedelta(days=300), due_only=due_only)
        assert said.startswith("gone for good since ")
        assert "correct it in config.yaml" in said
    assert line()["gone"] is not None
    assert line()["next_try"] is None
    succeed()
    assert (skipped(), line()["gone"]) == ("", None)


def test_another_section_starts_afresh_and_its_defaults_are_no_change() -> None:
    succeed()
    fail(GONE)
    same = remembered(a_site(undated="hold").sources)["feed"]
    assert (bool(same.state.gone_at), dict(same.seen)) == (True, {URL: SEEN})
    moved = a_site(url="https://elsewhere.example.org/rss")
    assert line(moved)["gone"] is None
    assert line(moved)["failures"] == 0
    fresh = memory(moved)
    assert (fresh.state.gone_at, fresh.state.failures, dict(fresh.seen)) == (None, 0, {})
    note_failure(fresh, BROKEN, now=NOW)
    assert not SeenAddress.objects.filter(source="feed").exists()
    assert state().failures == 1


# ── what is remembered ────────────────────────────────────────────────────────────────────


def test_what_a_visit_saw_is_given_to_the_next_one_and_to_no_other_source() -> None:
    succeed(
        Harvest(seen=(SEEN, Seen("https://news.example.org/" + "x" * 3000, dated="2026-01-02")))
    )
    both = remembered(a_site().sources)
    assert both["feed"].seen[URL] == SEEN
    assert len(both["feed"].seen) == 2
    assert both["other"].seen == {}


def test_an_address_seen_again_is_one_row_with_what_is_known_last() -> None:
    succeed()
    later = replace(SEEN, etag='"2"', moved_to="https://news.example.org/feed", found=9)
    succeed(Harvest(seen=(later, later)))
    assert dict(memory().seen) == {URL: later}
    assert SeenAddress.objects.count() == 1


def test_what_is_as_it_was_is_not_written_again(django_assert_num_queries: Any) -> None:
    succeed()
    known = memory()
    with django_assert_num_queries(1):  # the state alone
        note_success(known, Harvest(unchanged=3, seen=(SEEN,)), now=NOW)


def test_all_sources_are_looked_up_in_a_few_queries(django_assert_num_queries: Any) -> None:
    names = [
        {"name": f"f{n}", "kind": "feed", "url": f"https://{n}.example.org/"} for n in range(50)
    ]
    config = a_config(sources=names)
    assert len(remembered(config.sources)) == 50
    with django_assert_num_queries(3):
        remembered(config.sources)


def test_what_was_read_more_than_400_days_ago_is_dropped() -> None:
    old = replace(SEEN, url=URL + "?old", read_at=NOW - timedelta(days=401))
    never = replace(SEEN, url=URL + "?never", read_at=None)
    succeed(Harvest(seen=(SEEN, old, never)))
    forget_the_old(NOW)
    assert set(memory().seen) == {URL, never.url}


# ── what is told ──────────────────────────────────────────────────────────────────────────


def test_a_refused_entry_is_told_as_long_as_the_feed_is_as_it_was() -> None:
    refused = replace(SEEN, problem=REFUSAL.line())
    as_it_was = Harvest(unchanged=3, seen=(refused,))
    succeed(Harvest((an_entry(),), (REFUSAL,), seen=(refused,)))
    assert memory().seen[URL].problem == REFUSAL.line()
    succeed(as_it_was)
    assert line()["error"] == REFUSAL.line()
    fail()
    assert line()["error"].splitlines() == [BROKEN.line(), REFUSAL.line()]
    fail(GONE)
    assert line()["error"].splitlines() == [GONE.line(), REFUSAL.line()]
    succeed(as_it_was)
    assert line()["error"] == REFUSAL.line()
    succeed(Harvest((an_entry(),), seen=(SEEN,)))
    assert line()["error"] is None
    assert memory().seen[URL].problem == ""


def test_a_page_that_was_refused_is_told_while_other_pages_are_read() -> None:
    refused = Seen(f"{URL}/2", read_at=NOW, problem=REFUSAL.line())
    succeed(Harvest((an_entry(),), seen=(SEEN, refused)))
    assert line()["error"] == REFUSAL.line()


def test_a_folder_that_is_whole_again_tells_nothing_of_before() -> None:
    succeed(Harvest((), (REFUSAL,)))
    succeed(Harvest(unchanged=3, complete=True))
    assert line()["error"] is None


def test_a_line_is_one_line_whatever_a_source_holds() -> None:
    refusals = [Refusal(f"entry {n}", "a\x00b\nc\u202e", "Mend it") for n in range(50)]
    succeed(Harvest((), tuple(refusals), notes=("moved\x00\nfor good",)))
    told = line()["error"].splitlines()
    assert (len(told), told[-1]) == (21, "30 more are refused")
    assert line()["notes"] == ["moved  for good"]


def test_the_next_try_is_the_first_slot_of_the_schedule_after_the_rest() -> None:
    at = NOW.replace(minute=10)
    assert line(now=at)["next_try"] == at.replace(minute=0).isoformat().replace(
        f"T{at.hour:02}", f"T{at.hour + 1:02}"
    )
    for _ in range(3):
        fail(now=at)
    rests_until = at + timedelta(hours=1)
    shown = datetime.fromisoformat(line(now=at)["next_try"])
    assert shown == rests_until.replace(minute=0) + timedelta(hours=1)
    by_hand = a_site().model_copy(update={"schedule": a_config(schedule={"gather": None}).schedule})
    assert datetime.fromisoformat(line(by_hand, now=at)["next_try"]) == rests_until


def test_looking_writes_nothing() -> None:
    assert line()["last_check"] is None
    assert not SourceState.objects.exists()
