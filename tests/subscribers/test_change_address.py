"""A change of address: the new one's owner says yes, and nobody learns who is a subscriber."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from digest.models import QueuedMail
from subscribers import change_address
from subscribers.addresses import address_key
from subscribers.change_address import ask, awaits, change, forget_new
from subscribers.erase import erase
from subscribers.errors import BadAddress
from subscribers.leave import leave
from subscribers.membership import Consent, awaits_confirmation, join
from subscribers.models import Asked, Subscriber, Suppression
from subscribers.recipients import standing
from subscribers.suppression import suppress
from subscribers.tokens import change_url, preferences_token, read_change_token
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db

NEW = "new@example.org"
HOUR = timedelta(hours=1)
Ask = Callable[..., str]


@pytest.fixture
def asked(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Ask:
    """Asks some hours after NOW; mails leave as after a commit."""

    def ask_for(subscriber: Subscriber, new: str = NEW, *, hours: float = 0) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            outcome = ask(subscriber, new, now=NOW + hours * HOUR)
        subscriber.refresh_from_db()
        return outcome

    return ask_for


@pytest.fixture
def changed(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Ask:
    def change_to(subscriber: Subscriber, new: str = NEW, *, hours: float = 1) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            outcome = change(subscriber, mark(subscriber, new), now=NOW + hours * HOUR)
        subscriber.refresh_from_db()
        return outcome

    return change_to


def mark(subscriber: Subscriber, new: str) -> str:
    token = change_url(subscriber, address_key(new)).rsplit("/", 1)[1]
    return read_change_token(token)[1]


def link_in(message: EmailMessage) -> str:
    found = re.search(r"https://digest\.example\.org(/address/\S+)", str(message.body))
    assert found
    return found[1]


@pytest.mark.both_databases
def test_only_the_new_address_is_asked_and_nothing_changes_until_it_says_yes(
    asked: Ask, mailoutbox: list[EmailMessage]
) -> None:
    ann = a_subscriber()
    assert asked(ann) == "asked"
    assert [message.to for message in mailoutbox] == [[NEW]]
    assert "ann@example.org" not in str(mailoutbox[0].message())
    assert NEW not in link_in(mailoutbox[0])
    assert (ann.address, ann.address_key) == ("ann@example.org", address_key("ann@example.org"))
    assert ann.new_address == NEW
    assert awaits(ann, now=NOW + HOUR)


@pytest.mark.both_databases
def test_the_yes_changes_address_and_key_and_tells_the_old_address_without_the_new_one(
    asked: Ask, changed: Ask, mailoutbox: list[EmailMessage]
) -> None:
    ann = a_subscriber(themes=["mind"])
    asked(ann)
    assert changed(ann) == "changed"
    assert (ann.address, ann.address_key, ann.new_address) == (NEW, address_key(NEW), "")
    assert ann.themes == ["mind"]
    assert standing([ann.pk]) == {ann.pk: {"patient"}}
    assert mailoutbox[1].to == ["ann@example.org"]
    assert NEW not in str(mailoutbox[1].message())
    line = Path(site.SUBSCRIBERS_DEPARTURES).read_text().splitlines()[-1]
    assert line.split()[1:] == ["moved", address_key("ann@example.org"), ann.address_key]
    assert changed(ann) == "changed_already"
    assert len(mailoutbox) == 2


def test_the_queue_still_sends_both_mails(asked: Ask, changed: Ask, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "digest.delivery.queue.QueueBackend"
    ann = a_subscriber()
    asked(ann)
    (to_new,) = QueuedMail.objects.all()
    assert awaits_confirmation(to_new.recipient)
    changed(ann)
    to_old = QueuedMail.objects.exclude(pk=to_new.pk).get()
    assert (to_old.recipient, awaits_confirmation(to_old.recipient)) == ("ann@example.org", True)


@pytest.mark.parametrize("why", ["taken", "their own", "bounce", "complaint", "operator"])
def test_who_has_the_new_address_already_is_not_told_and_nothing_changes(
    why: str, asked: Ask, changed: Ask, mailoutbox: list[EmailMessage]
) -> None:
    ann, free = a_subscriber(), a_subscriber("free@example.org")
    if why == "taken":
        a_subscriber(NEW)
    elif why != "their own":
        suppress(NEW, Suppression.Reason(why), "test", now=NOW)
    new = "ann@example.org" if why == "their own" else NEW
    assert asked(ann, new) == asked(free, "other@example.org") == "asked"
    assert [message.to for message in mailoutbox] == [["other@example.org"]]
    assert awaits(ann, now=NOW) == awaits(free, now=NOW) is True
    changed(ann, new)
    assert ann.address == "ann@example.org"


@pytest.mark.both_databases
def test_who_took_the_address_meanwhile_keeps_it(asked: Ask, changed: Ask) -> None:
    ann = a_subscriber()
    asked(ann)
    bob = a_subscriber(NEW)
    assert changed(ann) == "refused"
    bob.refresh_from_db()
    assert (ann.address, bob.address) == ("ann@example.org", NEW)


@pytest.mark.both_databases
def test_who_was_erased_at_the_new_address_comes_back_by_their_yes(
    asked: Ask, changed: Ask
) -> None:
    a_subscriber(NEW)
    erase(NEW, now=NOW - HOUR)
    ann = a_subscriber()
    asked(ann)
    assert changed(ann) == "changed"
    assert standing([ann.pk]) == {ann.pk: {"patient"}}
    lines = Path(site.SUBSCRIBERS_DEPARTURES).read_text().splitlines()[-3:]
    kinds = [("returned", "patient"), ("left", "caregiver"), ("left", "clinician")]
    assert [line.split()[1:] for line in lines] == [
        [kind, address_key(NEW), name] for kind, name in kinds
    ]
    proof = Consent("Yes.", "operator", source="paper form")
    assert join(NEW, "caregiver", proof, now=NOW + 2 * HOUR) == "opted_out_before"


@pytest.mark.both_databases
def test_no_import_revives_the_address_that_somebody_had_before(asked: Ask, changed: Ask) -> None:
    ann = a_subscriber(lists=("patient", "caregiver"))
    leave(ann, "patient", actor="subscriber", source="page", now=NOW)
    asked(ann)
    changed(ann)
    given = Consent("Yes.", "operator", source="paper")
    assert join("ann@example.org", "patient", given, now=NOW + 2 * HOUR) == "suppressed"
    assert not Subscriber.objects.exclude(pk=ann.pk).exists()


@pytest.mark.both_databases
def test_who_changes_back_is_mailed_there_again(asked: Ask, changed: Ask) -> None:
    ann = a_subscriber(themes=["mind"])
    asked(ann)
    changed(ann)
    assert asked(ann, "ann@example.org", hours=48) == "asked"
    assert changed(ann, "ann@example.org", hours=49) == "changed"
    assert standing([ann.pk]) == {ann.pk: {"patient"}}
    assert Suppression.objects.get().address_key == address_key(NEW)


def test_a_bounce_of_the_old_address_stays_what_it_was(asked: Ask, changed: Ask) -> None:
    ann = a_subscriber()
    suppress("ann@example.org", Suppression.Reason.BOUNCE, "test", now=NOW)
    asked(ann)
    changed(ann)
    assert Suppression.objects.get().reason == "bounce"


def test_when_it_cannot_be_noted_nothing_is_changed(
    asked: Ask, changed: Ask, settings: Settings, tmp_path: Path
) -> None:
    ann = a_subscriber()
    asked(ann)
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "nowhere" / "departures.log")
    with pytest.raises(OSError, match="No such file"):
        changed(ann)
    ann.refresh_from_db()
    assert (ann.address, Suppression.objects.count()) == ("ann@example.org", 0)


def test_a_change_of_address_brings_back_nobody_who_left(asked: Ask, changed: Ask) -> None:
    ann = a_subscriber()
    asked(ann)
    leave(ann, "patient", actor="subscriber", source="page", now=NOW)
    changed(ann)
    assert standing([ann.pk]) == {ann.pk: set()}


@pytest.mark.parametrize("why", ["another since", "kept the old one", "a week later", "erased"])
def test_a_link_that_counts_no_more_changes_nothing(why: str, asked: Ask, changed: Ask) -> None:
    ann = a_subscriber()
    asked(ann)
    if why == "another since":
        asked(ann, "other@example.org")
    elif why == "kept the old one":
        forget_new(ann)
    elif why == "erased":
        erase("ann@example.org", now=NOW)
        assert change(ann, mark(ann, NEW), now=NOW) == "refused"
        assert not Subscriber.objects.exists()
        return
    assert changed(ann, hours=7 * 24 if why == "a week later" else 1) == "refused"
    assert ann.address == "ann@example.org"


# ── limits ────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_mailed_once_in_24_hours_whoever_asks(
    asked: Ask, mailoutbox: list[EmailMessage]
) -> None:
    ann, bob = a_subscriber(), a_subscriber("bob@example.org")
    assert [asked(ann), asked(ann, hours=1), asked(bob, hours=2)] == ["asked"] * 3
    assert len(mailoutbox) == 1
    asked(bob, hours=25)
    assert len(mailoutbox) == 2


def test_one_subscriber_asks_for_three_addresses_a_day_at_most(
    asked: Ask, mailoutbox: list[EmailMessage]
) -> None:
    ann = a_subscriber()
    said = [asked(ann, f"new{n}@example.org") for n in range(4)]
    assert said == ["asked", "asked", "asked", "too_often"]
    assert len(mailoutbox) == 3
    assert ann.new_address == "new2@example.org"
    assert asked(ann, "new4@example.org", hours=25) == "asked"


def test_over_the_hourly_cap_everybody_is_asked_to_wait(asked: Ask, settings: Settings) -> None:
    settings.SUBSCRIBERS_MAILS_PER_HOUR = 1
    Asked.objects.create(address_key="0" * 64, purpose="confirm", at=NOW)
    ann = a_subscriber()
    assert asked(ann) == "later"
    assert ann.new_address == ""


def test_what_is_no_address_is_refused_and_kept_nowhere() -> None:
    ann = a_subscriber()
    with pytest.raises(BadAddress):
        ask(ann, "new@example.org, other@example.org", now=NOW)
    assert not Asked.objects.exists()
    assert Subscriber.objects.get().new_address == ""


# ── the pages ─────────────────────────────────────────────────────────────────────────────


def test_the_whole_way_by_the_pages_shows_no_address(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[EmailMessage],
) -> None:
    ann = a_subscriber()
    own = f"/preferences/{preferences_token(ann)}"
    client = Client()
    with django_capture_on_commit_callbacks(execute=True):
        waits = client.post(f"{own}/address", {"address": NEW}, follow=True)
    link = link_in(mailoutbox[0])
    look, head = client.get(link), client.head(link)
    ann.refresh_from_db()
    assert ann.address == "ann@example.org"
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(link)
    again = client.get(link)
    assert "we have written to it" in waits.content.decode()
    assert b"One more step" in look.content
    assert head.status_code == 200
    assert b"Your address is changed" in done.content
    assert b"Your address was changed already" in again.content
    for response in (waits, look, done, again, client.get(own)):
        assert b"new@" not in response.content
        assert b"ann@" not in response.content
    ann.refresh_from_db()
    assert ann.address == NEW


def test_what_is_no_address_is_told_beside_the_field_with_what_was_typed() -> None:
    own = f"/preferences/{preferences_token(a_subscriber())}/address"
    page = Client().post(own, {"address": 'ann"<at>'}).content.decode()
    assert "it has no @. Please write it such as ann@example.org." in page
    assert 'aria-invalid="true"' in page
    assert "ann&#34;&lt;at&gt;" in page


def test_the_old_address_can_be_kept() -> None:
    ann = a_subscriber(new_address=NEW, new_address_at=NOW)
    Client().post(f"/preferences/{preferences_token(ann)}/address", {"keep": "yes"})
    ann.refresh_from_db()
    assert (ann.new_address, ann.new_address_at) == ("", None)


def test_a_wrong_link_to_change_is_the_same_404() -> None:
    ann, bob = a_subscriber(), a_subscriber("bob@example.org")
    right = change_url(ann, address_key(NEW)).rsplit("/", 1)[1]
    wrong = ["nonsense", right[:-1], right, preferences_token(bob)]  # right: nobody asked for it
    client = Client()
    answers = {client.get("/nowhere").content}
    for token in wrong:
        for response in (client.get(f"/address/{token}"), client.post(f"/address/{token}")):
            assert response.status_code == 404
            answers.add(response.content)
    assert len(answers) == 1


def test_erasing_ones_account_does_not_let_the_next_ask_the_same_address_again(
    asked: Ask, mailoutbox: list[EmailMessage]
) -> None:
    for number in range(4):
        attacker = a_subscriber(f"attacker{number}@example.org")
        asked(attacker)
        erase(attacker.address, now=NOW)
    assert [message.to for message in mailoutbox] == [[NEW]]


def test_a_complaint_that_comes_during_a_change_stands(
    asked: Ask, changed: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = a_subscriber()
    asked(ann)
    is_free = change_address._is_free

    def then_complains(key: str) -> bool:
        found = is_free(key)
        suppress(NEW, Suppression.Reason.COMPLAINT, "digest", now=NOW)
        return found

    monkeypatch.setattr(change_address, "_is_free", then_complains)
    assert changed(ann) == "changed"
    assert Suppression.objects.get(address_key=address_key(NEW)).reason == "complaint"
