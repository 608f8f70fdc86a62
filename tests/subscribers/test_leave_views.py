"""After leaving: undo for a day, only what this leaving left; and why, for who likes to say."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone

from subscribers.leave import REASONS, can_undo, leave, undo
from subscribers.models import ConsentRecord, Subscriber, Suppression
from subscribers.suppression import suppress
from subscribers.tokens import UNDO_WITHIN, make_token
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db


def leave_path(subscriber: Subscriber, part: str = "", list_name: str = "patient") -> str:
    return f"/leave/{make_token('leave', subscriber, list_name)}{part}"


def undo_path(subscriber: Subscriber, list_name: str = "patient") -> str:
    return f"/return/{make_token('undo', subscriber, list_name)}"


def states(subscriber: Subscriber) -> dict[str, str]:
    return dict(subscriber.memberships.values_list("list_name", "state"))


def post(path: str, **fields: str) -> tuple[int, str]:
    """Without cookie or CSRF token, as a mail program does."""
    response = Client(enforce_csrf_checks=True).post(path, fields)
    assert not response.cookies
    return response.status_code, unescape(response.content.decode())


def form_to(page: str, name: str) -> str:
    found = re.search(rf'action="([^"]*{name}[^"]*)"', page)
    assert found
    return found[1]


@pytest.mark.both_databases
def test_undo_puts_back_what_this_leaving_left_and_records_it() -> None:
    ann = a_subscriber(lists=("patient", "caregiver", "clinician"))
    leave(ann, "caregiver", actor="subscriber", source="page")
    _, page = post(leave_path(ann))
    status, back = post(form_to(page, "/return/"))
    assert status == 200
    assert "You are back" in back
    assert states(ann) == {"patient": "confirmed", "caregiver": "left", "clinician": "confirmed"}
    assert ann.memberships.get(list_name="patient").joined_at == NOW
    record = ConsentRecord.objects.filter(list_name="patient").last()
    assert record
    assert (record.event, record.source) == ("confirmed", "undo of leaving")
    assert record.text in page
    with open(site.SUBSCRIBERS_DEPARTURES) as lines:  # noqa: PTH123
        assert lines.readlines()[-1].split()[1:] == ["returned", ann.address_key, "patient"]


def test_a_second_press_leaves_and_undoes_no_more_and_is_answered_kindly() -> None:
    ann = a_subscriber()
    post(leave_path(ann))
    _, page = post(leave_path(ann))
    assert "You had left already" in page
    for _ in range(2):
        assert "You are back" in post(form_to(page, "/return/"))[1]
    assert ConsentRecord.objects.filter(source="undo of leaving").count() == 1


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "why", ["a day later", "not confirmed before", "an operator", "suppressed", "nothing left"]
)
def test_nothing_else_is_ever_undone(why: str) -> None:
    ann = a_subscriber(state="pending" if why == "not confirmed before" else "confirmed")
    at = timezone.now() - (UNDO_WITHIN if why == "a day later" else timedelta())
    if why != "nothing left":
        actor = "operator" if why == "an operator" else "subscriber"
        leave(ann, "patient", actor=actor, source="page", now=at)
    if why == "suppressed":
        suppress("ann@example.org", Suppression.Reason.COMPLAINT, "test")
    before = states(ann)
    assert not can_undo(ann, "patient")
    status, _ = post(undo_path(ann))
    assert status == (200 if why == "nothing left" else 404)  # who is on the list is told so
    assert states(ann) == before
    assert not ConsentRecord.objects.filter(source="undo of leaving").exists()


def test_leaving_again_after_a_suppression_does_not_open_a_way_back() -> None:
    ann = a_subscriber()
    suppress("ann@example.org", Suppression.Reason.BOUNCE, "test", now=NOW)
    leave(ann, "patient", actor="subscriber", source="page")
    Suppression.objects.all().delete()
    assert undo(ann, "patient", text="Yes.") == "refused"


def test_looking_at_the_undo_changes_nothing_and_its_token_is_for_nothing_else() -> None:
    ann = a_subscriber()
    post(leave_path(ann))
    assert Client().get(undo_path(ann)).status_code == 200
    assert states(ann) == {"patient": "left"}
    assert post(undo_path(ann).replace("/return/", "/leave/"))[0] == 404
    assert post(leave_path(ann).replace("/leave/", "/return/"))[0] == 404
    assert states(ann) == {"patient": "left"}


@pytest.mark.parametrize("why", REASONS)
def test_a_reason_is_kept_as_a_code_for_who_left(why: str) -> None:
    ann = a_subscriber()
    _, page = post(leave_path(ann))
    assert REASONS[why] in page
    _, thanks = post(form_to(page, "/why"), why=why)
    assert "Thank you for telling us" in thanks
    assert "Why did you leave?" not in thanks
    assert ann.memberships.get().why_left == why


def test_no_reason_and_no_other_text_is_kept() -> None:
    ann = a_subscriber()
    assert post(leave_path(ann, "/why"), why="other")[0] == 404  # they have not left
    post(leave_path(ann))
    for fields in ({}, {"why": "I have <b>MS</b>"}):
        status, page = post(leave_path(ann, "/why"), **fields)
        assert status == 200
        assert "<h1>You have left the list</h1>" in page
        assert "Thank you for telling us" not in page
    assert Client().get(leave_path(ann, "/why") + "?why=other").status_code == 200
    assert ann.memberships.get().why_left == ""


def test_a_reason_goes_when_they_come_back() -> None:
    ann = a_subscriber()
    post(leave_path(ann))
    post(leave_path(ann, "/why"), why="other")
    post(undo_path(ann))
    assert ann.memberships.get().why_left == ""


def test_a_link_to_leave_never_opens_the_page_with_ones_data() -> None:
    """A mail that is passed on has it, and mail programs show it to whoever they like."""
    ann = a_subscriber()
    _, left = post(leave_path(ann))
    status, back = post(undo_path(ann))
    assert status == 200
    assert "/preferences/" not in left + back


def test_a_body_of_any_size_stops_nobody_from_leaving() -> None:
    ann = a_subscriber()
    body = b"x" * (site.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    response = Client().post(leave_path(ann), data=body, content_type="text/plain")
    assert response.status_code == 200
    assert states(ann) == {"patient": "left"}
