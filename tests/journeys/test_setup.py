"""Setting a site up: what `init` makes, what `check` says, who may enter the studio."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.conftest import CONFIG, Shell


@pytest.fixture
def shell(new_site: Callable[[str], Shell]) -> Shell:
    return new_site(CONFIG)


def test_init_makes_a_whole_site_and_keeps_it_when_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    ran = Shell(tmp_path).digest("init", folder)
    assert "password" in ran.out
    made = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert {"config.yaml", "digest.keys", "digest.db"} <= set(made)
    assert (folder / "incoming").is_dir()
    for name in ("digest.keys", "digest.db"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert b"KEY=" not in made["config.yaml"]
    again = Shell(tmp_path).digest("init", folder)
    assert "nothing new" in again.out
    assert "password" not in again.out
    for name in ("config.yaml", "digest.keys"):
        assert (folder / name).read_bytes() == made[name]
    site = Shell(folder)
    assert site.json("check")["ok"]
    assert site.json("issues") == {"issues": []}


def test_init_in_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    ran = Shell(tmp_path).digest("init", tmp_path / "file", code=1)
    assert "Name another folder" in ran.err


def test_a_site_without_its_keys_says_how_to_get_them(shell: Shell) -> None:
    (shell.folder / "digest.keys").unlink()
    assert "DIGEST_SECRET_KEY is missing" in shell.digest("issues", code=1).err
    assert "its keys are gone" in shell.digest("init", shell.folder, code=1).err
    assert not (shell.folder / "digest.keys").exists()


def findings(shell: Shell, code: int) -> dict[str, dict[str, str]]:
    return {finding["key"]: finding for finding in shell.json("check", code=code)["findings"]}


def test_check_names_key_reason_and_hint_of_each_finding(shell: Shell) -> None:
    found = findings(shell, 0)
    assert found["database"]["level"] == "ok"
    assert found["transport"]["level"] == "ok"
    assert found["sender.address"]["level"] == "warning"
    assert found["privacy.encrypt_addresses"]["level"] == "ok"
    assert all(finding["hint"] for finding in found.values() if finding["level"] != "ok")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("digest@example.org", "digest@example.org, name: MS News"), "sender.name"),
        (("path: incoming", "path: nowhere"), "sources[0].path"),
        (("issue:", "transport: {kind: sendgrid}\nissue:"), "transport.kind"),
        (("issue:", "transport: {kind: smtp, host: 127.0.0.1, port: 1}\nissue:"), "transport"),
        (("issue:", "templates: nowhere\nissue:"), "templates"),
        (("issue:", "themes: nowhere.yaml\nissue:"), "themes"),
        (
            ("issue:", "audiences: {patient: {subject: 'MS news'}}\nissue:"),
            "audiences.patient.subject",
        ),
        (("issue:", "database: sqlite:///nowhere/x.db\nissue:"), "nowhere/x.db"),
    ],
)
def test_check_fails_on_what_would_stop_an_issue(
    shell: Shell, change: tuple[str, str], key: str
) -> None:
    config = shell.folder / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    found = findings(shell, 1)
    errors = [name for name, finding in found.items() if finding["level"] == "error"]
    assert any(name.endswith(key) for name in errors), found


def test_people_of_the_studio_get_a_password_once(shell: Shell) -> None:
    added = shell.json("users", "add", "ada", "--role", "editor")
    renewed = shell.json("users", "password", "ada")
    assert added["password"] != renewed["password"]
    assert "already" in shell.digest("users", "add", "ada", "--role", "editor", code=1).err


def test_nobody_else_can_read_the_database_or_an_export(shell: Shell) -> None:
    shell.digest("subscribers", "export", "--out", "people.csv")
    (shell.folder / "digest.db").unlink()
    shell.digest("issues", code=1)  # opens it first, and makes no tables
    shell.digest("migrate")
    with sqlite3.connect(shell.folder / "digest.db") as open_database:
        open_database.execute("CREATE TABLE held (x)")
        names = sorted(path.name for path in shell.folder.glob("digest.db*"))
        assert names == ["digest.db", "digest.db-shm", "digest.db-wal"]
        for name in (*names, "people.csv"):
            assert stat.S_IMODE((shell.folder / name).stat().st_mode) == 0o600, name
    open_database.close()
