"""A backup of SQLite restores into PostgreSQL: the same rows, as JSON tells them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.config import load_config, load_keys
from digest.pipeline.backup import dump
from digest.pipeline.backup.restore import restore_backup
from digest.pipeline.backup.verify import opened
from digest.shipped import shipped
from subscribers.models import Subscriber
from tests.journeys.conftest import CONFIG, Shell

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.only_postgresql,
]
CHANGED = {"digest_restoration", "digest_auditentry"}  # by restoring


def by_table(lines: Iterable[bytes]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    rows: list[Any] = []
    for line in lines:
        one = json.loads(line)
        if isinstance(one, dict):
            rows = found[one["table"]] = []
        else:
            rows.append(one)
    return {table: rows for table, rows in found.items() if table not in CHANGED}


def test_a_backup_of_sqlite_restores_into_postgresql(tmp_path: Path, settings: Any) -> None:
    site = Shell(tmp_path / "site")
    site.folder.mkdir()
    (site.folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    site.digest("init", site.folder)
    for file in sorted((shipped("examples") / "incoming").iterdir())[:3]:
        shutil.copy(file, site.folder / "incoming" / file.name)
    site.digest("gather")
    site.digest("compose")
    site.digest("subscribers", "add", "ann@example.net", "--list", "patient", "--consent", "Yes.",
                "--consent-source", "paper")  # fmt: skip
    site.digest("backup", site.folder / "x.backup")

    keys = load_keys(site.folder)
    path, config = site.folder / "x.backup", load_config(site.folder / "config.yaml")
    restored = restore_backup(path, config, keys, now=datetime.now(UTC), replace=True)
    assert restored.backup.header.counts["digest_issueitem"] > 0
    with opened(path, keys) as backup:
        assert by_table(dump.lines()) == by_table(backup.lines())
    settings.SUBSCRIBERS_DATA_KEYS = keys.data_keys
    assert Subscriber.objects.get().address == "ann@example.net"
