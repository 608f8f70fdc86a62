"""A made-up site without a feed: its listing, articles with cards, and visits of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from digest.sources import harvest
from digest.sources.pages import PagesSource
from digest.values import Harvest
from tests.sources.samples import FOUND, HEADLINE, JOURNAL, LIMITS, WHY, escaped
from tests.sources.webs import NOW, FakeWeb, a_visit

SITE = "https://news.example.org"
LIST = f"{SITE}/news"


def view(n: int | str) -> str:
    """The address of one article."""
    return f"{SITE}/news/view/{n}"


def a_source(**changes: Any) -> PagesSource:
    given = {"name": "site", "kind": "pages", "start": (LIST,), "article": "/news/view/"}
    return PagesSource(**{**given, **changes})


def a_card(n: int | str, date: str = "") -> str:
    """A related card, or an item of a listing."""
    return f"<div><p>{date}</p><p>A cut teas</p><a href='/news/view/{n}'>Read More</a></div>"


def a_listing(*cards: str, after: str = "") -> str:
    following = f"<a rel=next href='{after}'>Older</a>" if after else ""
    return f"<html><body><h1>News</h1>{''.join(cards)}{following}</body></html>"


def an_article(n: int | str, *, date: str = "", cards: Iterable[str] = (), more: str = "") -> str:
    """A page of four paragraphs, its cards and the disclaimer."""
    time = f"<time datetime='{date}'>{date}</time>" if date else ""
    parts = "".join(f"<p>{escaped(part)}</p>" for part in (HEADLINE, FOUND, WHY, LIMITS))
    return (
        f"<html><body><main><h1>Study {n}</h1>{time}{parts}{''.join(cards)}"
        f"<p>Papers in journals like {escaped(JOURNAL)} often range widely.</p>{more}</main>"
    )


def a_sitemap(*pages: tuple[str, str]) -> str:
    """Addresses with their lastmod."""
    urls = "".join(f"<url><loc>{url}</loc><lastmod>{mod}</lastmod></url>" for url, mod in pages)
    return f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"


class Visits:
    """Visits of one site in a row; each is given what the one before remembered."""

    def __init__(self, web: FakeWeb, source: PagesSource | None = None):
        self.web, self.source = web, source or a_source()
        self.seen: dict[str, Any] = {}
        self.asked: list[str] = []

    def at(self, now: datetime = NOW, *, insist: bool = False) -> Harvest:
        """One visit; `asked` is what it asked for."""
        self.web.asked.clear()
        harvested = harvest(self.source, a_visit(self.web, now=now, seen=self.seen, insist=insist))
        self.seen = {seen.url: seen for seen in harvested.seen}
        self.asked = list(self.web.asked)
        return harvested


def titles(harvested: Harvest) -> list[str]:
    return [entry.title for entry in harvested.entries]


def a_site(**pages: str) -> FakeWeb:
    """A listing of two articles of which the first has a card of a third."""
    return FakeWeb(
        {
            LIST: a_listing(a_card(1, "10/2/2026"), a_card(2, "10/9/2026")),
            view(1): an_article(1, cards=[a_card(3, "9/9/2026")]),
            view(2): an_article(2),
            view(3): an_article(3, cards=[a_card(4, "8/8/2026")]),
            view(4): an_article(4),
            **pages,
        }
    )
