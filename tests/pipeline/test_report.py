"""Report: who got an issue and why not, by state and by address however it is written."""

from __future__ import annotations

import pytest

from digest.errors import Refused
from digest.models import Delivery, Issue
from digest.pipeline.report import delivery_lines, issue_line, subscriber_report
from subscribers.errors import BadAddress
from tests.builders import NOW, a_draft, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def issue() -> Issue:
    issue = a_draft(state="sent")
    for address, state in (("ann@example.org", "accepted"), ("bob@example.org", "skipped")):
        Delivery.objects.create(
            issue=issue,
            subscriber=a_subscriber(address),
            audience="patient",
            state=state,
            changed_at=NOW,
        )
    return issue


def test_deliveries_are_found_by_state_and_by_address(issue: Issue) -> None:
    assert len(delivery_lines(issue)) == 2
    assert [line["address"] for line in delivery_lines(issue, state="skipped")] == [
        "bob@example.org"
    ]
    assert [line["state"] for line in delivery_lines(issue, address=" Ann@EXAMPLE.org ")] == [
        "accepted"
    ]


def test_an_unknown_state_or_address_is_refused_and_a_bad_one_too(issue: Issue) -> None:
    with pytest.raises(Refused, match="Known: queued, claimed"):
        delivery_lines(issue, state="lost")
    with pytest.raises(Refused, match="nobody has that address"):
        delivery_lines(issue, address="eve@example.org")
    with pytest.raises(BadAddress):
        delivery_lines(issue, address="nonsense")


def test_an_issue_counts_its_deliveries_by_every_state(issue: Issue) -> None:
    counts = issue_line(issue)["deliveries"]
    assert (counts["accepted"], counts["skipped"], counts["unknown"]) == (1, 1, 0)


def test_all_that_is_known_of_one_person_is_shown(issue: Issue) -> None:
    report = subscriber_report("ann@example.org")
    assert report["memberships"][0]["state"] == "confirmed"
    assert report["deliveries"][0]["state"] == "accepted"
    assert not report["suppressed"]
