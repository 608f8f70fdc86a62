"""How bad a refusal is: the address (hard), the mailbox for now (soft), or us (blocked).

In: an enhanced status code (RFC 3463, RFC 5248) and the other side's words. Out: one of three.
A code that names its reason decides; one that is general ("5.0.0") leaves it to the words.
Codes and words are data. Without either, class 5 is hard, all else soft.
"""

from __future__ import annotations

import re
from typing import Literal

Hardness = Literal["hard", "soft", "blocked"]

# Decided by the code alone, whatever the words: longest match first.
DECIDED: dict[str, Hardness] = {
    "5.1": "hard",  # the address
    "5.1.0": "hard",
    "5.1.7": "blocked",  # the *sender's* address
    "5.1.8": "blocked",
    "5.1.9": "soft",
    "5.2.1": "hard",  # mailbox disabled
    "5.2.2": "soft",  # mailbox full
    "5.2.3": "soft",  # message too long for it
    "5.2.4": "soft",  # a list of theirs cannot be expanded
    "5.3.4": "soft",  # message too big for the system
    "5.4.4": "hard",  # no such domain, or none that takes mail
    "5.4.310": "hard",  # the same in Exchange Online
    "5.6": "blocked",  # the content
    "5.7": "blocked",  # policy, reputation, sign-in
}
# Asked after the words: what a general code of that subject most often means.
OTHERWISE: dict[str, Hardness] = {
    "5.3": "soft",  # their system: full, not accepting
    "5.4.2": "soft", "5.4.3": "soft", "5.4.5": "soft", "5.4.6": "soft", "5.4.7": "soft",
    "5.4.300": "soft", "5.4.316": "soft",  # expired, in Exchange Online
    "5.5": "soft",  # the protocol: nothing about the address
    "5": "hard",
}  # fmt: skip
# The reply code of three digits (RFC 5321 4.2.3), when there is no better one. 550 and 554 are
# used for everything; their words are asked first.
REPLIES: dict[str, Hardness] = {
    "550": "hard", "551": "hard", "553": "hard", "511": "hard", "521": "hard", "556": "hard",
    "552": "soft", "554": "blocked", "571": "blocked",
}  # fmt: skip

# In this order: "mailbox full" beats "unavailable", and a blocklist beats "rejected".
WORDS: tuple[tuple[Hardness, re.Pattern[str]], ...] = (
    (
        "soft",
        re.compile(
            r"(mailbox|inbox|account|storage|user)( \S{1,40})? (is |has )?full|over ?quota"
            r"|quota (has been )?exceeded|exceed(s|ed)?( \S{1,40}){0,4} (quota|storage)"
            r"|insufficient (system )?(storage|disk)|not enough (storage|space)|out of storage"
            r"|(message|mail) (is )?too (big|large|long)|(message )?size exceeds"
            r"|temporar(y|ily)|try again|timed? ?out|connection (refused|reset|lost)"
            r"|too many (connections|messages|recipients)|greylist|graylist"
            r"|(mail )?loop(s|ing)? |too many hops|in my queue too long|retry time(out)?"
            r"|could not be delivered for|expired",
            re.IGNORECASE,
        ),
    ),
    (
        "blocked",
        re.compile(
            r"spam|black ?list|block ?list|\bdn?s?bl\b|\brbl\b|spamhaus|barracuda|proofpoint"
            r"|policy|dmarc|\bspf\b|\bdkim\b|unauthenticated|not authenticated|reputation"
            r"|blocked (by|using|for|due)|bulk mail|virus|malware|phish|content rejected"
            r"|access denied, (banned|sending)|not allowed to send"
            # Our own smart host's words: were they taken for the reader's, all would be suppressed.
            r"|relay(ing)?( access)?( is)? (denied|prohibited|(not|un)[ -]?(permitted|allowed))"
            r"|(not (permitted|allowed)|unable) to relay|we do not relay|rcpthosts"
            r"|(authentication|auth|login|sign-in) (is )?(required|needed)"
            r"|must (first )?(authenticate|log ?in)"
            r"|sender( address)? (was )?(rejected|denied|refused)|sender verif",
            re.IGNORECASE,
        ),
    ),
    (
        "hard",
        re.compile(
            r"(user|recipient|mailbox|account|address|addressee)( \S{1,40}){0,2} (is )?"
            r"(unknown|invalid|inactive|disabled|deactivated|suspended|unavailable|not found)"
            r"|(unknown|invalid|no such|bad destination|inactive|disabled|nonexistent)"
            r" (local )?(user|recipient|mailbox|address|account|person)"
            r"|(do|does)( not|n.?t) (exists?|have an? \S{1,40} account)"
            r"|no (such )?(mailbox|person|account)|couldn.t be found|could not be found"
            r"|not (a )?(known|valid|our) (user|recipient|customer|mailbox|address)"
            r"|no longer (\S{1,40} ){0,2}(valid|exists?|available|in use|works?|employed|accepts?)"
            r"|(not|isn.t) listed in|unroute?able (address|mail domain)|host( or domain name)?"
            r" not found|no such (host|domain)"
            r"|domain( name)?( \S{1,40})? not found"
            r"|nxdomain|null mx|recipient( address)? rejected|recipient not found"
            r"|address rejected|account (has been )?(closed|deleted|terminated)",
            re.IGNORECASE,
        ),
    ),
)
LATER = re.compile(
    r"will (keep|continue)( on)? (trying|to try|retrying)|(has|have) been delayed|\bdelayed\b"
    r"|still (being|trying)|not (yet )?been delivered yet|no action is required"
    r"|do not need to resend|warning( message)? only|will be (re)?tried",
    re.IGNORECASE,
)
# One digit of subject: "Exim 4.96.2" is no status, nor is an IP address.
CODE = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?!\.?\d)")
AFTER_REPLY = re.compile(r"(?<!\d)[245]\d\d[ -]+#?([245]\.[0-7]\.\d{1,3})(?!\.?\d)")
REPLY = re.compile(r"(?<![\d.#/:-])([45][0-7]\d)(?=[ -]\D)")
MAX_WORDS = 4000


def hardness(status: str, words: str) -> Hardness:
    """How bad it is, from a status like "5.1.1" ("" when there is none) and the words."""
    words = words[:MAX_WORDS]
    reason = reason_given(status, words)
    if reason:
        return reason
    code, reply = _code(status, words), REPLY.search(words)
    if code:
        return _longest(OTHERWISE, code) or "soft"
    return REPLIES.get(reply[1], "soft") if reply else "soft"


def reason_given(status: str, words: str) -> Hardness | None:
    """The same where a code or the words tell why; None where only the class or a reply does."""
    words = words[:MAX_WORDS]
    code, reply = _code(status, words), REPLY.search(words)
    if code.startswith("4") or (not code and reply and reply[1].startswith("4")):
        return "soft"
    decided = _longest(DECIDED, code) if code else None
    return decided or next((level for level, pattern in WORDS if pattern.search(words)), None)


def code_in(words: str) -> str:
    """The enhanced status code that a text gives, best the one after a reply code; else ""."""
    found = AFTER_REPLY.search(words) or CODE.search(words)
    return found[1] if found else ""


def says_later(words: str) -> bool:
    """Whether a text without fields only tells of a delay."""
    return LATER.search(words[:MAX_WORDS]) is not None


def _code(status: str, words: str) -> str:
    """The code that tells most: the status, the one in the words, or a general one."""
    return _telling(status.strip()) or _telling(code_in(words)) or status.strip()


def _telling(code: str) -> str:
    """The code, unless it is too general to say anything."""
    return "" if code in ("", "5.0.0", "4.0.0", "5.5.0", "5.3.0", "5.4.0", "5.2.0") else code


def _longest(table: dict[str, Hardness], code: str) -> Hardness | None:
    parts = code.split(".")
    keys = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((table[key] for key in keys if key in table), None)
