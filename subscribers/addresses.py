"""From a text to one e-mail address, and from an address to its keyed hash.

In comes what people and spreadsheets write; out goes one address that is safe in a header and
an envelope, or a BadAddress that says why not. One text is one address: two are never split.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

import idna
from django.conf import settings

from subscribers.errors import BadAddress

# RFC 5321, 4.5.3.1: 64 octets before the @; a path of 256 with its brackets leaves 254.
MAX_LOCAL = 64
MAX_ADDRESS = 254
MAX_DOMAIN = 253  # RFC 1035, 2.3.4, without the root's dot
MAX_TEXT = 1000
MAX_NAME = 200
BLOCK = 64  # octets that SHA-256 takes at a time

# RFC 5322, 3.2.3: dot-atom. Quoted local parts are legal but nearly always a mistake in a list.
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What nearly every address is, and what needs no further look; the rest is read step by step.
PLAIN = re.compile(rf"(?=[^@]{{1,64}}@){LOCAL.pattern}@(?:{LABEL.pattern}\.)+[a-z]{{2,63}}")


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """One address: local part as written, domain in lower-case ASCII. `name` may be empty."""

    address: str
    name: str = ""


def parse_address(raw: str) -> ParsedAddress:
    """Read `ann@example.org` or `Ann Lee <ann@example.org>`. Raises BadAddress for all else."""
    if PLAIN.fullmatch(raw) and len(raw) <= MAX_ADDRESS and "xn--" not in raw:
        return ParsedAddress(raw)
    text = raw.strip()
    if not text:
        raise BadAddress("it is empty", "Write one address")
    if len(text) > MAX_TEXT:
        raise BadAddress(f"it is longer than {MAX_TEXT} characters", "Write one address only")
    if not text.isprintable():
        raise BadAddress(
            "it holds a line break, a control or an invisible character", "Type it anew by hand"
        )
    name, address = _split_name(text)
    local, domain = _split_at(address)
    parsed = f"{_checked_local(local)}@{_checked_domain(domain)}"
    if len(parsed) > MAX_ADDRESS:
        raise BadAddress(
            f"it is longer than {MAX_ADDRESS} characters (RFC 5321)", "Ask for another address"
        )
    return ParsedAddress(parsed, name)


def address_key(address: str) -> str:
    """HMAC-SHA256 (64 hex digits) of a parsed address, blind to upper and lower case."""
    key = settings.SUBSCRIBERS_HASH_KEY.encode()
    return hmac.digest(key, address.casefold().encode(), hashlib.sha256).hex()


def address_keys() -> Callable[[str], str]:
    """`address_key` for a million addresses: the halves of the HMAC are begun once (RFC 2104)."""
    key = settings.SUBSCRIBERS_HASH_KEY.encode()
    key = (key if len(key) <= BLOCK else hashlib.sha256(key).digest()).ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in key))
    outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in key))

    def of(address: str) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(address.casefold().encode())
        second.update(first.digest())
        return second.hexdigest()

    return of


def clean_name(raw: str) -> str:
    """A person's name on one line, without control characters, at most 200 characters."""
    if not raw:
        return ""
    plain = raw.isprintable()
    spaced = raw if plain else "".join(char if char.isprintable() else " " for char in raw)
    return " ".join(spaced.split())[:MAX_NAME]


def _split_name(text: str) -> tuple[str, str]:
    if not text.endswith(">"):
        return "", text
    name, bracket, address = text[:-1].rpartition("<")
    if not bracket:
        raise BadAddress("it has a > without a <", "Write it as Ann Lee <ann@example.org>")
    if "@" in name or "<" in name or ">" in name:
        raise BadAddress("it holds more than one address", "Give each address a row of its own")
    return clean_name(name.strip().strip("\"'")), address.strip()


def _split_at(address: str) -> tuple[str, str]:
    if "@" not in address:
        raise BadAddress("it has no @", "Write it as ann@example.org")
    if address.count("@") > 1:
        raise BadAddress("it holds more than one @", "Give each address a row of its own")
    local, _, domain = address.partition("@")
    return local, domain


def _checked_local(local: str) -> str:
    if not local:
        raise BadAddress("nothing stands before the @", "Write it as ann@example.org")
    if not local.isascii():
        # RFC 6531 allows it, but only where every server on the way speaks SMTPUTF8.
        raise BadAddress(
            "letters outside ASCII stand before the @ (SMTPUTF8), which many mail servers refuse",
            "Ask for an address in plain letters",
        )
    if len(local) > MAX_LOCAL:
        raise BadAddress(
            f"more than {MAX_LOCAL} characters stand before the @ (RFC 5321)",
            "Ask for another address",
        )
    if not LOCAL.fullmatch(local):
        raise BadAddress(
            "the part before the @ holds a character or a dot that cannot stand there",
            "Write it as ann@example.org",
        )
    return local


def _checked_domain(domain: str) -> str:
    """The domain as ASCII in lower case (IDNA 2008: `bücher.example` → `xn--bcher-kva.example`)."""
    ascii_domain = domain.lower()
    if not domain.isascii() or "xn--" in ascii_domain:
        try:
            ascii_domain = idna.encode(domain, uts46=True).decode("ascii").lower()
        except UnicodeError:  # idna.IDNAError is one
            raise BadAddress(
                "its domain is no valid domain (IDNA)", "Check the part after the @"
            ) from None
    labels = ascii_domain.split(".")
    if len(labels) < 2:
        raise BadAddress("its domain has no dot", "Write it as ann@example.org")
    valid = all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    if not valid or len(ascii_domain) > MAX_DOMAIN:
        raise BadAddress("its domain is not one that can exist", "Check the part after the @")
    return ascii_domain
