"""The body of a mail as bytes: quoted-printable, plain text before HTML.

In: texts of any letters. Out: ASCII lines of at most 76 that end in CRLF. No relay has a reason
to change a byte of them: none starts with a dot (which SMTP doubles, RFC 5321 4.5.2), none ends
in a blank. Written here, as `binascii.b2a_qp` keeps neither promise and writes some lines of 77.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LINE_END = re.compile(r"\r\n|\r")
UNPRINTABLE = re.compile(rb"[^\t\n -~]")
HEX = {bytes([byte]): b"=%02X" % byte for byte in range(256)}
SHORT = 75  # RFC 2045 6.7 (5): 76, less one for the "=" that breaks a line
SOFT_BREAK = b"=\r\n"
EQUALS, DOT = b"="[0], b"."[0]

# No quoted-printable line can hold "=_", so this never stands inside a part.
BOUNDARY = "=_digest_alternative"
# RFC 2046 5.1.4: the plainest part first, the one to be preferred last. The CRLF before a
# delimiter belongs to it and to no part.
PLAIN, HTML = (
    f"Content-Type: text/{subtype}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")
    for subtype in ("plain", "html")
)
BEFORE_PLAIN = (
    f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n--{BOUNDARY}\r\n'.encode(
        "ascii"
    )
    + PLAIN
)
BEFORE_HTML = f"\r\n--{BOUNDARY}\r\n".encode("ascii") + HTML
AFTER_HTML = f"\r\n--{BOUNDARY}--\r\n".encode("ascii")


def alternatives(text: str, html: str) -> bytes:
    """Both parts with the headers that tell of them."""
    encoded = (quoted_printable(text), quoted_printable(html))
    return b"".join((BEFORE_PLAIN, encoded[0], BEFORE_HTML, encoded[1], AFTER_HTML))


def only_text(text: str) -> bytes:
    """The plain part alone, with its headers; it reads back with a line end after it."""
    return PLAIN + quoted_printable(text) + after_text(text)


def after_text(text: str) -> bytes:
    """What ends the last line of a mail that is this text alone, where the text does not."""
    return b"" if text.endswith(("\n", "\r")) else b"\r\n"


def quoted_printable(text: str) -> bytes:
    """UTF-8 in quoted-printable (RFC 2045 6.7): reads back to the letter, its line ends as CRLF.

    What comes out may stand at the start of a line, and a soft break or a line end after it.
    """
    text = LINE_END.sub("\n", text) if "\r" in text else text
    raw = text.encode("utf-8").replace(b"=", b"=3D")
    raw = UNPRINTABLE.sub(lambda byte: HEX[byte[0]], raw)
    raw = raw.replace(b"..", b"=2E=2E")  # no two dots in a row: a line can be broken near any
    return b"\r\n".join([SOFT_BREAK.join(_short_lines(line)) for line in raw.split(b"\n")])


def _short_lines(line: bytes) -> Iterator[bytes]:
    """An escaped line in pieces of at most 75, broken neither in an escape nor before a dot."""
    if line.startswith(b"."):
        line = b"=2E" + line[1:]
    if line.endswith((b" ", b"\t")):
        line = line[:-1] + HEX[line[-1:]]
    start = 0
    while len(line) - start > SHORT:
        end = start + SHORT
        while line[end] == DOT or EQUALS in line[end - 2 : end]:
            end -= 1
        yield line[start:end]
        start = end
    yield line[start:]
