"""The pages on which people join: the same answer for every address, and only a button confirms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from subscribers.confirmations import consent_text
from subscribers.erase import erase
from subscribers.leave import leave
from subscribers.models import Asked, ConsentRecord, Request, Subscriber, Suppression
from subscribers.signup import answer_requests, request_to_join
from subscribers.suppression import suppress
from subscribers.tokens import (
    WrongToken,
    confirm_token,
    make_token,
    read_confirm_token,
    read_token,
)
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

ANN = "ann@example.org"
FIELD = re.compile(r'<input[^>]* name="(\w+)"')
FORM = {"address": ANN, "name": "Ann Lee", "list": ["patient", "clinician"], "homepage": ""}


@pytest.fixture
def strict() -> Client:
    """A client that checks CSRF, as the site does."""
    return Client(enforce_csrf_checks=True)


def _known() -> None:
    a_subscriber()


def _pending() -> None:
    a_subscriber(state="pending")


def _left() -> None:
    leave(a_subscriber(), "patient", actor="subscriber", source="page", now=NOW)


def _suppressed() -> None:
    suppress(ANN, Suppression.Reason.COMPLAINT, "feedback", now=NOW)


def _erased() -> None:
    a_subscriber()
    erase(ANN, now=NOW)


def _over_the_limit() -> None:
    Asked.objects.create(address_key=a_subscriber().address_key, purpose="confirm", at=NOW)


PASTS: list[Callable[[], None]] = [
    lambda: None,
    _known,
    _pending,
    _left,
    _suppressed,
    _erased,
    _over_the_limit,
]


def _answer(client: Client, path: str, data: dict[str, Any]) -> tuple[Any, ...]:
    with CaptureQueriesContext(connection) as queries:
        response = client.post(path, data)
    kinds = tuple(query["sql"].split("VALUES")[0] for query in queries.captured_queries)
    return response.status_code, response.content, sorted(response.items()), kinds


@pytest.fixture(scope="module")
def unknown() -> dict[str, tuple[Any, ...]]:
    """What an unknown address was answered, by path; filled by the first past below."""
    return {}


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
@pytest.mark.parametrize("past", PASTS)
def test_every_address_gets_the_same_answer_for_the_same_queries(
    strict: Client, path: str, past: Callable[[], None], unknown: dict[str, tuple[Any, ...]]
) -> None:
    past()
    answer = _answer(strict, path, FORM)
    assert answer == unknown.setdefault(path, answer)
    status, page, _, kinds = answer
    assert status == 200
    assert b"Please check your mail" in page
    assert len(kinds) == 1
    assert Request.objects.count() == 1


# ── joining ───────────────────────────────────────────────────────────────────────────────


def test_the_form_shows_each_list_with_its_words_and_no_box_is_ticked(client: Client) -> None:
    page = unescape(client.get("/subscribe").content.decode())
    for name, readers in (("patient", "people living with MS"), ("clinician", "clinicians")):
        assert f"For {readers}" in page
        assert consent_text(name) in page
    assert " checked" not in page


def test_the_words_that_were_shown_are_those_on_the_record(strict: Client) -> None:
    page = strict.get("/subscribe").content.decode()
    strict.post("/subscribe", FORM)
    answer_requests(timezone.now())
    records = ConsentRecord.objects.filter(event="asked")
    assert {record.list_name for record in records} == {"patient", "clinician"}
    assert all(record.text in page for record in records)
    assert {record.form for record in records} == {"/subscribe"}


def test_a_form_on_another_site_posts_without_cookie_or_token_and_gets_none(strict: Client) -> None:
    response = strict.post(
        "/subscribe", {**FORM, "form": "charity"}, headers={"origin": "https://other.example"}
    )
    assert response.status_code == 200
    assert not response.cookies
    answer_requests(timezone.now())
    assert set(ConsentRecord.objects.values_list("form", flat=True)) == {"charity"}


def test_the_form_in_the_documentation_says_and_sends_what_ours_does(client: Client) -> None:
    docs = Path(__file__).parents[2] / "docs" / "subscribing.md"
    snippet = docs.read_text(encoding="utf-8").split("```html")[1].split("```")[0]
    ours = client.get("/subscribe").content.decode()
    for name in ("patient", "caregiver", "clinician"):
        assert consent_text(name) in snippet
        assert f'name="list" value="{name}"' in snippet
    assert " checked" not in snippet
    assert FIELD.findall(snippet.replace('type="hidden" name="form"', "")) == FIELD.findall(ours)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"address": ""}, "Please write your e-mail address"),
        ({"address": "ann"}, "We cannot write to this address: it has no @."),
        ({"address": "ann@a.org, bob@b.org"}, "it has more than one @"),
        ({"address": "ann\r\nBcc: eve@example.org"}, "it holds a line break"),
        ({"list": []}, "Please tick at least one edition"),
        ({"list": ["hidden"]}, "Please tick at least one edition"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(
    strict: Client, changes: dict[str, Any], told: str
) -> None:
    typed = {**FORM, "form": "charity", **changes}
    response = strict.post("/subscribe", typed)
    page = unescape(response.content.decode())
    assert response.status_code == 400
    assert page.count(told) == 2  # in the summary, and beside the field
    assert f'value="{typed["name"]}"' in page
    assert 'value="charity"' in page
    assert page.count(" checked") == len([n for n in typed["list"] if n != "hidden"])
    assert "hidden" not in typed["list"] or 'value="hidden"' not in page
    assert not Request.objects.exists()


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
def test_why_an_address_is_refused_is_told_with_a_model(strict: Client, path: str) -> None:
    typed = {**FORM, "address": "a" * 65 + "@example.org"}
    page = strict.post(path, typed).content.decode()
    assert page.count("it is too long. Please write it such as ann@example.org.") == 2
    assert "RFC" not in page


# ── a slip of the finger ──────────────────────────────────────────────────────────────────

SLIP = {**FORM, "address": "ann@gmial.com"}
QUESTION = "Did you mean @gmail.com? Send again to use what you wrote."


@pytest.mark.parametrize("past", PASTS)
def test_a_likely_slip_is_asked_about_without_a_look_at_the_database(
    strict: Client, past: Callable[[], None]
) -> None:
    past()
    a_subscriber("ann@gmial.com")
    with CaptureQueriesContext(connection) as queries:
        page = strict.post("/subscribe", SLIP).content.decode()
    assert not queries.captured_queries
    assert page.count(QUESTION) == 2
    assert page.count(" checked") == 2
    assert not Request.objects.exists()


def test_sent_again_a_likely_slip_is_taken_as_it_was_meant(strict: Client) -> None:
    page = strict.post("/subscribe", SLIP).content.decode()
    assert 'type="hidden" name="asked" value="ann@gmial.com"' in page
    again = strict.post("/subscribe", {**SLIP, "asked": "ann@gmial.com"})
    assert b"Please check your mail" in again.content
    assert Request.objects.count() == 1


def test_another_slip_is_asked_about_anew_and_the_right_address_is_not(strict: Client) -> None:
    other = {**SLIP, "address": "ann@hotmial.com", "asked": "ann@gmial.com"}
    assert b"Did you mean @hotmail.com?" in strict.post("/subscribe", other).content
    right = {**SLIP, "address": "ann@gmail.com", "asked": "ann@gmial.com"}
    assert b"Please check your mail" in strict.post("/subscribe", right).content


def test_the_form_says_what_one_gets_and_where_the_past_issues_are(client: Client) -> None:
    page = client.get("/subscribe").content.decode()
    assert "One e-mail a month." in page
    assert 'href="/">Read the past issues first</a>' in page
    assert client.get("/").status_code == 200
    assert "<img" not in page


def test_both_faults_are_said_at_once(strict: Client) -> None:
    page = strict.post("/subscribe", {}).content.decode()
    assert "Please write your e-mail address" in page
    assert "Please tick at least one edition" in page


def test_what_was_typed_is_shown_as_text(strict: Client) -> None:
    evil = '"><script>alert(1)</script>'
    page = strict.post("/subscribe", {"address": evil, "name": evil, "form": evil}).content.decode()
    assert "<script" not in page


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
def test_a_program_that_fills_in_every_field_is_answered_and_ignored(
    strict: Client, path: str
) -> None:
    honest = strict.post(path, FORM).content
    assert strict.post(path, {**FORM, "homepage": "https://spam.example"}).content == honest
    assert Request.objects.count() == 1


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_forms_changes_nothing_and_asks_the_database_nothing(
    client: Client, path: str, method: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert getattr(client, method)(path, FORM).status_code == 200
    assert not queries.captured_queries


def test_a_site_where_nobody_can_join_says_so_kindly(strict: Client, settings: Settings) -> None:
    settings.SUBSCRIBERS_SIGNUP = False
    for response in (strict.get("/subscribe"), strict.post("/subscribe", FORM)):
        assert response.status_code == 200
        assert b"nobody can join" in response.content
    assert not Request.objects.exists()


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
def test_a_body_that_is_no_form_is_no_error_of_ours(strict: Client, path: str) -> None:
    for kind in ("text/plain", "multipart/form-data", "multipart/form-data; boundary=x"):
        assert strict.post(path, b"\xff\x00%%%", content_type=kind).status_code == 400


# ── the link to one's page ────────────────────────────────────────────────────────────────


def test_a_text_that_is_no_address_is_told_and_kept(strict: Client) -> None:
    response = strict.post("/link", {"address": "ann"})
    assert response.status_code == 400
    page = response.content.decode()
    assert page.count("it has no @") == 2
    assert 'value="ann"' in page


# ── confirming ────────────────────────────────────────────────────────────────────────────


def test_one_link_confirms_all_that_was_asked_for(client: Client) -> None:
    ann = a_subscriber(state="pending", lists=("patient", "clinician"))
    path = f"/confirm/{confirm_token(ann, ['patient', 'clinician'])}"
    page = client.get(path).content.decode()
    assert all(consent_text(name) in page for name in ("patient", "clinician"))
    assert page.count("<button") == 1
    thanks = client.post(path).content.decode()
    assert "Thank you" in thanks
    own = re.search(r'class="button" href="(/preferences/[^"]+)"', thanks)
    assert own
    assert client.get(own[1]).status_code == 200
    assert "/preferences/" not in client.get(path).content.decode()  # a program that looks
    assert set(ann.memberships.values_list("state", flat=True)) == {"confirmed"}
    assert "You had confirmed already" in client.post(path).content.decode()
    assert ConsentRecord.objects.filter(event="confirmed").count() == 2


def test_a_list_left_since_stays_left_when_the_others_are_confirmed(client: Client) -> None:
    ann = a_subscriber(state="pending", lists=("patient", "clinician"))
    leave(ann, "clinician", actor="subscriber", source="page", now=NOW)
    path = f"/confirm/{confirm_token(ann, ['patient', 'clinician'])}"
    assert consent_text("clinician") not in client.get(path).content.decode()
    client.post(path)
    mine = dict(ann.memberships.values_list("list_name", "state"))
    assert mine == {"patient": "confirmed", "clinician": "left"}


def test_who_left_comes_back_by_the_button_and_not_by_looking(client: Client) -> None:
    ann = a_subscriber()
    leave(ann, "patient", actor="subscriber", source="page", now=NOW)
    path = f"/confirm/{confirm_token(ann, ['patient'])}"
    assert client.get(path).status_code == client.post(path).status_code == 404
    request_to_join(ANN, ["patient"], now=NOW)
    answer_requests(NOW + timedelta(hours=1))
    for _ in range(20):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert ann.memberships.get().state == "left"
    assert client.post(path).status_code == 200
    assert ann.memberships.get().state == "confirmed"


def test_an_expired_link_gets_the_words_of_every_wrong_one_with_a_way_to_join_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = confirm_token(a_subscriber(state="pending"), ["patient"])
    later = timezone.now().timestamp() + timedelta(days=8).total_seconds()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    expired, wrong = client.get(f"/confirm/{token}"), client.get("/confirm/nonsense")
    assert (expired.status_code, expired.content) == (404, wrong.content)
    assert b'href="/subscribe"' in expired.content


# ── the token of several lists ────────────────────────────────────────────────────────────


def test_a_link_of_one_list_is_what_it_always_was() -> None:
    ann = Subscriber(public_id="A" * 22)
    old = make_token("confirm", ann, "caregiver")
    assert read_confirm_token(old).lists == ("caregiver",)
    assert read_token("confirm", confirm_token(ann, ["caregiver"])) == ("A" * 22, "caregiver")


def test_a_token_of_several_lists_names_them_and_nobody_elses() -> None:
    ann, every = Subscriber(public_id="A" * 22), ("patient", "caregiver", "clinician")
    link = read_confirm_token(confirm_token(ann, every))
    assert (link.public_id, link.lists) == ("A" * 22, every)
    assert abs((timezone.now() - link.made_at).total_seconds()) < 60
    for wrong in (confirm_token(ann, every)[:-1], confirm_token(ann, ()), "x", "a.b.c"):
        with pytest.raises(WrongToken):
            read_confirm_token(wrong)
