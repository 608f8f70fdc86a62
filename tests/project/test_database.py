"""What a URL makes of the connection: a claim is on the disk before the wire, whatever it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from digest.project.database import database_settings


@pytest.mark.only_postgresql
@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_commit_is_on_the_disk_when_it_returns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_a_url_keeps_its_own_options_and_cannot_make_commits_lax() -> None:
    url = "postgresql://ann@host/db?sslmode=require&options=-c%20synchronous_commit%3Doff%20-c%20a%3Db"
    options = database_settings(url, Path)["OPTIONS"]
    assert options["sslmode"] == "require"
    first, last = "-c synchronous_commit=off -c a=b", "-c synchronous_commit=on"  # the last counts
    assert options["options"] == f"{first} {last}"


def test_a_url_without_options_has_ours() -> None:
    options = database_settings("postgresql:///db", Path)["OPTIONS"]
    assert options == {"options": "-c synchronous_commit=on"}
