"""The keys: from the environment, else from a file that nobody else may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config import key_file_of, load_keys, new_keys
from digest.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = key_file_of(tmp_path)
    path.write_text(new_keys() + "DIGEST_SMTP_PASSWORD = p=w\n", encoding="utf-8")
    path.chmod(0o600)
    return tmp_path


def test_three_different_keys_and_the_password_are_read(folder: Path) -> None:
    keys = load_keys(folder, {})
    assert len({keys.secret_key, keys.data_key, keys.hash_key}) == 3
    assert keys.smtp_password == "p=w"


def test_the_password_of_the_feedback_mailbox_is_a_key_of_its_own(folder: Path) -> None:
    keys = load_keys(folder, {"DIGEST_IMAP_PASSWORD": "i", "SENDGRID_API_KEY": "s"})
    assert (keys.imap_password, keys.sendgrid_api_key, keys.smtp_password) == ("i", "s", "p=w")


def test_the_environment_comes_first(folder: Path) -> None:
    assert load_keys(folder, {"DIGEST_HASH_KEY": "h" * 40}).hash_key == "h" * 40


def test_no_key_is_ever_shown(folder: Path) -> None:
    keys = load_keys(folder, {})
    assert repr(keys) == "Keys()"


def test_a_file_that_others_can_read_is_refused(folder: Path) -> None:
    key_file_of(folder).chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_keys(folder, {})


def test_a_missing_or_short_key_says_how_to_get_one(folder: Path, tmp_path: Path) -> None:
    key_file_of(folder).unlink()
    with pytest.raises(ConfigError, match="digest init"):
        load_keys(folder, {})
    with pytest.raises(ConfigError, match="DIGEST_HASH_KEY is missing or shorter"):
        load_keys(folder, {"DIGEST_SECRET_KEY": "s" * 40, "DIGEST_DATA_KEY": "d" * 40})
