"""Bodies packed and plain: bombs stay small, and what is not whole is never taken for whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.fetch import MOST_BYTES
from digest.sources.fetch.bodies import MOST_MEMBERS, STEP_BYTES, Broken, read_body, unpacked
from tests.sources.fetch.sites import Opener, get, refused, says

MEGABYTE = bytes(1 << 20)
TEXT = "Fatigue in MS – what helps? ".encode() * 9000


def deflated(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(data) + packer.flush()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def read(parts: Iterable[bytes], coding: str, length: str = "") -> bytes:
    return read_body(parts, coding=coding, length=length, shown="http://x/")


def in_parts(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("size", [1, 700, 65536])
def test_what_was_packed_is_unpacked_however_it_comes(coding: str, size: int) -> None:
    data = TEXT if size > 1 else TEXT[:3000]
    assert read(in_parts(PACKED[coding](data), size), coding) == data
    assert read([], coding) == b""


def test_the_name_of_a_coding_is_read_as_http_says(open_site: Opener) -> None:
    site = open_site(feed=says(gzip.compress(TEXT), Content_Encoding=" GZip , identity"))
    assert get(f"{site.url}/feed") == TEXT
    assert site.asked[0][1]["Accept-Encoding"] == "gzip, br, zstd"


def test_deflate_without_its_wrapping_is_unpacked_too() -> None:
    assert read([deflated(TEXT, -15)], "deflate") == TEXT


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_in_a_row_are_one_body_and_padding_is_none(coding: str) -> None:
    packed = PACKED[coding](b"one ") + PACKED[coding](b"two")
    for size in (1, 5, 1000):
        assert read(in_parts(packed + b"\0\0\0", size), coding) == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_without_end_are_refused(coding: str) -> None:
    with pytest.raises(SourceError, match="too many pieces"):
        read([PACKED[coding](b"") * (MOST_MEMBERS + 1)], coding)


@pytest.mark.parametrize("coding", [coding for coding in PACKED if coding])
def test_what_ends_too_early_or_is_not_packed_at_all_is_an_error(coding: str) -> None:
    whole = PACKED[coding](TEXT)
    for body in (whole[:-1], whole[: len(whole) // 2], whole[:1], b"<html>not packed</html>"):
        with pytest.raises(SourceError, match="badly compressed") as caught:
            read([body], coding)
        assert caught.value.temporary


@pytest.mark.parametrize(
    ("coding", "what"),
    [
        ("gzip, br", "is packed more than once (gzip, br)"),
        ("gzip, gzip", "is packed more than once (gzip, gzip)"),
        ("rot13", "is packed as “rot13”, which we did not ask for"),
        ("x" * 9999, "is packed as “" + "x" * 40 + "”"),
    ],
)
def test_what_is_strangely_packed_is_refused(open_site: Opener, coding: str, what: str) -> None:
    site = open_site(feed=says(b"hello", Content_Encoding=coding))
    error = refused(f"{site.url}/feed")
    assert what in error.what
    assert not error.temporary


# ── bombs ─────────────────────────────────────────────────────────────────────────────────


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    first, again = (packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * 1000


def brotli_bomb() -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(MEGABYTE) for _ in range(1000)) + bytes(packer.finish())


def zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(packer.compress(MEGABYTE) for _ in range(1000)) + packer.flush()


def memory(which: str, *, start_anew: bool = False) -> int:
    """Bytes that this process holds (VmRSS) or held at most (VmHWM) since it was to start anew."""
    if start_anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{which}:")[2].split()[0]) * 1024


BOMBS = [("gzip", gzip_bomb), ("br", brotli_bomb), ("zstd", zstd_bomb)]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells")
@pytest.mark.parametrize(("coding", "bomb"), BOMBS, ids=[coding for coding, _ in BOMBS])
def test_a_bomb_of_a_gigabyte_costs_little_and_is_refused(
    open_site: Opener, coding: str, bomb: Callable[[], bytes]
) -> None:
    packed = bomb()
    site = open_site(feed=says(packed, Content_Encoding=coding))
    before = memory("VmRSS", start_anew=True)
    error = refused(f"{site.url}/feed")
    assert error.what == "is larger than 10 MB"
    assert memory("VmHWM") - before < 64_000_000


@pytest.mark.parametrize(("coding", "bomb"), BOMBS, ids=[coding for coding, _ in BOMBS])
def test_an_unpacker_never_gives_more_than_a_step(coding: str, bomb: Callable[[], bytes]) -> None:
    came = 0
    for part in unpacked(in_parts(bomb(), 65536), coding):
        assert len(part) <= 5 * STEP_BYTES
        came += len(part)
        if came > 10 * MOST_BYTES:
            return
    pytest.fail(f"only {came} bytes came")


def test_a_window_larger_than_the_web_allows_is_refused() -> None:
    packer = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=27)
    ).compressobj()
    with pytest.raises(SourceError, match="badly compressed"):
        read([packer.compress(MEGABYTE * 2) + packer.flush()], "zstd")


def test_a_packed_body_that_holds_nothing_for_ever_is_cut() -> None:
    came: list[int] = []

    def for_ever() -> Iterator[bytes]:
        yield gzip.compress(b"")[:10]
        for _ in range(300):
            came.append(1)
            yield b"\0\0\0\xff\xff" * 20000  # stored blocks of no bytes

    with pytest.raises(SourceError, match="larger than 10 MB"):
        read(for_ever(), "gzip")
    assert len(came) <= 101


def test_a_stated_length_over_the_limit_is_not_read_at_all() -> None:
    def never() -> Iterator[bytes]:
        pytest.fail("was read")
        yield b""

    for length in (str(MOST_BYTES + 1), "9" * 5000):
        with pytest.raises(SourceError, match="larger than 10 MB"):
            read(never(), "", length)
    assert read([b"x" * MOST_BYTES], "", str(MOST_BYTES)) == b"x" * MOST_BYTES


@given(st.sampled_from(sorted(PACKED)), st.lists(st.binary(max_size=60), max_size=4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_an_unpacker_fail_with_an_error_not_its_own(
    coding: str, parts: list[bytes], begins_well: bool
) -> None:
    begun = [PACKED[coding](TEXT[:50])[:20], *parts] if begins_well else parts
    with suppress(Broken):
        assert all(isinstance(part, bytes) for part in unpacked(iter(begun), coding))
