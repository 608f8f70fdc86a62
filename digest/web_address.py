"""Addresses of web pages: which can be followed, and the one form of those that mean one page.

In: an address as anybody may write it. Out: plain ASCII, or ValueError with what is wrong. Keeps
law 8: what is gathered, fetched, linked and mailed are well-formed http(s) addresses alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna

# What is added to an address to tell who followed it, and says nothing of the page. `ref`,
# `source` and `id` are not among them: sites choose their pages by these.
TRACKING = (
    "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "ysclid",
    "twclid", "ttclid", "li_fat_id", "igshid", "igsh", "mc_cid", "mc_eid", "_hsenc", "_hsmi",
    "hsctatracking", "__hstc", "__hssc", "__hsfp", "mkt_tok", "vero_id", "vero_conv", "wickedid",
    "ref_src", "ref_url", "spm", "cmpid", "_ga", "_gl", "oly_anon_id", "oly_enc_id", "rb_clickid",
    "s_cid", "ml_subscriber", "ml_subscriber_hash", "ck_subscriber_id", "_openstat", "xtor",
)  # fmt: skip
TRACKING_FAMILIES = ("utm_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_")
DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 3986 section 2: the characters that an address may hold as they are.
_ADDRESS_CHARACTERS = "/:?#[]@!$&'()*+,;=%~-._"
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")  # RFC 3986 section 2.3
# RFC 3986 section 3.2: a host, or an IPv6 address in brackets, and a port.
_SITE = re.compile(r"([^:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
# RFC 1123 section 2.1, and the underscore that many real names have.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")  # a last label that browsers read as IPv4
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 section 3.1
_LONGEST_HOST = 253  # characters without the dot of the root: RFC 1035 section 2.3.4


def plain_address(address: str) -> str:
    """An http(s) address in plain ASCII, if every mail client can follow it.

    Raises ValueError if not; its words say what is wrong with it: "names no site".
    """
    parts = read_address(address)
    if not parts.scheme:
        raise ValueError("is no whole address: it has no https:// before it")
    if parts.scheme not in DEFAULT_PORTS:
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


def canonical(address: str, *, keep_fragment: bool = False) -> str:
    """The one form of the http(s) addresses that mean one page, by RFC 3986 section 6.2.

    ASCII, the host in lower case without the dot of the root, no default port, dot segments
    resolved, escapes only where they are needed, no tracking parameters; the other parameters
    keep their order. `keep_fragment`: for the place on a page; what tracks in it goes too.
    Idempotent. Raises ValueError, as `plain_address` does.
    """
    parts = urlsplit(plain_address(address))
    return urlunsplit(
        (
            parts.scheme,
            _site(parts),
            _resolved(_unescaped(parts.path)),
            _untracked(_unescaped(parts.query)),
            _place(_unescaped(parts.fragment)) if keep_fragment else "",
        )
    )


def read_address(address: str) -> SplitResult:
    """The parts of an address of any scheme. Raises ValueError, as `plain_address` does."""
    if not address.isprintable() or " " in address or "\\" in address:
        raise ValueError("holds a blank, a backslash or a control character")
    try:
        return urlsplit(address)
    except ValueError:  # a broken bracket, or letters that stand for a slash or an @
        raise ValueError("cannot be read as an address") from None


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


def _site(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:
        host = f"[{IPv6Address(host)}]"
    port = parts.port
    return f"{host}:{port}" if port and port != DEFAULT_PORTS[parts.scheme] else host


def _unescaped(text: str) -> str:
    """Only what must be is escaped, in capitals; a stray % is one that must (section 6.2.2)."""

    def one(escape: re.Match[str]) -> str:
        if not escape[1]:
            return "%25"
        char = chr(int(escape[1], 16))
        return char if _UNRESERVED.fullmatch(char) else escape[0].upper()

    return _ESCAPE.sub(one, text)


def _resolved(path: str) -> str:
    """`path` without dot segments (section 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)


def _untracked(query: str) -> str:
    return "&".join(one for one in query.split("&") if one and not _tracks(one))


def _place(fragment: str) -> str:
    """A place on the page; not words to highlight, nor parameters that track."""
    place = fragment.partition(":~:")[0]
    return _untracked(place) if "=" in place else place


def _tracks(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return name in TRACKING or name.startswith(TRACKING_FAMILIES)
