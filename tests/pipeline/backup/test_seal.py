"""The sealed file: whatever is done to it is noticed, and it tells nothing but its header."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Keys
from digest.errors import Refused
from digest.pipeline.backup import seal
from digest.pipeline.backup.seal import MAGIC, Opening, Sealing, new_header

KEYS = Keys("s" * 64, "d" * 64, "h" * 64)
LINES = [b"canary %d" % n for n in range(40)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a few hundred octets has several."""
    monkeypatch.setattr(seal, "CHUNK", 64)


def sealed(lines: list[bytes] = LINES, keys: Keys = KEYS) -> bytes:
    file = io.BytesIO()
    header = new_header(keys, taken_at="2026-11-21T12:00:00", version="0.1.0", schema=["a.1"],
                        counts={"t": len(lines)})  # fmt: skip
    sealing = Sealing(file, header, keys)
    for line in lines:
        sealing.write(line + b"\n")
    sealing.end()
    return file.getvalue()


def opened(content: bytes, keys: Keys = KEYS) -> list[bytes]:
    return list(Opening(io.BytesIO(content), keys, "x.backup").lines())


def borders(content: bytes) -> list[int]:
    """Where each chunk begins, and where the last one ends."""
    place = len(MAGIC)
    found = []
    while place < len(content):
        place += 4 + int.from_bytes(content[place : place + 4], "big")
        found.append(place)
    return found


def test_what_was_sealed_opens_and_lies_nowhere_in_the_file() -> None:
    content = sealed()
    assert opened(content) == LINES
    assert b"canary" not in content
    assert len(borders(content)) > 4


def test_an_empty_backup_is_one_chunk() -> None:
    assert opened(sealed([])) == []


def test_a_cut_at_the_border_of_a_chunk_is_noticed() -> None:
    content = sealed()
    for border in borders(content)[:-1]:
        with pytest.raises(Refused, match="cut"):
            opened(content[:border])


@settings(max_examples=60)
@given(st.data())
def test_a_cut_anywhere_is_noticed(data: st.DataObject) -> None:
    content = sealed()
    with pytest.raises(Refused, match=r"cut|no backup"):
        opened(content[: data.draw(st.integers(0, len(content) - 1))])


@settings(max_examples=150)
@given(st.data())
def test_one_altered_octet_anywhere_is_noticed(data: st.DataObject) -> None:
    content = bytearray(sealed())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refused, match=r"altered|cut|no backup|another|format"):
        opened(bytes(content))


def test_chunks_that_changed_places_are_noticed() -> None:
    content = sealed([b"x" * 63] * 4)  # each chunk as long as the other
    at = borders(content)
    assert at[2] - at[1] == at[1] - at[0]
    moved = content[: at[0]] + content[at[1] : at[2]] + content[at[0] : at[1]] + content[at[2] :]
    with pytest.raises(Refused, match="chunk 1 is not"):
        opened(moved)


def test_a_chunk_that_was_left_out_or_doubled_is_noticed() -> None:
    content = sealed()
    at = borders(content)
    for changed in (content[: at[0]] + content[at[1] :], content[: at[1]] + content[at[0] :]):
        with pytest.raises(Refused, match="altered"):
            opened(changed)


def test_a_chunk_of_another_backup_under_the_same_key_is_noticed() -> None:
    one, other = sealed(), sealed()
    at, there = borders(one), borders(other)
    with pytest.raises(Refused, match="chunk 1"):
        opened(one[: at[0]] + other[there[0] : there[1]] + one[at[1] :])


def test_what_stands_after_the_end_is_noticed() -> None:
    with pytest.raises(Refused, match="after its end"):
        opened(sealed() + b"x")


def test_an_old_data_key_opens_and_another_one_is_refused_with_the_mend() -> None:
    content = sealed()
    assert opened(content, replace(KEYS, data_key=f"{'n' * 64}, {'d' * 64}")) == LINES
    with pytest.raises(Refused, match="DIGEST_DATA_KEY"):
        opened(content, replace(KEYS, data_key="n" * 64))


def test_another_hashing_key_is_refused_for_nobody_who_left_would_be_known() -> None:
    with pytest.raises(Refused, match="DIGEST_HASH_KEY"):
        opened(sealed(), replace(KEYS, hash_key="x" * 64))


def test_another_format_says_which_version_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "FORMAT", 2)
    content = sealed()
    monkeypatch.setattr(seal, "FORMAT", 1)
    with pytest.raises(Refused, match=r"format 2.*Install version 0\.1\.0"):
        opened(content)


@pytest.mark.parametrize("content", [b"", b"PK", MAGIC, MAGIC + b"\xff" * 40, b"x" * 200])
def test_what_is_no_backup_is_one_clear_line(content: bytes) -> None:
    with pytest.raises(Refused, match=r"cut|no backup|altered"):
        opened(content)
