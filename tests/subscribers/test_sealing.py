"""Texts that lie encrypted: they come back as they were, to the right column and key alone."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers.errors import SubscribersError
from subscribers.models import Subscriber
from subscribers.sealing import (
    KEY_ID,
    NONCE,
    PLAIN,
    SEALED,
    SealedBytesField,
    Sealer,
    key_id,
    outdated_rows,
    sealed_columns,
    stored_rows,
)
from tests.builders import a_subscriber

OLD, NEW = "o" * 64, "n" * 64
HERE, THERE = b"people.address", b"people.name"
ADDRESS = "canary@sealed.example"

wild = st.binary(max_size=300)
seen = st.binary(min_size=1, max_size=300)  # an empty text is stored as empty


@given(wild, st.booleans())
def test_what_was_sealed_opens_as_it_was(text: bytes, seals: bool) -> None:
    sealer = Sealer((NEW,), seals=seals)
    assert sealer.open(sealer.seal(text, HERE), HERE) == text


@given(seen)
def test_two_seals_of_one_text_differ_in_every_part_but_the_mark(text: bytes) -> None:
    sealer = Sealer((NEW,))
    one, other = sealer.seal(text, HERE), sealer.seal(text, HERE)
    start = 1 + KEY_ID
    assert one[:start] == other[:start] == sealer.mark
    assert one[start : start + NONCE] != other[start : start + NONCE]
    assert one[start + NONCE :] != other[start + NONCE :]


@given(st.binary(min_size=4, max_size=300))
def test_nothing_of_the_text_is_seen_in_its_seal(text: bytes) -> None:
    assert text not in Sealer((NEW,)).seal(text, HERE)


@given(seen)
def test_a_seal_moved_to_another_column_does_not_open(text: bytes) -> None:
    sealer = Sealer((NEW,))
    with pytest.raises(SubscribersError, match="DIGEST_DATA_KEY"):
        sealer.open(sealer.seal(text, HERE), THERE)


@given(seen, st.data())
def test_a_seal_with_one_bit_changed_does_not_open(text: bytes, data: st.DataObject) -> None:
    sealer = Sealer((NEW,))
    stored = bytearray(sealer.seal(text, HERE))
    place = data.draw(st.integers(1, len(stored) - 1))
    stored[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SubscribersError):
        sealer.open(bytes(stored), HERE)


@given(wild)
def test_whatever_lies_in_a_row_gives_one_line_or_a_text(stored: bytes) -> None:
    try:
        assert Sealer((NEW,)).open(stored, HERE) == stored[1:]
        assert stored[:1] == PLAIN
    except SubscribersError as error:
        assert "\n" not in error.line()  # noqa: PT017


def test_the_wrong_key_is_one_clear_line_that_holds_no_key_and_no_text() -> None:
    stored = Sealer((OLD,)).seal(ADDRESS.encode(), HERE)
    with pytest.raises(SubscribersError) as caught:
        Sealer((NEW,)).open(stored, HERE)
    line = caught.value.line()
    assert line == (
        "DIGEST_DATA_KEY: a row cannot be decrypted with our data keys. Put the key that sealed "
        "it back, after the newer one and a comma"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_old_key_opens_and_the_newest_one_seals() -> None:
    both = Sealer((NEW, OLD))
    assert both.open(Sealer((OLD,)).seal(b"x", HERE), HERE) == b"x"
    assert both.seal(b"x", HERE)[: 1 + KEY_ID] == SEALED + key_id(NEW)
    assert key_id(NEW) != key_id(OLD)


def test_an_empty_text_is_stored_as_empty_and_a_plain_site_stores_plain_text() -> None:
    assert Sealer((NEW,)).seal(b"", HERE) == PLAIN
    assert Sealer((NEW,), seals=False).seal(b"x", HERE) == PLAIN + b"x"
    assert Sealer((NEW,), seals=False).mark == b""


# ── in the tables ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.both_databases
def test_a_row_holds_no_plain_text_and_reads_as_if_it_did() -> None:
    made = a_subscriber(ADDRESS, name="Ann Canary")
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, name, new_address FROM subscribers_subscriber")
        address, name, new_address = map(bytes, cursor.fetchone())
    assert b"canary" not in (address + name).lower()
    assert new_address == PLAIN
    made.refresh_from_db()
    assert (made.address, made.name, made.new_address) == (ADDRESS, "Ann Canary", "")
    assert Subscriber.objects.values_list("address", flat=True).get() == ADDRESS


@pytest.mark.django_db
def test_a_sealed_column_cannot_be_looked_up() -> None:
    for lookup in ({"address": ADDRESS}, {"name__icontains": "ann"}, {"address__in": [ADDRESS]}):
        with pytest.raises(FieldError, match="keyed hash"):
            Subscriber.objects.filter(**lookup).exists()


def test_every_sealed_column_is_found_and_named() -> None:
    found = {f"{column.model._meta.object_name}.{column.name}" for column in sealed_columns()}
    assert found >= {
        "Subscriber.address",
        "Subscriber.name",
        "Subscriber.new_address",
        "Request.content",
        "QueuedMail.recipient",
        "QueuedMail.content",
    }
    labels = [column.label for column in sealed_columns()]
    assert len(labels) == len(set(labels))
    assert any(isinstance(column, SealedBytesField) for column in sealed_columns())


@pytest.mark.django_db
@pytest.mark.both_databases
def test_rows_tell_how_they_lie(settings: Settings) -> None:
    address = next(column for column in sealed_columns() if column.name == "address")
    name = next(column for column in sealed_columns() if column.name == "name")
    settings.SUBSCRIBERS_DATA_KEYS = (OLD,)
    a_subscriber("ann@example.org")
    settings.SUBSCRIBERS_DATA_KEYS = (NEW, OLD)
    new = a_subscriber("bob@example.org")
    settings.SUBSCRIBERS_SEAL = False
    plain = a_subscriber("cy@example.org")
    marks = sorted(bytes(mark) for mark in stored_rows(address).values_list("mark", flat=True))
    assert marks == sorted([b"", SEALED + key_id(OLD), SEALED + key_id(NEW)])
    assert not stored_rows(name).exists()
    assert plain.pk not in outdated_rows(address).values_list("pk", flat=True)
    settings.SUBSCRIBERS_SEAL = True
    assert plain.pk in outdated_rows(address).values_list("pk", flat=True)
    assert new.pk not in outdated_rows(address).values_list("pk", flat=True)
