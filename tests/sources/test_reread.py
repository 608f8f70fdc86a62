"""When a page is read again: over several visits of one site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import SourceError
from digest.sources.reread import Due, due
from digest.values import Seen
from tests.sources.samples import ZONE
from tests.sources.sites import (
    LIST,
    SITE,
    Visits,
    a_card,
    a_listing,
    a_sitemap,
    a_source,
    an_article,
    titles,
    view,
)
from tests.sources.webs import NOW, FakeWeb

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
MAP = f"{SITE}/sitemap.xml"


def visited(date: str = "2026-10-20", card: str = "") -> Visits:
    """A site of one article that was read at NOW."""
    web = FakeWeb({LIST: a_listing(a_card(1, card)), view(1): an_article(1, date=date)})
    visits = Visits(web)
    assert titles(visits.at()) == ["Study 1"]
    return visits


def test_two_hours_later_only_the_listing_is_asked() -> None:
    visits = visited()
    harvested = visits.at(NOW + 2 * HOURS)
    assert visits.asked == [LIST]
    assert (harvested.entries, harvested.unchanged, harvested.notes) == ((), 1, ())


@pytest.mark.parametrize(
    ("date", "days", "asked"),
    [
        ("2026-10-20", 2, True),  # young
        ("2026-08-20", 2, False),
        ("2026-08-20", 29, False),
        ("2026-08-20", 30, True),
        ("", 2, False),  # no date: its age is not known
        ("", 7, True),
        ("2062-01-01", 1, True),
    ],
)
def test_a_page_is_asked_again_by_its_age(date: str, days: int, asked: bool) -> None:
    visits = visited(date)
    harvested = visits.at(NOW + days * DAYS)
    assert visits.asked == [LIST, view(1)][: 1 + asked]
    assert (harvested.entries, harvested.unchanged) == ((), 1)
    assert (visits.seen[view(1)].read_at == NOW) != asked


def test_an_edited_page_comes_again_and_keeps_the_date_of_its_card() -> None:
    visits = visited("", card="10/20/2026")
    visits.web.pages[view(1)] = an_article("1, edited")
    visits.web.pages[LIST] = a_listing(a_card(1))  # the listing has forgotten the date
    (entry,) = visits.at(NOW + DAYS).entries
    assert entry.title == "Study 1, edited"
    assert entry.published_at == datetime(2026, 10, 20, 4, tzinfo=UTC)


def test_a_card_that_tells_a_date_later_dates_the_page() -> None:
    visits = visited("")
    assert visits.at(NOW + HOURS).entries == ()
    visits.web.pages[LIST] = a_listing(a_card(1, "10/30/2026"))
    (entry,) = visits.at(NOW + 2 * HOURS).entries
    assert entry.published_at == datetime(2026, 10, 30, 4, tzinfo=UTC)
    visits.web.pages[LIST] = a_listing(a_card(1, "10/31/2026"))
    assert visits.at(NOW + 3 * HOURS).entries == ()


def test_a_card_is_no_match_for_the_date_that_a_page_states() -> None:
    visits = visited("2026-10-20")
    visits.web.pages[LIST] = a_listing(a_card(1, "10/30/2026"))
    visits.at(NOW + HOURS)
    assert visits.asked == [LIST]
    visits.web.pages[view(1)] = an_article("1, edited", date="2026-10-20")
    (entry,) = visits.at(NOW + 2 * DAYS).entries
    assert entry.published_at == datetime(2026, 10, 20, 4, tzinfo=UTC)


def test_a_page_that_is_asked_before_its_card_is_read_gets_the_date_at_the_next_visit() -> None:
    web = FakeWeb({LIST: a_listing(a_card(1), a_card(2)), view(1): an_article(1)})
    web.pages[view(2)] = an_article(2, date="2026-10-01")
    visits = Visits(web)
    visits.at()
    web.pages[view(2)] = an_article(2, date="2026-10-01", cards=[a_card(1, "9/9/2026")])
    told = visits.at(NOW + 7 * DAYS).entries + visits.at(NOW + 8 * DAYS).entries
    assert [e.published_at and e.published_at.day for e in told if e.title == "Study 1"] == [9]


def test_a_later_lastmod_has_the_page_read_again() -> None:
    web = FakeWeb({MAP: a_sitemap((view(1), "2026-11-01T10:00:00Z")), view(1): an_article(1)})
    visits = Visits(web, a_source(start=(MAP,)))
    visits.at()
    web.pages[MAP] = a_sitemap((view(1), "2026-11-01T15:00:00Z"))
    web.pages[view(1)] = an_article("1, edited")
    assert titles(visits.at(NOW + 2 * HOURS)) == ["Study 1, edited"]
    visits.at(NOW + 3 * HOURS)
    assert visits.asked == [MAP]


def test_a_lastmod_that_the_budget_put_off_is_not_forgotten() -> None:
    pages = [(view(n), "2026-10-01") for n in range(3)]
    web = FakeWeb({MAP: a_sitemap(*pages), **{view(n): an_article(n) for n in range(3)}})
    visits = Visits(web, a_source(start=(MAP,), most_pages=4))
    visits.at()
    visits.source = a_source(start=(MAP,), most_pages=2)
    web.pages[MAP] = a_sitemap(*((url, "2026-11-01T15:00:00Z") for url, _ in pages))
    web.pages |= {view(n): an_article(f"{n}, edited") for n in range(3)}
    first = visits.at(NOW + 2 * HOURS)
    assert (len(first.entries), first.unchanged) == (1, 2)
    assert first.notes == ("2 more pages are read at the next visit",)
    assert len(visits.at(NOW + 3 * HOURS).entries) == 1
    assert len(visits.at(NOW + 4 * HOURS).entries) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_told_and_nothing_is_lost(status: int) -> None:
    visits = visited()
    visits.web.pages[view(1)] = SourceError("is gone", where=view(1), status=status)
    harvested = visits.at(NOW + 2 * DAYS)
    assert (harvested.refusals, harvested.unchanged) == ((), 0)
    assert harvested.notes[0].startswith("1 page read earlier cannot be found any more")
    visits.at(NOW + 2 * DAYS + HOURS)
    assert visits.asked == [LIST]
    visits.web.pages[view(1)] = an_article(1, date="2026-10-20")
    assert titles(visits.at(NOW + 40 * DAYS)) == ["Study 1"]


def test_a_page_that_fails_for_now_stays_as_it_was() -> None:
    visits = visited()
    visits.web.pages[view(1)] = SourceError("did not answer", temporary=True)
    assert visits.at(NOW + 2 * DAYS).unchanged == 1
    visits.at(NOW + 2 * DAYS + HOURS)
    assert visits.asked == [LIST, view(1)]


def test_pages_found_earlier_are_read_again_though_no_listing_names_them() -> None:
    visits = visited()
    visits.web.pages[LIST] = a_listing(a_card(2))
    visits.web.pages |= {view(1): an_article("1, edited"), view(2): an_article(2)}
    assert titles(visits.at(NOW + 2 * DAYS)) == ["Study 2", "Study 1, edited"]


@pytest.mark.parametrize(
    ("changed", "hours", "verdict"),
    [
        ("2026-11-01", 1, Due.NOT),  # all that day, and the day is not over
        ("2026-11-01", 15, Due.CHANGED),  # midnight of New York has passed
        ("2026-10-31", 15, Due.NOT),
        ("2026-11-01T13:59:59Z", 1, Due.NOT),
        ("2026-11-01T14:00:01Z", 1, Due.CHANGED),
        ("2026-11-09", 15, Due.NOT),  # that is yet to come
        ("soon", 15, Due.NOT),
        ("", 15, Due.NOT),
    ],
)
def test_lastmod_is_an_instant_or_a_whole_day(changed: str, hours: int, verdict: Due) -> None:
    seen = Seen(view(1), body_hash="a", read_at=NOW, dated="2026-10-30", far=1)
    assert due(seen, NOW + hours * HOURS, ZONE, told="", changed=changed) is verdict


def test_a_page_that_could_not_be_understood_is_read_whole_when_its_turn_comes() -> None:
    web = FakeWeb({LIST: a_listing(a_card(1)), view(1): "<p>"})
    visits = Visits(web)
    assert len(visits.at().refusals) == 1
    web.pages[LIST] = a_listing(a_card(1), a_card(1))
    assert visits.at(NOW + 6 * DAYS).refusals == ()
    assert len(visits.at(NOW + 7 * DAYS).refusals) == 1  # not "unchanged": it is wrong still
