"""The clock and a server that refuses us: an issue is paused, nothing is asked again and again."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import pytest

from digest import clock
from digest.config import Config, Keys
from digest.errors import DeliveryError
from digest.models import AuditEntry, Delivery, Issue, QueuedMail
from digest.pipeline import review
from tests.builders import NOW, a_config, a_draft, a_subscriber, an_approved_issue
from tests.delivery.sendgrid.api import Answer, sendgrid_api

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

KEYS = Keys("s" * 40, "d" * 40, "h" * 40)
WITH_KEY = Keys("s" * 40, "d" * 40, "h" * 40, sendgrid_api_key="SG.x")
REFUSED = DeliveryError(
    "the mail server does not sign us in (535 5.7.8 no such user)", mend="Correct the password"
)
DOWN = DeliveryError("the mail server cannot be reached", temporary=True)


@pytest.fixture
def config() -> Config:
    """A site with an editor who is told."""
    return a_config(issue={"tell": ("ada@example.org",)})


def told() -> list[EmailMessage]:
    """What waits to be mailed to editors."""
    return [
        message_from_bytes(bytes(row.content), _class=EmailMessage, policy=policy.default)
        for row in QueuedMail.objects.filter(purpose="notice").order_by("pk")
    ]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was tried, "issue" or "queue"; each meets the answer that `refuse` set last."""
    tried: list[str] = []
    monkeypatch.setattr(clock, "send_issue", lambda *rest, **more: _meet(tried, "issue"))
    monkeypatch.setattr(clock, "flush_queue", lambda *rest: _meet(tried, "queue"))
    refuse(None)
    return tried


_answer: list[DeliveryError | None] = [None]


def refuse(error: DeliveryError | None) -> None:
    _answer[0] = error


def _meet(tried: list[str], what: str) -> dict[str, int]:
    tried.append(what)
    if _answer[0] is not None:
        raise _answer[0]
    return {}


def test_an_issue_that_is_refused_altogether_is_paused_and_the_editors_are_told(
    config: Config, asked: list[str]
) -> None:
    a_draft(1, state="sending")
    refuse(REFUSED)
    for tick in range(20):
        clock.mails(config, KEYS, Event(), NOW + timedelta(seconds=15 * tick))
    assert asked.count("issue") == 1
    assert Issue.objects.get().state == "paused"
    stopped, notice = AuditEntry.objects.order_by("pk")
    assert stopped.who == "the schedule"
    assert stopped.what == f"paused: {REFUSED.line()}"
    assert notice.what == "told the editors that it was stopped"
    (mail,) = told()
    read = " ".join(mail.get_content().split())
    assert mail["Subject"] == "Issue 1 is paused: its mails are refused"
    assert "(535 5.7.8 no such user). Correct the password." in read
    assert "digest resume 1" in read


def test_what_a_server_says_of_a_diagnosis_is_not_mailed(config: Config, asked: list[str]) -> None:
    a_draft(1, state="sending")
    refuse(DeliveryError("the mail server refuses the sender (553 no sclerosis here)"))
    clock.mails(config, KEYS, Event(), NOW)
    (mail,) = told()
    assert config.privacy.diagnosis_in(mail["Subject"] + mail.get_content()) is None


def test_a_resumed_issue_goes_on_and_nobody_is_told_any_more_that_it_stopped(
    config: Config, asked: list[str]
) -> None:
    a_draft(1, state="sending")
    refuse(REFUSED)
    clock.mails(config, KEYS, Event(), NOW)
    review.resume(Issue.objects.get(), who="Ada", now=NOW)
    assert told() == []
    refuse(None)
    clock.mails(config, KEYS, Event(), NOW)
    assert asked.count("issue") == 2


def test_an_api_that_is_down_makes_few_mails_unknown_however_often_the_clock_comes(
    tmp_path: Path,
) -> None:
    for n in range(20):
        a_subscriber(f"p{n}@example.net")
    an_approved_issue(state="scheduled", send_at=NOW)
    down = [Answer(201, body=b'{"batch_id": "b-1"}'), *[Answer(503)] * 40]
    with sendgrid_api(*down) as api:
        transport = {"kind": "sendgrid", "api_url": api.url, "batch": 1}
        config = a_config(tmp_path, transport=transport, issue={"tell": ("ada@example.org",)})
        for tick in range(4):
            clock.mails(config, WITH_KEY, Event(), NOW + timedelta(seconds=15 * tick))
    assert Delivery.objects.filter(state="unknown").count() == 3
    assert (Issue.objects.get().state, len(told())) == ("paused", 1)
    assert "digest resume 1" in told()[0].get_content()


def test_an_issue_whose_server_is_down_is_tried_again_at_each_tick(
    config: Config, asked: list[str]
) -> None:
    a_draft(1, state="sending")
    refuse(DOWN)
    for tick in range(5):
        clock.mails(config, KEYS, Event(), NOW + timedelta(seconds=15 * tick))
    assert asked.count("issue") == 5
    assert (Issue.objects.get().state, AuditEntry.objects.count()) == ("sending", 0)


def test_single_mails_that_are_refused_altogether_are_tried_ever_more_rarely(
    config: Config, asked: list[str]
) -> None:
    def tries(since: int, until: int) -> int:
        """How often the queue was tried between two minutes."""
        before = len(asked)
        for minute in range(since, until):
            clock.queue(config, KEYS, NOW + timedelta(minutes=minute), rest=rest)
        return len(asked) - before

    rest = clock.Rest()
    refuse(REFUSED)
    assert tries(0, 36) == 3  # at once, after one minute, after five more
    assert tries(36, 10 * 60) == 5  # after half an hour more, then every two hours
    refuse(None)
    assert tries(10 * 60, 13 * 60) > 60


def test_single_mails_whose_server_is_down_are_tried_at_each_tick(
    config: Config, asked: list[str]
) -> None:
    rest = clock.Rest()
    refuse(DOWN)
    for tick in range(8):
        clock.queue(config, KEYS, NOW + timedelta(seconds=15 * tick), rest=rest)
    assert asked == ["queue"] * 8
