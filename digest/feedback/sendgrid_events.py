"""SendGrid's event webhook: a signed post → the events in it, each with its raw form.

In: headers and the raw body of a post. Out: `Received`s, or BadPost with a 4xx status. The
signature is ECDSA over the timestamp and the body as it came. Law 7 and erasure: the raw form
is kept without address, network address, browser and links; the delivery_id that we gave says
whom it is about. Nothing is logged.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from binascii import Error as BadBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from digest.errors import ConfigError
from digest.feedback.errors import BadPost
from digest.feedback.events import FeedbackEvent, Kind, masked, one_line
from digest.feedback.hardness import Hardness, hardness
from digest.feedback.reports import BOUNCED

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
FRESH = timedelta(seconds=300)
MAX_POST = 4 * 1024 * 1024  # bytes; SendGrid stays under 768 KB
MAX_EVENTS = 10_000
MAX_SIGNATURE = 200  # letters; a P-256 signature has 96
MAX_DELIVERY_ID = 100
MAX_DEPTH = 10  # of an event's own fields
OUR_OWN = {"smtp-id", "sg_message_id", "sg_event_id"}  # an @, but nobody's address
PERSONAL = {"email", "ip", "useragent", "url", "url_offset", "to", "name"}

KINDS: dict[str, Kind] = {
    "processed": "processed",
    "delivered": "delivered",
    "deferred": "deferred",
    "spamreport": "complaint",
    "unsubscribe": "leave all",  # from everything that this account sends
    "group_unsubscribe": "leave",
}
# `dropped` tells why SendGrid did not try; its own lists know of an earlier event.
DROPPED: dict[str, Kind] = {
    "bounced address": "hard bounce",
    "invalid": "hard bounce",
    "spam reporting address": "complaint",
    "unsubscribed address": "leave all",
}
# SendGrid's own reading of a bounce, where it is about the sender or the way and not the reader.
CLASSES: dict[str, Hardness] = {
    "invalid address": "hard",
    "technical": "soft",
    "content": "blocked",
    "reputation": "blocked",
    "frequency/volume": "blocked",
}
OUR_ID = re.compile(r"<[0-9a-f]{40}@[A-Za-z0-9.-]{1,255}>")
RAW_ID = re.compile(r"[!-~]{1,200}", re.ASCII)
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Received:
    """One event of a post. `raw_id` is what it is known by, however often it is posted.

    `raw` is its JSON without what is personal, to be kept beside the event and not to be read
    again: what was taken out may have decided. `event` is None when it is of a kind that we do
    not act on, or about no mail of ours: kept, and ignored.
    """

    raw_id: str
    raw: str = field(repr=False)
    event: FeedbackEvent | None


def public_key(text: str) -> EllipticCurvePublicKey:
    """The key of `feedback.sendgrid_public_key`: base64 of DER, as SendGrid's page shows it.

    Raises ConfigError when it is not one.
    """
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):  # BadBase64 is a ValueError
        key = None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ConfigError(
            "feedback.sendgrid_public_key is no verification key",
            mend="Copy it from SendGrid: Settings, Mail Settings, Event Webhook, Signature",
        )
    return key


def check_post(
    key: EllipticCurvePublicKey, *, signature: str, timestamp: str, body: bytes, now: datetime
) -> None:
    """Raises BadPost unless the body was signed with this timestamp, at most 300 s from `now`.

    `signature` and `timestamp` are the headers as they came, "" when absent.
    """
    if len(body) > MAX_POST:
        raise BadPost("the post is larger than 4 MB", status=413)
    if not TIMESTAMP.fullmatch(timestamp):
        raise BadPost("the timestamp is missing or is none", status=400)
    if abs(int(timestamp) - now.timestamp()) > FRESH.total_seconds():
        raise BadPost(
            "the timestamp is more than 300 seconds off",
            status=403,
            mend="Check the clock of this machine",
        )
    try:
        key.verify(_signature(signature), timestamp.encode() + body, ECDSA(SHA256()))
    except InvalidSignature:
        raise BadPost("the signature does not fit", status=403) from None


def read_post(body: bytes, received_at: datetime) -> tuple[Received, ...]:
    """The events of a post that was checked, in its order; the same event twice is one.

    `received_at` (UTC) stands in for an event's own time when that is none. Raises BadPost when
    the body is no JSON array; what is odd in the array is kept and ignored.
    """
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        raise BadPost("the body is no JSON", status=400) from None
    if not isinstance(posted, list) or len(posted) > MAX_EVENTS:
        raise BadPost("the body is no array of events", status=400)
    received = (_received(item, received_at) for item in posted)
    return tuple({one.raw_id: one for one in received}.values())


def _signature(header: str) -> bytes:
    if not header or len(header) > MAX_SIGNATURE:
        raise BadPost("the signature is missing or is none", status=400)
    try:
        return base64.b64decode(header, validate=True)
    except (BadBase64, ValueError):
        raise BadPost("the signature is not base64", status=400) from None


def _received(item: object, received_at: datetime) -> Received:
    fields: Mapping[str, Any] = item if isinstance(item, dict) else {"event": None, "odd": item}
    kept = _without_person(fields)
    for name in ("reason", "response"):  # other systems' words: they may name the reader
        if isinstance(kept.get(name), str):
            kept[name] = masked(kept[name], _text(fields, "email"))
    raw = json.dumps(kept, allow_nan=False)
    raw_id = _raw_id(fields, raw)
    return Received(raw_id, raw, _event(fields, raw_id, received_at))


def _raw_id(fields: Mapping[str, Any], raw: str) -> str:
    given = _text(fields, "sg_event_id")
    if RAW_ID.fullmatch(given):
        return given
    return f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}"


def _event(fields: Mapping[str, Any], raw_id: str, received_at: datetime) -> FeedbackEvent | None:
    kind = _kind(fields)
    delivery_id = _delivery_id(fields)
    message_id = _text(fields, "smtp-id")
    ours = message_id if OUR_ID.fullmatch(message_id) else ""
    if kind is None or not (delivery_id or ours):
        return None
    said = f"{_text(fields, 'status')} {_text(fields, 'reason') or _text(fields, 'response')}"
    return FeedbackEvent(
        kind,
        _at(fields.get("timestamp"), received_at),
        raw_id,
        delivery_id=delivery_id,
        message_id=ours,
        detail=one_line(said, _text(fields, "email")),
    )


def _kind(fields: Mapping[str, Any]) -> Kind | None:
    name = _text(fields, "event")
    if name == "bounce":
        return _bounce(fields)
    if name == "dropped":
        return DROPPED.get(_text(fields, "reason").strip().lower(), "dropped")
    return KINDS.get(name)


def _bounce(fields: Mapping[str, Any]) -> Kind:
    """SendGrid's class, where it names one; else its codes and words, as with any bounce."""
    said = CLASSES.get(_text(fields, "bounce_classification").lower())
    level = said or hardness(_text(fields, "status"), _text(fields, "reason"))
    if _text(fields, "type") == "blocked" and level == "hard":
        level = "blocked"  # SendGrid goes on mailing it, and so do we
    return BOUNCED[level]


def _delivery_id(fields: Mapping[str, Any]) -> str:
    """Custom arguments stand among an event's own fields; in some posts they are kept apart."""
    for place in (fields, fields.get("custom_args"), fields.get("unique_args")):
        value = place.get("delivery_id") if isinstance(place, Mapping) else None
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = str(value) if isinstance(value, str) or abs(value) < 2**63 else ""
            if 0 < len(text) <= MAX_DELIVERY_ID and text.isprintable():
                return text
    return ""


def _at(timestamp: object, received_at: datetime) -> datetime:
    if type(timestamp) is int and 0 < timestamp < 2**33:
        return datetime.fromtimestamp(timestamp, UTC)
    return received_at


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _without_person(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The same value without what is personal and without addresses; never too deep, no NaN."""
    if isinstance(value, str):
        return _storable(masked(value))
    if isinstance(value, dict | list) and not depth:
        return "(too deep)"
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if key not in PERSONAL}
        return {
            masked(key): _storable(inner)
            if key in OUR_OWN and isinstance(inner, str)
            else _without_person(inner, depth - 1)
            for key, inner in kept.items()
        }
    if isinstance(value, list):
        return [_without_person(inner, depth - 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):  # no JSON
        return str(value)
    return value


def _storable(text: str) -> str:
    return text.replace("\0", " ")  # PostgreSQL stores no NUL
