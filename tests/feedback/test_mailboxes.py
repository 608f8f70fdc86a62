"""The feedback mailbox: every mail is handed out until it is marked as done."""

from __future__ import annotations

import imaplib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from digest.errors import ConfigError
from digest.feedback.errors import MailboxError
from digest.feedback.mailboxes import (
    MAX_READ,
    ImapMailbox,
    Mailbox,
    MaildirMailbox,
    open_mailbox,
)


class ScriptedImap:
    """As much of an IMAP client as is used: mails by UID, their flags, and what was asked."""

    def __init__(self, mails: dict[str, bytes], *, fails: str = "", refuses: str = ""):
        self.mails, self.fails, self.refuses = mails, fails, refuses
        self.seen: set[str] = set()
        self.asked: list[tuple[str, ...]] = []

    def select(self, folder: str) -> tuple[str, list[bytes]]:
        return self._answer("SELECT", folder), [b"1"]

    def uid(self, command: str, *arguments: str) -> tuple[str, list[Any]]:
        answer = self._answer(command, *arguments)
        if command == "SEARCH":
            return answer, [" ".join(uid for uid in self.mails if uid not in self.seen).encode()]
        if command == "STORE":
            self.seen.add(arguments[0])
            return answer, [None]
        mail = self.mails[arguments[0]]
        return answer, [(b"1 (BODY[]<0>", mail), b")"] if mail else [None]

    def logout(self) -> tuple[str, list[bytes]]:
        self.asked.append(("LOGOUT",))
        return "BYE", []

    def _answer(self, command: str, *arguments: str) -> str:
        self.asked.append((command, *arguments))
        if command == self.fails:
            raise TimeoutError("timed out")
        return "NO" if command == self.refuses else "OK"


def imap(client: ScriptedImap) -> ImapMailbox:
    return ImapMailbox(lambda: cast(imaplib.IMAP4, client), "Bounces")


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("tmp", "new", "cur"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1.first").write_bytes(b"one")
    (tmp_path / "cur" / "2.second:2,R").write_bytes(b"two")
    (tmp_path / "cur" / "0.shown:2,RS").write_bytes(b"shown")
    return tmp_path


def contents(box: Mailbox) -> list[bytes]:
    return [mail.content for mail in box.mails()]


def test_a_maildir_hands_out_what_is_not_seen(maildir: Path) -> None:
    assert contents(MaildirMailbox(maildir)) == [b"one", b"two"]


def test_a_mail_that_is_done_is_kept_and_not_handed_out_again(maildir: Path) -> None:
    box = MaildirMailbox(maildir)
    for mail in box.mails():
        box.done(mail)
    assert contents(box) == []
    assert sorted(path.name for path in (maildir / "cur").iterdir()) == [
        "0.shown:2,RS", "1.first:2,S", "2.second:2,RS",
    ]  # fmt: skip


def test_a_mail_that_was_not_marked_comes_again(maildir: Path) -> None:
    box = MaildirMailbox(maildir)
    next(iter(box.mails()))
    assert contents(box) == [b"one", b"two"]


def test_a_mail_that_somebody_else_removed_is_done(maildir: Path) -> None:
    box = MaildirMailbox(maildir)
    mail = next(iter(box.mails()))
    (maildir / "new" / "1.first").unlink()
    box.done(mail)
    assert contents(box) == [b"two"]


def test_links_and_pipes_in_a_maildir_are_not_read(maildir: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (maildir / "new" / "3.link").symlink_to(secret)
    os.mkfifo(maildir / "new" / "4.pipe")
    (maildir / "new" / "5.folder").mkdir()
    (maildir / "new" / ".hidden").write_bytes(b"hidden")
    assert contents(MaildirMailbox(maildir)) == [b"one", b"two"]


def test_a_mail_too_large_is_cut_where_it_is_known_to_be(maildir: Path) -> None:
    with (maildir / "new" / "3.large").open("wb") as file:
        file.truncate(MAX_READ + 1000)
    assert len(contents(MaildirMailbox(maildir))[-1]) == MAX_READ


def test_a_maildir_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match=r"Correct feedback\.mailbox"):
        contents(MaildirMailbox(tmp_path / "none"))


def test_imap_hands_out_the_unseen_without_marking_them() -> None:
    client = ScriptedImap({"7": b"one", "9": b"two"})
    assert contents(imap(client)) == [b"one", b"two"]
    assert client.seen == set()
    assert ("SELECT", '"Bounces"') in client.asked
    assert ("FETCH", "7", f"(BODY.PEEK[]<0.{MAX_READ}>)") in client.asked
    assert client.asked[-1] == ("LOGOUT",)


def test_imap_marks_what_is_done_while_the_rest_goes_on() -> None:
    client = ScriptedImap({"7": b"one", "9": b"two"})
    box = imap(client)
    for mail in box.mails():
        if mail.content == b"one":
            box.done(mail)
    assert contents(box) == [b"two"]


def test_a_mail_deleted_on_the_server_meanwhile_is_passed_over() -> None:
    assert contents(imap(ScriptedImap({"7": b"", "9": b"two"}))) == [b"two"]


@pytest.mark.parametrize("command", ["SELECT", "SEARCH", "FETCH"])
@pytest.mark.parametrize("how", ["fails", "refuses"])
def test_a_server_that_hangs_or_refuses_is_one_clear_line(command: str, how: str) -> None:
    client = ScriptedImap({"7": b"one"})
    setattr(client, how, command)
    with pytest.raises(MailboxError, match="the mail server") as refused:
        contents(imap(client))
    assert refused.value.temporary is (how == "fails")
    assert client.asked[-1] == ("LOGOUT",)


def test_a_server_that_cannot_be_reached_is_one_clear_line() -> None:
    def nowhere() -> imaplib.IMAP4:
        raise ConnectionRefusedError("refused")

    with pytest.raises(MailboxError, match="nothing is lost"):
        contents(ImapMailbox(nowhere))


def test_a_setting_is_a_path_or_a_server(tmp_path: Path) -> None:
    box = open_mailbox("bounces", folder=tmp_path)
    assert isinstance(box, MaildirMailbox)
    assert box.path == tmp_path / "bounces"
    server = open_mailbox("imaps://b%40x@mail.example.org/In", folder=tmp_path, password="p")
    assert isinstance(server, ImapMailbox)


@pytest.mark.parametrize(
    "setting",
    [
        "pop3://a@b",
        "imaps://mail.example.org/INBOX",
        "imaps://a@mail.example.org:nine/INBOX",
        "imaps://a@mail.example.org/x%22y",
        "imaps://a@mail.example.org/x%0d%0ay",
        "imaps://a:secret@mail.example.org/INBOX",
        "imaps://a@[bad/INBOX",
    ],
)
def test_a_setting_that_is_neither_is_refused_and_shows_no_secret(
    setting: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        open_mailbox(setting, folder=tmp_path, password="p")
    assert "secret" not in refused.value.line()


@pytest.mark.parametrize("password", ["", "a\r\nb"])
def test_a_server_without_a_sound_password_is_refused(password: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DIGEST_IMAP_PASSWORD"):
        open_mailbox("imaps://a@mail.example.org/INBOX", folder=tmp_path, password=password)


def test_the_server_is_asked_over_tls_with_a_time_out_and_a_quoted_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Secure(ScriptedImap):
        def __init__(self, host: str, port: int, **options: Any):
            super().__init__({"1": b"one"})
            asked.update(host=host, port=port, **options)

        def login(self, user: str, password: str) -> None:
            asked.update(user=user, password=password)

    make: Callable[..., Any] = Secure
    monkeypatch.setattr(imaplib, "IMAP4_SSL", make)
    box = open_mailbox('imaps://a%20"b@mail.example.org', folder=tmp_path, password="p w")
    assert contents(box) == [b"one"]
    assert (asked["host"], asked["port"], asked["user"]) == ("mail.example.org", 993, '"a \\"b"')
    assert asked["timeout"] == 60
    assert asked["ssl_context"].check_hostname
