"""What somebody wishes: themes, lists, a pause; what is offered, and what is stored."""

from __future__ import annotations

from datetime import date

import pytest
from django.conf import settings as site
from pytest_django import Settings

from subscribers import preferences
from subscribers.erase import erase
from subscribers.errors import SubscribersError
from subscribers.leave import leave
from subscribers.membership import Consent, join
from subscribers.models import ConsentRecord, Subscriber, Suppression
from subscribers.preferences import (
    Way,
    can_join,
    choice_among,
    choose_main_list,
    choose_themes,
    chosen_way,
    join_by_link,
    months_after,
    offered_themes,
    pause_until,
    reading_list,
)
from subscribers.recipients import confirmed_recipients, standing
from subscribers.suppression import suppress
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

OFFERED = {
    "patient": (("mind", "Thinking & mood"), ("life", "Life's work"), ("move", "Moving")),
    "clinician": (("mind", "Cognition"), ("related", "Related disorders")),
}


@pytest.fixture(autouse=True)
def _offered(settings: Settings) -> None:
    settings.SUBSCRIBERS_THEMES = lambda: OFFERED


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


@pytest.mark.parametrize(
    ("chosen", "counts"),
    [([], set()), (["life"], {"life"}), (["gone", "life"], {"life"}), (["gone", "past"], set())],
)
def test_what_is_gone_does_not_count_and_nothing_left_is_every_theme(
    chosen: list[str], counts: set[str]
) -> None:
    assert choice_among(chosen, {"life", "mind"}) == counts


def test_all_but_some_is_stored_as_not_now_and_never_leaves_nothing() -> None:
    ann = a_subscriber(themes=["mind"])
    assert choose_themes(ann, ["move", "life"], way="but") == ("life", "move")
    assert stored(ann) == []
    assert ann.not_now == ["life", "move"]
    with pytest.raises(SubscribersError, match="no theme is chosen"):
        choose_themes(ann, ["move", "life", "mind"], way="but")
    choose_themes(ann, ["mind"])
    assert (stored(ann), ann.not_now) == (["mind"], [])


@pytest.mark.parametrize(("themes", "not_now"), [(["mind"], []), ([], ["mind"])])
def test_every_theme_takes_back_whatever_was_chosen(themes: list[str], not_now: list[str]) -> None:
    ann = a_subscriber(themes=themes, not_now=not_now)
    assert choose_themes(ann, ["mind"], way="every") == ()
    assert (stored(ann), ann.not_now) == ([], [])


@pytest.mark.parametrize(
    ("stored_as", "way", "named"),
    [
        ({}, "every", set()),
        ({"themes": ["life", "gone"]}, "only", {"life"}),
        ({"themes": ["gone"]}, "every", set()),
        ({"not_now": ["mind", "gone"]}, "but", {"mind"}),
        ({"not_now": ["gone"]}, "every", set()),
    ],
)
def test_a_choice_is_read_back_as_it_counts(
    stored_as: dict[str, list[str]], way: Way, named: set[str]
) -> None:
    ann = a_subscriber(themes=stored_as.get("themes", []), not_now=stored_as.get("not_now", []))
    assert chosen_way(ann, offered_themes("patient")) == (way, frozenset(named))


# ── lists and pauses ──────────────────────────────────────────────────────────────────────


def test_the_main_list_is_one_that_they_are_on() -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    choose_main_list(ann, "clinician")
    assert reading_list(Subscriber.objects.get()) == "clinician"
    with pytest.raises(SubscribersError, match="not on that list"):
        choose_main_list(ann, "caregiver")


@pytest.mark.both_databases
def test_joining_by_ones_own_link_is_confirmed_and_recorded_at_once() -> None:
    ann = a_subscriber()
    assert join_by_link(ann, "clinician", now=NOW) == "confirmed"
    assert join_by_link(ann, "clinician", now=NOW) == "already_confirmed"
    mine = ann.memberships.get(list_name="clinician")
    assert (mine.state, mine.joined_at) == ("confirmed", NOW)
    records = ConsentRecord.objects.filter(list_name="clinician")
    assert [record.event for record in records] == ["asked", "confirmed"]
    assert records[1].text == "Please send me MS Research Digest, the edition for clinicians."
    assert (records[1].source, records[1].form, records[1].actor) == (
        "own page",
        "own page",
        "subscriber",
    )


@pytest.mark.both_databases
def test_who_left_may_come_back_by_their_own_link() -> None:
    ann = a_subscriber()
    leave(ann, "patient", actor="subscriber", source="page", now=NOW)
    assert join_by_link(ann, "patient", now=NOW) == "confirmed"
    assert reading_list(ann) == "patient"


@pytest.mark.both_databases
@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator"])
def test_their_own_link_lifts_no_suppression(reason: Suppression.Reason) -> None:
    ann = a_subscriber()
    suppress("ann@example.org", reason, "test", now=NOW)
    records = ConsentRecord.objects.count()
    for list_name in ("patient", "clinician"):
        assert join_by_link(ann, list_name, now=NOW) == "refused"
    assert ConsentRecord.objects.count() == records
    assert [m.state for m in ann.memberships.all()] == ["suppressed"]
    Suppression.objects.all().delete()  # even then: the membership itself says it
    assert join_by_link(ann, "patient", now=NOW) == "refused"
    assert ConsentRecord.objects.count() == records


def test_an_unknown_list_cannot_be_joined() -> None:
    with pytest.raises(SubscribersError, match="no list 'doctors'"):
        join_by_link(a_subscriber(), "doctors", now=NOW)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 21), 1, date(2026, 12, 21)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_end_where_the_month_does(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_a_pause_is_within_the_year_to_come_and_can_be_taken_back() -> None:
    ann, day = a_subscriber(), date(2026, 11, 21)
    for wrong in (day, date(2026, 11, 20), date(2027, 11, 22)):
        with pytest.raises(SubscribersError, match="not in the year to come"):
            pause_until(ann, wrong, today=day)
    pause_until(ann, date(2027, 11, 21), today=day)
    assert Subscriber.objects.get().paused_until == date(2027, 11, 21)
    pause_until(ann, None, today=day)
    assert Subscriber.objects.get().paused_until is None


@pytest.mark.both_databases
def test_who_was_only_erased_elsewhere_may_join_by_their_own_link() -> None:
    ann = a_subscriber()
    suppress("ann@example.org", Suppression.Reason.ERASED, "operator", now=NOW)
    assert can_join(ann)
    assert join_by_link(ann, "patient", now=NOW) == "confirmed"
    assert reading_list(ann) == "patient"
    assert not Suppression.objects.exists()
