"""The body of one mail/send request: a content once, and a personalization per recipient.

In: plain values. Out: JSON as bytes; whoever cannot be mailed is named and left out. Law 5: one
address per personalization. Law 7: SendGrid is told to track nothing, and what it keeps of a
mail beyond its envelope (category, custom_args) holds no address, list or diagnosis.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from digest.delivery.headers import (
    LEAVE_MAILBOX,
    MESSAGE_ID,
    WEB_ADDRESS,
    mailable,
    refuse_controls,
)
from digest.errors import Refused
from digest.values import Sender

# The API's limits (its "Limitations", "Errors" and OpenAPI pages). Of substitutions one page
# says 50,000 bytes, the description of the API 10,000: the lower holds.
MAX_PERSONALIZATIONS = 1000
MAX_SUBSTITUTIONS = 10_000
# Headers that the API sets itself, and refuses; those of a recipient are ours to set.
RESERVED = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
    "list-unsubscribe", "list-unsubscribe-post", "message-id",
})  # fmt: skip
CATEGORY = "digest"  # seen in SendGrid's statistics; one for all lists, so it tells nothing
OFF = {"enable": False}
# A key left out means what the account's own settings say, so each stands here.
UNTRACKED = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": OFF,
    "subscription_tracking": OFF,
    "ganalytics": OFF,
}
UNCHANGED = {"footer": OFF, "sandbox_mode": OFF}  # what was approved is what is sent (law 2)

SLOT_PREFIX = "__DIGEST_"
SLOT = re.compile(rf"{SLOT_PREFIX}[A-Z_]+?__")  # as mail/slots.py writes them
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
DELIVERY_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
# One value goes into HTML and into plain text alike, so it must need no escaping in either.
UNSAFE = re.compile(r"""[<>&"'`\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]""")
NOT_IN_NAMES = str.maketrans(",;", "  ")  # the API reads them as the end of a name

_quoted = json.JSONEncoder().encode  # of a string: the encoder's C function at once


@dataclass(frozen=True, slots=True)
class Content:
    """What all mails of a request have in common.

    Where a recipient's own value goes, `text` and `html` ("" for none) hold a slot, like
    `__DIGEST_UNSUBSCRIBE_URL__`. `headers` are the same for everybody (List-Id, Feedback-ID).
    `batch_id` comes from `Client.new_batch_id`.
    """

    sender: Sender
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...] = ()
    batch_id: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a mail is for. `delivery_id` is opaque: SendGrid keeps it and gives it back in events.

    `values` are by slot. `message_id` stands in angle brackets. Where there is no
    `unsubscribe_url`, there is no List-Unsubscribe (a confirmation).
    """

    delivery_id: str
    address: str = field(repr=False)
    name: str = field(default="", repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    unsubscribe_url: str = field(default="", repr=False)
    unsubscribe_mailto: str = field(default="", repr=False)
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A body, whose mails are in it (in its order), and who was left out and why, by place."""

    body: bytes = field(repr=False)
    deliveries: tuple[str, ...]
    refused: Mapping[int, str]


def prepare(content: Content, recipients: Sequence[Recipient]) -> Request:
    """The request for those of `recipients` who can be mailed; the others are in `refused`.

    Raises Refused when the content itself cannot be sent, or there are more than 1,000.
    """
    if len(recipients) > MAX_PERSONALIZATIONS:
        raise Refused(
            f"{len(recipients)} recipients do not go into one request",
            where="transport.batch",
            mend=f"Set it to {MAX_PERSONALIZATIONS} at most",
        )
    parts: list[str] = []
    deliveries: list[str] = []
    refused: dict[int, str] = {}
    seen: set[str] = set()
    frame, slots = _frame(content)
    for place, recipient in enumerate(recipients):
        try:
            parts.append(_personalization(slots, recipient, seen))
            deliveries.append(recipient.delivery_id)
        except Refused as refusal:
            refused[place] = refusal.line()
    body = frame + ",".join(parts).encode("ascii") + b"]}"
    return Request(body, tuple(deliveries), refused)


def request_body(content: Content, recipients: Sequence[Recipient]) -> bytes:
    """The JSON of POST /v3/mail/send. Raises Refused when anybody of them cannot be mailed."""
    request = prepare(content, recipients)
    if request.refused:
        raise Refused(next(iter(request.refused.values())))
    return request.body


@lru_cache(maxsize=32)
def _frame(content: Content) -> tuple[bytes, frozenset[str]]:
    """Everything before the first personalization, and the slots that stand in it.

    The plain text comes first, as the API asks.
    """
    if not (content.text and content.subject):
        raise Refused("a mail without subject or plain text cannot be sent")
    sender = content.sender
    parts = (("text/plain", content.text), ("text/html", content.html))
    message = {
        "from": {"email": mailable(sender.address), "name": refuse_controls("name", sender.name)},
        **({"reply_to": {"email": mailable(sender.reply_to)}} if sender.reply_to else {}),
        "subject": refuse_controls("subject", content.subject),
        "content": [{"type": kind, "value": body} for kind, body in parts if body],
        "headers": _headers(content.headers),
        "categories": [CATEGORY],
        **({"batch_id": content.batch_id} if content.batch_id else {}),
        "mail_settings": UNCHANGED,
        "tracking_settings": UNTRACKED,
    }
    slots = frozenset(SLOT.findall(f"{content.subject} {content.text} {content.html}"))
    whole = json.dumps(message, separators=(",", ":"))
    return f'{whole[:-1]},"personalizations":['.encode("ascii"), slots


def _personalization(slots: frozenset[str], recipient: Recipient, seen: set[str]) -> str:
    """Written as text: the shape is known, and a dict for each would cost as much again."""
    delivery_id = _matching(DELIVERY_ID, recipient.delivery_id, "delivery's id")
    to, name = mailable(recipient.address), recipient.name
    substitutions = _substitutions(slots, recipient.values)
    headers = _own_headers(recipient)
    if to.lower() in seen:  # the API would refuse the mails of everybody
        raise Refused("another recipient of the same request has this address")
    seen.add(to.lower())
    if name and (name := refuse_controls("name", name).translate(NOT_IN_NAMES).strip()):
        name = f',"name":{_quoted(name)}'
    return (
        f'{{"to":[{{"email":{_quoted(to)}{name}}}],"headers":{{{headers}}},'
        f'"substitutions":{{{substitutions}}},"custom_args":{{"delivery_id":"{delivery_id}"}}}}'
    )


def _substitutions(slots: frozenset[str], values: Mapping[str, str]) -> str:
    try:
        texts = [values[slot] for slot in slots]
    except KeyError:
        raise Refused("the mail has a slot that the recipient has no value for") from None
    together = " ".join(texts)
    # Not shown when refused: it holds a token. The API fills slots inside of values too.
    if UNSAFE.search(together) or SLOT_PREFIX in together:
        raise Refused(
            "a recipient's value holds a character that needs escaping in HTML, or a slot",
            mend="Write addresses percent-encoded, and dates without quotation marks",
        )
    members = ",".join(
        [f'"{slot}":{_quoted(text)}' for slot, text in zip(slots, texts, strict=True)]
    )
    if len(members) > MAX_SUBSTITUTIONS:
        raise Refused(f"the recipient's values are longer than {MAX_SUBSTITUTIONS} bytes")
    return members


def _own_headers(recipient: Recipient) -> str:
    headers = []
    if recipient.unsubscribe_url:
        ways = f"<{_matching(WEB_ADDRESS, recipient.unsubscribe_url, 'link to leave')}>"
        if recipient.unsubscribe_mailto:
            mailbox = mailable(recipient.unsubscribe_mailto)
            ways += f", <mailto:{_matching(LEAVE_MAILBOX, mailbox, 'leaving mailbox')}>"
        headers.append(f'"List-Unsubscribe":{_quoted(ways)}')
        headers.append('"List-Unsubscribe-Post":"List-Unsubscribe=One-Click"')
    if recipient.message_id:
        message_id = _matching(MESSAGE_ID, recipient.message_id, "Message-ID")
        headers.append(f'"Message-ID":{_quoted(message_id)}')
    return ",".join(headers)


def _headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those of everybody. Raises Refused for one that the API keeps to itself."""
    headers = {}
    for name, value in pairs:
        if name.lower() in RESERVED or not HEADER_NAME.fullmatch(name):
            raise Refused(f"the header '{name}' cannot be set for all mails of a request")
        headers[name] = refuse_controls(name, value)
    return headers


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise Refused(f"the {what} cannot be sent")  # not shown: it may hold a token
    return value
