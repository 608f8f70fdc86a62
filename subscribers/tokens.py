"""The links in mails: signed, opaque, bound to one subscriber, one list and one purpose.

A token holds the subscriber's random public id and a keyed mark of the list (or of the new
address), never an address or a list's name. Leaving works for ever, confirming and changing an
address for seven days, undoing for one. Whatever is wrong with a
token, the answer is the same WrongToken. Old signing keys count (SECRET_KEY_FALLBACKS).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, Protocol

from django.conf import settings
from django.core import signing
from django.utils.encoding import force_bytes

from subscribers.lists import list_names

Purpose = Literal["leave", "confirm", "preferences", "change", "undo"]
CONFIRM_WITHIN = timedelta(days=7)
UNDO_WITHIN = timedelta(hours=24)
WITHIN: dict[Purpose, timedelta] = {
    "confirm": CONFIRM_WITHIN,
    "change": CONFIRM_WITHIN,
    "undo": UNDO_WITHIN,
}
MARK_LENGTH = 8  # base64url characters: 48 bits, enough to tell a handful of lists apart


class WrongToken(Exception):
    """Cut, altered, expired, or made for something else; which of these is not told."""


class Named(Protocol):
    """A subscriber, or what is known of one."""

    @property
    def public_id(self) -> str: ...


def make_token(purpose: Purpose, subscriber: Named, list_name: str) -> str:
    """A token for the path of a link: letters, digits, `-`, `_` and `.` only."""
    public_id = subscriber.public_id
    return _signer(purpose).sign(public_id + _mark(_hash_key(), public_id, list_name))


def read_token(purpose: Purpose, token: str) -> tuple[str, str]:
    """The public id and the list's name. Raises WrongToken; whether they exist is not asked."""
    value = _unsigned(purpose, token)
    public_id, mark = value[:-MARK_LENGTH], value[-MARK_LENGTH:]
    for list_name in list_names():
        if hmac.compare_digest(mark, _mark(_hash_key(), public_id, list_name)):
            return public_id, list_name
    raise WrongToken


@dataclass(frozen=True, slots=True)
class Confirming:
    """What a confirmation link says: who, which lists, and when it was made (whole seconds)."""

    public_id: str
    lists: tuple[str, ...]
    made_at: datetime


def confirm_token(subscriber: Named, lists: Sequence[str]) -> str:
    """A token that confirms some lists at once; of one list it is what `make_token` makes."""
    marks = "".join(_mark(_hash_key(), subscriber.public_id, name) for name in lists)
    return _signer("confirm").sign(subscriber.public_id + marks)


def read_confirm_token(token: str) -> Confirming:
    """What it says. Raises WrongToken; whether subscriber and lists exist is not asked."""
    try:
        value = _signer("confirm").unsign(token, max_age=CONFIRM_WITHIN)  # type: ignore[call-arg]
    except signing.BadSignature:
        raise WrongToken from None
    made_at = datetime.fromtimestamp(signing.b62_decode(token.rsplit(".", 2)[1]), UTC)
    for count in range(1, len(list_names()) + 1):
        public_id, marks = value[: -count * MARK_LENGTH], value[-count * MARK_LENGTH :]
        by_mark = {_mark(_hash_key(), public_id, name): name for name in list_names()}
        each = [marks[at : at + MARK_LENGTH] for at in range(0, len(marks), MARK_LENGTH)]
        if all(mark in by_mark for mark in each):
            return Confirming(public_id, tuple(by_mark[mark] for mark in each), made_at)
    raise WrongToken


def preferences_token(subscriber: Named) -> str:
    """A token for the preferences of a subscriber, whatever lists they are on."""
    return _signer("preferences").sign(subscriber.public_id)


def read_preferences_token(token: str) -> str:
    """The public id. Raises WrongToken; whether there is such a subscriber is not asked."""
    try:
        return _signer("preferences").unsign(token)
    except signing.BadSignature:
        raise WrongToken from None


class Links:
    """The links of many mails: keys and address of the site are looked up once."""

    def __init__(self) -> None:
        self._site = settings.SUBSCRIBERS_SITE_URL
        self._leaving, self._preferring = _signer("leave"), _signer("preferences")
        self._hash_key = _hash_key()

    def leave(self, subscriber: Named, list_name: str) -> str:
        """The absolute address of the page to leave a list; it also takes RFC 8058's POST."""
        public_id = subscriber.public_id
        token = self._leaving.sign(public_id + _mark(self._hash_key, public_id, list_name))
        return f"{self._site}/leave/{token}"

    def preferences(self, subscriber: Named) -> str:
        """The absolute address of the page to choose what one gets; the same in every mail."""
        return f"{self._site}/preferences/{self._preferring.sign(subscriber.public_id)}"


def leave_url(subscriber: Named, list_name: str) -> str:
    """As `Links.leave`, for a single one."""
    return Links().leave(subscriber, list_name)


def preferences_url(subscriber: Named) -> str:
    """As `Links.preferences`, for a single one."""
    return Links().preferences(subscriber)


def confirm_url(subscriber: Named, *lists: str) -> str:
    """The absolute address of the page to confirm memberships, good for seven days."""
    return f"{settings.SUBSCRIBERS_SITE_URL}/confirm/{confirm_token(subscriber, lists)}"


def change_url(subscriber: Named, new_key: str) -> str:
    """The page to confirm a new address, good for seven days. `new_key`: its keyed hash."""
    value = subscriber.public_id + _mark_of_change(subscriber.public_id, new_key)
    return f"{settings.SUBSCRIBERS_SITE_URL}/address/{_signer('change').sign(value)}"


def read_change_token(token: str) -> tuple[str, str]:
    """The public id, and a mark of the new address for `is_change_to`. Raises WrongToken."""
    value = _unsigned("change", token)
    return value[:-MARK_LENGTH], value[-MARK_LENGTH:]


def is_change_to(mark: str, subscriber: Named, key: str) -> bool:
    """Whether a link to change an address was made for the one with this keyed hash."""
    return hmac.compare_digest(mark, _mark_of_change(subscriber.public_id, key))


def _unsigned(purpose: Purpose, token: str) -> str:
    signer = _signer(purpose)
    try:
        if isinstance(signer, signing.TimestampSigner):
            return signer.unsign(token, max_age=WITHIN[purpose])
        return signer.unsign(token)
    except signing.BadSignature:
        raise WrongToken from None


def _signer(purpose: Purpose) -> signing.Signer:
    return _signer_of(purpose, settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=8)
def _signer_of(purpose: Purpose, key: str, fallbacks: tuple[str, ...]) -> signing.Signer:
    kind = signing.TimestampSigner if purpose in WITHIN else _QuickSigner
    salt = f"subscribers.{purpose}"
    return kind(key=key, sep=".", salt=salt, fallback_keys=list(fallbacks))


class _QuickSigner(signing.Signer):
    """Django's signatures to the letter; its key is derived once, not for each of many mails."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        text = value.encode() if isinstance(value, str) else value
        derived = _derived(self.salt, key or self.key)
        digest = hmac.digest(derived, text, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).strip(b"=").decode("ascii")


@lru_cache(maxsize=16)
def _derived(salt: str, key: str | bytes) -> bytes:
    """As django.utils.crypto.salted_hmac derives a key; the tests hold it to that."""
    return hashlib.sha256(force_bytes(f"{salt}signer") + force_bytes(key)).digest()


def _hash_key() -> bytes:
    key: str = settings.SUBSCRIBERS_HASH_KEY
    return key.encode()


def _mark_of_change(public_id: str, new_key: str) -> str:
    return _mark(_hash_key(), public_id, f"address {new_key}")


def _mark(key: bytes, public_id: str, list_name: str) -> str:
    """Differs for each subscriber, so that nobody can sort links by list."""
    digest = hmac.digest(key, f"list {public_id} {list_name}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest)[:MARK_LENGTH].decode("ascii")
