"""`digest keys rotate` as it is typed: what it says, how it ends, what it never shows."""

from __future__ import annotations

import stat
from collections.abc import Callable

import pytest

from digest.config import key_file_of, load_keys
from tests.journeys.conftest import CONFIG, Shell, new_site

__all__ = ["new_site"]


@pytest.fixture
def shell(new_site: Callable[[str], Shell]) -> Shell:
    made = new_site(CONFIG)
    people = made.folder / "people.csv"
    people.write_text("email,name\nann@example.net,Ann\nbob@example.net,\n", encoding="utf-8")
    made.digest(
        *("subscribers", "import", people, "--list", "patient"),
        *("--consent", "Yes.", "--consent-source", "paper forms"),
    )
    return made


def test_a_rotation_from_its_begin_to_its_end(shell: Shell) -> None:
    (first,) = load_keys(shell.folder, {}).data_keys
    done = shell.json("keys", "rotate")
    assert {name: count for name, count in done.pop("sealed").items() if count} == {
        "Subscriber.address": 2,
        "Subscriber.name": 1,
    }
    assert done == {"done": True, "new_key": True, "unreadable": 0, "old_keys": 1}
    new, old = load_keys(shell.folder, {}).data_keys
    assert (old, new != first) == (first, True)
    assert shell.json("subscribers", "show", "ann@example.net")["name"] == "Ann"
    again = shell.digest("keys", "rotate")
    assert "0 texts are stored anew" in again.out
    assert "--finish" in again.out
    finished = shell.digest("keys", "rotate", "--finish")
    assert "No old data key is left" in finished.out
    assert load_keys(shell.folder, {}).data_keys == (new,)
    assert stat.S_IMODE(key_file_of(shell.folder).stat().st_mode) == 0o600
    assert shell.json("subscribers", "show", "ann@example.net")["name"] == "Ann"
    for ran in (again, finished):
        assert not any(key in ran.out + ran.err for key in (new, old))


def test_turning_encryption_off_takes_one_rotation(shell: Shell) -> None:
    config = shell.folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "privacy: {encrypt_addresses: false}\n", encoding="utf-8")
    assert sum(shell.json("keys", "rotate")["sealed"].values()) == 3
    assert b"ann@example.net" in (shell.folder / "digest.db").read_bytes()
    config.write_text(text, encoding="utf-8")
    done = shell.json("keys", "rotate")
    assert (done["new_key"], sum(done["sealed"].values())) == (False, 3)
    for file in shell.folder.glob("digest.db*"):
        assert b"example.net" not in file.read_bytes(), file.name


def test_without_the_key_that_sealed_a_row_every_command_says_so_in_one_line(
    shell: Shell,
) -> None:
    path = key_file_of(shell.folder)
    lost = load_keys(shell.folder, {}).data_key
    path.write_text(path.read_text(encoding="utf-8").replace(lost, "e" * 64), encoding="utf-8")
    findings = shell.json("check", code=1)["findings"]
    (error,) = (finding for finding in findings if finding["level"] == "error")
    assert error["reason"] == "3 texts cannot be opened with our data keys"
    for words in (("subscribers", "show", "ann@example.net"), ("keys", "rotate")):
        ran = shell.digest(*words, code=1)
        assert "Put the key that sealed" in ran.err
        assert len(ran.err.strip().splitlines()) == 1


def test_links_get_a_new_key_and_the_old_one_stays(shell: Shell) -> None:
    (before,) = load_keys(shell.folder, {}).secret_keys
    assert shell.json("keys", "rotate", "--tokens") == {"done": True}
    new, old = load_keys(shell.folder, {}).secret_keys
    assert (old, new != before) == (before, True)
    assert "restart" in shell.digest("keys", "rotate", "--tokens").out
    assert len(load_keys(shell.folder, {}).secret_keys) == 3


def test_two_orders_that_do_not_go_together_are_refused(shell: Shell) -> None:
    assert (
        "do not go together" in shell.digest("keys", "rotate", "--finish", "--tokens", code=1).err
    )
