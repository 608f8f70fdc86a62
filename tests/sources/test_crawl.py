"""One visit of a site: where it leads, how far, how much of it, and what goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.sources.kind import Answer
from digest.values import Seen
from tests.sources.sites import (
    LIST,
    SITE,
    Visits,
    a_card,
    a_listing,
    a_site,
    a_sitemap,
    a_source,
    an_article,
    titles,
    view,
)
from tests.sources.webs import NOW, FakeWeb

# ── where it leads ────────────────────────────────────────────────────────────────────────


def test_the_newest_comes_first_and_a_card_dates_what_states_no_date() -> None:
    visits = Visits(a_site())
    harvested = visits.at()
    assert titles(harvested) == ["Study 2", "Study 1", "Study 3"]
    dates = [entry.published_at and entry.published_at.day for entry in harvested.entries]
    assert dates == [9, 2, 9]
    assert [entry.place for entry in harvested.entries] == [view(2), view(1), view(3)]
    assert [entry.url for entry in harvested.entries] == [view(2), view(1), view(3)]


@pytest.mark.parametrize(("depth", "most"), [(0, 2), (1, 3), (2, 4)])
def test_cards_lead_as_many_steps_as_depth_allows(depth: int, most: int) -> None:
    visits = Visits(a_site(), a_source(depth=depth))
    assert len(visits.at().entries) == most
    for day in range(3, 100, 30):  # the steps are remembered: no visit goes farther
        visits.at(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day))
        assert len([seen for seen in visits.seen.values() if seen.far]) == most


def test_a_calendar_without_end_ends() -> None:
    class Calendar(FakeWeb):
        def get(self, url: str, *, accept: str, seen: Seen | None = None, **how: bool) -> Answer:
            n = int(url.rsplit("/", 1)[1]) if "/view/" in url else 0
            self.pages[url] = an_article(n, cards=[a_card(n + 1, "10/1/2026")])
            return super().get(url, accept=accept, seen=seen)

    visits = Visits(Calendar({}), a_source(depth=2))
    for day in range(5):
        visits.at(datetime(2026, 11, 1 + 2 * day, tzinfo=UTC))
        assert len(visits.asked) <= 4
    assert max(seen.far for seen in visits.seen.values()) == 3


def test_listings_without_end_take_half_the_budget() -> None:
    class Listings(FakeWeb):
        def get(self, url: str, *, accept: str, seen: Seen | None = None, **how: bool) -> Answer:
            n = int(url.partition("page=")[2] or 0)
            self.pages[url] = (
                an_article(url) if "/view/" in url else a_listing(a_card(n), after=f"?page={n + 1}")
            )
            return super().get(url, accept=accept, seen=seen)

    visits = Visits(Listings({}), a_source(most_pages=10))
    harvested = visits.at()
    assert len([url for url in visits.asked if "/view/" not in url]) == 5
    assert len(harvested.entries) == 5
    assert harvested.notes == ("1 more page is read at the next visit",)
    visits.at()
    assert f"{LIST}?page=5" in visits.asked


def test_a_listing_without_end_is_followed_no_farther_than_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digest.sources.crawl.MOST_LISTINGS", 3)

    class Listings(FakeWeb):
        def get(self, url: str, *, accept: str, seen: Seen | None = None, **how: bool) -> Answer:
            n = int(url.partition("page=")[2] or 0)
            self.pages[url] = a_listing(a_card(1), after=f"?page={n + 1}")
            return super().get(url, accept=accept, seen=seen)

    visits = Visits(Listings({}), a_source(most_pages=10))
    for day in range(5):
        visits.at(NOW + timedelta(days=day))
    assert len([seen for seen in visits.seen.values() if seen.far == 0]) <= 4


def test_the_next_listings_are_followed_and_old_ones_left_alone_when_nothing_is_new() -> None:
    web = a_site(
        **{
            LIST: a_listing(a_card(1), after="?page=2"),
            f"{LIST}?page=2": a_listing(a_card(2), after="?page=3"),
            f"{LIST}?page=3": a_listing(a_card(4, "8/8/2026")),
        }
    )
    visits = Visits(web, a_source(depth=0))
    assert sorted(titles(visits.at())) == ["Study 1", "Study 2", "Study 4"]
    web.pages[LIST] = a_listing(a_card(1), "<p>Banner</p>", after="?page=2")
    visits.at()
    assert visits.asked == [LIST]
    web.pages[LIST] = a_listing(a_card(3), after="?page=2")
    assert titles(visits.at()) == ["Study 3"]
    assert visits.asked == [LIST, f"{LIST}?page=2", view(3)]


def test_a_page_that_a_listing_names_later_leads_on_by_its_cards() -> None:
    visits = Visits(a_site())
    visits.at()
    assert visits.seen[view(3)].far == 2
    visits.web.pages[LIST] = a_listing(a_card(3))
    assert titles(visits.at()) == ["Study 3", "Study 4"]
    assert (visits.seen[view(3)].far, visits.seen[view(4)].far) == (1, 2)


def test_a_listing_that_names_itself_in_another_form_is_read_once() -> None:
    web = FakeWeb({url: a_listing(a_card(1), after="/") for url in (SITE, f"{SITE}/")})
    visits = Visits(web, a_source(start=(SITE,)))
    visits.at()
    assert visits.asked == [SITE, view(1)]


def test_a_sitemap_index_leads_to_sitemaps_of_the_site_only() -> None:
    index = (
        f"<sitemapindex><sitemap><loc>{SITE}/s1.xml</loc></sitemap>"
        "<sitemap><loc>https://elsewhere.example/s2.xml</loc></sitemap></sitemapindex>"
    )
    web = a_site(
        **{
            f"{SITE}/sitemap.xml": index,
            f"{SITE}/s1.xml": a_sitemap((view(2), "2026-10-09"), (f"{SITE}/about", "2026-10-09")),
        }
    )
    visits = Visits(web, a_source(start=(f"{SITE}/sitemap.xml",)))
    harvested = visits.at()
    assert visits.asked == [f"{SITE}/sitemap.xml", f"{SITE}/s1.xml", view(2)]
    assert harvested.entries[0].published_at is None  # lastmod is no date of publication
    web.pages[f"{SITE}/s1.xml"] = a_sitemap((view(2), "2026-10-09"), (view(4), "2026-10-10"))
    assert titles(visits.at()) == ["Study 4"]  # though its index is as it was


def test_the_sitemaps_of_a_large_index_take_turns() -> None:
    parts = [f"{SITE}/s{n}.xml" for n in range(7)]
    index = "".join(f"<sitemap><loc>{part}</loc></sitemap>" for part in parts)
    web = FakeWeb({f"{SITE}/map.xml": f"<sitemapindex>{index}</sitemapindex>"})
    web.pages |= {part: a_sitemap((view(n), "2026-10-01")) for n, part in enumerate(parts)}
    web.pages |= {view(n): an_article(n) for n in range(7)}
    visits = Visits(web, a_source(start=(f"{SITE}/map.xml",), most_pages=8))
    asked, found = list[str](), list[str]()
    for hour in range(5):
        found += titles(visits.at(NOW + timedelta(hours=hour)))
        asked += [url for url in visits.asked if url in parts]
        assert len(visits.asked) <= 8
    assert sorted(found) == [f"Study {n}" for n in range(7)]
    assert asked[:7] == parts  # three at each visit
    assert asked[7:13] == parts[:6]  # then the one read the longest ago
    assert all(visits.seen[part].body_hash for part in parts)


@pytest.mark.parametrize("date", ["x\n\x01" * 50_000 + "2026", "0001-01-01", "2062-01-01"])
def test_a_senseless_date_is_kept_short_and_asks_the_editor(date: str) -> None:
    web = a_site(**{LIST: a_listing(a_card(1)), view(1): an_article(1, date=date)})
    visits = Visits(web, a_source(depth=0))
    (entry,) = visits.at().entries
    assert entry.published_at is None
    assert entry.date_problem
    assert len(visits.seen[view(1)].dated) <= 80
    assert visits.seen[view(1)].dated.isprintable()


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/news/view/9", "//evil.example/news/view/9",
        "javascript:'/news/view/'", "data:text/html,/news/view/9", "file:///news/view/9",
        "https://u@news.example.org/news/view/9",
        "java\tscript:/news/view/9", "https://news.example.org.evil.example/news/view/9",
        "https://news.example.org:8443/news/view/9", "http://[::1/news/view/9",
    ],
)  # fmt: skip
def test_no_other_site_is_ever_asked(href: str) -> None:
    link = f'<div class=card><a href="{href}">Read More</a></div>'
    web = a_site(
        **{LIST: a_listing(a_card(2), link, after=href), view(2): an_article(2, more=link)}
    )
    visits = Visits(web)
    harvested = visits.at()
    assert visits.asked == [LIST, view(2)]
    assert harvested.refusals == ()


def test_an_article_that_leads_to_another_site_is_refused() -> None:
    away = Answer(url="https://evil.example/", content=b"<p>x", seen=Seen(view(2)))
    web = a_site()
    web.pages[view(2)] = away
    (refusal,) = Visits(web).at().refusals
    assert (refusal.place, refusal.problem) == (view(2), "leads to another site")


def test_a_next_listing_that_leads_to_another_site_is_refused() -> None:
    web = a_site(**{LIST: a_listing(a_card(2), after="?page=2")})
    away = a_listing("<a href='/news/view/9'>T</a>").encode()
    web.pages[f"{LIST}?page=2"] = Answer(
        url="https://evil.example/", content=away, seen=Seen(f"{LIST}?page=2")
    )
    visits = Visits(web)
    harvested = visits.at()
    assert [refusal.place for refusal in harvested.refusals] == [f"{LIST}?page=2"]
    assert visits.asked == [LIST, f"{LIST}?page=2", view(2)]


def test_a_start_may_move_and_its_new_host_is_the_site() -> None:
    web = a_site()
    moved = "https://studies.example.org/news"
    web.pages[LIST] = Answer(
        url=moved, content=a_listing(a_card(1)).encode(), seen=Seen(LIST, moved_to=moved)
    )
    web.pages["https://studies.example.org/news/view/1"] = an_article(1)
    harvested = Visits(web, a_source(depth=0)).at()
    assert titles(harvested) == ["Study 1"]
    assert harvested.notes == (f"{LIST} moved for good to {moved}: correct `start`",)


def test_a_page_cannot_pass_for_another_sites_or_for_the_listing() -> None:
    for stated in ("https://other.example/news/view/1", LIST, f"{SITE}/"):
        head = f"<link rel=canonical href='{stated}'>"
        web = a_site(**{LIST: a_listing(a_card(1)), view(1): head + an_article(1)})
        assert Visits(web).at().entries[0].url == view(1)
    head = "<link rel=canonical href='/news/view/one?utm_medium=x'>"
    web = a_site(**{LIST: a_listing(a_card(1), a_card(2)), view(1): head + an_article(1)})
    web.pages[view(2)] = head + an_article(2)
    assert [entry.url for entry in Visits(web).at().entries] == [view("one")]


# ── how much ──────────────────────────────────────────────────────────────────────────────


def test_what_the_budget_leaves_over_is_read_at_the_next_visits() -> None:
    web = FakeWeb({LIST: a_listing(*(a_card(n, f"10/{n}/2026") for n in range(1, 8)))})
    web.pages |= {view(n): an_article(n, cards=[a_card(n + 10, "9/1/2026")]) for n in range(1, 8)}
    web.pages |= {view(n + 10): an_article(n + 10) for n in range(1, 8)}
    visits = Visits(web, a_source(most_pages=6))
    first = visits.at()
    assert titles(first) == [f"Study {n}" for n in (7, 6, 5, 4, 3)]
    assert first.notes == ("7 more pages are read at the next visit",)
    found = set(titles(first))
    for _ in range(2):  # the listing is as it was: what waits is remembered
        found |= set(titles(visits.at()))
        assert len(visits.asked) == 6 - (len(found) == 14)
    assert len(found) == 14
    assert visits.at().unchanged == 14


def test_every_page_is_asked_for_with_robots_txt_in_mind() -> None:
    visits = Visits(a_site())
    visits.at()
    assert visits.web.obeying == visits.asked


def test_when_the_time_of_the_visit_is_up_the_rest_waits() -> None:
    web = a_site()
    web.most_requests = 2  # the listing and one article
    visits = Visits(web)
    assert titles(visits.at()) == ["Study 2"]
    assert len(web.asked) == 2
    web.most_requests = None
    assert "Study 1" in titles(visits.at())
