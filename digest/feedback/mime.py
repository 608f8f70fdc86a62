"""A mail of anybody's → its headers and its parts, whatever is wrong with it.

In: bytes. Out: a `Part` with its leaves. Nothing here raises: what cannot be read is read as
less. Time is in proportion to the size, which the standard library's parser does not promise
for deep nesting (law 8: capped in size, depth and number of parts).
"""

from __future__ import annotations

import binascii
import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header

MAX_MAIL = 10 * 1024 * 1024  # bytes; a larger one is not read
MAX_DEPTH = 8
MAX_PARTS = 100
MAX_HEAD = 64 * 1024
MAX_HEADERS = 500
MAX_TEXT = 64 * 1024
MAX_ENCODED = 2000  # of a header in encoded words
Header = tuple[str, str]  # the name in lower case, the value unfolded

_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n|\A\r?\n")
_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,80})")
_PARAMETER = r";\s*{}\s*=\s*(?:\"([^\"]{{1,200}})\"|([^\s;\"]{{1,200}}))"
_BOUNDARY = re.compile(_PARAMETER.format("boundary"), re.IGNORECASE)
_CHARSET = re.compile(_PARAMETER.format("charset"), re.IGNORECASE)
_NAME = re.compile(r"([!-9;-~]{1,80})[ \t]*:(.*)", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
# No text in the sense of mail, and some of them take quadratic time.
_NO_CHARSETS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}


@dataclass(frozen=True, slots=True)
class Part:
    """A mail, or a leaf of one: type in lower case, headers in order, body with no encoding."""

    kind: str
    headers: tuple[Header, ...]
    body: bytes = field(repr=False)
    charset: str = "utf-8"

    def header(self, name: str) -> str:
        """The first header of this name (lower case), or ""."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, names: tuple[str, ...]) -> list[str]:
        """Every header of these names, in the order of `names`."""
        return [value for name in names for key, value in self.headers if key == name]

    @property
    def text(self) -> str:
        """The body as text (its first 64 KB), without markup if it is HTML."""
        text = _decoded(self.body[:MAX_TEXT], self.charset)
        return html.unescape(_TAG.sub(" ", text)) if self.kind == "text/html" else text


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail's own headers and its leaves in order."""

    top: Part
    leaves: tuple[Part, ...]

    def of_kind(self, *kinds: str) -> list[Part]:
        """The leaves of these types."""
        return [leaf for leaf in self.leaves if leaf.kind in kinds]


def read_mime(raw: bytes) -> Mail:
    """The mail with its leaves (at most 100, at most 8 deep). Never raises."""
    leaves: list[Part] = []
    for leaf in _leaves(raw, MAX_DEPTH):
        leaves.append(leaf)
        if len(leaves) >= MAX_PARTS:
            break
    headers, _ = _head_and_body(raw)
    return Mail(Part("message/rfc822", headers, b""), tuple(leaves))


def read_headers(raw: bytes) -> tuple[Header, ...]:
    """The header block at the start of some bytes, unfolded; lines that are no header are left."""
    unfolded: list[str] = []
    for line in _decoded(raw[:MAX_HEAD], "utf-8").splitlines():
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] += " " + line.strip()
        elif len(unfolded) < MAX_HEADERS:
            unfolded.append(line)
        else:
            break
    matches = (_NAME.fullmatch(line) for line in unfolded)
    return tuple((match[1].lower(), match[2].strip()) for match in matches if match)


def blocks(raw: bytes) -> list[Part]:
    """Groups of fields parted by blank lines, as in a delivery status (RFC 3464 2.1)."""
    groups = _BLANK.split(raw[:MAX_HEAD])
    return [Part("", headers, b"") for group in groups if (headers := read_headers(group))]


def plain_header(value: str) -> str:
    """A header with its encoded words (RFC 2047) read; as it is when they are broken."""
    value = value[:MAX_ENCODED]
    if "=?" not in value:
        return value
    try:
        words = decode_header(value)
    except (HeaderParseError, ValueError, LookupError):
        return value
    return "".join(
        word if isinstance(word, str) else _decoded(word, charset or "latin-1")
        for word, charset in words
    )


def _leaves(raw: bytes, depth: int) -> Iterator[Part]:
    headers, body = _head_and_body(raw)
    content_type = next((value for name, value in headers if name == "content-type"), "")
    match = _TYPE.match(content_type)
    kind = match[1].lower() if match else "text/plain"
    boundary = _parameter(_BOUNDARY, content_type)
    if kind.startswith("multipart/") and boundary and depth:
        for piece in _pieces(body, boundary):
            yield from _leaves(piece, depth - 1)
        return
    encoding = next((value for name, value in headers if name == "content-transfer-encoding"), "")
    charset = _parameter(_CHARSET, content_type) or "utf-8"
    yield Part(kind, headers, _transferred(body, encoding.strip().lower()), charset)


def _head_and_body(raw: bytes) -> tuple[tuple[Header, ...], bytes]:
    blank = _BLANK.search(raw, 0, MAX_HEAD)
    if blank is None:
        return read_headers(raw), b""
    return read_headers(raw[: blank.start()]), raw[blank.end() :]


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """RFC 2046 5.1.1, without preamble and epilogue; a missing last delimiter is forgiven."""
    delimiter = b"--" + re.escape(boundary.encode("utf-8", "replace"))
    lines = re.compile(rb"^" + delimiter + rb"(--)?[ \t]*\r?$\n?", re.MULTILINE)
    pieces, start = [], -1
    for line in lines.finditer(body):
        if start >= 0:
            pieces.append(body[start : line.start()])
        start = -1 if line[1] else line.end()
        if line[1] or len(pieces) >= MAX_PARTS:
            break
    if start >= 0:
        pieces.append(body[start:])
    return pieces


def _parameter(pattern: re.Pattern[str], value: str) -> str:
    found = pattern.search(value)
    return (found[1] or found[2]).strip() if found else ""


def _transferred(body: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64" and b":" not in body:  # else it says so and is none
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        try:
            return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
        except binascii.Error:
            return body
    return body


def _decoded(raw: bytes, charset: str) -> str:
    """Text without NUL; in a charset that is unknown or untrue, what UTF-8 or Latin-1 make."""
    try:
        if codecs.lookup(charset).name not in _NO_CHARSETS:
            return raw.decode(charset, "replace").replace("\0", "")
    except (LookupError, ValueError):
        pass
    return raw.decode("latin-1").replace("\0", "")
