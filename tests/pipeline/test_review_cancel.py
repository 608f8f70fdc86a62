"""Cancelling: what is not begun is skipped, and what somebody may have read is not used again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from digest.config import Config
from digest.delivery import records
from digest.delivery.journal import open_journal
from digest.errors import Refused
from digest.models import AuditEntry, Issue
from digest.pipeline import review
from digest.pipeline.cancelled import settle_dead_sender, skip_cancelled
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

WAIT = NOW + timedelta(minutes=5)


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    """An issue that is going out to four readers, a queued row each."""
    a_stored_summary("one")
    issue = compose(config, now=NOW)
    review.approve(issue, config, who="Ada", now=NOW)
    for name in "abcd":
        a_subscriber(f"{name}@example.net")
    records.enqueue(issue, ("patient",), NOW)
    Issue.objects.update(state="sending")
    return Issue.objects.get()


def become(issue: Issue, *states: str) -> None:
    """The rows, in the order of their readers."""
    for row, state in zip(issue.deliveries.order_by("pk"), states, strict=True):
        row.state, row.next_try = state, WAIT if state == "deferred" else None
        row.save()


def rows(issue: Issue) -> list[tuple[str, str]]:
    """State and detail of each."""
    return list(issue.deliveries.order_by("pk").values_list("state", "detail"))


def ledger(issue: Issue) -> set[str]:
    """The states that its summaries are in."""
    return set(issue.ledger.values_list("state", flat=True))


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_what_is_not_begun_is_skipped_and_the_rest_stays_as_it_is(issue: Issue, state: str) -> None:
    become(issue, "accepted", "unknown", "deferred", "queued")
    Issue.objects.update(state=state)
    review.cancel(issue, who="Ada", now=NOW)
    assert issue.state == "cancelled"
    over = ("skipped", "cancelled")
    assert rows(issue) == [("accepted", ""), ("unknown", ""), over, over]
    assert not issue.deliveries.filter(next_try__isnull=False).exists()
    assert AuditEntry.objects.get(what="cancelled").who == "Ada"


@pytest.mark.parametrize("reached", ["accepted", "unknown", "claimed"])
def test_what_somebody_may_have_read_is_in_no_later_issue(
    issue: Issue, config: Config, reached: str
) -> None:
    become(issue, reached, "failed", "queued", "queued")
    review.cancel(issue, who="Ada", now=NOW)
    assert ledger(issue) == {"in"}
    assert compose(config, now=NOW + timedelta(days=1)).state == "skipped"


def test_what_nobody_got_waits_for_the_next_issue(issue: Issue, config: Config) -> None:
    become(issue, "failed", "deferred", "queued", "skipped")
    review.cancel(issue, who="Ada", now=NOW)
    assert ledger(issue) == {"held"}
    assert compose(config, now=NOW + timedelta(days=1)).items.count() == 1


def test_what_a_sender_has_claimed_is_its_own_until_it_gives_it_back(issue: Issue) -> None:
    claimed = records.claim(issue, 2, NOW, owner="alive")
    review.cancel(issue, who="Ada", now=NOW)
    assert [state for state, _ in rows(issue)] == ["claimed", "claimed", "skipped", "skipped"]
    records.release([one.delivery_id for one in claimed], NOW, owner="alive")
    assert skip_cancelled(NOW) == 2
    assert rows(issue) == [("skipped", "cancelled")] * 4


def test_no_other_issue_is_touched(issue: Issue) -> None:
    assert skip_cancelled(NOW) == 0
    assert rows(issue) == [("queued", "")] * 4


def test_a_cancelled_issue_is_neither_resumed_nor_cancelled_again(issue: Issue) -> None:
    review.cancel(issue, who="Ada", now=NOW)
    for order in (review.pause, review.resume, review.cancel):
        with pytest.raises(Refused, match="issue 1 is cancelled"):
            order(issue, who="Ada", now=NOW)


def test_what_a_dead_sender_left_is_settled_by_its_journal(issue: Issue, tmp_path: Path) -> None:
    config = a_config(tmp_path, issue={"min_items": 1})
    with open_journal(tmp_path) as journal:
        owner = journal.begin(repeatable=False)
        first, _ = records.claim(issue, 2, NOW, owner=owner)
        journal.begun([first.delivery_id])
        settle_dead_sender(config, NOW)  # it is alive still
        assert [state for state, _ in rows(issue)][:2] == ["claimed", "claimed"]
    settle_dead_sender(config, NOW)
    review.cancel(issue, who="Ada", now=NOW)
    assert [state for state, _ in rows(issue)] == ["unknown", "skipped", "skipped", "skipped"]
