"""Keep: what is new is stored once, what is told apart stays apart, and each has its slug."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.models import StoredSummary
from tests.builders import NOW, an_entry
from tests.pipeline.harvests import kept, the_one

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

MONTHLY = {"kind": "article", "title": "This Month", "headline": "", "found": "", "why": ""}


def test_a_new_summary_is_stored_once_however_often_it_is_gathered() -> None:
    assert kept("one", an_entry()).new == 1
    again = kept("one", an_entry())
    assert (again.new, again.changed, again.merged) == (0, 0, 0)
    assert the_one().first_seen == NOW


def test_what_stands_twice_in_one_harvest_is_one_summary() -> None:
    twice = [an_entry(place="incoming/a.html"), an_entry(place="incoming/b.html")]
    assert kept("one", *twice).new == 1
    again = kept("one", an_entry(doi="10.5555/a"), an_entry(url=""))
    assert (again.new, again.changed) == (0, 0)
    assert the_one().doi == "10.5555/a"


def test_two_findings_under_one_title_in_one_harvest_are_two_and_flagged() -> None:
    two = [an_entry(url="", found=found) for found in ("Relapses fell.", "Infections doubled.")]
    result = kept("one", *two)
    assert (result.new, result.flagged) == (2, 1)
    again = kept("one", *reversed(two))
    assert (again.new, again.changed, again.flagged) == (0, 0, 0)


def test_what_has_neither_id_nor_address_is_known_by_title_and_headline_when_edited() -> None:
    kept("one", an_entry(url=""))
    result = kept("one", an_entry(url="", found="Edited."))
    assert (result.new, result.changed, the_one().found) == (0, 1, "Edited.")
    year_on = an_entry(url="", found="Of another year.", published_at=NOW + timedelta(days=365))
    result = kept("one", year_on)
    assert (result.new, result.changed, result.flagged) == (1, 0, 1)


@pytest.mark.parametrize(
    ("june", "july"),
    [
        ({"guid": "1"}, {"guid": "2"}),
        ({"guid": "", "url": "https://x.example.org/6"}, {"url": "https://x.example.org/7"}),
        ({"url": "", "body": "June."}, {"url": "", "body": "July."}),
        ({"doi": "10.5555/6", "url": ""}, {"doi": "10.5555/7", "url": ""}),
        ({"pmid": "1", "url": ""}, {"pmid": "2", "url": ""}),
    ],
    ids=["other id", "other address", "other text", "other DOI", "other PMID"],
)
def test_a_monthly_article_with_one_title_is_a_new_one_each_month(
    june: dict[str, str], july: dict[str, str]
) -> None:
    assert kept("one", an_entry(**{**MONTHLY, "body": "Same.", **june})).new == 1
    result = kept("one", an_entry(**{**MONTHLY, "body": "Same.", **july}))
    assert (result.new, result.changed) == (1, 0)
    assert StoredSummary.objects.count() == 2


@pytest.mark.parametrize("guids", [("1", "2", "3"), ("", "", "")], ids=["ids", "no ids"])
def test_entries_that_all_link_to_one_page_stay_what_they_are(guids: tuple[str, ...]) -> None:
    entries = [an_entry(guid=g, headline=f"Study {n}.") for n, g in enumerate(guids)]
    assert kept("one", *entries).new == 3
    again = kept("one", entries[2])
    assert (again.new, again.changed) == (0, 0)
    again = kept("one", an_entry(guid=guids[0] and "4", headline="Study 4."))
    assert (again.new, again.changed) == (1, 0)
    title = "A Title of Its Own"
    assert kept("two", an_entry(guid="x", title=title, headline="Study 5.")).new == 1
    assert StoredSummary.objects.count() == 5


def test_the_same_words_at_an_address_of_their_own_are_something_else() -> None:
    entries = [an_entry(headline=f"Study {n}.") for n in (1, 2)]
    kept("one", *entries)
    own = an_entry(headline="Study 1.", url="https://news.example.org/1")
    assert (kept("one", own).new, StoredSummary.objects.count()) == (1, 3)


def test_an_edited_page_is_changed_whatever_words_it_has_now() -> None:
    kept("one", an_entry(), an_entry(guid="1", url="https://x.example.org/1", headline="Old."))
    result = kept(
        "one",
        an_entry(title="New", headline="New."),
        an_entry(guid="1", url="https://x.example.org/moved", headline="New."),
    )
    assert (result.new, result.changed) == (0, 2)
    assert StoredSummary.objects.filter(headline="New.").count() == 2


def test_an_id_that_comes_later_tells_apart_from_then_on() -> None:
    for guid, headline, days in (("", "First.", 0), ("1", "First.", 0), ("2", "Second.", 7)):
        published = NOW + timedelta(days=days)
        kept("one", an_entry(guid=guid, headline=headline, published_at=published))
    assert set(StoredSummary.objects.values_list("identity", "headline")) == {
        ("guid:one:1", "First."),
        ("guid:one:2", "Second."),
    }


def test_a_text_whose_file_moved_stays_one_summary() -> None:
    kept("one", an_entry(url=""))
    moved = kept("one", an_entry(url="", place="incoming/june/walk.html"))
    assert (moved.new, moved.changed, the_one().place) == (0, 0, "incoming/june/walk.html")


@pytest.mark.parametrize("guid", ["1", ""])
def test_a_study_and_an_article_at_one_address_disturb_nothing(guid: str) -> None:
    both = [an_entry(guid=guid), an_entry(**{**MONTHLY, "body": "Text.", "guid": guid})]
    for _ in range(2):
        kept("one", *both)
    again = kept("one", *reversed(both))
    assert (again.new, again.changed) == (0, 0) if not guid else (0, 1)
    kinds = StoredSummary.objects.order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == (["summary"] if guid else ["article", "summary"])


def test_ids_and_addresses_that_are_too_long_to_store_still_tell_apart() -> None:
    long = "x" * 900
    kept("one", an_entry(guid=f"{long}1"), an_entry(guid=f"{long}2", headline="Other."))
    urls = [an_entry(url=f"https://x.example.org/{long}{n}", headline=f"No {n}.") for n in (1, 2)]
    assert kept("one", *urls).new == 2
    assert kept("one", *urls).new == 0
    assert StoredSummary.objects.count() == 4


def test_summaries_with_one_title_get_a_slug_each_now_and_later() -> None:
    def at(*numbers: int) -> None:
        kept(
            "one",
            *(an_entry(url=f"https://x.example.org/{n}", headline=f"No {n}.") for n in numbers),
        )

    at(1, 2)
    at(*range(3, 21))
    slugs = set(StoredSummary.objects.values_list("slug", flat=True))
    base = "a-walk-a-day-eases-tiredness"
    assert slugs == {base, *(f"{base}-{n}" for n in range(2, 21))}


def test_a_slug_that_another_ends_like_is_passed_over() -> None:
    kept("one", an_entry(title="Walks 2", headline="A.", url="https://x.example.org/1"))
    kept("one", *(an_entry(title="Walks", headline=h, url=h) for h in ("https://b", "https://c")))
    assert set(StoredSummary.objects.values_list("slug", flat=True)) == {
        "walks-2",
        "walks",
        "walks-3",
    }


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Epstein–Barr Raises the Odds", "epstein-barr-raises-the-odds"),
        ("Où va la myéline?", "ou-va-la-myeline"),
        ("Word " * 30, "-".join(["word"] * 12)),
        ("x" * 90, "x" * 60),
        ("../../etc/passwd", "etc-passwd"),
        ("健康", "summary"),
    ],
)
def test_a_slug_is_whole_words_that_a_person_can_type(title: str, slug: str) -> None:
    kept("one", an_entry(title=title, headline="A headline of its own."))
    assert the_one().slug == slug
