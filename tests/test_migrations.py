"""Upgrades and their way back, with data in the tables, on both databases."""

from __future__ import annotations

from binascii import a2b_qp
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from digest.delivery.journal import open_journal
from digest.delivery.recovery import recover
from digest.errors import Refused
from digest.models import Delivery, Issue, StoredRendition, StoredSummary
from digest.pipeline.approval import approval_hash
from digest.pipeline.deliver import send_issue
from digest.pipeline.render import rendition_value
from digest.project.settings import KEYS
from digest.sources.identity import text_key, title_key
from tests.builders import NOW, a_config, a_subscriber, an_entry
from tests.fakes import FakeTransport
from tests.pipeline.harvests import kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

FIRST, COMPOSING = ("digest", "0001_initial"), ("digest", "0002_composing")
NEWEST = ("digest", "0009_gathering_whole")


def migrated(*targets: tuple[str, str]) -> Any:
    """The models of that state, after going there."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets))
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


@pytest.fixture(autouse=True)
def _forward_again() -> Any:
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def an_old_issue(apps: Any) -> Any:
    return apps.get_model("digest", "Issue").objects.create(
        number=7,
        window_start=NOW,
        cut_off=NOW,
        composed_at=NOW,
        subjects={"patient": "Walking and more"},
    )


def a_summary_of(apps: Any) -> Any:
    return apps.get_model("digest", "StoredSummary").objects.create(
        slug="walk", identity="test:walk", text_key="walk", kind="summary", source="drop",
        place="incoming/walk.html", title="Walk", first_seen=NOW, content_hash="x",
    )  # fmt: skip


def test_an_editors_subjects_survive_the_upgrade_and_the_way_back() -> None:
    an_old_issue(migrated(FIRST))
    upgraded = migrated(COMPOSING).get_model("digest", "Issue").objects.get()
    assert upgraded.wording == {"patient": {"subject": "Walking and more"}}
    upgraded.wording["patient"]["intro"] = "Hello"
    upgraded.save()
    assert migrated(FIRST).get_model("digest", "Issue").objects.get().subjects == {
        "patient": "Walking and more"
    }


def test_choices_of_one_edition_are_dropped_on_the_way_back() -> None:
    an_old_issue(migrated(FIRST))
    apps = migrated(COMPOSING)
    issue, summary = apps.get_model("digest", "Issue").objects.get(), a_summary_of(apps)
    choices = apps.get_model("digest", "EditorChoice").objects
    for audience in ("", "patient"):
        choices.create(issue=issue, summary=summary, audience=audience, placing="hold")
    assert migrated(FIRST).get_model("digest", "EditorChoice").objects.count() == 1


# ── a reader's choice of themes ───────────────────────────────────────────────────────────

BEFORE_SPLICING, SPLICING = ("digest", "0003_as_composed"), ("digest", "0004_splicing")
BEFORE_THEMES, THEMES = ("subscribers", "0001_initial"), ("subscribers", "0002_themes")
PARTS = ("audience", "subject", "preheader", "html", "text", "page")


def hash_as_it_was(parts: dict[str, str]) -> str:
    """The content hash as it was computed when a rendition had no splicing."""
    made = sha256()
    for part in PARTS:
        raw = parts[part].encode()
        made.update(len(raw).to_bytes(8, "big") + raw)
    return made.hexdigest()


def approved_of_old(apps: Any) -> None:
    """An issue with one edition, frozen and approved before readers could choose themes."""
    parts = {
        "audience": "patient",
        "subject": "November: walking",
        "preheader": "What was found",
        "html": '<p>Hello.</p><a href="__DIGEST_UNSUBSCRIBE_URL__">Leave</a>',
        "text": "Hello.\nLeave: __DIGEST_UNSUBSCRIBE_URL__\n",
        "page": "<p>Hello.</p>",
    }
    content_hash = hash_as_it_was(parts)
    issue = apps.get_model("digest", "Issue").objects.create(
        number=7, window_start=NOW, cut_off=NOW, composed_at=NOW, state="approved",
        approved_by="Ada", approved_hash=sha256(f"patient {content_hash}\n".encode()).hexdigest(),
    )  # fmt: skip
    apps.get_model("digest", "StoredRendition").objects.create(
        issue=issue, content_hash=content_hash, **parts
    )


def send_7(folder: Path) -> FakeTransport:
    transport = FakeTransport()
    send_issue(7, a_config(folder), KEYS, now=lambda: NOW, transport=transport)
    return transport


def test_an_issue_approved_before_there_were_choices_is_sent_whole_after_the_upgrade(
    tmp_path: Path,
) -> None:
    approved_of_old(migrated(BEFORE_SPLICING))
    migrated(NEWEST)  # what follows is today's code
    a_subscriber("ann@example.net")
    a_subscriber("bob@example.net", themes=["life"])
    row = StoredRendition.objects.get()
    assert row.splicing is None
    assert rendition_value(row).content_hash == row.content_hash
    transport = send_7(tmp_path)
    assert transport.recipients == ["ann@example.net", "bob@example.net"]
    read = [a2b_qp(one.content) for one in transport.sent]
    assert all(b"Hello.\r\nLeave: https" in content for content in read)


def test_the_way_back_keeps_what_the_older_version_knows() -> None:
    approved_of_old(migrated(SPLICING))
    StoredRendition.objects.update(splicing={"rule": 1, "themes": []})
    row = migrated(BEFORE_SPLICING).get_model("digest", "StoredRendition").objects.get()
    assert (row.subject, row.html[:6]) == ("November: walking", "<p>Hel")


def test_what_was_approved_with_choices_and_lost_them_on_the_way_back_is_not_sent(
    tmp_path: Path,
) -> None:
    approved_of_old(migrated(SPLICING))
    a_subscriber("ann@example.net")
    counted = {"rule": 1, "subject": "S", "preheader": "P", "intro": "I", "themes": []}
    StoredRendition.objects.update(splicing=counted)
    made = rendition_value(StoredRendition.objects.get())
    Issue.objects.update(approved_hash=approval_hash([made]))
    migrated(BEFORE_SPLICING)
    migrated(NEWEST)
    with pytest.raises(Refused, match="not what Ada approved"):
        send_7(tmp_path)


def test_subscribers_survive_the_upgrade_to_choices_and_the_way_back() -> None:
    people = migrated(BEFORE_THEMES).get_model("subscribers", "Subscriber").objects
    people.create(address="ann@example.org", address_key="a", public_id="a", created_at=NOW)
    upgraded = migrated(THEMES).get_model("subscribers", "Subscriber").objects.get()
    assert upgraded.themes == []
    upgraded.themes = ["life"]
    upgraded.save()
    back = migrated(BEFORE_THEMES).get_model("subscribers", "Subscriber").objects.get()
    assert back.address == "ann@example.org"
    assert not hasattr(back, "themes")


# ── what comes back ───────────────────────────────────────────────────────────────────────

BEFORE_FEEDBACK, FEEDBACK = ("digest", "0004_splicing"), ("digest", "0005_feedback")


def test_deliveries_survive_the_upgrade_to_references_and_the_way_back() -> None:
    apps = migrated(BEFORE_FEEDBACK)
    apps.get_model("digest", "Delivery").objects.create(
        issue=an_issue_of(apps), audience="patient", state="unknown", changed_at=NOW
    )
    apps = migrated(FEEDBACK)
    delivery = apps.get_model("digest", "Delivery").objects.get()
    assert (delivery.state, delivery.reference) == ("unknown", "")
    delivery.reference = "a" * 40
    delivery.save()
    apps.get_model("digest", "StoredEvent").objects.create(
        raw_id="event-1", kind="delivered", reference="a" * 40, at=NOW, received_at=NOW
    )
    back = migrated(BEFORE_FEEDBACK).get_model("digest", "Delivery").objects.get()
    assert back.state == "unknown"
    again = migrated(FEEDBACK).get_model("digest", "Delivery").objects.get()
    assert again.reference == ""


# ── whose claim it is ─────────────────────────────────────────────────────────────────────

CLAIM_OWNER = ("digest", "0006_claim_owner")


def test_claims_survive_the_upgrade_to_owners_and_the_way_back() -> None:
    apps = migrated(FEEDBACK)
    apps.get_model("digest", "Delivery").objects.create(
        issue=an_issue_of(apps), audience="patient", state="claimed", attempts=1, changed_at=NOW
    )
    claim = migrated(CLAIM_OWNER).get_model("digest", "Delivery").objects.get()
    assert (claim.state, claim.owner) == ("claimed", "")
    claim.owner = "a" * 16
    claim.save()
    back = migrated(FEEDBACK).get_model("digest", "Delivery").objects.get()
    assert (back.state, back.attempts, hasattr(back, "owner")) == ("claimed", 1, False)
    assert migrated(CLAIM_OWNER).get_model("digest", "Delivery").objects.get().owner == ""


def test_a_claim_that_an_earlier_version_died_of_is_never_sent_again(tmp_path: Path) -> None:
    apps = migrated(FEEDBACK)
    issue = an_issue_of(apps)
    apps.get_model("digest", "Delivery").objects.create(
        issue=issue, audience="patient", state="claimed", attempts=1, changed_at=NOW
    )
    migrated(NEWEST)
    with open_journal(tmp_path) as journal:
        recover(journal.left(), NOW)
    assert Delivery.objects.get().state == "unknown"


def test_the_newest_migration_is_tested_here() -> None:
    (newest,) = MigrationExecutor(connection).loader.graph.leaf_nodes("digest")
    assert newest == NEWEST


def an_issue_of(apps: Any) -> Any:
    return apps.get_model("digest", "Issue").objects.create(
        number=7, window_start=NOW, cut_off=NOW, composed_at=NOW, state="sent"
    )


# ── the words of a summary ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("own", ["guid", "url", "words"])
def test_what_was_gathered_before_is_found_again_by_its_words_after_the_upgrade(own: str) -> None:
    entry = an_entry(url="", published_at=None) if own == "words" else an_entry(url="")
    key = sha256(b"a walk a day eases tiredness walking eases it").hexdigest()
    entry = replace(entry, headline="Walking eases it.")
    identity = {"guid": "guid:one:1", "url": "url:https://x.example.org/1", "words": f"text:{key}"}
    old = migrated(("digest", "0008_no_plain_text")).get_model("digest", "StoredSummary")
    said = {name: getattr(entry, name) for name in ("title", "headline", "found", "why", "limits")}
    old.objects.create(
        slug="walk", identity=identity[own], text_key=key, kind="summary", source="one",
        place="incoming/walk.html", first_seen=NOW - timedelta(days=400), content_hash="x",
        journal=entry.journal, published_at=entry.published_at, **said,
    )  # fmt: skip
    migrated(NEWEST)
    row = StoredSummary.objects.get()
    assert (row.text_key, row.title_key) == (text_key(entry), title_key(entry))
    assert row.identity == (f"text:{text_key(entry)}" if own == "words" else identity[own])
    for source in ("one", "two"):
        result = kept(source, entry)
        assert (result.new, result.changed, result.flagged) == (0, 0, 0)
