"""Bytes of a page → text, whatever its server says of them. Never raises.

The order is that of the WHATWG's Encoding and HTML standards (byte order mark, header, <meta>),
but what is plainly UTF-8 is read as UTF-8, and a reader never meets a replacement character.
"""

from __future__ import annotations

import codecs
import re

HEAD = 1024  # bytes in which a page may name its charset (HTML 13.2.3.2)
MOST_STRAYS = 1_000  # bytes that are no UTF-8 before all of it is taken for something else
FALLBACK = "cp1252"

META = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.IGNORECASE)
DECLARATION = re.compile(rb"\A\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([^\"'>]+)[\"']")
COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
LABEL = re.compile(r"[a-z0-9_:.-]{1,40}")
UTF_16_STARTS = {
    b"<\0": "utf-16-le", b"\0<": "utf-16-be", b"{\0": "utf-16-le", b"\0{": "utf-16-be",
}  # fmt: skip

# Codecs of Python under which an encoding of the standard is known, and the one that reads it.
# What is not in here is no charset of the web ("hex", "utf-7", "idna" …) and is ignored.
READ_WITH = {
    "utf-8": "utf-8",
    "utf-16": "utf-16-le", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254",
    "iso8859-11": "cp874", "tis-620": "cp874", "cp874": "cp874",
    **{f"cp125{n}": f"cp125{n}" for n in range(9)},
    **{f"iso8859-{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    "koi8-r": "koi8-r", "koi8-u": "koi8-u", "cp866": "cp866",
    "mac-roman": "mac-roman", "mac-cyrillic": "mac-cyrillic",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs",
    "shift_jis": "cp932", "cp932": "cp932", "euc_jp": "euc_jp", "iso2022_jp": "iso2022_jp",
    "euc_kr": "cp949", "cp949": "cp949",
}  # fmt: skip
MORE_LABELS = {
    "unicode-1-1-utf-8": "utf-8", "unicode": "utf-16", "ucs-2": "utf-16",
    "windows-31j": "cp932", "windows-874": "cp874", "windows-949": "cp949",
    "iso-8859-8-i": "iso8859-8", "logical": "iso8859-8", "latin-9": "iso8859-15",
}  # fmt: skip
SEVERAL_BYTES = frozenset(
    {"utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "cp932", "euc_jp", "iso2022_jp"}
    | {"cp949"}
)


def decode_html(content: bytes, stated: str = "") -> str:
    """The text of a page; `stated` is the charset of its header ("": none). Without NULs."""
    head = COMMENT.sub(b"", content[:HEAD])
    return _decoded(content, _codec(stated) or _named(META, head) or _named(DECLARATION, head))


def decode_xml(content: bytes, stated: str = "") -> str:
    """The text of an XML document, likewise; it names its charset in its declaration.

    And of JSON, which names none. UTF-16 may come without a mark; both begin with a character
    that tells it (XML 1.0 appendix F, RFC 4627 section 3).
    """
    stated = UTF_16_STARTS.get(content[:2], stated)
    return _decoded(content, _codec(stated) or _named(DECLARATION, content[:HEAD]))


def _decoded(content: bytes, codec: str | None) -> str:
    for mark, marked in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            return _shown(content[2:].decode(marked, "ignore"))
    content = content.removeprefix(codecs.BOM_UTF8)
    if codec is None or codec == "utf-8" or _is_utf8_beyond_ascii(content, codec):
        return _shown(_utf8_with_strays(content))
    if codec not in SEVERAL_BYTES:  # the few bytes that it leaves open mean nothing
        return _shown(content.decode(codec, "ignore"))
    try:
        return _shown(content.decode(codec))
    except UnicodeError:
        return _shown(_utf8_with_strays(content))


def _is_utf8_beyond_ascii(content: bytes, codec: str) -> bool:
    """UTF-8 that says it is something else: letters of another charset are not by chance UTF-8.

    Of charsets with several bytes a letter only UTF-16 is doubted, where no NUL is in sight.
    """
    if codec.startswith("utf-16"):
        return b"\0" not in content[:HEAD]
    if codec in SEVERAL_BYTES or content.isascii():
        return False
    try:
        content.decode("utf-8")
    except UnicodeError:
        return False
    return True


def _utf8_with_strays(content: bytes) -> str:
    """UTF-8, and each byte that is none as windows-1252; all of it so, where these are many."""
    try:
        return content.decode("utf-8")
    except UnicodeError:
        kept = len(content.decode("utf-8", "ignore").encode("utf-8"))
    if len(content) - kept > MOST_STRAYS:
        return content.decode(FALLBACK, "ignore")
    return content.decode("utf-8", "digest.windows-1252")


def _stray_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode(FALLBACK, "ignore"), error.end


codecs.register_error("digest.windows-1252", _stray_bytes)


def _shown(text: str) -> str:
    return text.replace("\0", "")


def _named(pattern: re.Pattern[bytes], head: bytes) -> str | None:
    """The codec that a page names within itself: read so far as ASCII, it cannot be UTF-16."""
    for match in pattern.finditer(head):
        if codec := _codec(match[1].decode("ascii", "replace")):
            return "utf-8" if codec.startswith("utf-16") else codec
    return None


def _codec(label: str) -> str | None:
    """The codec that reads what goes by this label on the web; None: none does."""
    label = label.strip().strip("\"'").strip().lower()
    if not LABEL.fullmatch(label):
        return None
    for name in (label, label.removeprefix("x-")):
        try:
            known = codecs.lookup(MORE_LABELS.get(name, name)).name
        except (LookupError, ValueError):
            continue
        return READ_WITH.get(known)
    return None
