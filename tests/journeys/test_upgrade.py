"""An upgrade of a file: nothing of what lay in plain text is left in it or its log."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.conftest import CONFIG, Shell
from tests.test_migrations_sealing import ADDRESS

FILL = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tests.test_migrations_sealing import PLAIN, fill
executor = MigrationExecutor(connection)
executor.migrate(list(PLAIN))
fill(MigrationExecutor(connection).loader.project_state(list(PLAIN)).apps, people=300)
"""


@pytest.mark.only_sqlite
def test_after_an_upgrade_no_plain_text_is_left_in_the_file_or_its_log(
    new_site: Callable[[str], Shell],
) -> None:
    shell = new_site(CONFIG)
    root = Path(__file__).resolve().parents[2]
    environment = {
        **shell.environment(),
        "DIGEST_CONFIG": str(shell.folder / "config.yaml"),
        "DJANGO_SETTINGS_MODULE": "digest.project.settings",
    }
    words = [sys.executable, "-c", FILL]
    subprocess.run(words, check=True, env=environment, cwd=root)
    database = shell.folder / "digest.db"
    assert b"canary@plain.example" in database.read_bytes()
    # A reader that has the file open, as `digest run` would: its log is not removed at the end.
    with sqlite3.connect(database) as reader:
        reader.execute("SELECT count(*) FROM django_migrations").fetchall()
        shell.digest("migrate")
        files = sorted(shell.folder.glob("digest.db*"))
        assert len(files) == 3
        for file in files:
            assert b"plain.example" not in file.read_bytes(), file.name
    reader.close()
    shown = shell.json("subscribers", "show", ADDRESS)
    assert shown["address"] == ADDRESS
