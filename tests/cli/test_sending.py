"""`digest test-send` and `digest resolve`: what they print, and what they exit with."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.errors import Refused
from digest.models import Delivery, Issue
from digest.pipeline import send_test as step
from digest.pipeline.compose import compose
from digest.values import Outcome
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber, an_approved_issue
from tests.fakes import FakeTransport

pytestmark = pytest.mark.django_db

TO = "editor@example.org"


def run(*words: str) -> tuple[int, str]:
    """Exit code and what is printed. Raises what the command refuses with."""
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def document(*words: str) -> tuple[int, Any]:
    code, printed = run(*words, "--json")
    return code, json.loads(printed)


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    """What the tests' site sends by."""
    fake = FakeTransport()
    monkeypatch.setattr(step, "open_transport", lambda config, keys: fake)
    return fake


@pytest.fixture
def draft() -> Issue:
    """The open draft of the tests' site."""
    for slug in ("one", "two", "three"):
        a_stored_summary(slug, headline=f"Walking every day eased tiredness in group {slug}.")
    return compose(a_config(), now=NOW)


@pytest.fixture
def unknown() -> Issue:
    """An issue that went out, with two mails of which nobody knows."""
    issue = an_approved_issue(state="sent", sent_at=NOW)
    for name in ("ann", "bob"):
        person = a_subscriber(f"{name}@example.net")
        issue.deliveries.create(
            subscriber=person, audience="patient", state="unknown", changed_at=NOW
        )
    return issue


@pytest.mark.usefixtures("draft")
def test_a_test_tells_what_became_of_each_mail(transport: FakeTransport) -> None:
    code, told = document("test-send", "1", "--to", TO)
    assert code == 0
    assert [(one["audience"], one["state"]) for one in told["mails"]] == [
        ("patient", "accepted"), ("caregiver", "accepted"), ("clinician", "accepted"),
    ]  # fmt: skip
    assert [one["message_id"] for one in told["mails"]] == [
        one.message_id for one in transport.sent
    ]


@pytest.mark.usefixtures("draft")
def test_a_test_that_was_not_accepted_exits_with_1(transport: FakeTransport) -> None:
    transport.script[TO] = Outcome("failed", "550 no such user")
    code, printed = run("test-send", "1", "--to", TO, "--audience", "patient")
    assert code == 1
    assert "550 no such user" in printed
    assert "caregiver" not in printed


def test_what_is_settled_is_counted(unknown: Issue) -> None:
    code, told = document("resolve", "1", "--all", "--as", "accepted")
    assert (code, told["resolved"], told["state"]) == (0, 2, "sent")
    assert told["deliveries"]["accepted"] == 2
    again = document("resolve", "1", "--all", "--as", "failed")
    assert (again[0], again[1]["resolved"], again[1]["deliveries"]["accepted"]) == (0, 0, 2)


def test_what_is_to_be_sent_again_says_how(unknown: Issue) -> None:
    code, printed = run("resolve", "1", "--address", "ann@example.net", "--as", "resend")
    assert code == 0
    assert printed.splitlines()[-1] == "They are queued again. Next: `digest send 1`"
    assert Delivery.objects.filter(state="queued").count() == 1


@pytest.mark.parametrize("whose", [[], ["--all", "--address", "ann@example.net"]])
def test_whose_delivery_is_settled_must_be_said_in_one_way(
    unknown: Issue, whose: list[str]
) -> None:
    code, _ = run("resolve", "1", *whose, "--as", "failed")
    assert code == 2
    assert Delivery.objects.filter(state="unknown").count() == 2


def test_a_decision_that_there_is_not_names_the_three(unknown: Issue) -> None:
    with pytest.raises(Refused, match="Known: accepted, failed, resend"):
        run("resolve", "1", "--all", "--as", "delivered")
