"""`digest backup` loses no file unasked, and `digest release` wants a name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.errors import Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _departures(settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures")  # type: ignore[attr-defined]
    monkeypatch.chdir(tmp_path)


def _digest(*words: str) -> str:
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    if done.exception:
        raise done.exception
    return done.stdout


def test_a_backup_replaces_a_file_only_when_told_so(tmp_path: Path) -> None:
    file = tmp_path / "site.backup"
    _digest("backup", str(file))
    before = file.read_bytes()
    with pytest.raises(Refused, match=r"a file of that name already.*another name.*--replace"):
        _digest("backup", str(file))
    assert file.read_bytes() == before
    _digest("backup", str(file), "--replace")
    assert file.read_bytes() != before
    _digest("backup", str(file), "--verify")


def test_a_backup_without_a_name_has_the_moment_in_it(tmp_path: Path) -> None:
    _digest("backup")
    assert len(list(tmp_path.glob("digest-????????-??????.backup"))) == 1


@pytest.mark.parametrize("name", ["", "  ", "\t", "a\0b", "x" * 151])
def test_nobody_without_a_name_releases_a_site(name: str) -> None:
    with pytest.raises(Refused, match="--by needs a name") as refused:
        _digest("release", "--by", name)
    assert len(refused.value.line().splitlines()) == 1


def test_a_name_is_kept_trimmed() -> None:
    from digest.pipeline.backup.paused import check_name

    assert check_name("  Ada  Lovelace ") == "Ada Lovelace"
