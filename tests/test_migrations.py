"""Upgrades and their way back, with data in the tables, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.builders import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

FIRST, COMPOSING = ("digest", "0001_initial"), ("digest", "0002_composing")


def migrated(target: tuple[str, str]) -> Any:
    """The models of that state, after going there."""
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


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
