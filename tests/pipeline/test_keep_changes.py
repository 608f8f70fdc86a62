"""A source changed what it says: the earlier text is kept, and what was sent is flagged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from digest.models import Flag, LedgerEntry, Revision, StoredSummary
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, an_entry
from tests.pipeline.harvests import in_an_issue, kept, the_one, the_title_key

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LATER = NOW + timedelta(hours=1)


def test_an_edited_summary_is_changed_not_new_and_its_earlier_text_is_kept() -> None:
    kept("one", an_entry())
    was = the_one()
    edited = an_entry(found="Doctors followed 130 people for a year.", title="Walk Daily")
    assert kept("one", edited, now=LATER).changed == 1
    row, earlier = the_one(), Revision.objects.get()
    assert (row.found, row.slug, row.first_seen) == (edited.found, was.slug, NOW)
    assert row.content_hash != was.content_hash == earlier.content_hash
    assert (row.text_key, row.title_key) != (was.text_key, was.title_key)
    assert (earlier.content["found"], earlier.replaced_at) == (was.found, LATER)
    assert earlier.content["published_at"] == "2026-11-10T05:00:00+00:00"
    assert kept("one", edited).changed == 0
    assert Revision.objects.count() == 1


def test_what_goes_back_to_its_earlier_words_has_its_earlier_hash() -> None:
    kept("one", an_entry())
    was = the_one().content_hash
    kept("one", an_entry(found="Other."))
    kept("one", an_entry())
    assert (the_one().content_hash, Revision.objects.count()) == (was, 2)


@pytest.mark.parametrize("gain", [{"doi": "10.5555/a"}, {"pmid": "7"}, {"guid": "g"}])
def test_a_mere_gain_of_an_id_is_no_change(gain: dict[str, str]) -> None:
    kept("one", an_entry())
    was = the_one().content_hash
    assert kept("one", an_entry(**gain)).changed == 0
    assert (the_one().content_hash, Revision.objects.count()) == (was, 0)
    assert all(getattr(the_one(), name) == value for name, value in gain.items() if name != "guid")


def test_a_corrected_doi_and_a_journal_that_came_later_are_changes() -> None:
    kept("one", an_entry(doi="10.5555/a", journal=""))
    assert kept("one", an_entry(doi="10.5555/a")).changed == 1
    assert kept("one", an_entry(doi="10.5555/b", guid="")).new == 1, "another DOI: another study"


@pytest.mark.parametrize("state", ["approved", "scheduled", "sending", "paused", "sent"])
def test_a_change_after_it_was_sent_is_flagged_with_fields_and_issue(state: str) -> None:
    kept("one", an_entry())
    in_an_issue(state=state)
    assert kept("one", an_entry(headline="Walking a lot helps."), now=LATER).flagged == 1
    flag = Flag.objects.get()
    assert (flag.kind, flag.summary, flag.raised_at) == ("changed", the_one(), LATER)
    assert flag.detail == "Changed by its source after issue 3: the headline."


@pytest.mark.parametrize("state", ["draft", "cancelled", "skipped"])
def test_a_change_of_what_nobody_got_yet_is_not_flagged(state: str) -> None:
    kept("one", an_entry())
    in_an_issue(state=state)
    assert (kept("one", an_entry(headline="Other.")).flagged, Flag.objects.count()) == (0, 0)


def test_one_flag_is_open_and_names_all_that_changed_until_it_is_settled() -> None:
    kept("one", an_entry())
    in_an_issue()
    kept("one", an_entry(found="Doctors followed 130 people."))
    assert kept("one", an_entry(found="Doctors followed 130 people.", limits="None.")).flagged == 0
    detail = Flag.objects.get().detail
    assert detail == "Changed by its source after issue 3: what was found and the limits."
    Flag.objects.update(settled_at=NOW, settled_by="ann")
    assert kept("one", an_entry(found="Doctors followed 140 people.", limits="None.")).flagged == 1
    assert Flag.objects.count() == 2


@pytest.mark.parametrize("settled", [False, True])
def test_what_goes_back_to_what_was_sent_asks_nobody(settled: bool) -> None:
    kept("one", an_entry())
    in_an_issue()
    kept("one", an_entry(found="Other.", doi="10.5555/a"))
    if settled:
        Flag.objects.update(settled_at=NOW, settled_by="ann")
    result = kept("one", an_entry(doi="10.5555/a"), now=LATER)
    assert (result.changed, result.flagged) == (1, 0)
    flag = Flag.objects.get()
    expected = (NOW, "ann") if settled else (LATER, "digest")
    assert (flag.settled_at, flag.settled_by) == expected


def test_what_goes_back_in_part_names_what_still_differs() -> None:
    kept("one", an_entry())
    in_an_issue()
    kept("one", an_entry(found="Other.", limits="None."))
    kept("one", an_entry(limits="None."))
    assert Flag.objects.get().detail == "Changed by its source after issue 3: the limits."


def test_a_change_is_flagged_even_if_the_text_that_was_sent_is_not_known() -> None:
    kept("one", an_entry())
    in_an_issue()
    LedgerEntry.objects.update(content_hash="of long ago")
    kept("one", an_entry(found="Other."))
    kept("one", an_entry(found="Other.", limits="None."))
    detail = Flag.objects.get().detail
    assert detail == "Changed by its source after issue 3: what was found and the limits."


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Tissue was lost. Lesions grew.", "Tissue was lost.Lesions  grew!"),
        ("Doctors & nurses", "Doctors &amp;amp; nurses"),
        ("The ﬁrst trial", "The First trial"),
        ("people’s “walks”", "People's 'walks'"),
    ],
)
def test_only_a_word_or_a_figure_is_worth_a_flag(was: str, now: str) -> None:
    kept("one", an_entry(found=was))
    in_an_issue()
    result = kept("one", an_entry(found=now))
    assert (result.changed, result.flagged, the_one().found) == (1, 0, now)


@pytest.mark.parametrize(
    ("was", "now"),
    [("by 1.5 points", "by 15 points"), ("p < 0.05", "p > 0.05"), ("by -5 points", "by 5 points"),
     ("walks help", "walks helped"), ("by 5 points", "by 5% points")],
)  # fmt: skip
def test_a_figure_a_sign_or_a_word_that_turned_is_flagged(was: str, now: str) -> None:
    kept("one", an_entry(found=was))
    in_an_issue()
    assert kept("one", an_entry(found=now)).flagged == 1


def test_what_was_sent_is_not_sent_again_when_it_changes(tmp_path: Path) -> None:
    config = a_config(tmp_path, issue={"min_items": 1})
    kept("one", an_entry())
    first = compose(config, now=NOW)
    type(first).objects.filter(pk=first.pk).update(state="sent", sent_at=NOW)
    kept("one", an_entry(found="Doctors followed 130 people for a year. They felt well."))
    second = compose(config, now=NOW + timedelta(days=30))
    assert (second.items.count(), second.ledger.count()) == (0, 0)


def test_an_undated_summary_is_held_unless_its_source_counts_first_seen() -> None:
    kept("one", an_entry(published_at=None))
    assert the_one().asks_for_date
    kept("one", an_entry(published_at=None), undated="first_seen")
    assert not the_one().asks_for_date
    kept("one", an_entry(), undated="hold")
    assert (the_one().asks_for_date, the_one().published_at) == (False, an_entry().published_at)


def test_a_date_that_cannot_be_read_always_asks_and_says_why(tmp_path: Path) -> None:
    problem = "'31/31/2026' is no date"
    broken = an_entry(published_at=None, date_problem=problem)
    kept("one", broken, undated="first_seen")
    issue = compose(a_config(tmp_path), now=NOW)
    assert set(issue.ledger.values_list("state", flat=True)) == {"held"}
    reason = issue.ledger.first()
    assert reason is not None
    assert reason.reason.startswith(f"no readable date: {problem}")
    kept("one", an_entry(), undated="first_seen")
    assert (the_one().asks_for_date, the_one().date_problem) == (False, "")


def test_a_date_that_proves_to_be_none_is_taken_back() -> None:
    kept("one", an_entry(published_at=NOW + timedelta(days=36 * 365)))
    absurd = an_entry(published_at=None, date_problem="2062 is too far ahead")
    assert kept("one", absurd).changed == 1
    assert (the_one().published_at, the_one().asks_for_date) == (None, True)
    assert kept("one", absurd).changed == 0


def test_rows_of_older_versions_are_found_again_and_are_not_changed() -> None:
    kept("one", an_entry(), an_entry(url="https://x.example.org/2", title="B", headline="C."))
    raw = "https://News.example.org/walk?utm_source=feed&utm_medium=rss"
    old = StoredSummary.objects.get(title_key=the_title_key())
    StoredSummary.objects.filter(pk=old.pk).update(
        url=raw, identity=f"url:{raw}", content_hash="of an older version"
    )
    put = kept("one", an_entry())
    assert (put.new, put.changed, put.flagged) == (0, 0, 0)
    row = StoredSummary.objects.get(pk=old.pk)
    assert (row.url, row.identity) == (an_entry().url, f"url:{an_entry().url}")
    assert row.content_hash == "of an older version"
    StoredSummary.objects.filter(pk=old.pk).update(url=raw, identity=f"url:{raw}")
    put = kept("one", an_entry(headline="Edited at the same moment."))
    assert (put.new, put.changed) == (0, 1)
