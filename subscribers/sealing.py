"""Texts that lie encrypted in the database: addresses, names, mails that wait (AES-256-GCM).

In: plain text and the data keys of the settings, the newest first. Out: bytes that begin with a
mark, and then the key's id and a nonce; `SealedTextField` and `SealedBytesField` do both ways, so
that no other room sees a ciphertext. An old key opens what it sealed until `digest keys rotate`
has sealed it anew. A site that turned encryption off knowingly stores plain bytes with a mark.
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.functions import Cast, Substr

from subscribers.errors import SubscribersError

PLAIN, SEALED = b"\x00", b"\x01"
KEY_ID = 4  # octets of a key's id
NONCE = 12  # octets; random: good for 2**32 texts of one key (NIST SP 800-38D, 8.3)


class Sealer:
    """Seals with the first of some keys, opens with any."""

    def __init__(self, keys: tuple[str, ...], *, seals: bool = True):
        self._by_id = {key_id(key): AESGCM(_derived(key)) for key in keys}
        self._id = key_id(keys[0]) if seals and keys else b""

    def seal(self, text: bytes, label: bytes) -> bytes:
        """The bytes to store. `label` names the column: what is moved to another does not open.

        An empty text is stored as empty: that somebody has no name is no secret.
        """
        if not self._id or not text:
            return PLAIN + text
        nonce = os.urandom(NONCE)
        return SEALED + self._id + nonce + self._by_id[self._id].encrypt(nonce, text, label)

    def open(self, stored: bytes, label: bytes) -> bytes:
        """The plain text. Raises SubscribersError when its key is not among ours."""
        if stored[:1] == PLAIN:
            return stored[1:]
        start = 1 + KEY_ID
        key = self._by_id.get(stored[1:start])
        try:
            if key is None or stored[:1] != SEALED:
                raise InvalidTag
            return key.decrypt(stored[start : start + NONCE], stored[start + NONCE :], label)
        except InvalidTag:
            raise SubscribersError(
                "a row cannot be decrypted with our data keys",
                where="DIGEST_DATA_KEY",
                mend="Put the key that sealed it back, after the newer one and a comma",
            ) from None

    @property
    def mark(self) -> bytes:
        """How everything begins that is sealed now; b"" where nothing is."""
        return SEALED + self._id if self._id else b""


def sealer() -> Sealer:
    """The one of the settings."""
    return _sealer(tuple(settings.SUBSCRIBERS_DATA_KEYS), bool(settings.SUBSCRIBERS_SEAL))


@lru_cache(maxsize=4)
def _sealer(keys: tuple[str, ...], seals: bool) -> Sealer:
    return Sealer(keys, seals=seals)


def sealed_columns() -> list[_Sealed[Any]]:
    """Every sealed column of every table, in whatever app."""
    tables = (model._meta for model in apps.get_models())
    return [field for table in tables for field in table.local_fields if isinstance(field, _Sealed)]


def stored_rows(column: _Sealed[Any]) -> models.QuerySet[Any]:
    """A column's rows as they lie: `stored`, and `mark` (b"" of a plain text) to tell their keys.

    An empty text, which is stored as empty whatever the settings say, is left out.
    """
    raw: models.BinaryField[bytes, bytes] = models.BinaryField()
    rows = column.model._base_manager.order_by().annotate(stored=Cast(column.name, raw))
    start = Substr("stored", 1, 1 + KEY_ID, output_field=raw)
    sealed = models.When(stored__gte=SEALED, then=start)
    mark = models.Case(sealed, default=models.Value(b"", raw))
    found: models.QuerySet[Any] = rows.annotate(mark=mark).filter(stored__gt=PLAIN)
    return found


def outdated_rows(column: _Sealed[Any]) -> models.QuerySet[Any]:
    """Those of `stored_rows` that would be stored in another way now."""
    return stored_rows(column).exclude(mark=sealer().mark)


def key_id(key: str) -> bytes:
    """What names a key in a row, and tells nothing of it."""
    return hashlib.sha256(b"id of data key " + key.encode()).digest()[:KEY_ID]


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"subscribers sealing").derive(key.encode())


T = TypeVar("T")

if TYPE_CHECKING:

    class _Binary(models.BinaryField[T, T]): ...

else:

    class _Binary(models.BinaryField):
        __class_getitem__ = classmethod(lambda cls, of: cls)


class _Sealed(_Binary[T]):
    """A column whose texts are sealed on their way in, and opened on their way out.

    Nothing can be looked up by it: two seals of one text differ. A keyed hash beside it does that.
    """

    @cached_property
    def label(self) -> bytes:
        """The column's name: a part of every seal."""
        return f"{self.model._meta.db_table}.{self.column}".encode()

    def read(self, stored: bytes) -> Any:
        """What a row stores, opened. Raises SubscribersError when its key is not among ours."""
        return self._from_bytes(sealer().open(stored, self.label))

    def _to_bytes(self, value: Any) -> bytes:
        raise NotImplementedError

    def _from_bytes(self, value: bytes) -> Any:
        raise NotImplementedError

    def get_default(self) -> Any:
        return self.default if self.has_default() else self._from_bytes(b"")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None:
            value = sealer().seal(self._to_bytes(value), self.label)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else self.read(bytes(value))

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted; look it up by its keyed hash")


class SealedTextField(_Sealed[str]):
    """A text."""

    def _to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def _from_bytes(self, value: bytes) -> str:
        return value.decode()

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))


class SealedBytesField(_Sealed[bytes]):
    """Bytes."""

    def _to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def _from_bytes(self, value: bytes) -> bytes:
        return value
