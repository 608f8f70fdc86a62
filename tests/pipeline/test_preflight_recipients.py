"""Preflight counts the readers of each edition against the last issue that went out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from digest.config import Config
from digest.editorial.themes import load_taxonomy
from digest.models import Issue, StoredRendition
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.preflight import preflight
from digest.values import AUDIENCES
from tests.builders import NOW, a_config, a_draft, a_stored_summary, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


def went_out(number: int, **readers: int) -> Issue:
    """An issue that went to so many readers of each list."""
    issue = a_draft(number, state="sent")
    for audience, count in readers.items():
        StoredRendition.objects.create(issue=issue, audience=audience)
        for _ in range(count):  # erased since: only the count stays
            issue.deliveries.create(audience=audience, state="accepted", changed_at=NOW)
    return issue


def with_readers(**readers: int) -> None:
    for audience, count in readers.items():
        for n in range(count):
            a_subscriber(f"{audience}-{n}@example.org", lists=(audience,))


@pytest.fixture
def second(config: Config) -> Issue:
    """A draft with number 2 and nobody on a list yet."""
    a_stored_summary("one")
    issue = compose(config, now=NOW)
    Issue.objects.filter(pk=issue.pk).update(number=2)
    issue.refresh_from_db()
    return issue


def counted(issue: Issue, config: Config) -> list[tuple[str, str]]:
    findings = preflight(issue, config)
    return [(one.where, one.what) for one in findings if one.check == "recipients"]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (10, 8, ""),
        (10, 7, "it fell by more than 20 %: 7 would get it now, issue 1 went to 10"),
        (10, 15, ""),
        (10, 16, "it grew by more than 50 %: 16 would get it now, issue 1 went to 10"),
        (0, 1, "it grew by more than 50 %: 1 would get it now, issue 1 went to 0"),
        (3, 0, "nobody is on it, so nobody gets this edition; issue 1 went to 3"),
    ],
)
def test_a_list_is_held_against_the_last_issue(
    config: Config, second: Issue, before: int, now: int, said: str
) -> None:
    went_out(1, patient=before, caregiver=1, clinician=1)
    with_readers(patient=now, caregiver=1, clinician=1)
    assert counted(second, config) == ([("patient list", said)] if said else [])
    assert all(one.level == "warns" for one in preflight(second, config))


def test_only_the_last_issue_counts_and_only_an_edition_that_it_had(
    config: Config, second: Issue
) -> None:
    Issue.objects.filter(pk=second.pk).update(number=4)
    second.refresh_from_db()
    went_out(1, patient=50, caregiver=50, clinician=50)
    went_out(2, patient=2, caregiver=2)
    a_draft(3, state="cancelled")
    went_out(5, patient=90, caregiver=90, clinician=90)
    with_readers(patient=2, caregiver=2, clinician=9)
    assert counted(second, config) == []


def test_a_first_issue_is_held_against_nothing_but_an_empty_list_is_told(
    config: Config, second: Issue
) -> None:
    with_readers(patient=1, caregiver=2)
    assert counted(second, config) == [
        ("clinician list", "nobody is on it, so nobody gets this edition")
    ]


def test_a_site_without_readers_is_told_once(config: Config, second: Issue) -> None:
    a_subscriber("pending@example.org", state="pending")
    assert counted(second, config) == [("every list", "nobody is on it, so nobody gets this issue")]


def test_who_is_on_two_lists_counts_once(config: Config, second: Issue) -> None:
    went_out(1, patient=2, caregiver=1, clinician=1)
    for n in range(2):
        a_subscriber(f"both-{n}@example.org", lists=("patient", "caregiver"))
    with_readers(clinician=1)
    assert [where for where, _ in counted(second, config)] == ["caregiver list"]


def test_an_issue_that_went_out_counts_whom_it_went_to(config: Config, second: Issue) -> None:
    review.approve(second, config, who="Ada", now=NOW)
    went_out(1, patient=2, caregiver=2, clinician=2)
    for audience in AUDIENCES:
        for _ in range(2):
            second.deliveries.create(audience=audience, state="failed", changed_at=NOW)
    Issue.objects.filter(pk=second.pk).update(state="sent")
    second.refresh_from_db()
    with_readers(patient=40)
    assert counted(second, config) == []


def paused(address: str, **until: int) -> None:
    day = (timezone.now() + timedelta(**until)).date()
    a_subscriber(address, paused_until=day)


def test_readers_who_paused_are_counted_while_their_day_is_to_come(
    config: Config, second: Issue
) -> None:
    with_readers(patient=1, caregiver=1, clinician=1)
    paused("ann@example.org", days=9)
    paused("back@example.org", days=-9)
    (found,) = (one for one in preflight(second, config) if one.check == "recipients")
    assert (found.level, found.where) == ("warns", "patient list")
    assert found.what == "1 of its 3 readers paused and get no mail before their day"


def test_readers_who_do_not_want_its_themes_for_now_are_counted(
    config: Config, second: Issue
) -> None:
    held = second.items.get().theme
    with_readers(caregiver=1, clinician=1)
    a_subscriber("ann@example.org", not_now=[held])
    a_subscriber("bob@example.org", themes=[held], not_now=[held])
    a_subscriber("gets-it@example.org", not_now=["gone"])
    paused("cy@example.org", days=9)
    assert counted(second, config) == [
        ("patient list", "2 of its 4 readers chose none of this issue's themes and get no mail"),
        ("patient list", "1 of its 4 readers paused and get no mail before their day"),
    ]


def test_a_list_on_which_everybody_paused_is_told(config: Config, second: Issue) -> None:
    with_readers(caregiver=1, clinician=1)
    paused("ann@example.org", days=9)
    ((_, what),) = counted(second, config)
    assert what.endswith("so nobody gets this edition today")


def chooses(address: str, *themes: str, **changes: Any) -> None:
    a_subscriber(address, themes=list(themes), **changes)


def test_readers_who_chose_other_themes_are_counted(config: Config, second: Issue) -> None:
    held = second.items.get().theme
    (other, another) = [one for one in load_taxonomy().themes if one != held][:2]
    with_readers(patient=2, caregiver=1, clinician=1)
    chooses("ann@example.org", other)
    chooses("bob@example.org", other, another)
    for n, themes in enumerate(([held, other], ["gone"], ["gone", held])):
        chooses(f"gets-it-{n}@example.org", *themes)
    chooses("pending@example.org", other, state="pending")
    (found,) = (one for one in preflight(second, config) if one.check == "recipients")
    assert (found.level, found.where) == ("warns", "patient list")
    assert found.what == ("2 of its 7 readers chose none of this issue's themes and get no mail")
    assert "`digest show 2`" in found.mend


def test_who_chose_an_id_that_is_gone_beside_one_that_is_not_held_is_counted(
    config: Config, second: Issue
) -> None:
    held = second.items.get().theme
    other = next(one for one in load_taxonomy().themes if one != held)
    with_readers(patient=1, caregiver=1, clinician=1)
    chooses("ann@example.org", "gone", other)
    (told,) = counted(second, config)
    assert told[1].startswith("1 of its 2 readers chose none")


def test_an_edition_whose_every_reader_chose_other_themes_is_told(
    config: Config, second: Issue
) -> None:
    other = next(one for one in load_taxonomy().themes if one != second.items.get().theme)
    with_readers(patient=1, caregiver=1)
    chooses("cy@example.org", other, lists=("clinician",))
    said = "every reader chose other themes than this issue's, so nobody gets this edition"
    assert counted(second, config) == [("clinician list", said)]


def test_an_issue_that_is_going_out_counts_no_choices(config: Config, second: Issue) -> None:
    other = next(one for one in load_taxonomy().themes if one != second.items.get().theme)
    chooses("ann@example.org", other)
    review.approve(second, config, who="Ada", now=NOW)
    for audience in AUDIENCES:
        second.deliveries.create(audience=audience, state="accepted", changed_at=NOW)
    Issue.objects.filter(pk=second.pk).update(state="sending")
    second.refresh_from_db()
    assert counted(second, config) == []


def test_readers_whose_edition_is_empty_are_told(config: Config, second: Issue) -> None:
    with_readers(patient=1, caregiver=1, clinician=3)
    review.put(second, "one", "hold", config, who="Ada", now=NOW, audience="clinician")
    (found,) = (one for one in preflight(second, config) if one.check == "recipients")
    assert found.where == "clinician list"
    assert "3 who are on no other get no mail" in found.what
    assert "`digest bring 2 SLUG --audience clinician`" in found.mend
