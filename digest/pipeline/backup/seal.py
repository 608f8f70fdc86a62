"""The sealed file of a backup: a header, then chunks of AES-256-GCM, the last one marked as last.

    "digest backup\\n" · length · header (JSON) · { length · chunk } … · { length · last chunk }

In: plain bytes and the data keys. Out: a file that tells nothing but its header, and plain bytes
again. Each chunk is bound to the header and to its place (RFC 5116; the STREAM construction), so
that one that is altered, moved, missing or from another backup does not open, and a file cut
between two chunks has no end. A fresh salt gives each backup a key of its own: nonces may count.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from digest.config import Keys
from digest.errors import Refused
from subscribers.sealing import key_id

MAGIC = b"digest backup\n"
FORMAT = 1
CHUNK = 1 << 20  # octets of plain text in a chunk
LARGEST_CHUNK = CHUNK + (1 << 12)  # what does not deflate grows by a few octets, and the tag
LARGEST_HEADER = 1 << 20
MORE, LAST = b"\x00", b"\x01"


@dataclass(frozen=True, slots=True)
class Header:
    """What stands readable at the start: when, by which version, and what is in it."""

    format: int
    taken_at: str  # ISO 8601 in UTC, to the microsecond: the departures file has the same mark
    version: str  # of the product
    schema: list[str]  # names of the migrations that its tables had
    counts: dict[str, int]  # table → rows
    key: str  # id of the data key, hexadecimal
    hash_key: str  # what tells whether the hashing key is the same; nothing of it
    salt: str  # hexadecimal

    @property
    def total(self) -> int:
        """Rows in all."""
        return sum(self.counts.values())


def hash_key_id(keys: Keys) -> str:
    """What names the hashing key: with another, nobody who left would be known again."""
    return hmac.new(keys.hash_key.encode(), b"digest backup", hashlib.sha256).hexdigest()[:16]


def new_header(
    keys: Keys, *, taken_at: str, version: str, schema: list[str], counts: dict[str, int]
) -> Header:
    """A header under the newest data key, with a fresh salt."""
    newest = key_id(keys.data_keys[0]).hex()
    salt = os.urandom(32).hex()
    return Header(FORMAT, taken_at, version, schema, counts, newest, hash_key_id(keys), salt)


class Sealing:
    """Writes a header and then what it is given, sealed; `end` writes the chunk that is last."""

    def __init__(self, file: IO[bytes], header: Header, keys: Keys):
        self._file = file
        raw = json.dumps(asdict(header), separators=(",", ":")).encode()
        self._cipher = _cipher(header, keys)
        self._bound = hashlib.sha256(raw).digest()
        self._waiting = bytearray()
        self._index = 0
        file.write(MAGIC + len(raw).to_bytes(4, "big") + raw)

    def write(self, plain: bytes) -> None:
        """Append; a chunk goes to the file whenever one is full."""
        self._waiting += plain
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), MORE)
            del self._waiting[:CHUNK]

    def end(self) -> None:
        """The rest, marked as last."""
        self._put(bytes(self._waiting), LAST)

    def _put(self, plain: bytes, mark: bytes) -> None:
        nonce, bound = _place(self._index, mark, self._bound)
        sealed = self._cipher.encrypt(nonce, zlib.compress(plain, 1), bound)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._index += 1


class Opening:
    """Reads what `Sealing` wrote. Raises Refused for what is cut, altered or not ours to open."""

    def __init__(self, file: IO[bytes], keys: Keys, where: str):
        self._file, self._where = file, where
        self.sha256 = hashlib.sha256()  # of the octets read so far
        if self._read(len(MAGIC)) != MAGIC:
            raise Refused("it is no backup of ours", where=where, mend="Name another file")
        raw = self._read(self._length(LARGEST_HEADER))
        self.header = self._header(raw)
        self._bound = hashlib.sha256(raw).digest()
        self._cipher = self._unlock(keys)

    def lines(self) -> Iterator[bytes]:
        """The plain text line by line; in memory at most a chunk and a line."""
        rest = b""
        for plain in self._chunks():
            *whole, rest = (rest + plain).split(b"\n")
            yield from whole
        if rest:
            raise self._altered("its last line has no end")

    def _chunks(self) -> Iterator[bytes]:
        index, last = 0, False
        while not last:
            sealed = self._read(self._length(LARGEST_CHUNK))
            last, plain = self._open(sealed, index)
            yield plain
            index += 1
        if self._file.read(1):
            raise self._altered("something stands after its end")

    def _open(self, sealed: bytes, index: int) -> tuple[bool, bytes]:
        for mark in (MORE, LAST):
            nonce, bound = _place(index, mark, self._bound)
            try:
                return mark == LAST, zlib.decompress(self._cipher.decrypt(nonce, sealed, bound))
            except InvalidTag:
                continue
        raise self._altered(f"chunk {index + 1} is not what was written there")

    def _unlock(self, keys: Keys) -> AESGCM:
        where = self._where
        if self.header.hash_key != hash_key_id(keys):
            raise Refused(
                "it was made with another hashing key: nobody who left would be known again",
                where=where,
                mend="Put the DIGEST_HASH_KEY of that site back",
            )
        for key in keys.data_keys:
            if key_id(key).hex() == self.header.key:
                return _cipher_of(key, self.header.salt)
        raise Refused(
            f"it was sealed with another data key (id {self.header.key})",
            where=where,
            mend="Put that key into DIGEST_DATA_KEY, after the newer one and a comma",
        )

    def _header(self, raw: bytes) -> Header:
        try:
            found = json.loads(raw)
            version, made = found["format"], found["version"]
        except (ValueError, TypeError, KeyError):
            raise self._altered("its header cannot be read") from None
        if version != FORMAT:
            raise Refused(
                f"it has format {version!r}, and this version reads {FORMAT}",
                where=self._where,
                mend=f"Install version {made} of the product, which wrote it",
            )
        try:
            header = Header(**found)
            bytes.fromhex(header.salt)
            fit = header.total >= 0 and len(header.schema) > 0
        except (TypeError, ValueError, AttributeError):
            fit = False
        if not fit:
            raise self._altered("its header cannot be read")
        return header

    def _length(self, largest: int) -> int:
        length = int.from_bytes(self._read(4), "big")
        if not 0 < length <= largest:
            raise self._altered("a length in it cannot be")
        return length

    def _read(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) < count:
            raise Refused(
                "it is cut: its end is missing", where=self._where, mend="Take another backup"
            )
        self.sha256.update(found)
        return found

    def _altered(self, how: str) -> Refused:
        mend = "Take another copy of it, or another backup"
        return Refused(f"it was altered or damaged: {how}", where=self._where, mend=mend)


def _cipher(header: Header, keys: Keys) -> AESGCM:
    return _cipher_of(keys.data_keys[0], header.salt)


def _cipher_of(key: str, salt: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=bytes.fromhex(salt), info=b"digest backup")
    return AESGCM(derived.derive(key.encode()))


def _place(index: int, mark: bytes, bound: bytes) -> tuple[bytes, bytes]:
    """Nonce and what else is authenticated, of the chunk at this place."""
    return index.to_bytes(11, "big") + mark, bound
