"""What an answer's first lines say: failures, where it sends us, what to remember, what it holds.

In: the status and headers of another's server, which may say anything. Out: plain values, or the
one SourceError that says what happened. No header makes anything else raise.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpcore

from digest.errors import SourceError

TEMPORARY_STATUS = frozenset({304, 408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
FOR_GOOD = frozenset({301, 308})
GONE = frozenset({404, 410})
BUSY = frozenset({429, 503})  # they ask to be left in peace
ABSURD_RETRY = timedelta(days=366)  # nobody means more; `pipeline.visits` heeds less
LATER = "Try again later"
MEANINGS = {304: ", which was not asked for", 410: ": it is gone for good"}
MENDS = {
    401: "It wants a password: ask the publisher, or write it into `url` (https://NAME:…@host/)",
    403: "It lets no programs in: ask the publisher",
    404: "Check the address in a browser: the page may have moved",
    410: "Name its new address, or take it out",
    429: "Ask less often, or ask the publisher",
}
# What may be sent back to where it came from (RFC 9110 8.8): visible characters and spaces.
VALIDATOR = re.compile(r"[\x20-\x7e\x80-\xff]{1,1000}")


def header(response: httpcore.Response, name: bytes) -> str:
    """Every value of one header, joined by commas; "" when it does not stand there."""
    values = [value for key, value in response.headers if key.lower() == name]
    return b", ".join(values).decode("latin-1").strip()


def refuse_failure(response: httpcore.Response, shown: str) -> None:
    """Raises SourceError unless there is content: with its status, and how long to stay away."""
    code = response.status
    if code == HTTPStatus.OK:
        return
    told = " ".join(filter(None, (str(code), _phrase(code))))
    temporary = code in TEMPORARY_STATUS
    after = header(response, b"retry-after") if temporary else ""
    raise SourceError(
        f"the site answered {told}{MEANINGS.get(code, '')}",
        where=shown,
        mend=MENDS.get(code) or (LATER if temporary else "Check the address in a browser"),
        temporary=temporary,
        status=code,
        retry_after=retry_after(after, datetime.now(UTC)),
    )


def redirect_target(response: httpcore.Response) -> str | None:
    """Where it sends us, as it says; None when it does not."""
    if response.status not in REDIRECTS:
        return None
    for key, value in response.headers:
        if key.lower() == b"location" and value.strip():
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                return value.decode("latin-1")
    return None


def retry_after(stated: str, now: datetime) -> timedelta | None:
    """How long to stay away (RFC 9110 10.2.3: seconds or a date).

    None when it says nothing, nothing readable, a time that is past, or more than a year.
    """
    if re.fullmatch(r"[0-9]{1,9}", stated):
        wait = timedelta(seconds=int(stated))
    else:
        try:
            when = parsedate_to_datetime(stated[:100])
            wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return wait if timedelta(0) <= wait <= ABSURD_RETRY else None


def validators(response: httpcore.Response) -> tuple[str, str]:
    """Its ETag and Last-Modified, exactly as they stand; "" for one that we would not repeat."""
    return (
        repeatable(header(response, b"etag")),
        repeatable(header(response, b"last-modified")),
    )


def repeatable(value: str) -> str:
    """`value` if it may stand in a header of ours, else ""."""
    return value if VALIDATOR.fullmatch(value) else ""


def conditions(etag: str, last_modified: str) -> list[tuple[bytes, bytes]]:
    """The headers that ask for what changed since these validators (RFC 9110 13.1)."""
    stated = (
        (b"If-None-Match", repeatable(etag)),
        (b"If-Modified-Since", repeatable(last_modified)),
    )
    return [(name, value.encode("latin-1")) for name, value in stated if value]


def media_type(response: httpcore.Response) -> tuple[str, str]:
    """The media type in lower case and the charset as stated (RFC 9110 8.3); "" when not stated."""
    stated = header(response, b"content-type").partition(",")[0]  # the first, should there be two
    kind, _, parameters = stated.partition(";")
    kind = kind.strip().lower()
    named = re.search(r"""(?:^|;)\s*charset\s*=\s*["']?([\w.:+-]{1,40})""", parameters, re.I | re.A)
    known = re.fullmatch(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}", kind, re.A)
    return kind if known else "", named[1] if named else ""


def explained(error: Exception, shown: str) -> SourceError:
    """What httpcore says of an answer, in our words."""
    reason = str(error).strip()[:200]
    if "without sending complete" in reason or "incomplete chunked" in reason:
        what, mend = f"the answer was cut off ({reason})", LATER
    elif isinstance(error, httpcore.NetworkError) or "disconnected" in reason:
        what, mend = f"the site broke off ({reason})", LATER
    else:
        what, mend = f"does not speak HTTP ({reason})", "Check the address"
    return SourceError(what, where=shown, mend=mend, temporary=True)


def _phrase(code: int) -> str:
    """In our words: theirs may be anything."""
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""
