"""What looks odd about an address that could exist: a hint for who imports it, or types it.

In: a parsed address. Out: one sentence, or "". A hint refuses nobody: people do have odd addresses.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import lru_cache

# Where most people have their mail; one slip of a finger away from these is a hint.
WELL_KNOWN = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "live.com",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "aol.com",
    "btinternet.com",
    "comcast.net",
    "protonmail.com",
    "gmx.de",
    "web.de",
    "t-online.de",
    "orange.fr",
    "libero.it",
)
# One letter off, and real all the same.
REAL = {"mail.com", "email.com", "ymail.com", "love.com", "gmx.at", "gmx.ch", "gmx.fr", "gmx.net"}
ROLES = {
    *("admin", "administrator", "contact", "enquiries", "hello", "help", "info", "mail"),
    *("marketing", "office", "post", "press", "reception", "sales", "secretary", "service"),
    *("support", "team", "webmaster", "postmaster", "hostmaster", "abuse", "billing", "jobs"),
}
NOBODY = {"noreply", "donotreply", "mailerdaemon", "nobody"}  # without their - . _


def hint(address: str) -> str:
    """A sentence about a slip in the domain or a shared mailbox; "" where nothing is odd."""
    if domain := meant(address):
        return f"did you mean @{domain}?"
    local = address.partition("@")[0]
    if local.casefold().partition("+")[0] in ROLES:
        return f"{local[:40]}@ is often read by several people; consent is a person's own"
    return ""


def meant(address: str) -> str:
    """The well-known domain that this one is a single slip away from, or ""."""
    return _slips().get(address.partition("@")[2], "")


def nobody_reads(address: str) -> bool:
    """Whether it is a mailbox that only sends (noreply@): nobody could agree, or leave, there."""
    local = address.partition("@")[0].casefold()
    if "no" not in local and "mailer" not in local:
        return False
    return local.replace("-", "").replace(".", "").replace("_", "") in NOBODY


@lru_cache(maxsize=1)
def _slips() -> dict[str, str]:
    """Every domain that is one slip from a well-known one → that one (some ten thousand)."""
    slips = {slip: domain for domain in reversed(WELL_KNOWN) for slip in _one_off(domain)}
    return {slip: meant for slip, meant in slips.items() if slip not in {*WELL_KNOWN, *REAL}}


def _one_off(domain: str) -> Iterator[str]:
    """A letter too few, too many, another, or two swapped (Damerau-Levenshtein distance 1)."""
    letters = string.ascii_lowercase + string.digits
    for at in range(len(domain) + 1):
        before, after = domain[:at], domain[at:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in letters:
            yield before + letter + after
            yield before + letter + after[1:]
