"""Law 1: a summary goes into exactly one issue per audience, and a ledger entry says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.selection import Candidate, Room, Window, place_articles, place_items
from digest.values import Fact, Placing
from tests.builders import NOW, a_summary, an_evidence

ZONE = ZoneInfo("America/New_York")
WINDOW = Window(NOW - timedelta(days=31), NOW, True, ZONE)
LATER = Window(NOW - timedelta(days=31), NOW, False, ZONE)
ROOM = Room(max_items=40, max_per_theme=8)
ORDER = ["symptoms", "safety"]


def a_candidate(slug: str = "walk", **changes: Any) -> Candidate:
    published = changes.pop("published_at", NOW - timedelta(days=3))
    first_seen = changes.pop("first_seen", NOW)
    summary = a_summary(slug=slug, published_at=published, first_seen=first_seen)
    return Candidate(
        **{"summary": summary, "theme": "symptoms", "evidence": an_evidence(), **changes}
    )


def placed(*candidates: Candidate, window: Window = WINDOW, room: Room = ROOM) -> list[Placing]:
    return place_items(candidates, "patient", window, room, ORDER)


def one(candidate: Candidate, window: Window = WINDOW) -> Placing:
    (placing,) = placed(candidate, window=window)
    return placing


def test_a_summary_of_the_month_is_in_and_says_when_it_was_published() -> None:
    placing = one(a_candidate())
    assert (placing.state, placing.position) == ("in", 0)
    assert placing.reason == "published 18 November 2026"


def test_the_first_issue_leaves_out_what_is_older_than_its_window() -> None:
    placing = one(a_candidate(published_at=NOW - timedelta(days=40)))
    assert placing.state == "left out"
    assert "before the first issue's window" in placing.reason


def test_a_later_issue_takes_a_late_arrival_with_an_old_date() -> None:
    placing = one(a_candidate(published_at=NOW - timedelta(days=400)), window=LATER)
    assert placing.state == "in"
    assert placing.reason.startswith("arrived late: published 17 October 2025")


def test_a_future_date_waits_and_says_so() -> None:
    placing = one(a_candidate(published_at=datetime(2026, 12, 31, 5, tzinfo=UTC)))
    assert (placing.state, placing.position) == ("held", -1)
    assert placing.reason == "published 31 December 2026, after the cut-off"


def test_the_cut_off_itself_is_still_in() -> None:
    assert one(a_candidate(published_at=NOW)).state == "in"
    assert one(a_candidate(published_at=NOW + timedelta(seconds=1))).state == "held"


def test_an_undated_summary_asks_the_editor_or_counts_from_when_it_was_seen() -> None:
    asking = one(a_candidate(published_at=None, asks_for_date=True))
    assert asking.state == "held"
    assert "states no date" in asking.reason
    seen = one(a_candidate(published_at=None, first_seen=NOW - timedelta(days=1)))
    assert seen.state == "in"
    assert seen.reason == "states no date; first seen 20 November 2026"


def test_an_unreadable_date_asks_the_editor_and_says_why_it_is_none() -> None:
    summary = a_summary(published_at=None, date_problem="'31/31/2026' is no date.")
    reason = one(Candidate(summary, "symptoms", an_evidence(), asks_for_date=True)).reason
    assert reason == (
        "no readable date: '31/31/2026' is no date; bring it in, or give it a date at its source"
    )


def test_the_editor_decides_against_every_rule() -> None:
    old = NOW - timedelta(days=400)
    assert one(a_candidate(placing="exclude")).state == "left out"
    assert one(a_candidate(placing="hold")).state == "held"
    assert one(a_candidate(placing="bring", published_at=old)).state == "in"
    assert one(a_candidate(placing="bring", published_at=None, asks_for_date=True)).state == "in"


def test_a_theme_that_is_left_out_is_settled_once_its_day_has_come() -> None:
    def reason(candidate: Candidate) -> tuple[str, str]:
        (placing,) = place_items([candidate], "patient", WINDOW, ROOM, ORDER, ["symptoms"])
        return placing.state, placing.reason

    named = "audiences.patient.leave_out names its theme, symptoms"
    assert reason(a_candidate()) == ("left out", named)
    assert reason(a_candidate(times_held=2)) == ("left out", named)
    assert reason(a_candidate(theme="safety"))[0] == "in"
    assert reason(a_candidate(placing="bring")) == ("in", "brought in by the editor")
    assert reason(a_candidate(placing="hold")) == ("held", "held over by the editor")
    assert reason(a_candidate(published_at=NOW + timedelta(days=1)))[0] == "held"
    assert reason(a_candidate(asks_for_date=True, published_at=None))[0] == "held"


def test_a_full_theme_holds_the_weakest_over_with_that_reason() -> None:
    trial = an_evidence(kind=Fact("trial", "x"))
    lab = an_evidence(kind=Fact("lab", "x"))
    placings = placed(
        a_candidate("mice", evidence=lab),
        a_candidate("trial", evidence=trial),
        room=Room(max_items=40, max_per_theme=1),
    )
    states = {p.slug: (p.state, p.reason) for p in placings}
    assert states["trial"][0] == "in"
    assert states["mice"] == ("held", "no room: 1 a theme at most")


def test_a_full_issue_holds_the_rest_over_with_that_reason() -> None:
    placings = placed(
        a_candidate("a", theme="symptoms"),
        a_candidate("b", theme="safety"),
        room=Room(max_items=1, max_per_theme=8),
    )
    assert sorted(p.state for p in placings) == ["held", "in"]
    assert {p.reason for p in placings if p.state == "held"} == {"no room: 1 an issue at most"}


def test_nothing_is_held_over_for_want_of_room_more_than_twice() -> None:
    weak = an_evidence(kind=Fact("lab", "x"))
    placings = placed(
        a_candidate("patient-one", evidence=weak, times_held=2),
        a_candidate("strong"),
        room=Room(max_items=1, max_per_theme=1),
    )
    reasons = {p.slug: p.reason for p in placings if p.state == "in"}
    assert reasons == {"patient-one": "held over 2 times, so it goes in now"}


def test_reading_order_is_the_audiences_themes_then_strength_then_newest() -> None:
    trial = an_evidence(kind=Fact("trial", "x"))
    placings = placed(
        a_candidate("other", theme="zebra"),
        a_candidate("safety", theme="safety"),
        a_candidate("older", published_at=NOW - timedelta(days=9)),
        a_candidate("newer"),
        a_candidate("trial", evidence=trial, published_at=NOW - timedelta(days=20)),
    )
    order = [p.slug for p in sorted(placings, key=lambda p: p.position)]
    assert order == ["trial", "newer", "older", "safety", "other"]


def test_a_protocol_without_results_stands_last_in_its_theme() -> None:
    protocol = an_evidence(kind=Fact("trial", "x"), results=Fact(False, "No results yet."))
    placings = placed(a_candidate("plan", evidence=protocol), a_candidate("study"))
    assert [p.slug for p in sorted(placings, key=lambda p: p.position)] == ["study", "plan"]


def test_articles_take_no_room_and_can_be_left_out_by_config() -> None:
    article = Candidate(a_summary(slug="round-up", kind="article"))
    (linked,) = place_articles([article], "patient", WINDOW, linked=True)
    (left,) = place_articles([article], "patient", WINDOW, linked=False)
    assert (linked.state, linked.position) == ("in", 0)
    assert (left.state, left.reason) == ("left out", "articles are left out by the configuration")


def test_articles_stand_newest_first() -> None:
    articles = [
        Candidate(a_summary(slug=slug, kind="article", published_at=NOW - timedelta(days=days)))
        for slug, days in (("older", 9), ("newer", 2))
    ]
    made = place_articles(articles, "patient", WINDOW, linked=True)
    assert [placing.slug for placing in made] == ["newer", "older"]


def test_what_must_go_in_counts_against_the_room_of_its_theme() -> None:
    brought = a_candidate("brought", placing="bring")
    made = placed(brought, a_candidate("other"), room=Room(max_items=9, max_per_theme=1))
    assert {placing.slug: placing.state for placing in made} == {"brought": "in", "other": "held"}


candidates = st.builds(
    a_candidate,
    slug=st.uuids().map(str),
    published_at=st.none() | st.integers(-700, 60).map(lambda days: NOW + timedelta(days=days)),
    theme=st.sampled_from(["symptoms", "safety", "life"]),
    asks_for_date=st.booleans(),
    times_held=st.integers(0, 3),
    placing=st.sampled_from(["", "exclude", "hold", "bring"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(candidates, max_size=30), st.integers(1, 10), st.integers(1, 4))
def test_every_candidate_gets_exactly_one_placing_with_a_reason(
    some: list[Candidate], max_items: int, max_per_theme: int
) -> None:
    placings = placed(*some, room=Room(max_items, max_per_theme))
    assert sorted(p.slug for p in placings) == sorted(c.summary.slug for c in some)
    assert all(p.reason for p in placings)
    ins = sorted(p.position for p in placings if p.state == "in")
    assert ins == list(range(len(ins)))
    assert all(p.position == -1 for p in placings if p.state != "in")
    free = [c for c in some if not c.must_go_in]
    free_in = {p.slug for p in placings if p.state == "in"} & {c.summary.slug for c in free}
    assert len(free_in) <= max_items
