"""Words that promise more than one study can tell.

They warn only: the sources' words are theirs, and "no cure yet" or "a breakthrough infection" is
plain speech. The list follows what health journalists and press offices are warned of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, listed, warns


class Hype(NamedTuple):
    """A pattern in small letters, and why its words promise too much."""

    pattern: str
    reason: str


# A breakthrough seizure, infection or relapse comes through a treatment; "breakthrough therapy"
# is a rank that the FDA gives.
_IN_MEDICINE = (
    r"(?![ -](?:infections?|seizures?|pain|bleeding|relapses?|diseases?|activity|symptoms?|cases?"
    r"|attacks?|fever|lesions?|inflammation|covid|therapy designation|device))"
)
WORDS = (
    Hype(rf"break-?throughs?{_IN_MEDICINE}", "one study is hardly ever a turning point"),
    Hype(r"miracles?|miraculous(?:ly)?", "nothing in medicine is one"),
    Hype(r"cured(?! (?:meat|ham|fish))|cures?(?! rates?)|curing", "nothing is known to cure MS"),
    Hype(r"game[- ]chang(?:er|ers|ing)", "later studies show what changes care"),
    Hype(r"revolution(?:ary|i[sz]e[sd]?|i[sz]ing)", "later studies show what changes care"),
    Hype(r"wonder[- ](?:drug|cure|pill|treatment)s?", "every drug has limits"),
    Hype(r"astonish(?:ing|ingly|ed)|astound(?:ing|ingly|ed)", "it tells readers what to feel"),
    Hype(r"(?:stunning|sensational|amazing|incredible|spectacular)(?:ly)?", "it praises only"),
    Hype(r"ground-?breaking|earth-?shattering|mind-?blowing", "it praises only"),
    Hype(r"(?:magic|silver) bullets?|holy grail|panacea", "no one treatment helps all"),
    Hype(r"once and for all|100 ?% (?:effective|safe)|completely safe", "no study shows so much"),
)  # fmt: skip
_ANY = re.compile(
    r"\b(?:" + "|".join(f"(?P<w{n}>{hype.pattern})" for n, hype in enumerate(WORDS)) + r")\b",
    re.IGNORECASE,
)
# Among the six words before it in a clause: "not a cure", "no drug that cures", "until a cure".
_DENIED = re.compile(
    r"\b(?:no|not|never|cannot|nor|neither|without|nothing|none|until|rather than|far from|unlikely"
    r"|\w+n['’]t)\b",
    re.IGNORECASE,
)
_WORDS_BEFORE = 6
# What people look for is not promised: "the search for a cure", "on the path to the cure".
_SOUGHT = re.compile(
    r"\b(?:search\w*|look(?:ing)?|hunt|quest|race|hop(?:e|ing)|work(?:ing)?|wait(?:ing)?|path|road"
    r"|towards?|find(?:ing)?)(?: (?:for|to|on|find|a|an|the)){0,5}$",
    re.IGNORECASE,
)


def hype(mail: Mail) -> Iterator[Finding]:
    """In the sources' words study by study, then in ours."""
    for study in mail.studies:
        texts = (study.card.title, *study.sentences)
        mend = "These are its source's words: see that the caveat tempers them, or hold it."
        yield from _told(study.where, hyped("\n".join(texts)), mend)
    for article in mail.round_ups:
        yield from _told(article.where, hyped(article.link.title), "These are its source's words.")
    opening = ("subject", mail.rendition.subject), ("preheader", mail.rendition.preheader)
    known: set[str] = set()
    for place, text in (*opening, ("introduction", mail.contents.intro)):
        found = hyped(text)
        known |= set(found)
        yield from _told(mail.at(place), found, "Say plainly what was found.")
    publication = mail.edition.publication  # "Cure Them All" may be the publisher's name
    ours = mail.seen.ours.replace(publication.name, " ").replace(publication.postal_address, " ")
    rest = {word: why for word, why in hyped(ours).items() if word not in known}
    yield from _told(mail.at("our own words"), rest, "Look into themes.yaml and your templates.")


def hyped(text: str) -> dict[str, str]:
    """Each such word of `text` in small letters, with its reason."""
    found: dict[str, str] = {}
    for match in _ANY.finditer(text):
        clause = re.split(r"[.!?;:\n]", text[max(0, match.start() - 80) : match.start()])[-1]
        before = " ".join(re.findall(r"[\w'’]+", clause)[-_WORDS_BEFORE:])
        if not (_DENIED.search(before) or _SOUGHT.search(before)):
            group = match.lastgroup or "w0"
            found.setdefault(match[0].casefold(), WORDS[int(group[1:])].reason)
    return found


def _told(where: str, found: dict[str, str], mend: str) -> Iterator[Finding]:
    if found:
        words = [f"“{word}” ({reason})" for word, reason in found.items()]
        yield warns("hype", where, f"it promises much: {listed(words)}", mend)
