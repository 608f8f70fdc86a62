"""What a server says: bytes as they arrive → whole replies (RFC 5321 4.2, RFC 2034).

Garbage is not guessed at: whoever does not speak SMTP cannot be believed about any mail.
Replies that were whole before the garbage still count.
"""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

# RFC 5321 4.5.3.1.5 promises 512 octets a line and asks clients to bear more; 2,048 is what
# Postfix bears. The caps bound memory, they do not judge.
MAX_LINE = 2048
MAX_LINES = 100
MAX_WAITING = 100  # replies that nobody asked for yet
MAX_DETAIL = 500

# The four octets that begin a line → its code, and whether more lines of its reply follow.
_BEGINNINGS = {
    b"%d%s" % (code, mark): (code, mark == b"-")
    for code in range(200, 600)
    for mark in (b" ", b"-", b"")
}
_ENHANCED = re.compile(rb"([245])\.(\d{1,3})\.(\d{1,3})(?= |$)")


class Garbage(Exception):
    """The server said something that is no SMTP reply."""


class Reply(NamedTuple):
    """One reply: its code, and its lines without codes and line ends."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def ok(self) -> bool:
        """Whether it is a yes."""
        return 200 <= self.code < 300

    @property
    def status(self) -> str:
        """The enhanced status code ("5.1.1"), "" where there is none or it contradicts."""
        found = _ENHANCED.match(self.lines[-1])
        if found is None or int(found[1]) != self.code // 100:
            return ""
        return found[0].decode()

    @property
    def text(self) -> str:
        """`550 5.1.1 no such user` on one line; an enhanced code is said once."""
        if len(self.lines) == 1:
            return one_line(f"{self.code} {self.lines[0].decode('utf-8', 'replace')}")
        lines = [line.decode("utf-8", "replace") for line in self.lines]
        prefix = f"{self.status} "
        rest = [line.removeprefix(prefix) if prefix != " " else line for line in lines[1:]]
        return one_line(" ".join((str(self.code), lines[0], *rest)))

    def detail(self, recipient: str = "") -> str:
        """The text for a record, without the address: a record outlives the address's erasure."""
        return scrubbed(self.text, recipient)


class ReplyParser:
    """Fed with chunks, it appends whole replies to `replies`."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self._rest = b""
        self._lines: list[bytes] = []
        self._code = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises Garbage; what was whole before it is in `replies`."""
        lines = (self._rest + data).split(b"\n")  # a CR before it is dropped: some forget theirs
        self._rest = lines.pop()
        for line in lines:
            self._take_line(line.removesuffix(b"\r"))
        if len(self._rest) > MAX_LINE:
            raise Garbage(f"a line of more than {MAX_LINE} octets")

    def forget(self) -> None:
        """Throw away all that was said so far and not yet read (RFC 3207 4.2)."""
        self.replies.clear()
        self._lines.clear()
        self._rest = b""

    def _take_line(self, line: bytes) -> None:
        if (beginning := _BEGINNINGS.get(line[:4])) is None:
            raise Garbage(f"no reply: {one_line(line[:80].decode('ascii', 'replace'))!r}")
        if len(line) > MAX_LINE or len(self._lines) >= MAX_LINES:
            raise Garbage("a reply that is too long")
        code, more = beginning
        if not (more or self._lines):  # nearly every reply
            self._add(Reply(code, (line[4:],)))
            return
        if self._lines and code != self._code:
            raise Garbage(f"a reply of both {self._code} and {code}")
        self._lines.append(line[4:])
        self._code = code
        if not more:
            self._add(Reply(code, tuple(self._lines)))
            self._lines.clear()

    def _add(self, reply: Reply) -> None:
        if len(self.replies) >= MAX_WAITING:
            raise Garbage(f"more than {MAX_WAITING} replies that nobody asked for")
        self.replies.append(reply)


def scrubbed(text: str, recipient: str) -> str:
    """At most MAX_DETAIL characters, the recipient's address blotted out, and any other: a server

    may name whom it passes the mail on to. Few accepted replies hold one.
    """
    if "@" in text:
        if recipient and recipient.lower() in text.lower():
            text = re.sub(re.escape(recipient), "(the address)", text, flags=re.IGNORECASE)
        text = " ".join(_without_address(word) for word in text.split(" "))
    return text[:MAX_DETAIL]


def _without_address(word: str) -> str:
    address = word.strip("<>()[]{},;:'\".")
    return word.replace(address, "(an address)") if "@" in address[1:] else word


def one_line(text: str) -> str:
    """The text without control characters, blanks run together."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())
