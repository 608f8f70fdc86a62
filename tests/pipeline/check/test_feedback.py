"""Check: whether anything tells of bounces, and whether it can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feedback.posts import SHOWN
from tests.pipeline.check.found import SENDGRID, SMTP, findings

pytestmark = pytest.mark.django_db


def test_a_feedback_mailbox_and_key_that_cannot_be_used_are_errors(tmp_path: Path) -> None:
    found = findings(tmp_path, feedback={"mailbox": "bounces", "sendgrid_public_key": "x"})
    for key, mend in (("mailbox", "Correct feedback.mailbox"), ("sendgrid_public_key", "Copy it")):
        finding = found[f"feedback.{key}"]
        assert (finding.level, finding.hint.startswith(mend)) == ("error", True)


def test_a_feedback_mailbox_that_opens_and_a_key_that_is_one_are_fine(tmp_path: Path) -> None:
    (tmp_path / "bounces" / "new").mkdir(parents=True)
    found = findings(tmp_path, feedback={"mailbox": "bounces", "sendgrid_public_key": SHOWN})
    assert found["feedback.mailbox"].level == "ok"
    assert found["feedback.sendgrid_public_key"].reason.endswith("/hooks/sendgrid")


def test_smtp_with_nothing_that_tells_of_bounces_warns(tmp_path: Path) -> None:
    (tmp_path / "bounces" / "new").mkdir(parents=True)
    found = findings(tmp_path, transport=SMTP)["feedback"]
    assert (found.level, "nothing tells of bounces" in found.reason) == ("warning", True)
    assert "feedback.mailbox" in found.hint
    assert "feedback" not in findings(tmp_path)  # a Maildir bounces nothing
    for told in ({"mailbox": "bounces"}, {"sendgrid_public_key": SHOWN}):
        assert "feedback" not in findings(tmp_path, transport=SMTP, feedback=told)


def test_sendgrid_without_the_key_of_its_events_warns(tmp_path: Path) -> None:
    key = "feedback.sendgrid_public_key"
    found = findings(tmp_path, transport=SENDGRID)[key]
    assert (found.level, "settled only by hand" in found.reason) == ("warning", True)
    assert "digest resolve" in found.hint
    told = findings(tmp_path, transport=SENDGRID, feedback={"sendgrid_public_key": SHOWN})
    assert (told[key].level, "feedback" in told) == ("ok", False)


def test_tokened_addresses_without_a_mailbox_to_read_them_are_an_error(tmp_path: Path) -> None:
    key = "feedback.tokened_addresses"
    assert key not in findings(tmp_path)
    found = findings(tmp_path, feedback={"tokened_addresses": True})[key]
    assert (found.level, "no feedback.mailbox" in found.reason) == ("error", True)
    assert found.hint


def test_tokened_addresses_with_a_mailbox_say_what_must_reach_it(tmp_path: Path) -> None:
    (tmp_path / "bounces" / "new").mkdir(parents=True)
    feedback = {"tokened_addresses": True, "mailbox": "bounces"}
    found = findings(tmp_path, feedback=feedback)
    said = found["feedback.tokened_addresses"]
    assert said.level == "ok"
    assert said.reason == (
        "mails to bounce+…@example.org and leave+…@example.org must reach feedback.mailbox"
    )
    assert found["feedback.mailbox"].level == "ok"
