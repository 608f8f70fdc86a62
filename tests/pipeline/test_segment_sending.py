"""An issue to a segment: stored when it begins, evaluated when everybody is queued."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.deliver import schedule_issue, send_issue
from digest.pipeline.preflight import preflight
from digest.pipeline.report import issue_report
from digest.project.settings import KEYS
from digest.values import Outcome
from subscribers.leave import leave
from subscribers.models import Membership, Subscriber
from subscribers.segments import saved
from tests.builders import NOW, a_config, a_draft, a_stored_summary, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

CLINIC_A = 'tag = "clinic a"'
DEFERRED = {"ann@example.org": Outcome("deferred", "450 later")}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path, issue={"min_items": 1})


@pytest.fixture
def issue() -> Issue:
    """Approved; ann is of the clinic, bob is not; and a name for that."""
    a_subscriber("ann@example.org", tags=["clinic a"])
    a_subscriber("bob@example.org")
    saved.save("clinic-a", CLINIC_A, actor="eve", now=NOW)
    return an_approved_issue()


def send(config: Config, transport: FakeTransport, to: str | None = None) -> dict[str, int]:
    counts = send_issue(1, config, KEYS, to_segment=to, now=lambda: NOW, transport=transport)
    return {state: rows for state, rows in counts.items() if rows}


def found(issue: Issue, config: Config) -> list[tuple[str, str]]:
    findings = preflight(issue, config)
    return [(one.where, one.what) for one in findings if one.check == "recipients"]


def test_only_the_segment_gets_it_and_the_issue_keeps_the_expression(
    config: Config, issue: Issue
) -> None:
    transport = FakeTransport()
    assert send(config, transport, "clinic-a") == {"accepted": 1}
    assert transport.recipients == ["ann@example.org"]
    issue.refresh_from_db()
    assert (issue.state, issue.segment) == ("sent", CLINIC_A)
    said = AuditEntry.objects.get(who="digest").what
    assert said == f"began to send to 1 subscribers of the segment {CLINIC_A}"
    assert issue_report(issue, config)["segment"] == {"expression": CLINIC_A, "readers": 1}
    assert send(config, FakeTransport()) == {"accepted": 1}


def test_an_expression_does_as_well_as_a_name(config: Config, issue: Issue) -> None:
    transport = FakeTransport()
    send(config, transport, "list = patient and tag != \"clinic a\"")  # fmt: skip
    assert transport.recipients == ["bob@example.org"]


def test_it_is_evaluated_when_everybody_is_queued(config: Config, issue: Issue) -> None:
    schedule_issue(issue, NOW + timedelta(hours=1), to_segment="clinic-a", who="eve", now=NOW)
    saved.save("clinic-a", "bounced", actor="eve", now=NOW)  # the issue has the expression
    Subscriber.objects.update(tags=["clinic a"])
    assert send(config, FakeTransport()) == {"accepted": 2}


def test_who_leaves_after_being_queued_gets_nothing(config: Config, issue: Issue) -> None:
    send(config, FakeTransport(DEFERRED), "clinic-a")
    leave(Subscriber.objects.first(), None, actor="ann", source="page", now=NOW)  # type: ignore[arg-type]
    Delivery.objects.update(next_try=NOW)
    assert send(config, FakeTransport()) == {"skipped": 1}


@pytest.mark.parametrize("to", ["bounced", "everybody"])
def test_another_segment_is_refused_once_it_goes_out(config: Config, issue: Issue, to: str) -> None:
    send(config, FakeTransport(DEFERRED), "clinic-a")
    with pytest.raises(Refused, match=r'issue 1 is sending, to the segment tag = "clinic a"'):
        send(config, FakeTransport(), to)
    Delivery.objects.update(next_try=NOW)
    assert send(config, FakeTransport(), "clinic-a") == {"accepted": 1}  # the same: it goes on
    with pytest.raises(Refused, match="issue 1 is sent, to the segment"):
        send(config, FakeTransport(), to)
    assert Delivery.objects.count() == 1


def test_an_issue_to_everybody_takes_no_segment_later(config: Config, issue: Issue) -> None:
    send(config, FakeTransport(DEFERRED))
    with pytest.raises(Refused, match="issue 1 is sending, to everybody"):
        send(config, FakeTransport(), "clinic-a")


@pytest.mark.parametrize("state", ["draft", "paused", "cancelled"])
def test_what_cannot_be_sent_takes_no_segment(config: Config, issue: Issue, state: str) -> None:
    Issue.objects.update(state=state)
    with pytest.raises(Refused, match=f"issue 1 is {state}"):
        send(config, FakeTransport(), "clinic-a")
    assert Issue.objects.get().segment == ""


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("clinic-b", "there is no segment 'clinic-b'"),
        ("", "something is missing"),  # an empty variable of a script is not everybody
        ("list = doctors", "there is no list 'doctors'"),
        ("tag = nobody", "no confirmed reader is in the segment tag = nobody"),
    ],
)
def test_a_segment_that_leads_to_no_mail_is_refused_and_leaves_no_trace(
    config: Config, issue: Issue, to: str, problem: str
) -> None:
    transport = FakeTransport()
    with pytest.raises(Refused, match=problem):
        send(config, transport, to)
    issue.refresh_from_db()
    assert (transport.sent, issue.state, issue.segment) == ([], "approved", "")
    assert not Delivery.objects.exists()
    with pytest.raises(Refused):
        schedule_issue(issue, NOW, to_segment="clinic-b", who="eve", now=NOW)
    issue.refresh_from_db()
    assert issue.state == "approved"


def test_everybody_lifts_the_segment_of_an_issue_that_waits(config: Config, issue: Issue) -> None:
    schedule_issue(issue, NOW, to_segment="clinic-a", who="eve", now=NOW)
    assert send(config, FakeTransport(), "everybody") == {"accepted": 2}
    assert Issue.objects.get().segment == ""


def test_a_segment_that_means_nothing_any_more_stops_before_the_first_mail(
    config: Config, issue: Issue
) -> None:
    schedule_issue(issue, NOW, to_segment="clinic-a", who="eve", now=NOW)
    Issue.objects.update(segment="theme = lost")
    transport = FakeTransport()
    with pytest.raises(Refused, match="cannot be read any more: there is no theme 'lost'"):
        send(config, transport)
    issue.refresh_from_db()
    assert (transport.sent, issue.state) == ([], "scheduled")
    assert issue_report(issue, config)["segment"] == {"expression": "theme = lost", "readers": None}


# ── preflight ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def waiting(config: Config, issue: Issue) -> Issue:
    """A real issue that waits, to the clinic alone."""
    issue.renditions.all().delete()
    issue.delete()
    a_stored_summary("one")
    made = compose(config, now=NOW)
    review.approve(made, config, who="Ada", now=NOW)
    schedule_issue(made, NOW, to_segment="clinic-a", who="eve", now=NOW)
    return made


def test_preflight_says_the_segment_and_how_many_and_compares_no_list(
    config: Config, waiting: Issue
) -> None:
    said = ("segment", f"it goes to 1 reader only, of the segment {CLINIC_A}")
    assert found(waiting, config) == [said]
    Membership.objects.update(state="left")
    assert found(waiting, config) == [
        ("segment", f"it goes to 0 readers only, of the segment {CLINIC_A}")
    ]


def test_who_is_not_in_the_segment_is_not_told_as_left_without_a_mail(
    config: Config, waiting: Issue
) -> None:
    a_subscriber("cy@example.org", lists=("clinician",))
    waiting.renditions.filter(audience="clinician").delete()
    assert [where for where, _ in found(waiting, config)] == ["segment"]


def test_preflight_tells_of_a_segment_that_means_nothing_any_more(
    config: Config, waiting: Issue
) -> None:
    waiting.segment = "theme = lost"
    ((where, what),) = found(waiting, config)
    assert (where, "there is no theme 'lost'" in what) == ("segment", True)


def test_an_issue_to_a_segment_is_no_measure_for_the_next(
    config: Config, waiting: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    Issue.objects.filter(pk=waiting.pk).update(number=3, segment="")
    waiting.refresh_from_db()
    whole, part = a_draft(1, state="sent"), a_draft(2, state="sent", segment=CLINIC_A)
    for past, readers in ((whole, 2), (part, 1)):
        past.renditions.create(audience="patient")
        for _ in range(readers):
            past.deliveries.create(audience="patient", state="accepted", changed_at=NOW)
    assert not [what for where, what in found(waiting, config) if where == "patient list"]


def test_the_report_of_an_issue_to_everybody_has_no_segment(config: Config, issue: Issue) -> None:
    report: dict[str, Any] = issue_report(issue, config)
    assert report["segment"] is None
