"""SendGrid's posts as the tests sign them, with a pair of keys made for this run."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PRIVATE = ec.generate_private_key(ec.SECP256R1())
_DER = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SHOWN = base64.b64encode(_DER).decode()  # as SendGrid's page shows it


def signature(body: bytes, stamp: str) -> str:
    """The header that proves a body and a timestamp."""
    return base64.b64encode(PRIVATE.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()


def posted(number: int, event: str, reference: str, **changes: Any) -> dict[str, Any]:
    """One event as SendGrid posts it."""
    return {
        "email": "ann@example.net", "timestamp": 1_795_000_000, "event": event,
        "sg_event_id": f"event-{number}", "delivery_id": reference, "ip": "192.0.2.7", **changes,
    }  # fmt: skip


def body_of(*events: dict[str, Any]) -> bytes:
    """The raw body of a post."""
    return json.dumps(events).encode()
