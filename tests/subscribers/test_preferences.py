"""Choosing themes: what is offered, what is stored, and a page that is kind to every answer."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from subscribers import preferences
from subscribers.erase import erase
from subscribers.errors import SubscribersError
from subscribers.leave import leave
from subscribers.membership import Consent, join
from subscribers.models import ConsentRecord, Subscriber, Suppression
from subscribers.preferences import (
    choice_among,
    choices,
    choose_themes,
    offered_themes,
    reading_list,
)
from subscribers.recipients import confirmed_recipients, standing
from subscribers.suppression import suppress
from subscribers.tokens import leave_url, make_token, preferences_token, preferences_url
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

OFFERED = {
    "patient": (("mind", "Thinking & mood"), ("life", "Life's work"), ("move", "Moving")),
    "clinician": (("mind", "Cognition"), ("related", "Related disorders")),
}


@pytest.fixture(autouse=True)
def _offered(settings: Settings) -> None:
    settings.SUBSCRIBERS_THEMES = lambda: OFFERED


@pytest.fixture
def strict() -> Client:
    """A client that checks CSRF, as the site does."""
    return Client(enforce_csrf_checks=True)


def path(subscriber: Subscriber) -> str:
    return f"/preferences/{preferences_token(subscriber)}"


def boxes(page: str) -> dict[str, bool]:
    """The names of the themes and whether they are ticked."""
    found = re.findall(r'<input type="checkbox"[^>]*?( checked)?> <span>(.*?)</span>', page)
    return {unescape(name): bool(ticked) for ticked, name in found}


def look(subscriber: Subscriber) -> str:
    return Client().get(path(subscriber)).content.decode()


def tick(subscriber: Subscriber, *themes: str) -> str:
    response = Client().post(path(subscriber), {"theme": themes})
    assert response.status_code == 200
    return response.content.decode()


def stored(subscriber: Subscriber) -> list[str]:
    subscriber.refresh_from_db()
    return list(subscriber.themes)


# ── the choice ────────────────────────────────────────────────────────────────────────────


def test_a_choice_is_stored_once_each_in_reading_order() -> None:
    ann = a_subscriber()
    assert choose_themes(ann, ["move", "mind", "move"]) == ("mind", "move")
    assert stored(ann) == ["mind", "move"]


def test_every_theme_is_stored_as_none_so_that_later_ones_come_too() -> None:
    ann = a_subscriber(themes=["mind"])
    assert choose_themes(ann, ["life", "move", "mind"]) == ()
    assert stored(ann) == []


@pytest.mark.parametrize(
    ("ids", "problem"),
    [
        ([], "no theme is chosen"),
        (["mind", "related"], "no theme 'related'"),
        ([""], "no theme ''"),
    ],
)
def test_what_cannot_be_chosen_changes_nothing_and_names_the_themes(
    ids: list[str], problem: str
) -> None:
    ann = a_subscriber(themes=["life"])
    with pytest.raises(SubscribersError, match=problem) as refused:
        choose_themes(ann, ids)
    assert refused.value.mend == "The themes are: mind, life, move"
    assert stored(ann) == ["life"]


def test_who_is_on_no_list_has_nothing_to_choose() -> None:
    with pytest.raises(SubscribersError, match="on no list"):
        choose_themes(a_subscriber(state="left"), ["mind"])


def test_a_choice_of_someone_erased_meanwhile_brings_nobody_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann = a_subscriber()

    def erased_meanwhile(ids: list[int]) -> dict[int, set[str]]:
        found = standing(ids)
        erase("ann@example.org", now=NOW)
        return found

    monkeypatch.setattr(preferences, "standing", erased_meanwhile)
    choose_themes(ann, ["mind"])
    assert not Subscriber.objects.exists()


def test_an_import_leaves_a_choice_as_it_is() -> None:
    ann = a_subscriber(themes=["life"])
    consent = Consent("Yes.", actor="test", source="paper", given_at=NOW)
    join("ann@example.org", "clinician", consent, now=NOW)
    assert stored(ann) == ["life"]


@pytest.mark.parametrize(
    ("lists", "main"),
    [(("patient",), ""), (("clinician", "caregiver"), ""), (("patient", "clinician"), "clinician"),
     (("caregiver", "patient"), "clinician"), (("retired",), "retired"), (("retired",), "")],
)  # fmt: skip
def test_the_list_whose_themes_are_shown_is_the_one_whose_mail_they_get(
    lists: tuple[str, ...], main: str
) -> None:
    ann = a_subscriber(lists=lists, main_list=main)
    mailed = [one.list_name for one in confirmed_recipients(tuple(site.SUBSCRIBER_LISTS))]
    assert reading_list(ann) == (mailed[0] if mailed else None)


def test_a_list_that_the_settings_do_not_name_offers_nothing() -> None:
    assert offered_themes("caregiver") == {}


# ── the page ──────────────────────────────────────────────────────────────────────────────


def test_who_chose_nothing_finds_every_box_ticked() -> None:
    page = look(a_subscriber())
    assert boxes(page) == {"Thinking & mood": True, "Life's work": True, "Moving": True}
    assert "people living with MS" in page
    assert "ann@example.org" not in page
    assert page.count("<button") == 1
    assert page.count("<label") == 3


def test_the_names_are_those_of_the_list_that_they_read() -> None:
    ann = a_subscriber(lists=("patient", "clinician"), main_list="clinician", themes=["mind"])
    assert boxes(look(ann)) == {"Cognition": True, "Related disorders": False}


def test_what_is_ticked_is_stored_and_shown_as_it_is_now() -> None:
    ann = a_subscriber()
    page = tick(ann, "move", "mind")
    assert stored(ann) == ["mind", "move"]
    assert "Your choice is saved" in page
    assert "only the themes that are ticked" in page
    shown = {"Thinking & mood": True, "Life's work": False, "Moving": True}
    assert boxes(page) == boxes(look(ann)) == shown
    assert "saved" not in look(ann)


def test_all_ticked_is_every_theme_and_the_page_says_so() -> None:
    ann = a_subscriber(themes=["mind"])
    page = tick(ann, "mind", "life", "move")
    assert stored(ann) == []
    assert "You get every theme, also those that come later." in page
    assert "only the themes" not in page


def test_none_ticked_is_refused_kindly_with_the_way_out_of_each_list() -> None:
    ann = a_subscriber(lists=("patient", "clinician"), themes=["life"])
    page = tick(ann)
    assert stored(ann) == ["life"]
    assert "Please tick at least one theme" in page
    assert "Your choice is saved" not in page
    assert boxes(page)["Life's work"]
    for name in ("patient", "clinician"):
        assert f'href="{leave_url(ann, name)}"' in page
    assert "/leave/" not in look(ann)


def test_a_page_that_was_open_while_the_themes_changed_is_shown_anew() -> None:
    ann = a_subscriber(themes=["life"])
    page = tick(ann, "mind", "gone")
    assert stored(ann) == ["life"]
    assert "the themes are not the same" in page
    assert boxes(page) == {"Thinking & mood": False, "Life's work": True, "Moving": False}


def test_who_chose_only_themes_that_are_gone_gets_every_theme_and_is_asked_again() -> None:
    ann = a_subscriber(themes=["gone"])
    page = look(ann)
    assert "no longer there, so you get every theme" in page
    assert all(boxes(page).values())
    assert "no longer there" not in tick(ann, "life")


def test_a_theme_that_is_gone_drops_out_of_a_choice_of_others() -> None:
    page = look(a_subscriber(themes=["gone", "life"]))
    assert "no longer there" not in page
    assert boxes(page) == {"Thinking & mood": False, "Life's work": True, "Moving": False}


@pytest.mark.parametrize(
    ("chosen", "counts"),
    [([], set()), (["life"], {"life"}), (["gone", "life"], {"life"}), (["gone", "past"], set())],
)
def test_what_is_gone_does_not_count_and_nothing_left_is_every_theme(
    chosen: list[str], counts: set[str]
) -> None:
    assert choice_among(chosen, {"life", "mind"}) == counts


def test_the_choices_are_those_of_whom_chose_some() -> None:
    a_subscriber("all@example.org")
    ann = a_subscriber("ann@example.org", themes=["life", "mind"])
    assert choices() == {ann.pk: ["life", "mind"]}


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_twenty_times_changes_nothing(strict: Client, method: str) -> None:
    ann = a_subscriber(themes=["gone", "life"])
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            assert getattr(strict, method)(f"{path(ann)}?theme=mind").status_code == 200
    assert not [q for q in queries.captured_queries if not q["sql"].startswith("SELECT")]
    assert stored(ann) == ["gone", "life"]


def test_a_choice_takes_the_csrf_token_of_the_form(strict: Client) -> None:
    ann = a_subscriber()
    assert strict.post(path(ann), {"theme": "life"}).status_code == 403
    assert stored(ann) == []
    page = strict.get(path(ann)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    strict.post(path(ann), {"theme": "life", "csrfmiddlewaretoken": token[1]})
    assert stored(ann) == ["life"]


def test_the_link_of_a_mail_opens_the_page() -> None:
    ann = a_subscriber()
    assert preferences_url(ann) == f"https://digest.example.org{path(ann)}"


def test_every_link_that_does_not_work_gets_the_same_404() -> None:
    ann = a_subscriber()
    wrong = [
        "/nowhere",
        "/preferences/nonsense",
        path(ann)[:-1],
        f"/preferences/{make_token('leave', ann, 'patient')}",
        f"/leave/{preferences_token(ann)}",
        path(Subscriber(public_id="C" * 22)),
    ]
    client = Client()
    answers = {
        (response.status_code, response.content)
        for address in wrong
        for response in (client.get(address), client.post(address, {"theme": "life"}))
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert stored(ann) == []


@pytest.mark.parametrize("why", ["pending", "left", "suppressed", "bounced"])
def test_who_is_on_no_list_is_told_so_kindly_and_can_change_nothing(why: str) -> None:
    ann = a_subscriber(state="confirmed" if why == "bounced" else why)
    if why == "bounced":
        suppress("ann@example.org", Suppression.Reason.BOUNCE, "test", now=NOW)
    for page in (look(ann), tick(ann, "life")):
        assert "You are on no list" in page
        assert "<form" not in page
    assert stored(ann) == []


def test_a_choice_outlives_leaving_one_list_and_adds_no_consent() -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    before = ConsentRecord.objects.count()
    tick(ann, "mind")
    assert ConsentRecord.objects.count() == before
    leave(ann, "patient", actor="test", source="page", now=NOW)
    assert boxes(look(ann)) == {"Cognition": True, "Related disorders": False}


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(path(a_subscriber())).status_code == 405


def test_the_page_is_not_stored_and_loads_nothing() -> None:
    response = Client().get(path(a_subscriber()))
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert not re.search(r"<(script|img|link|iframe|object)\b|@import|url\(", page)
    assert page.count("<h1") == page.count("<legend") == 1
