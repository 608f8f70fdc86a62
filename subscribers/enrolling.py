"""Putting many people on a list in one transaction, by statements on sets (law 12).

In: people, the list and the consent that covers them. Out: what became of each, in their order.
`membership` does it for one person, `importing` for a million. Law 4: an opt-out or a suppression
is never revived here; only the person can.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from django.db import IntegrityError, connection, transaction

from subscribers.consent import NEWSLETTER, wording
from subscribers.models import ImportRun, Membership, Subscriber
from subscribers.sealing import sealer

if TYPE_CHECKING:
    from subscribers.membership import Consent

Joined = Literal["new", "joins_list", "already_there", "opted_out_before", "suppressed"]
JOINED: tuple[Joined, ...] = get_args(Joined)
State = Membership.State
SHARED = 4  # characters of a public id that a batch has in common
TRIES = 5  # when another process adds the same people at the same moment (PostgreSQL)

# A JSON list as rows with a `value`: one parameter for some thousands of keys.
EACH = {"sqlite": "json_each(%s) AS each", "postgresql": "json_array_elements_text(%s) AS each"}

# What is known of some keyed hashes, and how each stands on one list.
KNOWN = """
SELECT each.value, s.id, m.state, x.id
FROM {each}
LEFT JOIN subscribers_subscriber s ON s.address_key = each.value
LEFT JOIN subscribers_membership m ON m.subscriber_id = s.id AND m.list_name = %s
LEFT JOIN subscribers_suppression x ON x.address_key = each.value
WHERE s.id IS NOT NULL OR x.id IS NOT NULL
"""
NEW_SUBSCRIBER = """
INSERT INTO subscribers_subscriber (
    address, address_key, public_id, name, language, tags, created_at, imported_id, new_address,
    main_list, themes, not_now, text_only
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '', '[]', '[]', %s)
"""
THEIR_IDS = """
SELECT s.id FROM {each} CROSS JOIN subscribers_subscriber s WHERE s.address_key = each.value
"""
# The pending who are confirmed by a proof; undoing an import makes them pending again.
CONFIRM = """
UPDATE subscribers_membership
SET state = %s, joined_at = %s, changed_at = %s, imported_id = %s, was_pending = %s
WHERE list_name = %s AND state = 'pending'
  AND subscriber_id IN (SELECT CAST(each.value AS bigint) FROM {each})
"""
NEW_MEMBERSHIP = """
INSERT INTO subscribers_membership (
    subscriber_id, list_name, state, joined_at, changed_at, imported_id, was_pending, why_left
)
SELECT CAST(each.value AS bigint), %s, %s, %s, %s, %s, %s, '' FROM {each}
"""
# A record for each whose membership is as this transaction made it: who left in the same moment
# (PostgreSQL) is not said to have consented.
RECORD = """
INSERT INTO subscribers_consentrecord (
    subscriber_id, list_name, event, at, wording_id, source, actor, purpose, form, locale
)
SELECT m.subscriber_id, m.list_name, %s, %s, %s, %s, %s, %s, %s, ''
FROM {each}
CROSS JOIN subscribers_membership m
WHERE m.subscriber_id = CAST(each.value AS bigint)
  AND m.list_name = %s AND m.state = %s AND m.changed_at = %s
"""


class Person(NamedTuple):
    """Who is to join. `key`: the keyed hash of the address; tags and language only for the new."""

    key: str
    address: str
    name: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""


class Enrolled(NamedTuple):
    """What became of each, in the order given; the rows of those who joined."""

    results: list[Joined]
    subscriber_ids: list[int]


def enrol_many(
    people: Sequence[Person],
    list_name: str,
    consent: Consent,
    *,
    now: datetime,
    run: ImportRun | None = None,
    dry_run: bool = False,
) -> Enrolled:
    """Put some thousands of people (different addresses) on a list in one transaction.

    Whoever calls mails those who are to confirm, after the commit (law 11).
    """
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                found = _enrol(people, list_name, consent, now, run, dry_run)
                check_references()
                return found
        except IntegrityError:  # somebody else added one of them meanwhile: look again
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def check_references() -> None:
    """Raise IntegrityError now, not at the outer commit, for who was erased meanwhile."""
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        connection.check_constraints()


def _enrol(
    people: Sequence[Person],
    list_name: str,
    consent: Consent,
    now: datetime,
    run: ImportRun | None,
    dry_run: bool,
) -> Enrolled:
    rows = _all(KNOWN, [person.key for person in people], list_name)
    known = {key: (pk, state, barred is not None) for key, pk, state, barred in rows}
    nothing = (None, None, False)
    stand = [known.get(person.key, nothing) for person in people]
    results = [_outcome(pk is not None, state, barred, consent) for pk, state, barred in stand]
    if dry_run:
        return Enrolled(results, [])
    new = [person for person, result in zip(people, results, strict=True) if result == "new"]
    _add_subscribers(new, now, run)
    joins = [s for s, result in zip(stand, results, strict=True) if result == "joins_list"]
    added = [row[0] for row in _all(THEIR_IDS, [person.key for person in new])]
    added = sorted([*added, *(pk for pk, state, _ in joins if state is None)])
    pending = sorted(pk for pk, state, _ in joins if state is not None)
    _write(added, pending, list_name, consent, now, run)
    return Enrolled(results, sorted([*added, *pending]))


def _outcome(known: bool, state: str | None, barred: bool, consent: Consent) -> Joined:
    if barred or state == State.SUPPRESSED:
        return "suppressed"
    if not known:
        return "new"
    if state == State.LEFT:
        return "opted_out_before"
    if state is None or (state == State.PENDING and consent.source):
        return "joins_list"
    return "already_there"


def _add_subscribers(people: Sequence[Person], now: datetime, run: ImportRun | None) -> None:
    """Their rows, in the order of the keys: neighbours of an index are written together."""
    meta, seal = Subscriber._meta, sealer().seal
    address, name = (meta.get_field(field).label for field in ("address", "name"))  # type: ignore[union-attr]
    moment, pk, empty = _moment(now), run.pk if run else None, seal(b"", b"")
    rows = [
        (
            seal(person.address.encode(), address),
            person.key,
            public_id,
            seal(person.name.encode(), name) if person.name else empty,
            person.language,
            json.dumps(person.tags) if person.tags else "[]",
            moment,
            pk,
            empty,
            False,
        )
        for person, public_id in zip(sorted(people), _public_ids(len(people)), strict=True)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(NEW_SUBSCRIBER, rows)


def _public_ids(count: int) -> list[str]:
    """Random ids of 22 characters: 4 that those who come together share, 108 bits of their own.

    Shared, so that a batch is written to one place of the index and not all over it.
    """
    own = (22 - SHARED) * count // 4 * 3 + 3
    drawn = urlsafe_b64encode(secrets.token_bytes(own)).decode()
    shared = secrets.token_urlsafe(SHARED)[:SHARED]
    size = 22 - SHARED
    return [shared + drawn[start : start + size] for start in range(0, size * count, size)]


def _write(
    added: list[int],
    pending: list[int],
    list_name: str,
    consent: Consent,
    now: datetime,
    run: ImportRun | None,
) -> None:
    given_at = (consent.given_at or now) if consent.source else None
    state = State.CONFIRMED if given_at else State.PENDING
    joined, moment, pk = _moment(given_at), _moment(now), run.pk if run else None
    if pending:
        _run(CONFIRM, state, joined, moment, pk, True, list_name, each=pending)
    if added:
        _run(NEW_MEMBERSHIP, list_name, state, joined, moment, pk, False, each=added)
    if added or pending:
        words = wording(consent.text, at=given_at or now)
        event = "confirmed" if consent.source else "asked"
        about = (consent.source, consent.actor, NEWSLETTER, f"import {pk}" if pk else "")
        record = (event, _moment(given_at or now), words.pk if words else None, *about)
        _run(
            RECORD,
            *record,
            each=[*added, *pending],
            after=(list_name, state, moment),
        )


def _all(sql: str, each: list[str], *after: Any) -> list[Any]:
    if not each:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_for_us(sql), [json.dumps(each), *after])
        return list(cursor.fetchall())


def _run(sql: str, *before: Any, each: list[int], after: tuple[Any, ...] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_for_us(sql), [*before, json.dumps(each), *after])


def _for_us(sql: str) -> str:
    return sql.format(each=EACH[connection.vendor])


def _moment(at: datetime | None) -> Any:
    """An instant as the database of the settings takes it in raw SQL."""
    return connection.ops.adapt_datetimefield_value(at)
