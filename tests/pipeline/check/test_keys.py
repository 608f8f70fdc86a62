"""Check: how addresses lie in the database, and whether our data keys open them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from digest.pipeline.check import Finding
from tests.builders import a_subscriber
from tests.pipeline.check.found import findings

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
KEY, DATA = "privacy.encrypt_addresses", "DIGEST_DATA_KEY"
OLD, NEW = "o" * 64, "n" * 64


@pytest.fixture(autouse=True)
def _one_key(settings: Settings) -> None:
    settings.SUBSCRIBERS_DATA_KEYS = (OLD,)


def found(folder: Path, **privacy: Any) -> dict[str, Finding]:
    return findings(folder, privacy=privacy) if privacy else findings(folder)


def test_all_is_well_where_everything_is_sealed(tmp_path: Path) -> None:
    a_subscriber()
    assert found(tmp_path)[KEY].level == "ok"
    assert DATA not in found(tmp_path)


def test_a_site_that_turned_it_off_knowingly_gets_one_warning(
    tmp_path: Path, settings: Settings
) -> None:
    settings.SUBSCRIBERS_SEAL = False
    a_subscriber()
    finding = found(tmp_path, encrypt_addresses=False)[KEY]
    assert (finding.level, "plain text" in finding.reason) == ("warning", True)
    assert "encrypted disk" in finding.hint


def test_what_lies_otherwise_than_config_yaml_says_is_told(
    tmp_path: Path, settings: Settings
) -> None:
    a_subscriber("ann@example.org")
    finding = found(tmp_path, encrypt_addresses=False)[KEY]
    assert finding.hint == "1 are sealed from before: run `digest keys rotate`"
    settings.SUBSCRIBERS_SEAL = False
    a_subscriber("bob@example.org", name="Bob")
    settings.SUBSCRIBERS_SEAL = True
    finding = found(tmp_path)[KEY]
    assert finding.reason == "2 texts lie in plain text from before"
    assert (finding.level, finding.hint) == ("warning", "Run `digest keys rotate`")


def test_an_old_key_is_a_warning_while_it_seals_and_a_hint_when_it_does_not(
    tmp_path: Path, settings: Settings
) -> None:
    one = a_subscriber()
    settings.SUBSCRIBERS_DATA_KEYS = (NEW, OLD)
    finding = found(tmp_path)[DATA]
    assert (finding.level, finding.hint) == ("warning", "Run `digest keys rotate` to its end")
    one.save()  # by the newest
    finding = found(tmp_path)[DATA]
    assert (finding.level, finding.reason) == ("ok", "an old key seals no text any more")
    assert "--finish" in finding.hint


def test_rows_that_our_keys_do_not_open_are_one_error(tmp_path: Path, settings: Settings) -> None:
    a_subscriber("ann@example.org")
    a_subscriber("bob@example.org")
    settings.SUBSCRIBERS_DATA_KEYS = (NEW,)
    finding = found(tmp_path)[DATA]
    assert finding.level == "error"
    assert finding.reason == "2 texts cannot be opened with our data keys"
    assert finding.hint.startswith("Put the key that sealed them back")
