"""What makes an entry itself, and by what the same study is known in another source.

Pure: an `Entry` in, keys out; `pipeline.keep` looks them up among what is stored. Keeps law 1:
the same study from two sources is one summary.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from digest.values import Entry

LONGEST = 600  # characters of an identity
WORDS_ALONE = "text:"  # opens the identity of what has neither an id nor an address
# By what a study is known elsewhere, the surest first.
WAYS = ("doi", "pmid", "url", "text", "title")


def identities(entry: Entry, source: str, text: str) -> tuple[str, ...]:
    """What makes an entry itself: the source's own id, else DOI, else address, else its words.

    The first is its identity; after an address comes what holds where that is shared. A source's
    ids mean nothing elsewhere, so they carry its name. A file's name is no identity: the same
    text in a file that moved stays one summary. `text`: its `text_key`.
    """
    if entry.guid:
        return (_fit(f"guid:{source}:{entry.guid}"),)
    # A study and an article about it are two things, whatever they share.
    kind = "article:" if entry.kind == "article" else ""
    if entry.doi:
        return (_fit(f"{kind}doi:{entry.doi.casefold()}"),)
    words = f"{kind}pmid:{entry.pmid}" if entry.pmid else f"{kind}{WORDS_ALONE}{text}"
    return (_fit(f"{kind}url:{entry.url}"), words) if entry.url else (words,)


def identity_within(source: str, identity: str) -> str:
    """The same where only one source is meant: several may state one DOI."""
    return _fit(f"in:{source}:{identity}")


def ways_of(entry: Entry) -> Mapping[str, str]:
    """By what it can be known elsewhere: way → key, only of what it states."""
    keys = {
        "doi": doi_key(entry.doi),
        "pmid": entry.pmid,
        "url": entry.url,
        "text": text_key(entry),
        "title": title_key(entry),
    }
    return {way: key for way, key in keys.items() if key}


def doi_key(doi: str) -> str:
    """A DOI for comparing: the case of its letters says nothing (DOI Handbook, 2.4)."""
    return doi.lower()


def text_key(entry: Entry) -> str:
    """SHA-256 of title, headline and body without case and punctuation."""
    # An article's title may come back every month; a summary's body is always empty.
    text = f"{entry.title} {entry.headline} {entry.body}"
    words = re.sub(r"\W+", " ", text.casefold()).strip()
    return hashlib.sha256(words.encode()).hexdigest()


def title_key(entry: Entry) -> str:
    """SHA-256 of a summary's title without case and punctuation; "" for an article.

    A round-up has the same title every month, so its title says nothing.
    """
    folded = unicodedata.normalize("NFKC", entry.title).casefold()
    words = re.sub(r"\W+", " ", folded).strip()
    return hashlib.sha256(words.encode()).hexdigest() if words and entry.kind == "summary" else ""


def shared_addresses(entries: Iterable[tuple[Entry, str]]) -> frozenset[str]:
    """Addresses that are nobody's own: entries with different `text_key`s link to each of them."""
    texts: dict[tuple[str, str], set[str]] = {}
    for entry, text in entries:
        if entry.url:
            texts.setdefault((entry.url, entry.kind), set()).add(text)
    return frozenset(url for (url, _), different in texts.items() if len(different) > 1)


def _fit(identity: str) -> str:
    """What is too long to be stored keeps its beginning; its hash tells it from its like."""
    if len(identity) <= LONGEST:
        return identity
    return f"{identity[:500]}#{hashlib.sha256(identity.encode()).hexdigest()}"
