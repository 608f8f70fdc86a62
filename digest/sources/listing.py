"""What a listing page or a sitemap leads to: addresses, the dates told of them, and what follows.

In: an answer's bytes. Out: a `Listing`. Keeps law 8: only whole web addresses that the caller
takes for articles of the site come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.sources.cards import cards_of, links_of, next_of, whole_address
from digest.sources.charset import decode_html
from digest.sources.kind import Answer
from digest.sources.page import parsed_page
from digest.sources.sitemap import Listed, is_sitemap, read_sitemap


@dataclass(frozen=True, slots=True)
class Listing:
    """`more`: the listings that follow. `index`: names other sitemaps, which change without it."""

    articles: tuple[Listed, ...]
    more: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    index: bool = False


def read_listing(
    answer: Answer, leads: Callable[[str], bool], selector: str | None = None
) -> Listing:
    """What the listing found at `answer.url` names. `leads`: which addresses are articles.

    Raises Unreadable, or SourceError, when it can be neither page nor sitemap.
    """
    if is_sitemap(answer.content):
        return _of_sitemap(answer, leads)
    tree = parsed_page(decode_html(answer.content, answer.charset))
    following = next_of(tree, answer.url)
    dated = {card.url: card.dated for card in cards_of(tree, answer.url, selector, leads=leads)}
    urls = [url for url in links_of(tree, answer.url) if url != following and leads(url)]
    articles = tuple(
        Listed(url=url, dated=dated.get(url, "")) for url in dict.fromkeys([*urls, *dated])
    )
    return Listing(articles, (following,) if following else ())


def _of_sitemap(answer: Answer, leads: Callable[[str], bool]) -> Listing:
    sitemap = read_sitemap(answer.content, answer.url)
    pages = ((whole_address(page.url, answer.url), page) for page in sitemap.pages)
    articles = tuple(replace(page, url=url) for url, page in pages if leads(url))
    more = (whole_address(url, answer.url) for url in sitemap.sitemaps)
    return Listing(
        articles,
        tuple(url for url in more if url),
        sitemap.notes,
        index=bool(sitemap.sitemaps),
    )
