"""One visit of a site where things go wrong: forbidden, failing, gone, or no page at all."""

from __future__ import annotations

import pytest

from digest.errors import SourceError
from digest.sources import leads
from digest.sources.kind import Answer
from digest.values import Seen
from tests.sources.sites import (
    LIST,
    SITE,
    Visits,
    a_card,
    a_listing,
    a_site,
    a_source,
    an_article,
    titles,
    view,
)
from tests.sources.webs import FakeWeb


def down(status: int | None = None) -> SourceError:
    return SourceError("did not answer", temporary=True, mend="Wait", status=status)


def test_what_robots_txt_forbids_is_not_asked_and_told_once() -> None:
    web = a_site()
    web.forbidden = ("view/2", "view/3")
    visits = Visits(web)
    for _ in range(2):
        harvested = visits.at()
        assert harvested.notes == (f"robots.txt forbids 2 pages, {view(2)} among them",)
        assert not {view(2), view(3)} & set(visits.asked)
    web.forbidden = ()
    assert titles(visits.at()) == ["Study 2", "Study 3"]


@pytest.mark.parametrize("start", [(LIST,), (LIST, f"{SITE}/more")])
def test_a_source_whose_starts_cannot_be_read_is_an_error(start: tuple[str, ...]) -> None:
    web = a_site()
    web.forbidden = ("/",)
    with pytest.raises(SourceError, match=r"robots\.txt forbids"):
        Visits(web, a_source(start=start)).at()
    gone = SourceError("is gone", where=LIST, status=410)
    with pytest.raises(SourceError) as caught:
        Visits(FakeWeb({LIST: gone, f"{SITE}/more": gone}), a_source(start=start)).at()
    assert caught.value.status == 410
    waits = {LIST: gone, start[-1]: down(503)}
    with pytest.raises(SourceError) as caught:
        Visits(FakeWeb(waits), a_source(start=start)).at()
    assert caught.value.temporary


def test_one_start_that_fails_is_a_refusal_and_the_other_goes_on() -> None:
    harvested = Visits(a_site(), a_source(start=(f"{SITE}/gone", LIST))).at()
    assert len(harvested.entries) == 3
    assert [refusal.place for refusal in harvested.refusals] == [f"{SITE}/gone"]


def test_a_page_that_fails_for_now_is_tried_again_and_one_that_is_wrong_is_not() -> None:
    web = a_site(**{view(1): "<p>", LIST: a_listing(a_card(1), a_card(2), a_card(9))})
    web.pages[view(2)] = down(500)
    visits = Visits(web)
    harvested = visits.at()
    assert {refusal.place for refusal in harvested.refusals} == {view(1), view(9)}
    assert harvested.notes[0].startswith("1 page could not be read now and will be tried again")
    web.pages[view(2)] = an_article(2)
    again = visits.at()
    assert visits.asked == [LIST, view(2)]
    assert (titles(again), again.refusals, again.unchanged) == (["Study 2"], (), 0)


@pytest.mark.parametrize(("status", "most"), [(429, 1), (503, 1), (None, 5), (500, 8)])
def test_a_site_that_is_not_well_is_left_alone(status: int | None, most: int) -> None:
    web = FakeWeb({LIST: a_listing(*(a_card(n) for n in range(8)))})
    web.pages |= {view(n): down(status) for n in range(8)}
    visits = Visits(web)
    visits.at()
    assert len(visits.asked) == 1 + most
    web.pages |= {view(n): an_article(n) for n in range(8)}
    assert len(visits.at().entries) == 8


def test_a_page_that_is_had_between_failures_shows_that_the_site_is_well() -> None:
    web = FakeWeb({LIST: a_listing(*(a_card(n, f"10/{9 - n}/2026") for n in range(8)))})
    web.pages |= {view(n): down() for n in range(8)} | {view(3): an_article(3)}
    visits = Visits(web)
    visits.at()
    assert len(visits.asked) == 1 + 8


def test_what_is_no_html_is_refused() -> None:
    web = a_site()
    web.pages[view(2)] = Answer(
        url=view(2), content=b"%PDF", media_type="application/pdf", seen=Seen(view(2))
    )
    (refusal,) = Visits(web).at().refusals
    assert refusal.problem == "is application/pdf, no HTML page"


def test_an_article_that_leads_back_to_the_listing_is_refused() -> None:
    web = a_site()
    web.pages[view(2)] = Answer(url=LIST, content=a_listing().encode(), seen=Seen(view(2)))
    (refusal,) = Visits(web).at().refusals
    assert refusal.problem == "leads back to the listing"


def test_a_listing_that_names_no_article_is_told() -> None:
    harvested = Visits(a_site(), a_source(article="/studies/")).at()
    assert harvested.notes == (f"{LIST} names no address that `article` fits",)


def test_the_words_are_read_in_the_charset_of_the_answer() -> None:
    web = a_site(**{LIST: a_listing(a_card(1))})
    page = an_article("Café").encode("cp1252")
    web.pages[view(1)] = Answer(
        url=view(1), content=page, charset="windows-1252", seen=Seen(view(1))
    )
    assert titles(Visits(web).at()) == ["Study Café"]


def test_a_start_that_leads_elsewhere_for_now_does_not_make_another_host_the_site() -> None:
    parked = Answer(
        url="https://parked.example/", content=a_listing(a_card(1)).encode(), seen=Seen(LIST)
    )
    web = FakeWeb({LIST: parked, "https://parked.example/news/view/1": an_article(1)})
    visits = Visits(web)
    with pytest.raises(SourceError, match=r"leads to another site\. Is it https://parked\.example"):
        visits.at()
    assert web.asked == [LIST]


def test_addresses_that_wait_are_bounded_and_what_is_passed_over_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leads, "MOST_WAITING", 5)
    web = FakeWeb({})
    visits = Visits(web, a_source(most_pages=2, depth=0))
    for visit in range(4):
        numbers = range(100 * visit, 100 * visit + 50)
        web.pages[LIST] = a_listing(*(a_card(n) for n in numbers))
        web.pages |= {view(n): an_article(n) for n in numbers}
        harvested = visits.at()
        waiting = [one for one in harvested.seen if one.far and one.read_at is None]
        assert len(waiting) <= 5
        assert any("were passed over" in note for note in harvested.notes)
