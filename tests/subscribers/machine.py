"""The life of some subscribers, told in any order, and what must hold after each step.

In: the rules, which are acts of people, operators, providers and disasters, all done through the
product's own ways in. Out: an AssertionError, with the shortest story that leads to it. Beside the
tables stands what people last said (`gone`, `barred`), and nothing that the code under test says.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from django.apps import apps
from django.core import mail, signing
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client, override_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from digest.delivery import records
from digest.models import Delivery, Restoration
from digest.pipeline.backup.replay import replay_departures
from subscribers.addresses import address_key
from subscribers.departures import note_backup
from subscribers.erase import erase
from subscribers.importing import import_people, undo_import
from subscribers.leave import leave, undo
from subscribers.membership import Consent, find_subscriber, join
from subscribers.models import (
    ConsentRecord,
    ImportRun,
    Membership,
    Subscriber,
    Suppression,
)
from subscribers.recipients import confirmed_recipients
from subscribers.signup import answer_requests, request_to_join
from subscribers.suppression import suppress
from subscribers.tokens import leave_url, read_confirm_token
from tests.builders import NOW, a_draft

LISTS = ("patient", "caregiver")
SPELLINGS = ("ann@example.org", "ANN@example.org", "bob@example.org")
CONFIRM_LINK = re.compile(r"https://[^/\s]+(/confirm/(\S+))")
State = Membership.State

addresses = st.sampled_from(SPELLINGS)
lists = st.sampled_from(LISTS)
some_lists = st.sets(lists, min_size=1).map(sorted)
Rows = list[tuple[type[Model], list[dict[str, Any]]]]


@dataclass(frozen=True)
class Link:
    """A link to confirm, as a mail brought it; links stay in a mailbox for ever."""

    key: str
    lists: tuple[str, ...]
    path: str
    made_at: datetime


class Life(RuleBasedStateMachine):
    """Two people, two lists, and all that may happen to them."""

    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.gone: dict[tuple[str, str], datetime] = {}  # who left or was erased, of which list
        self.barred: set[str] = set()  # bounced, complained, or by an operator's word
        self.erased: set[str] = set()
        self.records: dict[int, tuple[Any, ...]] = {}  # the consent record as it was seen
        self.backup: tuple[datetime, Rows] | None = None

    @initialize()
    def begin(self) -> None:
        """An empty database, a clock of our own, a departures file of this story."""
        self.outside = ExitStack()
        self.folder = Path(self.outside.enter_context(tempfile.TemporaryDirectory()))
        departures = str(self.folder / "departures.log")
        clock = SimpleNamespace(time=lambda: self._moment().timestamp())
        for patch in (
            mock.patch("django.utils.timezone.now", self._moment),
            mock.patch.object(signing, "time", clock),
            mock.patch("os.fsync"),  # a story is no power cut
            override_settings(SUBSCRIBERS_DEPARTURES=departures),
            mock.patch.object(logging.getLogger("django.request"), "disabled", True),
        ):
            self.outside.enter_context(patch)
        put_back([(model, []) for model, _ in all_rows()])
        mail.outbox.clear()

    def teardown(self) -> None:
        """The tables are emptied by the next one, or by the test's own end."""
        if hasattr(self, "outside"):
            self.outside.close()

    # ── what happens ──────────────────────────────────────────────────────────────────────

    @rule(hours=st.sampled_from([1, 25, 24 * 6, 24 * 8, 24 * 200]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(target=links, address=addresses, names=some_lists)
    def asks_on_the_page(self, address: str, names: list[str]) -> MultipleResults[Link]:
        self._tick()
        request_to_join(address, names, now=self.now)
        answer_requests(self.now)
        return multiple(*self._mails())

    @rule(address=addresses, names=some_lists)
    def asks_and_confirms_at_once(self, address: str, names: list[str]) -> None:
        """Whoever gets the mail and presses its button is on: also who left before."""
        self._tick()
        request_to_join(address, names, now=self.now)
        answer_requests(self.now)
        for link in self._mails():
            self._press(link)
            mine = Membership.objects.filter(subscriber__address_key=link.key)
            states = mine.filter(list_name__in=link.lists).values_list("state", flat=True)
            assert set(states) == {State.CONFIRMED}

    @rule(link=links)
    def presses_a_link(self, link: Link) -> None:
        self._press(link)

    @rule(link=links)
    def a_scanner_follows_a_link(self, link: Link) -> None:
        before = all_rows()
        Client().get(link.path)
        Client().head(link.path)
        assert all_rows() == before

    @rule(target=links, address=addresses, name=lists)
    def an_operator_adds(self, address: str, name: str) -> MultipleResults[Link]:
        self._tick()
        join(address, name, Consent("Yes.", "Ada"), now=self.now)
        return multiple(*self._mails())

    @rule(target=links, people=st.sets(addresses, min_size=1), name=lists, agreed=st.booleans())
    def an_import(self, people: set[str], name: str, agreed: bool) -> MultipleResults[Link]:
        """With a source of consent, or without: then each is asked by mail."""
        self._tick()
        file = self.folder / "people.csv"
        file.write_text("email\n" + "\n".join(sorted(people)) + "\n", encoding="utf-8")
        import_people(
            file,
            list_name=name,
            consent_text="Yes.",
            actor="Ada",
            consent_source="a form on paper" if agreed else "",
            now=self.now,
        )
        return multiple(*self._mails())

    @precondition(lambda self: ImportRun.objects.filter(undone_at=None).exists())
    @rule(data=st.data())
    def an_import_is_undone(self, data: st.DataObject) -> None:
        self._tick()
        runs = list(ImportRun.objects.filter(undone_at=None).order_by("pk"))
        undo_import(data.draw(st.sampled_from([run.pk for run in runs])), actor="Ada", now=self.now)
        # Whom the import alone had made is as if never written down, with their record.
        people = set(Subscriber.objects.values_list("pk", flat=True))
        self.records = {pk: row for pk, row in self.records.items() if row[1] in people}

    @rule(address=addresses, name=st.none() | lists)
    def leaves(self, address: str, name: str | None) -> None:
        self._tick()
        if person := find_subscriber(address):
            leave(person, name, actor="subscriber", source="page", now=self.now)
            self._gone(person.address_key, LISTS if name is None else (name,))

    @rule(address=addresses, name=lists)
    def leaves_by_one_click(self, address: str, name: str) -> None:
        """RFC 8058's POST."""
        self._tick()
        if person := find_subscriber(address):
            path = "/" + leave_url(person, name).split("/", 3)[3]
            assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
            self._gone(person.address_key, (name,))

    @rule(address=addresses, name=lists)
    def takes_leaving_back(self, address: str, name: str) -> None:
        """Their own act, and only within a day of it."""
        self._tick()
        if (person := find_subscriber(address)) is None:
            return
        key = person.address_key
        if undo(person, name, text="Yes.", now=self.now) == "back":
            # None: they took it back before, and a backup of between was restored since.
            left_at = self.gone.pop((key, name), self.now)
            assert self.now - left_at < timedelta(days=1)
            assert key not in self.barred | self.erased

    # One at most, and one erased at a time: of nobody else is there much to tell.
    @precondition(lambda self: not self.barred)
    @rule(address=addresses, reason=st.sampled_from(["bounce", "complaint", "operator"]))
    def is_suppressed(self, address: str, reason: str) -> None:
        self._tick()
        suppress(address, Suppression.Reason(reason), "test", now=self.now)
        self.barred.add(address_key(address))

    @precondition(lambda self: not self.erased)
    @rule(address=addresses)
    def is_erased(self, address: str) -> None:
        self._tick()
        person, key = find_subscriber(address), address_key(address)
        theirs = records_of(person)
        if erase(address, now=self.now) == "erased":
            self.erased.add(key)
            self._gone(key, LISTS)
            self.records = {pk: row for pk, row in self.records.items() if pk not in theirs}

    @rule()
    def is_backed_up(self) -> None:
        self._tick()
        note_backup(at=self.now)
        self.backup = self.now, all_rows()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def is_restored(self) -> None:
        """The rows of then, and over them whoever departed since."""
        self._tick()
        assert self.backup is not None
        taken_at, rows = self.backup
        put_back(rows)
        Restoration.objects.all().delete()
        Restoration.objects.create(taken_at=taken_at, restored_at=self.now)
        assert not replay_departures(now=self.now).problems
        self.records = seen_records()
        self.erased -= {key for key in self.erased if is_known(key)}

    # ── what holds ────────────────────────────────────────────────────────────────────────

    @invariant()
    def nobody_is_confirmed_without_consent(self) -> None:
        for row in Membership.objects.filter(state=State.CONFIRMED):
            told = ConsentRecord.objects.filter(
                subscriber=row.subscriber_id, list_name=row.list_name
            )
            last = told.exclude(event="asked").order_by("-id").first()
            assert last is not None
            assert last.event == "confirmed"
            assert last.text

    @invariant()
    def nobody_who_left_is_confirmed_again(self) -> None:
        live = Membership.objects.filter(state=State.CONFIRMED)
        for key, name in live.values_list("subscriber__address_key", "list_name"):
            assert (key, name) not in self.gone

    @invariant()
    def nobody_who_left_or_is_barred_is_mailed(self) -> None:
        if not (self.gone or self.barred):
            return
        keys = dict(Subscriber.objects.values_list("pk", "address_key"))
        mailed = {
            (keys[one.subscriber_id], name)
            for name in LISTS
            for one in confirmed_recipients((name,))
        }
        mailed |= claimed_now(self.now, keys)
        assert not mailed & self.gone.keys()
        assert not {key for key, _ in mailed} & self.barred

    @invariant()
    def what_bars_an_address_is_never_lifted(self) -> None:
        real = Suppression.objects.exclude(reason=Suppression.Reason.ERASED)
        assert self.barred <= set(real.values_list("address_key", flat=True))

    @invariant()
    def the_record_is_only_appended(self) -> None:
        now = seen_records()
        assert self.records.items() <= now.items()
        self.records = now

    @invariant()
    def who_is_erased_leaves_a_hash_alone(self) -> None:
        for key in self.erased:
            assert not is_known(key)
            assert Suppression.objects.filter(address_key=key).exists()

    # ── how ───────────────────────────────────────────────────────────────────────────────

    def _moment(self) -> datetime:
        return self.now

    def _tick(self) -> None:
        """No two acts in one second: a link tells when it was made in whole ones."""
        self.now += timedelta(seconds=2)

    def _gone(self, key: str, names: tuple[str, ...]) -> None:
        self.gone |= {(key, name): self.now for name in names}

    def _press(self, link: Link) -> None:
        """Their own act: it brings back who asked for that very link since they left."""
        self._tick()
        Client().post(link.path)
        for name in link.lists:
            left_at = self.gone.get((link.key, name))
            if left_at and link.made_at > left_at and is_mailable(link.key, name):
                del self.gone[link.key, name]

    def _mails(self) -> Iterator[Link]:
        """The links of the mails that were sent just now; nobody barred is sent any."""
        sent, mail.outbox[:] = list(mail.outbox), []
        for message in sent:
            key = address_key(message.to[0])
            assert key not in self.barred
            if is_known(key):
                self.erased.discard(key)  # they asked anew
            if found := CONFIRM_LINK.search(str(message.body)):
                says = read_confirm_token(found[2])
                yield Link(key, says.lists, found[1], says.made_at)


def is_known(key: str) -> bool:
    """Whether there is a row of this person."""
    return Subscriber.objects.filter(address_key=key).exists()


def is_mailable(key: str, name: str) -> bool:
    """Whether they are confirmed on the list and nothing bars them."""
    live = Membership.objects.filter(subscriber__address_key=key, list_name=name)
    barred = Suppression.objects.filter(address_key=key)
    return live.filter(state=State.CONFIRMED).exists() and not barred.exists()


def records_of(person: Subscriber | None) -> set[int]:
    """Ids of somebody's consent records."""
    return set(person.consents.values_list("pk", flat=True)) if person else set()


def seen_records() -> dict[int, tuple[Any, ...]]:
    """The whole consent record."""
    return {row[0]: row for row in ConsentRecord.objects.values_list()}


def claimed_now(now: datetime, keys: dict[int, str]) -> set[tuple[str, str]]:
    """Whom a claim would mail, had an issue been queued for everybody on every list."""
    found = set()
    with transaction.atomic():
        issue = a_draft(state="sending")
        for name in LISTS:
            Delivery.objects.all().delete()
            Delivery.objects.bulk_create(
                Delivery(issue=issue, subscriber_id=pk, audience=name, changed_at=now)
                for pk in keys
            )
            claims = records.claim(issue, 100, now)
            found |= {(address_key(one.subscriber.address), name) for one in claims}
        transaction.set_rollback(True)
    return found


def all_rows() -> Rows:
    """What a backup holds of the people: every row of every table, each after what it refers to."""
    models = apps.get_app_config("subscribers").get_models()
    return [(model, list(model._base_manager.order_by("pk").values())) for model in models]


def put_back(rows: Rows) -> None:
    """The tables as they were. By hand, as the consent record refuses to be deleted."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model, _ in reversed(rows):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        for model, values in rows:
            model._base_manager.bulk_create(model(**one) for one in values)
