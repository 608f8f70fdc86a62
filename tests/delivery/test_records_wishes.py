"""What a reader chose is read at every claim: a pause, themes that are not wanted, text alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery import records
from digest.delivery.records import EVERY_THEME, Themes
from digest.models import Issue
from digest.values import AUDIENCES
from subscribers.models import Subscriber
from subscribers.recipients import Wishes, wishes
from tests.builders import NOW, a_draft, a_subscriber

on_both = [pytest.mark.django_db, pytest.mark.both_databases]
SKIPPED = ("skipped", "no chosen theme in this issue")
EDITION = Themes(frozenset({"mind", "life"}), frozenset({"mind", "life", "drugs", "old"}))
HELD = {"patient": EDITION}
IDS = st.sets(st.sampled_from(["mind", "life", "drugs", "old", "gone"]))


@pytest.fixture
def issue() -> Issue:
    """An issue that is going out."""
    return a_draft(state="sending")


def claim(issue: Issue, at: datetime = NOW) -> list[records.Claimed]:
    return records.claim(issue, 5, at, themes=HELD)


def queued(issue: Issue, **wishes: Any) -> Subscriber:
    """One reader with a queued row."""
    reader = a_subscriber("a@example.org", **wishes)
    records.enqueue(issue, AUDIENCES, NOW)
    return reader


def row(issue: Issue) -> tuple[str, str]:
    """State and detail of the only row."""
    state, detail = issue.deliveries.values_list("state", "detail").get()
    return str(state), detail


class TestAPause:
    pytestmark = on_both

    def test_it_ends_on_its_day_and_not_before(self, issue: Issue) -> None:
        queued(issue, paused_until=NOW.date())
        assert len(claim(issue)) == 1

    def test_it_is_told_in_the_row(self, issue: Issue) -> None:
        queued(issue, paused_until=date(2031, 1, 2))
        assert claim(issue) == []
        assert row(issue) == ("skipped", "paused by the reader until 2031-01-02")

    def test_its_day_begins_at_midnight_in_the_publications_zone(self, issue: Issue) -> None:
        """Five hours after midnight in UTC it is the day before in New York."""
        queued(issue, paused_until=date(2026, 12, 1))
        eve = datetime(2026, 12, 1, 4, 59, tzinfo=UTC)
        assert claim(issue, eve) == []
        issue.deliveries.update(state="queued")
        with override_settings(SUBSCRIBERS_ZONE=UTC):
            assert len(claim(issue, eve)) == 1
        issue.deliveries.update(state="queued")
        assert len(claim(issue, eve + timedelta(minutes=1))) == 1

    def test_it_is_read_again_at_every_claim(self, issue: Issue) -> None:
        reader = queued(issue)
        (first,) = claim(issue)
        records.release([first.delivery_id], NOW)
        Subscriber.objects.filter(pk=reader.pk).update(paused_until=date(2031, 1, 2))
        assert claim(issue) == []

    def test_who_left_is_skipped_for_that(self, issue: Issue) -> None:
        reader = queued(issue, paused_until=date(2031, 1, 2))
        reader.memberships.update(state="left")
        assert claim(issue) == []
        assert row(issue) == ("skipped", "left")


class TestThemesThatAreNotWanted:
    pytestmark = on_both

    @pytest.mark.parametrize(
        ("themes", "not_now", "counts"),
        [
            ([], ["mind"], {"life", "drugs", "old"}),
            ([], ["drugs"], EVERY_THEME),  # the edition holds none of it: it goes out whole
            ([], ["gone"], EVERY_THEME),
            (["mind", "life"], ["life"], {"mind"}),
            (["gone"], ["life"], {"mind", "drugs", "old"}),
            (["mind"], ["drugs"], {"mind"}),
        ],
    )
    def test_they_are_cut_out_of_what_was_chosen(
        self, issue: Issue, themes: list[str], not_now: list[str], counts: set[str]
    ) -> None:
        queued(issue, themes=themes, not_now=not_now)
        (claimed,) = claim(issue)
        assert claimed.chosen == counts

    @pytest.mark.parametrize(
        ("themes", "not_now"),
        [([], ["mind", "life"]), (["mind"], ["mind"]), (["mind", "drugs"], ["mind"])],
    )
    def test_who_wants_none_of_what_is_held_is_skipped(
        self, issue: Issue, themes: list[str], not_now: list[str]
    ) -> None:
        queued(issue, themes=themes, not_now=not_now)
        assert claim(issue) == []
        assert row(issue) == SKIPPED

    def test_an_edition_from_before_there_were_choices_goes_to_everybody(
        self, issue: Issue
    ) -> None:
        queued(issue, not_now=["mind", "life"])
        (claimed,) = records.claim(issue, 5, NOW)
        assert claimed.chosen == EVERY_THEME


@given(IDS, IDS, IDS, IDS)
def test_a_choice_never_holds_what_is_not_wanted_and_is_whole_only_without_one(
    held: set[str], offered: set[str], chosen: set[str], not_now: set[str]
) -> None:
    edition = Themes(frozenset(held), frozenset(offered))
    counts = edition.choice(chosen, not_now)
    known = held | offered
    wanted = ((chosen & known) or known) - not_now
    if counts is None:
        assert not wanted & held
    elif counts == EVERY_THEME:
        assert not chosen & known
        assert not held & not_now
    else:
        assert counts == wanted
        assert counts & held


class TestTextAlone:
    pytestmark = on_both

    @pytest.mark.parametrize("text_only", [True, False])
    def test_a_claim_says_so(self, issue: Issue, text_only: bool) -> None:
        queued(issue, text_only=text_only)
        (claimed,) = claim(issue)
        assert claimed.text_only is text_only


@pytest.mark.django_db
@pytest.mark.both_databases
def test_wishes_are_those_of_whoever_has_any() -> None:
    a_subscriber("none@example.org", text_only=True)
    day = date(2031, 1, 2)
    wished: list[dict[str, Any]] = [{"themes": ["a"]}, {"not_now": ["b"]}, {"paused_until": day}]
    readers = [a_subscriber(f"{n}@example.org", **wish) for n, wish in enumerate(wished)]
    found = (Wishes(["a"], [], None), Wishes([], ["b"], None), Wishes([], [], day))
    assert wishes() == {one.pk: wish for one, wish in zip(readers, found, strict=True)}
