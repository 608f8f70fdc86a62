"""Every listing and every article gets its turn, however few pages a visit may read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from digest.errors import SourceError
from digest.sources.kind import Answer
from digest.values import Seen
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


def a_site_of(pages: int) -> FakeWeb:
    """Listings of one article each, one after the other."""
    urls = [LIST, *(f"{LIST}?page={n}" for n in range(2, pages + 1))]
    web = FakeWeb({view(n): an_article(n) for n in range(1, pages + 1)})
    for n, url in enumerate(urls, start=1):
        after = f"?page={n + 1}" if n < pages else ""
        web.pages[url] = a_listing(a_card(n, f"10/{n}/2026"), after=after)
    return web


@pytest.mark.parametrize(("most_pages", "visits_needed"), [(1, 19), (2, 8), (3, 5), (4, 4), (9, 2)])
def test_every_listing_that_waits_is_read_in_the_end(most_pages: int, visits_needed: int) -> None:
    visits = Visits(a_site_of(5), a_source(most_pages=most_pages, depth=0))
    found: list[str] = []
    for hour in range(visits_needed):
        found += titles(visits.at(NOW + timedelta(hours=hour)))
        assert len(visits.asked) <= most_pages
    assert sorted(found) == [f"Study {n}" for n in range(1, 6)]
    visits.web.pages[LIST] = a_listing(a_card(6))
    visits.web.pages[view(6)] = an_article(6)
    after = [visits.at(NOW + timedelta(hours=20 + hour)) for hour in range(3)]
    assert "Study 6" in [title for harvested in after for title in titles(harvested)]


@pytest.mark.parametrize("most_pages", [2, 3, 4])
def test_a_listing_that_waits_is_read_though_new_articles_never_end(most_pages: int) -> None:
    class Busy(FakeWeb):
        def get(self, url: str, **asked: Any) -> Answer:
            if "/view/" in url:
                self.pages[url] = an_article(url[-9:])
            return super().get(url, **asked)

    web, asked, found = Busy({f"{LIST}?page=2": a_listing(a_card("old"))}), [""] * 0, [""] * 0
    visits = Visits(web, a_source(most_pages=most_pages, depth=0))
    for hour in range(8):
        new = [a_card(f"{hour}-{n}") for n in range(5)]
        web.pages[LIST] = a_listing(*new, after="?page=2")
        found += titles(visits.at(NOW + timedelta(hours=hour)))
        asked += visits.asked
    assert f"{LIST}?page=2" in asked
    assert asked.count(LIST) > 2
    assert len(found) > 2


def test_what_the_articles_leave_over_goes_to_listings() -> None:
    visits = Visits(a_site_of(5), a_source(most_pages=20, depth=0))
    assert len(titles(visits.at())) == 5
    visits = Visits(a_site_of(5), a_source(most_pages=6, depth=0))
    first = visits.at()
    assert len(visits.asked) == 6
    assert titles(first) == ["Study 3", "Study 2", "Study 1"]
    assert first.notes == ("1 more page is read at the next visit",)
    assert titles(visits.at()) == ["Study 5", "Study 4"]


def test_as_many_starts_as_pages_leave_room_for_an_article() -> None:
    starts = tuple(f"{SITE}/{name}" for name in "abcde")
    web = FakeWeb({url: a_listing(a_card(url[-1])) for url in starts})
    web.pages |= {view(url[-1]): an_article(url[-1]) for url in starts}
    visits = Visits(web, a_source(start=starts, most_pages=3))
    found, asked = set[str](), set[str]()
    for hour in range(6):
        found |= set(titles(visits.at(NOW + timedelta(hours=hour))))
        asked |= set(visits.asked)
    assert found == {f"Study {url[-1]}" for url in starts}
    assert asked >= set(starts)


def test_starts_that_fail_do_not_stand_in_the_way_of_the_others() -> None:
    starts = tuple(f"{SITE}/{name}" for name in "abcde")
    web = FakeWeb({starts[4]: a_listing(a_card(1)), view(1): an_article(1)})
    visits = Visits(web, a_source(start=starts, most_pages=3))
    found = [titles(visits.at(NOW + timedelta(hours=hour))) for hour in range(4)]
    assert ["Study 1"] in found


def test_a_listing_that_fails_is_tried_after_those_that_wait() -> None:
    web = a_site_of(4)
    down = SourceError("the site did not answer", where=LIST, mend="Wait", temporary=True)
    page_2, web.pages[f"{LIST}?page=2"] = web.pages[f"{LIST}?page=2"], down
    web.pages[LIST] = a_listing(a_card(1), after="?page=2")
    visits = Visits(web, a_source(most_pages=3, depth=0, start=(LIST, f"{LIST}?page=3")))
    harvested = [visits.at(NOW + timedelta(hours=hour)) for hour in range(5)]
    assert {"Study 1", "Study 3", "Study 4"} == {t for one in harvested for t in titles(one)}
    assert "did not answer" in visits.seen[f"{LIST}?page=2"].problem
    web.pages[f"{LIST}?page=2"] = page_2
    again = [visits.at(NOW + timedelta(hours=5 + hour)) for hour in range(2)]
    assert "Study 2" in [title for one in again for title in titles(one)]
    assert visits.seen[f"{LIST}?page=2"].problem == ""


# ── a listing is no article ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("start", [SITE, f"{SITE}/"])
def test_neither_a_start_nor_a_listing_is_an_article(start: str) -> None:
    links = "<a href='/'>Home</a><a href='/index.html'>News</a><a href='/2'>2</a>"
    home, older = a_listing(links, a_card(1), after="/2"), a_listing(links, a_card(2), after="/")
    web = FakeWeb({start: home, f"{SITE}/index.html": home, f"{SITE}/2": older})
    web.pages |= {view(n): an_article(n, more="<a href='/'>Home</a>") for n in (1, 2)}
    visits = Visits(web, a_source(start=(start,), article="/"))
    first = visits.at()
    assert sorted(titles(first)) == ["Study 1", "Study 2"]
    assert first.refusals == ()
    for day in (1, 8, 60):
        assert visits.at(NOW + timedelta(days=day)).refusals == ()


def test_a_page_that_shows_the_listing_for_a_while_is_an_article_again() -> None:
    listing = a_listing(a_card(1, "10/30/2026"), a_card(2))
    visits = Visits(FakeWeb({LIST: listing, view(1): listing, view(2): an_article(2)}))
    first = visits.at()
    assert (titles(first), first.refusals) == (["Study 2"], ())
    visits.web.pages[view(1)] = an_article(1)
    assert "Study 1" in titles(visits.at(NOW + timedelta(days=2)))


def test_a_sitemap_that_fails_is_tried_when_its_turn_comes_again() -> None:
    maps = [f"{SITE}/s{n}.xml" for n in range(4)]
    index = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in maps)
    web = FakeWeb({f"{SITE}/map.xml": f"<sitemapindex>{index}</sitemapindex>"})
    web.pages |= {one: a_sitemap((view(n), "2026-10-01")) for n, one in enumerate(maps)}
    web.pages |= {view(n): an_article(n) for n in range(4)}
    web.pages[maps[0]] = SourceError("no answer", where=maps[0], mend="Wait", temporary=True)
    visits = Visits(web, a_source(start=(f"{SITE}/map.xml",), most_pages=3))
    found = {t for hour in range(8) for t in titles(visits.at(NOW + timedelta(hours=hour)))}
    assert found == {"Study 1", "Study 2", "Study 3"}
    web.pages[maps[0]] = a_sitemap((view(0), "2026-10-01"))
    later = [visits.at(NOW + timedelta(hours=8 + hour)) for hour in range(4)]
    assert "Study 0" in [title for one in later for title in titles(one)]


# ── what stays refused ────────────────────────────────────────────────────────────────────


def test_a_refused_page_is_told_until_it_is_mended_and_asked_when_it_is_due() -> None:
    web = FakeWeb({LIST: a_listing(a_card(1, "10/30/2026")), view(1): "<html><p>x</p></html>"})
    visits = Visits(web)
    (refusal,) = visits.at().refusals
    for hour in (1, 2):
        still = visits.at(NOW + timedelta(hours=hour))
        assert visits.asked == [LIST]
        assert (still.refusals, still.still) == ((), (refusal.line(),))
    web.pages[view(1)] = an_article(1)
    assert titles(visits.at(NOW + timedelta(hours=3), insist=True)) == ["Study 1"]
    assert visits.at(NOW + timedelta(hours=4)).still == ()


def test_a_page_that_was_never_there_is_refused_each_time_it_is_tried() -> None:
    visits = Visits(FakeWeb({LIST: a_listing(a_card(1))}))
    first = visits.at()
    again = visits.at(NOW + timedelta(hours=1), insist=True)
    assert visits.asked == [LIST, view(1)]
    assert again.refusals == first.refusals != ()
    assert again.notes == ()


def test_a_refused_page_whose_turn_does_not_come_is_told_all_the_same() -> None:
    web = FakeWeb({LIST: a_listing(a_card(1)), view(1): "<html></html>"})
    visits = Visits(web, a_source(most_pages=2))
    visits.at()
    web.pages[LIST] = a_listing(a_card(1), a_card(2), a_card(3))
    web.pages |= {view(n): an_article(n) for n in (2, 3)}
    assert visits.at(NOW + timedelta(days=40), insist=True).still


def test_a_page_lacks_nothing_that_a_selector_could_not_name() -> None:
    html = "<html><main><section class=found>We found it.</section></main></html>"
    web = FakeWeb({LIST: a_listing(a_card(1)), view(1): html})
    (refusal,) = Visits(web).at().refusals
    assert refusal.line() == (
        f"{view(1)}: has no headline. Name it with `fields.headline` of this source"
    )


def test_a_start_that_was_left_out_this_time_still_tells_where_the_site_is() -> None:
    away = "https://studies.example.org"
    found = a_listing(a_card(1), a_card(2)).encode()
    web = FakeWeb({})
    web.pages[LIST] = Answer(url=f"{away}/news", content=found, seen=Seen(LIST, moved_to=away))
    web.pages |= {f"{away}/news/view/{n}": an_article(n) for n in (1, 2)}
    visits = Visits(web, a_source(most_pages=1, depth=0))
    harvested = [visits.at(NOW + timedelta(hours=hour)) for hour in range(4)]
    assert [one.refusals for one in harvested] == [()] * 4
    assert sorted(t for one in harvested for t in titles(one)) == ["Study 1", "Study 2"]
