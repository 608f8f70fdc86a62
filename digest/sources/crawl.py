"""One visit of a site without a feed: its listings first, then its articles, within the budget.

In: the section of a `pages` source and a `Visit`. Out: a `Harvest`; what the budget left over is
remembered as waiting. Keeps law 8: only pages of the site itself are asked, never one that its
robots.txt forbids, and the cards of a page lead and tell dates, but are no content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from digest.errors import SourceError
from digest.sources.cards import cards_of, site_of, whole_address
from digest.sources.charset import decode_html
from digest.sources.clean import one_line
from digest.sources.entry import Stated, to_entry
from digest.sources.errors import Unreadable
from digest.sources.fetch import PAGES
from digest.sources.fetch.answers import BUSY, GONE
from digest.sources.kind import Answer, Visit
from digest.sources.leads import Lead, Leads
from digest.sources.listing import Listing, read_listing
from digest.sources.page import MEDIA_TYPES, parsed_page, stated_in_tree
from digest.sources.pages import PagesSource
from digest.sources.reread import LISTED, LISTING, Due, put_off
from digest.sources.selected import to_be_named
from digest.sources.tally import Tally
from digest.sources.turns import Queue
from digest.values import Entry, Harvest, Refusal, Seen

LISTINGS = "text/html, application/xhtml+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
MOST_LISTINGS = 500  # that are remembered: a calendar has a next page for ever
MOST_FAILURES = 5  # connections in a row that fail: the site is not well
LONGEST_DATE = 80  # characters that are remembered of what a page states


def crawl(source: PagesSource, visit: Visit) -> Harvest:
    """Every article that the site leads to. Raises SourceError when no start can be read."""
    site = _Site(source, visit)
    site.read_listings(site.queue.share)
    site.check_starts()
    site.remember_pages()
    site.read_pages()
    while site.left > 0 and not site.stopped and site.queue:  # what the articles left over
        site.read_listings(1)
        site.read_pages()
    site.put_off_listings()
    site.put_off_pages()
    return site.harvest()


@dataclass(frozen=True, slots=True)
class _Read:
    """An article that was read; its date may yet be told by a card of another one."""

    stated: Stated
    seen: Seen


class _Site:
    """One visit while it lasts."""

    def __init__(self, source: PagesSource, visit: Visit) -> None:
        self.source, self.visit = source, visit
        self.pattern = re.compile(source.article)
        self.budget = source.most_pages
        self.queue = Queue(source, visit)
        self.sites = {site_of(url) for url in source.start}
        self.listings = {whole_address(url, url) for url in source.start}
        for known in filter(None, map(visit.seen.get, source.start)):  # also if not read now
            for found_at in filter(None, (known.moved_to, known.answered)):
                self._also_at(found_at)
        self.indexed: set[str] = set()  # sitemaps that an index names
        self.leads = Leads(visit, source.depth)
        self.read: dict[str, _Read] = {}
        self.seen = dict(visit.seen)  # what is to be remembered
        self.refusals: list[Refusal] = []
        self.failures: list[SourceError] = []  # of starts
        self.tally = Tally()
        self.failed_in_a_row = 0
        self.stopped = False

    @property
    def left(self) -> int:
        """How many pages may still be asked for; none when the time is up."""
        return 0 if self.visit.web.time_is_up() else self.budget

    # ── listings ──────────────────────────────────────────────────────────────────────────

    def read_listings(self, most: int) -> None:
        """At most so many: the starts, what waits from earlier visits, and what follows them."""
        while most > 0 and self.left > 0 and (url := self.queue.next()):
            most -= 1
            self.listings.add(whole_address(url, url))
            try:
                listing = self._listing(url)
            except SourceError as error:
                self._listing_failed(url, error)
            else:
                self.queue.follow(self._take(listing, url))

    def check_starts(self) -> None:
        """Raises SourceError when no start can be read."""
        if len(self.failures) >= len(self.source.start):
            raise next((error for error in self.failures if error.temporary), self.failures[0])

    def _listing(self, url: str) -> Listing | None:
        """What a listing names; None: the same as before. Raises SourceError."""
        if not self.visit.web.may_read(url):
            raise SourceError(
                "robots.txt forbids us to read it",
                where=url,
                mend="Ask the site's owner, or take it out of `start`",
            )
        self.budget -= 1
        before = self.visit.seen.get(url)
        asked = before if before and before.far == LISTING else None
        answer = self.visit.web.get(url, accept=LISTINGS, seen=asked, obey_robots=True)
        if url in self.source.start:
            self._started(url, answer)
        elif site_of(answer.url) not in self.sites:
            raise SourceError("leads to another site", where=url, mend="Add it to `start`")
        remembered = replace(answer.seen, read_at=self.visit.now, far=LISTING, problem="")
        if not answer.changed:
            self.seen[url] = remembered
            return None
        try:
            listing = read_listing(answer, self._is_article, self.source.fields.card)
        except Unreadable as error:
            raise SourceError(error.problem, where=url, mend=error.mend) from None
        # What an index names may change without it: it is always read whole.
        self.seen[url] = Seen(url, far=LISTING) if listing.index else remembered
        return listing

    def _started(self, url: str, answer: Answer) -> None:
        """A start that moved for good to another host leads to the site; one for now does not."""
        if not answer.seen.moved_to and site_of(answer.url) not in self.sites:
            raise SourceError("leads to another site", where=url, mend=f"Is it {answer.url}?")
        self._also_at(answer.url)
        if answer.seen.moved_to:
            moved = f"{url} moved for good to {answer.seen.moved_to}"
            self.tally.notes.append(f"{moved}: correct `start`")

    def _also_at(self, url: str) -> None:
        self.sites.add(site_of(url))
        self.listings.add(whole_address(url, url))

    def _take(self, listing: Listing | None, url: str) -> Iterable[str]:
        """Notes what a listing names; the listings that are worth reading after it."""
        if listing is None:
            return ()
        news = False
        for one in listing.articles:
            news = news or (one.url not in self.visit.seen and one.url not in self.leads)
            self.leads.note(one.url, LISTED, told=one.dated, changed=one.changed)
        self.tally.notes += listing.notes
        if not (listing.articles or listing.index):
            if url in self.source.start:
                self.tally.notes.append(f"{url} names no address that `article` fits")
            return ()
        more = [
            one for one in listing.more if site_of(one) in self.sites and one not in self.listings
        ]
        self.indexed.update(more if listing.index else ())
        known = sum(seen.far == LISTING for seen in self.seen.values())
        waits = self.queue.waits
        return [
            one for one in more if listing.index or news or (waits(one) and known < MOST_LISTINGS)
        ]

    def _listing_failed(self, url: str, error: SourceError) -> None:
        """One of the others than the starts is tried again, unless it is gone."""
        refusal = Refusal(url, error.what, error.mend or "Correct the address")
        self.refusals.append(refusal)
        before = replace(self.visit.seen.get(url) or Seen(url), far=LISTING)
        if url in self.source.start:
            self.failures.append(error)
            self.seen[url] = replace(before, read_at=self.visit.now)  # the others' turn is next
        elif error.temporary:
            read_at = self.visit.now if url in self.indexed else None  # as in `put_off_listings`
            self.seen[url] = replace(before, read_at=read_at, problem=refusal.line())
        else:
            problem = "" if error.status in GONE else refusal.line()
            self.seen[url] = Seen(url, read_at=self.visit.now, problem=problem)

    def put_off_listings(self) -> None:
        """What the budget left over."""
        while url := self.queue.next():
            self.tally.later += 1
            before = replace(self.visit.seen.get(url) or Seen(url), far=LISTING)
            # An index names its sitemaps at each visit: the one read the longest ago is first.
            keeps = url in self.indexed or (url in self.source.start and not self.queue.starts_wait)
            self.seen[url] = before if keeps else replace(before, read_at=None)

    # ── pages ─────────────────────────────────────────────────────────────────────────────

    def remember_pages(self) -> None:
        """Those that earlier visits came upon."""
        for url, seen in self.visit.seen.items():
            if seen.far >= LISTED and not self._is_listing(url):
                self.leads.note(url, seen.far)

    def read_pages(self) -> None:
        """Those never read, the newest first, then those whose turn it is again."""
        while self.left > 0 and not self.stopped and (turn := self.leads.next()):
            url, verdict = turn
            if self._is_listing(url):
                continue
            try:
                if not self.visit.web.may_read(url):
                    self.tally.forbidden.append(url)
                    self.seen[url] = self.leads.put_off(url, verdict)
                    continue
                self.budget -= 1
                self._read_page(url, verdict)
            except SourceError as error:
                self._page_failed(url, verdict, error)

    def put_off_pages(self) -> None:
        """What the budget left over."""
        for url, verdict in self.leads.waiting():
            if not self._is_listing(url):
                self.tally.later += verdict is not Due.ASKED
                self.seen[url] = self.leads.put_off(url, verdict)

    def _read_page(self, url: str, verdict: Due) -> None:
        """Raises SourceError when the page cannot be had."""
        before = self.visit.seen.get(url)
        asked = before if verdict is not Due.WHOLE else None
        answer = self.visit.web.get(url, accept=PAGES, seen=asked, obey_robots=True)
        self.failed_in_a_row = 0
        lead = self.leads[url]
        known = before.dated if before else ""
        seen = replace(answer.seen, read_at=self.visit.now, far=lead.far, dated=known, problem="")
        if self._holds_a_listing(answer):
            self._remember_refused(url)  # untold; it may hold an article another time
            return
        if not answer.changed:
            self.seen[url] = seen
            return
        try:
            self.read[url] = _Read(self._stated(url, answer, lead), seen)
        except Unreadable as error:
            self._refuse(url, error)

    def _stated(self, url: str, answer: Answer, lead: Lead) -> Stated:
        """What a page states, once its cards have told where they lead. Raises Unreadable."""
        found_at = whole_address(answer.url, url) or url
        if site_of(found_at) not in self.sites:
            raise Unreadable("leads to another site", "Add that site to `start` if it is wanted")
        if self._is_listing(found_at):
            raise Unreadable("leads back to the listing", "Nothing to do: the page is gone")
        if answer.media_type not in MEDIA_TYPES:
            raise Unreadable(
                f"is {answer.media_type[:60]}, no HTML page", "Narrow the pattern `article`"
            )
        tree = parsed_page(decode_html(answer.content, answer.charset))
        for card in cards_of(tree, found_at, self.source.fields.card, leads=self._is_article):
            if card.url not in (url, found_at):
                self.leads.note(card.url, lead.far + 1, told=card.dated)
        selectors = self.source.fields.model_dump(exclude_none=True)
        stated = stated_in_tree(tree, address=found_at, selectors=selectors)
        return stated if self._is_article(stated.url) else replace(stated, url=found_at)

    def _page_failed(self, url: str, verdict: Due, error: SourceError) -> None:
        before = self.visit.seen.get(url)
        if error.temporary:
            self.tally.failed.append(error)
            self.failed_in_a_row += error.status is None
            self.seen[url] = self.leads.put_off(url, verdict)
            self.stopped = error.status in BUSY or self.failed_in_a_row >= MOST_FAILURES
        elif before and before.read_at and not before.problem and error.status in GONE:
            self.tally.gone.append(url)
            self._remember_refused(url)
        else:
            self._refuse(url, Unreadable(error.what, error.mend or "Look at the page"))

    def _refuse(self, url: str, error: Unreadable) -> None:
        refusal = to_be_named(error).at(url)
        self.refusals.append(refusal)
        self._remember_refused(url, refusal.line())

    def _remember_refused(self, url: str, problem: str = "") -> None:
        """Without a hash: at its next turn it is read whole, and till then it is not asked."""
        before, lead = self.visit.seen.get(url), self.leads[url]
        dated = lead.told or (before.dated if before else "")
        now = self.visit.now
        self.seen[url] = Seen(url, read_at=now, dated=dated, far=lead.far, problem=problem)

    # ── what came of it ───────────────────────────────────────────────────────────────────

    def harvest(self) -> Harvest:
        """The harvest, and what is to be remembered."""
        entries = self._entries()
        self.tally.passed_over = self.leads.passed_over
        for url, lead in self.leads.items():  # asked before its card was read
            if (seen := self.seen.get(url)) and lead.told and seen.body_hash and not seen.dated:
                self.seen[url] = put_off(seen, Due.WHOLE, lead.told)
        kept = sum(
            bool(seen.far >= LISTED and seen.body_hash) and url not in self.read
            for url, seen in self.seen.items()
        )
        return Harvest(
            entries=entries,
            refusals=tuple(self.refusals),
            unchanged=kept,
            notes=tuple(self.tally.lines()),
            seen=tuple(self.seen.values()),
        )

    def _entries(self) -> tuple[Entry, ...]:
        """What was read, with the dates that cards told of pages which state none."""
        entries: dict[str, Entry] = {}
        for url, read in self.read.items():
            published = read.stated.published or self._told(url, read)
            stated = replace(read.stated, published=published)
            try:
                entry = to_entry(stated, url, self.visit.zone, now=self.visit.now)
            except Unreadable as error:
                self._refuse(url, error)
                continue
            entries.setdefault(entry.url, entry)
            self.seen[url] = replace(read.seen, dated=one_line(published)[:LONGEST_DATE])
        return tuple(entries.values())

    def _told(self, url: str, read: _Read) -> str:
        """The date that cards tell of a page: now, by either of its addresses, or before."""
        leads = (self.leads.get(one) for one in (url, read.stated.url))
        return next((lead.told for lead in leads if lead and lead.told), read.seen.dated)

    def _is_article(self, url: str) -> bool:
        parts = urlsplit(url)
        if not url or site_of(url) not in self.sites or self._is_listing(url):
            return False
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return self.pattern.search(path) is not None

    def _is_listing(self, url: str) -> bool:
        """A start, or what was followed as a listing, now or at an earlier visit."""
        before = self.visit.seen.get(url)
        return url in self.listings or (before is not None and before.far == LISTING)

    def _holds_a_listing(self, answer: Answer) -> bool:
        """The same as a listing, at another address: /index.html for /."""
        body_hash = answer.seen.body_hash
        return bool(body_hash) and any(
            seen.far == LISTING and seen.body_hash == body_hash for seen in self.seen.values()
        )
