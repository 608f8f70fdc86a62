"""One's own page: each thing in a line, each answer kept, and nothing told to strangers."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from subscribers.leave import leave
from subscribers.models import Asked, ConsentRecord, Subscriber, Suppression
from subscribers.preferences import months_after
from subscribers.recipients import today
from subscribers.suppression import suppress
from subscribers.tokens import make_token, preferences_token, preferences_url
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

OFFERED = {
    "patient": (("mind", "Thinking & mood"), ("life", "Life's work"), ("move", "Moving")),
    "clinician": (("mind", "Cognition"), ("related", "Related disorders")),
}
PARTS = ("", "/lists", "/themes", "/look", "/pause", "/address", "/data", "/erase")


@pytest.fixture(autouse=True)
def _offered(settings: Settings) -> None:
    settings.SUBSCRIBERS_THEMES = lambda: OFFERED


def path(subscriber: Subscriber, part: str = "") -> str:
    return f"/preferences/{preferences_token(subscriber)}{part}"


def look(subscriber: Subscriber, part: str = "") -> str:
    return unescape(Client().get(path(subscriber, part)).content.decode())


def answer(subscriber: Subscriber, part: str, **fields: str | list[str]) -> str:
    """The page after a POST, and after the redirect that follows what was saved."""
    response = Client().post(path(subscriber, part), fields, follow=True)
    assert response.status_code == 200
    subscriber.refresh_from_db()
    return unescape(response.content.decode())


def ticked(page: str) -> set[str]:
    return set(re.findall(r'value="(\w+)" checked', page))


# ── the page itself ───────────────────────────────────────────────────────────────────────


def test_the_link_of_a_mail_opens_the_page_which_says_what_they_get() -> None:
    ann = a_subscriber(
        lists=("patient", "clinician"),
        main_list="clinician",
        not_now=["mind"],
        text_only=True,
        paused_until=today(timezone.now()) + timedelta(days=1),
    )
    assert preferences_url(ann) == f"https://digest.example.org{path(ann)}"
    page = look(ann)
    for words in (
        "The edition for clinicians, as the one copy of your 2 lists",
        "All but 1 of 2",
        "Plain text",
        "No mail before",
    ):
        assert words in page
    assert "Saved" not in page


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing_and_shows_no_address(part: str, method: str) -> None:
    ann = a_subscriber(themes=["gone"], new_address="new@example.org", new_address_at=NOW)
    strict = Client(enforce_csrf_checks=True)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            response = getattr(strict, method)(f"{path(ann, part)}?theme=mind&saved=lists")
            assert response.status_code == 200
            assert b"@example.org" not in response.content
            assert response["Cache-Control"] == "no-store"
    assert not [q for q in queries.captured_queries if not q["sql"].startswith("SELECT")]


@pytest.mark.parametrize("part", PARTS)
def test_every_link_that_does_not_work_gets_the_same_404(part: str) -> None:
    ann = a_subscriber()
    token = preferences_token(ann)
    wrong = [
        "/nowhere",
        f"/preferences/nonsense{part}",
        f"/preferences/{token[:-1]}{part}",
        f"/preferences/{make_token('leave', ann, 'patient')}{part}",
        path(Subscriber(public_id="C" * 22), part),
        f"/leave/{token}",
        f"/address/{token}",
        f"/return/{token}",
    ]
    client = Client()
    answers = {
        (response.status_code, response.content)
        for address in wrong
        for response in (client.get(address), client.post(address, {"way": "every"}))
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert Subscriber.objects.count() == 1


@pytest.mark.parametrize("part", PARTS[1:])
def test_each_answer_takes_the_csrf_token_of_its_form(part: str) -> None:
    ann = a_subscriber()
    fields = {"way": "only", "only": "mind", "look": "text", "until": "1", "join": "clinician"}
    response = Client(enforce_csrf_checks=True).post(path(ann, part), fields)
    assert response.status_code == 403
    ann.refresh_from_db()
    assert (ann.themes, ann.text_only, ann.paused_until) == ([], False, None)
    assert ann.memberships.count() == 1


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(part: str, method: str) -> None:
    assert getattr(Client(), method)(path(a_subscriber(), part)).status_code == 405


@pytest.mark.parametrize("part", PARTS)
def test_pages_load_nothing_and_have_one_heading_and_labelled_fields(part: str) -> None:
    page = look(a_subscriber(lists=("patient", "clinician")), part)
    assert not re.search(r"<(script|img|link|iframe|object)\b|@import|url\(", page)
    assert page.count("<h1") == 1
    assert page.count("<fieldset") == page.count("<legend")
    fields = re.findall(r"<input (?!type=\"hidden\")[^>]*>", page)
    assert page.count("<label") == len(fields)


# ── who gets nothing ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["pending", "left"])
def test_who_is_on_no_list_is_told_so_kindly_and_may_join(state: str) -> None:
    ann = a_subscriber(state=state)
    assert "You are on no list" in look(ann)
    for part in ("/themes", "/look", "/pause", "/address"):
        page = answer(ann, part, way="only", only="mind", look="text", until="1", address="a@b.org")
        assert "You are on no list" in page
    assert (ann.themes, ann.text_only, ann.paused_until, ann.new_address) == ([], False, None, "")
    assert "Saved" in answer(ann, "/lists", join="patient")
    assert ann.memberships.get().state == "confirmed"


def test_who_is_suppressed_is_told_whom_to_write_to_and_joins_nothing() -> None:
    ann = a_subscriber()
    suppress("ann@example.org", Suppression.Reason.BOUNCE, "test", now=NOW)
    assert "We cannot send mail to your address" in look(ann)
    assert 'name="join"' not in look(ann, "/lists")
    assert "We cannot send mail to your address" in answer(ann, "/lists", join="patient")
    assert ann.memberships.get().state == "suppressed"


# ── lists ─────────────────────────────────────────────────────────────────────────────────


def test_another_list_is_joined_by_an_unticked_box_with_the_words_that_are_recorded() -> None:
    ann = a_subscriber()
    page = look(ann, "/lists")
    assert not ticked(page)
    saved = answer(ann, "/lists", join=["clinician"])
    assert "✓ Saved" in saved
    assert 'role="status"' in saved
    assert "as the one copy of your 2 lists" in saved
    assert ConsentRecord.objects.get(list_name="clinician", event="confirmed").text in page


def test_joining_without_a_tick_joins_nothing_and_says_what_is_missing() -> None:
    ann = a_subscriber()
    for fields in ({}, {"join": "doctors"}):
        page = answer(ann, "/lists", **fields)
        assert re.search(r"By ticking you say:</legend>\s*<p[^>]*>Please tick at least one\.", page)
        assert page.count('id="error"') == page.count('aria-describedby="error"') == 1
        assert "<title>Please look again" in page
    assert ann.memberships.count() == 1


def test_of_two_lists_the_main_one_is_chosen_and_only_of_those_they_are_on() -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    assert ticked(look(ann, "/lists")) == {"patient"}
    assert "The edition for clinicians" in answer(ann, "/lists", main="clinician")
    assert ticked(look(ann, "/lists")) == {"clinician"}
    page = answer(ann, "/lists", main="caregiver")
    assert re.search(r"Which edition should come\?</legend>\s*<p[^>]*>Something changed", page)
    assert page.count('id="error"') == page.count('aria-describedby="error"') == 1
    assert ann.main_list == "clinician"


def test_an_error_is_told_also_when_its_form_is_gone() -> None:
    page = answer(a_subscriber(), "/lists", main="clinician")  # left it in another window
    assert page.count("Something changed while this page was open") == 1


@pytest.mark.parametrize("lists", [("patient",), ("patient", "clinician")])
def test_one_button_is_the_main_one(lists: tuple[str, ...]) -> None:
    buttons = re.findall(r"<button([^>]*)>", look(a_subscriber(lists=lists), "/lists"))
    assert len(buttons) == len(lists)
    assert len([button for button in buttons if "quiet" not in button]) == 1


# ── the address ───────────────────────────────────────────────────────────────────────────


def test_ones_own_present_address_is_told_kindly_and_nothing_is_written() -> None:
    ann = a_subscriber()
    page = answer(ann, "/address", address=" ANN@Example.org ")
    assert "Your mails come to this address already. There is nothing to change." in page
    assert ann.new_address == ""
    assert not Asked.objects.exists()
    assert not mail.outbox


def test_a_likely_slip_in_a_new_address_is_asked_about_once() -> None:
    ann = a_subscriber()
    page = answer(ann, "/address", address="ann@gmial.com")
    assert "Did you mean @gmail.com? Send again to use what you wrote." in page
    assert 'name="asked" value="ann@gmial.com"' in page
    assert (ann.new_address, mail.outbox) == ("", [])
    assert "Saved" in answer(ann, "/address", address="ann@gmial.com", asked="ann@gmial.com")
    assert ann.new_address == "ann@gmial.com"


# ── themes ────────────────────────────────────────────────────────────────────────────────


def test_only_some_themes_are_stored_and_shown_as_they_are_now() -> None:
    ann = a_subscriber()
    assert ticked(look(ann, "/themes")) == {"every"}
    page = answer(ann, "/themes", way="only", only=["move", "mind"], but=["life"])
    assert (ann.themes, ann.not_now) == (["mind", "move"], [])
    assert "Only 2 of 3" in page
    assert ticked(look(ann, "/themes")) == {"only", "mind", "move"}


def test_all_but_some_takes_two_ticks_and_not_ten() -> None:
    ann = a_subscriber(themes=["mind"])
    page = answer(ann, "/themes", way="but", but=["life"], only=["mind"])
    assert (ann.themes, ann.not_now) == ([], ["life"])
    assert "All but 1 of 3" in page
    assert ticked(look(ann, "/themes")) == {"but", "life"}
    assert "Every theme" in answer(ann, "/themes", way="every", but=["life"])
    assert (ann.themes, ann.not_now) == ([], [])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"way": "only"}, "Please tick at least one"),
        ({"way": "but", "but": ["mind", "life", "move"]}, "No theme would be left"),
        ({"way": "only", "only": ["mind", "gone"]}, "The themes have changed"),
        ({"way": "but", "but": ["gone"]}, "The themes have changed"),
        ({}, "The themes have changed"),
    ],
)
def test_what_cannot_be_is_told_beside_the_boxes_and_changes_nothing(
    fields: dict[str, str | list[str]], said: str
) -> None:
    ann = a_subscriber(themes=["life"])
    fields = fields or {"way": "nonsense", "only": ["gone"]}
    page = answer(ann, "/themes", **fields)
    assert re.search(rf'<p class="error" role="alert" id="error">[^<]*{said}', page)
    assert 'aria-describedby="error"' in page
    assert (ann.themes, ann.not_now) == (["life"], [])


def test_who_chose_only_themes_that_are_gone_is_told_and_gets_every_theme() -> None:
    ann = a_subscriber(themes=["gone"])
    assert "no longer there, so you get every theme" in look(ann, "/themes")
    answer(ann, "/themes", way="only", only="life")
    assert "no longer there" not in look(ann, "/themes")


def test_a_choice_outlives_leaving_one_list_and_adds_no_consent() -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    before = ConsentRecord.objects.count()
    answer(ann, "/themes", way="only", only="mind")
    assert ConsentRecord.objects.count() == before
    leave(ann, "patient", actor="test", source="page", now=NOW)
    assert "Cognition" in look(ann, "/themes")
    assert ticked(look(ann, "/themes")) == {"only", "mind"}


# ── look and pause ────────────────────────────────────────────────────────────────────────


def test_plain_text_is_kept_and_taken_back() -> None:
    ann = a_subscriber()
    assert "How it looks: Plain text" in answer(ann, "/look", look="text")
    assert ann.text_only
    answer(ann, "/look", look="nonsense")
    assert ann.text_only
    answer(ann, "/look", look="full")
    assert not ann.text_only


@pytest.mark.parametrize("months", [1, 3])
def test_a_pause_of_ready_length_is_counted_in_the_publications_zone(months: int) -> None:
    ann = a_subscriber()
    page = answer(ann, "/pause", until=str(months))
    assert ann.paused_until == months_after(today(timezone.now()), months)
    assert "Pause: No mail before" in page
    assert "You have paused" in look(ann, "/pause")
    assert "Pause: No pause" in answer(ann, "/pause", until="now")
    assert ann.paused_until is None


def test_a_pause_until_a_day_of_ones_own() -> None:
    ann, day = a_subscriber(), today(timezone.now()) + timedelta(days=40)
    answer(ann, "/pause", until="day", day=day.isoformat())
    assert ann.paused_until == day


@pytest.mark.parametrize(
    ("until", "day", "said"),
    [
        ("", "", "choose one of these"),
        ("2", "", "choose one of these"),
        ("day", "", "write the day as year-month-day"),
        ("day", "12/24/2026", "write the day as year-month-day"),
        ("day", "2020-01-01", "after today"),
        ("day", "9999-12-31", "after today"),
        ("day", "today", "write the day as year-month-day"),
    ],
)
def test_a_day_that_cannot_be_is_told_beside_the_field(until: str, day: str, said: str) -> None:
    ann = a_subscriber(paused_until=date(2099, 1, 1))
    page = answer(ann, "/pause", until=until, day=day)
    assert said in page
    assert "✓ Saved" not in page
    assert ann.paused_until == date(2099, 1, 1)


def test_a_pause_that_is_over_is_no_pause() -> None:
    ann = a_subscriber(paused_until=today(timezone.now()))
    assert "No pause" in look(ann)
    assert "You have paused" not in look(ann, "/pause")
