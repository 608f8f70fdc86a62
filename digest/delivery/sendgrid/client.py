"""What the API's answers mean: an outcome for each mail, or an error that stops the issue.

    202                         accepted
    5xx, or no answer           unknown, until the provider's events tell; never sent again
    429, or it never left       NotYet: may be tried again; in the end a temporary DeliveryError
    400 about addresses         those fail with its words; nobody else was sent anything
    any other 3xx or 4xx        a permanent DeliveryError with the API's own words

After a DeliveryError nothing of the request was sent: its deliveries may be released.
"""

from __future__ import annotations

import gzip
import json
import re
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

from digest.delivery.sendgrid.payload import Content, Recipient, Request, prepare
from digest.delivery.sendgrid.wire import NotSent, Patience, Reply, Unanswered, Wire
from digest.errors import ConfigError, DeliveryError
from digest.values import Outcome

SEND, BATCH, SCHEDULED = "/v3/mail/send", "/v3/mail/batch", "/v3/user/scheduled_sends"
# Seconds before each further try, when nobody says when; together under a minute.
WAITS = (1.0, 2.0, 5.0, 15.0, 30.0)
# The API counts requests by the minute. Longer, and people who leave meanwhile would still be
# mailed, as their deliveries are claimed already (law 4).
LONGEST_WAIT = 90.0
MAX_DETAIL = 500
SENDER_AND_KEY = "Correct SENDGRID_API_KEY and what it may do, or sender.address at SendGrid"
MEND = {
    400: "Correct what it names; nothing of this request was sent",
    401: SENDER_AND_KEY,
    403: SENDER_AND_KEY,
    404: "Correct transport.api_url",
    413: "Lower transport.batch, or shorten the issue",
}
# `personalizations.3.to.0.email`, or with brackets: whose address it will not have.
WHOSE_ADDRESS = re.compile(r"personalizations[.\[](\d{1,4})\]?\.to\b", re.ASCII)
PLACE = re.compile(r"personalizations[.\[](\d{1,4})", re.ASCII)
# Letters before and after an @; the API's words may hold somebody's address.
ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:]+@[^\s<>\[\]()\"',;:]+")

Answer = TypeVar("Answer")


class NotYet(Exception):
    """Nothing was sent, and it may be tried again. `busy`: because more was asked than it takes."""

    def __init__(self, error: DeliveryError, *, busy: bool = False, until: float = 0.0):
        super().__init__(error.line())
        self.error, self.busy, self._until = error, busy, until

    def wait(self, tries: int) -> float:
        """Seconds to wait after so many tries; raises the error when there were enough of them."""
        wait = max(WAITS[tries - 1], self._until) if tries <= len(WAITS) else LONGEST_WAIT + 1
        if wait > LONGEST_WAIT:
            raise self.error
        return wait


class _BadAddresses(Exception):
    """The API refuses a request for the addresses at these places alone."""

    def __init__(self, places: Collection[int], words: str):
        super().__init__(words)
        self.places, self.words = places, words


class Client:
    """One connection to the API, opened when first used. For one thread at a time.

    `compressed`: only for accounts for which SendGrid switched it on; others answer 400.
    `clock` gives seconds since 1970 (the API says "until" that way).
    """

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        compressed: bool = False,
        patience: Patience | None = None,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ):
        if not re.fullmatch(r"[!-~]+", api_key):  # it goes into a header
            raise ConfigError(
                "SENDGRID_API_KEY is missing, or holds a blank or a letter outside of ASCII",
                mend="Set it in the environment or in the key file",
            )
        self._url, self._compressed = api_url, compressed
        self._clock, self._sleep = clock, sleep
        self._wire = Wire(api_url, patience=patience, context=context)
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "ms-research-digest",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the next request connects again."""
        self._wire.close()

    def hang_up(self) -> None:
        """From another thread: the request under way ends, `unknown` if it had left."""
        self._wire.hang_up()

    def send_batch(self, content: Content, recipients: Sequence[Recipient]) -> list[Outcome]:
        """What became of each recipient's mail, in their order; up to 1,000 of them.

        Waits as long as it has to. Raises DeliveryError when none was sent, and Refused when the
        content cannot be.
        """
        settled: dict[int, Outcome] = {}
        while left := [place for place in range(len(recipients)) if place not in settled]:
            some = [recipients[place] for place in left]
            found = self._patiently(partial(self.try_batch, content, some))
            settled |= {left[place]: outcome for place, outcome in found.items()}
        return [settled[place] for place in range(len(recipients))]

    def try_batch(
        self,
        content: Content,
        recipients: Sequence[Recipient],
        leaving: Callable[[Sequence[int]], None] = lambda places: None,
    ) -> dict[int, Outcome]:
        """One request: what became of the recipients, by place. Who is not named was sent nothing.

        At least one is named. `leaving` hears who is in the body before its first byte leaves.
        Raises NotYet or DeliveryError when nothing was sent, and Refused for the content.
        """
        request = prepare(content, recipients)
        settled = {place: Outcome("failed", why) for place, why in request.refused.items()}
        places = [place for place in range(len(recipients)) if place not in settled]
        if places:
            try:
                outcome = self._mail(request, partial(leaving, places))
            except _BadAddresses as bad:
                failed = Outcome("failed", bad.words)
                return settled | {places[place]: failed for place in bad.places}
            settled.update(dict.fromkeys(places, outcome))
        return settled

    def new_batch_id(self) -> str:
        """An id under which the requests of one issue may be cancelled. Raises DeliveryError.

        Asked for once and without waiting: an issue can go out without it.
        """
        try:
            found = _json(self._order(BATCH, {}).body).get("batch_id")
        except NotYet as later:
            raise later.error from None
        if not (isinstance(found, str) and re.fullmatch(r"[\w-]{1,200}", found, re.ASCII)):
            raise self._later("gave no batch id")
        return found

    def cancel(self, batch_id: str) -> None:
        """Ask that what is not yet on its way be dropped. Raises DeliveryError.

        SendGrid promises it for scheduled mails only, until ten minutes before their time.
        """
        order = {"batch_id": batch_id, "status": "cancel"}
        self._patiently(partial(self._order, SCHEDULED, order))

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        for tries in count(1):
            try:
                return ask()
            except NotYet as later:
                self._sleep(later.wait(tries))
        raise AssertionError("counting has no end")

    def _mail(self, request: Request, leaving: Callable[[], None]) -> Outcome:
        try:
            reply = self._ask(SEND, request.body, leaving)
        except Unanswered as silence:
            return Outcome("unknown", _line(f"sent, but not answered ({silence})"))
        if reply.status == 202:
            return Outcome("accepted", _line(f"202 {reply.headers.get('x-message-id', '')}"))
        if reply.status == 400 and (bad := _bad_addresses(reply, len(request.deliveries))):
            raise _BadAddresses(bad, _words(reply))
        if 300 <= reply.status < 500:
            raise self._refused(reply, request)
        return Outcome("unknown", f"answered {_words(reply)}")

    def _order(self, path: str, order: dict[str, str]) -> Reply:
        """A request that mails nobody, and may be repeated."""
        try:
            reply = self._ask(path, json.dumps(order).encode("ascii"))
        except Unanswered as silence:
            raise self._error(f"does not answer ({silence})", "Try again", temporary=True) from None
        if 200 <= reply.status < 300:
            return reply
        raise self._refused(reply)

    def _ask(self, path: str, body: bytes, leaving: Callable[[], None] | None = None) -> Reply:
        """A reply other than 429. Raises NotYet, Unanswered, or DeliveryError."""
        headers = self._headers
        if self._compressed:
            body, headers = gzip.compress(body, 1, mtime=0), headers | {"Content-Encoding": "gzip"}
        try:
            reply = self._wire.post(path, body, headers, leaving)
        except NotSent as error:
            self._refuse_certificate(error)
            raise NotYet(self._later(f"cannot be reached ({_line(str(error))})")) from error
        if reply.status == 429:
            busy = self._later(f"is busy ({_words(reply)})")
            raise NotYet(busy, busy=True, until=self._until(reply))
        return reply

    def _later(self, what: str) -> DeliveryError:
        return self._error(what, "Try again later; nothing is lost", temporary=True)

    def _until(self, reply: Reply) -> float:
        """Seconds until more is taken; 0 when it does not say."""
        reset = reply.headers.get("x-ratelimit-reset", "")
        return float(reset) - self._clock() if re.fullmatch(r"\d{1,12}", reset, re.ASCII) else 0.0

    def _refused(self, reply: Reply, request: Request | None = None) -> DeliveryError:
        words = _words(reply)
        if request and (place := PLACE.search(words)) and int(place[1]) < len(request.deliveries):
            words += f", which is delivery {request.deliveries[int(place[1])]}"
        mend = MEND.get(reply.status, "See SendGrid's documentation; nothing was sent")
        temporary = reply.status == 408 or reply.status >= 500
        return self._error(f"refuses with {words}", mend, temporary=temporary)

    def _refuse_certificate(self, error: NotSent) -> None:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise self._error(
                f"shows no valid certificate ({cause.verify_message})", "Correct transport.api_url"
            )

    def _error(self, what: str, mend: str, *, temporary: bool = False) -> DeliveryError:
        return DeliveryError(
            f"the SendGrid API {what}", where=self._url, mend=mend, temporary=temporary
        )


def _words(reply: Reply) -> str:
    """`400 message (field)` as the API says it, without addresses: this outlives erasure."""
    said = []
    errors = _json(reply.body).get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            place = error.get("field")
            said.append(f"{error.get('message', '')}{f' ({place})' if place else ''}")
    return _line(f"{reply.status} {'; '.join(said)}")


def _bad_addresses(reply: Reply, mails: int) -> set[int]:
    """The places of those whose address it refuses; empty when it holds anything else against us.

    Nothing but addresses: a fault that is in all mails would fail reader after reader.
    """
    errors = _json(reply.body).get("errors")
    places = set()
    for error in errors if isinstance(errors, list) else []:
        field = error.get("field") if isinstance(error, dict) else None
        found = WHOSE_ADDRESS.match(field) if isinstance(field, str) else None
        if found is None or int(found[1]) >= mails:
            return set()
        places.add(int(found[1]))
    return places


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _line(text: str) -> str:
    text = "".join(char if char.isprintable() else " " for char in text)
    return ADDRESS.sub("(an address)", " ".join(text.split()))[:MAX_DETAIL]
