"""What every fault needs: a client that opens connections again at once, a database on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, connections

from digest.delivery.couriers import opening
from digest.delivery.couriers.smtp import SmtpCourier
from digest.delivery.smtp import Patience


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The delays before a connection is opened again are the client's own test's matter."""
    patient = partial(SmtpCourier, patience=Patience(reopen=(0,)))
    monkeypatch.setattr(opening, "SmtpCourier", patient)


@pytest.fixture
def on_disk(transactional_db: None, tmp_path: Path) -> Iterator[Path | None]:
    """A database that other threads open for themselves, as other processes would.

    Where it is SQLite it is a file of this test; else None.
    """
    if connection.vendor != "sqlite":
        yield None
        return
    file = tmp_path / "digest.db"
    whole = connections["default"]
    with closing(sqlite3.connect(file)) as copy:
        whole.connection.backup(copy)
    settings = whole.settings_dict
    kept, settings["NAME"] = settings["NAME"], str(file)
    connections["default"] = connections.create_connection("default")
    try:
        yield file
    finally:
        connections["default"].close()
        settings["NAME"] = kept
        connections["default"] = whole
