"""A site moves: other guids, other spellings of its addresses, pages that turn. No study is new."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from digest.models import Appearance, Flag, Revision, StoredSummary
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, an_entry
from tests.pipeline.harvests import in_an_issue, kept, the_one

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FAR = "https://elsewhere.example.org/x"
OTHER = {"title": "Other Words", "headline": "Other.", "found": "Other.", "url": FAR}
WALK = "news.example.org/walk"
ARTICLE = {"kind": "article", "headline": "", "found": "", "why": "", "limits": "", "body": "Text."}


# ── other guids ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({}, {}),
        ({"doi": "10.5555/a"}, {**OTHER, "doi": "10.5555/A"}),
        ({"pmid": "7"}, {**OTHER, "pmid": "7"}),
        ({}, {"headline": "Edited as the site moved."}),
        ({}, {"found": "Edited.", "published_at": None}),
        ({}, {"url": FAR}),
        ({"url": ""}, {"url": ""}),
        ({"url": f"http://{WALK}"}, {"url": f"https://www.{WALK}/", "found": "Edited."}),
    ],
    ids=["all", "DOI", "PMID", "address and title", "address and headline", "words", "words alone",
         "address spelt otherwise"],
)  # fmt: skip
def test_a_summary_with_another_guid_is_the_same_one(
    was: dict[str, str], now: dict[str, str]
) -> None:
    kept("one", an_entry(guid="http://s/?p=1", **was))
    for _ in range(2):
        result = kept("one", an_entry(guid="https://s/?p=1", **now))
        assert (result.new, result.merged) == (0, 0)
    assert the_one().identity == "guid:one:https://s/?p=1"
    assert Revision.objects.count() <= 1


@pytest.mark.parametrize(
    "now",
    [
        {"title": "Another", "headline": "Another."},
        {"headline": "Of the next week.", "published_at": NOW},
        {"url": FAR, "found": "Else."},
        {"doi": "10.5555/b"},
    ],
    ids=["another title", "another date", "another address", "another DOI"],
)
def test_another_guid_with_too_little_in_common_is_another_summary(now: dict[str, str]) -> None:
    kept("one", an_entry(guid="1", doi="10.5555/a"))
    assert kept("one", an_entry(guid="2", **now)).new == 1


def test_two_guids_side_by_side_are_one_summary_only_if_all_agrees() -> None:
    kept("one", an_entry(guid="1"), an_entry(guid="2", found="Of another group."))
    assert StoredSummary.objects.count() == 2
    kept("two", an_entry(guid="1", **OTHER), an_entry(guid="2", **OTHER))
    assert StoredSummary.objects.filter(source="two").count() == 1
    three = [an_entry(guid=n, title="C", headline="C.", url=f"{FAR}/{n}") for n in "12"]
    assert kept("three", *three).new == 2


def test_all_guids_of_a_feed_change_at_once_and_each_stays_what_it_was() -> None:
    def feed(scheme: str) -> list[int]:
        told = [
            an_entry(guid=f"{scheme}://s/?p={n}", url=f"{scheme}://s.example.org/{n}",
                     headline=f"Number {n}.", place=f"item {n}")
            for n in range(4)
        ]  # fmt: skip
        kept("one", *told)
        return list(StoredSummary.objects.order_by("headline").values_list("pk", flat=True))

    assert feed("http") == feed("https")


def test_two_guids_with_one_doi_are_one_summary_whose_text_stays() -> None:
    first = an_entry(guid="1", doi="10.5555/a")
    second = an_entry(guid="2", **OTHER, doi="10.5555/A", pmid="7")
    result = kept("one", first, second)
    assert (result.new, result.merged, the_one().pmid) == (1, 1, "7")
    assert Appearance.objects.get().source == "one"
    for told in ([first, second], [second, first], [second], [first], [second, first]):
        result = kept("one", *told)
        assert (result.new, result.changed, result.merged, result.flagged) == (0, 0, 0, 0)
    assert (the_one().title, Revision.objects.count()) == (first.title, 0)


def test_what_stands_in_the_folder_under_its_second_guid_alone_is_not_gone() -> None:
    first, second = an_entry(guid="1", doi="10.5/a"), an_entry(guid="2", **OTHER, doi="10.5/a")
    kept("drop", first, second, complete=True)
    result = kept("drop", second, complete=True)
    assert (result.removed, result.changed, the_one().title) == (0, 1, second.title)
    assert the_one().identity == "guid:drop:2"
    assert kept("drop", second, complete=True).changed == 0


def test_a_guid_that_changes_where_another_has_the_words_is_no_new_summary() -> None:
    kept("one", an_entry())
    kept("two", an_entry(guid="1", url=FAR))
    moved = kept("two", an_entry(guid="2", url=f"{FAR}/moved"))
    assert (moved.new, StoredSummary.objects.count()) == (0, 1)


# ── other spellings of an address ─────────────────────────────────────────────────────────

SPELT = [f"http://{WALK}", f"https://{WALK}", f"https://www.{WALK}", f"https://{WALK}/"]


@pytest.mark.parametrize(("was", "now"), list(permutations(SPELT, 2)))
def test_an_address_spelt_otherwise_is_the_same_page(was: str, now: str) -> None:
    kept("one", an_entry(url=was))
    was_hash = the_one().content_hash
    result = kept("one", an_entry(url=now))
    assert (result.new, result.changed, the_one().url) == (0, 0, now)
    assert (the_one().content_hash, the_one().identity) == (was_hash, f"url:{now}")
    edited = kept("one", an_entry(**{**OTHER, "url": was}))
    assert (edited.new, edited.changed) == (0, 1)
    assert kept("two", an_entry(title="Third", headline="3.", url=now)).merged == 1


def test_another_source_finds_the_address_of_an_appearance_however_it_is_spelt() -> None:
    kept("one", an_entry(doi="10.5555/a"))
    kept("two", an_entry(**OTHER, doi="10.5555/a"))
    third = an_entry(title="Third", headline="3.", url="http://www.elsewhere.example.org/x/")
    assert kept("three", third).merged == 1


def test_an_appearance_whose_address_is_spelt_otherwise_is_the_same() -> None:
    kept("one", an_entry(url=FAR))
    kept("two", an_entry(headline="Told by two.", url=SPELT[0]))
    assert kept("two", an_entry(headline="Told by two.", url=SPELT[2])).new == 0


@pytest.mark.parametrize("guids", [("", ""), ("1", "2")], ids=["no guids", "guids"])
@pytest.mark.parametrize("url", SPELT[1:])
def test_two_spellings_in_one_harvest_are_one_summary(guids: tuple[str, str], url: str) -> None:
    two = [an_entry(guid=guids[0], url=SPELT[0]), an_entry(guid=guids[1], url=url)]
    assert kept("one", *two).new == 1
    for told in (two, two[::-1], two[1:], two[:1]):
        result = kept("one", *told)
        assert (result.new, result.changed) == (0, 0)


def test_an_address_that_several_link_to_is_nobody_s_own_however_it_is_spelt() -> None:
    several = [an_entry(headline=f"Study {n}.", url=url) for n, url in enumerate(SPELT)]
    assert kept("one", *several).new == 4
    assert kept("one", *several).new == 0
    assert kept("one", an_entry(headline="Study 5.", url=SPELT[2])).new == 1


# ── pages that turn ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ids", [{}, {"doi": "10.5555/a"}], ids=["no ids", "a DOI"])
@pytest.mark.parametrize("to_article", [False, True])
def test_a_page_that_turns_is_the_same_and_is_not_sent_again(
    to_article: bool, ids: dict[str, str], tmp_path: Path
) -> None:
    forms = [an_entry(**ARTICLE, **ids), an_entry(**ids)]
    was, now = reversed(forms) if to_article else forms
    kept("one", was)
    in_an_issue()
    later = NOW + timedelta(days=1)
    result = kept("one", now, now=later)
    assert (result.new, result.changed, result.flagged) == (0, 1, 1)
    assert (the_one().kind, Revision.objects.get().content["kind"]) == (now.kind, was.kind)
    assert Flag.objects.get().kind == "changed"
    assert kept("one", now, now=later).changed == 0
    assert the_one().identity.startswith("article:") == to_article
    assert not compose(a_config(tmp_path), now=later).ledger.exists()


@pytest.mark.parametrize(
    "article",
    [
        {"url": FAR},
        {"guid": "1"},
        {"doi": "10.5555/b"},
    ],
    ids=["another address", "another guid", "another DOI"],
)
def test_an_article_that_something_tells_apart_stays_one(article: dict[str, str]) -> None:
    kept("one", an_entry(**{**ARTICLE, **article}))
    assert kept("one", an_entry(guid="2", doi="10.5555/a")).new == 1


def test_what_stands_beside_an_article_is_not_the_article_turned() -> None:
    kept("one", an_entry(**ARTICLE))
    result = kept("one", an_entry(), an_entry(**{**ARTICLE, "body": "Edited."}))
    assert (result.new, result.changed) == (1, 1)
    assert kept("two", an_entry(**{**OTHER, **ARTICLE, "url": f"https://{WALK}"})).merged == 1
