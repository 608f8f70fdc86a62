"""The default transport: each mail is a file in a Maildir, and nobody is mailed.

In: an envelope. Out: one file in new/, whole or not at all: written in tmp/, synced, renamed,
and the folder synced. Law 3: the file is named after the Message-ID, so a retry cannot double.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from digest.config.keys import Keys
from digest.config.settings import Config, MaildirTransport
from digest.errors import DeliveryError
from digest.values import Envelope, Outcome


def open_maildir(config: Config, keys: Keys) -> Maildir:
    """The Maildir that `transport.path` names."""
    return Maildir(config.path(cast(MaildirTransport, config.transport).path))


def file_name(message_id: str) -> str:
    """The name of a mail's file, before any `:2,` flags that a reader adds."""
    return f"{hashlib.sha256(message_id.encode()).hexdigest()[:40]}.digest"


class Maildir:
    """One Maildir folder, made when missing (folders 700, files 600)."""

    repeatable = True

    def __init__(self, path: Path):
        self.path = path
        self._present: set[str] = set()

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in ("tmp", "new", "cur"):
                (self.path / folder).mkdir(mode=0o700, exist_ok=True)
            # Read once: only a sender adds files, and this is the only sender. A reader may
            # have moved a mail on to cur/ and put its flags after a colon.
            self._present = {
                entry.name.partition(":")[0]
                for folder in ("new", "cur")
                for entry in os.scandir(self.path / folder)
            }
        except OSError as error:
            raise self._cannot_write(error) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._present.clear()

    def deliver(self, envelope: Envelope) -> Outcome:
        """Store the mail; one that is there already is not written again.

        Raises DeliveryError (temporary) when the disk is full or the folder cannot be written.
        """
        name = file_name(envelope.message_id)
        if name in self._present:
            return Outcome("accepted", "was in the Maildir already")
        draft = self.path / "tmp" / name
        try:
            _write_synced(draft, envelope.content)
            draft.rename(self.path / "new" / name)
            _sync_folder(self.path / "new")
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise self._cannot_write(error) from None
        self._present.add(name)
        return Outcome("accepted", "stored in the Maildir")

    def _cannot_write(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"the Maildir cannot be written ({error.strerror or error})",
            where=str(self.path),
            mend="Make room or mend its permissions, then send again; nothing is lost",
            temporary=True,
        )


def _write_synced(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """A rename is on the disk only once its folder is."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
