"""A folder gives all that it holds: edited files are told from new ones, removed ones noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.models import Flag, LedgerEntry, StoredSummary
from digest.values import Entry, Refusal
from tests.builders import NOW, a_draft, an_entry
from tests.pipeline.harvests import kept, the_one

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LATER = NOW + timedelta(hours=1)


def line(number: int, **changes: str) -> Entry:
    told = {"title": f"Study Number {number}", "headline": f"What study {number} tells us."}
    place = f"incoming/june.jsonl line {number}"
    return an_entry(**{"url": "", "place": place, **told, **changes})


def test_a_removed_file_is_noticed_and_flagged_and_nothing_is_deleted() -> None:
    kept("drop", line(1), line(2), complete=True)
    result = kept("drop", line(1), complete=True, now=LATER)
    assert (result.removed, result.flagged, result.new) == (1, 1, 0)
    row = StoredSummary.objects.get(title="Study Number 2")
    assert row.gone_at == LATER
    flag = Flag.objects.get()
    assert (flag.kind, flag.summary, flag.other) == ("removed", row, None)
    assert flag.detail.startswith("Its source no longer has it: incoming/june.jsonl line 2")
    again = kept("drop", line(1), complete=True)
    assert (again.removed, again.flagged) == (0, 0)


def test_an_empty_folder_has_lost_all_of_its_own_and_nothing_of_others() -> None:
    kept("drop", line(1), complete=True)
    kept("feed", line(2))
    assert kept("drop", complete=True).removed == 1
    assert StoredSummary.objects.get(source="feed").gone_at is None


def test_what_comes_back_is_there_again_and_asks_nobody() -> None:
    kept("drop", line(1), complete=True)
    kept("drop", complete=True)
    result = kept("drop", line(1), complete=True, now=LATER)
    assert (result.new, result.changed, the_one().gone_at) == (0, 0, None)
    flag = Flag.objects.get()
    assert (flag.settled_at, flag.settled_by) == (LATER, "digest")


def test_what_was_sent_may_go_without_a_word() -> None:
    kept("drop", line(1), complete=True)
    LedgerEntry.objects.create(
        issue=a_draft(state="sent"), summary=the_one(), audience="patient", state="in"
    )
    result = kept("drop", complete=True)
    assert (result.removed, result.flagged, the_one().gone_at) == (1, 0, NOW)


@pytest.mark.parametrize(
    "place", ["incoming/june.jsonl", "incoming/june.jsonl line 7", "incoming", "incoming/sub"]
)
def test_a_refused_file_or_line_or_folder_protects_what_stood_there(place: str) -> None:
    kept("drop", line(1), line(2, place="incoming/sub/x.json"), complete=True)
    refusal = Refusal(place, "cannot be read", "Mend it")
    assert kept("drop", refusals=[refusal], complete=True).removed == {"incoming": 0}.get(place, 1)


def test_a_source_that_gives_only_its_latest_has_removed_nothing() -> None:
    kept("feed", line(1), line(2))
    assert kept("feed", line(3)).removed == 0
    assert not Flag.objects.exists()


def test_an_edited_file_is_the_same_summary_with_other_words() -> None:
    kept("drop", line(1), line(2), complete=True)
    edited = line(1, headline="What the study with number 1 now tells us.")
    result = kept("drop", edited, line(2), complete=True)
    assert (result.new, result.changed, result.removed, result.flagged) == (0, 1, 0, 0)
    assert StoredSummary.objects.get(place=edited.place).headline == edited.headline
    again = kept("drop", edited, line(2), complete=True)
    assert (again.new, again.changed) == (0, 0)


def test_another_text_under_an_old_name_is_new_and_the_old_one_is_gone() -> None:
    kept("drop", line(1), complete=True)
    other = line(1, title="Sleep and Memory", headline="Naps help.", found="Forty slept well.")
    result = kept("drop", other, complete=True)
    assert (result.new, result.changed, result.removed) == (1, 0, 1)


def test_an_edited_text_in_a_file_of_another_name_is_new() -> None:
    kept("drop", line(1), complete=True)
    moved = line(1, headline="What study 1 now tells us.", place="incoming/july.jsonl line 1")
    assert kept("drop", moved, complete=True).new == 1


@pytest.mark.parametrize("ids", [{"guid": "2"}, {"doi": "10.5555/2"}])
def test_another_id_in_an_old_file_is_another_study(ids: dict[str, str]) -> None:
    kept("drop", line(1, guid="1", doi="10.5555/1"), complete=True)
    other = line(1, headline="What study 1 now tells us.", **{"guid": "3", **ids})
    result = kept("drop", other, complete=True)
    assert (result.new, result.removed) == (1, 1)


def test_each_edited_line_stays_with_the_line_it_was() -> None:
    kept("drop", line(1, found="Walking helps."), line(2, found="Sleep helps."), complete=True)
    pks = {row.found: row.pk for row in StoredSummary.objects.all()}
    edited = [
        line(
            2,
            found="Sleep helps.",
            headline="What study 2 really tells us.",
            place="incoming/june.jsonl line 1",
        ),
        line(
            1,
            found="Walking helps.",
            headline="What study 1 really tells us.",
            place="incoming/june.jsonl line 2",
        ),
    ]
    assert kept("drop", *edited, complete=True).changed == 2
    assert {row.found: row.pk for row in StoredSummary.objects.all()} == pks


def test_an_edit_of_a_file_that_was_away_for_a_while_is_no_new_summary() -> None:
    kept("drop", line(1), complete=True)
    kept("drop", complete=True)
    result = kept("drop", line(1, headline="What study 1 now tells us."), complete=True)
    assert (result.new, result.changed, the_one().gone_at) == (0, 1, None)
    assert not Flag.objects.filter(settled_at=None).exists()
