"""The values of this room: one thing that came back about one mail, and what was passed over.

Law 3: an event may settle a delivery that is `unknown`, so it always says which delivery it is
about; one that knows an address alone (a hint that anybody can write) changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal[
    "processed",  # the next system has it (SendGrid took it; a gateway relayed it)
    "delivered",  # the reader's server has it
    "deferred",  # the next system tries again by itself; we never do
    "hard bounce",  # the address does not work
    "soft bounce",  # the mailbox cannot take it now: full, away, unreachable
    "blocked",  # refused for what we are or wrote; it tells nothing of the address
    "dropped",  # the provider did not try, for a reason that is not the reader's
    "complaint",  # marked as spam
    "leave",  # leaves the list that the mail was sent to
    "leave all",  # leaves every list
]

MAX_DETAIL = 500  # as in a delivery's own reply
MASK = "(the address)"
SHORTEST_LOCAL = 3  # a letter or two stand by chance in other words
ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]{1,255}@[^\s<>\"'(),;:\[\]]{1,255}")


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """What happened to one mail, at an instant in UTC, and the most that is known of which mail.

    `delivery_id` was proven (a signed post, or a keyed address that the mail came to),
    `message_id` (in angle brackets) is ours by its shape and keyed. `recipient` is a hint for an
    operator's eyes. `raw_id` names the post's event or the mail, for doing everything once.
    Raises ValueError when none of them is given.
    """

    kind: Kind
    at: datetime
    raw_id: str
    delivery_id: str = ""
    message_id: str = ""
    recipient: str = field(default="", repr=False)
    detail: str = ""  # the other side's words, one line, without addresses

    def __post_init__(self) -> None:
        if not (self.identified or self.recipient):
            raise ValueError("an event that is about nothing")

    @property
    def identified(self) -> bool:
        """Whether it says which mail, and not just which address."""
        return bool(self.delivery_id or self.message_id)


@dataclass(frozen=True, slots=True)
class Passed:
    """A mail that changes nothing, and why: for counts, never with a word of its content."""

    reason: str
    raw_id: str


def one_line(text: str, recipient: str = "") -> str:
    """Text of the other side on one line of at most 500 characters, addresses masked.

    It outlives the subscriber's erasure and reaches pages and logs.
    """
    text = masked(text[: 32 * MAX_DETAIL], recipient)
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:MAX_DETAIL]


def masked(text: str, recipient: str = "") -> str:
    """Text without any address, and without the name before the recipient's @."""
    if "@" in text:
        text = ADDRESS.sub(MASK, text)
    local = recipient.partition("@")[0]
    if len(local) < SHORTEST_LOCAL or local.casefold() not in text.casefold():
        return text  # nearly always: a pattern for each reader is what costs
    return re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", MASK, text, flags=re.IGNORECASE)
