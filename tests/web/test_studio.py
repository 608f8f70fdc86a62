"""The studio: nothing without a login, and the preview is the very rendition, sandboxed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape

from digest.config import Config
from digest.errors import Refused
from digest.models import Issue, Occurrence, StoredRendition
from digest.pipeline.compose import compose
from digest.pipeline.render import renditions
from digest.web.accounts import add_user, new_password, set_password
from tests.builders import NOW, a_config, a_draft, a_stored_summary

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-phrase"
PATHS = (
    "/studio/",
    "/studio/issues/1",
    "/studio/issues/1/patient.html",
    "/studio/issues/1/patient.txt",
)


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    a_stored_summary("one", title="<script>alert(1)</script> & {{ 7*7 }}")
    a_stored_summary("old", published_at=NOW.replace(year=2020))
    return compose(config, now=NOW)


@pytest.fixture
def editor(client: Client) -> Client:
    add_user("ada", "editor", PASSWORD)
    assert client.login(username="ada", password=PASSWORD)
    return client


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_the_studio_shows_without_a_login(
    client: Client, issue: Issue, path: str
) -> None:
    for method in (client.get, client.head, client.post):
        response = method(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/studio/login?next=")


def test_signing_in_leads_to_the_issues_and_out_again(client: Client) -> None:
    add_user("ada", "editor", PASSWORD)
    wrong = client.post("/studio/login", {"username": "ada", "password": "nope"})
    assert b"do not belong together" in wrong.content
    right = client.post("/studio/login", {"username": "ada", "password": PASSWORD})
    assert right["Location"] == "/studio/"
    assert client.get("/studio/logout").status_code == 405
    assert client.post("/studio/logout")["Location"] == "/studio/login"


def test_the_login_never_leads_to_another_site(client: Client) -> None:
    add_user("ada", "editor", PASSWORD)
    form = {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/studio/login", form)["Location"] == "/studio/"


def test_a_login_without_a_csrf_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    form = {"username": "ada", "password": PASSWORD}
    assert client.post("/studio/login", form).status_code == 403


def test_the_preview_is_the_rendition_with_a_sample_readers_slots(
    editor: Client, config: Config, issue: Issue
) -> None:
    response = editor.get("/studio/issues/1/patient.html")
    html = response.content.decode()
    made = {r.audience: r for r in renditions(issue, config)}["patient"]
    assert made.subject in html or "<title>" in html
    assert "__DIGEST_" not in html
    assert "sandbox" in response["Content-Security-Policy"]
    text = editor.get("/studio/issues/1/patient.txt")
    assert text["Content-Type"] == "text/plain; charset=utf-8"


def test_hostile_titles_are_inert_in_the_studio(editor: Client, issue: Issue) -> None:
    for path in PATHS[:3]:
        html = editor.get(path).content.decode()
        assert "<script>alert" not in html
        assert "49" not in html or "{{ 7*7 }}" in html


def test_the_issue_page_shows_why_each_item_is_in_or_not(editor: Client, issue: Issue) -> None:
    html = editor.get("/studio/issues/1").content.decode()
    assert "before the first issue&#39;s window" in html
    assert "published 10 November 2026" in html
    assert html.count("<iframe sandbox") == 3


def test_a_skipped_issue_says_so_instead_of_a_preview(editor: Client) -> None:
    a_draft(state="skipped")
    assert b"was skipped" in editor.get("/studio/issues/1").content
    assert editor.get("/studio/issues/1/patient.html").status_code == 404


def test_the_studio_shows_what_the_schedule_asks(editor: Client) -> None:
    Occurrence.objects.create(
        job="send", slot="2026-12-01T09:00", state="missed", note="too late", claimed_at=NOW
    )
    assert "too late" in editor.get("/studio/").content.decode()


def test_caught_up_slots_do_not_hide_what_waits_for_a_person(editor: Client) -> None:
    for hour in range(10, 18):
        Occurrence.objects.create(
            job="gather",
            slot=f"2026-12-01T{hour}:00",
            state="skipped",
            note="later",
            claimed_at=NOW,
        )
    Occurrence.objects.create(
        job="send", slot="2026-12-01T09:00", state="waiting", note="issue 1 waits", claimed_at=NOW
    )
    a_draft(2, state="scheduled", send_at=NOW - timedelta(days=400))
    html = editor.get("/studio/").content.decode()
    assert "issue 1 waits" in html
    assert "issue 2 should have gone out" in html


def test_looking_changes_nothing(editor: Client, issue: Issue) -> None:
    for path in PATHS:
        assert editor.get(path).status_code == 200
    assert not StoredRendition.objects.exists()


def test_an_account_needs_a_known_role_a_free_name_and_a_good_password() -> None:
    add_user("ada", "editor", PASSWORD)
    for name, role, password, words in (
        ("ben", "king", PASSWORD, "no role 'king'"),
        ("Ada", "editor", PASSWORD, "a user 'Ada' already"),
        ("ben", "editor", "short", "too weak"),
        ("b en", "editor", PASSWORD, "cannot be a user's name"),
    ):
        with pytest.raises(Refused, match=words):
            add_user(name, role, password)
    assert User.objects.count() == 1


def test_a_made_password_is_accepted_and_a_strangers_cannot_be_set() -> None:
    add_user("ada", "editor", new_password())
    set_password("ada", new_password())
    with pytest.raises(Refused, match=r"there is no user 'eve'\. There are: ada"):
        set_password("eve", new_password())


def test_an_item_shows_what_was_read_and_from_which_words(editor: Client, issue: Issue) -> None:
    html = editor.get("/studio/issues/1").content.decode()
    row = issue.items.first()
    assert row is not None
    assert "reading grade" in html
    assert "% ahead of the next" in html
    for fact in ("kind", "caveat"):
        assert f"<dd>“{escape(row.evidence[fact]['from'])}”</dd>" in html
    assert escape(", ".join(row.terms)) in html
    assert 'class="mark">unsure' not in html.split("<article")[1]
    issue.items.update(margin=0.01)
    again = editor.get("/studio/issues/1").content.decode()
    assert 'class="mark">unsure' in again.split("<article")[1]
    assert f"digest move 1 {row.summary.slug}" in html


def test_a_sent_issue_offers_no_change(editor: Client, issue: Issue) -> None:
    Issue.objects.filter(pk=issue.pk).update(state="sent")
    assert "digest move" not in editor.get("/studio/issues/1").content.decode()
