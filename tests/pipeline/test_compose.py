"""Compose: the ledger of law 1 over several issues; the draft keeps what the editor chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from digest.config import Config
from digest.errors import Refused
from digest.models import Issue, LedgerEntry, StoredSummary
from digest.pipeline import compose as step
from digest.pipeline import review
from digest.pipeline.compose import compose, give_back
from digest.pipeline.report import draft_report
from tests.builders import NOW, a_config, a_draft, a_stored_drug_trial, a_stored_summary

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NEXT_MONTH = NOW + timedelta(days=30)


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


def sent(issue: Issue) -> Issue:
    Issue.objects.filter(pk=issue.pk).update(state="sent", sent_at=NOW)
    issue.refresh_from_db()
    return issue


def slugs(report: dict[str, list[dict[str, dict[str, str]]]], part: str) -> list[str]:
    return [line["summary"]["slug"] for line in report[part]]


def test_every_summary_seen_has_an_entry_for_each_audience(config: Config) -> None:
    a_stored_summary("in-it")
    a_stored_summary("old", published_at=NOW - timedelta(days=90))
    a_stored_summary("future", published_at=NOW + timedelta(days=9))
    a_stored_summary("undated", published_at=None, asks_for_date=True)
    issue = compose(config, now=NOW)
    assert LedgerEntry.objects.count() == 4 * 3
    assert not LedgerEntry.objects.filter(reason="").exists()
    report = draft_report(issue, config)
    assert slugs(report, "items") == ["in-it"]
    assert sorted(slugs(report, "held")) == ["future", "undated"]
    assert slugs(report, "left_out") == ["old"]


def test_composing_again_refreshes_the_draft_and_keeps_its_number(config: Config) -> None:
    a_stored_summary("first")
    one = compose(config, now=NOW)
    a_stored_summary("second")
    two = compose(config, now=NOW + timedelta(hours=1))
    assert (one.pk, one.number) == (two.pk, two.number)
    assert len(draft_report(two, config)["items"]) == 2


def test_what_was_sent_is_never_in_a_second_issue(config: Config) -> None:
    a_stored_summary("first")
    sent(compose(config, now=NOW))
    a_stored_summary("second", published_at=NOW + timedelta(days=2))
    issue = compose(config, now=NEXT_MONTH)
    assert issue.number == 2
    assert slugs(draft_report(issue, config), "items") == ["second"]


def test_a_late_arrival_with_an_old_date_is_in_the_next_issue(config: Config) -> None:
    a_stored_summary("first")
    sent(compose(config, now=NOW))
    a_stored_summary("late", published_at=NOW - timedelta(days=300), first_seen=NEXT_MONTH)
    report = draft_report(compose(config, now=NEXT_MONTH), config)
    assert slugs(report, "items") == ["late"]
    assert "arrived late" in report["items"][0]["ledger"]["patient"]["reason"]


def test_a_future_one_is_in_once_its_day_has_come(config: Config) -> None:
    a_stored_summary("first")
    a_stored_summary("future", published_at=NOW + timedelta(days=9))
    sent(compose(config, now=NOW))
    assert slugs(draft_report(compose(config, now=NEXT_MONTH), config), "items") == ["future"]


def test_what_the_first_issue_left_out_stays_out(config: Config) -> None:
    a_stored_summary("first")
    a_stored_summary("old", published_at=NOW - timedelta(days=90))
    sent(compose(config, now=NOW))
    a_stored_summary("second", published_at=NOW + timedelta(days=2))
    assert slugs(draft_report(compose(config, now=NEXT_MONTH), config), "left_out") == []


def test_a_clock_set_back_loses_and_doubles_nothing(config: Config) -> None:
    a_stored_summary("first")
    sent(compose(config, now=NOW))
    a_stored_summary("second", published_at=NOW - timedelta(days=40))
    issue = compose(config, now=NOW - timedelta(days=10))
    assert slugs(draft_report(issue, config), "items") == ["second"]
    assert issue.window_start <= issue.cut_off


def test_too_few_items_skip_the_issue_and_keep_all_for_the_next() -> None:
    config = a_config(issue={"min_items": 2})
    a_stored_summary("first")
    issue = compose(config, now=NOW)
    assert issue.state == "skipped"
    reason = LedgerEntry.objects.filter(audience="patient").get().reason
    assert reason == "the issue was skipped: 1 of the 2 items that it needs"
    a_stored_summary("second")
    again = compose(config, now=NOW + timedelta(days=1))
    assert (again.number, again.state) == (1, "draft")
    assert len(draft_report(again, config)["items"]) == 2


def test_want_of_room_holds_over_and_the_next_issue_takes_it() -> None:
    config = a_config(issue={"min_items": 1, "max_items": 1})
    a_stored_summary("a")
    a_stored_summary("b")
    first = draft_report(sent(compose(config, now=NOW)), config)
    assert (slugs(first, "items"), slugs(first, "held")) == (["a"], ["b"])
    second = draft_report(compose(config, now=NEXT_MONTH), config)
    assert slugs(second, "items") == ["b"]


def test_a_cancelled_issue_gives_its_summaries_back(config: Config) -> None:
    a_stored_summary("first")
    issue = compose(config, now=NOW)
    review.cancel(issue, who="Ada", now=NOW)
    issue = compose(config, now=NOW)
    assert issue.number == 2
    assert slugs(draft_report(issue, config), "items") == ["first"]


def test_an_article_is_linked_without_theme_or_teaser_and_does_not_count() -> None:
    config = a_config(issue={"min_items": 1})
    a_stored_summary("study")
    a_stored_summary("round-up", kind="article", headline="", found="", body="Long text.")
    report = draft_report(compose(config, now=NOW), config)
    assert slugs(report, "items") == ["study"]
    assert slugs(report, "articles") == ["round-up"]
    assert set(report["articles"][0]) == {"summary", "kind", "ledger"}


def test_articles_are_left_out_when_the_configuration_says_so() -> None:
    config = a_config(issue={"min_items": 1, "articles": "leave_out"})
    a_stored_summary("study")
    a_stored_summary("round-up", kind="article")
    assert slugs(draft_report(compose(config, now=NOW), config), "left_out") == ["round-up"]


def test_composing_is_refused_while_an_approved_issue_waits(config: Config) -> None:
    a_draft(state="approved")
    with pytest.raises(Refused, match=r"issue 1 is approved and not yet sent"):
        compose(config, now=NOW)


def test_the_database_holds_one_open_draft_and_one_issue_per_summary(config: Config) -> None:
    a_stored_summary("first")
    issue = compose(config, now=NOW)
    other = a_draft(number=9, state="sent")
    with pytest.raises(IntegrityError):
        LedgerEntry.objects.create(
            issue=other,
            summary=StoredSummary.objects.get(),
            audience="patient",
            state="in",
            reason="twice",
            content_hash="x",
        )
    assert issue.number == 1


def test_the_database_refuses_a_second_draft() -> None:
    a_draft(1)
    with pytest.raises(IntegrityError):
        a_draft(2)


def test_giving_back_leaves_nothing_in(config: Config) -> None:
    a_stored_summary("first")
    issue = compose(config, now=NOW)
    give_back(issue)
    assert not LedgerEntry.objects.filter(state="in").exists()


@pytest.mark.parametrize(
    "cut_off",
    [
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # 01:30, the first of two in New York
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # 01:30 again
        datetime(2027, 3, 14, 7, 0, tzinfo=UTC),  # 02:00 becomes 03:00
        datetime(2027, 2, 1, 4, 59, 59, tzinfo=UTC),  # the last second of January
    ],
)
def test_the_cut_off_is_an_instant_whatever_the_wall_clock_does(
    config: Config, cut_off: datetime
) -> None:
    a_stored_summary("before", published_at=cut_off - timedelta(seconds=1))
    a_stored_summary("after", published_at=cut_off + timedelta(seconds=1))
    report = draft_report(compose(config, now=cut_off), config)
    assert (slugs(report, "items"), slugs(report, "held")) == (["before"], ["after"])


def test_a_draft_that_was_sent_while_it_was_composed_again_stays_sent(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stored_summary("one")
    compose(config, now=NOW)
    reading = step._read

    def slow(*arguments: Any) -> Any:
        Issue.objects.update(state="sent")
        return reading(*arguments)

    monkeypatch.setattr(step, "_read", slow)
    with pytest.raises(Refused, match="was changed while it was composed"):
        compose(config, now=NOW)
    assert Issue.objects.get().state == "sent"


def test_want_of_room_in_a_cancelled_issue_does_not_count(config: Config) -> None:
    config = a_config(issue={"min_items": 1, "max_items": 1})
    for slug in ("a", "b"):
        a_stored_summary(slug)
    for _ in range(3):
        issue = compose(config, now=NOW)
        assert slugs(draft_report(issue, config), "items") == ["a"]
        review.cancel(issue, who="Ada", now=NOW)


def test_each_audience_reads_the_themes_in_its_own_order() -> None:
    last_first = {
        "patient": {"order": ["treatment"]},
        "caregiver": {"order": ["movement", "symptoms"]},
    }
    plain = a_config(issue={"min_items": 1})
    audiences = {
        name: words.model_copy(update={"order": tuple(last_first.get(name, {}).get("order", ()))})
        for name, words in plain.audiences.items()
    }
    config = plain.model_copy(update={"audiences": audiences})
    a_stored_summary("tired")
    a_stored_drug_trial("drug")
    issue = compose(config, now=NOW)
    ins = LedgerEntry.objects.filter(issue=issue, state="in").order_by("position")
    order = {
        name: [entry.summary.slug for entry in ins.filter(audience=name)] for name in last_first
    }
    assert order == {"patient": ["drug", "tired"], "caregiver": ["tired", "drug"]}


def test_what_an_editor_decides_while_it_is_composed_is_not_lost(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("one", "two"):
        a_stored_summary(slug)
    issue = compose(config, now=NOW)
    reading = step._read
    decided: list[int] = []

    def slow(*arguments: Any) -> Any:
        if not decided:
            decided.append(1)
            later = NOW + timedelta(minutes=1)
            review.put(Issue.objects.get(), "one", "exclude", config, who="Ada", now=later)
        return reading(*arguments)

    monkeypatch.setattr(step, "_read", slow)
    with pytest.raises(Refused, match="was changed while it was composed"):
        compose(config, now=NOW)
    assert slugs(draft_report(issue, config), "left_out") == ["one"]


def test_an_archive_that_no_issue_will_take_is_not_read(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stored_summary("new")
    a_stored_summary("old", published_at=NOW - timedelta(days=400))
    a_stored_summary("future", published_at=NOW + timedelta(days=40))
    reading, read = step._read, []

    def noting(one: Any, *rest: Any) -> Any:
        read.append(one.summary.slug)
        return reading(one, *rest)

    monkeypatch.setattr(step, "_read", noting)
    compose(config, now=NOW)
    assert read == ["new"]
