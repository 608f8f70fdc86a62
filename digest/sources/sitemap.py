"""Sitemaps (sitemaps.org 0.9): bytes → the pages that a site lists, and when they changed.

In: XML, XML of further sitemaps, or plain text with an address a line, each also gzipped. Keeps
law 8: no DTDs and no entities, all that is read is capped, and of a broken one what is whole
before the break counts.
"""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.parsers import expat

from digest.errors import SourceError
from digest.sources.charset import decode_xml
from digest.sources.kind import MOST_BYTES  # unpacked

MOST_ADDRESSES = 50_000  # of pages and sitemaps together (the protocol's own limit)
MOST_ELEMENTS = 500_000  # of 10 MB of them, made to be small, one would read for long
MOST_DEPTH = 20
MOST_LETTERS = 2_048  # of one field, an address too
HEAD = 4_096  # bytes in which the first element stands

GZIP = b"\x1f\x8b"
FIRST_ELEMENT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
WEB_ADDRESS = re.compile(r"https?://[^\s\"<>\x00-\x1f\x7f]+", re.IGNORECASE)
ROOTS = ("urlset", "sitemapindex")
FIELDS = {  # element within element → what it tells of a page
    ("url", "loc"): "url",
    ("url", "lastmod"): "changed",
    ("news", "publication_date"): "dated",
    ("sitemap", "loc"): "url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page as a listing names it; dates are as stated ("": not stated)."""

    url: str
    changed: str = ""  # <lastmod>
    dated: str = ""  # a news sitemap's <publication_date>


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What a sitemap lists: pages, or further sitemaps. `notes`: what of it could not be read."""

    pages: tuple[Listed, ...] = ()
    sitemaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def is_sitemap(content: bytes) -> bool:
    """Whether this is a sitemap, to be told from a page of HTML by how it begins."""
    head = _head(_unpacked(content, HEAD)[0])
    return _root(head) in ROOTS or _is_list(head)


def read_sitemap(content: bytes, place: str) -> Sitemap:
    """What the sitemap found at `place` lists, in its order, each address once.

    Addresses that are none of http or https, or longer than 2,048 letters, are passed over and
    counted in a note. Raises SourceError when it is no sitemap, or states a DTD.
    """
    content, note = _unpacked(content, MOST_BYTES)
    head = _head(content)
    listing = _Listing()
    if note:
        listing.notes.append(f"{place}: {note}")
    if _is_list(head):
        _read_list(decode_xml(content), listing, place)
    elif _root(head) in ROOTS:
        _read_xml(decode_xml(content), listing, place)
    else:
        raise SourceError(
            "is no sitemap",
            where=place,
            mend="Name the address of its sitemap, or of a page that lists its articles",
        )
    return listing.sitemap(place)


class _Listing:
    """What was read so far."""

    def __init__(self) -> None:
        self.pages: dict[str, Listed] = {}
        self.sitemaps: dict[str, None] = {}
        self.notes: list[str] = []
        self.passed_over = 0

    @property
    def is_full(self) -> bool:
        return len(self.pages) + len(self.sitemaps) + self.passed_over >= MOST_ADDRESSES

    def add(self, element: str, fields: dict[str, str]) -> None:
        url = fields.get("url", "")
        if not _is_web_address(url):
            self.passed_over += 1
        elif element == "sitemap":
            self.sitemaps.setdefault(url)
        elif url not in self.pages:
            self.pages[url] = Listed(**fields)

    def sitemap(self, place: str) -> Sitemap:
        if self.passed_over:
            self.notes.append(f"{place}: {self.passed_over} entries without a web address")
        return Sitemap(
            pages=tuple(self.pages.values()),
            sitemaps=tuple(self.sitemaps),
            notes=tuple(self.notes),
        )


class _Enough(Exception):
    """Stops the parser; says what to note."""


class _Parser:
    """Fills a listing from expat's events: a bounded stack, and a field only while it is open."""

    def __init__(self, listing: _Listing, place: str):
        self._listing, self._place = listing, place
        self._path: list[str] = []
        self._fields: dict[str, str] = {}
        self._field = ""
        self._text: list[str] = []
        self._letters = 0
        self._elements = 0

    def parse(self, text: str) -> None:
        parser = expat.ParserCreate()  # without namespaces: many sitemaps forget to declare one
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_dtd
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.Parse(text, True)  # as str, so that no encoding is declared anew

    def _refuse_dtd(self, *_: object) -> None:
        raise SourceError(
            "states a DTD, which may hide entities; it was not read",
            where=self._place,
            mend="Ask the site for a sitemap without <!DOCTYPE …>",
        )

    def _start(self, name: str, _: object) -> None:
        self._elements += 1
        if len(self._path) >= MOST_DEPTH or self._elements > MOST_ELEMENTS:
            raise _Enough("is nested too deeply or too finely; what follows was not read")
        element = name.rpartition(":")[2].lower()
        if element in ("url", "sitemap"):
            if self._listing.is_full:
                raise _Enough(f"lists more than {MOST_ADDRESSES:,} addresses; the rest waits")
            self._fields = {}
        parent = self._path[-1] if self._path else ""
        self._field = FIELDS.get((parent, element), "")
        self._text, self._letters = [], 0
        self._path.append(element)

    def _end(self, _: str) -> None:
        element = self._path.pop()
        if self._field:
            self._fields.setdefault(self._field, "".join(self._text).strip())
            self._field = ""
        if element in ("url", "sitemap") and self._path and self._path[-1] in ROOTS:
            self._listing.add(element, self._fields)

    def _data(self, text: str) -> None:
        if self._field and self._letters <= MOST_LETTERS:  # one more is one too many
            self._text.append(text[: MOST_LETTERS + 1])
            self._letters += len(text)


def _read_xml(text: str, listing: _Listing, place: str) -> None:
    try:
        _Parser(listing, place).parse(text)
    except _Enough as enough:
        listing.notes.append(f"{place}: {enough}")
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        listing.notes.append(
            f"{place}: is broken at line {error.lineno} ({reason}); what follows was not read"
        )


def _read_list(text: str, listing: _Listing, place: str) -> None:
    for line in text.splitlines():
        if not line.strip():
            continue
        if listing.is_full:
            listing.notes.append(
                f"{place}: lists more than {MOST_ADDRESSES:,} addresses; the rest waits"
            )
            return
        listing.add("url", {"url": line.strip()})


def _unpacked(content: bytes, most: int) -> tuple[bytes, str]:
    """The content without its gzip, at most `most` bytes of it, and a note on what is missing."""
    if not content.startswith(GZIP):
        return content[:most], _cut(len(content) > most)
    unpack = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        made = unpack.decompress(content, most)
        if unpack.eof:
            return made, ""
        return made, _cut(len(made) >= most) or "is cut off; what is there was read"
    except zlib.error:
        return _before_the_break(content, most), "is badly compressed; what is whole was read"


def _before_the_break(content: bytes, most: int) -> bytes:
    """What can be unpacked where the middle is damaged, or the checksum is not right."""
    unpack, made, place = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), bytearray(), 0
    before = unpack
    for step in (HEAD, 1):  # the part that breaks is read once more, byte by byte
        with suppress(zlib.error):
            while place < len(content) and len(made) < most:
                before = unpack.copy()
                made += unpack.decompress(content[place : place + step], most - len(made))
                place += step
        unpack = before
    return bytes(made)


def _cut(is_cut: bool) -> str:
    return f"is larger than {MOST_BYTES // 1_000_000} MB; the rest was not read" if is_cut else ""


def _head(content: bytes) -> str:
    return COMMENT.sub("", decode_xml(content[:HEAD]))


def _root(head: str) -> str:
    first = FIRST_ELEMENT.search(head)
    return first[1].lower() if first else ""


def _is_list(head: str) -> bool:
    """Plain text: the first line with anything on it is an address."""
    return WEB_ADDRESS.fullmatch(head.strip().partition("\n")[0].strip()) is not None


def _is_web_address(url: str) -> bool:
    if len(url) > MOST_LETTERS or not WEB_ADDRESS.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
