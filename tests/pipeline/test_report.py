"""Report: who got an issue and why not; what is in it, as it was when composed."""

from __future__ import annotations

from typing import Any

import pytest

from digest.config import Config
from digest.editorial.readability import reading_grade
from digest.errors import Refused
from digest.models import Delivery, Issue, StoredSummary
from digest.pipeline.compose import compose
from digest.pipeline.report import (
    delivery_lines,
    draft_report,
    issue_line,
    issue_report,
    subscriber_report,
)
from digest.values import AUDIENCES
from subscribers.errors import BadAddress
from tests.builders import NOW, a_config, a_draft, a_stored_summary, a_subscriber

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


# ── a draft ───────────────────────────────────────────────────────────────────────────────


def an_item_of(config: Config, **changes: Any) -> dict[str, Any]:
    """How the report shows the one study of a draft."""
    a_stored_summary("one", **changes)
    (item,) = draft_report(compose(config, now=NOW), config)["items"]
    return dict(item)


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


def test_journal_and_doi_stand_among_the_evidence_in_the_sources_words(config: Config) -> None:
    evidence = an_item_of(config, doi="10.1000/walk")["evidence"]
    assert evidence["journal"] == {
        "value": "Sample Journal of Walking",
        "from": "Sample Journal of Walking",
    }
    assert evidence["doi"] == {"value": "10.1000/walk", "from": "10.1000/walk"}
    assert set(evidence) == {
        "kind", "participants", "species", "caveat", "results", "journal", "doi",
    }  # fmt: skip


def test_a_journal_or_doi_that_is_not_stated_is_null(config: Config) -> None:
    evidence = an_item_of(config, journal="")["evidence"]
    assert evidence["journal"] == evidence["doi"] == {"value": None, "from": ""}


def test_each_teaser_has_a_school_grade_of_the_summarys_own_words(config: Config) -> None:
    item = an_item_of(config)
    grades = item["readability"]
    assert set(grades) == set(AUDIENCES)
    for audience, teaser in item["teasers"].items():
        said = " ".join(text for text in teaser.values() if text)
        assert grades[audience] == reading_grade(said)
        assert isinstance(grades[audience], float)


def test_an_article_of_a_sent_issue_keeps_its_title_too(config: Config) -> None:
    a_stored_summary("one")
    a_stored_summary("round-up", kind="article", title="A Year of Walking")
    issue = compose(config, now=NOW)
    Issue.objects.update(state="sent")
    StoredSummary.objects.update(title="Something Else", content_hash="else")
    issue.refresh_from_db()
    assert issue_report(issue, config)["articles"][0]["summary"]["title"] == "A Year of Walking"
