"""The pages that a feed's excerpts link to → entries. In: excerpts and a visit; out: `Followed`.

What is remembered of a page: `said` is the fingerprint of what the feed said of it when it was
read, so that nothing is read twice for the same words; `body_hash` is "" while it could not be
read. Keeps law 8: robots.txt is asked first, pages come through the guarded fetcher, and one
visit reads a bounded number.

    new, or other words in the feed    read in full, the newest first
    read before, same words            read again after a day, if it changed, for 45 days
    refused before, same words         tried again after a day, or when the operator insists; till
                                       then `problem` says why
    fails for now                      tried at the next visit, after those not tried yet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest.errors import SourceError
from digest.sources.charset import decode_html
from digest.sources.dates import instant_of
from digest.sources.entry import to_entry
from digest.sources.errors import Unreadable
from digest.sources.feed_item import Excerpt, Item, stated_in_markup, with_facts
from digest.sources.fetch import PAGES, shown_address
from digest.sources.fetch.answers import BUSY
from digest.sources.kind import Answer, Visit
from digest.sources.page import MEDIA_TYPES
from digest.sources.reread import YOUNG, YOUNG_AGAIN
from digest.values import Entry, Refusal, Seen

MOST_TROUBLE = 3  # pages that fail for now; then their site is left in peace until the next visit
MEND = "Ask the publisher for the full text in the feed"
AGAIN = "It is tried again in a day"


@dataclass(slots=True)
class Followed:
    """What the linked pages gave. `waiting`: how many are left for the next visit."""

    entries: list[Entry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    unchanged: int = 0
    waiting: int = 0

    def keep(self, known: Seen) -> None:
        """A page that is as it was; one that was refused gave nothing, and is not counted."""
        self.unchanged += bool(known.body_hash)
        self.seen.append(known)


def follow(excerpts: Sequence[Item], most_pages: int, visit: Visit) -> Followed:
    """The entries of the pages that `excerpts` link to, at most `most_pages` of them asked for."""
    followed = Followed()
    due: list[Item] = []
    for item in _with_a_page_of_its_own(excerpts, followed, most_pages):
        known = visit.seen.get(item.page)
        if known is None or _is_due(item, known, visit):
            due.append(item)
        else:
            followed.keep(known)
    due.sort(key=lambda item: _turn(item, visit))
    asked, troubles = 0, [""] * 0
    for item in due:
        enough = asked == most_pages or len(troubles) >= MOST_TROUBLE
        if enough or visit.web.time_is_up():
            _leave(item, followed, visit)
            continue
        asked += 1
        if error := _read(item, followed, visit):
            troubles += [error.line()] * (MOST_TROUBLE if error.status in BUSY else 1)
    _tell(followed, troubles)
    return followed


def _with_a_page_of_its_own(
    excerpts: Sequence[Item], followed: Followed, most_pages: int
) -> list[Item]:
    """Those whose page can be theirs; the others are refused."""
    links = Counter(item.page for item in excerpts)
    own = []
    for item in excerpts:
        if not item.page or not most_pages:
            followed.refusals.append(Excerpt().at(item.place))
        elif links[item.page] > 1:
            problem = "holds only an excerpt, and links to the same page as other entries"
            mend = "Ask the publisher for the full text in the feed"
            followed.refusals.append(Refusal(item.place, problem, mend))
        else:
            own.append(item)
    return own


def _is_due(item: Item, known: Seen, visit: Visit) -> bool:
    if known.said != item.fingerprint or known.read_at is None:
        return True
    if visit.insist and known.problem:
        return True
    if visit.now - known.read_at < YOUNG_AGAIN:
        return False
    published = _published(item, visit)
    return not known.body_hash or published is None or visit.now - published < YOUNG


def _turn(item: Item, visit: Visit) -> tuple[bool, float, float]:
    """New ones first, the newest of them first; then those whose turn is the longest ago."""
    known, published = visit.seen.get(item.page), _published(item, visit)
    tried = known.read_at.timestamp() if known and known.read_at else 0.0
    return known is not None, tried, -published.timestamp() if published else 0.0


def _published(item: Item, visit: Visit) -> datetime | None:
    return instant_of(item.published, visit.zone, visit.now)[0]


def _leave(item: Item, followed: Followed, visit: Visit) -> None:
    """It waits for the next visit; one that was read before is there all the same."""
    followed.waiting += 1
    if known := visit.seen.get(item.page):
        followed.seen.append(known)
        followed.unchanged += _was_read(item, known)


def _read(item: Item, followed: Followed, visit: Visit) -> SourceError | None:
    """Read one page. Returns the error of one that only fails for now."""
    known = visit.seen.get(item.page)
    before = known if known is not None and _was_read(item, known) else None
    tried = replace(known or Seen(item.page), url=item.page, read_at=visit.now)
    try:
        if not visit.web.may_read(item.page):
            raise Unreadable("the robots.txt of its site forbids to read it", MEND)
        answer = visit.web.get(item.page, accept=PAGES, seen=before, obey_robots=True)
        seen = replace(answer.seen, read_at=visit.now, said=item.fingerprint, problem="")
        if answer.changed:
            followed.entries.append(_entry(item, answer, visit))
            followed.seen.append(seen)
        else:
            followed.keep(seen)
    except SourceError as error:
        if error.temporary:
            followed.waiting += 1
            followed.seen.append(before or replace(tried, said="", problem=""))
            followed.unchanged += before is not None
            return error
        if before is not None:
            followed.keep(replace(before, read_at=visit.now))
            what = "can no longer be read; what was read before is kept"
            followed.notes.append(f"{shown_address(item.page)} {what} ({error.what})")
        else:
            _refuse(item, Unreadable(error.what, error.mend or MEND), followed, tried)
    except Unreadable as unreadable:
        _refuse(item, unreadable, followed, tried)
    return None


def _entry(item: Item, answer: Answer, visit: Visit) -> Entry:
    if answer.media_type not in MEDIA_TYPES:
        raise Unreadable(f"is no web page but {answer.media_type[:60]}", MEND)
    html = decode_html(answer.content, answer.charset)
    try:
        stated = stated_in_markup(html, item.title, address=answer.url)
        return to_entry(with_facts(stated, item), item.place, visit.zone, now=visit.now)
    except Unreadable as unreadable:  # how to mend a page is nothing that its readers can use
        raise Unreadable(unreadable.problem, MEND) from None


def _refuse(item: Item, why: Unreadable, followed: Followed, tried: Seen) -> None:
    """Remembered without a body's hash, so that it is left in peace for a day, then tried anew."""
    again = Unreadable(why.problem, f"{why.mend.rstrip('.')}. {AGAIN}")
    refusal = again.at(f"{item.place} ({shown_address(item.page)})")
    followed.refusals.append(refusal)
    followed.seen.append(
        Seen(tried.url, read_at=tried.read_at, said=item.fingerprint, problem=refusal.line())
    )


def _was_read(item: Item, known: Seen) -> bool:
    return bool(known.body_hash) and known.said == item.fingerprint


def _tell(followed: Followed, troubles: Sequence[str]) -> None:
    if followed.waiting:
        pages = "page is" if followed.waiting == 1 else "pages are"
        followed.notes.append(f"{followed.waiting} more linked {pages} read at the next visit")
    if troubles:
        followed.notes.append(f"linked pages cannot be read now: {troubles[0]}")
