"""The body of an answer: bytes as they came → content of at most 10 MB, unpacked in small steps.

Keeps law 8: 64 KB on the wire may hold gigabytes, so no unpacker is ever asked for more than a
step, and what came packed in an odd way is refused in one line.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from digest.errors import SourceError
from digest.sources.kind import MOST_BYTES  # on the wire, and after unpacking

MOST_PARTS = 100_000  # chunks, say: each is work, however small
STEP_BYTES = 1_000_000
MOST_MEMBERS = 1000  # a gzip or zstd body may be several in a row
ACCEPTED = "gzip, br, zstd"  # content codings, RFC 9110 8.4
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # how a member begins
ZSTD_WINDOW = 8 << 20  # the most that a sender may ask of us, RFC 9659
# zstd cannot be asked for a step: 4 bytes may hold a block of 128 KB (RFC 8878 3.1.1.2), so a
# step is what this many bytes can hold, 4 MB.
ZSTD_BYTES = 128
Step = Callable[[Any, bytes], Generator[bytes, None, bytes]]


class Broken(Exception):
    """What came is not what its sender says it is."""


def read_body(parts: Iterable[bytes], *, coding: str, length: str, shown: str) -> bytes:
    """The content, whole.

    `parts` as they come from the wire, `coding` and `length` as the headers Content-Encoding and
    Content-Length state them. Raises SourceError: too large, badly or strangely packed.
    """
    codings = [word for word in _words(coding) if word != "identity"]
    if len(codings) > 1:
        what = f"the answer is packed more than once ({coding[:100]})"
        raise SourceError(what, where=shown, mend="Tell the site")
    if length.isascii() and length.isdigit() and int(length[:20]) > MOST_BYTES:
        raise too_large(shown)
    content = bytearray()
    try:
        for part in unpacked(_capped(parts, shown), codings[0] if codings else ""):
            content += part
            if len(content) > MOST_BYTES:
                raise too_large(shown)
    except Broken as error:
        raise SourceError(str(error), where=shown, mend="Try again later", temporary=True) from None
    except LookupError:
        what = f"the answer is packed as “{codings[0][:40]}”, which we did not ask for"
        raise SourceError(what, where=shown, mend="Tell the site") from None
    return bytes(content)


def unpacked(parts: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """The content in steps of at most a few MB; `coding` "": as it came.

    Raises Broken for what is not whole, LookupError for a coding that we do not know.
    """
    if coding == "":
        return iter(parts)
    if coding in ("gzip", "x-gzip"):
        return _members(parts, GZIP, _begin_gzip, _inflate)
    if coding == "deflate":
        return _members(parts, b"", _begin_deflate, _inflate)
    if coding == "br":
        return _brotli(parts)
    if coding == "zstd":
        return _members(parts, ZSTD, _begin_zstd, _zstd)
    raise LookupError(coding)


def too_large(shown: str) -> SourceError:
    """The error for what nobody needs all of."""
    what = f"is larger than {MOST_BYTES // 1_000_000} MB"
    return SourceError(what, where=shown, mend="Ask the publisher for a smaller one")


def _words(stated: str) -> list[str]:
    return [word for part in stated.lower().split(",") if (word := part.strip())]


def _capped(parts: Iterable[bytes], shown: str) -> Iterator[bytes]:
    """A packed body may hold next to nothing for ever, and one of tiny chunks is all work."""
    came = 0
    for number, part in enumerate(parts, 1):
        came += len(part)
        if came > MOST_BYTES:
            raise too_large(shown)
        if number > MOST_PARTS:
            raise SourceError(
                f"comes in more than {MOST_PARTS:,} pieces", where=shown, mend="Tell the site"
            )
        yield part


def _members(
    parts: Iterable[bytes], magic: bytes, begin: Callable[[bytes], Any], step: Step
) -> Iterator[bytes]:
    """One member after the other; what follows the last and begins like none is padding.

    `begin` makes the unpacker of a member from its first bytes; `step` yields what a part holds
    and returns what is left of it when the member ended.
    """
    unpacker, members = None, 0
    for part in parts:
        rest = part
        while rest:
            if unpacker is None or unpacker.eof:
                if unpacker is not None and not (magic and magic.startswith(rest[: len(magic)])):
                    return
                members += 1
                if members > MOST_MEMBERS:
                    raise Broken("the answer is packed in too many pieces")
                unpacker = begin(rest)
            rest = yield from step(unpacker, rest)
    if unpacker is not None and not unpacker.eof:
        raise Broken("the answer is badly compressed: it ends too early")


def _begin_gzip(first: bytes) -> Any:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _begin_deflate(first: bytes) -> Any:
    """Some servers send it without the wrapping that RFC 9110 8.4.1.2 asks for."""
    checked = len(first) < 2 or int.from_bytes(first[:2], "big") % 31 == 0  # RFC 1950 2.2
    wrapped = first[0] & 0x0F == 8 and checked
    return zlib.decompressobj(wbits=zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _inflate(unpacker: Any, packed: bytes) -> Generator[bytes, None, bytes]:
    full = True
    try:
        while (packed or full) and not unpacker.eof:
            part = unpacker.decompress(packed, STEP_BYTES)
            packed, full = unpacker.unconsumed_tail, len(part) == STEP_BYTES
            yield part
    except zlib.error:
        raise Broken("the answer is badly compressed") from None
    return bytes(unpacker.unused_data)


def _begin_zstd(first: bytes) -> Any:
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()


def _zstd(unpacker: Any, packed: bytes) -> Generator[bytes, None, bytes]:
    import zstandard

    try:
        for start in range(0, len(packed), ZSTD_BYTES):
            end = start + ZSTD_BYTES
            yield unpacker.decompress(packed[start:end])
            if unpacker.eof:
                return bytes(unpacker.unused_data) + packed[end:]
    except zstandard.ZstdError:
        raise Broken("the answer is badly compressed") from None
    return b""


def _brotli(parts: Iterable[bytes]) -> Iterator[bytes]:
    import brotli  # type: ignore[import-untyped]

    unpacker, begun = brotli.Decompressor(), False
    try:
        for part in parts:
            begun = True
            yield unpacker.process(part, output_buffer_limit=STEP_BYTES)
            while not unpacker.can_accept_more_data():
                yield unpacker.process(b"", output_buffer_limit=STEP_BYTES)
        while begun and not unpacker.is_finished():  # it took all, but may hold a window of output
            rest = unpacker.process(b"", output_buffer_limit=STEP_BYTES)
            if not rest:
                raise Broken("the answer is badly compressed: it ends too early")
            yield rest
    except brotli.error:
        raise Broken("the answer is badly compressed") from None
