"""The departures file, and what replaying it does to rows that do not know of it."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from subscribers.addresses import address_key
from subscribers.departures import Departure, Noted, departures_since, note_backup, note_departures
from subscribers.erase import erase
from subscribers.membership import Consent, find_subscriber, join
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from subscribers.replay import Replayed, replay
from subscribers.suppression import is_suppressed
from tests.builders import NOW, a_subscriber

ANN = "ann@example.org"
LATER = NOW + timedelta(hours=2)
LONG_AGO = NOW - timedelta(days=30)
IMPORTED = Consent("Yes.", "operator", source="paper")


@pytest.fixture(autouse=True)
def log(tmp_path: Path, settings: Any) -> Path:
    """The file of this test, with the mark of a backup."""
    path = tmp_path / "departures.log"
    settings.SUBSCRIBERS_DEPARTURES = str(path)
    note_backup(at=NOW)
    return path


def a_key(letter: str = "a") -> str:
    return letter * 64


def kinds(taken_at: Any = NOW) -> list[str]:
    return [one.kind for one in departures_since(taken_at)[0]]


def again(*lines: tuple[Departure, str], address: str = ANN) -> Replayed:
    """Replay what became of one address since."""
    noted = [Noted(LATER, kind, address_key(address), detail) for kind, detail in lines]
    return replay(noted, lambda one, at: erase(one, now=at))[0]


def states() -> dict[str, str]:
    return dict(Membership.objects.values_list("list_name", "state"))


# ── the file ───────────────────────────────────────────────────────────────────────────────


def test_lines_come_back_as_they_were_noted(log: Path) -> None:
    note_departures("left", [a_key()], "patient", at=LATER)
    note_departures("erased", [a_key("b")], at=LATER)
    note_departures("moved", [a_key()], a_key("b"), at=LATER)
    note_departures("began", ["issue-7"], at=LATER)
    noted, problems = departures_since(NOW)
    assert noted == [
        Noted(LATER, "left", a_key(), "patient"),
        Noted(LATER, "erased", a_key("b")),
        Noted(LATER, "moved", a_key(), a_key("b")),
        Noted(LATER, "began", "issue-7"),
    ]
    assert not problems
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_what_stands_after_the_mark_counts_however_old_it_says_it_is() -> None:
    note_departures("suppressed", [a_key()], "bounce", at=LONG_AGO)  # heard of late
    assert kinds() == ["suppressed"]


def test_what_stands_long_before_the_backup_is_in_it_already() -> None:
    note_departures("left", [a_key()], "patient", at=LONG_AGO)
    note_departures("left", [a_key()], "patient", at=LATER - timedelta(minutes=1))
    note_backup(at=LATER)
    assert len(departures_since(LATER)[0]) == 1  # its transaction may have ended after the backup


def test_a_file_that_does_not_know_of_the_backup_is_another_one(log: Path) -> None:
    with pytest.raises(LookupError):
        departures_since(LATER)
    log.unlink()
    with pytest.raises(FileNotFoundError):
        departures_since(NOW)


@pytest.mark.parametrize(
    "damage",
    [
        b"2026-11-21T14:00:00+00:00 left 3f1c",  # half a line: the machine died
        b"\x00\xff\xfe\x00",
        f"soon left {a_key()} patient".encode(),
        f"2026-11-21T14:00:00 left {a_key()} patient".encode(),  # in no zone
        f"2026-11-21T14:00:00+00:00 joined {a_key()} patient".encode(),
        f"2026-11-21T14:00:00+00:00 left {'g' * 64} patient".encode(),
        b"x" * 5000,
    ],
)
def test_a_damaged_line_is_told_and_the_rest_counts(log: Path, damage: bytes) -> None:
    with log.open("ab") as file:
        file.write(damage)
    note_departures("left", [a_key()], "patient", at=LATER)
    noted, problems = departures_since(NOW)
    assert [one.key for one in noted] == [a_key()]
    assert problems == ["line 2 is damaged and was passed over"]


# ── the replay ─────────────────────────────────────────────────────────────────────────────

db = pytest.mark.django_db
both = pytest.mark.both_databases


@db
@both
def test_who_left_leaves_again_and_the_record_says_so_once() -> None:
    a_subscriber(ANN, lists=("patient", "caregiver"))
    assert again(("left", "patient")) == Replayed(left=1)
    assert states() == {"patient": "left", "caregiver": "confirmed"}
    assert again(("left", "patient")) == Replayed()
    assert ConsentRecord.objects.filter(event="withdrawn").count() == 1


@db
@both
def test_a_list_that_was_closed_before_joining_it_is_closed_again() -> None:
    a_subscriber(ANN)
    again(("left", "clinician"))
    assert states() == {"patient": "confirmed", "clinician": "left"}
    assert join(ANN, "clinician", IMPORTED) == "opted_out_before"


@db
@both
@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator"])
def test_who_was_suppressed_is_again_with_the_reason(reason: str) -> None:
    a_subscriber(ANN)
    again(("suppressed", reason), ("returned", "patient"))  # nobody lifts those by joining
    assert Suppression.objects.get().reason == reason
    assert states() == {"patient": "suppressed"}
    assert again(("suppressed", reason)) == Replayed()


@db
@both
def test_who_was_erased_is_again_and_no_import_brings_them_back() -> None:
    a_subscriber(ANN, name="Ann")
    assert again(("erased", "")) == Replayed(erased=1)
    assert not Subscriber.objects.exists()
    assert is_suppressed(ANN)
    assert join(ANN, "patient", IMPORTED) == "suppressed"
    assert again(("erased", "")) == Replayed()


@db
@both
def test_who_came_back_after_leaving_stays_as_the_backup_has_them() -> None:
    a_subscriber(ANN, lists=("patient", "caregiver"))
    again(("left", "patient"), ("left", "caregiver"), ("returned", "patient"))
    assert states() == {"patient": "confirmed", "caregiver": "left"}
    again(("left", "patient"), ("returned", "patient"), ("left", "patient"))
    assert states()["patient"] == "left"


@db
@both
def test_coming_back_confirms_nobody_who_was_not_confirmed_in_the_backup() -> None:
    a_subscriber(ANN, state="left")
    again(("left", "patient"), ("returned", "patient"))
    assert states() == {"patient": "left"}


@db
@both
def test_who_came_back_after_an_erasure_comes_back_to_that_list_alone_and_as_new() -> None:
    a_subscriber(ANN, lists=("patient", "caregiver"), name="Ann", themes=["symptoms"])
    again(("erased", ""), ("returned", "patient"))
    assert states() == {"patient": "confirmed", "caregiver": "left"}
    person = find_subscriber(ANN)
    assert person is not None
    assert (person.name, person.themes) == ("", [])
    assert not is_suppressed(ANN)


@db
@both
def test_who_came_back_to_a_list_that_the_backup_does_not_have_them_on_is_erased() -> None:
    a_subscriber(ANN, lists=("caregiver",))
    again(("erased", ""), ("returned", "patient"))
    assert not Subscriber.objects.exists()
    assert is_suppressed(ANN)  # joining anew lifts it


@db
@both
@pytest.mark.parametrize("line", [("left", "patient"), ("erased", "")])
def test_who_joined_and_left_since_the_backup_is_not_brought_back_by_an_import(
    line: tuple[Departure, str],
) -> None:
    again(line)
    assert Suppression.objects.get().reason == "erased"
    assert join(ANN, "patient", IMPORTED) == "suppressed"
    again(line, ("suppressed", "complaint"))
    assert Suppression.objects.get().reason == "complaint"


@db
@both
def test_a_replay_that_was_killed_half_way_goes_on() -> None:
    people = [f"p{n}@example.org" for n in range(6)]
    for address in people:
        a_subscriber(address)
    noted = [Noted(LATER, "erased", address_key(address)) for address in people]
    through = 0

    def dies(address: str, at: Any) -> None:
        nonlocal through
        through += 1
        if through == 3:
            raise KeyboardInterrupt
        erase(address, now=at)

    with pytest.raises(KeyboardInterrupt):
        replay(noted, dies)
    assert Subscriber.objects.count() == 4
    assert replay(noted, lambda one, at: erase(one, now=at))[0].erased == 4
    assert Suppression.objects.count() == 6


@db
@both
def test_who_came_back_and_was_erased_again_is_erased_from_the_backup() -> None:
    key = a_subscriber(ANN).address_key
    noted = [
        Noted(LATER, "erased", key),
        Noted(LATER, "returned", key, "patient"),
        Noted(LATER, "erased", key),
    ]
    erased: list[str] = []
    replay(noted, lambda one, at: erased.append(one))
    assert erased == [ANN]
