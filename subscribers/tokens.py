"""The links in mails: signed, opaque, bound to one subscriber, one list and one purpose.

A token holds the subscriber's random public id and a keyed mark of the list, never an address
or a list's name. Leaving works for ever; confirming for seven days. Whatever is wrong with a
token, the answer is the same WrongToken. Old signing keys count (SECRET_KEY_FALLBACKS).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.core import signing

from subscribers.lists import list_names
from subscribers.models import Subscriber

Purpose = Literal["leave", "confirm", "preferences"]
CONFIRM_WITHIN = timedelta(days=7)
MARK_LENGTH = 8  # base64url characters: 48 bits, enough to tell a handful of lists apart


class WrongToken(Exception):
    """Cut, altered, expired, or made for something else; which of these is not told."""


def make_token(purpose: Purpose, subscriber: Subscriber, list_name: str) -> str:
    """A token for the path of a link: letters, digits, `-`, `_` and `.` only."""
    public_id = subscriber.public_id
    return _signer(purpose).sign(public_id + _mark(public_id, list_name))


def read_token(purpose: Purpose, token: str) -> tuple[str, str]:
    """The public id and the list's name. Raises WrongToken; whether they exist is not asked."""
    signer = _signer(purpose)
    try:
        if isinstance(signer, signing.TimestampSigner):
            value = signer.unsign(token, max_age=CONFIRM_WITHIN)
        else:
            value = signer.unsign(token)
    except signing.BadSignature:
        raise WrongToken from None
    public_id, mark = value[:-MARK_LENGTH], value[-MARK_LENGTH:]
    for list_name in list_names():
        if hmac.compare_digest(mark, _mark(public_id, list_name)):
            return public_id, list_name
    raise WrongToken


def preferences_token(subscriber: Subscriber) -> str:
    """A token for the preferences of a subscriber, whatever lists they are on."""
    return _signer("preferences").sign(subscriber.public_id)


def read_preferences_token(token: str) -> str:
    """The public id. Raises WrongToken; whether there is such a subscriber is not asked."""
    try:
        return _signer("preferences").unsign(token)
    except signing.BadSignature:
        raise WrongToken from None


def leave_url(subscriber: Subscriber, list_name: str) -> str:
    """The absolute address of the page to leave a list; it also takes RFC 8058's POST."""
    return f"{settings.SUBSCRIBERS_SITE_URL}/leave/{make_token('leave', subscriber, list_name)}"


def preferences_url(subscriber: Subscriber) -> str:
    """The absolute address of the page to choose what one gets; the same in every mail."""
    return f"{settings.SUBSCRIBERS_SITE_URL}/preferences/{preferences_token(subscriber)}"


def confirm_url(subscriber: Subscriber, list_name: str) -> str:
    """The absolute address of the page to confirm a membership, good for seven days."""
    return f"{settings.SUBSCRIBERS_SITE_URL}/confirm/{make_token('confirm', subscriber, list_name)}"


def _signer(purpose: Purpose) -> signing.Signer:
    kind = signing.TimestampSigner if purpose == "confirm" else signing.Signer
    return kind(sep=".", salt=f"subscribers.{purpose}")


def _mark(public_id: str, list_name: str) -> str:
    """Differs for each subscriber, so that nobody can sort links by list."""
    key = settings.SUBSCRIBERS_HASH_KEY.encode()
    digest = hmac.digest(key, f"list {public_id} {list_name}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest)[:MARK_LENGTH].decode("ascii")
