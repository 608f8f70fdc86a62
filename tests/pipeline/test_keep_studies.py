"""The same study from several sources is one summary with all its links (law 1)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from digest.models import Appearance, Flag, StoredSummary
from digest.values import Entry
from tests.builders import NOW, an_entry
from tests.pipeline.harvests import in_an_issue, kept, the_one, the_title_key

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FAR = "https://elsewhere.example.org/x"
OTHER = {"title": "Other Words", "headline": "Other.", "url": FAR}


@pytest.mark.parametrize(
    "same",
    [
        {**OTHER, "doi": "10.5555/ABC"},
        {**OTHER, "pmid": "123"},
        {"title": "Other Words", "headline": "Other."},
        {"url": FAR, "title": "A walk a day eases tiredness!"},
        {"url": FAR, "headline": "Other.", "title": "A walk a DAY — eases tiredness"},
    ],
    ids=["by DOI", "by PMID", "by address", "by words", "by title"],
)
def test_the_same_study_from_two_sources_is_one_summary(same: dict[str, str]) -> None:
    assert kept("one", an_entry(doi="10.5555/aBc", pmid="123", guid="1")).new == 1
    second = kept("two", an_entry(**same))
    assert (second.new, second.changed, second.merged) == (0, 0, 1)
    row, appearance = the_one(), Appearance.objects.get()
    assert (row.source, row.title) == ("one", "A Walk a Day Eases Tiredness")
    assert (appearance.source, appearance.url) == ("two", an_entry(**same).url)
    again = kept("two", an_entry(**same))
    assert (again.new, again.merged, Appearance.objects.count()) == (0, 0, 1)


def test_the_same_id_in_two_sources_means_two_summaries() -> None:
    kept("one", an_entry(guid="1"))
    kept("two", an_entry(guid="1", title="Another", headline="Another study.", url=""))
    assert StoredSummary.objects.count() == 2


@pytest.mark.parametrize("ids", [{"doi": "10.5555/2"}, {"pmid": "2"}], ids=["DOI", "PMID"])
def test_other_ids_tell_two_apart_whatever_else_is_the_same(ids: dict[str, str]) -> None:
    kept("one", an_entry(doi="10.5555/1", pmid="1"))
    assert kept("two", an_entry(**ids)).new == 1
    assert kept("two", an_entry(**ids)).new == 0
    assert Flag.objects.get().kind == "similar"


@pytest.mark.parametrize("source", ["one", "two"])
def test_one_id_that_agrees_says_more_than_another_that_does_not(source: str) -> None:
    kept("one", an_entry(doi="10.5555/preprint", pmid="7"))
    other = an_entry(**OTHER, doi="10.5555/printed", pmid="7")
    assert (kept(source, other).new, StoredSummary.objects.count()) == (0, 1)


def test_two_of_one_harvest_with_the_title_of_another_s_study_are_not_both_it() -> None:
    kept("one", an_entry())
    two = [an_entry(url="", headline=f"Number {n}.", found=f"Of {n}.") for n in (1, 2)]
    result = kept("two", *two)
    assert (result.new, result.merged) == (1, 1)


def test_an_address_that_is_nobody_s_own_fills_no_gap() -> None:
    kept("one", an_entry(doi="10.5555/a", url="", journal=""))
    kept("two", an_entry(doi="10.5555/a"), an_entry(doi="10.5555/b", title="B", headline="B."))
    row = StoredSummary.objects.get(doi="10.5555/a")
    assert (row.url, row.journal) == ("", an_entry().journal)


@pytest.mark.parametrize(("days", "new"), [(45, 0), (46, 1)])
def test_an_equal_title_is_one_study_only_within_45_days(days: int, new: int) -> None:
    kept("one", an_entry())
    published = an_entry().published_at
    assert published is not None
    later = an_entry(url=FAR, headline="Other.", published_at=published + timedelta(days=days))
    assert kept("two", later).new == new


def test_an_undated_one_counts_from_when_it_was_first_seen() -> None:
    kept("one", an_entry(published_at=NOW - timedelta(days=50)))
    undated = an_entry(url=FAR, headline="Other.", published_at=None)
    assert kept("two", undated).new == 1


def test_articles_are_never_one_by_title_nor_with_a_study() -> None:
    article = {"kind": "article", "headline": "", "found": "", "why": "", "limits": ""}
    kept("one", an_entry(**article, body="One."), an_entry())
    assert kept("two", an_entry(**article, body="Two.", url=FAR)).new == 1
    assert StoredSummary.objects.filter(kind="article").count() == 2


def test_a_source_that_has_two_with_one_title_has_two_studies() -> None:
    kept("one", an_entry())
    two = [an_entry(guid=g, url=f"{FAR}{g}", headline=f"Number {g}.") for g in "ab"]
    result = kept("two", *two)
    assert (result.new, result.merged) == (1, 1)
    assert (kept("two", *two).new, StoredSummary.objects.count()) == (0, 2)


def test_what_the_first_lacks_is_filled_in_and_stays() -> None:
    bare = an_entry(published_at=None, journal="", url="")
    kept("one", bare)
    assert the_one().asks_for_date
    rich = an_entry(doi="10.5555/a", pmid="7", guid="g")
    assert kept("two", rich).merged == 1
    for _ in range(2):
        again = kept("one", bare)
        assert (again.new, again.changed) == (0, 0)
        row = the_one()
        assert (row.doi, row.pmid, row.journal) == ("10.5555/a", "7", rich.journal)
        assert (row.url, row.published_at, row.asks_for_date) == (
            rich.url,
            rich.published_at,
            False,
        )


def test_a_date_from_elsewhere_outlasts_the_problem_of_the_first_ones() -> None:
    broken = an_entry(published_at=None, date_problem="'31/31' is no date")
    kept("one", broken, undated="first_seen")
    assert (the_one().asks_for_date, the_one().date_problem) == (True, "'31/31' is no date")
    kept("two", an_entry())
    again = kept("one", broken, undated="first_seen")
    assert (again.changed, the_one().published_at) == (0, an_entry().published_at)
    assert not the_one().asks_for_date


def test_the_first_ones_words_stay_whatever_the_second_says() -> None:
    kept("one", an_entry(doi="10.5555/a"))
    kept("two", an_entry(doi="10.5555/a", found="Told otherwise.", guid="x"))
    result = kept("two", an_entry(doi="10.5555/a", found="Told once more.", guid="x"))
    assert (result.changed, the_one().found) == (0, an_entry().found)


def test_a_study_of_another_source_is_found_by_the_address_of_any_appearance() -> None:
    kept("one", an_entry(doi="10.5555/a"))
    kept("two", an_entry(**OTHER, doi="10.5555/a"))
    third = an_entry(title="Third", headline="Third.", url=FAR)
    assert (kept("three", third).merged, StoredSummary.objects.count()) == (1, 1)


def test_an_entry_that_joins_two_stored_ones_is_flagged() -> None:
    kept("one", an_entry(doi="10.5555/a"))
    kept("two", an_entry(**OTHER, pmid="7"))
    bridge = an_entry(title="Bridge", headline="B.", url=f"{FAR}/b", doi="10.5555/a", pmid="7")
    result = kept("three", bridge)
    assert (result.new, result.merged, result.flagged) == (0, 1, 1)
    assert Flag.objects.get().detail.startswith("States the same DOI or PMID as “Other Words”")


def test_what_turns_out_to_be_another_s_study_stays_itself_and_is_flagged() -> None:
    kept("one", an_entry())
    kept("two", an_entry(**OTHER, doi="10.5555/a"))
    for flagged in (1, 0):
        result = kept("one", an_entry(doi="10.5555/a", headline="Edited."))
        assert (result.new, result.merged, result.flagged) == (0, 0, flagged)
    row = StoredSummary.objects.get(source="one")
    assert (row.doi, row.headline) == ("10.5555/a", "Edited.")


def test_no_entry_is_lost_when_the_address_of_an_appearance_becomes_shared() -> None:
    kept("one", an_entry(doi="10.5555/a", url=FAR))
    kept("two", an_entry())
    more = an_entry(title="Sleep and Memory", headline="Sleep helps.")
    result = kept("two", an_entry(), more)
    assert (result.new, StoredSummary.objects.count()) == (1, 2)


# Every two of these are one study, each by another way.
ONE_STUDY = {
    "one": an_entry(doi="10.5555/a", guid="1"),
    "two": an_entry(doi="10.5555/A", pmid="7", headline="Told by two.", url=f"{FAR}2"),
    "three": an_entry(pmid="7", published_at=None, headline="Told by three.", url="", journal=""),
}
ANOTHER = an_entry(title="Sleep and Memory", headline="Sleep helps.", url=f"{FAR}3", doi="10.5/b")


@pytest.mark.parametrize("order", list(permutations(ONE_STUDY)))
@pytest.mark.parametrize("rounds", [1, 2])
def test_in_which_order_sources_come_does_not_matter(order: tuple[str, ...], rounds: int) -> None:
    given: list[tuple[str, list[Entry]]] = [(s, [ANOTHER, ONE_STUDY[s]]) for s in order * rounds]
    results = [kept(source, *entries) for source, entries in given]
    assert sum(result.new for result in results) == 2
    assert sum(result.merged for result in results) == 4
    assert sum(result.changed + result.flagged for result in results) == 0
    row = StoredSummary.objects.get(title_key=the_title_key())
    assert (row.doi.lower(), row.pmid, row.source) == ("10.5555/a", "7", order[0])
    assert row.published_at == an_entry().published_at
    assert not row.asks_for_date


@pytest.mark.parametrize(("days", "new", "flagged"), [(45, 0, 0), (50, 1, 1), (441, 1, 1)])
def test_another_finding_under_the_same_title_and_headline_is_not_lost(
    days: int, new: int, flagged: int
) -> None:
    kept("one", an_entry(found="Relapses fell by 40 percent."))
    published = an_entry().published_at
    assert published is not None
    other = an_entry(
        url=FAR, found="Infections doubled.", published_at=published + timedelta(days=days)
    )
    result = kept("two", other)
    assert (result.new, result.merged, result.flagged) == (new, 1 - new, flagged)
    assert kept("two", other).new == 0


def test_all_the_same_words_are_one_study_at_any_distance() -> None:
    kept("one", an_entry())
    assert kept("two", an_entry(url=FAR, published_at=NOW + timedelta(days=300))).merged == 1


# ── a source with another name ────────────────────────────────────────────────────────────

NAMES = frozenset({"new", "two"})


@pytest.mark.parametrize("stated", [{}, {"guid": "7"}, {"doi": "10.5555/a"}, {"url": ""}])
def test_a_renamed_source_takes_over_what_it_stated(stated: dict[str, str]) -> None:
    kept("old", an_entry(**stated))
    pk = the_one().pk
    for _ in range(2):
        result = kept("new", an_entry(**stated), sources=NAMES)
        assert (result.new, result.merged, result.changed, result.flagged) == (0, 0, 0, 0)
    assert (the_one().pk, the_one().source, Appearance.objects.count()) == (pk, "new", 0)
    edited = an_entry(**stated, found="Corrected.")
    assert kept("new", edited, sources=NAMES).changed == 1
    assert the_one().found == "Corrected."


def test_a_correction_after_a_rename_is_flagged_if_it_was_sent() -> None:
    kept("old", an_entry(guid="1"))
    in_an_issue()
    kept("new", an_entry(guid="1"))  # by a version that made it a mere appearance
    assert Appearance.objects.count() == 1
    assert kept("new", an_entry(guid="1"), sources=NAMES).flagged == 0
    assert (the_one().source, Appearance.objects.count()) == ("new", 0)
    corrected = an_entry(guid="1", found="Nobody felt less tired.")
    assert kept("new", corrected, sources=NAMES).flagged == 1
    assert Flag.objects.get().kind == "changed"


def test_what_a_source_in_config_states_is_taken_over_by_nobody() -> None:
    kept("two", an_entry())
    assert kept("new", an_entry(headline="Told anew.", doi="10.5/a"), sources=NAMES).merged == 1
    assert (the_one().source, the_one().headline) == ("two", an_entry().headline)
