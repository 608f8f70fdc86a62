"""Where a title leads: to the summary's own address, or to its anchor on our page of the issue.

Law 7: our addresses hold a number, an audience and a position, never a slug (it may name a
diagnosis). Law 8: only a well-formed http(s) address is followed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna

from digest.values import Edition, Summary

# RFC 3986 section 2: the characters that an address may hold as they are.
_ADDRESS_CHARACTERS = "/:?#[]@!$&'()*+,;=%~-._"
# RFC 3986 section 3.2: a host, or an IPv6 address in brackets, and a port.
_SITE = re.compile(r"([^:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
# RFC 1123 section 2.1, and the underscore that many real names have.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")  # a last label that browsers read as IPv4
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 section 3.1
_LONGEST_HOST = 253  # characters without the dot of the root: RFC 1035 section 2.3.4


def study_anchor(position: int) -> str:
    """The id of a card, counted from 1 through the whole edition."""
    return f"study-{position}"


def article_anchor(position: int) -> str:
    """The id of an article's link, counted from 1."""
    return f"article-{position}"


def issue_address(edition: Edition) -> str:
    """The public page of this edition."""
    return page_address(edition.publication.site_url, edition.number, edition.wording.audience)


def page_address(site_url: str, number: int, audience: str) -> str:
    """The public page of one edition of an issue, below the address of its site."""
    return f"{site_url}/issues/{number}/{audience}"


def address_of(summary: Summary, anchor: str, edition: Edition) -> str:
    """The address behind a title."""
    return own_address(summary) or f"{issue_address(edition)}#{anchor}"


def own_address(summary: Summary) -> str | None:
    """The summary's own http(s) address in plain ASCII; None when it has none that is safe."""
    try:
        return plain_address(summary.url.strip())
    except ValueError:
        return None


def plain_address(address: str) -> str:
    """An http(s) address in plain ASCII, if every mail client can follow it.

    Raises ValueError if not; its words say what is wrong with it: "names no site".
    """
    parts = read_address(address)
    if not parts.scheme:
        raise ValueError("is no whole address: it has no https:// before it")
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"starts with {parts.scheme}: where a mail may use https, http and mailto")
    netloc = parts.netloc
    if "@" in netloc:  # a name before the host passes one site off as another
        raise ValueError("holds a name before its host, as forged addresses do")
    if not netloc or netloc[0] == ":":
        raise ValueError("names no site")
    site = _SITE.fullmatch(netloc)
    if not site or (site[2] and not 0 < int(site[2]) < 65536):
        raise ValueError("names a host or a port that cannot exist")
    if len(site[1]) > _LONGEST_HOST + 1:  # it is not worth a place in the cache
        raise ValueError("names a host that is too long")
    host = _plain_host(site[1])
    if host != site[1]:
        parts = parts._replace(netloc=host + netloc[site.end(1) :])
    return quote(urlunsplit(parts), safe=_ADDRESS_CHARACTERS)


def read_address(address: str) -> SplitResult:
    """The parts of an address of any scheme. Raises ValueError, as `plain_address` does."""
    if not address.isprintable() or " " in address or "\\" in address:
        raise ValueError("holds a blank, a backslash or a control character")
    try:
        return urlsplit(address)
    except ValueError:  # a broken bracket, or letters that stand for a slash or an @
        raise ValueError("cannot be read as an address") from None


def full_texts(edition: Edition) -> tuple[tuple[str, Summary], ...]:
    """What only our own page can show in full: (anchor, summary or article) without address."""
    studies = ((study_anchor(n), item.summary) for n, item in enumerate(edition.items, 1))
    articles = ((article_anchor(n), one) for n, one in enumerate(edition.articles, 1))
    return tuple(
        (anchor, summary) for anchor, summary in (*studies, *articles) if not own_address(summary)
    )


@lru_cache(maxsize=1024)  # the studies of an issue share a few hosts
def _plain_host(host: str) -> str:
    """A host as DNS has it. Raises ValueError for what can be none."""
    try:
        if host.startswith("["):
            IPv6Address(host[1:-1])
            return host
        labels = [_plain_label(label) for label in _DOTS.split(host.removesuffix("."))]
        plain = ".".join(labels)
        if _NUMBER.fullmatch(labels[-1]):
            IPv4Address(plain)
    except ValueError:  # those of idna and ipaddress among them
        raise ValueError("names a host that cannot exist") from None
    if len(plain) > _LONGEST_HOST:
        raise ValueError("names a host that is too long")
    return f"{plain}." if host.endswith(".") else plain


def _plain_label(label: str) -> str:
    plain = label if label.isascii() else idna.encode(label, uts46=True).decode("ascii")
    if not _LABEL.fullmatch(plain):
        raise ValueError
    if plain[:4].lower() == "xn--":
        idna.ulabel(plain)  # raises for what stands for no letters
    return plain
