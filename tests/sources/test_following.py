"""Linked pages of excerpts: the first visit, nothing new, one more, edited, gone, too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import SourceError
from digest.sources import harvest
from digest.sources.kind import Answer
from digest.values import Harvest, Seen
from tests.sources.feeds import NOW, PLACE, a_source, visit_again
from tests.sources.samples import FOUND, LIMITS, TITLE, WHY, a_feed, a_page, a_text, an_item
from tests.sources.webs import FakeWeb, a_visit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEASER = "<p>A short walk may help, as a new study finds …</p>"


def excerpt(n: int, text: str = TEASER, day: int | None = None) -> str:
    return an_item(title=f"Walk {n}", text=text, n=n, date=f"{day or n} Oct 2026 09:00 GMT")


def link(n: int) -> str:
    return f"https://news.example.org/{n}"


def a_web(*numbers: int) -> FakeWeb:
    """A feed of excerpts, and their pages."""
    pages = {link(n): a_page(head="", date="") for n in numbers}
    return FakeWeb({PLACE: a_feed(*(excerpt(n) for n in numbers)), **pages})


def guids(found: Harvest) -> list[str]:
    return [entry.guid for entry in found.entries]


def now_failing(url: str, status: int | None = 500) -> SourceError:
    return SourceError("the site answered 500", where=url, status=status, temporary=True)


def test_the_page_gives_the_text_and_the_feed_what_stands_beside_it() -> None:
    (entry,) = visit_again(a_web(3), None, NOW).entries
    assert (entry.title, entry.guid, entry.url) == ("Walk 3", "tag:3", link(3))
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)
    assert entry.published_at == datetime(2026, 10, 3, 9, tzinfo=UTC)
    assert entry.doi == "10.5555/walk.2026.1"
    assert entry.place == f"{PLACE} entry 1"


def test_the_page_dates_what_the_feed_leaves_undated() -> None:
    web = FakeWeb({PLACE: a_feed(an_item(text=TEASER, date="")), link(1): a_page(head="")})
    (entry,) = visit_again(web, None, NOW).entries
    assert entry.published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)


def test_an_entry_with_its_full_text_costs_no_request() -> None:
    web = FakeWeb({PLACE: a_feed(an_item(), excerpt(2)), link(2): a_page(head="")})
    assert guids(visit_again(web, None, NOW)) == ["tag:1", "tag:2"]
    assert web.asked == [PLACE, link(2)]


def test_nothing_new_costs_one_request_and_loses_nothing() -> None:
    web = a_web(1, 2)
    first = visit_again(web, None, NOW)
    again = visit_again(web, first, NOW + HOUR)
    assert (web.asked, again.entries, again.unchanged) == ([PLACE], (), 2)
    assert again.seen == first.seen


def test_one_more_entry_costs_one_more_page() -> None:
    web = a_web(1, 2)
    first = visit_again(web, None, NOW)
    more = a_web(1, 2, 3)
    again = visit_again(more, first, NOW + HOUR)
    assert more.asked == [PLACE, link(3)]
    assert (guids(again), again.unchanged) == (["tag:3"], 2)
    assert {seen.url for seen in again.seen} == {PLACE, link(1), link(2), link(3)}


def test_other_words_in_the_feed_lead_to_the_page_again() -> None:
    web = a_web(1)
    first = visit_again(web, None, NOW)
    web.pages[PLACE] = a_feed(excerpt(1, TEASER + "<p>Corrected.</p>"))
    again = visit_again(web, first, NOW + HOUR)
    assert (web.asked, guids(again)) == ([PLACE, link(1)], ["tag:1"])


def test_an_edited_page_is_noticed_within_a_day() -> None:
    web = a_web(1, 2)
    first = visit_again(web, None, NOW)
    web.pages[link(1)] = a_page(head="", date="").replace(WHY, "Edited since.")
    assert visit_again(web, first, NOW + 23 * HOUR).entries == ()
    again = visit_again(web, first, NOW + DAY)
    assert sorted(web.asked) == [link(1), link(2), PLACE]
    assert [entry.why for entry in again.entries] == ["Edited since."]
    assert again.unchanged == 1
    after = visit_again(web, again, NOW + DAY + HOUR)
    assert (web.asked, after.unchanged) == ([PLACE], 2)


def test_the_page_of_an_old_entry_is_not_read_again() -> None:
    web = a_web(1)
    first = visit_again(web, None, NOW)
    later = visit_again(web, first, NOW + 15 * DAY)  # 45 days after 1 October at 9
    assert web.asked == [PLACE]
    assert later.unchanged == 1


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (None, "the site answered 404 Not Found"),
        ("<html><body></body></html>", "is empty"),
        (
            Answer(url=link(1), content=b"%PDF", media_type="application/pdf", seen=Seen(link(1))),
            "is no web page but application/pdf",
        ),
    ],
)
def test_a_page_that_fails_for_good_is_refused_and_asked_for_once_a_day(
    page: str | Answer | None, problem: str
) -> None:
    web = a_web(1, 2)
    web.pages.pop(link(1))
    if page is not None:
        web.pages[link(1)] = page
    first = visit_again(web, None, NOW)
    assert guids(first) == ["tag:2"]
    (refusal,) = first.refusals
    assert refusal.place == f"{PLACE} entry 1 ({link(1)})"
    assert problem in refusal.problem
    web.pages[PLACE] = a_feed(excerpt(1), excerpt(2), excerpt(3))
    again = visit_again(web, first, NOW + HOUR)
    assert link(1) not in web.asked
    assert again.unchanged == 1
    assert again.still == (refusal.line(),)
    web.pages[link(1)] = a_page(head="", date="")
    assert "tag:1" in guids(visit_again(web, first, NOW + DAY))


def test_what_is_refused_is_told_and_counted_until_it_is_mended_and_never_as_found() -> None:
    web = a_web(1, 2)
    page = web.pages.pop(link(1))
    bad = an_item(title="", text="<div class='found'>No title.</div>" + "<p>x.</p>" * 3, n=3)
    web.pages[PLACE] = a_feed(excerpt(1), excerpt(2), bad)
    first = visit_again(web, None, NOW)
    lines = {refusal.line() for refusal in first.refusals}
    assert len(lines) == 2
    assert first.still == ()
    again = visit_again(web, first, NOW + HOUR)  # not changed
    assert (web.asked, set(again.still), again.unchanged) == ([PLACE], lines, 1)
    web.pages |= {link(1): page, PLACE: a_feed(excerpt(1), excerpt(2))}
    after = visit_again(web, again, NOW + 2 * HOUR)
    assert (web.asked, len(after.still), after.unchanged) == ([PLACE], 1, 1)
    mended = visit_again(web, after, NOW + DAY + 2 * HOUR)
    assert (guids(mended), mended.still) == (["tag:1"], ())
    assert visit_again(web, mended, NOW + DAY + 3 * HOUR).unchanged == 2


def test_a_refused_page_is_tried_again_at_once_when_the_operator_insists() -> None:
    web = a_web(1, 2)
    page = web.pages.pop(link(1))
    first = visit_again(web, None, NOW)
    web.pages[link(1)] = page
    seen = {one.url: one for one in first.seen}
    web.asked.clear()
    found = harvest(a_source(), a_visit(web, seen=seen, now=NOW + HOUR, insist=True))
    assert (web.asked, guids(found), found.still) == ([PLACE, link(1)], ["tag:1"], ())
    web.asked.clear()
    seen = {one.url: one for one in found.seen}
    harvest(a_source(), a_visit(web, seen=seen, now=NOW + 2 * HOUR, insist=True))
    assert web.asked == [PLACE]


def test_a_refused_page_that_the_feed_drops_is_told_no_more() -> None:
    web = a_web(1, 2)
    web.pages.pop(link(1))
    first = visit_again(web, None, NOW)
    web.pages[PLACE] = a_feed(excerpt(2))
    dropped = visit_again(web, first, NOW + HOUR)
    assert dropped.still == ()
    assert visit_again(web, dropped, NOW + 2 * HOUR).still == ()


def test_what_is_refused_says_what_its_reader_can_do_and_when_it_is_tried_again() -> None:
    web = a_web(1)
    web.pages[link(1)] = "<html><body></body></html>"
    (refusal,) = visit_again(web, None, NOW).refusals
    mend = "Ask the publisher for the full text in the feed. It is tried again in a day"
    assert refusal.mend == mend


def test_sections_without_a_headline_have_the_title_for_one() -> None:
    sections = (
        f"<h1>Page</h1><div class='found'><h2>What was found</h2><p>{FOUND}</p></div>"
        f"<div class='why'><p>{WHY}</p></div><div class='limits'><p>{LIMITS}</p></div>"
    )
    web = a_web(1)
    web.pages[link(1)] = f"<html><body><article>{sections}</article></body></html>"
    web.pages[PLACE] = a_feed(excerpt(1), an_item(title="In the feed", text=sections, n=2))
    found = {entry.title: entry for entry in visit_again(web, None, NOW).entries}
    assert set(found) == {"In the feed", "Walk 1"}
    for title, entry in found.items():
        assert entry.headline == title
        assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)


def test_a_page_that_robots_txt_forbids_is_never_asked_for() -> None:
    web = a_web(1)
    web.forbidden = (link(1),)
    found = visit_again(web, None, NOW)
    assert web.asked == [PLACE]
    assert "robots.txt" in found.refusals[0].problem


def test_a_page_that_is_gone_later_is_told_and_what_was_read_is_kept() -> None:
    web = a_web(1)
    first = visit_again(web, None, NOW)
    web.pages.pop(link(1))
    again = visit_again(web, first, NOW + DAY)
    assert (again.entries, again.refusals, again.unchanged) == ((), (), 1)
    (note,) = again.notes
    assert note.startswith(f"{link(1)} can no longer be read; what was read before is kept (the ")
    web.pages[PLACE] = a_feed(excerpt(1), an_item(n=2))
    visit_again(web, again, NOW + DAY + HOUR)
    assert web.asked == [PLACE]


def test_a_refused_page_of_an_old_entry_is_tried_again_too() -> None:
    web = a_web(1)
    page = web.pages.pop(link(1))
    first = visit_again(web, None, NOW + 60 * DAY)
    web.pages[link(1)] = page
    assert guids(visit_again(web, first, NOW + 61 * DAY)) == ["tag:1"]


def test_the_newest_pages_come_first_and_the_rest_at_the_next_visits() -> None:
    web = a_web(1, 5, 3, 4, 2)
    first = visit_again(web, None, NOW, most_pages=2)
    assert web.asked == [PLACE, link(5), link(4)]
    assert first.notes == ("3 more linked pages are read at the next visit",)
    second = visit_again(web, first, NOW + HOUR, most_pages=2)
    assert web.asked == [PLACE, link(3), link(2)]
    assert (guids(second), second.unchanged) == (["tag:3", "tag:2"], 2)
    third = visit_again(web, second, NOW + 2 * HOUR, most_pages=2)
    assert (web.asked, guids(third), third.notes) == ([PLACE, link(1)], ["tag:1"], ())
    last = visit_again(web, third, NOW + 3 * HOUR, most_pages=2)
    assert (web.asked, last.unchanged) == ([PLACE], 5)


def test_every_page_has_its_turn_to_be_read_again() -> None:
    web = a_web(1, 2, 3)
    found = visit_again(web, None, NOW)
    asked = []
    for hours in range(24, 27):
        found = visit_again(web, found, NOW + hours * HOUR, most_pages=1)
        assert found.unchanged == 3
        asked += web.asked[1:]
    assert sorted(asked) == [link(1), link(2), link(3)]


def test_a_page_that_fails_for_now_waits_behind_those_not_tried_yet() -> None:
    web = a_web(1, 2)
    page, web.pages[link(2)] = web.pages[link(2)], now_failing(link(2))
    first = visit_again(web, None, NOW, most_pages=1)
    assert (first.refusals, first.entries) == ((), ())
    assert first.notes[0] == "2 more linked pages are read at the next visit"
    assert "the site answered 500" in first.notes[1]
    second = visit_again(web, first, NOW + HOUR, most_pages=1)
    assert guids(second) == ["tag:1"]
    web.pages[link(2)] = page
    assert guids(visit_again(web, second, NOW + 2 * HOUR, most_pages=1)) == ["tag:2"]


@pytest.mark.parametrize(("status", "asked"), [(500, 3), (None, 3), (429, 1), (503, 1)])
def test_a_site_in_trouble_is_left_in_peace(status: int | None, asked: int) -> None:
    web = a_web(*range(1, 9))
    web.pages |= {link(n): now_failing(link(n), status) for n in range(1, 9)}
    found = visit_again(web, None, NOW)
    assert len(web.asked) == 1 + asked
    assert found.notes[0] == "8 more linked pages are read at the next visit"


def test_a_page_read_before_that_fails_for_now_is_there_all_the_same() -> None:
    web = a_web(1)
    first = visit_again(web, None, NOW)
    web.pages[link(1)] = now_failing(link(1))
    again = visit_again(web, first, NOW + DAY)
    assert (again.refusals, again.unchanged) == ((), 1)
    web.pages[link(1)] = a_page(head="", date="").replace(WHY, "Edited since.")
    after = visit_again(web, again, NOW + DAY + HOUR)
    assert [entry.why for entry in after.entries] == ["Edited since."]


@pytest.mark.parametrize("target", ["mailto:a@example.org", "file:///etc/passwd", "", "http://[x"])
def test_an_excerpt_that_links_to_no_web_page_is_refused(target: str) -> None:
    web = FakeWeb({PLACE: a_feed(excerpt(1).replace(link(1), target))})
    found = visit_again(web, None, NOW)
    assert web.asked == [PLACE]
    assert found.refusals[0].problem == "the feed holds only an excerpt"


def test_one_page_for_several_excerpts_is_the_text_of_none() -> None:
    items = [excerpt(n).replace(link(n), f"{link(9)}#{n}") for n in (1, 2)]
    web = FakeWeb({PLACE: a_feed(*items, an_item(n=3)), link(9): a_page(head="")})
    found = visit_again(web, None, NOW)
    assert (guids(found), web.asked) == (["tag:3"], [PLACE])
    assert [refusal.place for refusal in found.refusals] == [f"{PLACE} entry {n}" for n in (1, 2)]


def test_no_page_is_followed_where_most_pages_is_none() -> None:
    web = a_web(1)
    found = visit_again(web, None, NOW, most_pages=0)
    assert (web.asked, found.refusals[0].problem) == ([PLACE], "the feed holds only an excerpt")


def test_a_page_in_another_charset_is_read_by_its_header() -> None:
    page = a_page(head="", date="").replace(WHY, "Une étude française.").encode("cp1252")
    answer = Answer(url=link(1), content=page, charset="windows-1252", seen=Seen(link(1)))
    web = FakeWeb({PLACE: a_feed(excerpt(1)), link(1): answer})
    assert visit_again(web, None, NOW).entries[0].why == "Une étude française."


def test_an_excerpt_that_grows_to_the_full_text_is_followed_no_more() -> None:
    web = a_web(1)
    first = visit_again(web, None, NOW)
    web.pages[PLACE] = a_feed(excerpt(1, a_text()))
    again = visit_again(web, first, NOW + HOUR)
    assert (web.asked, guids(again)) == ([PLACE], ["tag:1"])
    assert [seen.url for seen in again.seen] == [PLACE]
    assert again.entries[0].title == "Walk 1" != TITLE


def test_pages_are_asked_for_with_robots_txt_in_mind_and_the_feed_is_not() -> None:
    web = a_web(1, 2)
    visit_again(web, None, NOW)
    assert sorted(web.obeying) == [link(1), link(2)]


def test_when_the_time_of_the_visit_is_up_the_rest_waits() -> None:
    web = a_web(1, 2, 3)
    web.most_requests = 2  # the feed and one page
    found = visit_again(web, None, NOW)
    assert guids(found) == ["tag:3"]
    assert found.notes == ("2 more linked pages are read at the next visit",)
    web.most_requests = None
    assert sorted(guids(visit_again(web, found, NOW + HOUR))) == ["tag:1", "tag:2"]
