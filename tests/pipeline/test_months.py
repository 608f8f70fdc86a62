"""Law 1 over months, as an editor lives them: a summary is in one issue per audience, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest.cli.site import parse_when
from digest.config import Config
from digest.editorial.teasers import make_teasers
from digest.models import Issue, LedgerEntry, QueuedMail, StoredSummary
from digest.pipeline import compose as step
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.gather import gather
from digest.pipeline.report import draft_report
from digest.values import Audience, Evidence, Summary, Teaser
from tests.builders import NOW, a_config, a_stored_drug_trial, a_stored_summary

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

MONTH = timedelta(days=30)


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


def month(number: int) -> datetime:
    """The day of composing, so many months on."""
    return NOW + number * MONTH


def sent(issue: Issue) -> Issue:
    Issue.objects.filter(pk=issue.pk).update(state="sent", sent_at=issue.cut_off)
    issue.refresh_from_db()
    return issue


def included(issue: Issue, config: Config) -> list[str]:
    return [item["summary"]["slug"] for item in draft_report(issue, config)["items"]]


def reasons(issue: Issue, slug: str) -> set[str]:
    return set(issue.ledger.filter(summary__slug=slug).values_list("reason", flat=True))


def ledger(issue: Issue) -> list[Sequence[object]]:
    fields = ("summary__slug", "audience", "state", "reason", "position", "content_hash")
    return list(issue.ledger.order_by("summary__slug", "audience").values_list(*fields))


def test_a_skipped_month_is_told_and_all_of_it_is_in_the_next() -> None:
    config = a_config(issue={"min_items": 2})
    a_stored_summary("early")
    skipped = compose(config, now=month(0))
    assert (skipped.state, included(skipped, config)) == ("skipped", [])
    assert QueuedMail.objects.filter(purpose="notice").count() == 1
    assert reasons(skipped, "early") == {"the issue was skipped: 1 of the 2 items that it needs"}
    a_stored_drug_trial("later", published_at=month(1) - timedelta(days=2))
    following = compose(config, now=month(1))
    assert (following.number, following.state) == (1, "draft")
    assert sorted(included(following, config)) == ["early", "later"]


def test_a_first_issue_that_was_cancelled_or_left_lying_gives_all_to_the_next(
    config: Config,
) -> None:
    a_stored_summary("early")
    a_stored_summary("old", published_at=NOW - timedelta(days=90))
    compose(config, now=month(0))
    lying = compose(config, now=month(1))
    assert included(lying, config) == ["early"]
    review.cancel(lying, who="Ada", now=month(1))
    issue = compose(config, now=month(2))
    assert (included(issue, config), issue.number) == (["early"], 2)
    assert issue.ledger.filter(summary__slug="old", state="left out").count() == 3


def test_how_far_the_first_issue_looks_back_can_still_be_changed(config: Config) -> None:
    a_stored_summary("new", published_at=NOW - timedelta(days=2))
    a_stored_summary("old", published_at=NOW - timedelta(days=20))
    assert len(included(compose(config, now=NOW), config)) == 2
    shorter = a_config(issue={"min_items": 1, "first_lookback_days": 10})
    assert included(compose(shorter, now=NOW + timedelta(hours=1)), shorter) == ["new"]
    assert included(compose(shorter, now=NOW, until=NOW - timedelta(days=15)), shorter) == ["old"]


def test_a_skipped_month_after_an_issue_loses_nothing() -> None:
    config = a_config(issue={"min_items": 2})
    a_stored_summary("first")
    a_stored_drug_trial("second")
    sent(compose(config, now=month(0)))
    a_stored_summary("lonely", published_at=month(1) - timedelta(days=3))
    assert compose(config, now=month(1)).state == "skipped"
    a_stored_summary("company", published_at=month(2) - timedelta(days=3))
    issue = compose(config, now=month(2))
    assert (issue.number, sorted(included(issue, config))) == (2, ["company", "lonely"])
    assert reasons(issue, "lonely") == {"published 18 December 2026"}


def test_a_month_in_which_nobody_composed_is_in_the_next_issue(config: Config) -> None:
    a_stored_summary("first")
    sent(compose(config, now=month(0)))
    a_stored_summary("missed", published_at=month(0) + timedelta(days=5))
    a_stored_summary("recent", published_at=month(2) - timedelta(days=5))
    issue = compose(config, now=month(2))
    assert included(issue, config) == ["recent", "missed"]
    assert issue.window_start == month(0)


def test_what_a_paused_issue_holds_is_not_composed_again(config: Config) -> None:
    a_stored_summary("first")
    issue = compose(config, now=month(0))
    Issue.objects.update(state="paused")
    a_stored_summary("second", published_at=month(1) - timedelta(days=5))
    following = compose(config, now=month(1))
    assert included(following, config) == ["second"]
    assert LedgerEntry.objects.filter(summary__slug="first", issue=issue, state="in").count() == 3


def test_an_undated_one_asks_until_its_source_gives_a_date_or_the_editor_brings_it(
    config: Config,
) -> None:
    a_stored_summary("dated")
    for slug in ("asks", "mended"):
        a_stored_summary(slug, published_at=None, asks_for_date=True)
    issue = compose(config, now=NOW)
    assert included(issue, config) == ["dated"]
    assert "states no date" in reasons(issue, "asks").pop()
    review.put(issue, "asks", "bring", config, who="Ada", now=NOW)
    dated = {"published_at": NOW - timedelta(days=1), "asks_for_date": False}
    StoredSummary.objects.filter(slug="mended").update(**dated)
    assert sorted(included(compose(config, now=NOW), config)) == ["asks", "dated", "mended"]


def test_an_undated_one_of_a_source_that_trusts_first_seen_counts_from_then(
    config: Config,
) -> None:
    a_stored_summary("seen", published_at=None, first_seen=NOW - timedelta(days=2))
    a_stored_summary("long-ago", published_at=None, first_seen=NOW - timedelta(days=90))
    issue = compose(config, now=NOW)
    assert included(issue, config) == ["seen"]
    assert reasons(issue, "seen") == {"states no date; first seen 19 November 2026"}
    assert "before the first issue's window" in reasons(issue, "long-ago").pop()


def test_what_is_edited_after_it_was_sent_is_not_sent_again_and_stays_as_it_was(
    config: Config,
) -> None:
    a_stored_summary("one")
    issue = sent(compose(config, now=month(0)))
    before = draft_report(issue, config)["items"]
    StoredSummary.objects.update(
        title="It Was All Wrong",
        journal="Another",
        url="https://else.example.org",
        doi="10.1000/other",
        published_at=month(1),
        content_hash="another",
    )
    a_stored_drug_trial("two", published_at=month(1) - timedelta(days=1))
    assert included(compose(config, now=month(1)), config) == ["two"]
    assert draft_report(issue, config)["items"] == before


def test_the_same_study_from_two_sources_is_one_item(tmp_path: Path) -> None:
    study = (
        '{{"title": "{title}", "found": "Doctors followed 120 people.", "limits": "One clinic.",'
        ' "doi": "10.1000/walk", "published": "2026-11-10"}}\n'
    )
    for folder, title in (("here", "A Walk a Day"), ("there", "Walking Daily")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "summaries.jsonl").write_text(study.format(title=title))
    sources = [{"name": name, "kind": "folder", "path": name} for name in ("here", "there")]
    config = a_config(tmp_path, sources=sources, issue={"min_items": 1})
    gather(config, now=NOW)
    issue = compose(config, now=NOW)
    assert [item["summary"]["title"] for item in draft_report(issue, config)["items"]] == [
        "A Walk a Day"
    ]
    sent(issue)
    gather(config, now=month(1))
    assert compose(config, now=month(1)).state == "skipped"


def test_composed_twice_it_is_the_same_draft(config: Config) -> None:
    for slug in ("a", "b"):
        a_stored_summary(slug)
    a_stored_summary("old", published_at=NOW - timedelta(days=90))
    once = compose(config, now=NOW)
    before, items = ledger(once), draft_report(once, config)
    twice = compose(config, now=NOW)
    assert (ledger(twice), draft_report(twice, config)) == (before, items)
    assert Issue.objects.count() == 1


def test_nothing_is_held_over_more_than_twice_for_want_of_room() -> None:
    config = a_config(issue={"min_items": 1, "max_items": 1})
    a_stored_drug_trial("weak", published_at=NOW - timedelta(days=20), found="Nothing is said.")
    for number in range(3):
        a_stored_drug_trial(f"strong-{number}", published_at=month(number) - timedelta(days=1))
    held = []
    for number in range(2):
        issue = sent(compose(config, now=month(number)))
        assert included(issue, config) == [f"strong-{number}"]
        held.append(reasons(issue, "weak"))
    assert held == [{"no room: 1 an issue at most"}] * 2
    issue = compose(config, now=month(2))
    assert included(issue, config) == ["weak"]
    assert reasons(issue, "weak") == {"held over 2 times, so it goes in now"}
    assert reasons(issue, "strong-2") == {"no room: 1 an issue at most"}


def test_what_was_held_over_says_from_which_issue_and_not_that_it_arrived_late() -> None:
    config = a_config(issue={"min_items": 1, "max_items": 1})
    a_stored_drug_trial("strong", published_at=NOW - timedelta(days=1))
    a_stored_drug_trial("weak", published_at=NOW - timedelta(days=20), found="Nothing is said.")
    a_stored_drug_trial("by-hand", published_at=NOW - timedelta(days=20))
    a_stored_drug_trial(
        "undated", published_at=None, first_seen=NOW - timedelta(days=9), found="Nothing is said."
    )
    a_stored_drug_trial("future", published_at=NOW + timedelta(days=3))
    issue = compose(config, now=month(0))
    review.put(issue, "by-hand", "hold", config, who="Ada", now=month(0))
    sent(issue)
    a_stored_summary("late", published_at=NOW - timedelta(days=9))
    roomy = a_config(issue={"min_items": 1})
    following = compose(roomy, now=month(1))
    for slug in ("weak", "by-hand", "undated"):
        assert reasons(following, slug) == {"held over from issue 1"}, slug
    assert reasons(following, "future") == {"published 24 November 2026"}
    assert reasons(following, "late") == {"arrived late: published 12 November 2026"}


@pytest.mark.parametrize(
    ("day_after", "last_minute"),
    [
        ("2026-12-01", datetime(2026, 12, 1, 4, 59, tzinfo=UTC)),  # 23:59 of 30 November
        ("2026-11-02", datetime(2026, 11, 2, 4, 59, tzinfo=UTC)),  # a day of 25 hours
        ("2027-03-15", datetime(2027, 3, 15, 3, 59, tzinfo=UTC)),  # a day of 23 hours
        ("2028-03-01", datetime(2028, 3, 1, 4, 59, tzinfo=UTC)),  # 29 February
    ],
)
def test_a_day_ends_when_it_ends_for_the_readers(
    config: Config, day_after: str, last_minute: datetime
) -> None:
    a_stored_summary("last", published_at=last_minute)
    a_stored_summary("next", published_at=last_minute + timedelta(minutes=2))
    issue = compose(config, now=last_minute, until=parse_when(day_after, config))
    assert included(issue, config) == ["last"]
    day = last_minute.astimezone(config.zone)
    assert reasons(issue, "last") == {f"published {day.day} {day:%B %Y}"}
    assert "after the cut-off" in reasons(issue, "next").pop()


# ── many ──────────────────────────────────────────────────────────────────────────────────


def test_the_database_is_asked_no_more_often_for_many_than_for_few(config: Config) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            compose(config, now=NOW)
        return [query["sql"] for query in captured.captured_queries]

    for number in range(5):
        a_stored_summary(f"few-{number}")
    a_stored_summary("round-up", kind="article", body="A long text.")
    compose(config, now=NOW)
    few = queries()
    for number in range(40):
        a_stored_summary(f"many-{number}")
    many = queries()
    assert len(many) == len(few)
    assert not [sql for sql in many if sql.startswith("SELECT") and '"body"' in sql]


def test_teasers_are_made_only_for_what_is_in(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make(summary: Summary, evidence: Evidence) -> Mapping[Audience, Teaser]:
        made.append(summary.slug)
        return make_teasers(summary, evidence)

    monkeypatch.setattr(step, "make_teasers", make)
    a_stored_summary("in-it")
    a_stored_summary("old", published_at=NOW - timedelta(days=90))
    compose(config, now=NOW)
    assert made == ["in-it"]


def test_an_issue_of_before_the_upgrade_shows_what_its_summaries_say_now(config: Config) -> None:
    a_stored_summary("one")
    issue = sent(compose(config, now=NOW))
    Issue.objects.update(as_composed={})
    StoredSummary.objects.update(title="Another Title")
    issue.refresh_from_db()
    (item,) = draft_report(issue, config)["items"]
    assert item["summary"]["title"] == "Another Title"
