"""Addresses of our own that say what a mail to them is about: bounce+TOKEN@host, leave+TOKEN@host.

A token is `IDENTITY-MAC`, keyed for one purpose, so that nobody can write one for somebody
else's mail (VERP: variable envelope return path). Ours are deliveries' references: 40 lower-case
hexadecimal digits, opaque and keyed, which survive systems that fold local parts. Written for
each mail of an issue, so it costs two microseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache
from typing import Literal

from digest.errors import Refused

Purpose = Literal["bounce", "leave"]
IDENTITY = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
MAC_LENGTH = 16  # hexadecimal digits: 64 bits; bounce+, 40, a dash and these make 64
MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1
MAX_ADDRESS = 400  # with what systems put around it
_OURS = r"(bounce|leave)\+([A-Za-z0-9_.-]{1,57})@"
_TOKENED = re.compile(rf"\b{_OURS}", re.ASCII | re.IGNORECASE)
# qmail writes the user that a domain belongs to before the local part: "example-leave+…".
_WHOLE = re.compile(
    rf"(?:rfc822;\s*)?(?:[A-Za-z0-9_.-]{{1,60}}-)?{_OURS}([A-Za-z0-9.-]{{1,255}})",
    re.ASCII | re.IGNORECASE,
)
# A name is no address, whatever it says: "leave+…@host" <ann@example.org>.
_NAMES = re.compile(r'"(?:[^"\\]|\\.)*+"?')  # one that never ends takes all, in linear time
_ANGLED = re.compile(r"<([^<>]*)>")


def leave_address(reference: str, key: str, host: str) -> str:
    """The address for List-Unsubscribe's mailto: a mail to it leaves the list of that delivery.

    `key` is the hash key of the site, `host` the sender's domain in ASCII. Raises as below.
    """
    return tokened_address("leave", reference, key, host)


def bounce_address(reference: str, key: str, host: str) -> str:
    """The envelope's sender (VERP): what comes back to it is about that delivery."""
    return tokened_address("bounce", reference, key, host)


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


def tokens_addressed(header: str, purpose: Purpose, host: str) -> list[str]:
    """The tokens of the addresses at `host` in a header such as To, in order, not checked.

    What a name, a comment or another host merely repeats is none.
    """
    pieces = _NAMES.sub("", header).split(",")
    addresses = [angled[1] if (angled := _ANGLED.search(one)) else one for one in pieces]
    found = (_WHOLE.fullmatch(one.strip()) for one in addresses if len(one) <= MAX_ADDRESS)
    return [
        match[2]
        for match in found
        if match and match[1].lower() == purpose and match[3].lower() == host.lower()
    ]


def _mac(purpose: Purpose, identity: str, key: str) -> str:
    keyed = _keyed(purpose, key).copy()  # half the price of keying anew
    keyed.update(identity.encode())
    return keyed.hexdigest()[:MAC_LENGTH]


@lru_cache(maxsize=8)
def _keyed(purpose: Purpose, key: str) -> hmac.HMAC:
    return hmac.new(key.encode(), f"{purpose} address ".encode(), hashlib.sha256)
