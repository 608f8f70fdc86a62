"""The Maildir: whole files, once each, and nothing half when the disk is full."""

from __future__ import annotations

import errno
import mailbox
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from digest.config import Keys
from digest.config.settings import Config
from digest.delivery.sendgrid.transport import Sendgrid
from digest.delivery.transports import open_transport
from digest.delivery.transports.maildir import Maildir, file_name
from digest.errors import ConfigError, DeliveryError
from digest.values import Envelope

MAIL = Envelope("a@example.org", "b@example.org", "<1@example.org>", b"Subject: x\r\n\r\nHello\r\n")
OTHER = Envelope(
    "a@example.org", "c@example.org", "<2@example.org>", b"Subject: y\r\n\r\nHello\r\n"
)


def files(folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(entry.name for entry in folder.iterdir())


def test_a_mail_is_a_file_in_new_with_its_very_bytes(tmp_path: Path) -> None:
    with Maildir(tmp_path / "outbox") as maildir:
        assert maildir.deliver(MAIL).state == "accepted"
        assert maildir.deliver(OTHER).state == "accepted"
    assert (tmp_path / "outbox/new" / file_name("<1@example.org>")).read_bytes() == MAIL.content
    assert len(files(tmp_path / "outbox/new")) == 2
    assert files(tmp_path / "outbox/tmp") == []
    assert len(mailbox.Maildir(tmp_path / "outbox", create=False)) == 2


def test_nobody_else_can_read_the_mails(tmp_path: Path) -> None:
    with Maildir(tmp_path / "deep/outbox") as maildir:
        maildir.deliver(MAIL)
    outbox = tmp_path / "deep/outbox"
    for folder in (outbox, outbox / "tmp", outbox / "new", outbox / "cur"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((outbox / "new" / file_name(MAIL.message_id)).stat().st_mode) == 0o600


def test_a_retry_cannot_double(tmp_path: Path) -> None:
    for _ in range(2):
        with Maildir(tmp_path) as maildir:
            assert maildir.deliver(MAIL).state == "accepted"
            assert maildir.deliver(MAIL).state == "accepted"
    assert len(files(tmp_path / "new")) == 1


@pytest.mark.parametrize("moved_to", ["", ":2,", ":2,S"])
def test_a_retry_cannot_double_after_a_reader_moved_the_mail(tmp_path: Path, moved_to: str) -> None:
    name = file_name(MAIL.message_id)
    with Maildir(tmp_path) as maildir:
        maildir.deliver(MAIL)
        (tmp_path / "new" / name).rename(tmp_path / "cur" / (name + moved_to))
        maildir.deliver(MAIL)
    with Maildir(tmp_path) as maildir:
        assert maildir.deliver(MAIL).detail == "was in the Maildir already"
    assert files(tmp_path / "new") == []
    assert len(files(tmp_path / "cur")) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.rename"])
def test_a_disk_that_fails_stops_everything_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: str
) -> None:
    def broken(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    with Maildir(tmp_path) as maildir:
        with monkeypatch.context() as patch:
            patch.setattr(step, broken)
            with pytest.raises(DeliveryError) as caught:
                maildir.deliver(MAIL)
        assert caught.value.temporary
        assert str(tmp_path) in caught.value.line()
        assert files(tmp_path / "new") == files(tmp_path / "tmp") == []
        assert maildir.deliver(MAIL).state == "accepted"
    assert len(files(tmp_path / "new")) == 1


def test_what_a_killed_sender_left_in_tmp_is_written_over(tmp_path: Path) -> None:
    with Maildir(tmp_path) as maildir:
        (tmp_path / "tmp" / file_name(MAIL.message_id)).write_bytes(b"half and much longer" * 50)
        maildir.deliver(MAIL)
    assert (tmp_path / "new" / file_name(MAIL.message_id)).read_bytes() == MAIL.content


def test_a_file_where_the_folder_should_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("")
    with pytest.raises(DeliveryError, match="cannot be written"), Maildir(tmp_path / "outbox"):
        pass


def test_the_configuration_opens_the_kind_that_it_names(tmp_path: Path) -> None:
    keys = Keys("s" * 32, "d" * 32, "h" * 32)
    sender = {"address": "digest@example.org", "postal_address": "1 Example Street"}

    def config(**transport: object) -> Config:
        return Config.model_validate({"folder": tmp_path, "sender": sender, "transport": transport})

    opened = open_transport(config(kind="maildir", path="box"), keys)
    assert isinstance(opened, Maildir)
    assert opened.path == tmp_path / "box"
    assert not open_transport(config(kind="smtp", host="mail.example.org"), keys).repeatable
    with pytest.raises(ConfigError, match="SENDGRID_API_KEY"):
        open_transport(config(kind="sendgrid"), keys)
    with_key = replace(keys, sendgrid_api_key="SG.x")
    assert isinstance(open_transport(config(kind="sendgrid"), with_key), Sendgrid)
    with pytest.raises(ConfigError, match="DIGEST_SMTP_PASSWORD"):
        open_transport(config(kind="smtp", host="mail.example.org", username="u"), keys)
