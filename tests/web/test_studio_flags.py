"""The studio's flags: what gathering found, a button that says who saw to it, and addresses."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from digest.models import Appearance, Flag, Issue, SourceState, StoredSummary
from digest.pipeline.compose import compose
from digest.web.accounts import add_user
from tests.builders import NOW, a_config, a_flag, a_stored_drug_trial, a_stored_summary, an_entry
from tests.pipeline.harvests import in_an_issue, kept

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-phrase"


@pytest.fixture
def flag() -> Flag:
    one = a_stored_summary("one", title="A Walk <b>a Day</b>")
    other = a_stored_drug_trial("two")
    return a_flag(one, other=other, detail="nine <i>words</i> in ten")


@pytest.fixture
def issue(flag: Flag) -> Issue:
    return compose(a_config(issue={"min_items": 1}), now=NOW)


@pytest.fixture
def editor(client: Client) -> Client:
    add_user("ada", "editor", PASSWORD)
    assert client.login(username="ada", password=PASSWORD)
    return client


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("path", ["/studio/", "/studio/issues/1"])
def test_what_to_look_at_stands_on_the_page_and_says_no_markup(
    editor: Client, flag: Flag, issue: Issue, path: str
) -> None:
    html = page(editor, path)
    assert "To look at" in html
    assert "Much like another" in html
    assert "A Walk &lt;b&gt;a Day&lt;/b&gt;" in html
    assert "nine &lt;i&gt;words&lt;/i&gt; in ten" in html
    assert html.count(f'action="/studio/flags/{flag.pk}/settle"') == 1
    Flag.objects.all().delete()
    assert "To look at" not in page(editor, path)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("changed", "Changed by its source after it was sent"), ("removed", "Its file was removed")],
)
def test_every_kind_of_flag_has_words_of_its_own(editor: Client, kind: str, words: str) -> None:
    a_flag(a_stored_summary("one"), kind=kind)
    assert words in page(editor, "/studio/")


def test_a_changed_one_shows_what_was_sent_what_it_says_now_and_its_page(editor: Client) -> None:
    kept("one", an_entry(found="Doctors followed <b>120</b> people."))
    in_an_issue()
    kept("one", an_entry(found="Doctors followed <b>130</b> people."))
    html = page(editor, "/studio/")
    assert "What was found was: Doctors followed &lt;b&gt;120&lt;/b&gt; people." in html
    assert "It is: Doctors followed &lt;b&gt;130&lt;/b&gt; people." in html
    assert f'<a href="{an_entry().url}" rel="noopener noreferrer">' in html
    StoredSummary.objects.update(url="javascript:alert(1)")
    assert "javascript:" not in page(editor, "/studio/")


def test_an_issue_shows_only_the_flags_of_its_own_items(editor: Client, issue: Issue) -> None:
    old = a_stored_summary("old", published_at=NOW.replace(year=2020))
    other = a_flag(old, kind="removed")
    assert f"/studio/flags/{other.pk}/settle" not in page(editor, "/studio/issues/1")
    assert f"/studio/flags/{other.pk}/settle" in page(editor, "/studio/")


@pytest.mark.parametrize(
    ("sent", "leads_to"),
    [
        ({"issue": "1"}, "/studio/issues/1"),
        ({}, "/studio/"),
        ({"issue": "//evil.example.org"}, "/studio/"),
        ({"issue": "9" * 30}, "/studio/"),
    ],
)
def test_settling_leads_back_and_says_who_did_it(
    editor: Client, flag: Flag, sent: dict[str, str], leads_to: str
) -> None:
    response = editor.post(f"/studio/flags/{flag.pk}/settle", sent)
    assert (response.status_code, response["Location"]) == (302, leads_to)
    flag.refresh_from_db()
    assert flag.settled_by == "ada"
    assert flag.settled_at is not None


def test_looking_settles_nothing(editor: Client, flag: Flag, issue: Issue) -> None:
    for path in ("/studio/", "/studio/issues/1"):
        page(editor, path)
    assert editor.get(f"/studio/flags/{flag.pk}/settle").status_code == 405
    assert Flag.objects.get().settled_at is None


def test_nobody_settles_without_signing_in_or_from_another_site(flag: Flag) -> None:
    path = f"/studio/flags/{flag.pk}/settle"
    assert Client().post(path)["Location"] == "/studio/login?next=/studio/"
    strict = Client(enforce_csrf_checks=True)
    add_user("ada", "editor", PASSWORD)
    strict.login(username="ada", password=PASSWORD)
    assert strict.post(path).status_code == 403
    assert Flag.objects.get().settled_at is None


def test_the_button_carries_the_token_that_it_needs(flag: Flag) -> None:
    strict = Client(enforce_csrf_checks=True)
    add_user("ada", "editor", PASSWORD)
    strict.login(username="ada", password=PASSWORD)
    form = page(strict, "/studio/").split(f'action="/studio/flags/{flag.pk}/settle"')[1]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    done = strict.post(f"/studio/flags/{flag.pk}/settle", {"csrfmiddlewaretoken": token[1]})
    assert done.status_code == 302
    assert Flag.objects.get().settled_by == "ada"


@pytest.mark.parametrize("number", ["999", "9" * 30])
def test_a_flag_that_is_not_there_is_no_page(editor: Client, number: str) -> None:
    assert editor.post(f"/studio/flags/{number}/settle").status_code == 404


def test_an_item_leads_to_where_else_it_stands(editor: Client, issue: Issue, flag: Flag) -> None:
    assert "Also at" not in page(editor, "/studio/issues/1")
    for number, url in enumerate(("https://feed.example.org/a?b=1&c=2", "javascript:alert(1)")):
        Appearance.objects.create(
            summary=flag.summary,
            source="feed",
            identity=f"feed:{number}",
            url=url,
            place="x",
            first_seen=NOW,
        )
    html = page(editor, "/studio/issues/1")
    link = '<a href="https://feed.example.org/a?b=1&amp;c=2" rel="noopener noreferrer">feed</a>'
    assert f"Also at: {link}" in html
    assert "javascript:" not in html


def test_what_is_held_says_why_its_date_is_none(editor: Client) -> None:
    why = "states “31/31/2026”, which is no date"
    a_stored_summary("one", published_at=None, asks_for_date=True, date_problem=why)
    a_stored_drug_trial("two")
    compose(a_config(issue={"min_items": 1}), now=NOW)
    assert f"({why})" in page(editor, "/studio/issues/1")


def test_a_source_tells_its_next_try_its_problems_and_its_notes(editor: Client) -> None:
    SourceState.objects.create(
        name="drop",
        last_error="incoming: <b>no</b> such folder. Make it\nx.html: empty. Mend it",
        failures=1,
        notes="moved for good",
    )
    html = page(editor, "/studio/")
    assert "incoming: &lt;b&gt;no&lt;/b&gt; such folder. Make it<br>x.html: empty. Mend it" in html
    assert '<span class="second">moved for good</span>' in html
    SourceState.objects.update(gone_at=NOW)
    assert "gone for good" in page(editor, "/studio/")
