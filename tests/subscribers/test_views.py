"""The pages behind the links: GET shows, POST acts, wrong tokens are all the same."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscribers.leave import leave
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from subscribers.suppression import suppress
from subscribers.tokens import Purpose, make_token
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = (
    '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
)
FORM = "application/x-www-form-urlencoded"


def _path(purpose: Purpose, subscriber: Subscriber, list_name: str = "patient") -> str:
    return f"/{purpose}/{make_token(purpose, subscriber, list_name)}"


def _states(subscriber: Subscriber) -> dict[str, str]:
    return dict(subscriber.memberships.values_list("list_name", "state"))


@pytest.fixture
def strict() -> Client:
    """A client that checks CSRF, as the site does."""
    return Client(enforce_csrf_checks=True)


# ── leaving ───────────────────────────────────────────────────────────────────────────────


def test_the_page_to_leave_says_which_list_and_has_one_button(strict: Client) -> None:
    page = strict.get(_path("leave", a_subscriber())).content.decode()
    assert "people living with MS" in page
    assert page.count("<button") == 1
    assert "ann@example.org" not in page


@pytest.mark.parametrize("purpose", ["leave", "confirm"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_twenty_times_changes_nothing(
    strict: Client, purpose: Purpose, method: str
) -> None:
    ann = a_subscriber(state="pending")
    path = _path(purpose, ann)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _ in range(20):
            assert getattr(strict, method)(path).status_code == 200
    assert not [q for q in queries.captured_queries if not q["sql"].startswith("SELECT")]
    assert _states(ann) == {"patient": "pending"}


@pytest.mark.parametrize(
    ("body", "content_type", "way"),
    [
        (ONE_CLICK, FORM, "one-click"),
        (
            MULTIPART,
            "multipart/form-data; boundary=b",
            "one-click",
        ),
        ("", FORM, "page"),
        ("%%% nonsense", "multipart/form-data", "page"),
    ],
)
def test_a_post_leaves_at_once_without_cookie_csrf_token_or_redirect(
    strict: Client, body: str, content_type: str, way: str
) -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    response = strict.post(_path("leave", ann), body, content_type=content_type)
    assert response.status_code == 200
    assert not response.cookies
    assert _states(ann) == {"patient": "left", "caregiver": "confirmed"}
    record = ConsentRecord.objects.get(event="withdrawn")
    assert (record.source, record.actor) == (way, "subscriber")


def test_leaving_again_is_answered_kindly(strict: Client) -> None:
    path = _path("leave", a_subscriber())
    first, again, look = strict.post(path), strict.post(path), strict.get(path)
    assert "You have left the list" in first.content.decode()
    for response in (again, look):
        assert response.status_code == 200
        assert "You had left already" in response.content.decode()
    assert ConsentRecord.objects.filter(event="withdrawn").count() == 1


def test_who_left_is_told_of_the_other_lists_with_a_link_to_each(strict: Client) -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    page = strict.post(_path("leave", ann)).content.decode()
    assert "still on another list" in page
    assert "Leave the list for clinicians" in page
    assert f'href="{_path("leave", ann, "clinician")}"' in page


# ── confirming ────────────────────────────────────────────────────────────────────────────


def test_confirming_takes_a_button_and_is_answered_kindly_again(client: Client) -> None:
    ann = a_subscriber(state="pending")
    path = _path("confirm", ann)
    assert "One more step" in client.get(path).content.decode()
    assert "Thank you" in client.post(path).content.decode()
    assert _states(ann) == {"patient": "confirmed"}
    for response in (client.post(path), client.get(path)):
        assert response.status_code == 200
        assert "You had confirmed already" in response.content.decode()
    record = ConsentRecord.objects.get(event="confirmed")
    assert (
        record.text == "Please send me MS Research Digest, the edition for people living with MS."
    )
    assert (record.source, record.actor) == ("confirmation page", "subscriber")


def test_the_words_that_are_recorded_stood_on_the_page(client: Client) -> None:
    path = _path("confirm", a_subscriber(state="pending"))
    page = client.get(path).content.decode()
    client.post(path)
    assert ConsentRecord.objects.get(event="confirmed").text in page


def test_confirming_without_the_forms_csrf_token_is_refused(strict: Client) -> None:
    ann = a_subscriber(state="pending")
    assert strict.post(_path("confirm", ann)).status_code == 403
    assert _states(ann) == {"patient": "pending"}


# ── what does not work ────────────────────────────────────────────────────────────────────


def test_every_link_that_does_not_work_gets_the_same_404(client: Client) -> None:
    ann = a_subscriber(state="pending")
    gone = Subscriber(public_id="C" * 22)
    left = a_subscriber("bob@example.org", state="pending")
    leave(left, "patient", actor="subscriber", source="page", now=NOW)
    suppressed = a_subscriber("cy@example.org", state="pending")
    suppress("cy@example.org", Suppression.Reason.OPERATOR, "operator", now=NOW)
    paths = [
        "/leave/nonsense",
        "/confirm/nonsense",
        "/nowhere",
        _path("leave", ann)[:-1],
        _path("leave", ann).replace("/leave/", "/confirm/"),
        _path("confirm", ann).replace("/confirm/", "/leave/"),
        _path("leave", gone),
        _path("confirm", gone),
        _path("confirm", left),
        _path("confirm", suppressed),
        _path("confirm", ann, "clinician"),
    ]
    answers = {
        (response.status_code, response.content)
        for path in paths
        for response in (client.get(path), client.post(path))
    }
    assert len(answers) == 1
    status, page = answers.pop()
    assert status == 404
    assert b"digest@example.org" in page
    assert set(Membership.objects.values_list("state", flat=True)) == {
        "pending",
        "left",
        "suppressed",
    }


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
@pytest.mark.parametrize("purpose", ["leave", "confirm"])
def test_other_methods_are_refused(client: Client, purpose: Purpose, method: str) -> None:
    ann = a_subscriber()
    assert getattr(client, method)(_path(purpose, ann)).status_code == 405
    assert _states(ann) == {"patient": "confirmed"}


# ── every page ────────────────────────────────────────────────────────────────────────────


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_pages_load_nothing_run_nothing_and_are_not_stored(client: Client) -> None:
    ann = a_subscriber(lists=("patient", "clinician"), state="pending")
    confirm_path, leave_path = _path("confirm", ann), _path("leave", ann)
    responses = [
        client.get(confirm_path),
        client.post(confirm_path),
        client.get(leave_path),
        client.post(leave_path),
        client.get("/nowhere"),
    ]
    for response in responses:
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "same-origin"
        parser = _Tags()
        parser.feed(response.content.decode())
        names = [name for name, _ in parser.tags]
        assert not {"script", "img", "link", "iframe", "object"} & set(names)
        assert names.count("h1") == names.count("main") == names.count("title") == 1
        assert ("html", {"lang": "en", "dir": "ltr"}) in parser.tags
        assert b"@import" not in response.content
        assert b"url(" not in response.content
