"""The way of one request: hop by hop to the content, asking only for what changed.

In: an address, and what its last visit remembered. Out: an `Answer`, with what to remember now.
Keeps law 8: each hop is parsed, looked up once, checked, and connected to that very place.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import TracebackType

import httpcore
import httpx

from digest import __version__
from digest.errors import SourceError
from digest.sources.fetch.addresses import (
    kept_address,
    next_hop,
    parsed,
    places,
    port_of,
    shown_address,
    shown_url,
    without_password,
)
from digest.sources.fetch.answers import (
    FOR_GOOD,
    GONE,
    conditions,
    explained,
    header,
    media_type,
    redirect_target,
    refuse_failure,
    validators,
)
from digest.sources.fetch.bodies import ACCEPTED, read_body
from digest.sources.fetch.line import MOST_SECONDS, Errand, Line, Lines, NotReached, dial, secure
from digest.sources.kind import Answer
from digest.values import Seen

OUR_NAME = "ms-research-digest"  # the product token of our User-Agent, which robots.txt names us by
MOST_REDIRECTS = 5
NOT_MODIFIED = 304
FEEDS = (  # what is wanted, as in an Accept header (RFC 9110 12.5.1)
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml, text/xml, "
    "application/json;q=0.9, "
    "text/html;q=0.8, */*;q=0.1"
)
PAGES = "text/html, application/xhtml+xml, */*;q=0.8"
BeforeHop = Callable[[httpx.URL], object]
Received = Callable[[int], object]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer and what it cost: bytes as they came, headers and all, and requests."""

    answer: Answer
    wire_bytes: int
    requests: int


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Where the redirects ended: the answer there, and the address that it moved to for good."""

    response: httpcore.Response
    here: httpx.URL
    moved_to: str
    conditional: bool  # it was asked for only if it changed


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of each hop."""

    errand: Errand
    known: Seen
    headers: Headers
    before_hop: BeforeHop
    stay_secure: bool = True


class Fetcher:
    """Fetches for one gathering; one for all threads. Leaving its `with` hangs up.

    `allow_private_hosts` are the only hosts of a private network that are ever asked; `contact`
    is a mail address for those who wonder who asks.
    """

    def __init__(self, *, allow_private_hosts: Collection[str], contact: str | None):
        self._allowed = frozenset(name.rstrip(".").lower() for name in allow_private_hosts)
        about = f" (+mailto:{contact})" if contact else ""
        self._agent = f"{OUR_NAME}/{__version__}{about}".encode()
        self._lines = Lines()

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """End every request at once; each raises SourceError, as does every later one."""
        self._lines.hang_up()

    def get(
        self,
        url: str,
        *,
        accept: str,
        seen: Seen | None = None,
        seconds: float = MOST_SECONDS,
        before_hop: BeforeHop | None = None,
        received: Received | None = None,
        any_status: bool = False,
    ) -> Fetched:
        """The content at `url`, at most 10 MB, within `seconds`, over at most five redirects.

        With the `seen` of its last visit it is asked for only if it changed since (RFC 9110
        13.1), and where it moved to for good. `before_hop` is told the address before each
        request; the time it takes does not count. `received` is told the bytes that came, also
        where it fails in the end. Raises SourceError for everything that can go wrong; what a
        redirect for now to another host ended at says nothing of `url`: such an error has no
        `retry_after`, and a `status` only with `any_status`.
        """
        errand = Errand(shown_address(url), seconds, self._lines)
        try:
            answer = self._sought(url, errand, accept, seen, before_hop)
        except SourceError as error:
            if errand.elsewhere:
                error.retry_after, error.status = None, error.status if any_status else None
            raise
        finally:
            if received:
                received(errand.received)
        return Fetched(answer, errand.received, errand.requests)

    def _sought(
        self,
        url: str,
        errand: Errand,
        accept: str,
        seen: Seen | None,
        before_hop: BeforeHop | None,
    ) -> Answer:
        """The answer from where it moved to for good, else from `url` itself."""
        key = kept_address(url)
        known = seen if seen and seen.url == key else Seen(key)
        question = _Question(errand, known, self._headers(accept), before_hop or _go_on)
        if known.moved_to:
            with suppress(_MovedOn):
                return self._answer(known.moved_to, question)
        return self._answer(url, replace(question, known=_where_it_was(known)))

    def reach(self, url: str, *, seconds: float = MOST_SECONDS) -> None:
        """Ask for `url` as a reader's browser would, and hang up once it says that it is there.

        Raises SourceError as `get` does; how large the page is plays no part.
        """
        errand = Errand(shown_address(url), seconds, self._lines)
        headers = self._headers(PAGES)
        question = _Question(errand, Seen(url), headers, _go_on, stay_secure=False)
        with self._arrive(url, question) as arrival:
            refuse_failure(arrival.response, shown_url(arrival.here))

    def _headers(self, accept: str) -> Headers:
        return [
            (b"User-Agent", self._agent),
            (b"Accept", accept.encode("latin-1", "replace")),
            (b"Accept-Encoding", ACCEPTED.encode()),
            (b"Connection", b"close"),
        ]

    def _answer(self, start: str, question: _Question) -> Answer:
        """What `start` holds. Raises _MovedOn if it is where `known` moved to, but no longer."""
        known = question.known
        try:
            with self._arrive(start, question) as arrival:
                if arrival.response.status == NOT_MODIFIED and arrival.conditional:
                    return _as_before(arrival, known)
                return _with_content(arrival, known)
        except SourceError as error:
            if known.moved_to and (isinstance(error, NotReached) or error.status in GONE):
                raise _MovedOn from None
            raise

    @contextmanager
    def _arrive(self, start: str, question: _Question) -> Iterator[_Arrival]:
        """The first answer that sends us nowhere else; its connection ends with the context."""
        known = question.known
        here, moved_to, for_good = parsed(start), known.moved_to, True
        # A validator is only ever given back to the address that it came from.
        given_by = known.answered or without_password(parsed(moved_to or start))
        been, at_home = set[str](), here.netloc
        question.errand.elsewhere = False
        for _ in range(MOST_REDIRECTS + 1):
            been.add(str(here))
            its_own = without_password(here) == given_by
            asked = conditions(known.etag, known.last_modified) if its_own else []
            with self._asked(here, asked, question) as response:
                target = redirect_target(response)
                if target is None:
                    yield _Arrival(response, here, moved_to, bool(asked))
                    return
                for_good = for_good and response.status in FOR_GOOD
            here = next_hop(here, target, been, stay_secure=question.stay_secure)
            if for_good:  # a password is not ours to write down a second time
                moved_to, at_home = "" if here.userinfo else str(here), here.netloc
            question.errand.elsewhere = here.netloc != at_home
        raise SourceError(
            f"redirects more than {MOST_REDIRECTS} times",
            where=shown_address(start),
            mend="Name the address that it ends at",
        )

    @contextmanager
    def _asked(
        self, url: httpx.URL, asked: Headers, question: _Question
    ) -> Iterator[httpcore.Response]:
        """The response of one hop, its body still to come."""
        errand, shown = question.errand, shown_url(url)
        errand.wait(lambda: question.before_hop(url))
        found = places(url, self._allowed, errand)
        line = dial(found, shown, errand)
        errand.requests += 1
        host = url.raw_host.decode("ascii").strip("[]")
        try:
            if url.scheme == "https":
                line = secure(line, host, shown, errand)
            origin = httpcore.Origin(url.raw_scheme, url.raw_host, port_of(url))
            headers = [(b"Host", url.netloc), *question.headers, *_password(url), *asked]
            stream = Line(line, errand)
            response = httpcore.HTTP11Connection(origin, stream).handle_request(
                httpcore.Request("GET", _target(url, origin), headers=headers)
            )
            stream.begun = True
            yield response
        except (httpcore.ProtocolError, httpcore.NetworkError) as error:
            raise explained(error, shown) from None
        finally:
            self._lines.end(line)


class _MovedOn(Exception):
    """What was remembered as moved for good is there no longer: the address itself is asked."""


def reach(
    url: str,
    *,
    allow_private_hosts: tuple[str, ...],
    contact: str | None,
    seconds: float = MOST_SECONDS,
) -> None:
    """Ask once whether `url` is there: see `Fetcher.reach`. Raises SourceError."""
    with Fetcher(allow_private_hosts=allow_private_hosts, contact=contact) as fetcher:
        fetcher.reach(url, seconds=seconds)


def _where_it_was(known: Seen) -> Seen:
    """What still holds of `known` at its own address: the validators are the other one's."""
    if not known.moved_to:
        return known
    return replace(known, moved_to="", etag="", last_modified="", answered="")


def _go_on(hop: httpx.URL) -> None:
    """Nothing is to be waited for."""


def _password(url: httpx.URL) -> Headers:
    """Basic authentication (RFC 7617), for the very address that it stands in."""
    if not url.userinfo:
        return []
    pair = f"{url.username}:{url.password}".encode()
    return [(b"Authorization", b"Basic " + b64encode(pair))]


def _target(url: httpx.URL, origin: httpcore.Origin) -> httpcore.URL:
    return httpcore.URL(
        scheme=origin.scheme, host=origin.host, port=origin.port, target=url.raw_path
    )


def _as_before(arrival: _Arrival, known: Seen) -> Answer:
    etag, last_modified = validators(arrival.response)  # it may name new ones, RFC 9110 15.4.5
    seen = replace(
        known,
        etag=etag or known.etag,
        last_modified=last_modified or known.last_modified,
        moved_to=arrival.moved_to,
        answered=_found_elsewhere(arrival, known),
    )
    return Answer(url=without_password(arrival.here), changed=False, seen=seen)


def _with_content(arrival: _Arrival, known: Seen) -> Answer:
    response, shown = arrival.response, shown_url(arrival.here)
    refuse_failure(response, shown)
    content = read_body(
        response.iter_stream(),
        coding=header(response, b"content-encoding"),
        length=header(response, b"content-length"),
        shown=shown,
    )
    body_hash = hashlib.sha256(content).hexdigest()
    changed = body_hash != known.body_hash
    etag, last_modified = validators(response)
    kind, charset = media_type(response)
    return Answer(
        url=without_password(arrival.here),
        content=content if changed else b"",
        changed=changed,
        media_type=kind,
        charset=charset,
        seen=replace(
            known,
            etag=etag,
            last_modified=last_modified,
            moved_to=arrival.moved_to,
            body_hash=body_hash,
            answered=_found_elsewhere(arrival, known),
        ),
    )


def _found_elsewhere(arrival: _Arrival, known: Seen) -> str:
    """Where it was found, unless that is where it will be asked for the next time."""
    here = without_password(arrival.here)
    asked_next = without_password(parsed(arrival.moved_to or known.url))
    return "" if here == asked_next else here
