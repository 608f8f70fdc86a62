"""On PostgreSQL, too, a backup is of one moment (tests/journeys/test_restore.py: SQLite)."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction

from digest.errors import Refused
from digest.pipeline.backup import dump
from tests.builders import a_draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.only_postgresql
@pytest.mark.both_databases
def test_what_is_written_meanwhile_is_not_in_it() -> None:
    a_draft()
    with dump.snapshot():
        before = list(dump.lines())
        parameters = connection.get_connection_params()
        kept = {k: v for k, v in parameters.items() if k in ("dbname", "user", "host", "port")}
        with psycopg.connect(**kept) as other:
            other.execute("UPDATE digest_issue SET number = 77")
        assert list(dump.lines()) == before
    assert list(dump.lines()) != before


def test_a_transaction_that_is_under_way_is_refused() -> None:
    with transaction.atomic(), pytest.raises(Refused), dump.snapshot():
        pass
