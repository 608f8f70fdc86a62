"""An issue's mail, encoded once: what differs per reader is put between finished bytes.

In: the frozen HTML and text with their slots, and what all mails of an issue have in common.
Out: `Compiled`, whose `fill` is a join of bytes (a tenth of a millisecond's work became a
hundredth). It gives the message that `build_envelope` gives of the filled texts, to the letter;
only soft line breaks differ, as each slot stands on lines of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from html import escape

from digest.delivery.body import (
    AFTER_HTML,
    BEFORE_HTML,
    BEFORE_PLAIN,
    PLAIN,
    SOFT_BREAK,
    after_text,
    quoted_printable,
)
from digest.delivery.headers import (
    MIME_VERSION,
    dated,
    from_sender,
    identified,
    mailable,
    mailbox,
    of_list,
    refuse_controls,
    unstructured,
    ways_to_leave,
)
from digest.delivery.smtp.wire import WireForm
from digest.values import Envelope, Sender

TO, DATED_TO_LEAVE = 1, 3  # where in the pieces the headers stand that differ per reader

Pieces = list[bytes]
Places = tuple[tuple[int, str], ...]  # (where in the pieces, the slot that stands there)


@dataclass(frozen=True, slots=True)
class Compiled:
    """The pieces of a mail in order, with gaps, and what goes into each gap."""

    sender: str  # as SMTP takes it
    leave_slot: str  # its value is the address in List-Unsubscribe too
    pieces: tuple[bytes, ...] = field(repr=False)
    in_text: Places
    in_html: Places

    def fill(
        self,
        *,
        recipient_address: str,
        recipient_name: str,
        message_id: str,
        date: datetime,
        values: Mapping[str, str],
        unsubscribe_mailto: str | None = None,
        return_path: str | None = None,
    ) -> Envelope:
        """The mail of one reader; the arguments are those of `build_envelope`.

        `values` are plain text, one line each, by slot; they are escaped in the HTML.
        `return_path` is where bounces go, in place of the sender: an address of our own making.
        Raises Refused as `build_envelope` does, and KeyError for a slot without a value.
        """
        recipient = mailable(recipient_address)
        leave = ways_to_leave(values[self.leave_slot], unsubscribe_mailto)
        pieces = list(self.pieces)
        pieces[TO] = mailbox("To", recipient_name, recipient)
        pieces[DATED_TO_LEAVE] = dated(date) + identified(message_id) + leave
        for place, slot in self.in_text:
            pieces[place] = _encoded(values[slot])
        for place, slot in self.in_html:
            pieces[place] = _encoded_in_html(values[slot])
        # No line of ours begins with a dot, and CRLF alone ends one: body.py sees to it.
        content = WireForm(b"".join(pieces))
        return Envelope(return_path or self.sender, recipient, message_id, content)


def compile_mail(
    html: str | None,
    text: str,
    subject: str,
    *,
    sender: Sender,
    list_host: str,
    feedback_id: str,
    slots: Collection[str],
    leave_slot: str,
) -> Compiled:
    """The mail with gaps where `slots` stand in its HTML and text; without HTML, in the text alone.

    `leave_slot` names the value that is the link to leave. Raises Refused when what all the
    mails have in common cannot stand in a header.
    """
    pattern = re.compile("|".join(map(re.escape, sorted(slots))) or r"(?!)")
    head = [from_sender(sender), b"", unstructured("Subject", subject), b""]
    shared = of_list(list_host, feedback_id) + MIME_VERSION
    plain, slots_of_plain = _around(pattern, text)
    rich, slots_of_rich = _around(pattern, html or "")
    body = (shared + BEFORE_PLAIN, *plain, BEFORE_HTML, *rich, AFTER_HTML)
    if html is None:
        body = (shared + PLAIN, *plain, after_text(text))
    return Compiled(
        sender=mailable(sender.address),
        leave_slot=leave_slot,
        pieces=(*head, *body),
        in_text=_places(slots_of_plain, len(head) + 1),
        in_html=_places(slots_of_rich, len(head) + 1 + len(plain) + 1),
    )


def _around(slot: re.Pattern[str], part: str) -> tuple[Pieces, list[str]]:
    """The encoded segments of a part with an empty piece for each slot, and those slots."""
    segments, slots = slot.split(part), slot.findall(part)
    last = len(segments) - 1
    pieces: Pieces = []
    for n, segment in enumerate(segments):
        pieces += [_segment(segment, after_slot=n > 0, before_slot=n < last), b""]
    return pieces[:-1], slots


def _segment(segment: str, *, after_slot: bool, before_slot: bool) -> bytes:
    """With soft breaks, so that a slot starts its line and nothing but a line end follows."""
    if not segment:
        return SOFT_BREAK if after_slot and before_slot else b""
    start = SOFT_BREAK if after_slot and not segment.startswith("\n") else b""
    end = SOFT_BREAK if before_slot and not segment.endswith("\n") else b""
    return start + quoted_printable(segment) + end


def _places(slots: Iterable[str], first_segment: int) -> Places:
    """Each slot follows its segment: segment, slot, segment, slot, segment."""
    return tuple((first_segment + 1 + 2 * n, slot) for n, slot in enumerate(slots))


@lru_cache(maxsize=1024)  # most are the same in text and HTML, some in every mail
def _encoded(value: str) -> bytes:
    return quoted_printable(refuse_controls("a slot of the mail", value))


@lru_cache(maxsize=1024)
def _encoded_in_html(value: str) -> bytes:
    return _encoded(escape(value))
