"""What makes an entry itself, and by what the same study is known in another source.

Pure: an `Entry` in, keys out; `pipeline.keep` looks them up among what is stored. Keeps law 1:
the same study from two sources is one summary.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from digest.values import Entry

LONGEST = 600  # characters of an identity
WORDS = ("title", "headline", "found", "why", "limits", "body")
BETWEEN_WORDS = re.compile(r"\W+")
WORDS_ALONE = "text:"  # opens the identity of what has neither an id nor an address
# By what a study is known elsewhere, the surest first.
WAYS = ("doi", "pmid", "url", "text", "title")


class Told(Protocol):
    """An entry or a row: what readers see first of it."""

    @property
    def title(self) -> str: ...
    @property
    def headline(self) -> str: ...
    @property
    def body(self) -> str: ...


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
        "url": address_key(entry.url),
        "text": text_key(entry),
        "title": title_key(entry),
    }
    return {way: key for way, key in keys.items() if key}


def doi_key(doi: str) -> str:
    """A DOI for comparing: the case of its letters says nothing (DOI Handbook, 2.4)."""
    return doi.lower()


@lru_cache(maxsize=4096)  # it is asked for several times of each entry
def address_key(url: str) -> str:
    """An address for comparing: http or https, `www.` and a last slash say nothing of the page.

    The case of its path may.
    """
    page, rest = _parted(url.partition("://")[2] or url)
    return page.removeprefix("www.").removesuffix("/") + rest


def spellings(key: str) -> tuple[str, ...]:
    """The addresses that have this `address_key`."""
    page, rest = _parted(key)
    sites = ("https://", "http://", "https://www.", "http://www.")
    return tuple(f"{site}{page}{slash}{rest}" for site in sites for slash in ("", "/"))


def text_key(entry: Entry) -> str:
    """SHA-256 of all its words without case and punctuation.

    A title and a headline may come back with each year's finding: those two alone are no text.
    """
    # With what no word holds between the fields, two keys are equal only if each field is.
    words = "\n".join(_plain(getattr(entry, name)) for name in WORDS)
    return hashlib.sha256(words.encode()).hexdigest()


def title_key(entry: Entry) -> str:
    """SHA-256 of a summary's title without case and punctuation; "" for an article.

    A round-up has the same title every month, so its title says nothing.
    """
    words = _plain(entry.title)
    return hashlib.sha256(words.encode()).hexdigest() if words and entry.kind == "summary" else ""


def same_line(one: str, other: str) -> bool:
    """Whether two lines are equal but for case and punctuation."""
    return one == other or _plain(one) == _plain(other)


def shared_addresses(entries: Iterable[Entry]) -> frozenset[str]:
    """Keys of addresses that are nobody's own, for several things stand under each."""
    linked: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.url:
            linked.setdefault((address_key(entry.url), entry.kind), []).append(entry)
    return frozenset(key for (key, _), them in linked.items() if are_several(them))


def are_several(told: Sequence[Told]) -> bool:
    """Whether they have several titles, headlines or bodies.

    With only other words for what was found it is one page, told twice.
    """
    return len(told) > 1 and len({_opening(one) for one in told}) > 1


def _opening(told: Told) -> tuple[str, ...]:
    return _plain(told.title), _plain(told.headline), _plain(told.body)


def _parted(address: str) -> tuple[str, str]:
    """Up to its query or place, and from there on."""
    ends = min(len(address.partition("?")[0]), len(address.partition("#")[0]))
    return address[:ends], address[ends:]


def _plain(text: str) -> str:
    """The words alone, in lower case, a space between each two."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return BETWEEN_WORDS.sub(" ", folded).strip()


def _fit(identity: str) -> str:
    """What is too long to be stored keeps its beginning; its hash tells it from its like."""
    if len(identity) <= LONGEST:
        return identity
    return f"{identity[:500]}#{hashlib.sha256(identity.encode()).hexdigest()}"
