"""robots.txt (RFC 9309): what a site lets us read, and how fast.

In: an address, and the way to fetch; out: yes, no, or a SourceError when the site cannot say so
now. One robots.txt is read per origin and gathering, through the same guarded fetcher (law 8).
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from protego import Protego

from digest.errors import SourceError
from digest.sources.fetch.addresses import parsed, port_of, shown_address
from digest.sources.fetch.client import OUR_NAME
from digest.sources.fetch.pace import Pace

MOST_BYTES = 500 * 1024  # the rest is not read (RFC 9309 2.5)
MOST_RULES = 5_000  # of the group that is ours: each address is held against every rule
MOST_ORIGINS = 1_000  # kept at the same time

USER_AGENT = re.compile(r"\s*user[- ]?agent(?:\s*:|\s)\s*(\*|[a-z_-]*)", re.IGNORECASE)
RULE = re.compile(r"\s*(?:allow|di[sa]\w{2,5}w|crawl[- ]delay)\b", re.IGNORECASE)  # and misspelt

Origin = tuple[str, str, int]  # scheme, host, port
Read = Callable[[str], bytes]


class Rules:
    """What one robots.txt says to us; no bytes that it may hold raise an error."""

    def __init__(self, content: bytes):
        text = content[:MOST_BYTES].decode("utf-8-sig", "replace")
        if len(content) > MOST_BYTES:  # half a rule would say something else
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
        self._parsed = Protego.parse("\n".join(["User-agent: *", *_rules_for_us(text)]))

    @property
    def crawl_delay(self) -> float | None:
        """The seconds that the site wants between two requests; None: it does not say."""
        return self._parsed.crawl_delay(OUR_NAME)

    def allow(self, path: str) -> bool:
        """Whether `path` (with its query) may be read: the longest rule that fits (2.2.2)."""
        return self._parsed.can_fetch(f"https://site{path}", OUR_NAME)  # it looks at the path alone


class Robots:
    """The robots.txt of every site that one gathering meets. Thread-safe."""

    def __init__(self, pace: Pace):
        self._pace = pace
        self._lock = threading.Lock()
        self._known: dict[Origin, _Answer] = {}

    def may_read(self, url: str, read: Read) -> bool:
        """Whether its site lets us read `url`.

        `read` gets the address of a robots.txt and gives its bytes; it is called once per origin,
        and by one thread. A site that answers 4xx has no rules (RFC 9309 2.3.1.3). Raises
        SourceError when it answers 429 or 5xx or not at all: until it does, nothing may be read
        (2.3.1.4); and for what is no address. It is temporary if asking again may help.
        """
        page = parsed(url)
        if page.scheme not in ("http", "https") or not page.host:
            raise SourceError(
                "is no http or https address", where=shown_address(url), mend="Correct the link"
            )
        return self._rules(page, read).allow(page.raw_path.decode("ascii"))

    def _rules(self, page: httpx.URL, read: Read) -> Rules:
        origin = (page.scheme, page.host, port_of(page))
        with self._lock:
            answer = self._known.setdefault(origin, _Answer())
            if len(self._known) > MOST_ORIGINS:
                del self._known[next(iter(self._known))]
        with answer.lock:  # who comes second waits for what the first is told
            if answer.given is None:
                answer.given = self._asked(page, read)
        if isinstance(answer.given, SourceError):
            raise copy.copy(answer.given)  # one error is not raised by two threads
        return answer.given

    def _asked(self, page: httpx.URL, read: Read) -> Rules | SourceError:
        address = str(page.copy_with(raw_path=b"/robots.txt", username=None, password=None))
        try:
            rules = Rules(read(address))
        except SourceError as error:
            return _read_without(error, address)
        if rules.crawl_delay:
            self._pace.slow_down(page.host, rules.crawl_delay)
        return rules


@dataclass(slots=True)
class _Answer:
    lock: threading.Lock = field(default_factory=threading.Lock)
    given: Rules | SourceError | None = None


def _read_without(error: SourceError, address: str) -> Rules | SourceError:
    """No robots.txt: everything may be read. A site in trouble: nothing, for now."""
    status = error.status
    if status is not None and (200 <= status < 300 or (400 <= status < 500 and status != 429)):
        return Rules(b"")
    return SourceError(
        f"its robots.txt, which says what we may read, cannot be had: {error.what}",
        where=error.where or address,
        mend=error.mend,
        # Whatever it answers may change soon; a host that does not exist, or is refused, will not.
        temporary=error.temporary or status is not None,
        status=status,
        retry_after=error.retry_after,
    )


def _rules_for_us(text: str) -> list[str]:
    """The lines of the groups that name us, else of those for everyone (RFC 9309 2.2.1).

    Only these reach the parser: it keeps a copy of each rule for every agent that is named, and
    a hostile file names thousands.
    """
    groups: dict[str, list[str]] = {"*": []}
    agents: set[str] = set()  # of "*" and us: those that the lines to come are for
    in_rules = True  # the next User-agent line begins a group
    for line in text.splitlines():
        if agent := USER_AGENT.match(line):
            agents = set() if in_rules else agents
            in_rules = False
            if (name := agent[1].lower()) in ("*", OUR_NAME):
                agents.add(name)
                groups.setdefault(name, [])  # named, and perhaps with no rules at all
        elif RULE.match(line):
            in_rules = True
            for name in agents:
                groups[name].append(line)
    return groups.get(OUR_NAME, groups["*"])[:MOST_RULES]
