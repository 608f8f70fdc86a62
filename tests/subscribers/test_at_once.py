"""Two acts at the same moment (PostgreSQL): nobody is mailed who must not be, or too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection, connections, transaction

from subscribers import enrolling, limits
from subscribers.change_address import ask
from subscribers.enrolling import Person, enrol_many
from subscribers.erase import erase
from subscribers.importing import import_people
from subscribers.leave import leave
from subscribers.membership import Consent
from subscribers.models import Subscriber
from subscribers.recipients import standing
from tests.builders import NOW, a_subscriber

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.only_postgresql,
]

ANN, VICTIM = "ann@example.org", "victim@example.org"
PROOF = Consent("Yes.", "operator", source="paper form")
PATIENCE = 20  # seconds until a test gives up; none takes them


class Doing(Thread):
    """Something in a thread and on a connection of its own; `done` raises what it raised."""

    def __init__(self, act: Callable[[], object]):
        super().__init__(daemon=True)
        self.act = act
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.act()
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()

    def done(self) -> None:
        self.join(PATIENCE)
        assert not self.is_alive()
        if self.error:
            raise self.error


def until(so: Callable[[], bool]) -> None:
    """Until something is so, asking the database again and again."""
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end


def somebody_waits() -> bool:
    """Whether a transaction waits for a lock that another holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_who_leaves_all_while_an_import_puts_them_on_another_list_is_on_none() -> None:
    ann = a_subscriber(ANN)
    put_in = Event()

    def imports() -> None:
        with transaction.atomic():
            enrol_many([Person(ann.address_key, ANN)], "clinician", PROOF, now=NOW)
            put_in.set()
            until(somebody_waits)

    importing = Doing(imports)
    assert put_in.wait(PATIENCE)
    leave(ann, None, actor="subscriber", source="page", now=NOW)
    importing.done()
    assert standing([ann.pk])[ann.pk] == set()


def _one(file: Path) -> None:
    del file
    person = Person(Subscriber.objects.get().address_key, ANN)
    enrol_many([person], "clinician", PROOF, now=NOW)


def _many(file: Path) -> None:
    import_people(
        file,
        list_name="clinician",
        consent_text="Yes.",
        consent_source="paper form",
        actor="operator",
        now=NOW,
    )


@pytest.mark.parametrize("puts_in", [_one, _many])
def test_who_is_erased_after_an_import_looked_stays_erased_and_stops_no_import(
    puts_in: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subscriber(ANN)
    file = tmp_path / "people.csv"
    file.write_text(f"address\n{ANN}\n", encoding="utf-8")
    looked, erased, look = Event(), Event(), enrolling._all

    def then_waits(sql: str, *rest: Any) -> list[Any]:
        found = look(sql, *rest)
        if sql is enrolling.KNOWN:
            looked.set()
            assert erased.wait(PATIENCE)
        return found

    monkeypatch.setattr(enrolling, "_all", then_waits)
    importing = Doing(lambda: puts_in(file))
    assert looked.wait(PATIENCE)
    assert erase(ANN, now=NOW) == "erased"
    erased.set()
    importing.done()
    assert not Subscriber.objects.exists()


def test_two_who_ask_for_one_address_at_once_bring_it_one_mail(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    askers = [a_subscriber(f"{name}@example.org") for name in ("bob", "cat")]
    allows, looked = limits.allows, []

    def then_waits(*about: Any, **options: Any) -> bool:
        found = allows(*about, **options)
        looked.append(found)
        until(lambda: len(looked) == 2 or somebody_waits())
        return found

    monkeypatch.setattr(limits, "allows", then_waits)
    both = [Doing(lambda who=who: ask(who, VICTIM, now=NOW)) for who in askers]  # type: ignore[misc]
    for asking in both:
        asking.done()
    assert [message.to for message in mailoutbox] == [[VICTIM]]
