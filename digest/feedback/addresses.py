"""Addresses of our own that say what a mail to them is about: bounce+TOKEN@host, leave+TOKEN@host.

A token is `IDENTITY-MAC`, keyed for one purpose, so that nobody can write one for somebody
else's mail (VERP: variable envelope return path). Identities are opaque: no address, no list.
Local parts keep upper and lower case (RFC 5321 2.4); an identity for bounces had better be
lower-case hexadecimal all the same, as some old systems fold it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Literal

from digest.errors import Refused

Purpose = Literal["bounce", "leave"]
IDENTITY = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
MAC_LENGTH = 16  # hexadecimal digits: 64 bits; bounce+, 40, a dash and these make 64
MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1
_TOKENED = re.compile(r"\b(bounce|leave)\+([A-Za-z0-9_.-]{1,57})@", re.ASCII | re.IGNORECASE)


def tokened_address(purpose: Purpose, identity: str, key: str, host: str) -> str:
    """`purpose+TOKEN@host` for an identity of up to 40 letters, digits, `_`, `.` and `-`.

    Raises Refused for an identity that cannot stand in one.
    """
    if not IDENTITY.fullmatch(identity):
        raise Refused("an identity that no mail address can carry")
    return f"{purpose}+{identity}-{_mac(purpose, identity, key)}@{host}"


def read_token(purpose: Purpose, token: str, key: str) -> str | None:
    """The identity of a token that we made for this purpose with this key; else None."""
    identity, dash, mac = token.rpartition("-")
    if not dash or not IDENTITY.fullmatch(identity):
        return None
    made = _mac(purpose, identity, key)
    # As bytes: compare_digest takes no text outside of ASCII.
    return identity if hmac.compare_digest(made.encode(), mac.lower().encode()) else None


def tokens_in(text: str, purpose: Purpose) -> list[str]:
    """The tokens of every `purpose+TOKEN@…` in a text, in order, not checked."""
    return [token for name, token in _TOKENED.findall(text) if name.lower() == purpose]


def _mac(purpose: Purpose, identity: str, key: str) -> str:
    keyed = hmac.new(key.encode(), f"{purpose} address {identity}".encode(), hashlib.sha256)
    return keyed.hexdigest()[:MAC_LENGTH]
