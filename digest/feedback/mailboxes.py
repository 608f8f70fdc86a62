"""The feedback mailbox: a Maildir folder, or a folder on an IMAP server.

In: `feedback.mailbox` of the configuration. Out: one `ReceivedMail` after the other, each to be
marked as done once its event is stored: what a killed process left comes again (law 3), and an
event's `raw_id` keeps it from counting twice. Nothing is deleted. Law 8: capped in size and
time, no symbolic links, certificates verified.
"""

from __future__ import annotations

import imaplib
import os
import re
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from digest.errors import ConfigError
from digest.feedback.errors import MailboxError
from digest.feedback.events import one_line
from digest.feedback.mime import MAX_MAIL

SECONDS = 60  # for each answer of a server
MAX_READ = MAX_MAIL + 1  # one byte more than is read as a mail tells that it is too large
BATCH = 1000  # mails of one reading; the rest come with the next
UNREADABLE = (OSError, imaplib.IMAP4.error)
Connect = Callable[[], imaplib.IMAP4]


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail: what it is called in its mailbox, and its bytes (cut beyond 10 MB)."""

    name: str
    content: bytes = field(repr=False)
    at: datetime  # when it was read, UTC


class Mailbox(Protocol):
    """Mails that are not done, oldest first, at most 1,000; raises MailboxError."""

    def mails(self) -> Iterator[ReceivedMail]: ...

    def done(self, mail: ReceivedMail) -> None:
        """Not to be handed out again. Call it when all that follows of the mail is stored."""


def open_mailbox(
    setting: str, *, folder: Path, password: str = "", connect: Connect | None = None
) -> Mailbox:
    """The mailbox that `feedback.mailbox` names: a path, or imaps://USER@HOST[:PORT]/FOLDER.

    A path starts from `folder`. `imap://` asks for STARTTLS; there is no reading in the clear.
    `connect` stands in for the network. Raises ConfigError for what is neither.
    """
    if "://" not in setting:
        path = setting.removeprefix("maildir:")
        return MaildirMailbox((folder / Path(path).expanduser()).resolve())
    url = _imap_url(setting)
    name = unquote(url.path.lstrip("/")) or "INBOX"
    if not name.isascii() or not name.isprintable() or '"' in name or "\\" in name:
        raise _not_imap("its folder's name holds a letter that IMAP does not take as it is")
    return ImapMailbox(connect or _connection(url, password), name)


class MaildirMailbox:
    """A Maildir: all in new/, and what a mail reader moved to cur/ without having shown it."""

    def __init__(self, path: Path):
        self.path = path

    def mails(self) -> Iterator[ReceivedMail]:
        """Oldest first by name, which starts with the time. Files that are no files are left."""
        read = ((name, _content(self.path / name)) for name in self._names())
        whole = ((name, content) for name, content in read if content is not None)
        for name, content in islice(whole, BATCH):
            yield ReceivedMail(name, content, datetime.now(UTC))

    def done(self, mail: ReceivedMail) -> None:
        """Moved to cur/ and marked as seen; one that is gone meanwhile is done."""
        base, _, flags = Path(mail.name).name.partition(":2,")
        seen = "".join(sorted({*flags, "S"}))
        with suppress(FileNotFoundError), self._readable():
            (self.path / "cur").mkdir(mode=0o700, exist_ok=True)
            (self.path / mail.name).rename(self.path / "cur" / f"{base}:2,{seen}")

    def _names(self) -> list[str]:
        with self._readable():
            names = [f"new/{entry.name}" for entry in os.scandir(self.path / "new")]
            if (self.path / "cur").is_dir():
                names += [
                    f"cur/{entry.name}"
                    for entry in os.scandir(self.path / "cur")
                    if "S" not in entry.name.partition(":2,")[2]
                ]
        mails = (name for name in names if not name.partition("/")[2].startswith("."))
        return sorted(mails, key=lambda name: name.partition("/")[2])

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError) and (self.path / "new").is_dir():
                raise  # one mail, not the folder
            raise MailboxError(
                f"the Maildir cannot be read ({error.strerror or error})",
                where=str(self.path),
                mend="Correct feedback.mailbox, or mend the folder's permissions",
            ) from None


class ImapMailbox:
    """A folder of an IMAP server, read over one connection; flags say what is done."""

    def __init__(self, connect: Connect, folder: str = "INBOX"):
        self._connect, self._folder = connect, folder
        self._client: imaplib.IMAP4 | None = None

    def mails(self) -> Iterator[ReceivedMail]:
        """Unseen mails in the server's order; closed when they are through, or not wanted."""
        with _answering():
            client = self._client = self._connect()
        try:
            for uid in self._unseen(client)[:BATCH]:
                content = self._content(client, uid)
                if content is not None:
                    yield ReceivedMail(uid, content, datetime.now(UTC))
        finally:
            self._client = None
            with suppress(*UNREADABLE):
                client.logout()

    def done(self, mail: ReceivedMail) -> None:
        """Marked as seen, while `mails` still runs: a UID holds for this connection."""
        if self._client is None:
            raise RuntimeError("done() belongs inside of the loop over mails()")
        with _answering():
            answer, _ = self._client.uid("STORE", mail.name, "+FLAGS.SILENT", r"(\Seen)")
            _expect_ok(answer, "does not let us mark a mail as seen")

    def _unseen(self, client: imaplib.IMAP4) -> list[str]:
        with _answering():
            answer, _ = client.select(f'"{self._folder}"')
            _expect_ok(answer, f"has no folder {self._folder} for us")
            answer, data = client.uid("SEARCH", "UNSEEN")
            _expect_ok(answer, "does not search")
        found = b" ".join(line for line in data if isinstance(line, bytes))
        return [uid.decode("ascii") for uid in found.split() if uid.isdigit()]

    def _content(self, client: imaplib.IMAP4, uid: str) -> bytes | None:
        """The mail without marking it; None when it was deleted meanwhile."""
        with _answering():
            answer, data = client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_READ}>)")
            _expect_ok(answer, "does not hand out a mail")
        return next((bytes(item[1]) for item in data if isinstance(item, tuple)), None)


def _imap_url(setting: str) -> SplitResult:
    wrong = _not_imap("it is neither a path nor imaps://USER@HOST/FOLDER")
    try:
        url = urlsplit(setting)
        port = url.port  # raises for what is no port
    except ValueError:
        raise wrong from None
    known = url.scheme in ("imaps", "imap") and url.hostname and url.username and port != 0
    if not known or not setting.isprintable():
        raise wrong
    if url.password is not None:
        raise _not_imap("it holds a password, which has to stand in the environment")
    return url


def _connection(url: SplitResult, password: str) -> Connect:
    """Opens, secures and signs in. The caller turns what it raises into MailboxError."""
    user, host = unquote(url.username or ""), url.hostname or ""
    if not password or not (user + password).isprintable():
        raise ConfigError(
            "feedback.mailbox is on a server, but its password is missing or holds controls",
            mend="Set DIGEST_IMAP_PASSWORD in the environment or in the key file",
        )

    def connect() -> imaplib.IMAP4:
        context = ssl.create_default_context()
        client: imaplib.IMAP4
        if url.scheme == "imaps":
            client = imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=context, timeout=SECONDS)
        else:
            client = imaplib.IMAP4(host, url.port or 143, timeout=SECONDS)
        try:
            if url.scheme == "imap":
                client.starttls(context)
            client.login(_quoted(user), password)  # imaplib quotes the password alone
        except BaseException:
            with suppress(*UNREADABLE):
                client.shutdown()
            raise
        return client

    return connect


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise MailboxError(
            f"the mail server does not answer as it should ({one_line(str(error))})",
            where="feedback.mailbox",
            mend="Correct feedback.mailbox and DIGEST_IMAP_PASSWORD, or wait; nothing is lost",
            temporary=True,
        ) from None


def _expect_ok(answer: str, complaint: str) -> None:
    if answer != "OK":
        raise MailboxError(
            f"the mail server {complaint}",
            where="feedback.mailbox",
            mend="Correct feedback.mailbox, or the rights of its user",
        )


def _quoted(text: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


def _not_imap(why: str) -> ConfigError:
    return ConfigError(
        f"feedback.mailbox cannot be used: {why}",
        mend="Write the path of a Maildir, or imaps://USER@HOST/FOLDER",
    )


def _content(path: Path) -> bytes | None:
    """A plain file's bytes; None for a link, a pipe, or what is gone or not ours to read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_READ)
