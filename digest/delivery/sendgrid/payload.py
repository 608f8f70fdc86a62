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
from json.encoder import encode_basestring_ascii as _quoted

from digest.delivery.headers import (
    DOMAIN,
    LEAVE_MAILBOX,
    LOCAL_PART,
    MAX_DOMAIN,
    MAX_LOCAL,
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

# One look at a usual recipient, line by line, instead of one for each value: it is passed by
# nobody whom the single checks would refuse, and whoever does not pass it is checked singly.
_ADDRESS = rf"(?=[^@]{{1,{MAX_LOCAL}}}@){LOCAL_PART.pattern}@(?:{DOMAIN.pattern})"
USUAL = re.compile(
    rf"(?:{DELIVERY_ID.pattern})\n{_ADDRESS}\n(?:{MESSAGE_ID.pattern})\n(?:{WEB_ADDRESS.pattern})\n"
    rf"(?:(?={LEAVE_MAILBOX.pattern}\Z){_ADDRESS})?",
    re.ASCII,
)
# Nothing of UNSAFE, and nothing that JSON would escape.
USUAL_VALUES = re.compile(r"[ !#-%(-;=?-\[\]-_a-~]*", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class Slots:
    """Those that stand in a content, and the JSON members that fill them, with %s for a value."""

    names: tuple[str, ...]
    members: str


@lru_cache(maxsize=32)
def _frame(content: Content) -> tuple[bytes, Slots]:
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
    names = tuple(sorted(set(SLOT.findall(f"{content.subject} {content.text} {content.html}"))))
    slots = Slots(names, ",".join(f'"{name}":"%s"' for name in names))
    whole = json.dumps(message, separators=(",", ":"))
    return f'{whole[:-1]},"personalizations":['.encode("ascii"), slots


def _personalization(slots: Slots, recipient: Recipient, seen: set[str]) -> str:
    """Written as text: the shape is known, and a dict for each would cost as much again."""
    values = f'"substitutions":{{{_substitutions(slots, recipient.values)}}}'
    to, headers = _usual(recipient) or _checked(recipient)
    key, name = to.lower(), recipient.name
    if key in seen:  # the API would refuse the mails of everybody
        raise Refused("another recipient of the same request has this address")
    if name and (name := refuse_controls("name", name).translate(NOT_IN_NAMES).strip()):
        name = f',"name":{_quoted(name)}'
    seen.add(key)
    return (
        f'{{"to":[{{"email":"{to}"{name}}}],"headers":{{{headers}}},'
        f'{values},"custom_args":{{"delivery_id":"{recipient.delivery_id}"}}}}'
    )


def _usual(recipient: Recipient) -> tuple[str, str] | None:
    """Address and headers of somebody with everything as it mostly is; None for the others."""
    to, url, mailbox = recipient.address, recipient.unsubscribe_url, recipient.unsubscribe_mailto
    message_id = recipient.message_id
    lines = f"{recipient.delivery_id}\n{to}\n{message_id}\n{url}\n{mailbox}"
    if not USUAL.fullmatch(lines) or len(to) > MAX_DOMAIN or len(mailbox) > MAX_DOMAIN:
        return None
    return to, _own_headers(url, mailbox, message_id)


def _checked(recipient: Recipient) -> tuple[str, str]:
    """The same of anybody. Raises Refused with what is wrong."""
    _matching(DELIVERY_ID, recipient.delivery_id, "delivery's id")
    url, mailbox, message_id = recipient.unsubscribe_url, "", recipient.message_id
    if url:
        _matching(WEB_ADDRESS, url, "link to leave")
        if mailbox := recipient.unsubscribe_mailto:
            mailbox = _matching(LEAVE_MAILBOX, mailable(mailbox), "leaving mailbox")
    if message_id:
        _matching(MESSAGE_ID, message_id, "Message-ID")
    return mailable(recipient.address), _own_headers(url, mailbox, message_id)


def _own_headers(url: str, mailbox: str, message_id: str) -> str:
    """Their members; all that goes in is checked, and only a web address may need escapes."""
    headers = []
    if url:
        ways = _quoted(f"<{url}>, <mailto:{mailbox}>" if mailbox else f"<{url}>")
        headers.append(
            f'"List-Unsubscribe":{ways},"List-Unsubscribe-Post":"List-Unsubscribe=One-Click"'
        )
    if message_id:
        headers.append(f'"Message-ID":"{message_id}"')
    return ",".join(headers)


def _substitutions(slots: Slots, values: Mapping[str, str]) -> str:
    try:
        texts = [values[slot] for slot in slots.names]
    except KeyError:
        raise Refused("the mail has a slot that the recipient has no value for") from None
    together = " ".join(texts)
    # Not shown when refused: it holds a token. The API fills slots inside of values too.
    usual = USUAL_VALUES.fullmatch(together)
    if SLOT_PREFIX in together or (not usual and UNSAFE.search(together)):
        raise Refused(
            "a recipient's value holds a character that needs escaping in HTML, or a slot",
            mend="Write addresses percent-encoded, and dates without quotation marks",
        )
    if not usual:
        texts = [_quoted(text)[1:-1] for text in texts]
    members = slots.members % tuple(texts)
    if len(members) > MAX_SUBSTITUTIONS:
        raise Refused(f"the recipient's values are longer than {MAX_SUBSTITUTIONS} bytes")
    return members


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
